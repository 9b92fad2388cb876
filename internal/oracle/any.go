// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import "slices"

// anyOrder follows a start of a funnel whose stages come in whatever order. An event joins when it and those that joined before can
// fill as many different stages as they are; the k-th that joins reaches level k.
func (j *judge) anyOrder(start *happening, events []*happening) (joined []*happening, w way) {
	joined = []*happening{start}
	last := len(j.funnel.Stages) - 1
	for _, group := range j.groups(start, events) {
		before := len(joined) - 1
		for _, e := range group {
			if j.fillStages(append(slices.Clone(joined), e), 0) {
				joined = append(joined, e)
			}
		}
		if before == last {
			break
		}
		if group[0].time == start.time {
			continue // they may have come before the start
		}
		if w.end = j.excluded(group, before, len(joined)-1); w.end != notEnded {
			w.endedAt = group[0].time
			break
		}
	}
	for level, e := range joined {
		w.steps = append(w.steps, step{level, e})
	}
	return joined, w
}

// fillStages says whether every one of the events can fill another one of the stages from the given one on.
func (j *judge) fillStages(events []*happening, from int) bool {
	return j.fillWithout(events, from, 0)
}

func (j *judge) fillWithout(events []*happening, from int, taken uint32) bool {
	if len(events) == 0 {
		return true
	}
	for stage := from; stage < len(j.funnel.Stages); stage++ {
		if taken&(1<<stage) == 0 && events[0].fills(stage) && j.fillWithout(events[1:], from, taken|1<<stage) {
			return true
		}
	}
	return false
}

// named gives each stage its event: stage by stage the earliest one that leaves all others a stage; a stage stays empty only when none can.
func (j *judge) named(joined []*happening) []*happening {
	left := slices.SortedFunc(slices.Values(joined), byPosition)
	filled := make([]*happening, len(j.funnel.Stages))
	for stage := range filled {
		for i, e := range left {
			others := slices.Delete(slices.Clone(left), i, i+1)
			if e.fills(stage) && j.fillStages(others, stage+1) {
				filled[stage], left = e, others
				break
			}
		}
	}
	return filled
}
