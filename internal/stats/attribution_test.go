// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/stats"
)

// Of a single table the interval is that of Walter's formula, which is written quite otherwise.
func TestAttributeIsWaltersOfOneTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Int64Range(1, 1000)
		table := stats.Table{cell.Draw(t, "a"), cell.Draw(t, "b"), cell.Draw(t, "c"), cell.Draw(t, "d")}
		a, b := float64(table.ExposedDropped), float64(table.ExposedConverted)
		c, d := float64(table.UnexposedDropped), float64(table.UnexposedConverted)
		n := a + b + c + d
		remains := c / (c + d) * n / (a + c) // the risk of those unexposed, of that of everybody
		fraction := 1 - remains
		reach := math.Exp(stats.Z95 * math.Sqrt((b+fraction*(a+d))/(n*c)))
		got := stats.Attribute(table, stats.RelativeRisk(table), stats.Z95)
		if !near(got.Share, a/(a+c), 9) || !near(got.Fraction, max(fraction, 0), 9) ||
			!near(got.Interval.Low, max(1-remains*reach, 0), 9) || !near(got.Interval.High, max(1-remains/reach, 0), 9) {
			t.Fatalf("of %+v is due %+v, want %v (%v to %v)", table, got, fraction, 1-remains*reach, 1-remains/reach)
		}
	})
}

func TestAttributeWhereLittleIsKnown(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		table stats.Table
		want  stats.Attribution
	}{
		"nobody":                         {stats.Table{}, stats.Attribution{Share: math.NaN(), Interval: stats.Interval{Low: 0, High: 1}}},
		"nobody was exposed":             {stats.Table{0, 0, 5, 5}, stats.Attribution{Interval: stats.Interval{Low: 0, High: 1}}},
		"nobody exposed dropped off":     {stats.Table{0, 5, 5, 5}, stats.Attribution{}},
		"nobody but exposed dropped off": {stats.Table{5, 5, 0, 5}, stats.Attribution{Share: 1, Fraction: 1, Interval: stats.Interval{Low: 0, High: 1}}},
		"everybody was exposed":          {stats.Table{5, 5, 0, 0}, stats.Attribution{Share: 1, Interval: stats.Interval{Low: 0, High: 1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.Attribute(tt.table, stats.RelativeRisk(tt.table), stats.Z95)
			if math.IsNaN(tt.want.Share) && math.IsNaN(got.Share) {
				tt.want.Share, got.Share = 0, 0
			}
			if got != tt.want {
				t.Errorf("due is %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestLeadsOnlyWhenSure(t *testing.T) {
	t.Parallel()
	due := func(low, high float64) stats.Attribution {
		return stats.Attribution{Fraction: (low + high) / 2, Interval: stats.Interval{Low: low, High: high}}
	}
	if !due(0.3, 0.5).Leads(due(0.1, 0.29)) {
		t.Error("30 to 50 % do not lead 10 to 29 %")
	}
	if due(0.2, 0.5).Leads(due(0.1, 0.3)) || due(0.1, 0.3).Leads(due(0.2, 0.5)) {
		t.Error("of two that may be the same one leads")
	}
}
