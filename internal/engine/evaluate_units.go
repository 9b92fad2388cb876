// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"maps"
	"slices"
	"sort"

	"github.com/waymark-dev/waymark/internal/event"
)

// correlation tells the units of a contact apart, one for each value of what the funnel correlates by, and one without.
type correlation struct {
	// of has for each of the contact's moments the number of its value; 0 for none.
	of []int32
	// value is that of the unit at hand, and number its number; alone is set when moments with a value are not among those of the unit
	// without.
	value  string
	number int32
	alone  bool
	// spans are the first and the last time of each value, and its number.
	spans map[string]valueSpan
}

type valueSpan struct {
	number      int32
	first, last event.Time
}

// find notes the values of the moments from a position on.
func (u *correlation) find(p *plan, moments []moment, from int) {
	u.of, u.spans = zeroed(u.of, len(moments)), map[string]valueSpan{}
	for i := from; i < len(moments); i++ {
		d := moments[i].detail(p.slot, unitDetail)
		if d == nil || d.kind != unitDetail {
			continue
		}
		span, found := u.spans[d.text]
		if !found {
			span = valueSpan{number: int32(len(u.spans)) + 1, first: moments[i].time}
		}
		span.last = moments[i].time
		u.spans[d.text] = span
		u.of[i] = span.number
	}
}

// take goes on to the unit of a value.
func (u *correlation) take(value string) {
	u.value, u.number = value, -1 // no moment has it
	if span, found := u.spans[value]; found {
		u.number = span.number
	}
	u.alone = value == ""
}

// leave is for funnels that do not correlate.
func (u *correlation) leave() { u.value, u.number, u.alone = "", 0, false }

// known gives the values of the moments and of closings, but for the empty one, in their order.
func (u *correlation) known(closed *closing) []string {
	values := slices.Collect(maps.Keys(u.spans))
	for ; closed != nil; closed = closed.next {
		if closed.value != "" {
			values = append(values, closed.value)
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// members gives what tells whether a moment is one of the unit at hand; nil when all are.
func (u *correlation) members() *correlation {
	if u.value == "" && !u.alone {
		return nil
	}
	return u
}

func (u *correlation) has(position int) bool {
	return u.of[position] == 0 || u.of[position] == u.number
}

// carries says whether a moment carries the value of the unit at hand, which has one.
func (u *correlation) carries(position int32) bool {
	return u.value != "" && u.of[position] == u.number
}

// passUnits goes through the units of the contact, and then through the one without a value, which counts where none of the others does.
func (v *evaluator) passUnits(segments []segment, closed *closing, from int) {
	u, moments := &v.units, v.moments
	u.find(v.plan, moments, from)
	for _, value := range u.known(nil) {
		u.take(value)
		// What lies further from the value's events than a window is in no attempt with one of them.
		first, last := u.spans[value].first-v.plan.window, u.spans[value].last+v.plan.window
		lo := sort.Search(len(moments), func(i int) bool { return moments[i].time >= first })
		hi := sort.Search(len(moments), func(i int) bool { return moments[i].time > last })
		v.pass(segments, closed.of(value), max(lo, from), hi)
	}
	u.take("")
	v.count.others()
	v.pass(segments, closed.of(""), from, len(moments))
	u.leave()
}
