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

// calls is a funnel in which whoever does not order within an hour of the cart has dropped off. Signals are given for half an hour.
func calls(change func(*definition.Funnel)) definition.Funnel {
	f := shop()
	f.SignalMaxAge = 30 * time.Minute
	if change != nil {
		change(&f)
	}
	return f
}

// story is what happens to a fold, in lines such as "12:30 tick", "12:30 ann cart 11:00" (the cart's time, if it comes late), "apply",
// "apply edited" and "remove". What is applied is computed and activated at once.
type story struct {
	t        *testing.T
	fold     *engine.Fold
	log      []record.Record
	versions map[string]definition.Funnel
}

func (s *story) tell(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "apply":
			apply, activate := applying(s.t, s.versions[strings.Join(words[1:], " ")])
			s.add(apply)
			backfill(s.t, s.fold, s.log)
			s.add(activate)
		case "remove":
			s.add(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key}})
		default:
			s.happen(s.at(words[0]), words[1:])
		}
	}
}

func (s *story) happen(now event.Time, words []string) {
	if words[0] == "tick" {
		s.add(ticking(now))
		return
	}
	e := event.Event{Contact: words[0], Type: words[1], Source: "test", Time: now, Received: now}
	if len(words) > 2 {
		e.Time = s.at(words[2])
	}
	s.add(chunk(e))
}

func (s *story) add(r record.Record) {
	s.t.Helper()
	s.log = append(s.log, r)
	steps(s.t, s.fold, r)
}

func (s *story) at(clock string) event.Time {
	at, err := time.Parse("2006-01-02 15:04", "2026-11-02 "+clock)
	if err != nil {
		s.t.Fatal(err)
	}
	return event.At(at)
}

func TestSignals(t *testing.T) {
	t.Parallel()
	versions := map[string]definition.Funnel{
		"":         calls(nil),
		"edited":   calls(func(f *definition.Funnel) { f.Stages[0].DropAfter = 2 * time.Hour }),
		"stricter": calls(func(f *definition.Funnel) { f.Stages[1].DropAfter = 30 * time.Minute }),
		"silent":   calls(func(f *definition.Funnel) { f.SignalMaxAge = 0 }),
	}
	tests := map[string]struct {
		lines  []string
		want   []string
		counts aggregate.Signals
	}{
		"a drop-off": {
			lines:  []string{"12:00 tick", "apply", "12:00 ann cart", "12:00 ann visit 11:59", "13:00 tick", "13:01 tick", "13:30 tick"},
			want:   []string{"ann at cart due 13:00"},
			counts: aggregate.Signals{Given: 1},
		},
		"not yet": {
			lines: []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:00 tick"},
		},
		"a funnel without signals": {
			lines: []string{"12:00 tick", "apply silent", "12:00 ann visit", "12:00 ann cart", "13:01 tick"},
		},
		"an event that came late waits for what is behind it": {
			lines:  []string{"12:00 tick", "apply", "13:10 ann visit 12:01", "13:10 ann cart 12:02", "13:14 tick", "13:16 tick"},
			want:   []string{"ann at cart due 13:15"},
			counts: aggregate.Signals{Given: 1},
		},
		"and is disproved by that": {
			lines: []string{"12:00 tick", "apply", "13:10 ann visit 12:01", "13:10 ann cart 12:02", "13:14 ann order 12:30", "13:16 tick"},
		},
		"too old when it is found": {
			lines:  []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:30 tick", "13:40 tick"},
			counts: aggregate.Signals{Stale: 1},
		},
		"an import": {
			lines:  []string{"12:00 tick", "apply", "12:00 ann visit 01:00", "12:00 ann cart 02:00", "12:06 tick", "12:10 tick"},
			counts: aggregate.Signals{Stale: 1},
		},
		"from before the funnel": {
			lines: []string{"12:00 tick", "12:00 ann visit", "12:00 ann cart", "13:10 tick", "apply", "13:11 tick", "13:12 ann visit", "13:13 tick"},
		},
		"begun before the funnel": {
			lines:  []string{"12:00 tick", "12:00 ann visit", "12:00 ann cart", "12:30 tick", "apply", "13:10 tick"},
			want:   []string{"ann at cart due 13:00"},
			counts: aggregate.Signals{Given: 1},
		},
		"an edit repeats nothing": {
			lines: []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:01 tick", "apply edited", "13:05 tick", "13:20 tick",
				"13:21 bob visit", "13:21 bob cart", "14:22 tick"},
			want:   []string{"ann at cart due 13:00", "bob at cart due 14:21"},
			counts: aggregate.Signals{Given: 2},
		},
		"an edit finds what is due by it": {
			lines:  []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "12:40 tick", "apply stricter", "12:41 tick", "12:46 tick"},
			want:   []string{"ann at cart due 12:30"},
			counts: aggregate.Signals{Given: 1},
		},
		"an edit finds nothing old": {
			lines: []string{"10:00 tick", "apply edited", "10:00 ann visit", "10:00 ann cart 10:01", "10:59 tick", "apply silent", "13:00 tick", "apply",
				"13:01 tick", "13:06 tick", "13:07 ann visit", "13:08 tick"},
		},
		"one that comes back goes on": {
			lines: []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "12:10 bob visit", "12:10 bob cart", "13:01 tick", "remove",
				"13:12 tick", "apply", "13:16 tick", "13:18 tick"},
			want:   []string{"ann at cart due 13:00", "bob at cart due 13:10"},
			counts: aggregate.Signals{Given: 2},
		},
		"what was due too long ago when it comes back": {
			lines:  []string{"12:00 tick", "apply", "12:10 bob visit", "12:10 bob cart", "13:01 tick", "remove", "13:12 tick", "14:12 tick", "apply", "14:20 tick"},
			counts: aggregate.Signals{Stale: 1},
		},
		"disproved": {
			lines: []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:01 tick", "13:05 ann order 12:59", "13:06 tick",
				"13:06 ann order 12:58", "13:08 tick"},
			want:   []string{"ann at cart due 13:00", "ann not at cart due 13:06"},
			counts: aggregate.Signals{Given: 1, Retracted: 1},
		},
		"recovered is not disproved": {
			lines:  []string{"12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:01 tick", "13:05 ann order", "13:06 tick"},
			want:   []string{"ann at cart due 13:00"},
			counts: aggregate.Signals{Given: 1},
		},
		"each cart of its own": {
			lines: []string{"10:00 tick", "apply", "10:00 ann visit", "10:00 ann cart", "11:01 tick", "11:10 ann visit", "11:11 ann cart", "11:12 tick",
				"12:12 tick"},
			want:   []string{"ann at cart due 11:00", "ann at cart due 12:11"},
			counts: aggregate.Signals{Given: 2},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := story{t: t, fold: open(t), versions: versions}
			s.tell(tt.lines...)
			var got []string
			for _, signal := range s.fold.Signals() {
				not := ""
				if signal.Retracted {
					not = "not "
				}
				got = append(got, fmt.Sprintf("%s %sat %s due %s", signal.Contact, not, signal.Stage, signal.Due.UTC().Format("15:04")))
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("signals differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.counts, report(t, s.fold).Funnels[key].Funnel.Signals); diff != "" {
				t.Errorf("counts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASignalNamesItsEventAndLeavesTheOutboxWhenItIsInTheLog(t *testing.T) {
	t.Parallel()
	s := story{t: t, fold: open(t), versions: map[string]definition.Funnel{"": calls(nil)}}
	s.tell("12:00 tick", "apply", "12:00 ann visit", "12:00 ann cart", "13:01 tick")
	signals := s.fold.Signals()
	if len(signals) != 1 {
		t.Fatalf("%d signals, want one", len(signals))
	}
	funnel := s.versions[""]
	_, version, err := funnel.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	noonOfTheStory := s.at("12:00")
	want := record.Signal{
		ID: signals[0].ID, Key: key, Version: version, Stage: "cart", Contact: "ann", Source: "test",
		Event: fmt.Sprint("cart", noonOfTheStory), Time: noonOfTheStory, Offset: 5, Due: s.at("13:00"),
	}
	if diff := cmp.Diff(want, signals[0]); diff != "" || len(want.ID) != 32 {
		t.Errorf("the signal differs (-want +got):\n%s", diff)
	}
	s.add(record.Record{Kind: record.Signals, Signals: signals})
	if s.fold.Signalling() {
		t.Errorf("the outbox still has %v", s.fold.Signals())
	}
}
