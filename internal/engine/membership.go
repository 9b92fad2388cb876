// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// membership goes through a contact's time and says when it is a member of a segment. That only changes when something happens, something
// is said of the contact's attributes, or an event becomes older than a trait looks back; between these instants nothing does. It holds
// memory that is used again; what it says depends on nothing but what begin is given.
type membership struct {
	plan *segmentPlan
	slot uint32
	// moments and marks are the contact's, writes those that are its own. next and nextWrite are the first that did not happen yet.
	moments         []moment
	marks           []uint32
	writes          []*write
	next, nextWrite int

	// known is set once there was a write or an event.
	known  bool
	traits []traitState
	said   map[string]json.RawMessage
	// attributes are what was said, and told is set while that is so.
	attributes []byte
	told       bool
	// changed is set when the answer may have changed since it was asked for; values are those that it was asked with, and member it.
	changed, asked bool
	values, spare  []expression.Scalar
	member         bool
}

// traitState is a trait at an instant.
type traitState struct {
	// events are those that happened, the oldest first; those before first are too old.
	events []traitEvent
	first  int
	sum    sum
	texts  map[string]int
}

// traitEvent is what an event brings to a trait.
type traitEvent struct {
	time   event.Time
	amount aggregate.Micros
	value  expression.Scalar
}

// begin goes back to before anything happened to a contact. Marks say which of the moments are its own.
func (m *membership) begin(c *contact, u *unit, marks []uint32) {
	m.reset(u.slot.plan.segment, u.id)
	m.moments, m.marks, m.known = c.moments, marks, u.remembered
	for i := range c.writes {
		w := &c.writes[i]
		if _, origin := domestic(w.id); origin < 0 || c.owns(origin, w.time) {
			m.writes = append(m.writes, w)
		}
	}
}

func (m *membership) reset(p *segmentPlan, slot uint32) {
	m.plan, m.slot = p, slot
	m.moments, m.marks, m.writes = nil, nil, m.writes[:0]
	m.next, m.nextWrite = 0, 0
	m.known, m.said, m.attributes, m.told = false, nil, nil, true
	m.changed, m.asked, m.member = true, false, false
	for len(m.traits) < len(p.traits) {
		m.traits = append(m.traits, traitState{})
	}
	m.traits = m.traits[:len(p.traits)]
	for i := range m.traits {
		t := &m.traits[i]
		t.events, t.first, t.sum = t.events[:0], 0, sum{}
		clear(t.texts)
	}
	m.values, m.spare = zeroed(m.values, len(p.traits)), zeroed(m.spare, len(p.traits))
}

// upcoming gives the next instant at which something changes that membership may depend on; false when there is none.
func (m *membership) upcoming() (at event.Time, ever bool) {
	at = math.MaxInt64
	for m.next < len(m.moments) && m.marks[m.next]&traitMark == 0 {
		m.next++
	}
	if m.next < len(m.moments) {
		at = m.moments[m.next].time
	}
	if m.nextWrite < len(m.writes) {
		at = min(at, m.writes[m.nextWrite].time)
	}
	for i := range m.traits {
		t := &m.traits[i]
		if within := m.plan.traits[i].within; within > 0 && t.first < len(t.events) {
			at = min(at, t.events[t.first].time+within)
		}
	}
	return at, at != math.MaxInt64
}

// until goes on to an instant, with all that happens at it.
func (m *membership) until(at event.Time) {
	for ; m.next < len(m.moments) && m.moments[m.next].time <= at; m.next++ {
		if m.marks[m.next]&traitMark != 0 {
			m.happen(&m.moments[m.next])
		}
	}
	for ; m.nextWrite < len(m.writes) && m.writes[m.nextWrite].time <= at; m.nextWrite++ {
		if m.said == nil {
			m.said = map[string]json.RawMessage{}
		}
		apply(m.said, m.writes[m.nextWrite].traits)
		m.known, m.changed, m.told = true, true, false
	}
	for i := range m.traits {
		t := &m.traits[i]
		within := m.plan.traits[i].within
		for within > 0 && t.first < len(t.events) && t.events[t.first].time+within <= at {
			t.leave(&t.events[t.first])
			t.first++
			m.changed = true
		}
	}
}

// happen takes in what a moment brings to the traits.
func (m *membership) happen(at *moment) {
	for d := at.detail(m.slot, traitDetail); d != nil && d.slot == m.slot && d.kind == traitDetail; d = d.next {
		if int(d.index) >= len(m.traits) {
			continue
		}
		e := traitEvent{time: at.time, amount: d.amount, value: scalarOf(d.text, at.time)}
		t := &m.traits[d.index]
		t.events = append(t.events, e)
		t.sum.add(sumOf(e.amount), 1)
		if m.plan.traits[d.index].Function == definition.TraitDistinct {
			if t.texts == nil {
				t.texts = map[string]int{}
			}
			t.texts[e.value.Text]++
		}
		m.known, m.changed = true, true
	}
}

// leave takes away the event that is too old.
func (t *traitState) leave(e *traitEvent) {
	t.sum.add(sumOf(e.amount), -1)
	if n := t.texts[e.value.Text] - 1; n > 0 {
		t.texts[e.value.Text] = n
	} else {
		delete(t.texts, e.value.Text)
	}
}

// holds says whether the contact is a member at the instant at hand.
func (m *membership) holds() bool {
	if !m.changed {
		return m.member
	}
	m.changed = false
	before := m.attributes
	if !m.told {
		m.attributes, m.told = encodeAttributes(m.said), true
	}
	m.values, m.spare = m.spare, m.values
	for i := range m.traits {
		m.values[i] = m.value(i)
	}
	if !m.known || m.asked && slices.Equal(m.values, m.spare) && bytes.Equal(before, m.attributes) {
		return m.member
	}
	m.asked = true
	m.member, _ = m.plan.program.Holds(m.attributes, m.values) // what fails reads as no
	return m.member
}

// value gives a trait as it is.
func (m *membership) value(trait int) expression.Scalar {
	p, t := &m.plan.traits[trait], &m.traits[trait]
	within := t.events[t.first:]
	switch p.Function {
	case definition.TraitCount:
		return expression.NumberOf(float64(len(within)))
	case definition.TraitSum:
		return expression.AmountOf(t.sum.micros())
	case definition.TraitDistinct:
		return expression.NumberOf(float64(len(t.texts)))
	case definition.TraitRank:
		if rank, known := p.Rank(m.ranked(p.of)); known {
			return expression.NumberOf(float64(rank))
		}
		return expression.Scalar{}
	}
	switch {
	case len(within) == 0:
		return expression.Scalar{}
	case p.Function == definition.TraitFirst:
		return within[0].value
	}
	return within[len(within)-1].value
}

// ranked gives what a rank looks at: the value of a trait for which some event counts. Where none does, a count of 0 is no value among others:
// visitors would decide in which group a buyer is.
func (m *membership) ranked(trait int) expression.Scalar {
	if t := &m.traits[trait]; t.first == len(t.events) {
		return expression.Scalar{}
	}
	return m.values[trait]
}

// buckets gives about which values the contact's ranked traits have, in their order; none of those for which no event counts.
func (m *membership) buckets(into []traitBucket) []traitBucket {
	into = into[:0]
	if !m.known {
		return into
	}
	m.holds()
	for at, trait := range m.plan.ranked {
		if bucket, known := bucketOf(m.ranked(trait)); known {
			into = append(into, traitBucket{uint8(at), int32(bucket)})
		}
	}
	return into
}
