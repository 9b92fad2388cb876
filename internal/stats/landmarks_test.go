// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/stats"
)

// landmarks are those at which it is counted who is still there, in minutes.
var landmarks = func() (minutes []float64) {
	for _, at := range aggregate.LandmarkTimes {
		minutes = append(minutes, at.Minutes())
	}
	return minutes
}()

// person was at a stage from 0 until before end, in minutes.
type person struct {
	dropped bool
	end     float64
	// passed is how many landmarks the person was still there at.
	passed int
}

func someone(dropped bool, end float64) person {
	return person{dropped: dropped, end: end, passed: sort.SearchFloat64s(landmarks, end)}
}

// crowd is everybody at a stage.
type crowd []person

// barrier counts what people saw of something, as a journey does.
type barrier struct {
	everybody stats.Table
	tables    []stats.Table
}

// cell is what one person adds to.
func cell(t *stats.Table, exposed, dropped bool) *int64 {
	switch {
	case exposed && dropped:
		return &t.ExposedDropped
	case exposed:
		return &t.ExposedConverted
	case dropped:
		return &t.UnexposedDropped
	}
	return &t.UnexposedConverted
}

// watch counts who saw something that comes to a person at a time, while there.
func (c crowd) watch(comes func(person) float64) barrier {
	b := barrier{tables: make([]stats.Table, len(landmarks)+1)}
	for _, p := range c {
		at := comes(p)
		saw := at < p.end
		*cell(&b.everybody, saw, p.dropped)++
		unexposed := p.passed
		if saw {
			first := sort.SearchFloat64s(landmarks, at)
			unexposed = min(first, p.passed)
			if first < p.passed {
				*cell(&b.tables[first], true, p.dropped)++
			}
		}
		if unexposed > 0 { // at every landmark up to there; added up below
			*cell(&b.tables[unexposed-1], false, p.dropped)++
		}
	}
	for k := len(b.tables) - 2; k >= 0; k-- {
		b.tables[k].UnexposedDropped += b.tables[k+1].UnexposedDropped
		b.tables[k].UnexposedConverted += b.tables[k+1].UnexposedConverted
	}
	return b
}

// stay says how a crowd comes about in which a share drops off, whatever people see.
type stay func(draw *rand.Rand, share float64) person

func gather(draw *rand.Rand, stay stay, share float64, n int) crowd {
	people := make(crowd, n)
	for i := range people {
		people[i] = stay(draw, share)
	}
	return people
}

const deadline = 30 // minutes

const waitedFor = "waited for until a deadline"

var stays = map[string]stay{
	// Whoever goes on does so soon; whoever does not is waited for until the deadline, and has more time to see things.
	waitedFor: func(draw *rand.Rand, share float64) person {
		if draw.Float64() < share {
			return someone(true, deadline)
		}
		return someone(false, min(draw.ExpFloat64()*5, deadline))
	},
	// Whoever leaves is idle soon, and whoever goes on takes time, and sees more.
	"gone when idle": func(draw *rand.Rand, share float64) person {
		if draw.Float64() < share {
			return someone(true, draw.ExpFloat64()*2)
		}
		return someone(false, 2+draw.ExpFloat64()*8)
	},
}

// noise is something that has nothing to do with leaving. Every third comes again and again at random, from once in five hours to twice a minute,
// every third only in some minutes, and of every third it is told after some minutes that it did not come.
func noise(draw *rand.Rand, kind int) func(person) float64 {
	mean := math.Exp(math.Log(0.5) + draw.Float64()*math.Log(600))
	from := draw.Float64() * 10
	share := 0.02 + 0.96*draw.Float64()
	return func(person) float64 {
		switch kind % 3 {
		case 0:
			return draw.ExpFloat64() * mean
		case 1:
			if draw.Float64() < share {
				return from + draw.Float64()
			}
		default:
			if draw.Float64() < share {
				return from
			}
		}
		return math.Inf(1)
	}
}

// looked is what was looked at among several, by the tables of landmarks and by the crude one.
type looked struct{ landmarks, crude []stats.Association }

func (l *looked) add(b barrier) {
	l.landmarks = append(l.landmarks, stats.Associate(b.tables))
	l.crude = append(l.crude, stats.Associate([]stats.Table{b.everybody}))
}

// found says whether any of the findings is one.
func found(findings []stats.Finding) bool {
	return slices.ContainsFunc(findings, func(f stats.Finding) bool { return f.Significant })
}

// Where nothing has to do with leaving, at most one journey in twenty may have any barrier that does. A plain table finds one in nearly all of them
// where those who drop off are waited for.
func TestNoFalseBarriers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		people, barriers, stages, runs int
		judge                          func([]stats.Association) []stats.Finding
	}{
		"one barrier, 300 people":         {300, 1, 1, 4000, stats.Judge},
		"twelve barriers, 100 people":     {100, 4, 3, 2000, stats.Judge},
		"twelve barriers, 1,000 people":   {1_000, 4, 3, 800, stats.Judge},
		"twelve barriers, 10,000 people":  {10_000, 4, 3, 150, stats.Judge},
		"600 suggestions, 300 people":     {300, 200, 3, 300, stats.Suggest},
		"200 suggestions, 3,000 people":   {3_000, 200, 1, 120, stats.Suggest},
		"twelve suggestions, 1000 people": {1_000, 4, 3, 800, stats.Suggest},
	}
	for name, tt := range tests {
		for kind, stay := range stays {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				draw := rand.New(rand.NewPCG(7, uint64(tt.people)))
				var alarms, crude float64
				for range tt.runs {
					var all looked
					for range tt.stages {
						people := gather(draw, stay, 0.05+0.9*draw.Float64(), tt.people)
						for i := range tt.barriers {
							all.add(people.watch(noise(draw, i)))
						}
					}
					if found(tt.judge(all.landmarks)) {
						alarms++
					}
					if found(tt.judge(all.crude)) {
						crude++
					}
				}
				runs := float64(tt.runs)
				alarms, crude = alarms/runs, crude/runs
				t.Logf("of %.0f runs %.1f %% (standard error %.1f) had a false alarm, %.1f %% by the crude table",
					runs, 100*alarms, 100*math.Sqrt(alarms*(1-alarms)/runs), 100*crude)
				if alarms > 0.05 {
					t.Errorf("%.1f %% of the runs had a false alarm, want at most 5 %%", 100*alarms)
				}
				if tt.people*tt.barriers >= 1000 && kind == waitedFor && crude < 0.9 {
					t.Errorf("%.1f %% of the runs had a false alarm by the crude table, want nearly all: is this why there are landmarks?", 100*crude)
				}
			})
		}
	}
}
