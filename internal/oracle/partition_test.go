// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// failer is a test, or one case of a property.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// partition is one log with the fold that follows it and one definition that is applied at some time.
type partition struct {
	subject
	t     failer
	apply record.Record

	store   *state.Memory // nil keeps the fold's state in memory alone
	fold    *engine.Fold
	records []record.Record // by offset less 1
	seen    []oracle.Record
	applied bool
	live    bool // activated
}

func newPartition(t failer, f definition.Funnel) *partition {
	t.Helper()
	return newPartitionOf(t, funnelSubject(t, f))
}

func newPartitionOf(t failer, s subject) *partition {
	t.Helper()
	p := &partition{subject: s, t: t, apply: record.Record{
		Kind: record.Apply, Apply: record.ApplyRecord{Key: s.key, Version: s.version, Definition: s.form},
	}}
	p.open()
	return p
}

// keep makes a partition's fold keep its state in a store. Its cache is so small that nearly nothing stays in memory.
func (p *partition) keep() {
	p.store = state.NewMemory()
	p.open()
}

func (p *partition) open() {
	p.t.Helper()
	var compiler definition.Compiler
	options := engine.Options{
		TimeZoneData: definition.TimeZoneData,
		Compile:      engine.CompileWith(&compiler),
		CacheBytes:   1,
	}
	if p.store != nil {
		options.Store = p.store
	}
	fold, err := engine.Open(options)
	if err != nil {
		p.t.Fatalf("open fold: %v", err)
	}
	p.fold = fold
}

// commit stores the fold's state.
func (p *partition) commit() {
	p.t.Helper()
	if err := p.fold.Commit(true); err != nil {
		p.t.Fatalf("commit: %v", err)
	}
}

// crash forgets what was not committed and folds it again.
func (p *partition) crash() {
	p.t.Helper()
	p.open()
	for offset := p.fold.Offset() + 1; offset <= uint64(len(p.records)); offset++ {
		err := p.fold.Step(offset, &p.records[offset-1])
		if errors.Is(err, engine.ErrBackfillBehind) {
			for p.stepBackfill() {
			}
			err = p.fold.Step(offset, &p.records[offset-1])
		}
		if err != nil {
			p.t.Fatalf("step %d again: %v", offset, err)
		}
	}
}

// add appends a record and folds it.
func (p *partition) add(r record.Record) {
	p.t.Helper()
	p.records = append(p.records, r)
	offset := uint64(len(p.records))
	if err := p.fold.Step(offset, &r); err != nil {
		p.t.Fatalf("step: %v", err)
	}
	p.seen = append(p.seen, seen(p.t, offset, r)...)
	p.applied = p.applied || r.Kind == record.Apply
	p.live = p.live || r.Kind == record.Activate
}

// seen is what the oracle sees of a record.
func seen(t failer, offset uint64, r record.Record) (all []oracle.Record) {
	t.Helper()
	switch r.Kind {
	case record.Epoch:
		all = append(all, oracle.Record{Offset: offset, Tick: r.Epoch.Time})
	case record.Tick:
		all = append(all, oracle.Record{Offset: offset, Tick: r.Tick})
	case record.Events:
		for rest := r.Chunk; len(rest) > 0; {
			e := new(event.Event)
			var err error
			if rest, err = event.Next(rest, e); err != nil {
				t.Fatalf("decode chunk: %v", err)
			}
			all = append(all, oracle.Record{Offset: offset, Event: e})
		}
	}
	return all
}

// backfill goes at most n records on with the definition's backfill, and activates it when it has caught up.
func (p *partition) backfill(n int) {
	p.t.Helper()
	for p.applied && !p.live && n >= 0 {
		if n--; !p.stepBackfill() {
			p.add(record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: p.key, Version: p.version}})
		}
	}
}

// stepBackfill goes one record on, and gives false when the definition has caught up.
func (p *partition) stepBackfill() bool {
	p.t.Helper()
	b := p.fold.Backfills()[0]
	if b.Cursor > p.fold.Offset() {
		return false
	}
	if err := p.fold.StepBackfill(b.Key, b.Version, b.Cursor, &p.records[b.Cursor-1]); err != nil {
		p.t.Fatalf("step backfill: %v", err)
	}
	return true
}

func (p *partition) report() aggregate.Partition {
	p.t.Helper()
	report, err := p.fold.Report()
	if err != nil {
		p.t.Fatalf("report: %v", err)
	}
	return report
}

// check compares the fold's numbers with the oracle's at every instant for which the fold says that they hold.
func (p *partition) check(step time.Duration) {
	p.t.Helper()
	report := p.report()
	p.checkCounters(report)
	p.checkAt(report, instants(report, step)...)
}

// checkAt compares a report of the fold with the oracle's numbers at some instants.
func (p *partition) checkAt(report aggregate.Partition, times ...event.Time) {
	p.t.Helper()
	got := numbersOf(report.Funnels[p.key])
	for i, asOf := range times {
		want := p.truth([][]oracle.Record{p.seen}, asOf)
		if i > 0 {
			want.Funnel.Rates = got.Funnel.Rates // hours go by without a timer
		}
		if diff := differences(want, got); diff != "" {
			p.t.Fatalf("as of %v (clock %v, next due %v) after %d records the numbers differ (-oracle +engine):\n%s",
				asOf.UTC(), report.Clock.UTC(), report.NextDue.UTC(), len(p.records), diff)
		}
	}
	for i, s := range got.Funnel.Stages {
		if s.Entered != s.Converted+s.InProgress+s.Dropped+s.Excluded {
			p.t.Fatalf("stage %d: entered %d is not the sum of %d, %d, %d and %d", i, s.Entered, s.Converted, s.InProgress, s.Dropped, s.Excluded)
		}
	}
}

// checkCounters compares what a partition counts for itself.
func (p *partition) checkCounters(report aggregate.Partition) {
	p.t.Helper()
	want := aggregate.Partition{Offset: uint64(len(p.records)), Epoch: report.Epoch, Clock: report.Clock, NextDue: report.NextDue, Funnels: report.Funnels}
	known := map[[4]string]bool{}
	for _, r := range p.seen {
		if r.Event == nil || r.Event.Origin != "" {
			continue
		}
		e, told := r.Event, ""
		if e.Type == event.Linked || e.Type == event.Aliased { // beside the event that says so
			told = e.Type
		}
		switch self := [4]string{e.Contact, e.Source, e.ID, told}; {
		case known[self]:
			want.Duplicates++
		default:
			known[self] = true
			want.Events++
			want.LastEvent = max(want.LastEvent, e.Time)
			if e.Flags&event.Clamped != 0 {
				want.Clamped++
			}
		}
	}
	if diff := cmp.Diff(want, report); diff != "" {
		p.t.Fatalf("the partition's counters differ (-want +got):\n%s", diff)
	}
}

// instants are the first and the last for which a report speaks, and a few between.
func instants(report aggregate.Partition, step time.Duration) []event.Time {
	last := report.Clock.Add(400 * 24 * time.Hour)
	if report.NextDue != 0 {
		last = report.NextDue - 1
	}
	all := []event.Time{report.Clock, last, report.Clock + (last-report.Clock)/2}
	for i := range 3 {
		if t := report.Clock.Add(time.Duration(i+1) * step); t < last {
			all = append(all, t)
		}
	}
	return all
}
