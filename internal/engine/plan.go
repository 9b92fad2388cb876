// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// plan is a funnel's definition with all durations in microseconds and all days as numbers: what evaluate works from.
type plan struct {
	slot   uint32
	stages int
	window event.Time
	// strict and anyOrder are the orders besides the common one.
	strict, anyOrder bool
	// plain is set when stages follow each other in the common order, none is optional and nothing excludes.
	plain bool
	// optional has bit i set when stage i may be passed over. complete is the first depth after which no stage must be reached.
	optional uint32
	complete int
	// reach has for each depth the stages that may be filled next, and inRange the exclusions that may end an attempt there.
	reach, inRange [definition.MaxStages]uint32
	exclusions     []exclusion
	// rows are what the plan asks of events; see index.
	rows uint32
	// dropAfter and dropIdle are by stage; 0 is none. idle is set when any of the latter is not.
	dropAfter, dropIdle []event.Time
	idle                bool
	// valued and refunded have bit i set when stage i counts a value, and when refunds take away from it.
	valued, refunded uint32
	// breakdowns are the stages whose events are asked.
	breakdowns []int
	// firstStart is the entry policy: a start inside an open attempt opens none. entries counts every entry.
	firstStart, entries bool
	// chained is set when it depends on the attempts before whether a start opens one.
	chained bool
	// correlates is set when a contact has a unit for each value of an expression.
	correlates bool
	// names are the stages'; signalMaxAge is how old a drop-off may be and still give a signal, 0 gives none.
	names        []string
	signalMaxAge event.Time
	// segment is what the plan asks of contacts; nil is nothing. A plan without stages counts its members.
	segment  *segmentPlan
	lateness event.Time
	// horizon is how long a matched event is kept.
	horizon event.Time
	// waits is how much longer it is, because what is handed on comes late; see awaitHistory.
	waits    event.Time
	calendar *calendar
	days     dayPlan
}

// exclusion ends attempts whose depth is at least after and less than before.
type exclusion struct {
	after, before int
	discard       bool
}

func newPlan(slot uint32, f *definition.Funnel, zone *time.Location) (*plan, error) {
	if n := len(f.Stages); n < 1 || n > definition.MaxStages {
		return nil, fmt.Errorf("funnel definition has %d stages, want 1 to %d", n, definition.MaxStages)
	}
	p := &plan{
		slot:       slot,
		stages:     len(f.Stages),
		window:     micros(f.Window),
		strict:     f.Order == definition.Strict,
		anyOrder:   f.Order == definition.Any,
		firstStart: f.EntryPolicy == definition.FirstStart,
		entries:    f.Count == definition.Entries,
		correlates: f.CorrelateBy != "",
		lateness:   micros(f.Lateness),
		calendar:   newCalendar(zone),
	}
	if f.UnitBy == "" { // a deal can be told nothing
		p.signalMaxAge = micros(f.SignalMaxAge)
	}
	p.chained = p.firstStart || p.entries
	for i := range f.Stages {
		p.names = append(p.names, f.Stages[i].Name)
		p.setStage(i, &f.Stages[i])
	}
	for d := range p.stages {
		p.reach[d] = p.after(d)
	}
	if err := p.setExclusions(f); err != nil {
		return nil, err
	}
	if err := p.setBreakdowns(f); err != nil {
		return nil, err
	}
	if p.rows = 1<<p.stages - 1 | (1<<len(p.exclusions)-1)<<exclusionShift; p.strict {
		p.rows |= breakBit
	}
	p.plain = !p.strict && !p.anyOrder && p.optional == 0 && len(p.exclusions) == 0
	if err := p.setDays(f.Period); err != nil {
		return nil, fmt.Errorf("period of funnel definition: %w", err)
	}
	return p, p.check(f)
}

// check finds what this engine has no rules for.
func (p *plan) check(f *definition.Funnel) error {
	switch {
	case !slices.Contains([]definition.Order{definition.Ordered, definition.Strict, definition.Any}, f.Order):
		return fmt.Errorf("funnel definition has order %q, which is none", f.Order)
	case p.optional&1 != 0:
		return fmt.Errorf("the first stage of the funnel definition is optional")
	case p.anyOrder && p.optional != 0:
		return fmt.Errorf("the funnel definition has an optional stage although stages come in any order")
	}
	return nil
}

func (p *plan) setStage(i int, s *definition.Stage) {
	p.dropAfter = append(p.dropAfter, micros(s.DropAfter))
	p.dropIdle = append(p.dropIdle, micros(s.DropAfterIdle))
	p.idle = p.idle || s.DropAfterIdle > 0
	if s.Value != "" {
		p.valued |= 1 << i
		if s.Refund != nil {
			p.refunded |= 1 << i
		}
	}
	if s.Optional {
		p.optional |= 1 << i
	} else {
		p.complete = i
	}
}

// after gives the stages that may be filled next after a depth: up to and with the first that must be.
func (p *plan) after(depth int) (stages uint32) {
	for i := depth + 1; i < p.stages; i++ {
		stages |= 1 << i
		if p.optional&(1<<i) == 0 {
			break
		}
	}
	return stages
}

func (p *plan) setExclusions(f *definition.Funnel) error {
	if len(f.Exclusions) > definition.MaxExclusions {
		return fmt.Errorf("funnel definition has %d exclusions, want at most %d", len(f.Exclusions), definition.MaxExclusions)
	}
	for i, x := range f.Exclusions {
		if x.After < 0 || x.Before >= p.stages {
			return fmt.Errorf("exclusion %d of funnel definition lies between stages %d and %d of %d", i, x.After, x.Before, p.stages)
		}
		p.exclusions = append(p.exclusions, exclusion{x.After, x.Before, x.Action != definition.End})
		for d := x.After; d < x.Before; d++ {
			p.inRange[d] |= 1 << i
		}
	}
	return nil
}

func (p *plan) setBreakdowns(f *definition.Funnel) error {
	if len(f.Breakdowns) > definition.MaxBreakdowns {
		return fmt.Errorf("funnel definition has %d breakdowns, want at most %d", len(f.Breakdowns), definition.MaxBreakdowns)
	}
	for i, b := range f.Breakdowns {
		if b.Stage < 0 || b.Stage >= p.stages {
			return fmt.Errorf("breakdown %d of funnel definition asks stage %d of %d", i, b.Stage, p.stages)
		}
		p.breakdowns = append(p.breakdowns, b.Stage)
	}
	return nil
}

// harm gives what exclusions, as bits, do to an attempt that goes from one depth to another at the time of their events: those of one
// time may be taken in the order that favours the attempt.
func (p *plan) harm(exclusions uint32, from, to int) (ends, discards bool) {
	for ; exclusions != 0; exclusions &= exclusions - 1 {
		x := bits.TrailingZeros32(exclusions)
		if x < len(p.exclusions) && p.exclusions[x].after <= from && to < p.exclusions[x].before {
			ends, discards = true, discards || p.exclusions[x].discard
		}
	}
	return ends, discards
}

// tooLate says whether an event is older than the lateness allows when it is appended at the clock. Before the first tick
// nothing is.
func (p *plan) tooLate(t, clock event.Time) bool {
	return clock > 0 && t < clock-p.lateness
}

func micros(d time.Duration) event.Time { return event.Time(d.Microseconds()) }
