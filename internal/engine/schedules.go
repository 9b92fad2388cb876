// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// unboundedAge is how late a schedule may fire that does not say so.
const unboundedAge = time.Hour

// fireIfDue lets in a schedule's audience when the clock has passed one of its instants. Of several that were missed only the last counts, and
// none that is too old: nobody wants a week's newsletters at once.
func (f *Fold) fireIfDue(h *hosted, before event.Time) {
	if next := h.nextFiring(before); next == 0 || next > f.clock {
		return
	}
	age := h.scenario.Active.Program.Meaning.Trigger.MaxAge
	if age <= 0 {
		age = unboundedAge
	}
	last := event.Time(0)
	for after := max(before, f.clock-micros(age)-1); ; after = last {
		next, ever := h.firingAfter(after)
		if !ever || next > f.clock {
			break
		}
		last = next
	}
	h.scheduled = false
	if last != 0 {
		f.begin(&sweep{kind: sweepFire, scenario: h, instant: last, version: h.scenario.Active.Number})
	}
}

// nextFiring gives when the schedule is next due after a clock; 0 is never.
func (h *hosted) nextFiring(clock event.Time) event.Time {
	if h.removed || h.scenario.Active == nil {
		return 0
	}
	if !h.scheduled || h.firing != 0 && h.firing <= clock {
		h.firing, _ = h.firingAfter(clock)
		h.scheduled = true
	}
	return h.firing
}

// firingAfter gives the first instant of the schedule after another. Schedules that are read in each contact's own zone have none of their
// own: they are timers of contacts.
func (h *hosted) firingAfter(after event.Time) (at event.Time, ever bool) {
	p := h.scenario.Active.Program
	schedule := p.Meaning.Trigger.Schedule
	switch {
	case schedule == nil || schedule.ContactZone:
		return 0, false
	case p.Trigger.Cron != nil:
		return p.Trigger.Cron.Next(after, p.Zone)
	}
	at, ever = instantOf(schedule.Once, p.Zone)
	if !ever || at <= after {
		return 0, false
	}
	return at, true
}

// instantOf reads an instant by RFC 3339, or a local time of a zone.
func instantOf(text string, zone *time.Location) (event.Time, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return event.At(t), true
	}
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		return 0, false
	}
	const day = 24 * 60 * 60
	return event.At(definition.LocalInstant(floorDiv(t.Unix(), day), t.Hour()*60+t.Minute(), zone)), true
}
