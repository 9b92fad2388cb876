// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// saidSince gives the instant whose membership scenarios take for known, unless something was said since; after all time when there are no
// signals. It lies before the version was put in force by as long as the one before it may have waited to say something.
func (s *slot) saidSince() event.Time {
	signals := &s.owner.signals
	if s.plan.signalMaxAge == 0 || !signals.begun {
		return math.MaxInt64
	}
	return max(signals.since, s.activated-signalGrace, s.view.clock-s.plan.signalMaxAge-dayLength)
}

// saidLast finds what scenarios were told last of a contact's membership.
func (c *contact) saidLast(definition uint32) (last change, at int, found bool) {
	at = slices.IndexFunc(c.settlements, func(s settlement) bool { return s.definition == definition })
	if at < 0 {
		return change{at: math.MinInt64}, at, false
	}
	return change{event.Time(c.settlements[at].drop), c.settlements[at].verdict == saidMember}, at, true
}

// signalMember settles the latest change of a contact's membership if it is due, or gives when to look at it again; 0 is never. Before is
// the membership at saidSince. What was already disproved before it was due is not there any more, and of what came and went meanwhile
// nothing is left that differs from what was said.
func (f *Fold) signalMember(c *contact, u *unit, last change, before, rings bool) (again event.Time) {
	s := u.slot
	d, asked, clock := s.owner, s.saidSince(), s.view.clock
	if last.at <= asked {
		return 0
	}
	was, _, found := c.saidLast(d.signals.number)
	if found && was.at > asked {
		before = was.member
	}
	if last.at <= was.at || last.member == before {
		return 0
	}
	id, appended := f.members.causeOf(last.at)
	due := last.at
	if id != "" {
		due = max(due, appended+signalGrace)
	}
	if clock < due {
		return due
	}
	tooOld := last.at + s.plan.signalMaxAge
	fresh := clock < tooOld
	switch {
	case fresh && (s.shadow || d.removed): // its time may still come
		return earlier(clock+signalGrace, tooOld)
	case s.shadow:
		return 0
	case !rings:
		return clock + 1
	}
	f.settleMember(c, d, last, fresh)
	if !fresh {
		return 0
	}
	stage := definition.SegmentLeft
	if last.member {
		stage = definition.SegmentEntered
	}
	f.emitFor(c, s, said{stage: stage, named: instantText(last.at), id: id, time: last.at}, due, false)
	return 0
}

// settleMember remembers what was said last of a contact's membership, or was too old to be said.
func (f *Fold) settleMember(c *contact, d *defined, last change, given bool) {
	made := settlement{
		definition: d.signals.number, drop: uint64(last.at), verdict: saidStranger, day: floorDiv(int64(f.clock), int64(dayLength)),
	}
	if last.member {
		made.verdict = saidMember
	}
	if _, at, found := c.saidLast(made.definition); found {
		c.settlements[at] = made
	} else {
		at, _ := c.settled(made.definition, made.drop)
		c.settlements = slices.Insert(c.settlements, at, made)
	}
	if given {
		d.signals.counts.Given++
	} else {
		d.signals.counts.Stale++
	}
}

// causeOf gives the id of the last event at an instant that may have changed the membership, and when the latest of them was appended; an
// empty one when time alone did.
func (m *membership) causeOf(t event.Time) (id string, appended event.Time) {
	from, _ := slices.BinarySearchFunc(m.moments, t, func(o moment, t event.Time) int { return cmp.Compare(o.time, t) })
	for i := from; i < len(m.moments) && m.moments[i].time == t; i++ {
		if m.marks[i]&(traitMark|writeMark) != 0 {
			id, appended = m.moments[i].id, max(appended, m.moments[i].appended)
		}
	}
	return id, appended
}

// instantText is how an instant is named in a signal's id.
func instantText(t event.Time) string { return strconv.FormatInt(int64(t), 10) }
