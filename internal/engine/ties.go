// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
)

// group is a run of events that share a time: from start on and before end.
type group struct {
	start, end int32
	// marks are those of all its events, and breaks is how many of them break.
	marks  uint32
	breaks int32
}

// group finds the runs of events of equal time.
func (x *index) group() {
	x.groups = zeroed(x.groups, len(x.times))
	for start := 0; start < len(x.times); {
		g := group{start: int32(start)}
		end := start
		for ; end < len(x.times) && x.times[end] == x.times[start]; end++ {
			g.marks |= x.marks[end]
			g.breaks += int32(x.marks[end] >> breakRow & 1)
		}
		g.end = int32(end)
		for j := start; j < end; j++ {
			x.groups[j] = g
		}
		start = end
	}
}

// groupOf gives the events of event j's time.
func (x *index) groupOf(j int) group {
	if x.tied {
		return x.groups[j]
	}
	return group{start: int32(j), end: int32(j) + 1, marks: x.marks[j], breaks: int32(x.marks[j] >> breakRow & 1)}
}

// fillKey is one question about a group: how its events fill stages after depth without the one that is excluded (-1: none is).
type fillKey struct {
	start, depth, excluded int32
}

// filling is how the events of a group fill stages at once: the deepest of them, all of them as bits, and their events in the order
// of the stages.
type filling struct {
	depth  int
	stages uint32
	events []int32
	// covers is set when the events are all those of the group that break.
	covers bool
}

// fillings gives for each depth that the group's events can bring an attempt to the best way to get there: with most stages, the
// earliest of them, and then of the events, in the order of the stages, the first. Under order Strict there is another where that way
// leaves events that break: the best that uses all of these, so that the attempt can go on.
func (v *evaluator) fillings(g group, depth, excluded int) []filling {
	events := v.candidates(g, depth, -1)
	key := fillKey{g.start, int32(depth), -1}
	if excluded >= 0 && slices.Contains(events, int32(excluded)) {
		key.excluded = int32(excluded)
	}
	found, known := v.fills[key]
	if !known {
		if key.excluded >= 0 {
			events = v.candidates(g, depth, excluded)
		}
		found = v.findFillings(g, depth, events)
		v.fills[key] = found
	}
	return found
}

// candidates gives the events of a group that can matter, in their order. At most one is used for each stage, so the first few that
// may fill a stage are enough; and all that break, unless they are more than there are stages.
func (v *evaluator) candidates(g group, depth, excluded int) []int32 {
	var events []int32
	later := uint32(1)<<v.plan.stages - 1<<(depth+1)
	enough := v.plan.stages - depth
	for left := later & g.marks; left != 0; left &= left - 1 {
		row := bits.TrailingZeros32(left)
		from := int(g.start)
		for range enough {
			j := v.next(row, from)
			if j < 0 || j >= int(g.end) {
				break
			}
			if from = j + 1; j != excluded {
				events = append(events, int32(j))
			}
		}
	}
	if int(g.breaks) <= enough {
		for j := v.nextBreak(int(g.start)); j >= 0 && j < int(g.end); j = v.nextBreak(j + 1) {
			if j != excluded {
				events = append(events, int32(j))
			}
		}
	}
	slices.Sort(events)
	return slices.Compact(events)
}

func (v *evaluator) nextBreak(from int) int {
	if v.used&breakBit == 0 {
		return -1
	}
	return v.next(breakRow, from)
}

func (v *evaluator) findFillings(g group, depth int, events []int32) (found []filling) {
	p := v.plan
	m := matching{marks: v.marks, events: events}
	for to := depth + 1; to < p.stages; to++ {
		between := uint32(1)<<to - 1<<(depth+1)
		required := between &^ p.optional
		if !m.possible(required, nil) {
			break // nor is anything deeper
		}
		stages := required | 1<<to
		if !m.possible(stages, nil) {
			continue
		}
		for left := between & p.optional; left != 0; left &= left - 1 {
			if more := stages | left&-left; m.possible(more, nil) {
				stages = more
			}
		}
		found = append(found, v.fillingsWith(&m, g, to, stages)...)
	}
	return found
}

func (v *evaluator) fillingsWith(m *matching, g group, depth int, stages uint32) []filling {
	best := filling{depth: depth, stages: stages, events: m.first(stages, nil)}
	used := int32(0)
	for _, e := range best.events {
		used += int32(v.marks[e] >> breakRow & 1)
	}
	best.covers = used == g.breaks
	if best.covers || !v.plan.strict || depth >= v.plan.complete || int(g.breaks) > len(best.events) {
		return []filling{best}
	}
	var breaking []int32
	for _, e := range m.events {
		if v.marks[e]&breakBit != 0 {
			breaking = append(breaking, e)
		}
	}
	if !m.possible(stages, breaking) {
		return []filling{best}
	}
	return []filling{best, {depth: depth, stages: stages, events: m.first(stages, breaking), covers: true}}
}

// matching gives stages events of their own.
type matching struct {
	marks  []uint32
	events []int32
	// taken are events that may not be used any more.
	taken []int32
	// holder is the event that fills a stage, or -1; stage the one that an event fills.
	holder [definition.MaxStages]int32
	stage  map[int32]int
	tried  map[int32]bool
}

// first gives for the stages, in their order, the first events that leave enough for the rest. All of must are among them.
func (m *matching) first(stages uint32, must []int32) []int32 {
	m.taken = m.taken[:0]
	rest := slices.Clone(must)
	for left := stages; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		for _, e := range m.events {
			if m.marks[e]&(1<<stage) == 0 || slices.Contains(m.taken, e) {
				continue
			}
			m.taken = append(m.taken, e)
			without := slices.DeleteFunc(slices.Clone(rest), func(o int32) bool { return o == e })
			if m.possible(left&(left-1), without) {
				rest = without
				break
			}
			m.taken = m.taken[:len(m.taken)-1]
		}
	}
	events := slices.Clone(m.taken)
	m.taken = m.taken[:0]
	return events
}

// possible says whether each of the stages can have an event of its own that is not taken, so that all of must are used.
func (m *matching) possible(stages uint32, must []int32) bool {
	for i := range m.holder {
		m.holder[i] = -1
	}
	m.stage = map[int32]int{}
	for _, e := range must {
		if !m.placeEvent(e, stages, new(uint32)) {
			return false
		}
	}
	// What has a place keeps one while others find theirs.
	for left := stages; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		if m.holder[stage] >= 0 {
			continue
		}
		m.tried = map[int32]bool{}
		if !m.placeStage(stage) {
			return false
		}
	}
	return true
}

// placeStage finds an event for a stage, moving other stages to other events where that helps.
func (m *matching) placeStage(stage int) bool {
	for _, e := range m.events {
		if m.marks[e]&(1<<stage) == 0 || m.tried[e] || slices.Contains(m.taken, e) {
			continue
		}
		m.tried[e] = true
		other, held := m.stage[e]
		if !held || m.placeStage(other) {
			m.holder[stage], m.stage[e] = e, stage
			return true
		}
	}
	return false
}

// placeEvent finds a stage for an event, moving other events to other stages where that helps.
func (m *matching) placeEvent(e int32, stages uint32, tried *uint32) bool {
	for left := m.marks[e] & stages &^ *tried; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		if *tried&(1<<stage) != 0 {
			continue
		}
		*tried |= 1 << stage
		if other := m.holder[stage]; other < 0 || m.placeEvent(other, stages, tried) {
			m.holder[stage], m.stage[e] = e, stage
			return true
		}
	}
	return false
}
