// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// What the fold forgets must be what changes no number: over weeks, with a horizon of days, it equals the oracle, which forgets nothing.
// So it does when the funnel is applied in the middle and computed from the log.
func TestForgettingChangesNoNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := common(aFunnel(t))
		f.Period = rapid.SampledFrom([]definition.Period{
			{RollingDays: 1}, {RollingDays: 2}, {From: "2026-11-04", To: "2026-11-08"},
		}).Draw(t, "period")
		f.Lateness = time.Duration(rapid.IntRange(1, 30).Draw(t, "lateness")) * time.Hour
		form, version, err := f.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		log, seen := weeks(t)
		at := rapid.IntRange(0, len(log)).Draw(t, "applied before")
		log = slices.Insert(log, at, record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}})
		at = rapid.IntRange(at+1, len(log)).Draw(t, "activated before")
		log = slices.Insert(log, at, record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: version}})

		p := player{t: t, log: log, open: opener(t, state.NewMemory(), 1), interrupt: func(p *player) {
			if err := p.fold.Commit(false); err != nil {
				t.Fatal(err)
			}
		}}
		p.play()
		report := mustReport(t, p.fold)
		judge, err := oracle.New(f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(judge.Evaluate(seen, report.Clock), report.Funnels[key].Funnel, cmpopts.EquateEmpty(), counted); diff != "" {
			t.Fatalf("numbers differ (-oracle +fold):\n%s", diff)
		}
	})
}

// common leaves what most funnels say.
func common(f definition.Funnel) definition.Funnel {
	f.Aggregates, f.Breakdowns, f.Exclusions, f.CorrelateBy, f.Count = nil, nil, nil, "", ""
	f.Order, f.Ignore = definition.Ordered, nil
	for i := range f.Stages {
		f.Stages[i].Optional, f.Stages[i].DropAfterIdle, f.Stages[i].Refund = false, 0, nil
	}
	return f
}

// counted leaves out what the oracle does not count.
var counted = cmpopts.IgnoreFields(aggregate.Funnel{}, "Rates", "Completed", "Cohorts", "Recent", "Before", "Signals")

// weeks draws a log of one contact's events, each after a tick, and the same as the oracle reads it.
func weeks(t *rapid.T) (log []record.Record, seen []oracle.Record) {
	clock := noon
	for i := range rapid.IntRange(10, 160).Draw(t, "events") {
		clock = clock.Add(time.Duration(rapid.IntRange(1, 10).Draw(t, "hours later")) * time.Hour)
		e := event.Event{
			Contact: "ann", Type: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "type"), ID: fmt.Sprint(i), Data: fmt.Appendf(nil, `{"n":%d}`, i/40),
			Time: clock.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "hours old")) * time.Hour),
		}
		log = append(log, ticking(clock), chunk(e))
		seen = append(seen, oracle.Record{Tick: clock}, oracle.Record{Event: &e})
	}
	return log, seen
}

func TestContactOfWhichNothingMattersAnyMoreIsForgotten(t *testing.T) {
	t.Parallel()
	store := state.NewMemory()
	f, err := engine.Open(engine.Options{Compile: compile, Store: store, Retention: 90 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	watching := shop() // every act, and sums
	watching.Stages[0].DropAfterIdle = time.Hour
	watching.Aggregates = []definition.Aggregate{{Name: "shown", Event: "shown", Sum: "event.data"}}
	apply, activate := applying(t, watching)
	steps(t, f, ticking(noon), apply, activate)
	keys := func() (all []string) {
		if err := f.Commit(true); err != nil {
			t.Fatal(err)
		}
		err := store.Scan([]byte{0}, []byte{0xff}, func(key, _ []byte) (bool, error) {
			all = append(all, string(key))
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := keys()
	steps(t, f, longHistory("ann", 500), chunk(
		event.Event{Contact: "bob", Type: "whatever he does", Time: noon},
		event.Event{Contact: "cy", Type: "shown", Time: noon, Data: []byte("5")},
	))
	if len(keys()) < len(before)+5 {
		t.Fatalf("the store holds only %q", keys())
	}
	for visits := 0; ; visits++ {
		due := report(t, f).NextDue
		if due == 0 {
			break
		}
		if visits > 20 {
			t.Fatal("the timers never end")
		}
		steps(t, f, ticking(due))
	}
	if diff := cmp.Diff(before, keys()); diff != "" {
		t.Errorf("keys differ from those before the contact came (-before +after):\n%s", diff)
	}
	if late := f.Clock(); late < noon.Add(90*24*time.Hour) {
		t.Errorf("its identities were forgotten by %v, too early", late.UTC())
	}
}

func TestADuplicateIsKnownForAsLongAsIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retention, later time.Duration
		want             int64
	}{
		"for ever":            {0, 10 * 365 * 24 * time.Hour, 100},
		"on the last day":     {60 * 24 * time.Hour, 60 * 24 * time.Hour, 100},
		"two days after that": {60 * 24 * time.Hour, 62 * 24 * time.Hour, 0},
	} {
		f, err := engine.Open(engine.Options{Compile: compile, Retention: tt.retention})
		if err != nil {
			t.Fatal(err)
		}
		history := longHistory("ann", 100)
		steps(t, f, ticking(noon), history, ticking(noon.Add(tt.later)), history)
		if got := report(t, f).Duplicates; got != tt.want {
			t.Errorf("%s: %d duplicates, want %d", name, got, tt.want)
		}
	}
}

func TestSaturatedUnitKeepsTheNewest(t *testing.T) {
	t.Parallel()
	watching := shop()
	watching.Stages[1].DropAfter, watching.Stages[1].DropAfterIdle = 0, time.Hour
	for name, tt := range map[string]struct {
		funnel definition.Funnel
		oldest string // the type of the oldest fifty; the others are visits
		want   aggregate.Stage
	}{
		"of what fills stages":  {shop(), "order", aggregate.Stage{Entered: 1, InProgress: 1}},
		"acts count like those": {watching, "whatever", aggregate.Stage{Entered: 1, InProgress: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apply, activate := applying(t, tt.funnel)
			fold := func(position func(i int) int) aggregate.Funnel {
				f := open(t)
				steps(t, f, ticking(noon.Add(time.Hour)), apply, activate)
				for i := range engine.MaxMatches + 50 {
					i = position(i)
					e := event.Event{Contact: "ann", Type: "visit", Time: noon + event.Time(i)}
					if i < 50 {
						e.Type, e.Data = tt.oldest, []byte("1")
					}
					steps(t, f, chunk(e))
				}
				return report(t, f).Funnels[key].Funnel
			}
			inOrder := fold(func(i int) int { return i })
			inReverse := fold(func(i int) int { return engine.MaxMatches + 49 - i })
			if inOrder.Saturated != 1 {
				t.Errorf("saturated %d, want 1", inOrder.Saturated)
			}
			if diff := cmp.Diff(tt.want, inOrder.Stages[0]); diff != "" {
				t.Errorf("the first stage differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(inOrder, inReverse); diff != "" {
				t.Errorf("another order gives other numbers (-in order +in reverse):\n%s", diff)
			}
		})
	}
}

// Ten thousand acts after a visit leave no trace of it.
func TestActsCrowdOutWhatIsOlder(t *testing.T) {
	t.Parallel()
	watching := shop()
	watching.Stages[1].DropAfter, watching.Stages[1].DropAfterIdle = 0, time.Hour
	for name, tt := range map[string]struct {
		acts, entered, saturated int64
		actType                  string
	}{
		"as many as are kept":   {engine.MaxMatches - 1, 1, 0, "whatever"},
		"one more":              {engine.MaxMatches, 0, 1, "whatever"},
		"of Waymark's own":      {engine.MaxMatches, 1, 0, "waymark.message.sent"},
		"not watched by anyone": {engine.MaxMatches, 1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			funnel := watching
			if tt.actType == "" {
				funnel = shop()
			}
			apply, activate := applying(t, funnel)
			f := open(t)
			steps(t, f, ticking(noon.Add(time.Hour)), apply, activate, chunk(event.Event{Contact: "ann", Type: "visit", Time: noon}))
			actType := tt.actType
			if actType == "" {
				actType = "whatever"
			}
			for i := range tt.acts {
				steps(t, f, chunk(event.Event{Contact: "ann", Type: actType, Time: noon + 1 + event.Time(i)}))
			}
			got := report(t, f).Funnels[key].Funnel
			if got.Stages[0].Entered != tt.entered || got.Saturated != tt.saturated {
				t.Errorf("entered %d, saturated %d, want %d and %d", got.Stages[0].Entered, got.Saturated, tt.entered, tt.saturated)
			}
		})
	}
}

func TestTooLateAndClampedEventsAreCounted(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	month := 30 * 24 * time.Hour
	steps(t, f, apply, activate, chunk(
		event.Event{Contact: "ann", Type: "visit", ID: "before the first tick nothing is too late", Time: noon.Add(-2 * month)},
	), ticking(noon), chunk(
		event.Event{Contact: "ann", Type: "visit", ID: "just in time", Time: noon.Add(-month)},
		event.Event{Contact: "ann", Type: "visit", ID: "too late", Time: noon.Add(-month) - 1, Flags: event.Clamped},
		event.Event{Contact: "ann", Type: "visit", ID: "too late", Time: noon},
		event.Event{Contact: "ann", Type: "other", ID: "matters to nobody", Time: noon.Add(-2 * month), Flags: event.Clamped},
		event.Event{Contact: "ann", Type: "cart", ID: "clamped", Time: noon, Flags: event.Clamped},
	))
	got := report(t, f)
	if funnel := got.Funnels[key].Funnel; funnel.TooLate != 1 || funnel.Clamped != 1 {
		t.Errorf("too late %d, clamped %d, want 1 and 1", funnel.TooLate, funnel.Clamped)
	}
	if got.Duplicates != 1 || got.Clamped != 3 || got.Events != 5 || got.LastEvent != noon {
		t.Errorf("the partition counts %+v", got)
	}
}

func TestManyTimersDueAtOnceKeepTheReportHonest(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	steps(t, f, ticking(noon), apply, activate)
	const contacts = 10_000
	for i := range contacts {
		steps(t, f, chunk(event.Event{Contact: fmt.Sprint(i), Type: "visit", Time: noon}))
	}
	due := noon.Add(24*time.Hour) + 1
	for rounds := 1; ; rounds++ {
		steps(t, f, ticking(due))
		got := report(t, f)
		stage := got.Funnels[key].Funnel.Stages[0]
		if stage.Entered != contacts || stage.Dropped+stage.InProgress != contacts {
			t.Fatalf("after %d ticks entered %d, dropped %d, in progress %d", rounds, stage.Entered, stage.Dropped, stage.InProgress)
		}
		if stage.InProgress == 0 {
			if rounds == 1 {
				t.Error("one record renewed all units: there is no budget")
			}
			if got.Clock != due {
				t.Errorf("the report's clock is %d, want %d", got.Clock, due)
			}
			return
		}
		if got.Clock != due-1 || got.NextDue != due {
			t.Fatalf("with units waiting, the clock is %d and next due %d, want %d and %d", got.Clock, got.NextDue, due-1, due)
		}
	}
}

func TestFoldRefusesWhatItCannotFold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		record record.Record
		want   error
		says   string
	}{
		"another engine": {
			record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Engine: engine.Version + 1}}, engine.ErrIncompatible, "engine version 2",
		},
		"other time zones": {
			record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Engine: engine.Version, TimeZoneData: "2031a"}},
			engine.ErrIncompatible, `"2031a"`,
		},
		"a chunk that is cut":                    {record.Record{Kind: record.Events, Chunk: []byte{1, 2, 3}}, event.ErrCorrupt, "record 1"},
		"a kind of record that it does not know": {record.Record{Kind: 99}, nil, "kind 99"},
		"a definition that does not compile": {
			record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Definition: []byte(`{"stages": 1}`)}}, nil, key,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := engine.Open(engine.Options{Compile: compile, TimeZoneData: "2025b", Store: state.NewMemory()})
			if err != nil {
				t.Fatal(err)
			}
			err = f.Step(1, &tt.record)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Fatalf("error %v, want one of %v that says %q", err, tt.want, tt.says)
			}
			if again := f.Commit(true); !errors.Is(again, err) {
				t.Errorf("a commit after that gives %v, want the same error: half a record must not be stored", again)
			}
		})
	}
}

func TestOlderCallsAreIgnored(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	apply.Apply.UID, apply.Apply.Generation, apply.Apply.Leader = "u1", 5, 7
	steps(t, f, apply, activate)
	active := report(t, f).Funnels[key].Active
	other := shop()
	other.Window = time.Hour
	for name, change := range map[string]func(*record.ApplyRecord){
		"an older leader":            func(r *record.ApplyRecord) { r.UID, r.Generation, r.Leader = "u1", 6, 6 },
		"an older generation":        func(r *record.ApplyRecord) { r.UID, r.Generation, r.Leader = "u1", 4, 7 },
		"the version that is active": func(r *record.ApplyRecord) { *r = apply.Apply },
	} {
		late, _ := applying(t, other)
		change(&late.Apply)
		steps(t, f, late)
		if got := report(t, f).Funnels[key]; got.Active != active || got.Pending != "" {
			t.Errorf("%s: active %s, pending %q", name, got.Active, got.Pending)
		}
	}
	recreated, _ := applying(t, other)
	recreated.Apply.UID, recreated.Apply.Generation, recreated.Apply.Leader = "u2", 1, 7
	steps(t, f, recreated)
	if got := report(t, f).Funnels[key]; got.Pending == "" {
		t.Error("a resource that was made anew is not taken")
	}
}

func TestBackfillOverAGapSaysSinceWhenItIsExact(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	history := []record.Record{
		ticking(noon),
		chunk(event.Event{Contact: "ann", Type: "visit", Time: noon, Received: noon}),
		chunk(event.Event{Contact: "ann", Type: "cart", Time: noon + 1, Received: noon + 9}),
	}
	steps(t, f, history...)
	steps(t, f, apply)
	version := apply.Apply.Version
	if err := f.StepBackfill(key, version, 3, &history[2]); err != nil { // the log no longer has 1 and 2
		t.Fatal(err)
	}
	if err := f.StepBackfill(key, version, 4, &apply); err != nil {
		t.Fatal(err)
	}
	if err := f.StepBackfill(key, version, 4, &apply); !errors.Is(err, engine.ErrOffset) {
		t.Errorf("a record folded twice gives error %v, want ErrOffset", err)
	}
	steps(t, f, activate)
	if got := report(t, f).Funnels[key]; got.ExactSince != noon+9 || got.Funnel.Stages[0].Entered != 0 {
		t.Errorf("exact since %d with %d entered, want %d and 0", got.ExactSince, got.Funnel.Stages[0].Entered, noon+9)
	}
}
