// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "math/bits"

// eclipsed gives a later start of the same day that makes a start needless, and all between them, where each start counts by itself: one
// that goes at least as far through the same events, and represents rather. It gives the start itself when there is none. So contacts
// with very many events that only start are quick to evaluate.
func (v *evaluator) eclipsed(s int) int {
	p := v.plan
	if v.tied || p.stages == 1 || v.used&ownBit != 0 && v.marks[s]&ownBit != 0 {
		return s
	}
	switch {
	case p.plain:
		return v.eclipsedPlain(s)
	case p.valued != 0: // it may go another way, through other values
		return s
	case p.anyOrder:
		return v.eclipsedAny(s)
	}
	return v.eclipsedInGeneral(s)
}

// eclipsedPlain finds the last start that finds the same event for the second stage. When the first stage counts a value, or the event has
// the unit's, each start counts.
func (v *evaluator) eclipsedPlain(s int) int {
	if v.plan.valued&1 != 0 {
		return s
	}
	before := v.next(1, s+1)
	if before < 0 {
		before = len(v.times)
	}
	if v.used&ownBit != 0 {
		if own := v.next(ownRow, s+1); own >= 0 {
			before = min(before, own+1)
		}
	}
	later := v.last(0, s+1, before)
	if end := min(v.count.tomorrow, v.segmentEnd); later >= 0 && v.times[later] >= end {
		later = v.last(0, s+1, v.since(end))
	}
	return max(s, later)
}

// eclipsedAny says whether the next event can only fill the very stage that this one does.
func (v *evaluator) eclipsedAny(s int) int {
	later := s + 1
	if len(v.plan.exclusions) > 0 || later == len(v.times) || v.times[later] >= min(v.count.tomorrow, v.segmentEnd) {
		return s
	}
	if v.used&startBit != 0 && v.marks[later]&startBit == 0 {
		return s
	}
	if stages := v.marks[s] & stageMarks; bits.OnesCount32(stages) != 1 || v.marks[later]&stageMarks != stages {
		return s
	}
	return later
}

// eclipsedInGeneral looks at the next start: nothing that could come next lies between, and no exclusion finds the later alone.
func (v *evaluator) eclipsedInGeneral(s int) int {
	later := v.next(0, s+1)
	if later < 0 || v.times[later] >= min(v.count.tomorrow, v.segmentEnd) {
		return s
	}
	exclusions := v.used & exclusionMarks
	others := v.used & (stageMarks &^ 1)
	if exclusions != 0 && v.plan.strict {
		return s
	}
	for left := others | exclusions; left != 0; left &= left - 1 {
		row := bits.TrailingZeros32(left)
		if v.next(row, s+1) != v.next(row, later+1) {
			return s
		}
	}
	after := v.since(v.times[s] + v.plan.window + 1)
	for left := exclusions; left != 0; left &= left - 1 {
		j := v.next(bits.TrailingZeros32(left), after)
		if j >= 0 && v.times[j] <= v.times[later]+v.plan.window {
			return s
		}
	}
	return later
}
