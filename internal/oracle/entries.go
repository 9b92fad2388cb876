// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// attempt is what one start led to.
type attempt struct {
	way
	// named holds the event of each stage, or nil: they bring its value and its labels. Unless stages come in any order, these are the
	// events of the steps.
	named []*happening
}

func (a attempt) start() *happening { return a.steps[0].event }

// unit is what is counted: a contact, or what of a contact belongs to one value of correlateBy.
type unit struct {
	value    string
	events   []*happening
	attempts []attempt
}

// units gives the units of a contact: one for each value, and one of the events without any.
func (j *judge) units(events []*happening) []unit {
	values := map[string]bool{"": true}
	for _, e := range events {
		values[e.unit] = true
	}
	var units []unit
	for _, value := range slices.Sorted(maps.Keys(values)) {
		u := unit{value: value}
		for _, e := range events {
			if e.unit == "" || e.unit == value {
				u.events = append(u.events, e)
			}
		}
		u.attempts = j.attempts(u, actsOf(events))
		units = append(units, u)
	}
	return units
}

// attempts gives all attempts of a unit that count. With entries these are the ones that the entries are counted by.
func (j *judge) attempts(u unit, acts []event.Time) []attempt {
	candidates := j.candidates(u)
	if j.funnel.Count != definition.Entries && j.funnel.EntryPolicy == definition.LatestStart {
		return candidates
	}
	var taken []attempt
	for len(candidates) > 0 {
		opener := candidates[0]
		chosen, end := opener, j.openUntil(opener)
		if j.funnel.EntryPolicy == definition.LatestStart {
			inside := before(candidates, end)
			chosen = j.representative(inside, acts)
			end = max(end, j.openUntil(chosen))
		}
		taken = append(taken, chosen)
		candidates = candidates[len(before(candidates, end)):]
	}
	return taken
}

// before gives the candidates that start no later than end; they are sorted.
func before(candidates []attempt, end event.Time) []attempt {
	n := 0
	for n < len(candidates) && candidates[n].start().time <= end {
		n++
	}
	return candidates[:n]
}

// candidates follows every start of a unit, in their order. An attempt none of whose events carries the unit's value is none of its.
func (j *judge) candidates(u unit) []attempt {
	var all []attempt
	for i, start := range u.events {
		if start.outside {
			continue
		}
		events := asOf(start.time, u.events)
		if a, ok := j.follow(events[i], events); ok && carries(a, u.value) {
			all = append(all, a)
		}
	}
	return all
}

// follow gives the attempt of a start, and false when the event is no start.
func (j *judge) follow(start *happening, events []*happening) (attempt, bool) {
	if j.funnel.Order == definition.Any {
		if start.stages == 0 {
			return attempt{}, false
		}
		joined, w := j.anyOrder(start, events)
		return attempt{w, j.named(joined)}, true
	}
	if !start.fills(0) {
		return attempt{}, false
	}
	a := attempt{j.bestWay(start, events), make([]*happening, len(j.funnel.Stages))}
	for _, s := range a.steps {
		a.named[s.stage] = s.event
	}
	return a, true
}

func carries(a attempt, value string) bool {
	return slices.ContainsFunc(a.steps, func(s step) bool { return s.event.unit == value })
}

// openUntil is the last instant at which an attempt is open: a start until then is inside.
func (j *judge) openUntil(a attempt) event.Time {
	last := a.steps[len(a.steps)-1]
	switch {
	case a.end != notEnded:
		return max(a.endedAt-1, last.event.time)
	case last.stage == len(j.funnel.Stages)-1:
		return last.event.time
	}
	return j.windowEnd(a.start())
}

// actsOf gives when a contact did something, in order.
func actsOf(events []*happening) (times []event.Time) {
	for _, e := range events {
		if e.act {
			times = append(times, e.time)
		}
	}
	return times
}
