// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import "github.com/waymark-dev/waymark/internal/event"

// Next gives when time alone next changes anything, or lets something be sent; 0 is never.
func (i *Interpreter) Next() (next event.Time) {
	sooner := func(t event.Time) {
		if t > i.clock && (next == 0 || t < next) {
			next = t
		}
	}
	for _, c := range i.everybody() {
		for _, t := range i.begin(c, i.clock).timers() {
			sooner(t.due)
		}
		for _, n := range c.enrolments {
			if n.inside() && n.effect != nil && !n.effect.finished && !n.effect.claimed && !i.frozen(n.scenario) {
				sooner(n.effect.notBefore)
			}
		}
	}
	for _, ch := range i.channels {
		if ch.program == nil {
			sooner(ch.removedAt.Add(tombstone))
		}
	}
	for _, s := range i.inOrder() {
		if s.removed {
			sooner(s.removedAt.Add(tombstone))
		}
		if s.removed || s.active == nil || s.active.program.Meaning.Trigger.Schedule == nil || s.active.program.Meaning.Trigger.Schedule.ContactZone {
			continue
		}
		if at, found := i.nextFiring(s, s.active.program.Zone, i.clock); found {
			sooner(at)
		}
	}
	return next
}
