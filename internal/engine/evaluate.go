// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"sort"

	"github.com/waymark-dev/waymark/internal/event"
)

// evaluator turns the matched events of one contact into what the contact adds to a funnel's numbers. It holds only memory that is
// used again; its results depend on nothing but the arguments of evaluate.
type evaluator struct {
	plan    *plan
	view    view
	moments []moment
	index
	// meant are the marks of the first segment, by moment.
	meant []uint32
	// acts are the times of the contact's acts, when stages are dropped by idleness.
	acts []event.Time
	// fills are what was found out about groups.
	fills map[fillKey][]filling
	ways  ways
	joins joins
	units correlation
	chain chain
	count count
	// tried is the attempt that was walked last.
	tried attempt
	// segmentEnd is the first instant at which another segment holds.
	segmentEnd event.Time
	// due is when time alone next changes the contribution; 0 is never.
	due event.Time
}

// chain is what an attempt leaves to those after it, where a start inside an open one opens none.
type chain struct {
	// open is the last instant at which an attempt or entry is open.
	open event.Time
	// entered is set while an entry takes in candidates, up to and with until. entry is the best of them so far.
	entered bool
	until   event.Time
	entry   attempt
	// closing is set when nothing else is asked for.
	closing bool
}

// evaluate computes the contribution of a contact at the view's clock into c, and when time alone next changes it (0: never).
// Segments say what each of the moments means, by when an attempt starts. Closed is what is left of attempts that were forgotten.
func (v *evaluator) evaluate(
	p *plan, now view, moments []moment, segments []segment, closed *closing, c *contribution,
) (due event.Time) {
	v.plan, v.view, v.moments, v.due, v.chain.closing = p, now, moments, 0, false
	v.count.reset(v, c)
	v.meant = segments[0].marks
	from := 0
	if !p.chained { // an attempt needs nothing before its start
		from = sort.Search(len(moments), func(i int) bool { return moments[i].time >= now.reach })
	}
	v.findActs(segments[0].marks, from)
	if p.correlates {
		v.passUnits(segments, closed, from)
	} else {
		v.pass(segments, closed.of(""), from, len(moments))
	}
	c.set(v.count.outcomes, v.count.values)
	return v.due
}

// lastEnd gives what is left of the attempts and entries that were opened before the boundary. All events of these are known and all that
// time does to them is done.
func (v *evaluator) lastEnd(p *plan, moments []moment, segments []segment, closed *closing, boundary event.Time) (left *closing) {
	v.plan, v.moments = p, moments
	v.view = view{clock: math.MaxInt64, from: math.MinInt64, reach: math.MinInt64, until: boundary}
	v.chain.closing = true
	v.findActs(segments[0].marks, 0)
	end := &left
	keep := func(value string) {
		v.pass(segments, closed.of(value), 0, len(moments))
		if v.chain.open >= boundary {
			*end = &closing{end: v.chain.open, value: value}
			end = &(*end).next
		}
	}
	if !p.correlates {
		keep("")
		return left
	}
	v.units.find(p, moments, 0)
	for _, value := range append([]string{""}, v.units.known(closed)...) {
		v.units.take(value)
		keep(value)
	}
	v.units.leave()
	return left
}

// findActs notes when the contact acted, whatever it did.
func (v *evaluator) findActs(marks []uint32, from int) {
	v.acts = v.acts[:0]
	if !v.plan.idle {
		return
	}
	for i := from; i < len(marks); i++ {
		if marks[i]&actMark != 0 {
			v.acts = append(v.acts, v.moments[i].time)
		}
	}
}

// pass goes through the attempts of one unit, over the moments from one position to another.
func (v *evaluator) pass(segments []segment, closed event.Time, from, to int) {
	v.chain.open, v.chain.entered = closed, false
	for i := range segments {
		v.segmentEnd = math.MaxInt64
		if i+1 < len(segments) {
			v.segmentEnd = segments[i+1].from
		}
		v.fill(v.moments, segments[i].marks[from:to], from, v.rows(), v.units.members())
		if v.tied {
			v.fills = map[fillKey][]filling{}
		}
		if !v.starts(segments[i].from) {
			break
		}
	}
	v.closeEntry()
	v.count.finish(v)
}

// rows are what is asked of events in this pass.
func (v *evaluator) rows() uint32 {
	if v.units.value != "" {
		return v.plan.rows | ownBit
	}
	return v.plan.rows
}

// starts goes through the events of a segment that may start an attempt; false when none after them matters.
func (v *evaluator) starts(from event.Time) bool {
	rows := uint32(1)
	switch {
	case v.used&startBit != 0:
		rows = startBit
	case v.plan.anyOrder:
		rows = 1<<v.plan.stages - 1
	}
	var ahead lookahead
	j := 0
	if from > math.MinInt64 {
		j = v.since(from)
	}
	for s := ahead.next(&v.index, rows, j); s >= 0 && v.times[s] < v.segmentEnd; s = ahead.next(&v.index, rows, j) {
		if j = v.start(s); j < 0 {
			return false
		}
	}
	return true
}

// start looks at an event that may start an attempt, and gives from which event on to look for the next; -1 when no later one matters.
func (v *evaluator) start(s int) (next int) {
	p, t := v.plan, v.times[s]
	if v.chain.entered {
		if t <= v.chain.until {
			if v.walk(s) && v.tried.betters(&v.chain.entry) {
				v.chain.entry = v.tried
			}
			return s + 1
		}
		v.closeEntry()
	}
	if p.chained && t <= v.chain.open {
		return s + 1
	}
	if !v.chain.closing {
		v.count.turn(v, t)
	}
	if t >= v.view.until {
		return -1
	}
	if !p.chained {
		if v.count.roles == 0 {
			return s + 1
		}
		if later := v.eclipsed(s); later > s {
			return later
		}
	}
	if !v.walk(s) {
		return s + 1
	}
	if p.entries && !p.firstStart {
		v.chain.entered, v.chain.until, v.chain.entry = true, v.tried.end, v.tried
	} else {
		v.chain.open = v.tried.end
		v.count.take(v, &v.tried)
	}
	return s + 1
}

// closeEntry ends an entry that takes in candidates.
func (v *evaluator) closeEntry() {
	if !v.chain.entered {
		return
	}
	v.chain.entered = false
	v.chain.open = max(v.chain.until, v.chain.entry.end)
	v.count.take(v, &v.chain.entry)
}
