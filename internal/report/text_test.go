// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

func TestRateRoundsHalfUpAndIsAbsentOverNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		part, whole int64
		want        *v1alpha1.Rate
	}{
		"nothing to divide by":     {part: 0, whole: 0, want: nil},
		"none of some":             {part: 0, whole: 7, want: &v1alpha1.Rate{Percent: "0.00%", BasisPoints: 0}},
		"all":                      {part: 7, whole: 7, want: &v1alpha1.Rate{Percent: "100.00%", BasisPoints: 10000}},
		"the example of the shop":  {part: 561, whole: 12480, want: &v1alpha1.Rate{Percent: "4.50%", BasisPoints: 450}},
		"a third is rounded down":  {part: 1, whole: 3, want: &v1alpha1.Rate{Percent: "33.33%", BasisPoints: 3333}},
		"a half is rounded up":     {part: 1, whole: 20000, want: &v1alpha1.Rate{Percent: "0.01%", BasisPoints: 1}},
		"less than half goes down": {part: 1, whole: 20001, want: &v1alpha1.Rate{Percent: "0.00%", BasisPoints: 0}},
		"counts beyond 2^53":       {part: math.MaxInt64 / 2, whole: math.MaxInt64, want: &v1alpha1.Rate{Percent: "50.00%", BasisPoints: 5000}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, rate(tt.part, tt.whole)); diff != "" {
				t.Errorf("rate(%d, %d) differs (-want +got):\n%s", tt.part, tt.whole, diff)
			}
		})
	}
}

func TestPercentInTenths(t *testing.T) {
	t.Parallel()
	// 61.15 % as basis points would round on to 61.2 %; the exact share is nearer to 61.1 %.
	if got := percentInTenths(611_451, 1_000_000); got != "61.1%" {
		t.Errorf("61.1451 %% is written %s, want 61.1%%", got)
	}
	if got := percentInTenths(1, 1); got != "100.0%" {
		t.Errorf("all is written %s, want 100.0%%", got)
	}
}

func TestDecimalIsExact(t *testing.T) {
	t.Parallel()
	for amount, want := range map[aggregate.Micros]v1alpha1.Decimal{
		0:                 "0.00",
		1:                 "0.000001",
		1_963_400_500_000: "1963400.50",
		-1_500_000:        "-1.50",
		-50_000:           "-0.05",
		12_345_600:        "12.3456",
		math.MaxInt64:     "9223372036854.775807",
		math.MinInt64:     "-9223372036854.775808",
	} {
		if got := decimal(amount); got != want {
			t.Errorf("decimal(%d) = %s, want %s", amount, got, want)
		}
	}
}

func TestAverageRoundsToHundredths(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sum  aggregate.Micros
		n    int64
		want v1alpha1.Decimal
	}{
		"even":                  {sum: 7_000_000, n: 2, want: "3.50"},
		"a third":               {sum: 10_000_000, n: 3, want: "3.33"},
		"half a hundredth up":   {sum: 10_000, n: 2, want: "0.01"},
		"refunds outweigh":      {sum: -10_000_000, n: 3, want: "-3.33"},
		"the largest amount":    {sum: math.MaxInt64, n: 1, want: "9223372036854.78"},
		"the smallest amount":   {sum: math.MinInt64, n: 1, want: "-9223372036854.78"},
		"half away from zero":   {sum: -10_000, n: 2, want: "-0.01"},
		"under half to nothing": {sum: 9_999, n: 2, want: "0.00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := average(tt.sum, tt.n); got != tt.want {
				t.Errorf("average(%d, %d) = %s, want %s", tt.sum, tt.n, got, tt.want)
			}
		})
	}
}

func TestCompactHasThreeDigits(t *testing.T) {
	t.Parallel()
	const unit = microsPerUnit
	for amount, want := range map[aggregate.Micros]string{
		0:                 "0",
		4_000:             "0.00",
		5_000:             "0.01",
		5_250_000:         "5.25",
		12_500_000:        "12.5",
		874 * unit:        "874",
		999_499_999:       "999",
		999_500_000:       "1.00K",
		1_000 * unit:      "1.00K",
		999_499 * unit:    "999K",
		999_500 * unit:    "1.00M",
		1_963_400 * unit:  "1.96M",
		-1_963_400 * unit: "-1.96M",
		73_550_000 * unit: "73.6M",
		math.MaxInt64:     "9.22T",
		math.MinInt64:     "-9.22T",
	} {
		if got := compact(amount); got != want {
			t.Errorf("compact(%d) = %s, want %s", amount, got, want)
		}
	}
}

func TestElapsedShowsTwoUnits(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]v1alpha1.Elapsed{
		0:                                     {Text: "0s", Seconds: 0},
		499 * time.Millisecond:                {Text: "0s", Seconds: 0},
		42 * time.Second:                      {Text: "42s", Seconds: 42},
		59*time.Second + 500*time.Millisecond: {Text: "1m", Seconds: 60},
		5*time.Minute + 30*time.Second:        {Text: "5m30s", Seconds: 330},
		59*time.Minute + 59*time.Second + 600*time.Millisecond: {Text: "1h", Seconds: 3600},
		2*time.Hour + 15*time.Minute:                           {Text: "2h15m", Seconds: 8100},
		23*time.Hour + 59*time.Minute + 40*time.Second:         {Text: "1d", Seconds: 86380},
		76 * time.Hour:       {Text: "3d4h", Seconds: 273600},
		400 * 24 * time.Hour: {Text: "400d", Seconds: 34560000},
	} {
		if diff := cmp.Diff(want, elapsed(took)); diff != "" {
			t.Errorf("elapsed(%v) differs (-want +got):\n%s", took, diff)
		}
	}
}
