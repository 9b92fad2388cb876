// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// monday is noon of a Monday in UTC.
var monday = event.At(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC))

func later(d time.Duration) event.Time { return monday.Add(d) }

// at is an event of an example: when after monday it was, its id, and the stages that it may fill.
type at struct {
	after  time.Duration
	id     string
	stages []int
	amount aggregate.Micros
}

// example is a funnel of three stages, one unit's events in any order, and an instant.
type example struct {
	change func(*definition.Funnel)
	events []at
	asOf   time.Duration
	want   told
	due    event.Time
}

// told is what the contribution says of the current period; the depth is -1 when it says nothing.
type told struct {
	depth     int8
	status    status
	mature    bool
	recovered uint16
	toNext    []uint16
	values    []value
}

func tell(c *contribution) told {
	got := told{depth: -1, values: c.values()}
	for _, o := range c.outcomes() {
		if o.roles&currentRole == 0 {
			continue
		}
		got.depth, got.status, got.mature, got.recovered = o.depth, o.status, o.mature, o.recovered
		if o.path != nil {
			got.toNext = o.path.toNext
		}
	}
	return got
}

func (e *example) evaluate(t *testing.T) (told, event.Time) {
	t.Helper()
	f := definition.Funnel{
		Stages: make([]definition.Stage, 3), Window: 24 * time.Hour, Period: definition.Period{RollingDays: 7},
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 90 * 24 * time.Hour,
	}
	if e.change != nil {
		e.change(&f)
	}
	p, err := newPlan(1, &f, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	c := contact{}
	s := &slot{id: 1, plan: p, tally: newTally(p)}
	for _, a := range e.events {
		found := definition.Match{}
		for _, stage := range a.stages {
			found.Stages |= 1 << stage
			if a.amount != 0 {
				found.Amounts = append(found.Amounts, definition.Amount{Stage: stage, Amount: a.amount})
			}
		}
		c.insert(c.unit(s), later(a.after), 0, a.id, &found)
	}
	var v evaluator
	var got contribution
	due := v.evaluate(p, p.at(later(e.asOf)), c.moments, []segment{{math.MinInt64, c.unit(s).marks}}, nil, &got)
	return tell(&got), due
}

func buckets(durations ...time.Duration) (b []uint16) {
	for _, d := range durations {
		b = append(b, uint16(aggregate.Bucket(d)))
	}
	return b
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	visit, cart, order := []int{0}, []int{1}, []int{2}
	dropAfterAnHour := func(f *definition.Funnel) { f.Stages[1].DropAfter = hour }
	firstStart := func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart }
	countOrders := func(f *definition.Funnel) { f.Stages[2].Value = "event.data.total" }
	tests := map[string]example{
		"no event, no number, nothing due": {want: told{depth: -1}},
		"a start is in progress until its window has passed": {
			events: []at{{0, "a", visit, 0}},
			asOf:   day,
			want:   told{depth: 0, status: inProgress},
			due:    later(day) + 1,
		},
		"and then dropped and mature": {
			events: []at{{0, "a", visit, 0}},
			asOf:   day + time.Microsecond,
			want:   told{depth: 0, status: dropped, mature: true},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"an event at the very end of the window counts": {
			events: []at{{0, "a", visit, 0}, {day, "b", cart, 0}},
			asOf:   day,
			want:   told{depth: 1, status: inProgress, toNext: buckets(day)},
			due:    later(day) + 1,
		},
		"an event after the window does not": {
			events: []at{{0, "a", visit, 0}, {day + time.Microsecond, "b", cart, 0}},
			asOf:   day,
			want:   told{depth: 0, status: inProgress},
			due:    later(day) + 1,
		},
		"stages are taken in order, others may come between": {
			events: []at{{0, "a", visit, 0}, {1 * hour, "b", order, 0}, {2 * hour, "c", cart, 0}, {3 * hour, "d", visit, 0}, {4 * hour, "e", order, 0}},
			asOf:   day + 4*hour,
			want:   told{depth: 2, status: converted, mature: true, toNext: buckets(2*hour, 2*hour)},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"dropped an hour after the cart": {
			change: dropAfterAnHour,
			events: []at{{0, "a", visit, 0}, {hour, "b", cart, 0}},
			asOf:   2*hour + time.Microsecond,
			want:   told{depth: 1, status: dropped, toNext: buckets(hour)},
			due:    later(day) + 1,
		},
		"recovered when the order comes later than that": {
			change: dropAfterAnHour,
			events: []at{{0, "a", visit, 0}, {hour, "b", cart, 0}, {2*hour + time.Microsecond, "c", order, 0}},
			asOf:   3 * hour,
			want:   told{depth: 2, status: converted, recovered: 1 << 1, toNext: buckets(hour, hour)},
			due:    later(day) + 1,
		},
		"not recovered when it comes just in time": {
			change: dropAfterAnHour,
			events: []at{{0, "a", visit, 0}, {hour, "b", cart, 0}, {2 * hour, "c", order, 0}},
			asOf:   3 * hour,
			want:   told{depth: 2, status: converted, toNext: buckets(hour, hour)},
			due:    later(day) + 1,
		},
		"the deepest attempt represents, not the latest": {
			events: []at{{0, "a", visit, 0}, {hour, "b", cart, 0}, {30 * hour, "c", visit, 0}},
			asOf:   30 * hour,
			want:   told{depth: 1, status: dropped, mature: true, toNext: buckets(hour)},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"of equally deep attempts one in progress represents before one that dropped": {
			events: []at{{0, "a", visit, 0}, {30 * hour, "b", visit, 0}},
			asOf:   30 * hour,
			want:   told{depth: 0, status: inProgress},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"of equal attempts the latest start represents": {
			events: []at{{0, "a", visit, 0}, {2 * hour, "b", visit, 0}, {3 * hour, "c", cart, 0}},
			asOf:   3 * hour,
			want:   told{depth: 1, status: inProgress, toNext: buckets(hour)},
			due:    later(26*hour) + 1,
		},
		"events of one time go deepest, whatever their ids say": {
			events: []at{{0, "z", visit, 0}, {0, "y", cart, 0}, {0, "x", order, 0}},
			want:   told{depth: 2, status: converted, toNext: buckets(0, 0)},
			due:    later(day) + 1,
		},
		"of events of one time an event that fills two stages goes where it is needed": {
			events: []at{{0, "a", visit, 0}, {hour, "b", []int{1, 2}, 0}, {hour, "c", cart, 0}},
			asOf:   hour,
			want:   told{depth: 2, status: converted, toNext: buckets(hour, 0)},
			due:    later(day) + 1,
		},
		"one event fills one stage": {
			events: []at{{0, "a", []int{0, 1, 2}, 0}},
			want:   told{depth: 0, status: inProgress},
			due:    later(day) + 1,
		},
		"values count each event once, in whatever attempts": {
			change: countOrders,
			events: []at{
				{0, "a", visit, 0}, {1, "b", visit, 0}, {2 * hour, "c", cart, 0}, {3 * hour, "d", order, 70}, {4 * hour, "e", visit, 0},
				{5 * hour, "f", cart, 0}, {6 * hour, "g", order, 5}, {7 * hour, "h", order, 1000},
			},
			asOf: 8 * hour,
			want: told{
				depth: 2, status: converted, toNext: buckets(hour, hour),
				values: []value{{stage: 2, sum: sum{low: 75}, events: 2}},
			},
			due: later(28*hour) + 1,
		},
		"of events of one time the smallest id fills a stage": {
			change: countOrders,
			events: []at{{0, "a", visit, 0}, {hour, "b", cart, 0}, {2 * hour, "d", order, 2}, {2 * hour, "c", order, 1}},
			asOf:   2 * hour,
			want: told{
				depth: 2, status: converted, toNext: buckets(hour, hour), values: []value{{stage: 2, sum: sum{low: 1}, events: 1}},
			},
			due: later(day) + 1,
		},
		"FirstStart: a start inside an open attempt starts none": {
			change: firstStart,
			events: []at{{0, "a", visit, 0}, {20 * hour, "b", visit, 0}, {30 * hour, "c", cart, 0}},
			asOf:   30 * hour,
			want:   told{depth: 0, status: dropped, mature: true},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"LatestStart: it does": {
			events: []at{{0, "a", visit, 0}, {20 * hour, "b", visit, 0}, {30 * hour, "c", cart, 0}},
			asOf:   30 * hour,
			want:   told{depth: 1, status: inProgress, toNext: buckets(10 * hour)},
			due:    later(36 * hour), // Monday is one of the compared days from Wednesday on
		},
		"FirstStart: an attempt that fills the last stage is open up to that instant, inclusive": {
			change: firstStart,
			events: []at{
				{0, "a", visit, 0}, {hour, "b", cart, 0}, {2 * hour, "c", order, 0}, {2 * hour, "d", visit, 0},
				{2*hour + time.Microsecond, "e", visit, 0}, {4 * hour, "f", cart, 0}, {5 * hour, "g", order, 0},
			},
			asOf: 5 * hour,
			want: told{depth: 2, status: converted, toNext: buckets(2*hour, hour)},
			due:  later(26*hour) + 2,
		},
		"an attempt of before the period does not count": {
			events: []at{{-7 * day, "a", visit, 0}, {-7*day + hour, "b", cart, 0}, {0, "c", visit, 0}},
			asOf:   hour,
			want:   told{depth: 0, status: inProgress},
			due:    later(day) + 1,
		},
		"an attempt of tomorrow enters the period at midnight": {
			events: []at{{day, "a", visit, 0}},
			want:   told{depth: -1},
			due:    later(12 * hour),
		},
		"between two days nothing enters or leaves, but that cohorts are told for 800 days": {
			change: func(f *definition.Funnel) { f.Period = definition.Period{From: "2026-11-02", To: "2026-11-02"} },
			events: []at{{-13 * hour, "a", visit, 0}, {0, "b", visit, 0}, {12 * hour, "c", visit, 0}, {13 * hour, "d", cart, 0}},
			asOf:   100 * day,
			want:   told{depth: 1, status: dropped, mature: true, toNext: buckets(13 * hour)},
			due:    later(799*day - 12*hour),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, due := tt.evaluate(t)
			compare := cmp.Options{cmp.AllowUnexported(told{}, value{}, sum{}), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(tt.want, got, compare); diff != "" {
				t.Errorf("contribution differs (-want +got):\n%s", diff)
			}
			if due != tt.due {
				t.Errorf("due at %v, want %v", due.UTC(), tt.due.UTC())
			}
		})
	}
}

// A funnel may have sixteen stages, and thousands of events may share a time.
func TestEvaluateStaysQuickWhenAllEventsTie(t *testing.T) {
	t.Parallel()
	const last = definition.MaxStages - 1
	tests := map[string]struct {
		change func(*definition.Funnel)
		depth  int8
	}{
		"Ordered": {func(*definition.Funnel) {}, last},
		"Any":     {func(f *definition.Funnel) { f.Order = definition.Any }, last},
		"Strict":  {func(f *definition.Funnel) { f.Order = definition.Strict }, last},
		"optional stages and exclusions": {func(f *definition.Funnel) {
			for i := 1; i < last; i++ {
				f.Stages[i].Optional = true
			}
			f.Exclusions = []definition.Exclusion{{After: 1, Before: last}}
		}, last},
		"entries": {func(f *definition.Funnel) { f.Count, f.CorrelateBy = definition.Entries, "x" }, last},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := definition.Funnel{
				Stages: make([]definition.Stage, definition.MaxStages), Window: time.Hour, Period: definition.Period{RollingDays: 1},
				Order: definition.Ordered,
			}
			tt.change(&f)
			p, err := newPlan(1, &f, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			c, s := contact{}, &slot{id: 1, plan: p}
			for i := range 5000 {
				found := definition.Match{Stages: 1<<(i%definition.MaxStages) | 1, Acts: true, Breaks: true}
				c.insert(c.unit(s), monday+event.Time(i/2500), 0, fmt.Sprint(i), &found)
			}
			var got contribution
			new(evaluator).evaluate(p, p.at(monday), c.moments, []segment{{math.MinInt64, c.unit(s).marks}}, nil, &got)
			if o := tell(&got); o.depth != tt.depth || o.status != converted {
				t.Errorf("the unit reached stage %d with status %d, want all %d", o.depth, o.status, definition.MaxStages)
			}
		})
	}
}

func TestCalendarCutsDaysOfAnyLength(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		zone string
		date string
		want time.Duration
	}{
		"a common day":                       {"Europe/Berlin", "2026-11-02", 24 * time.Hour},
		"clocks go forward":                  {"Europe/Berlin", "2026-03-29", 23 * time.Hour},
		"clocks go back":                     {"Europe/Berlin", "2026-10-25", 25 * time.Hour},
		"a day whose midnight does not come": {"America/Havana", "2026-03-08", 23 * time.Hour},
		"a day whose midnight comes twice":   {"America/Havana", "2026-11-01", 25 * time.Hour},
		"half an hour of summer time":        {"Australia/Lord_Howe", "2026-04-05", 24*time.Hour + 30*time.Minute},
		"a day that a zone skipped":          {"Pacific/Apia", "2011-12-30", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			date, err := time.Parse(time.DateOnly, tt.date)
			if err != nil {
				t.Fatal(err)
			}
			c := newCalendar(zone)
			day := date.Unix() / (24 * 3600)
			start, end := c.start(day), c.start(day+1)
			if got := end.UTC().Sub(start.UTC()); got != tt.want {
				t.Errorf("the day is %v long, want %v", got, tt.want)
			}
			if tt.want == 0 {
				return
			}
			for _, in := range []event.Time{start, start + (end-start)/2, end - 1} {
				if got := c.day(in); got != day || in.UTC().In(zone).Format(time.DateOnly) != tt.date {
					t.Errorf("%v lies in day %d, want %d", in.UTC().In(zone), got, day)
				}
			}
		})
	}
}

func TestSumNeverWraps(t *testing.T) {
	t.Parallel()
	const most, least = aggregate.Micros(1<<63 - 1), aggregate.Micros(-1 << 63)
	var s sum
	for range 3 {
		s.add(sumOf(most), 1)
	}
	if got := s.micros(); got != most {
		t.Errorf("three times the most is told as %d, want %d", got, most)
	}
	for range 6 {
		s.add(sumOf(least), 1)
	}
	if got := s.micros(); got != least {
		t.Errorf("a sum below the least is told as %d, want %d", got, least)
	}
	for range 3 {
		s.add(sumOf(most), -1)
	}
	for range 6 {
		s.add(sumOf(least), -1)
	}
	if s != (sum{}) {
		t.Errorf("all taken away again leaves %+v", s)
	}
}
