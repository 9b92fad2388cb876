// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// attempt is one way through the funnel: the events that fill its stages, from the first to the last one reached.
type attempt []*matched

func (a attempt) start() event.Time { return a[0].time }

// attempts gives all of a contact's attempts. The events are sorted by time and identity.
func (j *judge) attempts(events []matched) []attempt {
	var all []attempt
	openUntil := event.Time(0)
	for i := range events {
		start := &events[i]
		if !start.fills(0) {
			continue
		}
		if j.funnel.EntryPolicy == definition.FirstStart && len(all) > 0 && start.time <= openUntil {
			continue
		}
		a := j.follow(start, events)
		all = append(all, a)
		openUntil = j.windowEnd(start.time)
		if len(a) == len(j.funnel.Stages) {
			openUntil = a[len(a)-1].time
		}
	}
	return all
}

func (j *judge) windowEnd(start event.Time) event.Time { return start.Add(j.funnel.Window) }

// follow gives the attempt of a start: at each time it goes as many stages further as the events of that time allow.
func (j *judge) follow(start *matched, events []matched) attempt {
	a := attempt{start}
	for _, group := range j.groups(start, events) {
		a = append(a, j.furthest(len(a), group)...)
	}
	return a
}

// groups gives the events that an attempt may take, besides its start: from its start to the end of its window, those of one
// time together, in the order of their identities.
func (j *judge) groups(start *matched, events []matched) [][]*matched {
	var groups [][]*matched
	for i := range events {
		e := &events[i]
		if e == start || e.time < start.time || e.time > j.windowEnd(start.time) {
			continue
		}
		if n := len(groups); n > 0 && groups[n-1][0].time == e.time {
			groups[n-1] = append(groups[n-1], e)
		} else {
			groups = append(groups, []*matched{e})
		}
	}
	return groups
}

// furthest fills as many stages in a row, from the stage next on, as the events of one time can fill, each event at most one.
// Of the ways to fill that many it gives the one with the smallest identities, the first stage's before the second's.
func (j *judge) furthest(next int, group []*matched) []*matched {
	for k := min(len(j.funnel.Stages)-next, len(group)); k > 0; k-- {
		if filled := firstAssignment(next, k, group, nil); filled != nil {
			return filled
		}
	}
	return nil
}

// firstAssignment tries the events for each stage in the order of their identities; nil when k stages cannot be filled.
func firstAssignment(next, k int, group, taken []*matched) []*matched {
	if k == 0 {
		return taken
	}
	for _, e := range group {
		if !e.fills(next) || slices.Contains(taken, e) {
			continue
		}
		if filled := firstAssignment(next+1, k-1, group, append(slices.Clone(taken), e)); filled != nil {
			return filled
		}
	}
	return nil
}

// outcome is what became of an attempt at a stage that it reached.
type outcome int

const (
	dropped outcome = iota
	inProgress
	converted
)

func (j *judge) outcome(a attempt, stage int) outcome {
	if stage < len(a)-1 || stage == len(j.funnel.Stages)-1 {
		return converted
	}
	deadline := j.windowEnd(a.start())
	if after := j.funnel.Stages[stage].DropAfter; after > 0 {
		deadline = min(deadline, a[stage].time.Add(after))
	}
	if j.asOf > deadline {
		return dropped
	}
	return inProgress
}

// representative is the attempt that a contact counts by: the deepest, then the one with the best outcome, then the latest, then
// the one with the smallest identity of its start.
func (j *judge) representative(attempts []attempt) attempt {
	best := attempts[0]
	for _, a := range attempts[1:] {
		if j.represents(a, best) {
			best = a
		}
	}
	return best
}

func (j *judge) represents(a, b attempt) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	last := len(a) - 1
	if ours, theirs := j.outcome(a, last), j.outcome(b, last); ours != theirs {
		return ours > theirs
	}
	if a.start() != b.start() {
		return a.start() > b.start()
	}
	return a[0].identity.compare(b[0].identity) < 0
}
