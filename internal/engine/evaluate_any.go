// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
)

// joins are the events that an attempt under order Any has taken in. An event joins when it and all before it can still have stages of
// their own; so their number is the largest that there can be.
type joins struct {
	events []int32
	// holder is the event that has a stage for now; -1 for none.
	holder [definition.MaxStages]int32
	// open are the stages by which one more event would find a place, if others moved.
	open uint32
}

func (js *joins) begin(stages int) {
	js.events = js.events[:0]
	for i := range js.holder {
		js.holder[i] = -1
	}
	js.open = 1<<stages - 1
}

// add lets an event join that has an open stage.
func (js *joins) add(e int32, marks []uint32, stages int) {
	js.events = append(js.events, e)
	js.place(e, marks, new(uint32))
	js.open = 0
	for i := range stages {
		if js.holder[i] < 0 {
			js.open |= 1 << i
		}
	}
	for grew := js.open != 0; grew; {
		grew = false
		for i := range stages {
			if js.open&(1<<i) == 0 && marks[js.holder[i]]&js.open != 0 {
				js.open |= 1 << i
				grew = true
			}
		}
	}
}

// place finds a stage for an event among those that are open, moving other events to other stages where that helps.
func (js *joins) place(e int32, marks []uint32, tried *uint32) bool {
	for left := marks[e] & js.open; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		if *tried&(1<<stage) != 0 {
			continue
		}
		*tried |= 1 << stage
		if other := js.holder[stage]; other < 0 || js.place(other, marks, tried) {
			js.holder[stage] = e
			return true
		}
	}
	return false
}

// walkAny lets events join the one that starts the attempt: the others of its time, and then those after it, in their order.
func (v *evaluator) walkAny(a *attempt, s int) (f fate) {
	js, last := &v.joins, v.plan.stages-1
	js.begin(v.plan.stages)
	js.add(int32(s), v.marks, v.plan.stages)
	own := v.groupOf(s)
	var ahead lookahead
	v.joinFrom(&ahead, int(own.start), int(own.end), s)
	from := int(own.end)
	for js.open != 0 {
		j := ahead.next(&v.index, js.open|v.used&exclusionMarks, from)
		if j < 0 || v.times[j] > a.start+v.plan.window {
			break
		}
		g, before := v.groupOf(j), len(js.events)-1
		v.joinFrom(&ahead, j, int(g.end), -1)
		from = int(g.end)
		if ends, discards := v.plan.harm(g.marks&exclusionMarks>>exclusionShift, before, len(js.events)-1); ends {
			f = fate{ended: true, discarded: discards, when: v.times[j]}
			break
		}
	}
	a.depth = min(len(js.events)-1, last)
	a.filled = 2<<a.depth - 1
	copy(a.path[:], js.events)
	if v.plan.valued != 0 || len(v.plan.breakdowns) > 0 {
		v.name(a)
	}
	return f
}

// joinFrom lets the events from one on and before another join that can, but for the start.
func (v *evaluator) joinFrom(ahead *lookahead, from, to, start int) {
	for from < to && v.joins.open != 0 {
		j := ahead.next(&v.index, v.joins.open, from)
		if j < 0 || j >= to {
			return
		}
		if j != start {
			v.joins.add(int32(j), v.marks, v.plan.stages)
		}
		from = j + 1
	}
}

// name finds for each stage the event that fills it: stage by stage the earliest that leaves the rest of the events stages of their own.
// A stage is left out only if they would not all have one otherwise.
func (v *evaluator) name(a *attempt) {
	var levels [definition.MaxStages]int8 // in the order of their events
	rest := levels[:len(v.joins.events)]
	for i := range rest {
		rest[i] = int8(i)
	}
	slices.SortFunc(rest, func(i, j int8) int { return cmp.Compare(v.joins.events[i], v.joins.events[j]) })
	for i := range v.plan.stages {
		a.named[i] = -1
		for at, level := range rest {
			if v.marks[v.joins.events[level]]&(1<<i) != 0 && v.placeable(rest, at, i+1) {
				a.named[i] = level
				rest = slices.Delete(rest, at, at+1)
				break
			}
		}
	}
}

// placeable says whether the events of the levels, but for one, can each have a stage of their own, from one on.
func (v *evaluator) placeable(levels []int8, but, from int) bool {
	var js joins
	js.begin(v.plan.stages)
	js.open &^= 1<<from - 1
	for at, level := range levels {
		if at != but && !js.place(v.joins.events[level], v.marks, new(uint32)) {
			return false
		}
	}
	return true
}
