// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/waymark-dev/waymark/internal/stats"
)

// shop is a made-up funnel, day after day, whose conversion is always the same but where change says otherwise.
type shop struct {
	// days is the length of the compared spans.
	days int
	// visits is how many come on a working day. On a weekend it is half as many, and on one day in fifty three times as many.
	visits int
	// rate is the share that converts.
	rate float64
	// regulars is the share of visits that are of one of a few people who come again and again, to both spans, with rates of their own.
	regulars float64
	// entries counts each visit; otherwise a person counts once per span, as converted when any of the visits converts.
	entries bool
	// satisfied regulars, who converted, do not again for ten days.
	satisfied bool
	// change is added to the rate from day changed on.
	change  float64
	changed int
}

// day is what one day brings: people who come only once, and the visits of regulars.
type day struct {
	once, onceConverted int
	regulars            []visit
}

type visit struct {
	person    int
	converted int
}

// span adds up the days of one span, and what people make of it.
type span struct {
	entries bool
	n, x    []int // by regular
	sum     stats.Clusters
}

func (s *span) add(d *day, times int) {
	n, x := float64(times*d.once), float64(times*d.onceConverted)
	s.sum.Trials += n
	s.sum.TrialsSquared += n
	s.sum.Successes += x
	s.sum.Cross += x
	s.sum.SuccessesSquared += x
	for _, v := range d.regulars {
		s.count(v.person, -1)
		s.n[v.person] += times
		s.x[v.person] += times * v.converted
		s.count(v.person, 1)
	}
}

func (s *span) count(person int, times float64) {
	n, x := float64(s.n[person]), float64(s.x[person])
	if !s.entries {
		n, x = min(n, 1), min(x, 1)
	}
	s.sum.Trials += times * n
	s.sum.Successes += times * x
	s.sum.TrialsSquared += times * n * n
	s.sum.Cross += times * n * x
	s.sum.SuccessesSquared += times * x * x
}

// firstAlarm gives the first look, counted from 1, that calls the change significant; 0 when none of so many does.
func (s shop) firstAlarm(seed uint64, looks int) int {
	const settled = 30 // days before the first that counts, so that the past of regulars is like their future
	source := rand.NewPCG(seed, 20261122)
	random := rand.New(source)
	crowd := max(1, int(float64(s.visits)*s.regulars*2)) // so that a regular comes every two days or so
	recent := span{entries: s.entries, n: make([]int, crowd), x: make([]int, crowd)}
	before := span{entries: s.entries, n: make([]int, crowd), x: make([]int, crowd)}
	critical := stats.CriticalValue(stats.ChangeAlpha, stats.ChangeLooks, stats.SlidingCorrelation(int64(s.days)))
	content := make([]int, crowd)
	for number := range settled {
		s.day(random, source, number-settled, content)
	}
	var days []*day
	for number := range 2*s.days + looks - 1 {
		today := s.day(random, source, number, content)
		days = append(days, today)
		recent.add(today, 1)
		if left := number - s.days; left >= 0 {
			recent.add(days[left], -1)
			before.add(days[left], 1)
		}
		if gone := number - 2*s.days; gone >= 0 {
			before.add(days[gone], -1)
		}
		if number < 2*s.days-1 {
			continue
		}
		if d, enough := stats.Compare(before.sum, recent.sum, critical); enough && d.Significant() {
			return number - 2*s.days + 2
		}
	}
	return 0
}

// day makes a day. Regulars differ: the rates of half of them are half as high, those of the others half as high again.
func (s shop) day(random *rand.Rand, source rand.Source, number int, content []int) *day {
	mean := float64(s.visits)
	if (number+70)%7 >= 5 {
		mean /= 2
	}
	if random.IntN(50) == 0 {
		mean *= 3
	}
	rate := s.rate
	if number >= s.changed {
		rate += s.change
	}
	d := &day{once: int(distuv.Poisson{Lambda: mean * (1 - s.regulars), Src: source}.Rand())}
	if rate > 0 {
		d.onceConverted = int(distuv.Binomial{N: float64(d.once), P: rate, Src: source}.Rand())
	}
	for range int(mean * s.regulars) {
		v := visit{person: random.IntN(len(content))}
		own := rate * (0.5 + float64(v.person%2))
		if random.Float64() < own && (!s.satisfied || content[v.person] <= number) {
			v.converted, content[v.person] = 1, number+10
		}
		d.regulars = append(d.regulars, v)
	}
	return d
}

// share gives which part of runs, with seeds from 1 on, has an alarm at one of so many looks, and how it is spread.
func (s shop) share(runs, looks int) (alarms, alarmsIn90, standardError float64) {
	for seed := range runs {
		switch at := s.firstAlarm(uint64(seed)+1, looks); {
		case at > 90:
			alarms++
		case at > 0:
			alarms++
			alarmsIn90++
		}
	}
	alarms /= float64(runs)
	return alarms, alarmsIn90 / float64(runs), math.Sqrt(alarms * (1 - alarms) / float64(runs))
}

// Where nothing changes, at most one run in twenty may ever show a change, over daily looks for a year, and the more so for 90 days.
func TestNoFalseAlarms(t *testing.T) {
	t.Parallel()
	tests := map[string]shop{
		"days compared with days":                {days: 1, visits: 800, rate: 0.05},
		"weeks of a small shop":                  {days: 7, visits: 100, rate: 0.045},
		"weeks with barely enough":               {days: 7, visits: 60, rate: 0.06},
		"months of a small shop":                 {days: 28, visits: 50, rate: 0.02},
		"months of a shop that sells to many":    {days: 28, visits: 40, rate: 0.4},
		"quarters":                               {days: 84, visits: 20, rate: 0.045},
		"regulars count once in each span":       {days: 28, visits: 40, rate: 0.1, regulars: 0.5},
		"every entry of regulars counts":         {days: 28, visits: 40, rate: 0.1, regulars: 0.5, entries: true},
		"entries of regulars in weeks":           {days: 7, visits: 100, rate: 0.1, regulars: 0.8, entries: true},
		"regulars who bought do not buy at once": {days: 7, visits: 100, rate: 0.1, regulars: 0.5, satisfied: true},
	}
	const runs, looks = 1000, 365
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			year, quarter, spread := s.share(runs, looks)
			t.Logf("of %d runs %.1f %% (standard error %.1f) had an alarm in a year, %.1f %% in 90 days", runs, 100*year, 100*spread, 100*quarter)
			if year > stats.ChangePromise {
				t.Errorf("%.1f %% of the runs had a false alarm, want at most %.0f %%", 100*year, 100*stats.ChangePromise)
			}
		})
	}
}

// A change that matters is seen, and before the spans have left it behind.
func TestRealChangesAreSeen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		shop shop
		want float64
	}{
		"4.5 % become 6 % in a shop of 400 a day":    {shop{days: 28, visits: 400, rate: 0.045, change: 0.015}, 0.9},
		"40 % become 45 % in a shop of 100 a day":    {shop{days: 28, visits: 100, rate: 0.4, change: 0.05}, 0.5},
		"5 % become nothing in a week of 100 a day":  {shop{days: 7, visits: 100, rate: 0.05, change: -0.05}, 0.95},
		"10 % become 7 % where entries are counted":  {shop{days: 28, visits: 400, rate: 0.1, regulars: 0.3, entries: true, change: -0.03}, 0.95},
		"one point of 4.5 % in a shop of 100 is not": {shop{days: 28, visits: 100, rate: 0.045, change: 0.01}, 0},
	}
	const runs, looks = 400, 90
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.shop.changed = 2 * tt.shop.days
			_, seen, _ := tt.shop.share(runs, looks)
			t.Logf("%.0f %% of %d runs saw it", 100*seen, runs)
			if seen < tt.want {
				t.Errorf("%.0f %% of the runs saw the change, want at least %.0f %%", 100*seen, 100*tt.want)
			}
		})
	}
}
