// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/waymark-dev/waymark/internal/stats"
)

// The interval is that of Newcombe (1998), table I.
func TestRepeatRate(t *testing.T) {
	t.Parallel()
	rate, interval, known := stats.RepeatRate(81, 263)
	if !known || !near(rate, 0.3080, 4) || !near(interval.Low, 0.2553, 4) || !near(interval.High, 0.3662, 4) {
		t.Errorf("rate is %.4f %+v, known: %v", rate, interval, known)
	}
	if _, interval, known := stats.RepeatRate(0, 0); known || interval != (stats.Interval{Low: 0, High: 1}) {
		t.Errorf("without buyers it is known: %v, %+v", known, interval)
	}
}

// The ranks are those of the published tables of the sign test, as in Conover's: of ten values the second and the ninth, and so on.
func TestMedianSharesAreThePublishedRanks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values, low, high int64
		known             bool
	}{
		"none":    {0, 0, 0, false},
		"five":    {5, 0, 0, false},
		"six":     {6, 1, 6, true},
		"nine":    {9, 2, 8, true},
		"ten":     {10, 2, 9, true},
		"twenty":  {20, 6, 15, true},
		"thirty":  {30, 10, 21, true},
		"hundred": {100, 40, 61, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			low, high, known := stats.MedianShares(tt.values)
			if known != tt.known {
				t.Fatalf("known: %v, want %v", known, tt.known)
			}
			n := float64(tt.values - 1)
			if known && (!near(low*n+1, float64(tt.low), 6) || !near(high*n+1, float64(tt.high), 6)) {
				t.Errorf("ranks are %.2f and %.2f of %d, want %d and %d", low*n+1, high*n+1, tt.values, tt.low, tt.high)
			}
		})
	}
}

func TestMedianSharesHoldTheMedian(t *testing.T) {
	t.Parallel()
	const runs, size, median = 4000, 37, 0.6931471805599453
	draw := rand.New(rand.NewPCG(23, 24))
	low, high, _ := stats.MedianShares(size)
	held := 0
	for range runs {
		values := make([]float64, size)
		for i := range values {
			values[i] = draw.ExpFloat64()
		}
		slices.Sort(values)
		if values[int(low*(size-1)+0.5)] <= median && median <= values[int(high*(size-1)+0.5)] {
			held++
		}
	}
	if share := float64(held) / runs; share < 0.94 || share > 0.985 {
		t.Errorf("%.1f %% of the intervals hold the median, want at least 95 %%", 100*share)
	}
}
