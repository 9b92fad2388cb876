// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// advertised is the shop behind a stage of impressions, in UTC.
func advertised(period definition.Period) definition.Funnel {
	f := shop()
	f.Aggregates = []definition.Aggregate{{Name: "attention", Event: "shown", Sum: "event.data"}}
	f.Period, f.TimeZone = period, "UTC"
	return f
}

func shown(id string, at event.Time, n int) event.Event {
	return event.Event{Contact: "campaign", Type: "shown", ID: id, Time: at, Data: []byte(fmt.Sprint(n))}
}

func TestAggregateStagesAddUpTheDaysOfThePeriod(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	midnight := noon.Add(12 * time.Hour) // before Tuesday 2026-11-03
	for name, tt := range map[string]struct {
		period definition.Period
		events []event.Event
		want   aggregate.Total
		due    event.Time
	}{
		"none":           {definition.Period{RollingDays: 2}, nil, aggregate.Total{}, 0},
		"each sum":       {definition.Period{RollingDays: 2}, []event.Event{shown("1", noon, 5), shown("2", noon, 7)}, aggregate.Total{Sum: 12, Events: 2}, midnight.Add(day)},
		"a duplicate":    {definition.Period{RollingDays: 2}, []event.Event{shown("1", noon, 5), shown("1", noon, 5)}, aggregate.Total{Sum: 5, Events: 1}, midnight.Add(day)},
		"two days old":   {definition.Period{RollingDays: 2}, []event.Event{shown("1", noon.Add(-2*day), 5)}, aggregate.Total{}, 0},
		"one day old":    {definition.Period{RollingDays: 2}, []event.Event{shown("1", noon.Add(-day), 5), shown("2", noon, 7)}, aggregate.Total{Sum: 12, Events: 2}, midnight},
		"tomorrow":       {definition.Period{RollingDays: 2}, []event.Event{shown("1", midnight, 5)}, aggregate.Total{}, midnight},
		"too late":       {definition.Period{From: "2026-09-01", To: "2026-11-02"}, []event.Event{shown("1", noon.Add(-31*day), 5)}, aggregate.Total{}, 0},
		"this week":      {definition.Period{Calendar: definition.Week}, []event.Event{shown("1", noon, 5), shown("2", midnight, 6)}, aggregate.Total{Sum: 11, Events: 2}, midnight.Add(6 * day)},
		"last week":      {definition.Period{Calendar: definition.Week}, []event.Event{shown("1", noon.Add(-day), 5)}, aggregate.Total{}, 0},
		"between":        {definition.Period{From: "2026-11-01", To: "2026-11-02"}, []event.Event{shown("1", midnight-1, 5), shown("2", midnight, 9)}, aggregate.Total{Sum: 5, Events: 1}, 0},
		"what is beyond": {definition.Period{RollingDays: 1}, []event.Event{shown("1", noon, -1<<63), shown("2", noon, -1), shown("3", noon, 2)}, aggregate.Total{Sum: -1<<63 + 1, Events: 3}, midnight},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			apply, activate := applying(t, advertised(tt.period))
			steps(t, f, ticking(noon), apply, activate, chunk(tt.events...))
			got := report(t, f)
			funnel := got.Funnels[key].Funnel
			if diff := cmp.Diff([]aggregate.Total{tt.want}, funnel.Aggregates); diff != "" {
				t.Errorf("totals differ (-want +got):\n%s", diff)
			}
			if got.NextDue != tt.due {
				t.Errorf("next due is %v, want %v", got.NextDue.UTC(), tt.due.UTC())
			}
			if funnel.Stages[0].Entered != 0 {
				t.Error("an event that only adds up made a unit")
			}
		})
	}
}

func TestTotalsFollowTheClock(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, advertised(definition.Period{RollingDays: 2}))
	day := 24 * time.Hour
	steps(t, f, ticking(noon), apply, activate, chunk(shown("1", noon.Add(-day), 1), shown("2", noon, 10), shown("3", noon.Add(day), 100)))
	var got []aggregate.Micros
	for due := event.Time(1); due != 0; {
		r := report(t, f)
		got = append(got, r.Funnels[key].Funnel.Aggregates[0].Sum)
		if due = r.NextDue; due != 0 {
			steps(t, f, ticking(due))
		}
	}
	if diff := cmp.Diff([]aggregate.Micros{11, 110, 100, 0}, got); diff != "" {
		t.Errorf("sums as time goes by differ (-want +got):\n%s", diff)
	}
}

func TestRatesAreByStageAndHour(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	hour := int64(noon) / int64(event.Time(time.Hour/time.Microsecond))
	steps(t, f, ticking(noon), apply, activate, chunk(
		event.Event{Contact: "ann", Type: "visit", Time: noon - 1},
		event.Event{Contact: "ann", Type: "visit", Time: noon},
		event.Event{Contact: "bob", Type: "visit", ID: "1", Time: noon.Add(time.Hour) - 1},
		event.Event{Contact: "bob", Type: "visit", ID: "1", Time: noon.Add(time.Hour) - 1}, // a duplicate
		event.Event{Contact: "bob", Type: "order", Time: noon},
		event.Event{Contact: "bob", Type: "cart", Time: noon.Add(-aggregate.RateHours * time.Hour)},
		event.Event{Contact: "bob", Type: "cart", Time: noon.Add((1 - aggregate.RateHours) * time.Hour)},
		event.Event{Contact: "bob", Type: "other", Time: noon},
	))
	want := map[int64][]int64{hour - 1: {1, 0, 0}, hour: {2, 0, 1}, hour - aggregate.RateHours + 1: {0, 1, 0}}
	if diff := cmp.Diff(want, report(t, f).Funnels[key].Funnel.Rates); diff != "" {
		t.Errorf("rates differ (-want +got):\n%s", diff)
	}
	steps(t, f, ticking(noon.Add(time.Hour)))
	delete(want, hour-aggregate.RateHours+1)
	if diff := cmp.Diff(want, report(t, f).Funnels[key].Funnel.Rates); diff != "" {
		t.Errorf("rates an hour later differ (-want +got):\n%s", diff)
	}
}

// What flows lies in the store by what came and by the clock, not by the order in which it came.
func TestFlowsAreStoredAlikeInWhateverOrderTheyCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.SampledFrom([]definition.Period{{RollingDays: 2}, {Calendar: definition.Week}, {From: "2026-11-01", To: "2026-11-03"}}).Draw(t, "period")
		form, version, err := func() ([]byte, string, error) { f := advertised(period); return f.Canonical() }()
		if err != nil {
			t.Fatal(err)
		}
		var events []event.Event
		for i := range rapid.IntRange(1, 20).Draw(t, "events") {
			at := noon.Add(time.Duration(rapid.IntRange(-300, 60).Draw(t, "hours from now")) * time.Hour)
			e := shown(fmt.Sprint(i), at, rapid.IntRange(-5, 5).Draw(t, "sum"))
			e.Type = rapid.SampledFrom([]string{"shown", "visit"}).Draw(t, "type")
			events = append(events, e)
		}
		later := noon.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "hours later")) * time.Hour)
		fold := func(order []event.Event) map[string]string {
			store := state.NewMemory()
			f, err := engine.Open(engine.Options{Compile: compile, Store: store})
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range []record.Record{
				ticking(noon),
				{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}},
				{Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: version}},
				chunk(order...), ticking(later),
			} {
				if err := f.Step(uint64(i+1), &r); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Commit(true); err != nil {
				t.Fatal(err)
			}
			all := contents(t, store)
			flows := map[string]string{}
			for k, v := range all {
				if k[0] == 'f' {
					flows[k] = v
				}
			}
			return flows
		}
		want := fold(events)
		if len(want) != 1 {
			t.Fatalf("%d keys hold what flows, want 1", len(want))
		}
		if diff := cmp.Diff(want, fold(rapid.Permutation(events).Draw(t, "order"))); diff != "" {
			t.Errorf("another order is stored otherwise:\n%s", diff)
		}
	})
}

func TestWhatMattersIsCountedWhenItIsTooLateOrClamped(t *testing.T) {
	t.Parallel()
	f, err := engine.Open(engine.Options{Compile: compiled()})
	if err != nil {
		t.Fatal(err)
	}
	funnel := advertised(definition.Period{RollingDays: 2})
	funnel.Aggregates[0].Sum = "event.data.n"
	funnel.Exclusions = []definition.Exclusion{{Event: "cancelled", After: 0, Before: 2}}
	funnel.Stages[2].Value = "event.data.n"
	funnel.Stages[2].Refund = &definition.Refund{Event: "refunded", Amount: "event.data.n", MatchBy: "event.data.order"}
	funnel.Stages[1].DropAfter, funnel.Stages[1].DropAfterIdle = 0, time.Hour
	apply, activate := applying(t, funnel)
	steps(t, f, ticking(noon), apply, activate)
	for i, eventType := range []string{"visit", "cancelled", "refunded", "shown", "only an act"} {
		e := event.Event{Contact: "ann", Type: eventType, Flags: event.Clamped, Data: []byte(`{"n": 1, "order": "o1"}`)}
		e.ID, e.Time = fmt.Sprint("clamped", i), noon
		steps(t, f, chunk(e))
		e.ID, e.Time = fmt.Sprint("late", i), noon.Add(-31*24*time.Hour)
		steps(t, f, chunk(e))
	}
	got := report(t, f).Funnels[key].Funnel
	if got.TooLate != 4 || got.Clamped != 4 {
		t.Errorf("too late %d, clamped %d, want 4 and 4: all but the act", got.TooLate, got.Clamped)
	}
}
