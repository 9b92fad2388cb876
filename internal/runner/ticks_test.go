// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"testing"
	"time"
)

func TestTicksWaitForWhatIsOnItsWay(t *testing.T) {
	began := time.Now()
	tests := map[string]struct {
		took             time.Duration
		wanting, claimed int
		want             time.Duration
	}{
		"nothing is wanted":                      {took: time.Millisecond, want: 20 * time.Millisecond},
		"the machine is busy":                    {took: 50 * time.Millisecond, want: 150 * time.Millisecond},
		"enough is wanted, and leaves quickly":   {took: time.Millisecond, wanting: 2000, claimed: 20, want: 100 * time.Millisecond},
		"much is wanted of a slow channel":       {took: time.Millisecond, wanting: 1_000_000, claimed: 19, want: 20 * time.Millisecond},
		"what leaves quickly is soon at its end": {took: time.Millisecond, wanting: 1999, claimed: 500, want: 20 * time.Millisecond},
		"both, and the machine is very busy":     {took: 40 * time.Millisecond, wanting: 5000, claimed: 500, want: 120 * time.Millisecond},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			on := ticks{last: began, folded: began.Add(tc.took), claimed: tc.claimed}
			if got := on.pause(tc.wanting); got != tc.want {
				t.Errorf("pause %v, want %v", got, tc.want)
			}
		})
	}
}
