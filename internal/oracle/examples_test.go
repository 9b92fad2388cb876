// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// sales is the funnel of the examples: visit, cart, order; an hour's window; the last two days.
func sales() definition.Funnel {
	return definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "visit"}}},
			{Name: "cart", Matches: []definition.EventMatch{{Event: "cart"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}, Value: "event.data.total"},
		},
		Window: time.Hour, Period: definition.Period{RollingDays: 2}, TimeZone: "UTC",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 30 * 24 * time.Hour,
	}
}

// parse reads a line of an example: "12:00 tick", "12:00 ann cart", with "id=7", "{...}" as data, or "clamped" behind it. Times are
// those of 2 November 2026, or of another day with "10-25" before them; a "+" adds a microsecond.
func parse(t *testing.T, line string, number int) record.Record {
	t.Helper()
	words := strings.Fields(line)
	day := "11-02"
	if strings.Contains(words[0], "-") {
		day, words = words[0], words[1:]
	}
	clock, later := strings.CutSuffix(words[0], "+")
	at, err := time.Parse("2006-01-02 15:04", "2026-"+day+" "+clock)
	if err != nil {
		t.Fatal(err)
	}
	when := event.At(at)
	if later {
		when++
	}
	if words[1] == "tick" {
		return record.Record{Kind: record.Tick, Tick: when}
	}
	e := event.Event{Contact: words[1], Type: words[2], Source: "test", ID: fmt.Sprintf("%03d", number), Time: when, Received: when}
	for _, word := range words[3:] {
		switch id, isID := strings.CutPrefix(word, "id="); {
		case isID:
			e.ID = id
		case word == "clamped":
			e.Flags |= event.Clamped
		default:
			e.Data = []byte(word)
		}
	}
	return record.Record{Kind: record.Events, Chunk: event.Append(nil, &e)}
}

// reached is a stage by how many entered, converted, are in progress and dropped.
func reached(entered, converted, inProgress, dropped int64) aggregate.Stage {
	return aggregate.Stage{Entered: entered, Converted: converted, InProgress: inProgress, Dropped: dropped}
}

// mature says how many of a stage's numbers are final.
func mature(s aggregate.Stage, entered, converted int64) aggregate.Stage {
	s.MatureEntered, s.MatureConverted = entered, converted
	return s
}

func recovered(s aggregate.Stage, n int64) aggregate.Stage {
	s.Recovered = n
	return s
}

func worth(s aggregate.Stage, value aggregate.Micros, events int64) aggregate.Stage {
	s.Value, s.ValueEvents = value, events
	return s
}

func numbers(stages ...aggregate.Stage) aggregate.Funnel { return aggregate.Funnel{Stages: stages} }

var nobody = numbers(reached(0, 0, 0, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0))

// TestRules shows every rule by an example. Oracle and engine must both give the numbers.
func TestRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*definition.Funnel)
		log    string
		want   aggregate.Funnel
	}{
		"stages are reached in order, whatever comes between": {
			log:  `12:00 ann visit; 12:05 ann scroll; 12:10 ann cart; 12:15 ann visit; 12:20 ann order; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), reached(1, 1, 0, 0)),
		},
		"the order of arrival does not matter": {
			log:  `12:20 ann order; 12:10 ann cart; 12:00 ann visit; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), reached(1, 1, 0, 0)),
		},
		"a later stage first is none": {
			log:  `12:00 ann cart; 12:10 ann visit; 12:30 tick`,
			want: numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"each contact counts once": {
			log:  `12:00 ann visit; 12:01 ann visit; 12:02 bob visit; 12:10 ann cart; 12:30 tick`,
			want: numbers(reached(2, 1, 1, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"the window's end belongs to it": {
			log:  `12:00 ann visit; 13:00 ann cart; 13:00 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"a microsecond after the window is too late": {
			log:  `12:00 ann visit; 13:00+ ann cart; 13:00+ tick`,
			want: numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"LatestStart: a later start may lead further": {
			log:  `12:00 ann visit; 12:50 ann visit; 13:20 ann cart; 13:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"LatestStart: a later start does not erase progress": {
			log:  `12:00 ann visit; 12:10 ann cart; 12:20 ann visit; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"FirstStart: a start inside of an open attempt is none": {
			change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart },
			log:    `12:00 ann visit; 12:50 ann visit; 13:20 ann cart; 13:30 tick`,
			want:   numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"FirstStart: the window's end is inside": {
			change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart },
			log:    `12:00 ann visit; 13:00 ann visit; 13:20 ann cart; 13:30 tick`,
			want:   numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"FirstStart: after the window another attempt starts": {
			change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart },
			log:    `12:00 ann visit; 13:00+ ann visit; 13:20 ann cart; 13:30 tick`,
			want:   numbers(reached(1, 1, 0, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"FirstStart: a finished attempt is closed, its last instant included": {
			change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart },
			log: `12:00 ann visit; 12:10 ann cart; 12:20 ann order {"total":1}; 12:20 ann visit; 12:30 ann cart; 12:40 ann order {"total":2};
				12:20 bob visit; 12:30 bob cart; 12:40 bob order {"total":4}; 12:40+ bob visit; 12:45 bob cart; 12:50 bob order {"total":8}; 12:55 tick`,
			want: numbers(reached(2, 2, 0, 0), reached(2, 2, 0, 0), worth(reached(2, 2, 0, 0), 13_000_000, 3)),
		},
		"one event fills at most one stage of an attempt": {
			change: func(f *definition.Funnel) { f.Stages[1].Matches[0].Event = "visit" },
			log:    `12:00 ann visit; 12:10 bob visit; 12:20 bob visit; 12:30 tick`,
			want:   numbers(reached(2, 1, 1, 0), reached(1, 0, 1, 0), reached(0, 0, 0, 0)),
		},
		"events of one time are taken in the order that leads furthest": {
			log:  `12:00 ann order; 12:00 ann cart; 12:00 ann visit; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), reached(1, 1, 0, 0)),
		},
		"events of one time: the deepest assignment before the smallest ids": {
			change: func(f *definition.Funnel) {
				f.Stages[1].Matches = []definition.EventMatch{{Event: "cart"}, {Event: "both"}}
				f.Stages[2].Matches = []definition.EventMatch{{Event: "both"}}
			},
			log:  `12:00 ann visit; 12:10 ann both id=1 {"total":1}; 12:10 ann cart id=2; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), worth(reached(1, 1, 0, 0), 1_000_000, 1)),
		},
		"events of one time: among equals the smallest id": {
			log:  `12:00 ann visit; 12:10 ann cart; 12:20 ann order id=b {"total":2}; 12:20 ann order id=a {"total":1}; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), worth(reached(1, 1, 0, 0), 1_000_000, 1)),
		},
		"the earliest event fills a stage": {
			log:  `12:00 ann visit; 12:10 ann cart; 12:25 ann order {"total":2}; 12:20 ann order {"total":1}; 12:30 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), worth(reached(1, 1, 0, 0), 1_000_000, 1)),
		},
		"dropAfter: until its end in progress": {
			change: func(f *definition.Funnel) { f.Stages[0].DropAfter = 10 * time.Minute },
			log:    `12:00 ann visit; 12:10 tick`,
			want:   numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"dropAfter: then dropped": {
			change: func(f *definition.Funnel) { f.Stages[0].DropAfter = 10 * time.Minute },
			log:    `12:00 ann visit; 12:10+ tick`,
			want:   numbers(reached(1, 0, 0, 1), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"dropAfter beyond the window ends with it": {
			change: func(f *definition.Funnel) { f.Stages[0].DropAfter = 10 * time.Hour },
			log:    `12:00 ann visit; 13:00+ tick`,
			want:   numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"recovered: converted although dropped before": {
			change: func(f *definition.Funnel) { f.Stages[0].DropAfter = 10 * time.Minute },
			log:    `12:00 ann visit; 12:00 bob visit; 12:10+ ann cart; 12:10 bob cart; 12:30 tick`,
			want:   numbers(recovered(reached(2, 2, 0, 0), 1), reached(2, 0, 2, 0), reached(0, 0, 0, 0)),
		},
		"the representative: deepest, even when another has still time": {
			change: func(f *definition.Funnel) { f.Stages[1].DropAfter = time.Minute },
			log:    `12:00 ann visit; 12:10 ann cart; 12:20 ann visit; 12:30 tick`,
			want:   numbers(reached(1, 1, 0, 0), reached(1, 0, 0, 1), reached(0, 0, 0, 0)),
		},
		"the representative: in progress before dropped": {
			log:  `12:00 ann visit; 13:30 ann visit; 13:40 tick`,
			want: numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"mature: the window of the attempt has passed": {
			log:  `12:00 ann visit; 12:10 ann cart; 12:30 bob visit; 12:40 bob cart; 13:00+ tick`,
			want: numbers(mature(reached(2, 2, 0, 0), 1, 1), mature(reached(2, 0, 1, 1), 1, 0), reached(0, 0, 0, 0)),
		},
		"rolling days: today and the days before": {
			log:  `10-31 23:59 ann visit; 11-01 00:00 bob visit; 11-02 23:59 tick`,
			want: numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"rolling days: an attempt leaves with its day": {
			log:  `11-01 23:59 ann visit; 11-03 00:00 tick`,
			want: nobody,
		},
		"rolling days: a day begins where the zone says": {
			change: func(f *definition.Funnel) { f.TimeZone = "Europe/Moscow" },
			log:    `10-31 20:59 ann visit; 10-31 21:00 bob visit; 11-02 20:59 tick`,
			want:   numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"rolling days: a day may have 25 hours": {
			change: func(f *definition.Funnel) { f.TimeZone, f.Period.RollingDays = "America/New_York", 1 },
			log:    `11-01 04:00 ann visit; 11-01 03:59 bob visit; 11-02 04:59 tick`,
			want:   numbers(mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"between: both days belong to it": {
			change: func(f *definition.Funnel) { f.Period = definition.Period{From: "2026-10-30", To: "2026-10-31"} },
			log:    `10-29 23:59 ann visit; 10-30 00:00 bob visit; 10-31 23:59 eve visit; 11-01 00:00 joe visit; 11-01 00:01 eve cart; 11-02 00:00 tick`,
			want:   numbers(mature(reached(2, 1, 0, 1), 2, 1), mature(reached(1, 0, 0, 1), 1, 0), reached(0, 0, 0, 0)),
		},
		"duplicates: the first in the log wins, whatever it is": {
			log:  `12:00 ann scroll id=1; 12:00 ann visit id=1; 12:05 ann visit id=2; 12:00 ann cart id=2; 12:10 bob visit id=1; 12:30 tick`,
			want: numbers(reached(2, 0, 2, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"too late: older than the lateness on arrival, and counted": {
			change: func(f *definition.Funnel) { f.Lateness = time.Hour },
			log:    `12:00 tick; 11:00 ann visit; 10:59 bob visit; 10:00 bob scroll; 12:00 tick`,
			want: func() aggregate.Funnel {
				n := numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0))
				n.TooLate = 1
				return n
			}(),
		},
		"too late: the clock is moved by ticks alone": {
			change: func(f *definition.Funnel) { f.Lateness = time.Hour },
			log:    `12:00 tick; 23:00 ann scroll; 11:30 ann visit; 12:10 tick`,
			want:   numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)),
		},
		"too late: still the first of its identity": {
			change: func(f *definition.Funnel) { f.Lateness = time.Hour },
			log:    `12:00 tick; 10:00 ann visit id=1; 12:00 ann visit id=1; 12:10 tick`,
			want:   aggregate.Funnel{Stages: nobody.Stages, TooLate: 1},
		},
		"clamped events that count are counted": {
			log: `12:00 ann visit clamped; 12:01 ann scroll clamped; 12:30 tick`,
			want: func() aggregate.Funnel {
				n := numbers(reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0))
				n.Clamped = 1
				return n
			}(),
		},
		"value: each event once, over all attempts": {
			log:  `12:00 ann visit; 12:05 ann visit; 12:10 ann cart; 12:20 ann order {"total":"10.5"}; 12:25 ann visit; 12:30 ann cart; 12:35 ann order {"total":2}; 12:40 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), worth(reached(1, 1, 0, 0), 12_500_000, 2)),
		},
		"value: a missing amount is none": {
			log:  `12:00 ann visit; 12:10 ann cart; 12:20 ann order {"sum":1}; 12:40 tick`,
			want: numbers(reached(1, 1, 0, 0), reached(1, 1, 0, 0), reached(1, 1, 0, 0)),
		},
		"errors: what fails reads as false and is counted": {
			change: func(f *definition.Funnel) { f.Stages[1].Matches[0].Where = "event.data.price > 0" },
			log:    `12:00 ann visit; 12:10 ann cart {"price":"1"}; 12:15 ann cart {}; 12:30 tick`,
			want: aggregate.Funnel{
				Stages: []aggregate.Stage{reached(1, 0, 1, 0), reached(0, 0, 0, 0), reached(0, 0, 0, 0)}, Errors: 1,
				FirstError: aggregate.Failure{Field: "spec.stages[1].where", Offset: 4,
					Message: `">" compares values of different kinds, such as a text with a number, at line 1, column 18`},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sales()
			if tt.change != nil {
				tt.change(&f)
			}
			p := newPartition(t, f)
			p.add(p.apply)
			p.backfill(1)
			for i, line := range strings.Split(tt.log, ";") {
				p.add(parse(t, line, i))
			}
			p.check(time.Minute)
			got := p.oracle.Evaluate(p.seen, p.report().Clock)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(aggregate.Stage{}, "ToNext")); diff != "" {
				t.Errorf("numbers differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimeToTheNextStage(t *testing.T) {
	t.Parallel()
	p := newPartition(t, sales())
	p.add(p.apply)
	p.backfill(1)
	for i, line := range []string{"12:00 ann visit", "12:10 ann cart", "12:00 bob visit", "12:30 bob cart", "12:30 bob order", "12:40 tick"} {
		p.add(parse(t, line, i))
	}
	p.check(time.Minute)
	got := p.oracle.Evaluate(p.seen, p.fold.Clock())
	var toCart, toOrder aggregate.Sketch
	toCart.Add(aggregate.Bucket(10*time.Minute), 1)
	toCart.Add(aggregate.Bucket(30*time.Minute), 1)
	toOrder.Add(0, 1)
	for i, want := range []aggregate.Sketch{toCart, toOrder, {}} {
		if diff := cmp.Diff(want, got.Stages[i].ToNext); diff != "" {
			t.Errorf("times from stage %d differ (-want +got):\n%s", i, diff)
		}
	}
}

func TestSaturation(t *testing.T) {
	t.Parallel()
	f := sales()
	f.Window = 30 * 24 * time.Hour
	f.Period = definition.Period{From: "2026-11-01", To: "2026-11-30"}
	p := newPartition(t, f)
	p.add(p.apply)
	p.backfill(1)
	first := parse(t, "12:00 ann visit", 0)
	p.add(first)
	start := event.At(time.Date(2026, 11, 2, 12, 0, 1, 0, time.UTC))
	chunk := record.Record{Kind: record.Events}
	for i := range 10_000 {
		at := start.Add(time.Duration(9_999-i) * time.Second) // the newest first
		chunk.Chunk = event.Append(chunk.Chunk, &event.Event{Contact: "ann", Type: "cart", Source: "test", ID: fmt.Sprint("c", i), Time: at, Received: at})
	}
	p.add(chunk)
	p.add(record.Record{Kind: record.Tick, Tick: start.Add(24 * time.Hour)})
	p.check(time.Hour)
	got := p.oracle.Evaluate(p.seen, p.fold.Clock())
	want := aggregate.Funnel{Stages: nobody.Stages, Saturated: 1} // the visit is the oldest of 10,001
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("numbers differ (-want +got):\n%s", diff)
	}
}
