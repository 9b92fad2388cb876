// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/stats"
)

// The fifteen outcomes of a treatment in table 1 of Benjamini and Hochberg (1995), of which four are found at 5 %; adjusted by hand.
func TestAdjustedFindsThePublishedFour(t *testing.T) {
	t.Parallel()
	chances := []float64{
		0.4262, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.5719, 0.6528, 0.7590, 1.0000,
	}
	want := []float64{
		0.5812, 0.0015, 0.0030, 0.0095, 0.0356, 0.0603, 0.0639, 0.0639, 0.0645, 0.0765, 0.4860, 0.7149, 0.7532, 0.8132, 1,
	}
	got := stats.Adjusted(chances)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 0.00006)); diff != "" {
		t.Errorf("adjusted chances differ (-want +got):\n%s", diff)
	}
	if none := stats.Adjusted(nil); len(none) != 0 {
		t.Errorf("of no chances there are %d", len(none))
	}
}

func TestAdjustedKeepsTheOrderAndIsNeverLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chances := rapid.SliceOf(rapid.Float64Range(0, 1)).Draw(t, "chances")
		adjusted := stats.Adjusted(chances)
		for i := range chances {
			if adjusted[i] < chances[i] || adjusted[i] > 1 {
				t.Fatalf("%v becomes %v", chances[i], adjusted[i])
			}
			for j := range chances {
				if chances[i] < chances[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("%v and %v become %v and %v", chances[i], chances[j], adjusted[i], adjusted[j])
				}
			}
		}
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	strong := stats.Associate([]stats.Table{{40, 10, 400, 600}})
	contrary := stats.Associate([]stats.Table{{4, 46, 400, 600}})
	nothing := stats.Associate([]stats.Table{{20, 30, 400, 600}})
	scarce := stats.Associate([]stats.Table{{9, 0, 400, 600}})
	tests := map[string]struct {
		judge func([]stats.Association) []stats.Finding
		of    []stats.Association
		want  []stats.Finding
	}{
		"nothing to judge": {stats.Judge, nil, []stats.Finding{}},
		"barriers": {stats.Judge, []stats.Association{nothing, strong, contrary, scarce}, []stats.Finding{
			{nothing.P, false}, {strong.P * 3, true}, {contrary.P * 3 / 2, false}, {1, false},
		}},
		"suggestions do not look for the contrary": {stats.Suggest, []stats.Association{strong, contrary, scarce}, []stats.Finding{
			{strong.Over * 4, true}, {1, false}, {1, false},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.judge(tt.of), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
		})
	}
}

// The numbers are those of a program of its own, which integrates by Simpson's rule.
func TestLastingLevel(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tests       int
		correlation float64
		critical    float64
	}{
		"one test in a window of 28 days": {1, stats.WindowCorrelation(28), 3.639},
		"twelve of them":                  {12, stats.WindowCorrelation(28), 4.264},
		"months of the calendar":          {1, stats.WindowCorrelation(0), 3.868},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.LastingCritical(tt.tests, tt.correlation)
			level := 2 * distuv.UnitNormal.Survival(got)
			if !near(got, tt.critical, 3) || !near(stats.LastingLevel(tt.tests, tt.correlation), level, 12) {
				t.Errorf("critical value is %.3f, and the level %v; want %.3f and %v", got, stats.LastingLevel(tt.tests, tt.correlation), tt.critical, level)
			}
		})
	}
}

// A look a day for a year, at four barriers over the last 28 days, of which none has anything to do with leaving: at most one in twenty such years
// may announce one. With the level of a single look nearly all do.
func TestNothingIsAnnouncedThatIsNoise(t *testing.T) {
	t.Parallel()
	const runs, barriers, days, looks = 400, 4, 28, 365
	level := stats.LastingLevel(barriers, stats.WindowCorrelation(days))
	announced, atOnce := 0, 0
	for run := range runs {
		source := rand.NewPCG(17, uint64(run))
		lasting, single := false, false
		for barrier := range barriers {
			sees := 0.03 * float64(1+barrier*barrier)
			least := leastChance(source, sees, days, looks)
			lasting = lasting || least <= level
			single = single || least <= stats.SignificanceAlpha/barriers
		}
		if lasting {
			announced++
		}
		if single {
			atOnce++
		}
	}
	t.Logf("of %d years %d announce something, and %d at the level of one look", runs, announced, atOnce)
	if announced > runs/20 {
		t.Errorf("of %d years %d announce a barrier, want at most one in twenty", runs, announced)
	}
	if atOnce < runs/3 {
		t.Errorf("of %d years only %d announce a barrier at the level of one look: is this why the level is lower?", runs, atOnce)
	}
}

// leastChance is the least chance at any look at a barrier that a share sees.
func leastChance(source rand.Source, sees float64, days, looks int) float64 {
	least := 1.0
	var all []stats.Table
	var sum stats.Table
	add := func(t stats.Table, times int64) {
		sum.ExposedDropped += times * t.ExposedDropped
		sum.ExposedConverted += times * t.ExposedConverted
		sum.UnexposedDropped += times * t.UnexposedDropped
		sum.UnexposedConverted += times * t.UnexposedConverted
	}
	draw := func(n int64, p float64) int64 {
		if n == 0 {
			return 0
		}
		return int64(distuv.Binomial{N: float64(n), P: p, Src: source}.Rand())
	}
	for day := range looks + days - 1 {
		n := int64(distuv.Poisson{Lambda: 40 - 20*math.Floor(float64(day%7)/5), Src: source}.Rand())
		exposed := draw(n, sees)
		t := stats.Table{ExposedDropped: draw(exposed, 0.4), UnexposedDropped: draw(n-exposed, 0.4)}
		t.ExposedConverted, t.UnexposedConverted = exposed-t.ExposedDropped, n-exposed-t.UnexposedDropped
		all = append(all, t)
		add(t, 1)
		if day >= days {
			add(all[day-days], -1)
		}
		if day >= days-1 {
			least = min(least, stats.Associate([]stats.Table{sum}).P)
		}
	}
	return least
}
