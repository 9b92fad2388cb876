// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const segmentKey = "Segment/shop/loyal"

// loyal is a segment of those who ordered twice in two hours, or are on a plan.
func loyal(change func(*definition.Segment)) definition.Segment {
	s := definition.Segment{
		TimeZone: "UTC",
		Where:    "contact.traits.orders >= 2 || contact.attributes.plan == 'pro'",
		Traits: []definition.Trait{
			{Name: "orders", Function: definition.TraitCount, Event: "order", Within: 2 * time.Hour},
			{Name: "spent", Function: definition.TraitSum, Event: "order", Of: "event.data.n"},
			{Name: "value", Function: definition.TraitRank, Of: "spent", Ranks: 2},
		},
		Days: 1, Lateness: 90 * 24 * time.Hour, SignalMaxAge: time.Hour,
	}
	if change != nil {
		change(&s)
	}
	return s
}

func applyingSegment(t testing.TB, key string, s definition.Segment) (apply, activate record.Record) {
	t.Helper()
	form, version, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}},
		record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: version}}
}

// tale is what happens to a segment, in lines such as "12:00 tick", "2/01:30 tick" (on the next day), "12:30 ann order 12.5 11:00" (ordered at
// eleven), "12:00 ann is pro", "12:00 link ann v" (the turns out to be ann), "apply", "apply edited" and "remove".
type tale struct {
	t        *testing.T
	fold     *engine.Fold
	log      []record.Record
	versions map[string]definition.Segment
}

func (s *tale) tell(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "apply":
			apply, activate := applyingSegment(s.t, segmentKey, s.versions[strings.Join(words[1:], " ")])
			s.add(apply)
			backfill(s.t, s.fold, s.log)
			s.add(activate)
		case "remove":
			s.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: segmentKey}})
		default:
			s.happen(s.at(words[0]), words[1:])
		}
	}
}

func (s *tale) happen(now event.Time, words []string) {
	s.t.Helper()
	if words[0] == "tick" {
		s.add(ticking(now))
		return
	}
	e := event.Event{Contact: words[0], Type: words[1], Source: "test", Time: now, Received: now, ID: fmt.Sprint(len(s.log))}
	switch {
	case words[0] == "link":
		s.link(e, words[1], words[2])
		return
	case words[1] == "is":
		e.Type, e.Data = event.Identify, fmt.Appendf(nil, `{"traits":{"plan":%q}}`, words[2])
	case len(words) > 2:
		e.Data = fmt.Appendf(nil, `{"n":%s}`, words[2])
	}
	if len(words) > 3 {
		e.Time = s.at(words[3])
	}
	s.add(chunk(e))
}

// link tells that a visitor is a contact, and forwards what the visitor did.
func (s *tale) link(e event.Event, contact, visitor string) {
	s.t.Helper()
	e.Contact, e.Type = contact, event.Identify
	s.add(chunk(event.Link(&e, visitor)))
	forwards, err := s.fold.Forwards(100)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range forwards {
		for _, at := range forwards[i].Copies {
			var told event.Event
			if _, err := event.Next(s.log[at.Offset-1].Chunk, &told); err != nil {
				s.t.Fatal(err)
			}
			event.Forward(&told, forwards[i].To)
			s.add(chunk(told))
		}
		s.add(record.Record{Kind: record.Delivered, Delivered: []record.Delivery{forwards[i].Delivery}})
	}
}

func (s *tale) add(r record.Record) {
	s.t.Helper()
	s.log = append(s.log, r)
	steps(s.t, s.fold, r)
}

func (s *tale) at(clock string) event.Time {
	s.t.Helper()
	day, hour, later := strings.Cut(clock, "/")
	if !later {
		day, hour = "1", clock
	}
	at, err := time.Parse("2006-1-2 15:04", "2026-11-"+day+" "+hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return event.At(at)
}

func TestSegment(t *testing.T) {
	t.Parallel()
	versions := map[string]definition.Segment{
		"":         loyal(nil),
		"stricter": loyal(func(s *definition.Segment) { s.Where = "contact.traits.orders >= 3" }),
		"without":  loyal(func(s *definition.Segment) { s.Where = "contact.traits.orders == 0" }),
		"rich": loyal(func(s *definition.Segment) {
			s.Traits[2].Cuts, s.Where = []aggregate.Micros{5_000_000}, "contact.traits.value == 2"
		}),
		"silent": loyal(func(s *definition.Segment) { s.SignalMaxAge = 0 }),
	}
	tests := map[string]struct {
		lines []string
		want  aggregate.Segment
		// signals are "ann entered at 12:30 due 12:35".
		signals []string
	}{
		"two orders": {
			lines: []string{"12:00 tick", "apply", "12:00 ann order 1", "12:10 bob order 1", "12:30 ann order 1", "12:31 tick"},
			want:  aggregate.Segment{Size: 1, Entered: 1},
		},
		"by time alone": {
			lines:   []string{"12:00 tick", "apply", "12:00 ann order 1", "12:30 ann order 1", "12:40 tick", "13:59 tick", "14:00 tick"},
			want:    aggregate.Segment{Entered: 1, Left: 1, Signals: aggregate.Signals{Given: 2}},
			signals: []string{"ann entered at 12:30 due 12:35 by an event", "ann left at 14:00 due 14:00 by nothing"},
		},
		"by an attribute": {
			lines:   []string{"12:00 tick", "apply", "12:01 ann is pro", "12:10 tick", "12:20 ann is free", "12:30 tick"},
			want:    aggregate.Segment{Entered: 1, Left: 1, Signals: aggregate.Signals{Given: 2}},
			signals: []string{"ann entered at 12:01 due 12:06 by an event", "ann left at 12:20 due 12:25 by an event"},
		},
		"computed from the log": {
			lines: []string{"12:00 tick", "12:00 ann is pro", "12:10 bob order 1", "12:20 bob order 2", "12:30 tick", "apply", "12:40 tick"},
			want:  aggregate.Segment{Size: 2, Entered: 2},
		},
		"who is known and did nothing": {
			lines:   []string{"12:00 tick", "apply without", "12:01 ann is pro", "12:10 bob order 1", "12:10 cy visit 1", "12:20 tick", "14:10 tick"},
			want:    aggregate.Segment{Size: 2, Entered: 2, Signals: aggregate.Signals{Given: 2}},
			signals: []string{"ann entered at 12:01 due 12:06 by an event", "bob entered at 14:10 due 14:10 by nothing"},
		},
		"in and out before anything was due": {
			lines: []string{"12:00 tick", "apply", "12:01 ann is pro", "12:04 ann is free", "12:06 tick", "12:30 tick"},
			want:  aggregate.Segment{Entered: 1, Left: 1},
		},
		"disproved before it was due": {
			lines: []string{"12:00 tick", "apply", "12:01 ann is pro", "12:04 ann is free 12:01", "12:30 tick"},
			want:  aggregate.Segment{},
		},
		"too old when it is found": {
			lines: []string{"12:00 tick", "apply", "12:01 ann is pro", "13:30 tick"},
			want:  aggregate.Segment{Size: 1, Entered: 1, Signals: aggregate.Signals{Stale: 1}},
		},
		"an edition says nothing again": {
			lines:   []string{"12:00 tick", "apply", "12:00 ann order 1", "12:01 ann order 1", "12:02 ann order 1", "12:10 tick", "apply stricter", "12:20 tick"},
			want:    aggregate.Segment{Size: 1, Entered: 1, Signals: aggregate.Signals{Given: 1}},
			signals: []string{"ann entered at 12:01 due 12:06 by an event"},
		},
		"nor does what was there before": {
			lines:   []string{"12:00 tick", "12:00 ann is pro", "12:01 tick", "apply", "12:30 tick", "12:40 ann is free", "12:50 tick"},
			want:    aggregate.Segment{Entered: 1, Left: 1, Signals: aggregate.Signals{Given: 1}},
			signals: []string{"ann left at 12:40 due 12:45 by an event"},
		},
		"the day after": {
			lines: []string{"12:00 tick", "apply silent", "12:00 ann is pro", "2/00:00 tick"},
			want:  aggregate.Segment{Size: 1},
		},
		"a visitor who became known": {
			lines: []string{
				"12:00 tick", "apply", "12:00 ann order 1", "12:01 " + event.Anonymous("v") + " order 2", "12:02 " + event.Anonymous("v") + " is pro",
				"12:03 " + event.Anonymous("w") + " is pro", "12:05 link ann v", "12:20 tick",
			},
			want:    aggregate.Segment{Size: 2, Entered: 2, Signals: aggregate.Signals{Given: 2}},
			signals: []string{"ann entered at 12:01 due 12:06 by an event", event.Anonymous("w") + " entered at 12:03 due 12:08 by an event"},
		},
		"a rank": {
			lines:   []string{"12:00 tick", "apply rich", "12:00 ann order 4", "12:10 ann order 1", "12:20 bob order 4.999999", "12:20 cy is pro", "12:21 tick"},
			want:    aggregate.Segment{Size: 1, Entered: 1, Signals: aggregate.Signals{Given: 1}},
			signals: []string{"ann entered at 12:10 due 12:15 by an event"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &tale{t: t, versions: versions}
			var err error
			if s.fold, err = engine.Open(engine.Options{Compile: compiled()}); err != nil {
				t.Fatal(err)
			}
			s.tell(tt.lines...)
			got := report(t, s.fold).Funnels[segmentKey].Segment
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(aggregate.Segment{}, "Values")); diff != "" {
				t.Errorf("numbers differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.signals, signalled(s.fold)); diff != "" {
				t.Errorf("signals differ (-want +got):\n%s", diff)
			}
		})
	}
}

// signalled gives the signals of a fold in words.
func signalled(f *engine.Fold) (lines []string) {
	clock := func(t event.Time) string { return t.UTC().Format("15:04") }
	for _, s := range f.Signals() {
		by := "nothing"
		if s.Offset != 0 {
			by = "an event"
		}
		lines = append(lines, fmt.Sprintf("%s %s at %s due %s by %s", s.Contact, s.Stage, clock(s.Time), clock(s.Due), by))
	}
	return lines
}
