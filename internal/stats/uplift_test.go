// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/waymark-dev/waymark/internal/stats"
)

func armOf(groups ...[2]float64) stats.Arm {
	return stats.Arm{Clusters: clustersOf(groups...), People: float64(len(groups))}
}

func singles(trials, successes float64) stats.Arm {
	return stats.Arm{Clusters: single(trials, successes), People: trials}
}

// The intervals of table II, method 10, of Newcombe (1998): where everybody has one trial, people are no groups.
func TestUpliftIsThePublishedIntervalForSingleTrials(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ x, n, y, m, low, high float64 }{
		"56 of 70 less 48 of 80": {56, 70, 48, 80, 0.0524, 0.3339},
		"6 of 7 less 2 of 7":     {6, 7, 2, 7, 0.0582, 0.8062},
		"5 of 56 less 0 of 29":   {5, 56, 0, 29, -0.0381, 0.1926},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := stats.Uplift(many(tt.m, tt.y), many(tt.n, tt.x))
			if !near(got.Interval.Low, tt.low, 4) || !near(got.Interval.High, tt.high, 4) {
				t.Errorf("interval is %.4f to %.4f, want %.4f to %.4f", got.Interval.Low, got.Interval.High, tt.low, tt.high)
			}
		})
	}
}

// many is single trials of so many people that no correction is needed.
func many(trials, successes float64) stats.Arm {
	return stats.Arm{Clusters: single(trials, successes), People: 1e15}
}

// Weil's litters, table 1 of Rao and Scott (1992): pups that survived, of those alive, by litter.
var (
	control = armOf(pairs(13, 13, 12, 12, 9, 9, 9, 9, 8, 8, 8, 8, 13, 12, 12, 11, 10, 9, 10, 9, 9, 8, 13, 11, 5, 4, 7, 5, 10, 7, 10, 7)...)
	exposed = armOf(pairs(12, 12, 11, 11, 10, 10, 9, 9, 11, 10, 10, 9, 10, 9, 9, 8, 9, 8, 5, 4, 9, 7, 7, 4, 10, 5, 6, 3, 10, 3, 7, 0)...)
)

func pairs(numbers ...float64) (groups [][2]float64) {
	for i := 0; i < len(numbers); i += 2 {
		groups = append(groups, [2]float64{numbers[i], numbers[i+1]})
	}
	return groups
}

// Their design effects, 1.2325 and 3.9529, leave as many independent pups as counted here.
func TestUpliftCountsLittersAndNotPups(t *testing.T) {
	t.Parallel()
	const controls, exposures = 1.2324954, 3.9528606
	got, _ := stats.Uplift(control, exposed)
	want, _ := stats.Uplift(many(158/controls, 142/controls), many(145/exposures, 112/exposures))
	if !near(got.Interval.Low, want.Interval.Low, 6) || !near(got.Interval.High, want.Interval.High, 6) {
		t.Errorf("interval is %+v, want %+v", got.Interval, want.Interval)
	}
	if !near(got.Estimate, -0.1263, 4) {
		t.Errorf("the estimate is %.4f, want -0.1263", got.Estimate)
	}
	if pups, _ := stats.Uplift(many(158, 142), many(145, 112)); pups.Interval.High > got.Interval.High-0.03 {
		t.Errorf("taking pups for independent gives %+v, want an interval that is much surer than %+v", pups.Interval, got.Interval)
	}
}

func TestUpliftNeedsEnough(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		held, treated stats.Arm
		want          bool
	}{
		"nobody":                      {stats.Arm{}, stats.Arm{}, false},
		"nobody was held out":         {stats.Arm{}, singles(5000, 900), false},
		"a handful was held out":      {singles(20, 2), singles(180, 30), false},
		"enough":                      {singles(100, 10), singles(900, 150), true},
		"nobody who was held out":     {singles(100, 0), singles(900, 150), true},
		"few people, again and again": {armOf(repeat(4, 25, 25, 75)...), armOf(repeat(40, 25, 25, 750)...), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, enough := stats.Uplift(tt.held, tt.treated); enough != tt.want {
				t.Errorf("enough: %v, want %v", enough, tt.want)
			}
		})
	}
}

// Groups of one size are those of R's power.prop.test at a power of 0.8; the last is the first with nine times as many treated, by a program
// of its own.
func TestNeededSize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ p, q, ratio, want float64 }{
		"5 % and 10 %":                     {0.05, 0.10, 1, 434.4},
		"60 % and 70 %":                    {0.6, 0.7, 1, 355.9},
		"the other way round":              {0.10, 0.05, 1, 434.4},
		"nothing to find":                  {0.1, 0.1, 9, math.Inf(1)},
		"nine of ten are sent the message": {0.05, 0.10, 9, 260.9},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := stats.NeededSize(tt.p, tt.q, tt.ratio); !(got == tt.want || math.Abs(got-tt.want) <= 0.05) {
				t.Errorf("needed are %.2f, want %.1f", got, tt.want)
			}
		})
	}
}

func TestNeededGrowsWithAlikeTrials(t *testing.T) {
	t.Parallel()
	alone := stats.Needed(singles(100, 5), singles(900, 90))
	alike := stats.Needed(armOf(repeat(1, 5, 5, 95)...), armOf(repeat(18, 5, 5, 810)...))
	if !near(alone, stats.NeededSize(0.05, 0.10, 9)*100/99, 0) || alike < 4*alone {
		t.Errorf("needed are %.0f, and %.0f when five trials are one; want about five times as many", alone, alike)
	}
	if got := stats.Needed(stats.Arm{}, singles(1, 1)); !math.IsInf(got, 1) {
		t.Errorf("without anybody held out needed are %v, want no number that suffices", got)
	}
}

// An A/A test: people with one to six enrolments each, who buy by a habit of their own, drawn for two arms that are treated alike.
func TestUpliftOfNothingHasTheNominalCoverage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		people  int
		holdout float64
		habits  [2]float64 // chances to buy, of either half of the people
	}{
		"a tenth of ten thousand is held out": {10_000, 0.1, [2]float64{0.02, 0.3}},
		"half of two thousand":                {2_000, 0.5, [2]float64{0.05, 0.05}},
		"a fifth of three thousand":           {3_000, 0.2, [2]float64{0.01, 0.1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const runs = 2000
			draw := rand.New(rand.NewPCG(1, 2))
			missed, sum := 0, 0.0
			for range runs {
				var arms [2]stats.Arm
				for range tt.people {
					side := 0
					if draw.Float64() >= tt.holdout {
						side = 1
					}
					n, x, habit := float64(1+draw.IntN(6)), 0.0, tt.habits[draw.IntN(2)]
					for range int(n) {
						if draw.Float64() < habit {
							x++
						}
					}
					add(&arms[side], n, x)
				}
				difference, enough := stats.Uplift(arms[0], arms[1])
				if !enough {
					t.Fatal("too little evidence for an interval")
				}
				if sum += difference.Estimate; difference.Significant() {
					missed++
				}
			}
			// The standard error of the share is half a point.
			if share := float64(missed) / runs; share < 0.035 || share > 0.065 {
				t.Errorf("of the intervals %.1f %% do not hold the truth, want 5 %%", share*100)
			}
			if mean := sum / runs; math.Abs(mean) > 0.001 {
				t.Errorf("the mean uplift is %.4f, want 0", mean)
			}
		})
	}
}

func add(arm *stats.Arm, n, x float64) {
	arm.People++
	arm.Trials += n
	arm.Successes += x
	arm.TrialsSquared += n * n
	arm.Cross += n * x
	arm.SuccessesSquared += x * x
}

func TestBest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		groups []stats.Clusters
		best   int
		sure   bool
	}{
		"one alone":                   {[]stats.Clusters{single(1000, 100)}, 0, false},
		"the second is much better":   {[]stats.Clusters{single(1000, 50), single(1000, 120)}, 1, true},
		"a little better":             {[]stats.Clusters{single(1000, 50), single(1000, 65)}, 1, false},
		"the textbook would be sure":  {[]stats.Clusters{single(1000, 50), single(1000, 72)}, 1, false},
		"better than one of two":      {[]stats.Clusters{single(1000, 120), single(1000, 50), single(1000, 110)}, 0, false},
		"alike":                       {[]stats.Clusters{single(1000, 50), single(1000, 50)}, 0, false},
		"nobody clicks in the others": {[]stats.Clusters{single(500, 0), single(500, 30), single(500, 0)}, 1, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if best, sure := stats.Best(tt.groups); best != tt.best || sure != tt.sure {
				t.Errorf("the best is %d, sure: %v; want %d and %v", best, sure, tt.best, tt.sure)
			}
		})
	}
}

// Looking after every twenty messages errs no more often than was promised.
func TestBestOfTheSameIsSeldomSure(t *testing.T) {
	t.Parallel()
	const runs, sample, until = 400, 200, 8_000
	draw := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range runs {
		groups := make([]stats.Clusters, 3)
		for sent := 1; sent <= until; sent++ {
			for i := range groups {
				groups[i].Trials++
				if draw.Float64() < 0.08 {
					groups[i].Successes++
				}
			}
			if sent >= sample && sent%20 == 0 {
				if _, sure := stats.Best(groups); sure {
					found++
					break
				}
			}
		}
	}
	// Five percent of 400 are twenty, with a standard error of 4.4.
	if found > 20+9 {
		t.Errorf("of %d draws with nothing to find %d had a winner, want at most 5 %%", runs, found)
	}
}
