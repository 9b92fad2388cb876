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

// evaluator turns the matched events of one unit into what the unit adds to a funnel's numbers. It holds only memory that is
// used again; its results depend on nothing but the arguments of evaluate.
type evaluator struct {
	plan *plan
	view view
	// times and stages are those of the unit's events, positions where they are among the contact's moments.
	times     []event.Time
	stages    []uint32
	positions []int32
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
	// stops are where the chosen attempts stand, for signals; passed, if asked for by traces, where they went on in time.
	stops, passed []stop
	traces        bool
	// counted[j] has bit i set when event j's amount at stage i was added.
	counted []uint32
}

// evaluate computes the contribution of a unit at the view's clock into c, and when time alone next changes it (0: never).
// Segments say what each of the moments means, by when an attempt starts. Starts at or before closed open no attempt under FirstStart.
func (v *evaluator) evaluate(
	p *plan, now view, moments []moment, segments []segment, closed *closing, c *contribution,
) (due event.Time) {
	c.reset()
	v.stops, v.passed = v.stops[:0], v.passed[:0]
	v.plan, v.view = p, now
	from := 0
	if !p.firstStart { // an attempt needs nothing before its start
		from = sort.Search(len(moments), func(i int) bool { return moments[i].time >= now.from })
	}
	v.index(moments, segments[0].marks, from)
	var best attempt
	best.depth = -1
	open := closed.of("") // the end of the open attempt
	for s := v.next(0, 0); s >= 0; s = v.next(0, s+1) {
		start := v.times[s]
		if p.firstStart && start <= open {
			continue
		}
		if start >= now.until {
			if p.rollingDays > 0 {
				due = earlier(due, p.calendar.start(p.calendar.day(start)))
			}
			break
		}
		if v.eclipsed(s) {
			continue
		}
		a := v.walk(s)
		if p.firstStart {
			open = a.end
		}
		if start < now.from {
			continue
		}
		if v.addValues(&a, moments, c) && p.rollingDays > 0 {
			due = earlier(due, p.leaves(start))
		}
		if a.betters(&best) {
			best = a
			v.copyPath(c, &a)
			v.trace(moments, c, &a)
		}
	}
	if best.depth >= 0 {
		due = earlier(due, v.settle(&best, c))
	}
	return due
}

// eclipsed says whether the next start makes a start needless under LatestStart: when both find the same event for the second stage, the later
// one goes at least as far through the same events, and represents rather. It is one look, and saves a walk for each of the many
// events that only start. (Unless the first stage counts a value: then each start does.)
func (v *evaluator) eclipsed(s int) bool {
	if v.plan.firstStart || v.tied || v.plan.stages == 1 || v.plan.valued&1 != 0 {
		return false
	}
	later := v.next(0, s+1)
	return later >= 0 && v.times[later] < v.view.until && v.next(1, s+1) == v.next(1, later+1)
}

// lastEnd gives the end of the last attempt under FirstStart that started before the boundary, or closed when there is none.
func (v *evaluator) lastEnd(p *plan, moments []moment, segments []segment, closed *closing, boundary event.Time) *closing {
	v.plan = p
	v.index(moments, segments[0].marks, 0)
	for s := v.next(0, 0); s >= 0 && v.times[s] < boundary; s = v.next(0, s+1) {
		if v.times[s] > closed.of("") {
			a := v.walk(s)
			closed = &closing{end: a.end}
		}
	}
	return closed
}

// leaves gives when an attempt leaves the rolling period.
func (p *plan) leaves(start event.Time) event.Time {
	return p.calendar.start(p.calendar.day(start) + p.rollingDays)
}

// stop is an event with which an attempt reached a stage.
type stop struct {
	stage int8
	time  event.Time
	id    string
	// deadline is the last instant at which the next stage is awaited.
	deadline event.Time
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
	start := v.times[s]
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
		if j < 0 || v.times[j] > end {
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
	at := v.times[v.path[depth]]
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
		took := v.times[v.path[i+1]] - v.times[v.path[i]]
		if drop := v.plan.dropAfter[i]; drop > 0 && took > drop {
			c.recovered |= 1 << i
		}
		c.toNext = append(c.toNext, uint16(aggregate.Bucket(time.Duration(took)*time.Microsecond)))
	}
}

// trace notes where the representative stands, and where it went on in time.
func (v *evaluator) trace(moments []moment, c *contribution, a *attempt) {
	v.stops, v.passed = v.stops[:0], v.passed[:0]
	if v.plan.signalMaxAge == 0 {
		return
	}
	at := func(stage int) stop {
		m := &moments[v.positions[v.path[stage]]]
		return stop{stage: int8(stage), time: m.time, id: m.id}
	}
	if a.status != converted {
		s := at(a.depth)
		s.deadline = a.deadline
		v.stops = append(v.stops, s)
	}
	for i := range a.depth {
		if v.traces && c.recovered&(1<<i) == 0 {
			v.passed = append(v.passed, at(i))
		}
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
func (v *evaluator) addValues(a *attempt, moments []moment, c *contribution) (found bool) {
	if v.plan.valued == 0 {
		return false
	}
	for left := v.plan.valued & (1<<(a.depth+1) - 1); left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		j := v.path[i]
		for amount := moments[v.positions[j]].details; amount != nil; amount = amount.next {
			if amount.slot != v.plan.slot || amount.kind != amountDetail || int(amount.index) != i {
				continue
			}
			found = true
			if v.counted[j]&(1<<i) == 0 {
				v.counted[j] |= 1 << i
				c.addValue(i, amount.amount)
			}
		}
	}
	return found
}

// index takes in the events that may fill a stage, prepares the search for the next of a stage, and finds those that share a time.
func (v *evaluator) index(moments []moment, marks []uint32, from int) {
	v.times, v.stages, v.positions, v.tied = v.times[:0], v.stages[:0], v.positions[:0], false
	for i := from; i < len(marks); i++ {
		stages := marks[i] & stageMarks
		if stages == 0 {
			continue
		}
		n := len(v.times)
		v.tied = v.tied || n > 0 && v.times[n-1] == moments[i].time
		v.times = append(v.times, moments[i].time)
		v.stages = append(v.stages, stages)
		v.positions = append(v.positions, int32(i))
	}
	words := (len(v.times) + 63) / 64
	for i := range v.plan.stages {
		v.at[i] = zeroed(v.at[i], words)
	}
	for j, left := range v.stages {
		for ; left != 0; left &= left - 1 {
			v.at[bits.TrailingZeros32(left)][j/64] |= 1 << (j % 64)
		}
	}
	if v.plan.valued != 0 {
		v.counted = zeroed(v.counted, len(v.times))
	}
	if v.tied {
		v.group()
	}
}

// next gives the first event at or after from that may fill a stage, or -1.
func (v *evaluator) next(stage, from int) int {
	words := v.at[stage]
	w := int(uint(from) / 64)
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
