// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// contact is one contact's state in memory: the events that matter to any definition, once, and a unit for each definition.
type contact struct {
	name  string
	known known
	// person is who else the contact is; nil for most.
	person *person
	// writes are what events said of the contact's attributes, in the order of time and id; rewritten is set when they differ from the
	// store.
	writes    []write
	rewritten bool
	// moments are the events that matter to a unit, in the order of time and id. One that matters to none any more may stay for a
	// while; holes counts those.
	moments []moment
	holes   int
	// ids has room for the identities of the next events.
	ids strings.Builder
	// units are in the order of their slots' numbers; one alone lies in only.
	units  []*unit
	only   [1]*unit
	cursor int
	// due is when time alone next changes a unit that has no timer of its own; 0 is never. storedDue is the same as it lies in the store.
	due, storedDue event.Time

	// purged is how many slots had been dropped when the contact was purged last.
	purged int
	// stale is set when a unit is; changed when something differs from the store.
	stale, changed bool
	// settlements are in the order of definition and hash.
	settlements []settlement
	// pages are the pages of moments that lie in the store; none while they lie with the rest.
	// drafts are those that are being written.
	pages, drafts []storedPage
	// orphans are stored timers of units that are gone.
	orphans []orphan
	// story is what scenarios make of the contact; nil for most. swept is the number of the last sweep that there was when something of the
	// contact was heard.
	story *story
	swept uint64
	// used is set when the contact was asked for since the cache last looked at it; weight is what it counted for there.
	used   bool
	weight int
}

// moment is an event that matters.
type moment struct {
	time event.Time
	// id orders events of equal time; see identity.
	id string
	// details are what else it brings to the units that it matters to; nil for most.
	details *detail
	// appended is when the event was appended: by the partition's clock, or by its receipt if that is later.
	appended event.Time
}

// orphan is a stored timer of a slot.
type orphan struct {
	slot uint32
	due  event.Time
}

// unit is what one funnel counts, so far always a contact.
type unit struct {
	slot *slot // nil when the slot was gone before the unit was read
	id   uint32
	// saturated is set once the unit had more than MaxMatches, and remembered once events of a segment's traits were forgotten.
	saturated, remembered bool
	// own is set while the unit has a timer of its own, for as long as it was only seen by a shadow; storedDue is that timer's as it
	// lies in the store.
	own bool
	// stale is set when the contribution does not yet know of all moments.
	stale bool
	// marks has for each of the contact's moments what it means to the unit; count is how many mean anything, and none before first does.
	marks []uint32
	count int
	first int
	// closed is what is left of attempts whose starts were forgotten; see forget.
	closed *closing
	// contribution is what the unit adds to its slot's tally.
	contribution contribution
	// testimony is what a unit has that keeps evidence; nil for others.
	testimony *testimony
	// due is when time alone next changes the unit; 0 is never.
	due       event.Time
	storedDue event.Time
}

// MaxMatches is how many matched events a unit keeps: the newest. A unit that had more is counted as saturated.
const MaxMatches = 10_000

// find gives the contact's unit of a slot, or nil. It looks first behind the one that it found last, since slots come in their order.
func (c *contact) find(slot uint32) *unit {
	for range c.units {
		if c.cursor >= len(c.units) {
			c.cursor = 0
		}
		u := c.units[c.cursor]
		if c.cursor++; u.id == slot {
			return u
		}
	}
	return nil
}

// unit gives the contact's unit of a slot, a new one if need be.
func (c *contact) unit(s *slot) *unit {
	if u := c.find(s.id); u != nil {
		return u
	}
	u := &unit{slot: s, id: s.id, own: s.shadow, marks: make([]uint32, len(c.moments), cap(c.moments)), first: len(c.moments)}
	if s.evidence != nil {
		u.testimony = new(testimony)
	}
	at, _ := slices.BinarySearchFunc(c.units, s.id, func(u *unit, id uint32) int { return cmp.Compare(u.id, id) })
	if c.units == nil {
		c.units = c.only[:0]
	}
	c.units = slices.Insert(c.units, at, u)
	return u
}

// insert notes what an event means to a unit.
func (c *contact) insert(u *unit, t, appended event.Time, id string, found *definition.Match) {
	marks, segment := marksOf(found), u.slot.plan.segment
	if segment != nil {
		marks |= segment.marks
	}
	at := c.keep(u, t, appended, id, marks)
	if at < 0 {
		return
	}
	c.moments[at].describe(u.id, found)
	if segment != nil {
		segment.describe(&c.moments[at], u.id)
	}
	c.bound(u)
}

// keep gives a unit an event with its marks, and gives its position; -1 when the unit has no room for it.
func (c *contact) keep(u *unit, t, appended event.Time, id string, marks uint32) (at int) {
	if u.count == MaxMatches && c.precedes(u, t, id) { // it would be the first to go
		u.overflows()
		return -1
	}
	at = c.place(t, appended, id)
	if u.marks[at] != 0 { // an event whose identity was forgotten came again
		c.clear(u, at)
		c.fill(at)
	}
	u.marks[at] = marks
	u.count++
	u.first = min(u.first, at)
	return at
}

// bound takes the oldest event away from a unit that has more than it keeps.
func (c *contact) bound(u *unit) {
	if u.count > MaxMatches {
		c.saturate(u)
	}
}

// place gives the position of an event among the moments, making room for one that is new.
func (c *contact) place(t, appended event.Time, id string) int {
	n := len(c.moments)
	at := n
	if n > 0 && !c.moments[n-1].before(t, id) { // most events come in the order of their times
		at = sort.Search(n, func(i int) bool { return !c.moments[i].before(t, id) })
		if c.moments[at].time == t && c.moments[at].id == id {
			if c.isHole(at) {
				c.moments[at].appended = appended
			}
			c.fill(at)
			return at
		}
	}
	if n == cap(c.moments) {
		c.grow(max(4, n+n/2))
	}
	c.moments = slices.Insert(c.moments, at, moment{time: t, id: id, appended: appended})
	for _, u := range c.units {
		if at <= u.first {
			u.first++
		}
		u.marks = slices.Insert(u.marks, at, 0)
	}
	return at
}

// grow makes room for so many moments, in one piece of memory for all units.
func (c *contact) grow(room int) {
	n := len(c.moments)
	c.moments = append(make([]moment, 0, room), c.moments...)
	block := make([]uint32, room*len(c.units))
	for i, u := range c.units {
		u.marks = append(block[i*room:i*room:(i+1)*room], u.marks[:n]...)
	}
}

func (m *moment) compare(o *moment) int {
	return cmp.Or(cmp.Compare(m.time, o.time), cmp.Compare(m.id, o.id))
}

func (m *moment) before(t event.Time, id string) bool { return m.time < t || m.time == t && m.id < id }

func (c *contact) isHole(at int) bool {
	for _, u := range c.units {
		if u.marks[at] != 0 {
			return false
		}
	}
	return true
}

// fill notes that a moment is about to matter to a unit.
func (c *contact) fill(at int) {
	if c.isHole(at) {
		c.holes--
	}
}

// precedes says whether an event lies before all that a unit holds, which holds some.
func (c *contact) precedes(u *unit, t event.Time, id string) bool {
	first := &c.moments[c.firstOf(u)]
	return t < first.time || t == first.time && id < first.id
}

// firstOf gives the position of the first event of a unit that holds some.
func (c *contact) firstOf(u *unit) int {
	for u.marks[u.first] == 0 {
		u.first++
	}
	return u.first
}

// overflows notes that the unit had more events than it keeps.
func (u *unit) overflows() {
	if !u.saturated {
		u.saturated = true
		u.slot.tally.saturated++
	}
}

func (c *contact) saturate(u *unit) {
	u.overflows()
	c.clear(u, c.firstOf(u))
	c.trim()
}

// clear takes an event away from a unit.
func (c *contact) clear(u *unit, at int) {
	u.marks[at] = 0
	u.count--
	c.moments[at].withdraw(u.id)
	if c.isHole(at) {
		c.holes++
	}
}

// trim lets go of moments at the beginning that matter to no unit, and of all such when they are many.
func (c *contact) trim() {
	n := 0
	for n < len(c.moments) && c.holes > 0 && c.isHole(n) {
		n++
		c.holes--
	}
	if n > 0 {
		clear(c.moments[:n])
		c.moments = c.moments[n:]
		for _, u := range c.units {
			u.marks = u.marks[n:]
			u.first = max(u.first-n, 0)
		}
	}
	if few := 64; c.holes > max(few, len(c.moments)/2) {
		c.compact()
	}
}

// compact lets go of all moments that matter to no unit.
func (c *contact) compact() {
	if c.holes == 0 {
		return
	}
	kept := 0
	for at := range c.moments {
		if c.isHole(at) {
			continue
		}
		c.moments[kept] = c.moments[at]
		for _, u := range c.units {
			u.marks[kept] = u.marks[at]
		}
		kept++
	}
	clear(c.moments[kept:])
	c.moments = c.moments[:kept]
	for _, u := range c.units {
		u.marks = u.marks[:kept]
		u.first = 0
	}
	c.holes = 0
}

// forget takes away a unit's events before a time at which no event can arrive any more nor any attempt count.
//
// Under FirstStart, and for entries, whether a start opens an attempt depends on the attempts before it. All that is left of those that
// started before the boundary is when they ended: the horizon includes the windows, so that cannot change any more. What ended before
// the boundary has no more to say.
func (f *Fold) forget(c *contact, u *unit, boundary event.Time) {
	f.rememberStart(c, u, boundary)
	if u.slot.plan.chained {
		closed := f.evaluator.lastEnd(u.slot.plan, c.moments, f.segments(c, u), u.closed, boundary)
		u.closed = closed.since(boundary)
	}
	if u.slot.plan.segment != nil {
		f.forgetTraits(c, u, boundary)
		return
	}
	for ; u.first < len(c.moments) && c.moments[u.first].time < boundary; u.first++ {
		if u.marks[u.first] != 0 {
			c.clear(u, u.first)
		}
	}
	c.trim()
}

// oldest gives the time of the unit's first event; false when it has none.
func (c *contact) oldest(u *unit) (event.Time, bool) {
	for ; u.first < len(u.marks); u.first++ {
		if u.marks[u.first] != 0 {
			return c.moments[u.first].time, true
		}
	}
	return 0, false
}

// purge lets go of units whose slots are gone, if any went since it was called last. Only what the log itself does to a contact purges it,
// so that it does not matter when it was stored.
func (c *contact) purge(dropped int) (purged bool) {
	if c.purged == dropped {
		return false
	}
	c.purged = dropped
	for _, u := range slices.Backward(c.units) {
		if u.slot == nil || u.slot.dropped {
			c.letGo(u)
			purged = true
		}
	}
	return purged
}

// letGo takes a unit away with all that it holds.
func (c *contact) letGo(u *unit) {
	for at, marks := range u.marks {
		if marks != 0 {
			c.clear(u, at)
		}
	}
	c.trim()
	c.units = slices.DeleteFunc(c.units, func(o *unit) bool { return o == u })
	if u.storedDue != 0 && u.slot != nil && !u.slot.dropped {
		c.orphans = append(c.orphans, orphan{u.id, u.storedDue})
	}
	u.storedDue = 0
}

// empty says whether there is nothing to remember of the contact.
func (c *contact) empty() bool {
	return len(c.units) == 0 && len(c.settlements) == 0 && c.known.missing+len(c.known.entries) == 0 && c.person == nil && len(c.writes) == 0 &&
		c.story.state() == nil
}

// nextDue gives when the first of the units that share the contact's timer is due, or identities are to be forgotten that are kept for so
// long; 0 keeps them for ever.
func (c *contact) nextDue(keep event.Time) (due event.Time) {
	for _, u := range c.units {
		if !u.own {
			due = earlier(due, u.due)
		}
	}
	due = earlier(due, c.story.due())
	if keep > 0 && len(c.known.days) > 0 {
		due = earlier(due, event.Time(c.known.days[0]+1)*dayLength+keep)
	}
	if keep > 0 {
		for i := range c.settlements {
			due = earlier(due, event.Time(c.settlements[i].day+1)*dayLength+keep)
		}
	}
	return due
}
