// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// segmentPlan is a segment's definition as membership works from it: that of a slot which counts its members, or whose funnel lets only
// members in.
type segmentPlan struct {
	program *definition.SegmentProgram
	traits  []traitPlan
	// within is the longest time that a trait looks back; unbounded is set when one looks back for ever.
	within    event.Time
	unbounded bool
	// ranked are the traits that ranks look at, each once and in their order.
	ranked []int
	// remembers is set when it matters of a contact of which nothing else is known that something was known once.
	remembers bool
	// found is what the event that was offered last means, and marks are its own; past is set when nothing of it is left but that it
	// happened. They hold until the next.
	found definition.SegmentMatch
	marks uint32
	past  bool
}

// traitPlan is one trait.
type traitPlan struct {
	*definition.Trait
	within event.Time
	// of is the trait that a rank looks at.
	of int
}

// newSegmentPlan gives the plan of a segment; nil for none.
func newSegmentPlan(program *definition.SegmentProgram) (*segmentPlan, error) {
	if program == nil {
		return nil, nil
	}
	s := &segmentPlan{program: program}
	definitions := program.Segment().Traits
	for i := range definitions {
		t := traitPlan{Trait: &definitions[i], within: micros(definitions[i].Within), of: -1}
		switch {
		case t.Function == definition.TraitRank:
			t.of = slices.IndexFunc(definitions[:i], func(o definition.Trait) bool { return o.Name == t.Of })
			if t.of < 0 {
				return nil, fmt.Errorf("trait %d of segment definition ranks a trait that does not come before it", i)
			}
			if at, found := slices.BinarySearch(s.ranked, t.of); !found {
				s.ranked = slices.Insert(s.ranked, at, t.of)
			}
			if len(s.ranked) > definition.MaxStages-bucketValue {
				return nil, fmt.Errorf("segment definition ranks more than %d traits", definition.MaxStages-bucketValue)
			}
		case t.within == 0:
			s.unbounded = true
		default:
			s.within = max(s.within, t.within)
		}
		s.traits = append(s.traits, t)
	}
	s.remembers = s.meansNobody()
	return s, nil
}

// meansNobody says whether a contact without attributes and events counts as something, once it is known.
func (s *segmentPlan) meansNobody() bool {
	var m membership
	m.reset(s, 0)
	m.known = true
	return m.holds()
}

// match notes what an event means to the segment.
func (s *segmentPlan) match(e *event.Event) {
	s.found, s.marks, s.past = s.program.Match(e), 0, false
	if len(s.found.Traits) > 0 {
		s.marks = traitMark
	}
}

// keeps says whether an event that was offered last and came in time is to be kept when what is older than a boundary matters no more.
func (s *segmentPlan) keeps(e *event.Event, boundary event.Time) bool {
	if s.marks == 0 {
		return false
	}
	s.past = !s.outlives(e.Time, boundary)
	return !s.past
}

// outlives says whether membership at or after an instant may depend on an event of an earlier time.
func (s *segmentPlan) outlives(t, at event.Time) bool { return s.unbounded || t+s.within > at }

// countMembers lets the slot count the members of a segment.
func (s *slot) countMembers(program *definition.SegmentProgram) error {
	meaning := program.Segment()
	segment, err := newSegmentPlan(program)
	if err != nil {
		return err
	}
	p := &plan{
		slot: s.id, segment: segment, lateness: micros(meaning.Lateness), signalMaxAge: micros(meaning.SignalMaxAge),
		calendar: newCalendar(program.Location()),
	}
	period := definition.Period{RollingDays: meaning.Days}
	if err := p.setDays(period); err != nil {
		return fmt.Errorf("days of segment definition: %w", err)
	}
	// Two days more, because a local day may have 25 hours.
	p.horizon = max(event.Time(meaning.Days+2)*dayLength, p.signalMaxAge+signalGrace+dayLength)
	if s.flows, err = newFlows(&definition.Funnel{Period: period}, p.calendar); err != nil {
		return err
	}
	s.kind, s.plan, s.types = segmentSlot, p, map[string]bool{event.Identify: true}
	for _, t := range program.Types() {
		s.types[t] = true
	}
	s.tally = newTally(p)
	return nil
}
