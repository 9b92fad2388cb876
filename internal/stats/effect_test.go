// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/waymark-dev/waymark/internal/stats"
)

// fault comes to people at random, and of those who would have gone on it stops some.
type fault struct {
	// leaving is the share that drops off anyway.
	leaving float64
	// every is after how many minutes it comes, on average.
	every float64
	// stops is the share of those who would have gone on that it stops.
	stops float64
}

// hit makes so many people, and says when the fault came to each, and how many it stopped.
func (f fault) hit(draw *rand.Rand, n int) (people crowd, came []float64, stopped int) {
	for range n {
		p := stays[waitedFor](draw, f.leaving)
		at := draw.ExpFloat64() * f.every
		if at < p.end && !p.dropped && draw.Float64() < f.stops {
			p = someone(true, deadline)
			stopped++
		}
		people, came = append(people, p), append(came, at)
	}
	return people, came, stopped
}

func (f fault) watch(draw *rand.Rand, n int) (b barrier, people crowd, stopped int) {
	people, came, stopped := f.hit(draw, n)
	next := 0
	return people.watch(func(person) float64 { next++; return came[next-1] }), people, stopped
}

// A barrier that stops people is found among eleven that do not, and 200 others, when there are enough who met it.
func TestRealBarriersAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault     fault
		people    int
		among     int
		judge     func([]stats.Association) []stats.Finding
		low, high float64
	}{
		"an error that few get stops half of them, 300 people":   {fault{0.4, 60, 0.5}, 300, 12, stats.Judge, 0.15, 0.3},
		"an error that few get stops half of them, 1,000 people": {fault{0.4, 60, 0.5}, 1_000, 12, stats.Judge, 0.8, 0.92},
		"an error that few get stops half of them, 3,000 people": {fault{0.4, 60, 0.5}, 3_000, 12, stats.Judge, 0.97, 1},
		"a price that many see stops a fifth, 300 people":        {fault{0.5, 4, 0.2}, 300, 12, stats.Judge, 0.02, 0.12},
		"a price that many see stops a fifth, 1,000 people":      {fault{0.5, 4, 0.2}, 1_000, 12, stats.Judge, 0.1, 0.25},
		"a price that many see stops a fifth, 3,000 people":      {fault{0.5, 4, 0.2}, 3_000, 12, stats.Judge, 0.48, 0.7},
		"a price that many see stops a fifth, 10,000 people":     {fault{0.5, 4, 0.2}, 10_000, 12, stats.Judge, 0.9, 1},
		"the error unaided, 1,000 people":                        {fault{0.4, 60, 0.5}, 1_000, 200, stats.Suggest, 0.4, 0.75},
		"the error unaided, 3,000 people":                        {fault{0.4, 60, 0.5}, 3_000, 200, stats.Suggest, 0.95, 1},
		"the price unaided, 3,000 people":                        {fault{0.5, 4, 0.2}, 3_000, 200, stats.Suggest, 0.2, 0.6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const looks = 6_000_000 // at a person, by one of the tests
			runs := min(max(looks/(tt.people*tt.among), 40), 400)
			draw := rand.New(rand.NewPCG(11, 12))
			hits := 0
			for range runs {
				b, people, _ := tt.fault.watch(draw, tt.people)
				all := []stats.Association{stats.Associate(b.tables)}
				for i := range tt.among - 1 {
					all = append(all, stats.Associate(people.watch(noise(draw, i)).tables))
				}
				if tt.judge(all)[0].Significant {
					hits++
				}
			}
			power := float64(hits) / float64(runs)
			t.Logf("found in %.0f %% of %d runs", 100*power, runs)
			if power < tt.low || power > tt.high {
				t.Errorf("found in %.0f %% of the runs, want %.0f to %.0f %%", 100*power, 100*tt.low, 100*tt.high)
			}
		})
	}
}

// Of the intervals for the relative risk and for what is due to a barrier 95 % hold what the numbers of very many people come to. What is due to it is
// about what would not have been without it, and rather less where most people meet it.
func TestIntervalsOfBarriersHoldTheTruth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault          fault
		people         int
		due, avoidable float64
		tables         bool // whether it matters that tables are of the same people
	}{
		"nothing":                             {fault{0.5, 10, 0}, 2_000, 0, 0, false},
		"nothing, which many see":             {fault{0.5, 2, 0}, 2_000, 0, 0, false},
		"nothing, where few leave":            {fault{0.05, 20, 0}, 5_000, 0, 0, false},
		"few get it, and half of them leave":  {fault{0.4, 60, 0.5}, 2_000, 0.061, 0.054, true},
		"some get it, and a third of them go": {fault{0.5, 15, 0.3}, 1_000, 0.06, 0.07, false},
		"many see it, and a fifth leaves":     {fault{0.5, 4, 0.2}, 2_000, 0.048, 0.099, false},
		"nearly all see it, and half leave":   {fault{0.2, 1, 0.5}, 2_000, 0.11, 0.625, false},
		"few leave otherwise":                 {fault{0.05, 20, 0.4}, 2_000, 0.521, 0.606, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const runs, many = 1000, 1_500_000
			draw := rand.New(rand.NewPCG(13, 14))
			b, _, stopped := tt.fault.watch(draw, many)
			truth := stats.Associate(b.tables).Relative
			due := stats.Attribute(b.everybody, truth, stats.Z95)
			avoidable := float64(stopped) / float64(b.everybody.ExposedDropped+b.everybody.UnexposedDropped)
			var missed, missedDue, missedByTables float64
			for range runs {
				b, _, _ := tt.fault.watch(draw, tt.people)
				ratio := stats.Associate(b.tables).Relative
				if in := ratio.Interval(stats.Z95); truth.Estimate < in.Low || truth.Estimate > in.High {
					missed++
				}
				if in := stats.RelativeRisk(b.tables...).Interval(stats.Z95); truth.Estimate < in.Low || truth.Estimate > in.High {
					missedByTables++
				}
				if in := stats.Attribute(b.everybody, ratio, stats.Z95).Interval; due.Fraction < in.Low || due.Fraction > in.High {
					missedDue++
				}
			}
			held, heldDue := 1-missed/runs, 1-missedDue/runs
			t.Logf("relative risk %.2f, held by %.1f %% of the intervals, %.1f %% if tables were of different people; due to it are %.1f %%, held by %.1f %%; "+
				"in truth %.1f %%", truth.Estimate, 100*held, 100-100*missedByTables/runs, 100*due.Fraction, 100*heldDue, 100*avoidable)
			// The standard error of the shares is 0.7 points.
			if held < 0.93 || held > 0.97 {
				t.Errorf("%.1f %% of the intervals hold the relative risk, want 95 %%", 100*held)
			}
			if tt.tables && missedByTables < 0.1*runs {
				t.Errorf("%.1f %% of the intervals of different people hold it, want fewer: is this why it is added up over people?", 100-100*missedByTables/runs)
			}
			if heldDue < 0.93 {
				t.Errorf("%.1f %% of the intervals hold what is due to it, want at least 95 %%", 100*heldDue)
			}
			if math.Abs(due.Fraction-tt.due) > 0.005 || math.Abs(avoidable-tt.avoidable) > 0.005 {
				t.Errorf("due to it are %.3f, and avoidable %.3f; want %.3f and %.3f", due.Fraction, avoidable, tt.due, tt.avoidable)
			}
		})
	}
}
