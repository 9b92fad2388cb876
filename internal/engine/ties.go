// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "slices"

// group is a run of events that share a time: from start on and before end.
type group struct{ start, end int32 }

// fillKey is one question about a group: how it fills the stages after depth without the event that is excluded (-1: none is).
type fillKey struct {
	start    int32
	depth    int32
	excluded int32
}

// group finds the runs of events of equal time.
func (v *evaluator) group() {
	v.groups = zeroed(v.groups, len(v.times))
	v.fills, v.kept = map[fillKey][]int32{}, map[fillKey][]int32{}
	for start := 0; start < len(v.times); {
		end := start + 1
		for end < len(v.times) && v.times[end] == v.times[start] {
			end++
		}
		for j := start; j < end; j++ {
			v.groups[j] = group{int32(start), int32(end)}
		}
		start = end
	}
}

// fill lets the events of a group fill the stages after depth, as many as can be, each with an event of its own; of several ways
// it takes the one whose events, read in the order of the stages, come first. It notes them in the path and gives the new depth.
func (v *evaluator) fill(g group, depth, excluded int) int {
	if g.end-g.start == 1 {
		if excluded < 0 {
			depth++ // the walk came here because the one event fills the next stage
			v.path[depth] = g.start
		}
		return depth
	}
	events := v.candidates(g, depth)
	key := fillKey{g.start, int32(depth), -1}
	rest := events[:0:0]
	for _, e := range events {
		if int(e) == excluded {
			key.excluded = e
			continue
		}
		rest = append(rest, e)
	}
	filled, known := v.fills[key]
	if !known {
		filled = v.assign(rest, depth)
		v.fills[key] = filled
	}
	copy(v.path[depth+1:], filled)
	return depth + len(filled)
}

// candidates gives the events of a group that can matter. Events that may fill the same stages differ only in their ids, and at
// most one for each stage is used: the smallest ids, and one more because one may be excluded, are enough.
func (v *evaluator) candidates(g group, depth int) []int32 {
	key := fillKey{g.start, int32(depth), -1}
	if events, known := v.kept[key]; known {
		return events
	}
	var events []int32
	enough := v.plan.stages - depth
	seen := map[uint32]int{}
	for j := g.start; j < g.end; j++ {
		stages := v.stages[j]
		if seen[stages]++; seen[stages] <= enough {
			events = append(events, j)
		}
	}
	v.kept[key] = events
	return events
}

// assign finds for the stages after depth the events that fill them.
func (v *evaluator) assign(events []int32, depth int) []int32 {
	most := 0
	for depth+most+1 < v.plan.stages && v.assignable(events, nil, depth+1, depth+most+1) {
		most++
	}
	filled := make([]int32, 0, most)
	for stage := depth + 1; stage <= depth+most; stage++ {
		for _, e := range events {
			if v.stages[e]&(1<<stage) == 0 || slices.Contains(filled, e) {
				continue
			}
			if v.assignable(events, append(filled, e), stage+1, depth+most) {
				filled = append(filled, e)
				break
			}
		}
	}
	return filled
}

// assignable says whether the stages from first to last can each have an event of their own that is not taken.
func (v *evaluator) assignable(events, taken []int32, first, last int) bool {
	holder := map[int32]int{} // which stage an event fills
	for stage := first; stage <= last; stage++ {
		if !v.place(stage, events, taken, holder, map[int32]bool{}) {
			return false
		}
	}
	return true
}

// place finds an event for a stage, moving other stages to other events where that helps.
func (v *evaluator) place(stage int, events, taken []int32, holder map[int32]int, tried map[int32]bool) bool {
	for _, e := range events {
		if v.stages[e]&(1<<stage) == 0 || tried[e] || slices.Contains(taken, e) {
			continue
		}
		tried[e] = true
		other, held := holder[e]
		if !held || v.place(other, events, taken, holder, tried) {
			holder[e] = stage
			return true
		}
	}
	return false
}
