// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// letMembersIn lets the slot, whose plan is that of a funnel, count only attempts that members of a segment start.
func (s *slot) letMembersIn(program *definition.SegmentProgram) (err error) {
	if s.plan.segment, err = newSegmentPlan(program); err != nil {
		return err
	}
	if s.plan.anyOrder {
		s.plan.rows |= startBit
	}
	for _, t := range program.Types() {
		s.types[t] = true
	}
	return nil
}

// readsContact says whether the slot's numbers depend on the contact's attributes.
func (s *slot) readsContact() bool { return s.asks != nil || s.plan.segment != nil }

// history is how long what happened to a contact may matter to the plan, as far as it is bounded.
func (p *plan) history() event.Time {
	if p.segment == nil {
		return p.horizon
	}
	return p.horizon + p.segment.within
}

// offerMember shows an accepted event, which was matched, to a slot that counts members, and says whether it is to be kept.
func (s *slot) offerMember(e *event.Event, at place, partition int) (matters bool) {
	segment := s.plan.segment
	clock := s.clock
	if e.Origin != "" { // it was counted where it came from
		clock = e.Received
	}
	late := s.plan.tooLate(e.Time, clock)
	switch {
	case e.Origin != "":
	case late && segment.marks != 0:
		s.tally.tooLate++
		s.changed = true
	case !late:
		s.note(segment.found.Failures, at, partition)
	}
	if late {
		return false
	}
	matters = segment.keeps(e, s.view.forgotten)
	if s.plan.signalMaxAge > 0 && e.Type == event.Identify && e.Time >= s.view.forgotten && traitsOf(e.Data) != "" {
		segment.marks |= writeMark // so that it is known when it was appended
		matters = true
	}
	return matters
}

// enlist makes sure that a contact counts in a segment of which attributes are known, or that something happened which the segment need not
// keep.
func (f *Fold) enlist(s *slot, c *contact, e *event.Event) {
	segment := s.plan.segment
	if segment == nil || c.isHidden() {
		return
	}
	told := s.kind == segmentSlot && e.Type == event.Identify && len(c.writes) > 0
	past := segment.past && segment.remembers && (e.Origin == "" || c.takesIn(e))
	if !told && !past {
		return
	}
	u := c.unit(s)
	u.stale, u.remembered = true, u.remembered || past
	f.spoil(c)
	f.touch(c)
}

// stays says whether a unit without any event is to be remembered.
func (c *contact) stays(u *unit) bool {
	return u.remembered || u.slot.kind == segmentSlot && len(c.writes) > 0
}

// admitted gives what a unit's moments mean where only members of a segment start attempts: what others do starts none. Marks are what the
// moments mean as far as they are the contact's.
func (f *Fold) admitted(c *contact, u *unit, marks []uint32) []segment {
	from := event.Time(math.MinInt64)
	if !u.slot.plan.chained { // what starts before counts no more
		from = u.slot.view.reach
	}
	return f.admittedSince(from, c, u, marks)
}

// admittedSince is admitted, of starts from a time on; before it nobody is let in.
func (f *Fold) admittedSince(from event.Time, c *contact, u *unit, marks []uint32) []segment {
	p, m := u.slot.plan, &f.members
	f.mask = append(f.mask[:0], marks...) // it may be that already
	all := f.meant(c, u, f.mask)
	m.begin(c, u, marks)
	starts := uint32(1)
	if p.anyOrder {
		starts = 1<<p.stages - 1
	}
	for i := range c.moments {
		may := false
		for _, s := range all {
			may = may || s.marks[i]&starts != 0
		}
		if !may {
			continue
		}
		member := false
		if at := c.moments[i].time; at >= from {
			m.until(at)
			member = m.holds()
		}
		for _, s := range all {
			switch {
			case p.anyOrder && member:
				s.marks[i] |= startMark
			case !p.anyOrder && !member:
				s.marks[i] &^= starts
			}
		}
	}
	return all
}

// forgetTraits takes away what of a unit's events can matter no more from a time on. An event may be forgotten as one of a funnel's, and
// still be one of the traits'.
func (f *Fold) forgetTraits(c *contact, u *unit, boundary event.Time) {
	segment := u.slot.plan.segment
	own := f.joined(&f.mask, c, u.marks)
	for at := u.first; at < len(c.moments) && c.moments[at].time < boundary; at++ {
		m, marks := &c.moments[at], u.marks[at]
		switch {
		case marks == 0:
		case marks&traitMark != 0 && segment.outlives(m.time, boundary):
			if marks != traitMark {
				u.marks[at] = traitMark
				m.withdrawBut(u.id, traitDetail)
			}
		default:
			u.remembered = u.remembered || segment.remembers && own[at]&traitMark != 0
			c.clear(u, at)
		}
	}
	c.trim()
}

// forgetsAt gives when something of a unit is to be forgotten; 0 is never.
func (c *contact) forgetsAt(u *unit) (at event.Time) {
	p := u.slot.plan
	first, found := c.oldest(u)
	switch {
	case !found:
		return 0
	case p.segment == nil:
		return p.forgetAt(first)
	}
	traits, others := false, false // the first of them was found
	for i := u.first; i < len(u.marks) && (!traits || !others); i++ {
		t, marks := c.moments[i].time, u.marks[i]
		if marks&^traitMark != 0 && !others {
			at, others = earlier(at, p.forgetAt(t)), true
		}
		if marks&traitMark != 0 && !traits {
			if traits = true; !p.segment.unbounded {
				at = earlier(at, p.forgetAt(t+p.segment.within))
			}
		}
	}
	return at
}
