// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/report"
)

// handOn hands up to so many records of a partition on; it gives whether there were any. Without confirm it dies before it has noted that.
func (w *world) handOn(p *partition, most int, confirm bool) (handed bool) {
	w.t.Helper()
	for _, owed := range p.fold.Handings() {
		through := min(owed.Through+uint64(most), uint64(len(p.records)))
		for offset := owed.Through + 1; offset <= through; offset++ {
			copies, err := p.fold.HandOn(owed.Unit, offset, &p.records[offset-1])
			if err != nil {
				w.t.Fatalf("hand on: %v", err)
			}
			for _, e := range copies {
				w.take(e)
			}
		}
		if confirm && through > owed.Through {
			p.add(record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: owed.Unit, Through: through}})
		}
		handed = handed || through > owed.Through && through < uint64(len(p.records)-1) // the rest is what it noted itself
	}
	return handed
}

// units compares the sum of the partitions' numbers with the oracle's, once all is handed on.
func (w *world) checkUnits(f definition.Funnel, at event.Time) {
	w.t.Helper()
	var reports []aggregate.Partition
	for _, p := range w.partitions {
		p.backfill(len(p.records) + 1)
	}
	for more := true; more; {
		more = false
		for _, p := range w.partitions {
			more = w.handOn(p, 100, true) || more
		}
	}
	for i, p := range w.partitions {
		for p.add(record.Record{Kind: record.Tick, Tick: at}); p.report().Clock < at; {
			p.add(record.Record{Kind: record.Tick, Tick: at})
		}
		r := p.report()
		if r.Partition = i; r.Funnels[key].Handing {
			w.t.Fatalf("partition %d says that it has not handed on all", i)
		}
		reports = append(reports, r)
	}
	sum, err := report.MergeFunnel(key, len(reports), reports)
	if err != nil {
		w.t.Fatalf("merge: %v", err)
	}
	ignore := cmpopts.IgnoreFields(aggregate.Funnel{}, "FirstError")
	if diff := cmp.Diff(w.byUnit(f, at), sum.Funnel, cmpopts.EquateEmpty(), ignore); diff != "" {
		w.t.Fatalf("the numbers differ (-one pass by unit +engine):\n%s", diff)
	}
}

// byUnit gives the numbers of all partitions' events in one pass, grouped by the unit that they tell of. What does not depend on units is
// counted where it arrived: of what tells of no unit, only what aggregate stages add up.
func (w *world) byUnit(f definition.Funnel, at event.Time) aggregate.Funnel {
	w.t.Helper()
	program, err := definition.Compile(f)
	if err != nil {
		w.t.Fatalf("compile: %v", err)
	}
	var all, telling, silent [][]oracle.Record
	var units []oracle.Record
	for _, p := range w.partitions {
		var originals, some, rest []oracle.Record
		first := map[[3]string]bool{}
		for _, r := range p.seen {
			if r.Event == nil {
				originals, some, rest = append(originals, r), append(some, r), append(rest, r)
				continue
			}
			e := *r.Event
			if id := [3]string{e.Contact, e.Source, e.ID}; e.Origin != "" || first[id] {
				continue
			} else {
				first[id] = true
			}
			originals = append(originals, r)
			unit, tells := program.UnitOf(&e)
			if !tells {
				rest = append(rest, r)
				continue
			}
			some = append(some, r)
			if e.Time >= e.Received.Add(-f.Lateness) {
				e.ID, e.Contact = e.ID+"\x00"+e.Contact, unit
				units = append(units, oracle.Record{Offset: 1, Event: &e})
			}
		}
		all, telling, silent = append(all, originals), append(telling, some), append(silent, rest)
	}
	people, nobody := f, f
	people.UnitBy, people.CorrelateBy = "", f.UnitBy // which fails where the unit does
	nobody.UnitBy, nobody.Exclusions, nobody.Breakdowns, nobody.Ignore, nobody.Order = "", nil, nil, nil, definition.Ordered
	nobody.Stages = []definition.Stage{{Name: "none", Matches: []definition.EventMatch{{Event: "none"}}}, {Name: "no other", Matches: []definition.EventMatch{{Event: "none"}}}}
	arrived, told, untold := w.evaluate(people, all, at), w.evaluate(people, telling, at), w.evaluate(nobody, silent, at)
	people.CorrelateBy = ""
	want := w.evaluate(people, [][]oracle.Record{units}, at)
	want.Errors, want.Aggregates, want.Rates = arrived.Errors, arrived.Aggregates, told.Rates
	want.TooLate, want.Clamped = told.TooLate+untold.TooLate, told.Clamped+untold.Clamped
	return want
}

func (w *world) evaluate(f definition.Funnel, logs [][]oracle.Record, at event.Time) aggregate.Funnel {
	w.t.Helper()
	truth, err := oracle.New(f)
	if err != nil {
		w.t.Fatalf("oracle: %v", err)
	}
	return truth.EvaluateAll(logs, at)
}

// TestUnitsEqualOracle folds events of many contacts that tell of deals over several partitions, in any order, with events that come twice or
// late, and copies that go late, or twice as their partition died before it noted them. Once all is handed on the numbers must be those of one
// pass over all events by deal.
func TestUnitsEqualOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		f := drawFunnel(t, s)
		f.CorrelateBy, f.UnitBy = "", "event.data.k"
		w := newWorldOf(t, funnelSubject(t, f), rapid.IntRange(1, 3).Draw(t, "partitions"))
		for _, p := range w.partitions {
			if rapid.Bool().Draw(t, "keeps state in a store") {
				p.keep()
			}
			p.add(record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: 1, TimeZoneData: definition.TimeZoneData, Time: s.base}})
		}
		events := drawSomeEvents(t, s, rapid.IntRange(1, 5).Draw(t, "contacts"), rapid.IntRange(4, 40).Draw(t, "events"), rapid.SampledFrom([]int{3, 12, 12}).Draw(t, "last instant"))
		applyAt := rapid.IntRange(0, len(events)-1).Draw(t, "apply before")
		for i, e := range events {
			if i == applyAt {
				for _, p := range w.partitions {
					p.add(p.apply)
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "of a visitor") == 0 {
				e.Contact = event.Anonymous(e.Contact)
			}
			e.Received = e.Time.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "on its way")) * s.step)
			w.take(e)
			p := w.partitions[rapid.IntRange(0, len(w.partitions)-1).Draw(t, "partition")]
			p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
			if rapid.IntRange(0, 3).Draw(t, "tick") == 0 {
				p.add(record.Record{Kind: record.Tick, Tick: s.instant(t, 16, "tick's time")})
			}
			if rapid.Bool().Draw(t, "hand on") {
				w.handOn(p, rapid.IntRange(1, 8).Draw(t, "most"), rapid.IntRange(0, 3).Draw(t, "dies") > 0)
			}
			interrupt(t, p)
		}
		w.checkUnits(f, s.instant(t, 20, "end").Add(20*s.step))
	})
}
