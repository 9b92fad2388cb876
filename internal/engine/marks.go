// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"math"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// The marks of a moment say in one number what it means to one unit; 0 is nothing.
const (
	// stageMarks are bits for the stages that it may fill.
	stageMarks uint32 = 1<<definition.MaxStages - 1
	// exclusionShift is where the bits begin for the exclusions that it is one of.
	exclusionShift        = definition.MaxStages
	exclusionMarks uint32 = (1<<definition.MaxExclusions - 1) << exclusionShift
	// actMark says that it is an act of the contact and that the funnel watches these.
	actMark uint32 = 1 << 24
	// breakMark says that it breaks an attempt of a Strict funnel which does not use it.
	breakMark uint32 = 1 << 25
	// refundMark says that it takes back values.
	refundMark uint32 = 1 << 26
	// traitMark says that it is an event of a segment's traits, writeMark that attributes were told by it.
	traitMark uint32 = 1 << 27
	writeMark uint32 = 1 << 28
	// startMark says that the contact is a member when an attempt starts with it, where any stage may start one. It is never kept.
	startMark uint32 = 1 << 29
)

// marksOf gives the marks of a moment that matched so.
func marksOf(m *definition.Match) uint32 {
	marks := m.Stages&stageMarks | m.Exclusions<<exclusionShift&exclusionMarks
	if m.Acts {
		marks |= actMark
	}
	if m.Breaks {
		marks |= breakMark
	}
	if len(m.Refunds) > 0 {
		marks |= refundMark
	}
	return marks
}

// segment is what the moments mean to a unit for attempts that start at or after an instant, and before the next segment's.
type segment struct {
	from event.Time
	// marks are by the position of the moment.
	marks []uint32
}

// detailKind says what a detail is about.
type detailKind uint8

const (
	// amountDetail is an amount at stage index; its text is the key by which refunds find it.
	amountDetail detailKind = iota
	// refundDetail is an amount to take away at stage index, and its text the key.
	refundDetail
	// labelDetail is the property for breakdown index.
	labelDetail
	// eventDetail is the event itself, where what it means depends on the contact.
	eventDetail
	// unitDetail is the value of what the funnel correlates by.
	unitDetail
	// traitDetail is what it brings to trait index of a segment: an amount, and as its text a value; see valueText.
	traitDetail
)

// detail is more that a moment brings to one slot's unit. Those of a moment are in the order of slot, kind and index.
type detail struct {
	amount aggregate.Micros
	text   string
	slot   uint32
	kind   detailKind
	index  uint8
	next   *detail
}

func (d *detail) compare(o *detail) int {
	return cmp.Or(cmp.Compare(d.slot, o.slot), cmp.Compare(d.kind, o.kind), cmp.Compare(d.index, o.index))
}

// detail gives the first detail of a slot that is of a kind or a later one; nil when the slot has none such.
func (m *moment) detail(slot uint32, kind detailKind) *detail {
	for d := m.details; d != nil && d.slot <= slot; d = d.next {
		if d.slot == slot && d.kind >= kind {
			return d
		}
	}
	return nil
}

// describe notes all that a match brings to a slot besides its marks.
func (m *moment) describe(slot uint32, found *definition.Match) {
	for _, a := range found.Amounts {
		m.bring(detail{slot: slot, kind: amountDetail, index: uint8(a.Stage), amount: a.Amount, text: a.Key})
	}
	for _, r := range found.Refunds {
		m.bring(detail{slot: slot, kind: refundDetail, index: uint8(r.Stage), amount: r.Amount, text: r.Key})
	}
	for _, l := range found.Labels {
		m.bring(detail{slot: slot, kind: labelDetail, index: uint8(l.Breakdown), text: l.Text})
	}
	if found.Asks {
		m.bring(detail{slot: slot, kind: eventDetail, text: found.Event})
	}
	if found.Unit != "" {
		m.bring(detail{slot: slot, kind: unitDetail, text: found.Unit})
	}
}

// bring adds a detail at its place.
func (m *moment) bring(d detail) {
	at := &m.details
	for *at != nil && (*at).compare(&d) < 0 {
		at = &(*at).next
	}
	d.next = *at
	*at = &d
}

// withdraw takes away a slot's details.
func (m *moment) withdraw(slot uint32) {
	for at := &m.details; *at != nil; {
		if (*at).slot == slot {
			*at = (*at).next
		} else {
			at = &(*at).next
		}
	}
}

// withdrawBut takes away a slot's details but for those of a kind.
func (m *moment) withdrawBut(slot uint32, kind detailKind) {
	for at := &m.details; *at != nil; {
		if (*at).slot == slot && (*at).kind != kind {
			*at = (*at).next
		} else {
			at = &(*at).next
		}
	}
}

// closing is what is left of attempts that were forgotten: when the last of a unit's ended, where a start inside an open attempt
// opens none. Closings are in the order of the units' values; the value of the contact's unit that has none is empty and comes first.
type closing struct {
	end   event.Time
	value string
	next  *closing
}

// of gives the end for a unit's value; the least time when there is none.
func (c *closing) of(value string) event.Time {
	for ; c != nil; c = c.next {
		if c.value == value {
			return c.end
		}
	}
	return math.MinInt64
}

// since gives the closings that end at or after a time.
func (c *closing) since(t event.Time) (first *closing) {
	end := &first
	for ; c != nil; c = c.next {
		if c.end >= t {
			*end = &closing{end: c.end, value: c.value}
			end = &(*end).next
		}
	}
	return first
}
