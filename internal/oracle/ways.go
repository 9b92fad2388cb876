// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// step is one stage that an attempt reached, and the event that it reached it by.
type step struct {
	stage int
	event *happening
}

// way is a way, or the rest of one, through the stages of a funnel whose order is Ordered or Strict.
type way struct {
	steps []step
	end   ending
	// endedAt is when an exclusion or a breaking event ended it.
	endedAt event.Time
}

// ending is what ended a way before its time.
type ending int

const (
	notEnded ending = iota
	byDiscard
	byEnd
	byBreak
)

// better says which of two ways that begin alike is chosen: deepest, then one that no exclusion ended, then the most stages, then the
// earliest times, then the smallest ids.
func (a way) better(b way, stages int) bool {
	return cmp.Or(
		cmp.Compare(a.depth(), b.depth()),
		cmp.Compare(a.freedom(), b.freedom()),
		cmp.Compare(len(a.steps), len(b.steps)),
		a.compareStages(b, stages, func(x, y *happening) int { return cmp.Compare(y.time, x.time) }),
		a.compareStages(b, stages, func(x, y *happening) int { return y.identity.compare(x.identity) }),
	) > 0
}

// depth is the last stage that was reached, and -1 of nothing.
func (a way) depth() int {
	if len(a.steps) == 0 {
		return -1
	}
	return a.steps[len(a.steps)-1].stage
}

func (a way) freedom() int {
	if a.end == byDiscard || a.end == byEnd {
		return 0
	}
	return 1
}

// compareStages compares stage by stage, from the first. Filling a stage is better than leaving it out.
func (a way) compareStages(b way, stages int, compare func(x, y *happening) int) int {
	for stage := range stages {
		ours, theirs := a.at(stage), b.at(stage)
		switch {
		case ours == nil && theirs == nil:
			continue
		case ours == nil:
			return -1
		case theirs == nil:
			return 1
		}
		if c := compare(ours, theirs); c != 0 {
			return c
		}
	}
	return 0
}

// at gives the event that fills a stage, or nil.
func (a way) at(stage int) *happening {
	for _, s := range a.steps {
		if s.stage == stage {
			return s.event
		}
	}
	return nil
}

// walk looks for the best way of one start.
type walk struct {
	*judge
	start *happening
	// groups are the events from the start to the end of its window, but for the start itself, those of one time together.
	groups [][]*happening
	// known holds the best way on from a group at a depth: it is the same however one came there.
	known map[[2]int]way
}

// bestWay gives the best of all ways of a start.
func (j *judge) bestWay(start *happening, events []*happening) way {
	w := walk{judge: j, start: start, groups: j.groups(start, events), known: map[[2]int]way{}}
	rest := w.from(0, 0)
	rest.steps = append([]step{{0, start}}, rest.steps...)
	return rest
}

// groups gives the events of an attempt besides its start, by time.
func (j *judge) groups(start *happening, events []*happening) [][]*happening {
	var groups [][]*happening
	for _, e := range events {
		if e == start || e.time < start.time || e.time > j.windowEnd(start) {
			continue
		}
		if n := len(groups); n > 0 && groups[n-1][0].time == e.time {
			groups[n-1] = append(groups[n-1], e)
		} else {
			groups = append(groups, []*happening{e})
		}
	}
	return groups
}

func (j *judge) windowEnd(start *happening) event.Time { return start.time.Add(j.funnel.Window) }

// from gives the best way on, beginning with a group of events, when the stage depth is the last that was reached.
func (w *walk) from(group, depth int) way {
	if group == len(w.groups) || depth == len(w.funnel.Stages)-1 {
		return way{}
	}
	if best, ok := w.known[[2]int{group, depth}]; ok {
		return best
	}
	var best *way
	for _, filled := range w.fillings(group, depth) {
		on := w.on(group, depth, filled)
		if best == nil || on.better(*best, len(w.funnel.Stages)) {
			best = &on
		}
	}
	w.known[[2]int{group, depth}] = *best
	return *best
}

// on is the best way on that takes these steps in this group.
func (w *walk) on(group, depth int, filled []step) way {
	events := w.groups[group]
	after := depth
	if len(filled) > 0 {
		after = filled[len(filled)-1].stage
	}
	if end := w.ends(events, depth, after, filled); end != notEnded {
		return way{filled, end, events[0].time}
	}
	rest := w.from(group+1, after)
	return way{append(slices.Clone(filled), rest.steps...), rest.end, rest.endedAt}
}

// ends says what the events of one time do to a way that had reached one stage before and another one after them. They do nothing to an
// attempt that starts at that time: they may have come before it.
func (w *walk) ends(events []*happening, before, after int, filled []step) ending {
	if events[0].time == w.start.time {
		return notEnded
	}
	if end := w.excluded(events, before, after); end != notEnded {
		return end
	}
	if w.funnel.Order == definition.Strict && !w.complete(after) && !usesAll(filled, breaking(events)) {
		return byBreak
	}
	return notEnded
}

// excluded says whether an exclusion meets the attempt after the one stage and before the other. Within one time it may come first or
// last, whichever does no harm.
func (j *judge) excluded(events []*happening, before, after int) ending {
	end := notEnded
	for i, x := range j.funnel.Exclusions {
		met := slices.ContainsFunc(events, func(e *happening) bool { return e.excludes(i) })
		if !met || before < x.After || after >= x.Before {
			continue
		}
		if x.Action == definition.Discard {
			return byDiscard
		}
		end = byEnd
	}
	return end
}

// complete says whether no stage after this one is required.
func (j *judge) complete(stage int) bool {
	for _, s := range j.funnel.Stages[stage+1:] {
		if !s.Optional {
			return false
		}
	}
	return true
}

// breaking gives the events that break a Strict attempt which does not use them.
func breaking(events []*happening) (some []*happening) {
	for _, e := range events {
		if e.breaks {
			some = append(some, e)
		}
	}
	return some
}

func usesAll(steps []step, events []*happening) bool {
	for _, e := range events {
		if !slices.ContainsFunc(steps, func(s step) bool { return s.event == e }) {
			return false
		}
	}
	return true
}

// fillings gives the ways to fill stages after depth with the events of one group that may belong to a best way: for each choice of
// stages the one with the smallest ids among those that use all events which break, and among those that do not.
func (w *walk) fillings(group, depth int) [][]step {
	events := w.groups[group]
	useful := slices.DeleteFunc(slices.Clone(events), func(e *happening) bool { return e.stages>>(depth+1) == 0 })
	breaking := breaking(events)
	all := [][]step{nil}
	for _, stages := range w.choices(depth, len(useful)) {
		for _, whole := range []bool{true, false} {
			if whole && len(breaking) > len(stages) || !whole && len(breaking) == 0 {
				continue // there is none
			}
			good := func(steps []step) bool { return usesAll(steps, breaking) == whole }
			if filled, ok := assign(stages, useful, nil, good); ok {
				all = append(all, filled)
			}
		}
	}
	return all
}

// choices gives every choice of at most n stages that may be filled next after depth: only optional ones are left out before the last.
func (j *judge) choices(depth, n int) [][]int {
	if n == 0 {
		return nil
	}
	var all [][]int
	for next := depth + 1; next < len(j.funnel.Stages); next++ {
		all = append(all, []int{next})
		for _, further := range j.choices(next, n-1) {
			all = append(all, append([]int{next}, further...))
		}
		if !j.funnel.Stages[next].Optional {
			break
		}
	}
	return all
}

// assign fills the stages with the events, trying them in the order of their ids, until the result is good.
func assign(stages []int, events []*happening, taken []step, good func([]step) bool) ([]step, bool) {
	if len(stages) == 0 {
		return taken, good(taken)
	}
	for _, e := range events {
		if !e.fills(stages[0]) || slices.ContainsFunc(taken, func(s step) bool { return s.event == e }) {
			continue
		}
		if filled, ok := assign(stages[1:], events, append(slices.Clone(taken), step{stages[0], e}), good); ok {
			return filled, true
		}
	}
	return nil, false
}
