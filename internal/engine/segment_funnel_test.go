// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// ofMembers is a funnel of visit, cart and order for those who did so at most an hour ago, or are on a plan.
func ofMembers(change func(*definition.Funnel)) definition.Funnel {
	f := definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "visit"}}},
			{Name: "cart", Matches: []definition.EventMatch{{Event: "cart"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}},
		},
		Window: 6 * time.Hour, Period: definition.Period{RollingDays: 2}, TimeZone: "UTC", Order: definition.Ordered,
		EntryPolicy: definition.LatestStart, Lateness: 48 * time.Hour,
		Segment: &definition.Segment{
			TimeZone: "UTC", Where: "contact.traits.seen >= 1 || contact.attributes.plan == 'pro'", Lateness: 48 * time.Hour,
			Traits: []definition.Trait{{Name: "seen", Function: definition.TraitCount, Event: "shown", Within: time.Hour}},
		},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func TestAFunnelCountsMembersAlone(t *testing.T) {
	t.Parallel()
	strict := func(f *definition.Funnel) { f.Order = definition.Strict }
	anyOrder := func(f *definition.Funnel) { f.Order = definition.Any }
	tests := map[string]struct {
		change func(*definition.Funnel)
		// lines are "12:00 visit", and "12:00 is pro".
		lines []string
		// entered are by stage.
		entered []int64
	}{
		"a stranger":                        {lines: []string{"12:00 visit", "12:10 cart"}, entered: []int64{0, 0, 0}},
		"a member at the start":             {lines: []string{"12:00 shown", "12:59 visit", "15:00 cart"}, entered: []int64{1, 1, 0}},
		"no longer at the start":            {lines: []string{"12:00 shown", "13:00 visit", "13:10 cart"}, entered: []int64{0, 0, 0}},
		"a member by the very instant":      {lines: []string{"12:00 visit", "12:00 shown", "13:10 cart"}, entered: []int64{1, 1, 0}},
		"by an attribute that comes late":   {lines: []string{"12:00 visit", "12:10 cart", "14:00 is pro 11:00"}, entered: []int64{1, 1, 0}},
		"the first start is a stranger's":   {lines: []string{"12:00 visit", "12:30 shown", "12:40 visit", "12:50 cart"}, entered: []int64{1, 1, 0}},
		"a stranger's start opens nothing":  {change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart }, lines: []string{"12:00 visit", "12:30 shown", "12:40 visit", "18:30 cart"}, entered: []int64{1, 1, 0}},
		"entries":                           {change: func(f *definition.Funnel) { f.Count = definition.Entries }, lines: []string{"06:00 shown", "06:01 visit", "12:30 visit", "19:00 shown", "19:10 visit"}, entered: []int64{2, 0, 0}},
		"traits break what is strict":       {change: strict, lines: []string{"12:00 is pro", "12:10 visit", "12:20 shown", "12:30 cart"}, entered: []int64{1, 0, 0}},
		"attributes do not":                 {change: strict, lines: []string{"12:00 is pro 11:00", "12:10 visit", "12:30 cart"}, entered: []int64{1, 1, 0}},
		"in any order a member starts":      {change: anyOrder, lines: []string{"12:00 cart", "12:30 shown", "12:40 visit", "14:00 order"}, entered: []int64{1, 1, 0}},
		"and a stranger's act may follow":   {change: anyOrder, lines: []string{"12:00 shown", "12:10 order", "14:40 visit", "14:50 cart"}, entered: []int64{1, 1, 1}},
		"in any order strangers do nothing": {change: anyOrder, lines: []string{"12:10 order", "14:40 visit"}, entered: []int64{0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := engine.Open(engine.Options{Compile: compiled()})
			if err != nil {
				t.Fatal(err)
			}
			s := &tale{t: t, fold: f}
			apply, activate := applying(t, ofMembers(tt.change))
			s.add(ticking(s.at("00:00")))
			s.add(apply)
			s.add(activate)
			for _, line := range tt.lines {
				when, what, _ := strings.Cut(line, " ")
				s.happen(s.at(when), append([]string{"ann"}, strings.Fields(what)...))
			}
			s.tell("20:00 tick")
			var entered []int64
			for _, stage := range report(t, f).Funnels[key].Funnel.Stages {
				entered = append(entered, stage.Entered)
			}
			if diff := cmp.Diff(tt.entered, entered); diff != "" {
				t.Errorf("entered differ (-want +got):\n%s", diff)
			}
		})
	}
}

// What a member's start rests on is kept for as long as the start may count, and longer than the funnel's own events.
func TestMembershipOutlivesTheFunnelsOwnEvents(t *testing.T) {
	t.Parallel()
	f, err := engine.Open(engine.Options{Compile: compiled(), Retention: day})
	if err != nil {
		t.Fatal(err)
	}
	funnel := ofMembers(func(f *definition.Funnel) {
		f.Segment.Traits[0].Within, f.EntryPolicy = 30*day, definition.FirstStart
		f.Segment.Where = "contact.traits.seen >= 2"
	})
	apply, activate := applying(t, funnel)
	steps(t, f, ticking(noon), apply, activate)
	for i := range 40 {
		clock := noon.Add(time.Duration(i) * day)
		kinds := []string{"visit"}
		if i < 2 {
			kinds = []string{"shown", "visit"}
		}
		for _, kind := range kinds {
			steps(t, f, chunk(event.Event{Contact: "ann", Type: kind, Source: "shop", ID: fmt.Sprint(kind, i), Time: clock, Received: clock}))
		}
		steps(t, f, ticking(clock))
		want := int64(0)
		if i >= 1 && i <= 30 { // the day before still counts
			want = 1
		}
		if got := report(t, f).Funnels[key].Funnel.Stages[0].Entered; got != want {
			t.Fatalf("on day %d, %d entered, want %d", i, got, want)
		}
	}
}

// openMembers opens a desk with a segment of those who ordered twice in two hours, or are on a plan.
func openMembers(t *testing.T) *desk {
	t.Helper()
	f, err := engine.Open(engine.Options{Compile: compiled()})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, fold: f, clock: noon}
	channel := mail()
	apply, activate := applyingSegment(t, segmentKey, loyal(nil))
	d.step(ticking(noon), hosting(t, mailKey, &channel), apply, activate)
	d.knows("ann", `{"email":"ann@example.com"}`)
	d.later(time.Minute)
	return d
}

func TestASegmentLetsIn(t *testing.T) {
	t.Parallel()
	d := openMembers(t)
	scenario := remind()
	scenario.Goal, scenario.Trigger = nil, definition.Trigger{Segment: &definition.SegmentTrigger{Segment: segmentKey}, MaxAge: day}
	d.step(hosting(t, remindKey, &scenario))
	d.happens("ann", "order", `{"n":1}`)
	d.happens("ann", "order", `{"n":1}`)
	d.later(10 * time.Minute)
	d.step(record.Record{Kind: record.Signals, Signals: d.fold.Signals()})
	if n := d.numbers(); n.Entered != 1 {
		t.Errorf("%d entered by becoming a member, want 1", n.Entered)
	}
	d.later(3 * time.Hour)
	d.step(record.Record{Kind: record.Signals, Signals: d.fold.Signals()})
	if n := d.numbers(); n.Entered != 1 {
		t.Errorf("%d entered after ann left the segment, want 1 as before", n.Entered)
	}
}

func TestOnlyMembersEnter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		happen func(d *desk)
		want   int64
	}{
		"a stranger": {happen: func(d *desk) { d.happens("ann", "cart", "{}"); d.later(time.Hour) }},
		"a member": {want: 1, happen: func(d *desk) {
			d.knows("ann", `{"plan":"pro"}`)
			d.happens("ann", "cart", "{}")
		}},
		"who becomes one soon after": {want: 1, happen: func(d *desk) {
			d.happens("ann", "cart", "{}")
			d.later(20 * time.Minute)
			d.happens("ann", "order", "{}")
			d.happens("ann", "order", "{}")
		}},
		"too late": {happen: func(d *desk) {
			d.happens("ann", "cart", "{}")
			d.later(40 * time.Minute)
			d.happens("ann", "order", "{}")
			d.happens("ann", "order", "{}")
		}},
		"who was one": {happen: func(d *desk) {
			d.happens("ann", "order", "{}")
			d.happens("ann", "order", "{}")
			d.later(2 * time.Hour)
			d.happens("ann", "cart", "{}")
		}},
		"of a segment that is gone": {happen: func(d *desk) {
			d.knows("ann", `{"plan":"pro"}`)
			d.step(record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: segmentKey}})
			d.happens("ann", "cart", "{}")
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openMembers(t)
			scenario := remind()
			scenario.Segment, scenario.Goal = segmentKey, nil
			d.step(hosting(t, remindKey, &scenario))
			tt.happen(d)
			if n := d.numbers(); n.Entered != tt.want {
				t.Errorf("%d entered, want %d", n.Entered, tt.want)
			}
		})
	}
}
