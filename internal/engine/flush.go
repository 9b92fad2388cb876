// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// Budgets bound how many due units one record brings up to date, so that a million of them due at one instant delay nobody. They are
// part of the rules: the state after a record depends on them. A record that spends its budget on contacts which have to be read from the disk
// takes some tens of milliseconds; meanwhile what came after it waits.
const (
	tickBudget   = 2048
	eventsBudget = 64 // and one more for each event, or for each claim
	// storyCost is what a contact costs that scenarios do something for, which takes longer.
	storyCost = 8
)

// flush brings the numbers up to all events folded.
func (f *Fold) flush() {
	for _, c := range f.stale {
		c.stale = false
		for _, u := range c.units {
			if u.stale {
				f.evaluate(c, u, false)
			}
		}
		f.rearm(c)
	}
	clear(f.stale)
	f.stale = f.stale[:0]
}

// spoil notes that a contact is to be flushed.
func (f *Fold) spoil(c *contact) {
	if !c.stale {
		c.stale = true
		f.stale = append(f.stale, c)
	}
}

// evaluate brings one unit up to its events and its slot's clock. It rings when a timer did.
func (f *Fold) evaluate(c *contact, u *unit, rings bool) {
	s := u.slot
	if s.evidence != nil {
		f.weighEvidence(c, u)
		return
	}
	s.tally.add(&u.contribution, -1)
	var due event.Time
	if s.kind == segmentSlot {
		due = f.evaluateMember(c, u, rings)
	} else {
		due = f.evaluateAttempts(c, u, rings)
	}
	s.tally.add(&u.contribution, 1)
	f.evaluated(c, u, earlier(due, c.forgetsAt(u)))
}

// evaluated notes that a unit is up to date, until time changes it.
func (f *Fold) evaluated(c *contact, u *unit, due event.Time) {
	s := u.slot
	u.stale = false
	u.own = u.own && s.shadow
	if due != u.due {
		if u.due = due; u.own {
			s.timers.set(due, c)
		}
	}
	s.changed = true
	f.touch(c)
}

// evaluateAttempts finds what a unit adds to a funnel's numbers, and when time alone next changes that; 0 is never.
func (f *Fold) evaluateAttempts(c *contact, u *unit, rings bool) (due event.Time) {
	s := u.slot
	f.evaluator.count.traces = s.plan.signalMaxAge > 0 && c.signalled(s.owner.signals.number)
	due = f.evaluator.evaluate(s.plan, s.view, c.moments, f.segments(c, u), u.closed, &u.contribution)
	return earlier(due, f.signal(c, u, rings))
}

// rearm sets the timer that a contact's units share.
func (f *Fold) rearm(c *contact) {
	if due := c.nextDue(f.keep); due != c.due {
		c.due = due
		f.timers.set(due, c)
		f.touch(c)
	}
}

// renew brings a unit up to date that is due, and lets go of what it need not keep any more.
func (f *Fold) renew(c *contact, u *unit) {
	if u.slot.evidence != nil {
		f.renewEvidence(c, u)
		return
	}
	if oldest, found := c.oldest(u); found && oldest < u.slot.view.forgotten {
		f.forget(c, u, u.slot.view.forgotten)
	}
	f.evaluate(c, u, true)
	if u.count == 0 && !u.saturated && !c.stays(u) {
		c.letGo(u)
		if b := u.slot.beside; b != nil {
			f.release(c, c.find(b.id))
		}
	}
}

// drainLive renews units of the slots in force.
func (f *Fold) drainLive(budget int) error {
	return f.drain(f.liveTimers(), f.clock, budget)
}

// liveTimers are the timers that all slots in force share, and those of units that only a shadow has seen so far.
func (f *Fold) liveTimers() []*timers {
	f.domains = append(f.domains[:0], &f.timers)
	for _, s := range f.live {
		f.domains = append(f.domains, &s.timers)
	}
	return f.domains
}

// drainShadow renews units of one shadow. What a stale unit will be due at when it is flushed lies after the clock, so it makes no difference
// when that is; only a shadow that is not yet at the time when it was applied takes in events that are to be forgotten at once, and
// so it waits.
func (f *Fold) drainShadow(s *slot, budget int) error {
	if s.catchingUp() {
		return nil
	}
	return f.drain([]*timers{&s.timers}, s.view.clock, budget)
}

func (f *Fold) drainShadows(shadows []*slot, budget int) error {
	for _, s := range shadows {
		if err := f.drainShadow(s, budget); err != nil {
			return err
		}
	}
	return nil
}

// drain renews the units that are due, in the order of due time, slot and contact, as far as the budget goes.
func (f *Fold) drain(domains []*timers, clock event.Time, budget int) error {
	for budget > 0 {
		domain, first, err := f.earliest(domains)
		if err != nil || domain == nil || first.due > clock {
			return err
		}
		if len(f.stale) > 0 { // rare; and then what is due may no longer be
			f.flush()
			continue
		}
		c := first.contact
		if c == nil {
			if c, err = f.contact(first.name); err != nil {
				return err
			}
		}
		if domain.dueOf(c) != first.due {
			return fmt.Errorf("%w: a timer and its contact disagree", ErrCorruptState)
		}
		budget -= f.ringFor(domain, c, clock)
	}
	return nil
}

// ringFor renews what a contact's timer was set for, and gives how many units that were, or 1.
func (f *Fold) ringFor(domain *timers, c *contact, clock event.Time) int {
	f.touch(c)
	if s := domain.slot; s != nil {
		f.renew(c, c.find(s.id))
		f.rearm(c)
		return 1
	}
	f.purge(c)
	f.forgetKnown(c)
	renewed, member := 0, false
	if c.isSomebody() {
		renewed += storyCost * f.catchUp(c, clock)
	}
	for _, u := range slices.Backward(c.units) {
		if !u.own && u.due != 0 && u.due <= clock {
			f.renew(c, u)
			renewed++
			member = member || u.slot.kind == segmentSlot
		}
	}
	if member {
		f.retry(c, clock)
	}
	f.rearm(c)
	if c.empty() && f.options.Store == nil {
		delete(f.contacts, c.name)
	}
	return max(renewed, 1)
}

// purge lets go of what a contact holds for definitions that are gone.
func (f *Fold) purge(c *contact) (purged bool) {
	if c.purged != f.drops && len(c.settlements) > 0 {
		f.purgeSettled(c)
	}
	return c.purge(f.drops)
}

// earliest gives the first alarm of the domains, and whose it is; nil when there is none.
func (f *Fold) earliest(domains []*timers) (whose *timers, first alarm, err error) {
	for _, t := range domains {
		a, ever, err := t.earliest(f)
		if err != nil {
			return nil, alarm{}, err
		}
		if ever && (whose == nil || a.due < first.due) {
			whose, first = t, a
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
	_, first, err := f.earliest(f.liveTimers())
	if err != nil {
		f.err = err
		return 0, err
	}
	due := earlier(earlier(first.due, f.nextBurial()), f.nextTending())
	for _, s := range f.live {
		due = earlier(due, s.flows.nextDue(f.clock))
	}
	return due, nil
}
