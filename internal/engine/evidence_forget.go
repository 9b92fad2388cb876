// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// testimony is what a unit holds that keeps evidence, besides its marks.
type testimony struct {
	// given is what it adds to the tally; see evidenceWriter.
	given []byte
	// began is the contact's first start in the segment, if that was forgotten.
	began    event.Time
	hasBegan bool
}

// purchasesFrom gives the time from which on purchases count.
func (s *slot) purchasesFrom() event.Time {
	if s.evidence.retention == 0 {
		return math.MinInt64
	}
	return event.Time(floorDiv(int64(s.view.clock), int64(dayLength)))*dayLength - s.evidence.retention
}

// purchaseEnds gives when a purchase counts no more; 0 is never.
func (s *slot) purchaseEnds(t event.Time) event.Time {
	if s.evidence.retention == 0 {
		return 0
	}
	return event.Time(floorDiv(int64(t+s.evidence.retention), int64(dayLength))+1) * dayLength
}

// forgetEvidence takes away what no number needs any more. Purchases are kept for longer than the rest, and as long as there may be any, the
// contact's first start is.
func (c *contact) forgetEvidence(u *unit) {
	s := u.slot
	boundary, purchases := s.view.forgotten, s.purchasesFrom()
	for at := u.first; at < len(c.moments) && c.moments[at].time < boundary; at++ {
		switch m := u.marks[at]; {
		case m == 0:
		case m&purchaseMark == 0 || c.moments[at].time < purchases:
			c.clear(u, at)
		case m != purchaseMark:
			u.marks[at] = purchaseMark
			c.moments[at].reduceTo(u.id, purchaseAmount)
		}
	}
	if t := u.testimony; t.hasBegan && u.count == 0 && t.began < purchases {
		t.began, t.hasBegan = 0, false
	}
	c.trim()
}

// reduceTo takes away a slot's details but for one amount.
func (m *moment) reduceTo(slot uint32, index uint8) {
	amount, has := m.amountOf(slot, index)
	m.withdraw(slot)
	if has {
		m.bring(detail{slot: slot, kind: amountDetail, index: index, amount: amount})
	}
}

// evidenceEnds gives when something that a unit keeps is to be forgotten, or counts no more; 0 is never.
func (c *contact) evidenceEnds(u *unit) (due event.Time) {
	s := u.slot
	purchases := s.purchasesFrom()
	if t := u.testimony; t.hasBegan && t.began >= purchases {
		due = s.purchaseEnds(t.began)
	}
	purchased := false
	for at := u.first; at < len(u.marks); at++ {
		m, t := u.marks[at], c.moments[at].time
		switch {
		case m == 0:
		case m != purchaseMark || t < purchases:
			return earlier(due, s.plan.forgetAt(t))
		case !purchased:
			purchased, due = true, earlier(due, s.purchaseEnds(t))
		}
	}
	return due
}

// renewEvidence brings a unit up to date that is due, and lets go of what it need not keep any more.
func (f *Fold) renewEvidence(c *contact, u *unit) {
	c.forgetEvidence(u)
	f.weighEvidence(c, u)
	f.release(c, u)
}

// release lets go of a unit that keeps no evidence and whose contact made no attempts.
func (f *Fold) release(c *contact, u *unit) {
	if u == nil || u.count > 0 || u.saturated || u.testimony.hasBegan || c.find(u.slot.evidence.of.id) != nil {
		return
	}
	u.retract()
	c.letGo(u)
}

// retract takes what a unit adds to the tally away from it.
func (u *unit) retract() {
	u.slot.evidence.tally.add(u.testimony.given, -1)
	u.testimony.given = nil
	u.slot.changed = true
}

// rememberStart notes the contact's first start in the segment before its events up to a boundary are forgotten.
func (f *Fold) rememberStart(c *contact, u *unit, boundary event.Time) {
	b := u.slot.beside
	if b == nil || !b.evidence.wantsStarts() {
		return
	}
	keeper := c.unit(b)
	if start, found := f.firstStart(c, u, keeper); found && start < boundary {
		keeper.testimony.began, keeper.testimony.hasBegan = start, true
	}
}

// wantsStarts says whether it matters which contacts ever started in the segment.
func (ev *evidence) wantsStarts() bool {
	return ev.journey.Funnel.Segment != nil && (ev.journey.Purchase != nil || ev.journey.Satisfaction != nil)
}

// firstStart gives the contact's first start in the segment, of those that are known and the one that is remembered.
func (f *Fold) firstStart(c *contact, u, keeper *unit) (first event.Time, found bool) {
	first, found = keeper.testimony.began, keeper.testimony.hasBegan
	if u == nil {
		return first, found
	}
	starts := uint32(1)
	if u.slot.plan.anyOrder {
		starts = startMark
	}
	segments := f.admittedSince(math.MinInt64, c, u, f.joined(&f.mask, c, u.marks))
	for i, s := range segments {
		for at := range s.marks {
			t := c.moments[at].time
			if s.marks[at]&starts == 0 || t < s.from || i+1 < len(segments) && t >= segments[i+1].from {
				continue
			}
			if !found || t < first {
				first, found = t, true
			}
			break
		}
	}
	return first, found
}

// append encodes what a unit holds that keeps evidence.
func (t *testimony) append(b []byte) []byte {
	if b = appendBool(b, t.hasBegan); t.hasBegan {
		b = binary.AppendVarint(b, int64(t.began))
	}
	return packing.AppendText(b, string(t.given))
}

// testimony decodes what append encoded. The slot is nil when it is gone.
func (r *reader) testimony(s *slot) *testimony {
	t := &testimony{}
	if t.hasBegan = r.bool(); t.hasBegan {
		t.began = r.time()
	}
	t.given = bytes.Clone(r.Bytes(r.Count(1)))
	if s != nil && (s.evidence == nil || !s.evidence.tally.adds(t.given)) {
		r.Fail()
	}
	return t
}
