// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func (a *act) startWait(n *enrolment) {
	n.skipping = false
	a.wait(n, a.now)
}

// wait sets when the wait ends for an enrolment that came to it at some time, and goes on when that is over.
func (a *act) wait(n *enrolment, arrival event.Time) {
	w, zone := n.at().Wait, a.zone(a.c)
	switch {
	case w.For > 0:
		n.due = arrival.Add(w.For)
	case w.SinceEntry > 0:
		n.due = n.entered.Add(w.SinceEntry)
	case w.NextDay != "":
		n.due = instant(dayOf(arrival, zone).plus(1), w.NextDay, zone)
	case w.Weekday > 0:
		n.due = nextTime(arrival, zone, w.At, func(d day) bool { return d.weekday() == w.Weekday })
	case w.TimeOfDay != "":
		n.due = nextTime(arrival, zone, w.TimeOfDay, func(day) bool { return true })
	default:
		a.waitUntilDate(n, w)
		return
	}
	if n.due <= a.now && !a.frozen(n.scenario) {
		a.leave(n, n.at().Next)
	}
}

// waitUntilDate waits until the date that the contact or the trigger has.
func (a *act) waitUntilDate(n *enrolment, w *definition.Wait) {
	text, found, _ := n.at().Date.Of(a.asked(n))
	due, ok := dateOf(text, w.At, int(w.OffsetDays), w.Offset, a.zone(a.c))
	switch {
	case a.frozen(n.scenario) && found && ok:
		n.due = due
	case !found || !ok:
		a.exit(n, "DateUnresolved")
	case due > a.now:
		n.due = due
	case due == a.now:
		a.leave(n, n.at().Next)
	case w.OnPast == definition.PastExit:
		a.exit(n, "DatePassed")
	case w.OnPast == definition.PastSkip && n.at().Next < len(n.version.program.Steps):
		a.leave(n, n.version.program.Steps[n.at().Next].Next)
	default:
		a.leave(n, n.at().Next)
	}
}

// rearm finds anew when the contact enters by its dates.
func (a *act) rearm() {
	for _, s := range a.Interpreter.inOrder() {
		a.arm(s)
	}
}

// arm finds when the contact next enters one scenario by a date, or by a schedule in its own zone.
func (a *act) arm(s *scenario) {
	delete(a.c.dates, s.key)
	if s.active == nil || s.removed || a.c.person.hidden {
		return
	}
	if at, found := a.nextDate(s, a.now); found {
		a.c.dates[s.key] = at
	}
}

// nextDate gives the first instant after another at which the contact enters.
func (a *act) nextDate(s *scenario, after event.Time) (event.Time, bool) {
	p, zone := s.active.program, a.zone(a.c)
	if schedule := p.Meaning.Trigger.Schedule; schedule != nil && schedule.ContactZone && a.c.isKnown() {
		return a.nextFiring(s, zone, after)
	}
	t := p.Meaning.Trigger.Date
	if t == nil {
		return 0, false
	}
	text, found, _ := p.Trigger.Attribute.Of(a.question(nil, nil, nil))
	if !found {
		return 0, false
	}
	if t.Yearly {
		return nextYearly(text, t, zone, after)
	}
	at, ok := dateOf(text, t.At, int(t.OffsetDays), t.Offset, zone)
	return at, ok && at > after
}

// onDate lets the contact in whose instant has come.
func (a *act) onDate(s *scenario, at event.Time) {
	because := cause{raw: a.c.name, identity: "date:" + at.UTC().In(a.zone(a.c)).Format("2006-01-02T15:04"), once: true}
	if s.active.program.Meaning.Trigger.Schedule != nil {
		because.identity, because.silent = scheduled(at), true
	}
	a.enter(s, because)
	a.arm(s)
}
