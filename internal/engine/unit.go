// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

const (
	// MaxMatches is how many matched events a unit keeps: the newest. A unit that had more is counted as saturated.
	MaxMatches = 10_000
	// pageMatches is how many matched events lie in one stored page at most, so that one more rewrites only a few.
	pageMatches = 128
)

// unit is what one funnel counts, so far always a contact, with the events that matter to it. Its slot and contact outlive it.
type unit struct {
	slot    *slot
	contact *contact
	// pages hold the matched events in the order of time and id; only the sole page of a unit may be empty.
	pages []page
	// size is how many events the pages hold.
	size int
	// nextPage numbers the pages, which keep their number when they are stored.
	nextPage uint32
	// closed is the end of the last attempt whose start was forgotten; see forget.
	closed event.Time
	// saturated is set once the unit had more than MaxMatches.
	saturated bool
	// contribution is what the unit adds to its slot's tally.
	contribution contribution
	// due is when time alone next changes the unit; 0 is never. storedDue is the same as it lies in the store.
	due, storedDue event.Time
	// stale is set when the contribution does not yet know of all matched events.
	stale bool
	// changed is set when the unit differs from its stored form; apart when its pages are stored under keys of their own.
	changed, apart bool
	// removed are the numbers of pages that are no longer in use.
	removed []uint32

	sole [1]page
}

// page is a run of a unit's matched events.
type page struct {
	number  uint32
	changed bool
	matches []match
}

func newUnit(s *slot, c *contact) *unit {
	u := &unit{slot: s, contact: c, nextPage: 1}
	u.contribution.depth = -1
	u.pages = u.sole[:]
	return u
}

// insert adds a matched event at its place.
func (u *unit) insert(m match) {
	p := u.pageFor(&m)
	ms := u.pages[p].matches
	at := len(ms)
	if at > 0 && !ms[at-1].before(&m) { // most events come in the order of their times
		at, _ = slices.BinarySearchFunc(ms, &m, func(a match, b *match) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
	}
	u.pages[p].matches = slices.Insert(ms, at, m)
	u.pages[p].changed = true
	u.size++
	if len(u.pages[p].matches) > pageMatches {
		u.split(p)
	}
	if u.size > MaxMatches {
		u.dropOldest()
	}
}

// pageFor gives the page that an event belongs to: the last that begins before it.
func (u *unit) pageFor(m *match) int {
	p := len(u.pages) - 1
	if p == 0 || u.pages[p].matches[0].before(m) {
		return p
	}
	p, _ = slices.BinarySearchFunc(u.pages, m, func(p page, m *match) int {
		if p.matches[0].before(m) {
			return -1
		}
		return 1
	})
	return max(p-1, 0)
}

// split moves the upper half of a page to a new one. A page that grows at the end of all moves little, so that events that come in
// order leave full pages behind.
func (u *unit) split(p int) {
	ms := u.pages[p].matches
	half := len(ms) / 2
	if p == len(u.pages)-1 {
		half = len(ms) - 1
	}
	upper := append(make([]match, 0, pageMatches+1), ms[half:]...)
	clear(ms[half:])
	u.pages[p].matches = ms[:half]
	u.pages = slices.Insert(u.pages, p+1, page{number: u.nextPage, changed: true, matches: upper})
	u.nextPage++
}

func (u *unit) dropOldest() {
	if !u.saturated {
		u.saturated = true
		u.slot.tally.saturated++
	}
	u.cut(0, 1)
}

// cut takes the first n events of page p away, and the page if it is then empty and not the only one.
func (u *unit) cut(p, n int) {
	g := &u.pages[p]
	clear(g.matches[:n])
	u.size -= n
	g.matches = g.matches[n:]
	g.changed = true
	if len(g.matches) == 0 && len(u.pages) > 1 {
		u.removed = append(u.removed, g.number)
		u.pages = slices.Delete(u.pages, p, p+1)
	}
}

// oldest gives the time of the first matched event; false when there is none.
func (u *unit) oldest() (event.Time, bool) {
	if len(u.pages[0].matches) == 0 {
		return 0, false
	}
	return u.pages[0].matches[0].time, true
}

// all gives the matched events in their order; buffer is used when they lie in several pages.
func (u *unit) all(buffer []match) (matches, grown []match) {
	if len(u.pages) == 1 {
		return u.pages[0].matches, buffer
	}
	buffer = buffer[:0]
	for i := range u.pages {
		buffer = append(buffer, u.pages[i].matches...)
	}
	return buffer, buffer
}

// forget takes away matched events before a time at which no event can arrive any more nor any attempt count.
//
// Under FirstStart whether a start opens an attempt depends on the attempts before it. All that is left of those that started
// before the boundary is the end of the last one: the horizon includes the window, so that end cannot change any more.
func (u *unit) forget(v *evaluator, boundary event.Time) {
	if u.slot.plan.firstStart {
		matches, _ := u.all(v.buffer)
		u.closed = v.lastEnd(u.slot.plan, matches, u.closed, boundary)
	}
	for {
		ms := u.pages[0].matches
		n, _ := slices.BinarySearchFunc(ms, boundary, func(m match, t event.Time) int {
			if m.time < t {
				return -1
			}
			return 1
		})
		if n == 0 {
			return
		}
		whole := n == len(ms) && len(u.pages) > 1
		u.cut(0, n)
		if !whole {
			break
		}
	}
	if u.size == 0 && !u.saturated {
		u.restart()
	}
}

// restart makes a unit that holds nothing any more like a new one, which it is when it was let go and comes back: whatever attempt
// was open ended before any time that an event can still have.
func (u *unit) restart() {
	u.removed = append(u.removed, u.pages[0].number)
	u.pages[0].number, u.nextPage, u.closed = 0, 1, 0
}
