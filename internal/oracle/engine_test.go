// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"encoding/json"
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
)

const key = "Funnel/shop/sales"

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func openFold(t failer) *engine.Fold {
	t.Helper()
	var compiler definition.Compiler
	fold, err := engine.Open(engine.Options{
		TimeZoneData: definition.TimeZoneData,
		Compile: func(_ string, meaning json.RawMessage) (engine.Program, error) {
			return compiler.CompileMeaning(meaning)
		},
	})
	if err != nil {
		t.Fatalf("open fold: %v", err)
	}
	return fold
}

// partition is one log with the fold that follows it.
type partition struct {
	t             failer
	oracle        *oracle.Oracle
	version       string
	apply         record.Record
	fold          *engine.Fold
	records       []record.Record // by offset less 1
	seen          []oracle.Record
	events        []event.Event
	applied, live bool
}

func newPartition(t failer, f definition.Funnel) *partition {
	t.Helper()
	form, version, err := f.Canonical()
	if err != nil {
		t.Fatalf("canonical form: %v", err)
	}
	truth, err := oracle.New(f)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	return &partition{t: t, oracle: truth, version: version, fold: openFold(t), apply: record.Record{
		Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form},
	}}
}

// add appends a record and folds it.
func (p *partition) add(r record.Record) {
	p.t.Helper()
	p.records = append(p.records, r)
	offset := uint64(len(p.records))
	if err := p.fold.Step(offset, &r); err != nil {
		p.t.Fatalf("step: %v", err)
	}
	switch r.Kind {
	case record.Epoch:
		p.seen = append(p.seen, oracle.Record{Offset: offset, Tick: r.Epoch.Time})
	case record.Tick:
		p.seen = append(p.seen, oracle.Record{Offset: offset, Tick: r.Tick})
	case record.Events:
		for rest := r.Chunk; len(rest) > 0; {
			e := new(event.Event)
			var err error
			if rest, err = event.Next(rest, e); err != nil {
				p.t.Fatalf("decode chunk: %v", err)
			}
			p.seen = append(p.seen, oracle.Record{Offset: offset, Event: e})
		}
	case record.Apply:
		p.applied = true
	case record.Activate:
		p.live = true
	}
}

// backfill goes at most n records on with the definition's backfill, and activates it when it has caught up.
func (p *partition) backfill(n int) {
	p.t.Helper()
	for p.applied && !p.live {
		b := p.fold.Backfills()[0]
		if b.Cursor > p.fold.Offset() {
			p.add(record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: key, Version: p.version}})
			return
		}
		if n--; n < 0 {
			return
		}
		if err := p.fold.StepBackfill(b.Key, b.Version, b.Cursor, &p.records[b.Cursor-1]); err != nil {
			p.t.Fatalf("step backfill: %v", err)
		}
	}
}

// check compares the fold's numbers with the oracle's at every instant for which the fold says that they hold.
func (p *partition) check(step time.Duration) {
	p.t.Helper()
	report, err := p.fold.Report()
	if err != nil {
		p.t.Fatalf("report: %v", err)
	}
	got := report.Funnels[key].Funnel
	for _, asOf := range instants(report, step) {
		want := p.oracle.Evaluate(p.seen, asOf)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			p.t.Fatalf("as of %v (clock %v, next due %v) after %d records the numbers differ (-oracle +engine):\n%s",
				asOf.UTC(), report.Clock.UTC(), report.NextDue.UTC(), len(p.records), diff)
		}
		for i, s := range got.Stages {
			if s.Entered != s.Converted+s.InProgress+s.Dropped+s.Excluded {
				p.t.Fatalf("stage %d: entered %d is not the sum of %d, %d, %d and %d", i, s.Entered, s.Converted, s.InProgress, s.Dropped, s.Excluded)
			}
		}
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

func TestEngineEqualsOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		p := newPartition(t, drawFunnel(t, s))
		log := drawLog(t, s, drawEvents(t, s))
		applyAt := rapid.IntRange(0, len(log)).Draw(t, "apply before")
		for i, r := range log {
			if i == applyAt {
				p.add(p.apply)
			}
			p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
			p.add(r)
			if p.live {
				p.check(s.step)
			}
		}
		if !p.applied {
			p.add(p.apply)
		}
		p.backfill(len(p.records) + 1)
		p.check(s.step)
		for range 4 { // time goes on, from one change to the next
			due, err := p.fold.NextDue()
			if err != nil {
				t.Fatalf("next due: %v", err)
			}
			if due == 0 {
				break
			}
			p.add(record.Record{Kind: record.Tick, Tick: due})
			p.check(s.step)
		}
	})
}
