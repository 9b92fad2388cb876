// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/stats"
)

// Data sets that statisticians' programs are compared by.
var (
	// tea is R. A. Fisher's lady, who told three of four cups.
	tea = []stats.Table{{3, 1, 1, 3}}
	// twins are Fisher's convictions: of monozygotic twins and of others.
	twins = []stats.Table{{10, 3, 2, 15}}
	// rabbits were given penicillin at once or 1.5 hours later, and were cured or died, at five levels (R's mantelhaen.test).
	rabbits = []stats.Table{{0, 6, 0, 5}, {3, 3, 0, 6}, {6, 0, 2, 4}, {5, 1, 6, 0}, {2, 0, 5, 0}}
	// berkeley are men and women that were admitted or rejected by six departments in 1973 (R's UCBAdmissions).
	berkeley = []stats.Table{
		{512, 313, 89, 19}, {353, 207, 17, 8}, {120, 205, 202, 391}, {138, 279, 131, 244}, {53, 138, 94, 299}, {22, 351, 24, 317},
	}
	// diabetes are those that died with tolbutamide and with a placebo, under and over 55 years (University Group Diabetes Program).
	diabetes = []stats.Table{{8, 98, 5, 115}, {22, 76, 16, 69}}
)

// The chances are those that R prints, with four digits: fisher.test, and mantelhaen.test with exact=TRUE.
func TestAssociateGivesThePublishedChances(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tables   []stats.Table
		p, over  float64
		decimals int
	}{
		"tea":      {tea, 0.4857, 0.2429, 4},
		"twins":    {twins, 0.0005367, 0.0004652, 7},
		"rabbits":  {rabbits, 0.0399, 0.0200, 4},
		"nobody":   {nil, 1, 1, 9},
		"all drop": {[]stats.Table{{5, 0, 7, 0}}, 1, 1, 9},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.Associate(tt.tables)
			if !near(got.P, tt.p, tt.decimals) || !near(got.Over, tt.over, tt.decimals) {
				t.Errorf("chances are %.7f and %.7f, want %.7f and %.7f", got.P, got.Over, tt.p, tt.over)
			}
		})
	}
}

// The statistic of the six departments is 1.5246 without the correction for continuity, as R prints it with correct=FALSE.
func TestLargeNumbersGiveTheStatisticOfMantelAndHaenszel(t *testing.T) {
	t.Parallel()
	either, over := stats.Approximately(berkeley)
	if !near(either, 0.2169, 4) || !near(over, 1-0.2169/2, 4) {
		t.Errorf("chances are %.4f and %.4f, want 0.2169 and 0.8916", either, over)
	}
	many := scaled(berkeley, 10) // beyond what is done exactly
	either, over = stats.Approximately(many)
	if got := stats.Associate(many); got.P != either || got.Over != over {
		t.Errorf("chances are %v and %v, want %v and %v", got.P, got.Over, either, over)
	}
	exact := stats.Associate(berkeley)
	if math.Abs(exact.P-0.2169) > 0.012 {
		t.Errorf("the exact chance is %.4f, want about that of large numbers", exact.P)
	}
}

func scaled(tables []stats.Table, by int64) (larger []stats.Table) {
	for _, t := range tables {
		larger = append(larger, stats.Table{
			ExposedDropped: by * t.ExposedDropped, ExposedConverted: by * t.ExposedConverted,
			UnexposedDropped: by * t.UnexposedDropped, UnexposedConverted: by * t.UnexposedConverted,
		})
	}
	return larger
}

// The exact chances are those of going through every way to fill the tables.
func TestExactChancesAreThoseOfCounting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Int64Range(0, 6)
		tables := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stats.Table {
			return stats.Table{
				ExposedDropped: cell.Draw(t, "a"), ExposedConverted: cell.Draw(t, "b"),
				UnexposedDropped: cell.Draw(t, "c"), UnexposedConverted: cell.Draw(t, "d"),
			}
		}), 1, 3).Draw(t, "tables")
		chances, seen := map[int64]float64{0: 1}, int64(0)
		for _, table := range tables {
			exposed, dropped := table.ExposedDropped+table.ExposedConverted, table.ExposedDropped+table.UnexposedDropped
			all := exposed + table.UnexposedDropped + table.UnexposedConverted
			next := map[int64]float64{}
			for x, chance := range chances {
				for a := range min(exposed, dropped) + 1 {
					next[x+a] += chance * choose(dropped, a) * choose(all-dropped, exposed-a) / choose(all, exposed)
				}
			}
			chances, seen = next, seen+table.ExposedDropped
		}
		var p, over float64
		for x, chance := range chances {
			if chance <= chances[seen]*(1+1e-7) {
				p += chance
			}
			if x >= seen {
				over += chance
			}
		}
		if got := stats.Associate(tables); !near(got.P, p, 9) || !near(got.Over, over, 9) {
			t.Fatalf("chances are %v and %v, want %v and %v", got.P, got.Over, p, over)
		}
	})
}

// choose is how many ways there are to pick k of n; 0 where there is none.
func choose(n, k int64) float64 {
	if k < 0 || k > n {
		return 0
	}
	ways := 1.0
	for i := range k {
		ways *= float64(n-i) / float64(i+1)
	}
	return ways
}

// Relative risks are those of the examples in Stata's manual: csi 7 12 9 2, and cs by age. The combined one, to two decimals, is that of K. J. Rothman
// and S. Greenland, "Modern Epidemiology".
func TestRelativeRiskIsThePublishedOne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ratio               stats.Ratio
		estimate, low, high float64
		decimals            int
	}{
		"one table":          {stats.RelativeRisk(stats.Table{7, 9, 12, 2}), 0.5104167, 0.2814332, 0.9257086, 6},
		"under 55":           {stats.RelativeRisk(diabetes[0]), 1.811321, 0.6112044, 5.367898, 6},
		"over 55":            {stats.RelativeRisk(diabetes[1]), 1.192602, 0.6712664, 2.11883, 6},
		"whatever the age":   {stats.RelativeRisk(stats.Table{30, 174, 21, 184}), 1.435574, 0.8510221, 2.421645, 6},
		"combined":           {stats.RelativeRisk(diabetes...), 1.33, 0.80, 2.20, 2},
		"of one is the same": {stats.Associate(diabetes[:1]).Relative, 1.811321, 0.6112044, 5.367898, 6},
		"nobody unexposed":   {stats.RelativeRisk(stats.Table{5, 5, 0, 9}), math.Inf(1), 0, math.Inf(1), 6},
		"nobody exposed":     {stats.RelativeRisk(stats.Table{0, 5, 4, 9}), 0, 0, math.Inf(1), 6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.ratio.Interval(stats.Z95)
			same := func(a, b float64) bool { return a == b || near(a, b, tt.decimals) }
			if !same(tt.ratio.Estimate, tt.estimate) || !same(got.Low, tt.low) || !same(got.High, tt.high) {
				t.Errorf("ratio is %.7f (%.7f to %.7f), want %.7f (%.7f to %.7f)", tt.ratio.Estimate, got.Low, got.High, tt.estimate, tt.low, tt.high)
			}
		})
	}
}

func TestAssociationNeedsEnough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tables           []stats.Table
		compared, needed int64
	}{
		"nothing at all":                  {nil, 0, 26},
		"nobody saw it":                   {[]stats.Table{{0, 0, 500, 500}}, 0, 26},
		"a few of many":                   {[]stats.Table{{6, 6, 500, 500}}, 12, 26},
		"enough, half leave":              {[]stats.Table{{13, 14, 500, 500}}, 26, 26},
		"it takes more where few leave":   {[]stats.Table{{3, 47, 50, 950}}, 48, 136},
		"and where nearly all do":         {[]stats.Table{{47, 3, 950, 50}}, 48, 136},
		"nobody to compare with":          {[]stats.Table{{500, 500, 0, 0}}, 0, 26},
		"few to compare with":             {[]stats.Table{{500, 500, 6, 6}}, 12, 26},
		"nobody leaves":                   {[]stats.Table{{0, 100, 0, 900}}, 90, 13026},
		"landmarks add up":                {[]stats.Table{{6, 7, 500, 500}, {6, 7, 450, 450}}, 26, 26},
		"whom nobody is like counts less": {[]stats.Table{{50, 50, 10, 10}, {30, 30, 0, 0}}, 17, 26},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.Associate(tt.tables)
			if got.Compared != tt.compared || got.Needed != tt.needed || got.Enough() != (tt.compared >= tt.needed) {
				t.Errorf("compared %d of %d, enough: %v; want %d of %d", got.Compared, got.Needed, got.Enough(), tt.compared, tt.needed)
			}
		})
	}
}
