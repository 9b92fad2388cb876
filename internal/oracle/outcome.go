// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// outcome is what became of an attempt at the last stage that it reached.
type outcome int

const (
	dropped outcome = iota
	inProgress
	converted
)

// outcome asks nothing of exclusions.
func (j *judge) outcome(a attempt, acts []event.Time) outcome {
	switch {
	case j.complete(a.depth()):
		return converted
	case j.asOf > j.deadline(a, acts):
		return dropped
	}
	return inProgress
}

// deadline is until when an attempt may reach a further stage without having dropped.
func (j *judge) deadline(a attempt, acts []event.Time) event.Time {
	end := j.windowEnd(a.start())
	last := a.steps[len(a.steps)-1]
	stage := j.funnel.Stages[last.stage]
	switch {
	case stage.DropAfter > 0:
		return min(end, last.event.time.Add(stage.DropAfter))
	case stage.DropAfterIdle > 0:
		quiet := last.event.time
		for _, act := range acts {
			if act >= quiet && act <= end {
				quiet = act
			}
		}
		return min(end, quiet.Add(stage.DropAfterIdle))
	}
	return end
}

// recovered says whether an attempt counted as dropped for a time before it went from the step of number i to the next.
func (j *judge) recovered(a attempt, i int, acts []event.Time) bool {
	from, to := a.steps[i].event.time, a.steps[i+1].event.time
	stage := j.funnel.Stages[a.steps[i].stage]
	switch {
	case stage.DropAfter > 0:
		return to > from.Add(stage.DropAfter)
	case stage.DropAfterIdle > 0:
		quiet := from
		for _, act := range acts {
			if act > from && act < to {
				if act > quiet.Add(stage.DropAfterIdle) {
					return true
				}
				quiet = act
			}
		}
		return to > quiet.Add(stage.DropAfterIdle)
	}
	return false
}

func (j *judge) mature(a attempt) bool { return j.asOf > j.windowEnd(a.start()) }

// took is how long an attempt needed from the step of number i to the next.
func (a attempt) took(i int) time.Duration {
	return a.steps[i+1].event.time.UTC().Sub(a.steps[i].event.time.UTC())
}

// representative is the attempt that a unit counts by.
func (j *judge) representative(attempts []attempt, acts []event.Time) attempt {
	best := attempts[0]
	for _, a := range attempts[1:] {
		if j.represents(a, best, acts) {
			best = a
		}
	}
	return best
}

// represents says whether a goes before b: one that is not excluded, then the deepest, then the one with the best outcome, then the
// latest, then the one with the smallest identity of its start.
func (j *judge) represents(a, b attempt, acts []event.Time) bool {
	if a.excluded() != b.excluded() {
		return b.excluded()
	}
	if a.depth() != b.depth() {
		return a.depth() > b.depth()
	}
	if !a.excluded() {
		if ours, theirs := j.outcome(a, acts), j.outcome(b, acts); ours != theirs {
			return ours > theirs
		}
	}
	if a.start().time != b.start().time {
		return a.start().time > b.start().time
	}
	return a.start().identity.compare(b.start().identity) < 0
}

func (a attempt) excluded() bool { return a.end == byDiscard }
