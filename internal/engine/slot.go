// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// slot is one version of one definition with all its state. It is numbered, and no number is used twice, so that its state is
// deleted as one range. A slot is live when its numbers are reported; otherwise it is a shadow, which follows the log with a
// cursor of its own until it is activated.
type slot struct {
	id      uint32
	version string
	meaning json.RawMessage
	source  json.RawMessage
	// kind says what it counts. The program is a funnel's.
	kind    slotKind
	program FunnelProgram
	// asks is the program when it asks for the contact's attributes; nil otherwise.
	asks  asker
	plan  *plan
	owner *defined
	// beside is the slot that keeps the evidence of a journey, of which this is the funnel's; evidence is set in that one.
	beside   *slot
	evidence *evidence
	// types are those that the definition names; watches says that it wants all others too, but for Waymark's own.
	types   map[string]bool
	watches bool
	// unit is the name of the unit whose entities are counted; empty counts contacts.
	unit string

	// clock is the time of the last tick before cursor. floor is the partition's clock when the definition was applied: a shadow
	// judges lateness by its clock, but evaluates no unit at an earlier time than this, since nobody sees those numbers.
	clock, floor event.Time
	view         view
	// shadow is set until the version is activated. cursor is the next offset that a shadow wants, target that of the record that applied
	// it, or resumed the version in force.
	shadow         bool
	cursor, target uint64
	exactSince     event.Time
	// activated is the clock at which the version was put in force.
	activated event.Time
	// gap is set when the log began later than the state, until a time is known from which on it is complete.
	gap bool

	tally   tally
	flows   flows
	timers  timers
	changed bool
	dropped bool
}

// slotKind says what a slot counts.
type slotKind uint8

const (
	// funnelSlot counts attempts.
	funnelSlot slotKind = iota
	// segmentSlot counts members.
	segmentSlot
)

func newSlot(id uint32, version string, meaning json.RawMessage, program Program) (*slot, error) {
	s := &slot{id: id, version: version, meaning: meaning, changed: true}
	s.timers = timers{slot: s, complete: true} // a new slot has nothing stored
	var err error
	switch program := program.(type) {
	case FunnelProgram:
		err = s.countFunnel(program)
	case *definition.SegmentProgram:
		err = s.countMembers(program)
	default:
		err = fmt.Errorf("there are no rules for a program of type %T", program)
	}
	if err != nil {
		return nil, err
	}
	s.view = s.plan.at(0)
	return s, nil
}

// countFunnel lets the slot count the attempts of a funnel.
func (s *slot) countFunnel(program FunnelProgram) error {
	funnel := program.Funnel()
	p, err := newPlan(s.id, &funnel, program.Location())
	if err != nil {
		return err
	}
	if s.flows, err = newFlows(&funnel, p.calendar); err != nil {
		return err
	}
	s.kind, s.program, s.plan = funnelSlot, program, p
	s.types, s.watches, s.unit = namedTypes(&funnel), funnel.WatchesActs(), definition.UnitName(funnel.UnitBy)
	if let, is := program.(segmented); is && let.Segment() != nil {
		if err := s.letMembersIn(let.Segment()); err != nil {
			return err
		}
	}
	s.tally = newTally(p)
	if asks, is := program.(asker); is && asks.ReadsContact() {
		s.asks = asks
	}
	return nil
}

// namedTypes are the types of events that a funnel names.
func namedTypes(f *definition.Funnel) map[string]bool {
	types := map[string]bool{}
	for _, stage := range f.Stages {
		for _, m := range stage.Matches {
			types[m.Event] = true
		}
		if stage.Refund != nil {
			types[stage.Refund.Event] = true
		}
	}
	for _, x := range f.Exclusions {
		types[x.Event] = true
	}
	for _, a := range f.Aggregates {
		types[a.Event] = true
	}
	return types
}

// wants says whether events of a type may matter to the slot.
func (s *slot) wants(eventType string) bool {
	return s.types[eventType] || s.watches && !ownType(eventType)
}

// ownType says whether events of a type are Waymark's own; those are never acts of a contact.
func ownType(eventType string) bool { return strings.HasPrefix(eventType, "waymark.") }

// setClock moves the slot's clock; it never goes back.
func (s *slot) setClock(t event.Time) {
	s.clock = max(s.clock, t)
	if now := max(s.clock, s.floor); now != s.view.clock {
		s.view = s.plan.at(now)
		s.flows.setClock(now)
	}
}

// missedUntil gives exactSince as long as the numbers of now are about times before it; 0 when all that they are about is known.
func (s *slot) missedUntil() event.Time {
	needed := s.view.from
	if s.plan.chained { // an attempt from before may still be open
		needed -= s.plan.window
	}
	if segment := s.plan.segment; segment != nil {
		needed -= segment.within
		if segment.unbounded {
			needed = math.MinInt64
		}
	}
	if s.exactSince <= needed {
		return 0
	}
	return s.exactSince
}

// catchingUp says whether a shadow is still at records from before it was applied.
func (s *slot) catchingUp() bool { return s.clock < s.floor }

// offer shows an accepted event to the slot, which counts it where contacts do not matter. It gives the match when the event is to be
// kept for a unit; it holds until the next. What is kept for an entity is only ever a copy.
func (s *slot) offer(e *event.Event, at place, partition int) (found *definition.Match, matters bool) {
	segment := s.plan.segment
	if segment != nil {
		segment.match(e)
	}
	if s.kind == segmentSlot {
		return &noMatch, s.offerMember(e, at, partition)
	}
	found = s.match(e)
	found.Stages &= uint32(1)<<s.plan.stages - 1
	if s.unit != "" && found.Entity == "" { // it tells of nobody that is counted
		found.Stages, found.Exclusions, found.Acts, found.Refunds = 0, 0, false, nil
	}
	named := found.Stages|found.Exclusions != 0 || len(found.Refunds)+len(found.Sums) > 0
	// A shadow need not keep what it would forget at once.
	matters = found.Matters() && (s.plan.chained || e.Time >= s.view.forgotten)
	if e.Origin != "" { // it was counted where it came from, and by its receipt it came in time there or not
		if s.plan.tooLate(e.Time, e.Received) {
			return found, false
		}
		return found, matters || segment != nil && segment.keeps(e, s.view.forgotten)
	}
	if s.plan.tooLate(e.Time, s.clock) {
		if named {
			s.tally.tooLate++
			s.changed = true
		}
		return found, false
	}
	s.note(found.Failures, at, partition)
	if segment != nil {
		s.note(segment.found.Failures, at, partition)
	}
	if named && e.Flags&event.Clamped != 0 {
		s.tally.clamped++
		s.changed = true
	}
	s.flows.add(e.Time, found)
	if segment != nil && segment.keeps(e, s.view.forgotten) {
		matters = true
	}
	return found, matters && s.unit == ""
}

// noMatch is what an event matches for what has no stages. Nobody changes it.
var noMatch definition.Match

// match asks the program about an event, which sees what was handed on as it happened.
func (s *slot) match(e *event.Event) *definition.Match {
	if s.unit == "" || e.Origin == "" {
		return s.program.Match(e)
	}
	was := *e
	was.Contact, was.Origin = e.Origin, ""
	return s.program.Match(&was)
}

// note counts expressions that failed.
func (s *slot) note(failures []definition.Failure, at place, partition int) {
	for _, failure := range failures {
		if s.tally.errors == 0 {
			s.tally.firstError = aggregate.Failure{
				Field: failure.Field, Message: failure.Message, Partition: partition, Offset: uint64(at >> placeBits),
			}
		}
		s.tally.errors++
		s.changed = true
	}
}
