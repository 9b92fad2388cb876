// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

const byDeal = "event.data.deal"

// deals is a funnel of deals from lead to order, whoever's events tell of them.
func deals() definition.Funnel {
	return definition.Funnel{
		Stages: []definition.Stage{
			{Name: "lead", Matches: []definition.EventMatch{{Event: "lead"}}},
			{Name: "offer", Matches: []definition.EventMatch{{Event: "offer"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}, Value: "event.data.v"},
		},
		UnitBy: byDeal,
		Window: 24 * time.Hour, Period: definition.Period{RollingDays: 7}, TimeZone: "UTC",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 30 * 24 * time.Hour,
	}
}

// office is the partitions of a workspace, which hand on to each other.
type office struct {
	t     *testing.T
	folds []*engine.Fold
	logs  [][]record.Record
}

func newOffice(t *testing.T, partitions int, options ...engine.Options) *office {
	t.Helper()
	o := &office{t: t, logs: make([][]record.Record, partitions)}
	for range partitions {
		o.folds = append(o.folds, openExpressions(t, append(options, engine.Options{})[0]))
	}
	return o
}

// openExpressions opens a fold whose programs are compiled from expressions.
func openExpressions(t testing.TB, options engine.Options) *engine.Fold {
	t.Helper()
	options.Compile = engine.CompileWith(new(definition.Compiler))
	f, err := engine.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (o *office) add(partition int, records ...record.Record) {
	o.t.Helper()
	steps(o.t, o.folds[partition], records...)
	o.logs[partition] = append(o.logs[partition], records...)
}

func (o *office) all(records ...record.Record) {
	o.t.Helper()
	for partition := range o.folds {
		o.add(partition, records...)
	}
}

// take appends events where they belong.
func (o *office) take(events ...event.Event) {
	o.t.Helper()
	for _, e := range events {
		o.add(event.Partition(e.Contact, len(o.folds)), chunk(e))
	}
}

// handOn hands on all that is owed. It is noted only if noting is set.
func (o *office) handOn(noting bool) (copies int) {
	o.t.Helper()
	for partition, fold := range o.folds {
		for _, h := range fold.Handings() {
			last := uint64(len(o.logs[partition]))
			for offset := h.Through + 1; offset <= last; offset++ {
				events, err := fold.HandOn(h.Unit, offset, &o.logs[partition][offset-1])
				if err != nil {
					o.t.Fatal(err)
				}
				copies += len(events)
				o.take(events...)
			}
			if noting {
				o.add(partition, record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: h.Unit, Through: last}})
			}
		}
	}
	return copies
}

func (o *office) definitions() (all []aggregate.Definition) {
	o.t.Helper()
	for _, fold := range o.folds {
		all = append(all, report(o.t, fold).Funnels[key])
	}
	return all
}

// entered adds up the stages of all partitions.
func (o *office) entered() []int64 {
	o.t.Helper()
	sums := make([]int64, 3)
	for _, d := range o.definitions() {
		for i, s := range d.Funnel.Stages {
			sums[i] += s.Entered
		}
	}
	return sums
}

func aDeal(contact, kind, deal string, after time.Duration) event.Event {
	e := event.Event{Contact: contact, Type: kind, Source: "crm", Time: noon.Add(after), Received: noon.Add(after), Data: []byte(`{}`)}
	if deal != "" {
		e.Data = []byte(`{"deal": "` + deal + `", "v": 5}`)
	}
	return e
}

func TestADealIsCountedAcrossContacts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events []event.Event
		want   []int64
	}{
		"a deal goes on from one contact to another": {
			[]event.Event{aDeal("ann", "lead", "1", 0), aDeal("bob", "offer", "1", time.Hour), aDeal("cid", "order", "1", 2*time.Hour)},
			[]int64{1, 1, 1},
		},
		"two deals of one contact are two": {
			[]event.Event{aDeal("ann", "lead", "1", 0), aDeal("ann", "lead", "2", time.Second), aDeal("ann", "offer", "2", time.Hour)},
			[]int64{2, 1, 0},
		},
		"what tells of no deal is nobody's": {
			[]event.Event{aDeal("ann", "lead", "1", 0), aDeal("ann", "offer", "", time.Hour)},
			[]int64{1, 0, 0},
		},
		"a visitor's event tells of a deal like any other": {
			[]event.Event{aDeal(event.Anonymous("v"), "lead", "1", 0), aDeal("bob", "offer", "1", time.Hour)},
			[]int64{1, 1, 0},
		},
		"an event that came first counts when the one before it comes": {
			[]event.Event{aDeal("bob", "offer", "1", time.Hour), aDeal("ann", "lead", "1", 0)},
			[]int64{1, 1, 0},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for partitions := 1; partitions <= 3; partitions++ {
				o := newOffice(t, partitions)
				apply, activate := applying(t, deals())
				o.all(apply, activate)
				o.take(tt.events...)
				o.handOn(false)
				o.handOn(true) // again, as after a crash
				o.all(ticking(noon.Add(3 * time.Hour)))
				if diff := cmp.Diff(tt.want, o.entered()); diff != "" {
					t.Errorf("with %d partitions the stages differ (-want +got):\n%s", partitions, diff)
				}
			}
		})
	}
}

func TestOnlyTheFirstOfAnIdentityIsHandedOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	apply, activate := applying(t, deals())
	o.all(apply, activate)
	first, again, other := aDeal("ann", "lead", "1", 0), aDeal("ann", "lead", "2", 0), aDeal("bob", "lead", "3", 0)
	first.ID, again.ID, other.ID = "7", "7", "7"
	o.take(first, again, other)
	if got, want := o.handOn(true), 2; got != want {
		t.Errorf("%d events were handed on, want %d: one of ann's and bob's", got, want)
	}
	o.all(ticking(noon.Add(time.Hour)))
	if diff := cmp.Diff([]int64{2, 0, 0}, o.entered()); diff != "" {
		t.Errorf("the stages differ (-want +got):\n%s", diff)
	}
	if got := o.handOn(true); got != 0 {
		t.Errorf("%d events were handed on again", got)
	}
}

func TestPeopleAndEntitiesDoNotMix(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	apply, activate := applying(t, deals())
	people := deals()
	people.UnitBy = ""
	form, version, err := people.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	const peopleKey = "Funnel/shop/people"
	o.all(apply, activate,
		record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: peopleKey, Version: version, Definition: form}},
		record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: peopleKey, Version: version}})
	visitor := event.Event{Contact: "ann", Type: event.Identify, Source: "crm", ID: "identify", Time: noon, Received: noon, Data: []byte(`{"deal": "1", "traits": {"vip": true}}`)}
	o.take(aDeal("ann", "lead", "1", 0), aDeal(event.Anonymous("v"), "offer", "1", time.Minute), visitor, event.Link(&visitor, "v"))
	o.handOn(true)
	forwards, err := o.folds[0].Forwards(100)
	if err != nil {
		t.Fatal(err)
	}
	if len(forwards) != 1 || forwards[0].To != "ann" {
		t.Fatalf("forwarded are %+v, want what the visitor did to ann alone", forwards)
	}
	for _, at := range forwards[0].Copies {
		var e event.Event
		if _, err := event.Next(o.logs[0][at.Offset-1].Chunk, &e); err != nil {
			t.Fatal(err)
		}
		event.Forward(&e, "ann")
		o.take(e)
	}
	if got := o.handOn(true); got != 0 {
		t.Errorf("%d copies were handed on, which are no events of their own", got)
	}
	o.all(ticking(noon.Add(time.Hour)))
	funnels := report(t, o.folds[0]).Funnels
	for name, want := range map[string][]int64{key: {1, 1, 0}, peopleKey: {1, 1, 0}} {
		for i, s := range funnels[name].Funnel.Stages {
			if s.Entered != want[i] {
				t.Errorf("%s: %d entered stage %d, want %d", name, s.Entered, i, want[i])
			}
		}
	}
}

// What flows past contacts is counted where it happened.
func TestACopyIsNotCountedAgain(t *testing.T) {
	t.Parallel()
	f := deals()
	f.Aggregates = []definition.Aggregate{{Name: "shown", Event: "shown", Sum: "event.data.v"}}
	f.Lateness = time.Hour
	apply, activate := applying(t, f)
	o := newOffice(t, 3)
	o.all(ticking(noon), apply, activate)
	shown, toNobody, late, lateToNobody := aDeal("ann", "shown", "1", 0), aDeal("bob", "shown", "", 0), aDeal("bob", "lead", "2", -2*time.Hour), aDeal("cid", "lead", "", -3*time.Hour)
	toNobody.Data = []byte(`{"v": 2}`)
	late.Received, lateToNobody.Received = noon, noon
	failing := aDeal("dora", "lead", "", time.Minute)
	failing.Data = []byte(`{"deal": [1]}`)
	clamped := aDeal("dora", "offer", "1", time.Minute)
	clamped.Flags = event.Clamped
	o.take(shown, toNobody, late, lateToNobody, failing, clamped, aDeal("ann", "lead", "1", 0), aDeal("ann", "lead", "", time.Second))
	o.handOn(true)
	o.all(ticking(noon.Add(2 * time.Minute)))
	var got aggregate.Funnel
	for _, d := range o.definitions() {
		got.TooLate += d.Funnel.TooLate
		got.Clamped += d.Funnel.Clamped
		got.Errors += d.Funnel.Errors
		if got.Aggregates == nil {
			got.Aggregates = make([]aggregate.Total, 1)
		}
		got.Aggregates[0].Sum = got.Aggregates[0].Sum.Plus(d.Funnel.Aggregates[0].Sum)
		got.Aggregates[0].Events += d.Funnel.Aggregates[0].Events
		for hour, events := range d.Funnel.Rates {
			if got.Rates == nil {
				got.Rates = map[int64][]int64{}
			}
			if got.Rates[hour] == nil {
				got.Rates[hour] = make([]int64, 3)
			}
			for i, n := range events {
				got.Rates[hour][i] += n
			}
		}
	}
	want := aggregate.Funnel{
		TooLate: 1, Clamped: 1, Errors: 1,
		Aggregates: []aggregate.Total{{Sum: 7_000_000, Events: 2}},
		Rates:      map[int64][]int64{int64(noon) / int64(time.Hour/time.Microsecond): {1, 1, 0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the counts differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 1, 0}, o.entered()); diff != "" {
		t.Errorf("the stages differ (-want +got):\n%s", diff)
	}
}

func TestHandingIsToldUntilAllWasHandedOn(t *testing.T) {
	t.Parallel()
	store := state.NewMemory()
	f := openExpressions(t, engine.Options{Store: store})
	apply, activate := applying(t, deals())
	people := deals()
	people.UnitBy = ""
	peopleApply, peopleActivate := applying(t, people)
	peopleApply.Apply.Key, peopleActivate.Activate.Key = "Funnel/shop/people", "Funnel/shop/people"
	unit := definition.UnitName(byDeal)
	handed := func(through uint64) record.Record {
		return record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: unit, Through: through}}
	}
	want := func(handing bool, owed ...engine.Handing) {
		t.Helper()
		if err := f.Commit(true); err != nil {
			t.Fatal(err)
		}
		f = openExpressions(t, engine.Options{Store: store}) // the state has it all
		if diff := cmp.Diff(owed, f.Handings()); diff != "" {
			t.Errorf("after record %d what is owed differs (-want +got):\n%s", f.Offset(), diff)
		}
		funnels := report(t, f).Funnels
		if got := funnels[key].Handing; got != handing {
			t.Errorf("after record %d handing is %v, want %v", f.Offset(), got, handing)
		}
		if funnels["Funnel/shop/people"].Handing {
			t.Errorf("a funnel of people waits for something")
		}
	}
	log := []record.Record{ticking(noon), peopleApply, peopleActivate, chunk(aDeal("ann", "lead", "1", 0)), apply}
	steps(t, f, log[:4]...)
	want(false)
	steps(t, f, apply) // the fifth
	want(true, engine.Handing{Unit: unit, Target: 5})
	for f.Backfills()[0].Cursor <= f.Offset() {
		cursor := f.Backfills()[0].Cursor
		if err := f.StepBackfill(key, apply.Apply.Version, cursor, &log[cursor-1]); err != nil {
			t.Fatal(err)
		}
	}
	steps(t, f, activate)
	want(true, engine.Handing{Unit: unit, Target: 5})
	steps(t, f, handed(4))
	want(true, engine.Handing{Unit: unit, Through: 4, Target: 5})
	steps(t, f, handed(6))
	want(false, engine.Handing{Unit: unit, Through: 6, Target: 5})
	steps(t, f, handed(2)) // of an owner that was replaced
	want(false, engine.Handing{Unit: unit, Through: 6, Target: 5})

	steps(t, f, record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key}})
	want(false)
	apply.Apply.Generation = 2
	steps(t, f, apply) // the eleventh: what came meanwhile was not handed on
	want(true, engine.Handing{Unit: unit, Through: 6, Target: 11})
}

// Where it depends on the attempts before whether a start opens one, an event that is handed on after a month must still find those before it.
func TestWhatIsHandedOnLateFindsTheAttemptsBefore(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, retention := range map[string]time.Duration{"kept for ever": 0, "kept for a year": 365 * day} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := deals()
			f.EntryPolicy, f.Window, f.Period, f.Lateness = definition.FirstStart, 10*day, definition.Period{RollingDays: 1}, day
			apply, activate := applying(t, f)
			o := newOffice(t, 1, engine.Options{Retention: retention})
			o.all(ticking(noon), apply, activate)
			o.take(aDeal("bob", "lead", "1", 0))
			owed := uint64(len(o.logs[0])) // bob's lead stays behind
			for at := day; at <= 40*day; at += day {
				o.all(ticking(noon.Add(at)))
				if at%(8*day) != 0 {
					continue
				}
				o.take(aDeal("ann", "lead", "1", at))
				e := aDeal("ann", "lead", "1", at)
				e.ID = fmt.Sprint(e.Type, e.Time)
				event.Forward(&e, event.Entity(definition.UnitName(byDeal), "1"))
				o.take(e)
			}
			o.all(ticking(noon.Add(40*day + 1)))
			if diff := cmp.Diff([]int64{1, 0, 0}, o.entered()); diff != "" {
				t.Errorf("the stages differ without the first event (-want +got):\n%s", diff)
			}
			copies, err := o.folds[0].HandOn(definition.UnitName(byDeal), owed, &o.logs[0][owed-1])
			if err != nil {
				t.Fatal(err)
			}
			o.take(copies...)
			o.all(ticking(noon.Add(40*day + 2)))
			if diff := cmp.Diff([]int64{0, 0, 0}, o.entered()); diff != "" { // the last is now within the attempt that began eight days before
				t.Errorf("the stages differ with it (-want +got):\n%s", diff)
			}
		})
	}
}
