// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// TestEngineEqualsOracle folds random logs: the funnel is applied before, amid or after the events and computed from the log while
// more comes; the state is committed, lost and read again at random. After every record the numbers must be the oracle's.
func TestEngineEqualsOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		follow(t, s, newPartition(t, drawFunnel(t, s)), drawEvents)
	})
}

// follow folds a random log of some events and checks the numbers after every record, and then as time goes on.
func follow(t *rapid.T, s setting, p *partition, draw func(*rapid.T, setting) []event.Event) {
	if rapid.Bool().Draw(t, "keeps state in a store") {
		p.keep()
	}
	log := drawLog(t, s, draw(t, s))
	applyAt := rapid.IntRange(0, len(log)).Draw(t, "apply before")
	for i, r := range log {
		if i == applyAt {
			p.add(p.apply)
		}
		p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
		p.add(r)
		interrupt(t, p)
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
		due := p.report().NextDue
		if due == 0 {
			break
		}
		p.add(record.Record{Kind: record.Tick, Tick: due})
		interrupt(t, p)
		p.check(s.step)
	}
}

// TestEngineEqualsOracleOnManyEvents has hundreds of events of a few contacts, so that windows hold many of them, in several chunks.
func TestEngineEqualsOracleOnManyEvents(t *testing.T) {
	t.Parallel()
	type large struct {
		setting
		funnel definition.Funnel
		log    []record.Record
	}
	cases := rapid.Custom(func(t *rapid.T) large {
		s := drawSetting(t)
		events := drawSomeEvents(t, s, rapid.IntRange(1, 3).Draw(t, "contacts"), rapid.IntRange(100, 400).Draw(t, "events"), rapid.SampledFrom([]int{12, 60, 200}).Draw(t, "steps"))
		return large{s, drawFunnel(t, s), drawLog(t, s, events)}
	})
	for i := range 60 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c := cases.Example(i)
			p := newPartition(t, c.funnel)
			p.add(p.apply)
			p.backfill(1)
			for i, r := range c.log {
				p.add(r)
				if i%50 == 0 {
					p.check(c.step)
				}
			}
			p.check(c.step)
			for range 3 {
				due := p.report().NextDue
				if due == 0 {
					break
				}
				p.add(record.Record{Kind: record.Tick, Tick: due})
				p.check(c.step)
			}
		})
	}
}

// TestEngineEqualsOracleAsTimeGoesBy has events arrive about when they happen, for many times longer than any of them is kept.
func TestEngineEqualsOracleAsTimeGoesBy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.step = rapid.SampledFrom([]time.Duration{time.Hour, 5 * time.Hour, day}).Draw(t, "step")
		f := drawFunnel(t, s)
		f.Lateness = s.span(t, 0, 6, "lateness")
		followStream(t, s, newPartition(t, f), drawStream(t, s))
	})
}

// followStream folds a log whose clock goes on with the events, and checks the numbers now and then.
func followStream(t *rapid.T, s setting, p *partition, stream []record.Record) {
	if rapid.Bool().Draw(t, "keeps state in a store") {
		p.keep()
	}
	applyAt := rapid.SampledFrom([]int{0, 0, 20}).Draw(t, "apply before")
	for i, r := range stream {
		if i == applyAt {
			p.add(p.apply)
		}
		p.backfill(rapid.IntRange(0, 3).Draw(t, "backfill"))
		p.add(r)
		interrupt(t, p)
		if p.live && i%10 == 0 {
			p.check(s.step)
		}
	}
	if !p.applied {
		p.add(p.apply)
	}
	p.backfill(len(p.records) + 1)
	p.check(s.step)
}

// interrupt commits, crashes, does both or, mostly, nothing.
func interrupt(t *rapid.T, p *partition) {
	if p.store == nil {
		return
	}
	switch rapid.IntRange(0, 7).Draw(t, "interruption") {
	case 0:
		p.commit()
	case 1:
		p.crash()
	case 2:
		p.commit()
		p.crash()
	}
}

// TestOrderOfArrivalDoesNotMatter folds the same events in two orders. None is late, and no two are the same.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		f := drawFunnel(t, s)
		f.Lateness = 1000 * day
		unique := firstOnly(drawEvents(t, s))
		end := record.Record{Kind: record.Tick, Tick: s.instant(t, 16, "end")}
		fold := func(label string) aggregate.Funnel {
			p := newPartition(t, f)
			p.add(p.apply)
			p.backfill(1)
			for _, r := range drawLog(t, s, rapid.Permutation(unique).Draw(t, label)) {
				if r.Kind == record.Events {
					p.add(r)
				}
			}
			p.add(end)
			return p.report().Funnels[key].Funnel
		}
		ignore := cmpopts.IgnoreFields(aggregate.Funnel{}, "FirstError") // the first of the log
		if diff := cmp.Diff(fold("one order"), fold("another order"), cmpopts.EquateEmpty(), ignore); diff != "" {
			t.Fatalf("the numbers depend on the order of arrival (-one +other):\n%s", diff)
		}
	})
}
