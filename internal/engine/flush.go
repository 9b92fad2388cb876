// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"github.com/waymark-dev/waymark/internal/event"
)

// Budgets bound how many due units one record brings up to date, so that a million of them due at one instant delay nobody. They are
// part of the rules: the state after a record depends on them.
const (
	tickBudget   = 4096
	eventsBudget = 64 // and one more for each event
)

// flush brings the numbers up to all events folded.
func (f *Fold) flush() {
	for _, u := range f.stale {
		if u.stale = false; !u.slot.dropped {
			f.evaluate(u)
		}
	}
	clear(f.stale)
	f.stale = f.stale[:0]
}

// evaluate brings one unit up to its events and its slot's clock.
func (f *Fold) evaluate(u *unit) {
	s := u.slot
	s.tally.add(&u.contribution, -1)
	var matches []match
	matches, f.evaluator.buffer = u.all(f.evaluator.buffer)
	due := f.evaluator.evaluate(s.plan, s.view, matches, u.closed, &u.contribution)
	s.tally.add(&u.contribution, 1)
	if first, any := u.oldest(); any {
		due = earlier(due, s.plan.forgetAt(first))
	}
	s.changed = true
	if due != u.due {
		u.due = due
		s.timers.set(u)
	}
}

// drainAll drains the slots in force together, and each shadow by itself, as it would when it had not caught up.
func (f *Fold) drainAll(budget int) {
	f.drain(f.live, budget)
	for i := range f.shadows {
		f.drain(f.shadows[i:i+1], budget)
	}
}

// drain evaluates the units that are due, in the order of due time, slot and contact, as far as the budget goes.
func (f *Fold) drain(slots []*slot, budget int) {
	for ; budget > 0; budget-- {
		u := f.earliest(slots)
		if u == nil {
			return
		}
		if len(f.stale) > 0 { // rare; and then what is due may no longer be
			f.flush()
			if u = f.earliest(slots); u == nil {
				return
			}
		}
		s := u.slot
		if boundary := s.plan.forgetBefore(s.view.clock); u.holdsBefore(boundary) {
			u.forget(&f.evaluator, boundary)
		}
		f.evaluate(u)
	}
}

// earliest gives the unit of the slots that is due first, or nil when none is due by its slot's clock.
func (f *Fold) earliest(slots []*slot) *unit {
	var first *unit
	for _, s := range slots {
		u := s.timers.earliest()
		if s.isDue(u) && (first == nil || u.due < first.due) {
			first = u
		}
	}
	return first
}

func (u *unit) holdsBefore(t event.Time) bool {
	oldest, any := u.oldest()
	return any && oldest < t
}

// NextDue gives when time alone next changes a number, and false when it never does. It lies at or before Clock while units that
// are due wait for their turn. It evaluates what is stale, so ask about as often as ticks are due, not after every record.
func (f *Fold) NextDue() (event.Time, bool) {
	f.flush()
	var next event.Time
	for _, d := range f.definitions {
		if d.active == nil {
			continue
		}
		if u := d.active.timers.earliest(); u != nil {
			next = earlier(next, u.due)
		}
	}
	return next, next != 0
}
