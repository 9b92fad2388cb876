// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/stats"
)

// near says whether two numbers agree to so many decimals.
func near(a, b float64, decimals int) bool {
	return math.Abs(a-b) <= 0.5*math.Pow10(-decimals)
}

// The intervals of table I, method 3, of Newcombe (1998).
func TestWilsonIsThePublishedInterval(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ successes, trials, low, high float64 }{
		"81 of 263": {81, 263, 0.2553, 0.3662},
		"15 of 148": {15, 148, 0.0624, 0.1605},
		"0 of 20":   {0, 20, 0, 0.1611},
		"1 of 29":   {1, 29, 0.0061, 0.1718},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.Wilson(tt.successes, tt.trials, stats.Z95)
			if !near(got.Low, tt.low, 4) || !near(got.High, tt.high, 4) {
				t.Errorf("interval is %.4f to %.4f, want %.4f to %.4f", got.Low, got.High, tt.low, tt.high)
			}
		})
	}
}

func TestWilsonHoldsTheShareAndStaysBetweenNothingAndAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		trials := rapid.Float64Range(0, 1e9).Draw(t, "trials")
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		got := stats.Wilson(share*trials, trials, stats.Z95)
		const rounding = 1e-12
		if got.Low < 0 || got.High > 1 || trials > 0 && (got.Low > share+rounding || got.High < share-rounding) {
			t.Fatalf("interval of %v of %v is %+v", share, trials, got)
		}
	})
}

// clustersOf sums up groups of trials and successes.
func clustersOf(groups ...[2]float64) (c stats.Clusters) {
	for _, g := range groups {
		n, x := g[0], g[1]
		c.Trials += n
		c.Successes += x
		c.TrialsSquared += n * n
		c.Cross += n * x
		c.SuccessesSquared += x * x
	}
	return c
}

func TestDesignEffect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		clusters stats.Clusters
		want     float64
	}{
		"one trial each is independent":           {clustersOf([2]float64{1, 1}, [2]float64{1, 0}, [2]float64{1, 0}), 1},
		"groups that agree count as one trial":    {clustersOf([2]float64{4, 4}, [2]float64{4, 0}, [2]float64{4, 0}), 4},
		"groups that differ within are no reason": {clustersOf([2]float64{2, 1}, [2]float64{2, 1}), 1},
		"nobody succeeded":                        {clustersOf([2]float64{3, 0}), 1},
		"nothing at all":                          {stats.Clusters{}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.clusters.DesignEffect(); !near(got, tt.want, 9) {
				t.Errorf("design effect is %v, want %v", got, tt.want)
			}
		})
	}
}

func single(trials, successes float64) stats.Clusters {
	return stats.Clusters{Trials: trials, Successes: successes, TrialsSquared: trials, Cross: successes, SuccessesSquared: successes}
}

// The intervals of table II, method 10, of Newcombe (1998): the first group less the second.
func TestCompareIsThePublishedInterval(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ x, n, y, m, low, high float64 }{
		"56 of 70 less 48 of 80": {56, 70, 48, 80, 0.0524, 0.3339},
		"9 of 10 less 3 of 10":   {9, 10, 3, 10, 0.1705, 0.8090},
		"6 of 7 less 2 of 7":     {6, 7, 2, 7, 0.0582, 0.8062},
		"5 of 56 less 0 of 29":   {5, 56, 0, 29, -0.0381, 0.1926},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := stats.Compare(single(tt.m, tt.y), single(tt.n, tt.x), stats.Z95)
			if !near(got.Interval.Low, tt.low, 4) || !near(got.Interval.High, tt.high, 4) {
				t.Errorf("interval is %.4f to %.4f, want %.4f to %.4f", got.Interval.Low, got.Interval.High, tt.low, tt.high)
			}
			if got.Significant() != (tt.low > 0) || !near(got.Margin(), got.Estimate-tt.low, 4) {
				t.Errorf("significant: %v with a margin of %.4f", got.Significant(), got.Margin())
			}
			back, _ := stats.Compare(single(tt.n, tt.x), single(tt.m, tt.y), stats.Z95)
			if !near(back.Margin(), got.Margin(), 9) || back.Significant() != got.Significant() {
				t.Errorf("the other way round the margin is %v, want %v", back.Margin(), got.Margin())
			}
		})
	}
}

func TestCompareNeedsEnough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		earlier, later stats.Clusters
		want           bool
	}{
		"nobody":                          {stats.Clusters{}, stats.Clusters{}, false},
		"nobody before":                   {stats.Clusters{}, single(5000, 100), false},
		"a few":                           {single(300, 15), single(300, 15), false},
		"enough":                          {single(500, 25), single(500, 25), true},
		"nobody converts any more":        {single(600, 30), single(600, 0), true},
		"nearly all convert":              {single(300, 290), single(300, 291), false},
		"few people with many ways each":  {clustersOf(repeat(25, 20, 20, 475)...), clustersOf(repeat(25, 20, 20, 475)...), false},
		"many people with many ways each": {clustersOf(repeat(700, 20, 20, 13000)...), clustersOf(repeat(700, 20, 20, 13000)...), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, enough := stats.Compare(tt.earlier, tt.later, stats.Z95); enough != tt.want {
				t.Errorf("enough: %v, want %v", enough, tt.want)
			}
		})
	}
}

// repeat gives groups of n trials each: some that succeed always, and the rest, that never does.
func repeat(always int, n, x float64, never int) (groups [][2]float64) {
	for range always {
		groups = append(groups, [2]float64{n, x})
	}
	for range never / int(n) {
		groups = append(groups, [2]float64{n, 0})
	}
	return groups
}

// The wanted numbers are those of a program of its own, which integrates by Simpson's rule.
func TestCriticalValue(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		looks       int
		correlation float64
		want        float64
	}{
		"one look is the textbook's":           {1, 0, 1.959964},
		"looks that have nothing in common":    {365, 0, 3.813514},
		"the sign does not matter":             {365, -0.5, 3.808448},
		"a week that slides for a year":        {365, stats.SlidingCorrelation(7), 3.768443},
		"four weeks that slide for a year":     {365, stats.SlidingCorrelation(28), 3.628516},
		"three years that slide for a year":    {365, stats.SlidingCorrelation(1092), 3.110207},
		"looks that are always the same":       {365, 1, 1.959964},
		"ten looks with much in common":        {10, 0.9, 2.606420},
		"no days have nothing to do with each": {365, stats.SlidingCorrelation(0), 3.813514},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := stats.CriticalValue(0.05, tt.looks, tt.correlation); !near(got, tt.want, 5) {
				t.Errorf("critical value is %.6f, want %.6f", got, tt.want)
			}
		})
	}
}

// The example of R's poisson.test, from Fay (2010): 11 cases in 800 person-years against 21 in 3011; one-sided, from exact fractions.
func TestFewerThan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		count, reference int64
		exposure, share  float64
		want             float64
	}{
		"cases of breast cancer":                  {11, 21, 3011.0 / 800, 1, 0.9759318},
		"silence where sixty came":                {0, 60, 1, 0.25, 0.0000015},
		"silence where nothing ever came":         {0, 0, 1, 0.25, 1},
		"silence of a day where a week had seven": {0, 7, 7, 1, math.Pow(7.0/8, 7)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := stats.FewerThan(tt.count, tt.reference, tt.exposure, tt.share); !near(got, tt.want, 7) {
				t.Errorf("chance is %.7f, want %.7f", got, tt.want)
			}
		})
	}
}
