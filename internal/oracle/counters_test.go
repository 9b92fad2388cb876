// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
)

// sales is the funnel of the page of rules: visit, cart, order; an hour's window; the last two days.
func sales(t *testing.T) definition.Funnel {
	t.Helper()
	base, _ := page(t)
	return new(example).definition(t, base)
}

// evaluate gives the oracle's numbers of a log at its last tick.
func evaluate(t *testing.T, f definition.Funnel, log []record.Record) aggregate.Funnel {
	t.Helper()
	truth, err := oracle.New(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []oracle.Record
	clock := event.Time(0)
	for i, r := range log {
		all = append(all, seen(t, uint64(i+1), r)...)
		clock = max(clock, r.Tick)
	}
	return truth.Evaluate(all, clock)
}

func TestTimeToTheNextStage(t *testing.T) {
	t.Parallel()
	x := example{Log: "12:00 ann visit; 12:10 ann cart; 12:00 bob visit; 12:30 bob cart; 12:30 bob order; 12:40 clock"}
	got := evaluate(t, sales(t), x.records(t))
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

func TestTimeToTheNextStageSkipsAnOptionalOne(t *testing.T) {
	t.Parallel()
	f := sales(t)
	f.Stages[1].Optional = true
	x := example{Log: "12:00 ann visit; 12:10 ann order; 12:40 clock"}
	got := evaluate(t, f, x.records(t))
	var toOrder aggregate.Sketch
	toOrder.Add(aggregate.Bucket(10*time.Minute), 1)
	if diff := cmp.Diff(toOrder, got.Stages[0].ToNext); diff != "" {
		t.Errorf("times from the visit differ (-want +got):\n%s", diff)
	}
}

func TestTheFirstErrorIsShown(t *testing.T) {
	t.Parallel()
	f := sales(t)
	f.Stages[1].Matches[0].Where = "event.data.price > 0"
	x := example{Log: `12:00 ann visit; 12:10 ann cart {price: "1"}; 12:15 ann cart {price: "2"}; 12:30 clock`}
	got := evaluate(t, f, x.records(t))
	want := aggregate.Failure{
		Field: "spec.stages[1].where", Offset: 2,
		Message: `">" compares values of different kinds, such as a text with a number, at line 1, column 18`,
	}
	if diff := cmp.Diff(want, got.FirstError); diff != "" || got.Errors != 2 {
		t.Errorf("%d errors, want 2; the first differs (-want +got):\n%s", got.Errors, diff)
	}
}

// TestSaturation has a contact visit and then do so much that the visit, which is the oldest, is no longer kept.
func TestSaturation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind   string
		change func(*definition.Funnel)
		want   int64
	}{
		"events of stages":                         {kind: "cart", want: 1},
		"acts that a funnel watches":               {kind: "scroll", change: func(f *definition.Funnel) { f.Order = definition.Strict }, want: 1},
		"what does not matter to it is not kept":   {kind: "scroll"},
		"Waymark's own events are not kept":        {kind: "waymark.x", change: func(f *definition.Funnel) { f.Order = definition.Strict }},
		"acts that it watches for a pause in them": {kind: "scroll", change: func(f *definition.Funnel) { f.Stages[0].DropAfterIdle = time.Hour }, want: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sales(t)
			f.Window = 30 * day
			f.Period = definition.Period{From: "2026-11-01", To: "2026-11-30"}
			if tt.change != nil {
				tt.change(&f)
			}
			p := newPartition(t, f)
			p.add(p.apply)
			p.backfill(1)
			p.add(parse(t, "12:00 ann visit", 0))
			start := event.At(time.Date(2026, 11, 2, 12, 0, 1, 0, time.UTC))
			chunk := record.Record{Kind: record.Events}
			for i := range 10_000 {
				at := start.Add(time.Duration(9_999-i) * time.Second) // the newest first
				chunk.Chunk = event.Append(chunk.Chunk, &event.Event{Contact: "ann", Type: tt.kind, Source: "test", ID: fmt.Sprint("c", i), Time: at, Received: at})
			}
			p.add(chunk)
			p.add(record.Record{Kind: record.Tick, Tick: start.Add(day)})
			p.check(time.Hour)
			got := p.oracle.Evaluate(p.seen, p.fold.Clock())
			if got.Saturated != tt.want || got.Stages[0].Entered != 1-tt.want {
				t.Errorf("%d are saturated and %d entered, want %d and %d", got.Saturated, got.Stages[0].Entered, tt.want, 1-tt.want)
			}
		})
	}
}
