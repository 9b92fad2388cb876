// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// byType is a program that goes by event types alone; an event's data is its amount in micros.
type byType struct {
	funnel definition.Funnel
	zone   *time.Location
}

func (p *byType) Funnel() definition.Funnel { return p.funnel }
func (p *byType) Location() *time.Location  { return p.zone }
func (p *byType) Match(e *event.Event) *definition.Match {
	m := &definition.Match{}
	n, err := json.Number(e.Data).Int64()
	for i, stage := range p.funnel.Stages {
		for _, candidate := range stage.Matches {
			if candidate.Event != e.Type {
				continue
			}
			m.Stages |= 1 << i
			if err == nil && stage.Value != "" {
				m.Amounts = append(m.Amounts, definition.Amount{Stage: i, Amount: aggregate.Micros(n)})
			}
		}
	}
	for i, a := range p.funnel.Aggregates {
		if a.Event == e.Type {
			m.Sums = append(m.Sums, definition.Amount{Stage: i, Amount: aggregate.Micros(n)})
		}
	}
	m.Acts = p.funnel.WatchesActs() && !strings.HasPrefix(e.Type, "waymark.")
	return m
}

func compile(_ string, meaning json.RawMessage) (engine.Program, error) {
	var f definition.Funnel
	if err := json.Unmarshal(meaning, &f); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(f.TimeZone)
	return &byType{f, zone}, err
}

// shop is a funnel of three stages: visit, cart and order, the last with a value.
func shop() definition.Funnel {
	return definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "visit"}}},
			{Name: "cart", Matches: []definition.EventMatch{{Event: "cart"}}, DropAfter: time.Hour},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}, Value: "event.data"},
		},
		Window:      24 * time.Hour,
		Period:      definition.Period{RollingDays: 7},
		TimeZone:    "Europe/Moscow",
		Order:       definition.Ordered,
		EntryPolicy: definition.LatestStart,
		Lateness:    30 * 24 * time.Hour,
	}
}

const key = "Funnel/shop/sales"

var noon = event.At(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC))

func applying(t testing.TB, f definition.Funnel) (apply, activate record.Record) {
	t.Helper()
	form, version, err := f.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}},
		record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: version}}
}

func ticking(at event.Time) record.Record { return record.Record{Kind: record.Tick, Tick: at} }

func chunk(events ...event.Event) record.Record {
	r := record.Record{Kind: record.Events}
	for i := range events {
		if events[i].ID == "" {
			events[i].ID = fmt.Sprint(events[i].Type, events[i].Time)
		}
		r.Chunk = event.Append(r.Chunk, &events[i])
	}
	return r
}

func steps(t testing.TB, f *engine.Fold, records ...record.Record) {
	t.Helper()
	for i := range records {
		if err := f.Step(f.Offset()+1, &records[i]); err != nil {
			t.Fatalf("step: %v", err)
		}
	}
}

func report(t testing.TB, f *engine.Fold) aggregate.Partition {
	t.Helper()
	p, err := f.Report()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB) *engine.Fold {
	t.Helper()
	f, err := engine.Open(engine.Options{Compile: compile})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFoldCountsAFunnel(t *testing.T) {
	t.Parallel()
	f := open(t)
	apply, activate := applying(t, shop())
	steps(t, f, ticking(noon), apply, activate, chunk(
		event.Event{Contact: "ann", Type: "visit", Time: noon},
		event.Event{Contact: "ann", Type: "order", Time: noon.Add(2 * time.Hour), Data: []byte("700")},
		event.Event{Contact: "ann", Type: "cart", Time: noon.Add(30 * time.Minute)}, // arrives after what it led to
		event.Event{Contact: "bob", Type: "visit", Time: noon},
		event.Event{Contact: "bob", Type: "cart", Time: noon.Add(time.Minute)},
		event.Event{Contact: "bob", Type: "cart", Time: noon.Add(time.Minute)}, // a duplicate
	))

	var toCart, toOrder aggregate.Sketch
	toCart.Add(aggregate.Bucket(30*time.Minute), 1)
	toCart.Add(aggregate.Bucket(time.Minute), 1)
	toOrder.Add(aggregate.Bucket(90*time.Minute), 1)
	want := []aggregate.Stage{
		{Entered: 2, Converted: 2, ToNext: toCart},
		{Entered: 2, Converted: 1, InProgress: 1, Recovered: 1, ToNext: toOrder},
		{Entered: 1, Converted: 1, Value: 700, ValueEvents: 1},
	}
	got := report(t, f)
	if diff := cmp.Diff(want, got.Funnels[key].Funnel.Stages); diff != "" {
		t.Errorf("stages differ (-want +got):\n%s", diff)
	}
	if got.Events != 5 || got.Duplicates != 1 {
		t.Errorf("%d events and %d duplicates, want 5 and 1", got.Events, got.Duplicates)
	}
	if want := noon.Add(time.Hour+time.Minute) + 1; got.NextDue != want {
		t.Errorf("next due is %v, want %v, when bob drops", got.NextDue.UTC(), want.UTC())
	}

	steps(t, f, ticking(got.NextDue))
	want[1].InProgress, want[1].Dropped = 0, 1
	if diff := cmp.Diff(want, report(t, f).Funnels[key].Funnel.Stages); diff != "" {
		t.Errorf("stages differ after bob's time is up (-want +got):\n%s", diff)
	}
}

func TestBackfillGivesTheNumbersOfAnEarlierApply(t *testing.T) {
	t.Parallel()
	apply, activate := applying(t, advertised(definition.Period{RollingDays: 2}))
	history := []record.Record{
		ticking(noon),
		chunk(event.Event{Contact: "ann", Type: "visit", Time: noon}, event.Event{Contact: "bob", Type: "visit", Time: noon}),
		chunk(shown("1", noon.Add(-3*24*time.Hour), 1), shown("2", noon.Add(-24*time.Hour), 10), shown("3", noon, 100), shown("3", noon, 100)),
		chunk(event.Event{Contact: "ann", Type: "visit", Time: noon}, event.Event{Contact: "ann", Type: "cart", Time: noon + 5}),
		ticking(noon.Add(3 * time.Hour)),
		{Kind: record.Claims, Claims: record.ClaimsRecord{Time: noon.Add(32 * 24 * time.Hour)}}, // which is a tick too
		chunk(event.Event{Contact: "cy", Type: "visit", Time: noon.Add(time.Hour)}),
	}
	early := open(t)
	steps(t, early, apply, activate)
	steps(t, early, history...)

	late := open(t)
	steps(t, late, history...)
	steps(t, late, apply)
	for _, r := range []record.Record{activate} {
		if err := late.Step(late.Offset()+1, &r); !errors.Is(err, engine.ErrBackfillBehind) {
			t.Fatalf("activation before the backfill gives error %v, want ErrBackfillBehind", err)
		}
	}
	for b := late.Backfills()[0]; b.Cursor <= late.Offset(); b = late.Backfills()[0] {
		r := apply
		if int(b.Cursor) <= len(history) {
			r = history[b.Cursor-1]
		}
		if err := late.StepBackfill(b.Key, b.Version, b.Cursor, &r); err != nil {
			t.Fatal(err)
		}
	}
	more := chunk(event.Event{Contact: "bob", Type: "cart", Time: noon + 9})
	steps(t, late, more, activate) // it follows once it has caught up
	steps(t, early, more)
	if diff := cmp.Diff(report(t, early).Funnels[key], report(t, late).Funnels[key]); diff != "" {
		t.Errorf("a later apply gives other numbers (-early +late):\n%s", diff)
	}
}

// longHistory is n events of one contact, one a second.
func longHistory(contact string, n int) record.Record {
	var events []event.Event
	for i := range n {
		events = append(events, event.Event{
			Contact: contact, Type: []string{"visit", "cart", "order"}[i%3], ID: fmt.Sprint(i), Time: noon + event.Time(i)*1_000_000, Data: []byte("7"),
		})
	}
	return chunk(events...)
}
