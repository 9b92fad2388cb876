// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
)

// TestSignalsEqualTheOracle folds random logs and compares the signals that the log gets in the end: those that the owner appended and
// those that still wait. The state is committed and lost at random, and the owner appends some signals at random.
func TestSignalsEqualTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		f := drawFunnel(t, s)
		f.SignalMaxAge = s.span(t, 1, 8, "signals' greatest age")
		if rapid.Bool().Draw(t, "signals of any age") {
			f.SignalMaxAge = 1000 * day
		}
		p := newPartition(t, f)
		if rapid.Bool().Draw(t, "keeps state in a store") {
			p.keep()
		}
		log := drawLog(t, s, drawEvents(t, s))
		applyAt := rapid.IntRange(0, len(log)).Draw(t, "apply before")
		for i, r := range log {
			if i == applyAt {
				p.add(p.apply)
			}
			p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
			p.add(r)
			interrupt(t, p)
			p.deliver(rapid.SampledFrom([]int{0, 0, 1, 100}).Draw(t, "appended"))
		}
		if !p.applied {
			p.add(p.apply)
		}
		p.backfill(len(p.records) + 1)
		for range 6 { // time goes on, from one change to the next
			due := p.report().NextDue
			if due == 0 {
				break
			}
			p.add(record.Record{Kind: record.Tick, Tick: due + event.Time(rapid.IntRange(0, 1).Draw(t, "later"))*event.Time(s.step/time.Microsecond)})
			interrupt(t, p)
		}
		p.checkSignals()
	})
}

// compareSignals holds the oracle's signals against an example's.
func compareSignals(t *testing.T, x example, got []oracle.Signal, stale int64) {
	t.Helper()
	if diff := gocmp.Diff(strings.TrimSpace(x.Signals), strings.TrimSpace(signalLines(got))); diff != "" || stale != x.Stale {
		t.Errorf("%d signals are stale, want %d; signals differ (-want +got):\n%s", stale, x.Stale, diff)
	}
}

// signalLines gives a line for each signal: who dropped off where, and when it was due; or who did not after all.
func signalLines(signals []oracle.Signal) string {
	var lines strings.Builder
	for _, s := range signals {
		what := "dropped off at"
		if s.Retracted {
			what = "did not drop off at"
		}
		_, _ = fmt.Fprintf(&lines, "%s %s %s %s\n", s.Due.UTC().Format("15:04"), s.Contact, what, s.Stage) // a builder takes all
	}
	return lines.String()
}

// deliver appends the first of the signals that wait, as an owner does.
func (p *partition) deliver(most int) {
	if signals := p.fold.Signals(); min(most, len(signals)) > 0 {
		p.add(record.Record{Kind: record.Signals, Signals: signals[:min(most, len(signals))]})
	}
}

// checkSignals compares all signals with the oracle's.
func (p *partition) checkSignals() {
	p.t.Helper()
	live, known := 0, 0
	var signals []record.Signal
	for i, r := range p.records {
		signals = append(signals, r.Signals...)
		if known += len(seen(p.t, uint64(i)+1, r)); r.Kind == record.Activate {
			live = known
		}
	}
	signals = append(signals, p.fold.Signals()...)
	want, stale := p.oracle.Signals(p.seen, live)
	got := make([]oracle.Signal, len(signals))
	ids := map[string]string{}
	retracted := int64(0)
	for i, s := range signals {
		got[i] = oracle.Signal{Stage: s.Stage, Contact: s.Contact, Source: s.Source, Event: s.Event, Retracted: s.Retracted, Due: s.Due}
		about := s.Stage + " " + s.Contact + " " + s.Source + " " + s.Event
		if before, known := ids[s.ID]; known && (before != about || !s.Retracted) {
			p.t.Fatalf("id %s is of %q and of %q", s.ID, before, about)
		}
		ids[s.ID] = about
		if s.Retracted {
			retracted++
		}
	}
	inOrder := func(a, b oracle.Signal) int {
		return cmp.Or(cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Event, b.Event),
			cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Due, b.Due))
	}
	slices.SortFunc(want, inOrder)
	slices.SortFunc(got, inOrder)
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("the signals differ (-oracle +engine):\n%s", diff)
	}
	counts := p.report().Funnels[key].Funnel.Signals
	if counts.Given != int64(len(ids)) || counts.Retracted != retracted || counts.Stale != stale {
		p.t.Fatalf("counts are %+v, want %d given, %d retracted and %d stale", counts, len(ids), retracted, stale)
	}
}
