// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"sort"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// match is an event that may fill one or more stages of a funnel.
type match struct {
	time event.Time
	// id orders events of equal time; see identity.
	id string
	// stages has bit i set when the event may fill stage i.
	stages uint32
	// amounts are what it brings at stages that count a value.
	amounts []definition.Amount
}

func (m *match) before(o *match) bool {
	return m.time < o.time || m.time == o.time && m.id < o.id
}

// evaluator turns the matched events of one unit into what the unit adds to a funnel's numbers. It holds only memory that is
// used again; its results depend on nothing but the arguments of evaluate.
type evaluator struct {
	plan    *plan
	view    view
	matches []match
	// at[i] has bit j set when event j may fill stage i.
	at [definition.MaxStages][]uint64
	// tied is set when events share a time; then groups[j] is the run of events of event j's time, and kept and fills hold
	// what was found out about the groups.
	tied   bool
	groups []group
	kept   map[fillKey][]int32
	fills  map[fillKey][]int32
	// path holds the event that fills each stage of the attempt that was walked last.
	path [definition.MaxStages]int32
	// counted[j] has bit i set when event j's amount at stage i was added.
	counted []uint32
	// buffer is where the events of a unit with several pages are brought together.
	buffer []match
}

// evaluate computes the contribution of a unit at the view's clock into c, and when time alone next changes it (0: never).
// The events are sorted by time and id. Starts at or before closed open no attempt under FirstStart.
func (v *evaluator) evaluate(p *plan, now view, matches []match, closed event.Time, c *contribution) (due event.Time) {
	c.reset(p)
	v.plan, v.view = p, now
	v.matches = matches
	if !p.firstStart { // an attempt needs nothing before its start
		v.matches = matches[sort.Search(len(matches), func(i int) bool { return matches[i].time >= now.from }):]
	}
	v.index()
	var best attempt
	best.depth = -1
	open := closed // the end of the open attempt
	for s := v.next(0, 0); s >= 0; s = v.next(0, s+1) {
		start := v.matches[s].time
		if p.firstStart && start <= open {
			continue
		}
		if start >= now.until {
			if p.rollingDays > 0 {
				due = earlier(due, p.calendar.start(p.calendar.day(start)))
			}
			break
		}
		a := v.walk(s)
		if p.firstStart {
			open = a.end
		}
		if start < now.from {
			continue
		}
		if v.addValues(&a, c) && p.rollingDays > 0 {
			due = earlier(due, p.leaves(start))
		}
		if a.betters(&best) {
			best = a
			v.copyPath(c, &a)
		}
	}
	if best.depth >= 0 {
		due = earlier(due, v.settle(&best, c))
	}
	return due
}

// lastEnd gives the end of the last attempt under FirstStart that started before the boundary, or closed when there is none.
func (v *evaluator) lastEnd(p *plan, matches []match, closed, boundary event.Time) event.Time {
	v.plan, v.matches = p, matches
	v.index()
	for s := v.next(0, 0); s >= 0 && matches[s].time < boundary; s = v.next(0, s+1) {
		if matches[s].time > closed {
			a := v.walk(s)
			closed = a.end
		}
	}
	return closed
}

// leaves gives when an attempt leaves the rolling period.
func (p *plan) leaves(start event.Time) event.Time {
	return p.calendar.start(p.calendar.day(start) + p.rollingDays)
}

// attempt is one walk through the stages.
type attempt struct {
	start event.Time
	depth int
	// status is that of the last filled stage.
	status status
	// deadline is the last instant at which the next stage is still awaited.
	deadline event.Time
	// end is the last instant at which the attempt is open: when it fills the last stage, else its window's end.
	end event.Time
}

// betters says whether an attempt represents the unit rather than b, which started no later: deeper, then converted before in
// progress before dropped, then later. Of equal times the smaller id came first and stays.
func (a *attempt) betters(b *attempt) bool {
	if a.depth != b.depth {
		return a.depth > b.depth
	}
	if a.status != b.status {
		return a.status > b.status
	}
	return a.start > b.start
}

// walk follows the attempt that event s starts: at each time it fills as many of the next stages as the events of that time
// allow. What lies after a stage does not change how the stage was filled, so this is deepest, then earliest, then smallest.
func (v *evaluator) walk(s int) attempt {
	p := v.plan
	start := v.matches[s].time
	end := start + p.window
	last := p.stages - 1
	v.path[0] = int32(s)
	depth, from := 0, s+1
	if v.tied {
		own := v.groups[s]
		depth = v.fill(own, depth, s)
		from = int(own.end)
	}
	for depth < last {
		j := v.next(depth+1, from)
		if j < 0 || v.matches[j].time > end {
			break
		}
		if !v.tied {
			depth++
			v.path[depth] = int32(j)
			from = j + 1
			continue
		}
		g := v.groups[j]
		depth = v.fill(g, depth, -1)
		from = int(g.end)
	}
	return v.judge(start, depth, end)
}

// judge gives the status of an attempt at the clock.
func (v *evaluator) judge(start event.Time, depth int, windowEnd event.Time) attempt {
	p := v.plan
	at := v.matches[v.path[depth]].time
	a := attempt{start: start, depth: depth, end: windowEnd}
	if depth == p.stages-1 {
		a.status, a.end = converted, at
		return a
	}
	a.deadline = windowEnd
	if p.dropAfter[depth] > 0 {
		a.deadline = min(a.deadline, at+p.dropAfter[depth])
	}
	a.status = inProgress
	if v.view.clock > a.deadline {
		a.status = dropped
	}
	return a
}

// copyPath notes how the representative went from stage to stage.
func (v *evaluator) copyPath(c *contribution, a *attempt) {
	c.depth = int8(a.depth)
	c.recovered = 0
	c.toNext = c.toNext[:0]
	for i := range a.depth {
		took := v.matches[v.path[i+1]].time - v.matches[v.path[i]].time
		if drop := v.plan.dropAfter[i]; drop > 0 && took > drop {
			c.recovered |= 1 << i
		}
		c.toNext = append(c.toNext, uint16(aggregate.Bucket(time.Duration(took)*time.Microsecond)))
	}
}

// settle completes the contribution of the representative and says when time changes it.
func (v *evaluator) settle(best *attempt, c *contribution) (due event.Time) {
	p := v.plan
	c.status = best.status
	windowEnd := best.start + p.window
	c.mature = v.view.clock > windowEnd
	if !c.mature {
		due = windowEnd + 1
	}
	if best.status == inProgress {
		due = earlier(due, best.deadline+1)
	}
	if p.rollingDays > 0 {
		due = earlier(due, p.leaves(best.start))
	}
	return due
}

// addValues adds the amounts of events that fill stages of the attempt and were not added for another attempt; it says whether
// the attempt has any amount.
func (v *evaluator) addValues(a *attempt, c *contribution) (any bool) {
	if v.plan.valued == 0 {
		return false
	}
	for i := range a.depth + 1 {
		j := v.path[i]
		for _, amount := range v.matches[j].amounts {
			if amount.Stage != i {
				continue
			}
			any = true
			if v.counted[j]&(1<<i) == 0 {
				v.counted[j] |= 1 << i
				c.addValue(i, amount.Amount)
			}
		}
	}
	return any
}

// index prepares the search for the next event of a stage, and finds events that share a time.
func (v *evaluator) index() {
	n := len(v.matches)
	words := (n + 63) / 64
	for i := range v.plan.stages {
		v.at[i] = zeroed(v.at[i], words)
	}
	v.tied = false
	all := uint32(1)<<v.plan.stages - 1 // for 32 stages the shift gives 0, less 1 is all ones
	for j := range v.matches {
		for left := v.matches[j].stages & all; left != 0; left &= left - 1 {
			v.at[bits.TrailingZeros32(left)][j/64] |= 1 << (j % 64)
		}
		v.tied = v.tied || j > 0 && v.matches[j].time == v.matches[j-1].time
	}
	if v.plan.valued != 0 {
		v.counted = zeroed(v.counted, n)
	}
	if v.tied {
		v.group()
	}
}

// next gives the first event at or after from that may fill a stage, or -1.
func (v *evaluator) next(stage, from int) int {
	words := v.at[stage]
	w := from / 64
	if w >= len(words) {
		return -1
	}
	word := words[w] &^ (1<<(from%64) - 1)
	for word == 0 {
		if w++; w == len(words) {
			return -1
		}
		word = words[w]
	}
	return w*64 + bits.TrailingZeros64(word)
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// earlier gives the earlier of two instants of which 0 is never.
func earlier(a, b event.Time) event.Time {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
