// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"sort"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// attempt is one walk through the stages.
type attempt struct {
	start event.Time
	// depth is the deepest stage that it filled, filled all of them as bits. Under order Any they are levels: how many but one.
	depth  int
	filled uint32
	// path has for each filled stage, or level, the position of the moment that filled it.
	path [definition.MaxStages]int32
	// named has for each stage the level at which it was filled under order Any, -1 for none, if anything is asked of stages.
	named [definition.MaxStages]int8
	// status is that of stage depth.
	status status
	// complete is set when no stage is left that must be reached, and excluded when an exclusion discarded the attempt.
	complete, excluded bool
	// deadline is the last instant at which the next stage is still awaited, when the status is not converted.
	deadline event.Time
	// end is the last instant at which the attempt is open.
	end event.Time
}

// betters says whether an attempt represents the unit rather than b, which started no later: one that is not excluded, then deeper,
// then converted before in progress before dropped, then later. Of equal times the smaller id came first and stays.
func (a *attempt) betters(b *attempt) bool {
	switch {
	case a.excluded != b.excluded:
		return b.excluded
	case a.depth != b.depth:
		return a.depth > b.depth
	case a.status != b.status && !a.excluded:
		return a.status > b.status
	}
	return a.start > b.start
}

// at gives the position of the moment that filled a stage.
func (a *attempt) at(p *plan, stage int) (position int32, filled bool) {
	if p.anyOrder {
		level := a.named[stage]
		return a.path[max(level, 0)], level >= 0
	}
	return a.path[stage], a.filled&(1<<stage) != 0
}

// fate is what became of an attempt before its window passed.
type fate struct {
	// ended is set when an exclusion ended it, discarded when that voids it, and broken when an event came between.
	ended, discarded, broken bool
	// when is the time of the event that did it.
	when event.Time
}

// walk follows the attempt that event s starts into tried. It says whether that is an attempt of the unit.
func (v *evaluator) walk(s int) bool {
	a := &v.tried
	a.start, a.filled, a.depth = v.times[s], 1, 0
	a.path[0] = int32(s)
	var f fate
	switch {
	case v.plan.plain:
		v.walkPlain(a, s)
	case v.plan.anyOrder:
		f = v.walkAny(a, s)
	default:
		f = v.walkWays(a, s)
	}
	belongs := v.units.value == ""
	for left := a.filled; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		a.path[i] = v.positions[a.path[i]]
		belongs = belongs || v.units.carries(a.path[i])
	}
	v.judge(a, &f)
	return belongs
}

// walkPlain fills at each time as many of the next stages as the events of that time allow. What lies after a stage does not change how
// the stage was filled, so this is deepest, then earliest, then smallest.
func (v *evaluator) walkPlain(a *attempt, s int) {
	last, end := v.plan.stages-1, a.start+v.plan.window
	from := s + 1
	if v.tied {
		own := v.groups[s]
		v.fillPlain(a, own, s)
		from = int(own.end)
	}
	for a.depth < last {
		j := v.next(a.depth+1, from)
		if j < 0 || v.times[j] > end {
			break
		}
		if !v.tied || v.groups[j].end-v.groups[j].start == 1 {
			a.depth++
			a.path[a.depth] = int32(j)
			from = j + 1
			continue
		}
		v.fillPlain(a, v.groups[j], -1)
		from = int(v.groups[j].end)
	}
	a.filled = 2<<a.depth - 1
}

// fillPlain lets the events of a group fill the stages after the attempt's depth, as many as can be.
func (v *evaluator) fillPlain(a *attempt, g group, excluded int) {
	if g.end-g.start == 1 {
		return // it is the start itself
	}
	fillings := v.fillings(g, a.depth, excluded)
	if len(fillings) == 0 {
		return
	}
	deepest := &fillings[len(fillings)-1]
	copy(a.path[a.depth+1:], deepest.events)
	a.depth = deepest.depth
}

// judge gives the status of an attempt at the clock.
func (v *evaluator) judge(a *attempt, f *fate) {
	p := v.plan
	at, windowEnd := v.moments[a.path[a.depth]].time, a.start+p.window
	a.complete, a.excluded = a.depth >= p.complete, f.discarded
	a.end = windowEnd
	switch {
	case a.depth == p.stages-1:
		a.end = at
	case f.ended || f.broken:
		a.end = max(f.when-1, at)
	}
	switch {
	case a.excluded:
		a.status = dropped // nobody asks
		return
	case a.complete:
		a.status = converted
		return
	}
	a.deadline = windowEnd
	if p.dropAfter[a.depth] > 0 {
		a.deadline = min(a.deadline, at+p.dropAfter[a.depth])
	}
	if p.dropIdle[a.depth] > 0 {
		a.deadline = min(a.deadline, v.lastAct(at, windowEnd)+p.dropIdle[a.depth])
	}
	a.status = inProgress
	if v.view.clock > a.deadline {
		a.status = dropped
	}
}

// lastAct gives when the contact acted last from one instant to another, or the former.
func (v *evaluator) lastAct(from, to event.Time) event.Time {
	after := sort.Search(len(v.acts), func(i int) bool { return v.acts[i] > to })
	if after == 0 {
		return from
	}
	return max(from, v.acts[after-1])
}

// idled says whether the contact ever paused for longer than so long from one instant to another.
func (v *evaluator) idled(from, to, longest event.Time) bool {
	last := from
	for i := sort.Search(len(v.acts), func(i int) bool { return v.acts[i] > from }); i < len(v.acts) && v.acts[i] < to; i++ {
		if v.acts[i]-last > longest {
			return true
		}
		last = v.acts[i]
	}
	return to-last > longest
}
