// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestStepCompletesItsLine(t *testing.T) {
	tests := map[string]struct {
		result   error
		wantLine string
	}{
		"success shows the time": {nil, "making tea ..."},
		"failure says so":        {errors.New("no water"), "failed\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := Reporter{Out: &out}.Step("making tea", func() error { return test.result })
			if !errors.Is(err, test.result) {
				t.Errorf("Step returned %v, want %v", err, test.result)
			}
			if !strings.Contains(out.String(), test.wantLine) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("Step printed %q, want one line with %q", out.String(), test.wantLine)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	tests := map[time.Duration]string{
		40 * time.Millisecond:              "0.0s",
		12345 * time.Millisecond:           "12.3s",
		3*time.Minute + 12*time.Second + 1: "3m12s",
	}
	for took, want := range tests {
		if got := shorten(took); got != want {
			t.Errorf("shorten(%v) = %q, want %q", took, got, want)
		}
	}
}
