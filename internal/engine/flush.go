// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"

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
	s.changed, u.changed = true, true
	f.touch(u.contact)
	if due != u.due {
		u.due = due
		s.timers.set(u)
	}
}

// drainAll drains the slots in force together, and each shadow by itself, as it would when it had not caught up.
func (f *Fold) drainAll(budget int) error {
	if err := f.drain(f.live, budget); err != nil {
		return err
	}
	for i := range f.shadows {
		if f.shadows[i].catchingUp() {
			continue
		}
		if err := f.drain(f.shadows[i:i+1], budget); err != nil {
			return err
		}
	}
	return nil
}

// drain evaluates the units that are due, in the order of due time, slot and contact, as far as the budget goes. What a stale unit will be
// due at when it is flushed lies after the clock, so it makes no difference when that is; only a shadow that is not yet at the time
// when it was applied takes in events that are to be forgotten at once, and it waits.
func (f *Fold) drain(slots []*slot, budget int) error {
	for ; budget > 0; budget-- {
		s, first, err := f.earliest(slots)
		if err != nil || s == nil || first.due > s.view.clock {
			return err
		}
		if len(f.stale) > 0 { // rare; and then what is due may no longer be
			f.flush()
			budget++
			continue
		}
		u := first.unit
		if u == nil {
			if u, err = f.unit(s, f.contact(first.contact)); err != nil {
				return err
			}
		}
		if u.due != first.due {
			return fmt.Errorf("%w: a timer and its unit disagree", ErrCorruptState)
		}
		if oldest, any := u.oldest(); any && oldest < s.view.forgotten {
			u.forget(&f.evaluator, s.view.forgotten)
		}
		f.evaluate(u)
	}
	return nil
}

// earliest gives the first alarm of the slots, and whose it is.
func (f *Fold) earliest(slots []*slot) (whose *slot, first alarm, err error) {
	for _, s := range slots {
		a, ever, err := s.timers.earliest(f, s)
		if err != nil {
			return nil, alarm{}, err
		}
		if ever && (whose == nil || a.due < first.due) {
			whose, first = s, a
		}
	}
	return whose, first, nil
}

// NextDue gives when time alone next changes a number; 0 is never. It lies at or before Clock while units that are due wait for their
// turn. It evaluates what is stale, so ask about as often as ticks are due, not after every record.
func (f *Fold) NextDue() (event.Time, error) {
	if f.err != nil {
		return 0, f.err
	}
	f.flush()
	_, first, err := f.earliest(f.live)
	if err != nil {
		f.err = err
	}
	return first.due, err
}
