// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/stats"
)

// Of 263 people 81 completed, for which Newcombe (1998) gives 0.2553 to 0.3662; 100 more would bring 100 times that. Each is worth 50, of which 40 %
// are left, and 100 leads at 3 cost 300.
func TestGain(t *testing.T) {
	t.Parallel()
	conversions := stats.ExtraConversions(100, 81, 263, 1)
	revenue := conversions.Worth(50)
	tests := map[string]struct {
		gain                stats.Gain
		estimate, low, high float64
	}{
		"conversions":               {conversions, 30.80, 25.53, 36.62},
		"revenue":                   {revenue, 1539.92, 1276.5, 1831},
		"net profit":                {stats.NetProfit(revenue, 40, 300), 315.97, 210.6, 432.4},
		"nothing to pay for":        {stats.NetProfit(revenue, 40, 0), 615.97, 510.6, 732.4},
		"leads may cost too much":   {stats.NetProfit(revenue, 20, 300), 7.98, -44.7, 66.2},
		"half of them are like one": {stats.ExtraConversions(100, 162, 526, 2), 30.80, 25.53, 36.62},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.gain
			const scale = 0.005 // of the interval that is published with four digits
			within := func(a, b float64) bool { return a-b < scale*tt.high && b-a < scale*tt.high }
			if !near(got.Estimate, tt.estimate, 1) || !within(got.Interval.Low, tt.low) || !within(got.Interval.High, tt.high) {
				t.Errorf("gain is %+v, want %v (%v to %v)", got, tt.estimate, tt.low, tt.high)
			}
		})
	}
}
