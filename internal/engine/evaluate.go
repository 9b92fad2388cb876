// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"math/bits"
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
	v.units.value = ""
	if !p.correlates {
		keep("")
		return left
	}
	v.units.find(p, moments, 0)
	v.units.alone = true
	keep("")
	v.units.alone = false
	for _, value := range v.units.known(closed) {
		v.units.value = value
		keep(value)
	}
	v.units.value = ""
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
		v.index.fill(v.moments, segments[i].marks[from:to], from, v.plan.rows, v.units.members())
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

// starts goes through the events of a segment that may start an attempt; false when none after them matters.
func (v *evaluator) starts(from event.Time) bool {
	rows := uint32(1)
	if v.plan.anyOrder {
		rows = 1<<v.plan.stages - 1
	}
	var ahead lookahead
	j := 0
	if from > math.MinInt64 {
		j = v.since(from)
	}
	for s := ahead.next(&v.index, rows, j); s >= 0 && v.times[s] < v.segmentEnd; s = ahead.next(&v.index, rows, s+1) {
		if !v.start(s) {
			return false
		}
	}
	return true
}

// start looks at an event that may start an attempt; false when neither it nor a later one matters.
func (v *evaluator) start(s int) bool {
	p, t := v.plan, v.times[s]
	if v.chain.entered {
		if t <= v.chain.until {
			if v.walk(s) && v.tried.betters(&v.chain.entry) {
				v.chain.entry = v.tried
			}
			return true
		}
		v.closeEntry()
	}
	if p.chained && t <= v.chain.open {
		return true
	}
	if !v.chain.closing {
		v.count.turn(v, t)
	}
	if t >= v.view.until {
		return false
	}
	if !p.chained && v.count.roles == 0 || v.eclipsed(s) || !v.walk(s) {
		return true
	}
	switch {
	case p.entries && !p.firstStart:
		v.chain.entered, v.chain.until, v.chain.entry = true, v.tried.end, v.tried
	default:
		v.chain.open = v.tried.end
		v.count.take(v, &v.tried)
	}
	return true
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

// eclipsed says whether the next start makes a start needless where each start counts: when both find the same event for the second
// stage, the later one goes at least as far through the same events, and represents rather. It is one look, and saves a walk for each
// of the many events that only start. (Unless the first stage counts a value: then each start does.)
func (v *evaluator) eclipsed(s int) bool {
	p := v.plan
	if p.chained || p.anyOrder || v.tied || p.valued&1 != 0 || p.stages == 1 {
		return false
	}
	later := v.next(0, s+1)
	if later < 0 || v.times[later] >= min(v.count.tomorrow, v.segmentEnd) || v.units.carries(v.positions[s]) {
		return false
	}
	if p.plain {
		return v.next(1, s+1) == v.next(1, later+1)
	}
	return p.valued == 0 && v.eclipsedInGeneral(s, later)
}

// eclipsedInGeneral says it for funnels in which more than the second stage can come next, or exclusions: these must not find the later
// start alone.
func (v *evaluator) eclipsedInGeneral(s, later int) bool {
	exclusions := v.used & exclusionMarks
	others := v.used & (stageMarks &^ 1)
	if exclusions != 0 && v.plan.strict {
		return false
	}
	for left := others | exclusions; left != 0; left &= left - 1 {
		row := bits.TrailingZeros32(left)
		if v.next(row, s+1) != v.next(row, later+1) {
			return false
		}
	}
	after := v.since(v.times[s] + v.plan.window + 1)
	for left := exclusions; left != 0; left &= left - 1 {
		j := v.next(bits.TrailingZeros32(left), after)
		if j >= 0 && v.times[j] <= v.times[later]+v.plan.window {
			return false
		}
	}
	return true
}
