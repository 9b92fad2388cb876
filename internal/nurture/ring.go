// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// Ring acts on all that is due.
func (w *World) Ring(s *Subject) {
	w.begin(s)
	w.finish(s)
}

// begin prepares a step and acts on what is due before it.
func (w *World) begin(s *Subject) {
	w.prepare(s)
	w.ring(s)
}

func (w *World) prepare(s *Subject) {
	s.hops, s.zone, s.by = nil, zoneOf{}, ""
	for _, e := range s.State.enrolments {
		e.fresh, e.hops = false, 0
	}
}

// finish acts on what became due by the step itself, and tidies up.
func (w *World) finish(s *Subject) {
	w.follow(s)
	s.by = ""
	w.ring(s)
	s.State.tidy()
}

// alarm is something that time brings about.
type alarm struct {
	at        event.Time
	enrolment *enrolment
	matures   bool
	armed     *armed
	// retry is its index, when it is neither.
	retry int
}

// ring acts on all that is due, in the order of time, scenario and enrolment.
func (w *World) ring(s *Subject) {
	for {
		next, found := w.nextAlarm(s)
		if !found {
			return
		}
		for _, e := range s.State.enrolments {
			e.hops = 0
		}
		switch e := next.enrolment; {
		case e != nil && next.matures:
			w.mature(s, e)
		case e != nil:
			w.timeOut(s, e)
		case next.armed != nil:
			w.dateCame(s, *next.armed)
		default:
			w.giveUp(s, next.retry)
		}
		w.follow(s)
	}
}

// nextAlarm gives the first thing that is due.
func (w *World) nextAlarm(s *Subject) (first alarm, found bool) {
	c := s.State
	offer := func(scenario uint64, a alarm) {
		if a.at == 0 || a.at > s.Now || found && (a.at > first.at || a.at == first.at && w.compareScenarios(scenario, w.scenarioOf(c, &first)) >= 0) {
			return
		}
		first, found = a, true
	}
	for i := range c.retries { // all in the order of scenarios, and of ids, so that of equals the first wins
		offer(c.retries[i].scenario, alarm{at: c.retries[i].until, retry: i})
	}
	for i := range c.armed {
		c.armed[i].frozen = w.rests(c.armed[i].scenario)
		offer(c.armed[i].scenario, alarm{at: c.armed[i].timer(), armed: &c.armed[i]})
	}
	for _, e := range c.enrolments {
		offer(e.scenario, alarm{at: e.maturity(), enrolment: e, matures: true})
		if e.status == inside {
			e.frozen = w.rests(e.scenario)
			offer(e.scenario, alarm{at: e.timer(), enrolment: e})
		}
	}
	return first, found
}

func (w *World) scenarioOf(c *Contact, a *alarm) uint64 {
	switch {
	case a.enrolment != nil:
		return a.enrolment.scenario
	case a.armed != nil:
		return a.armed.scenario
	}
	return c.retries[a.retry].scenario
}

// rests says whether time passes a scenario by.
func (w *World) rests(scenario uint64) bool {
	sc := w.byHash[scenario]
	return sc == nil || sc.frozen()
}

// timeOut takes an enrolment on whose time has come.
func (w *World) timeOut(s *Subject, e *enrolment) {
	p, ok := w.placeOf(s, e)
	if !ok {
		e.frozen = true
		e.due = 0 // nobody knows what it waits for
		return
	}
	step := p.step()
	switch {
	case e.phase == later:
		e.phase = ready
	case e.phase == asked:
		p.advance(step.OnOverdue)
	case step.WaitFor != nil:
		p.advance(step.OnTimeout)
	default:
		p.advance(step.Next)
	}
}

// giveUp stops waiting for the attributes that an audience asks for.
func (w *World) giveUp(s *Subject, i int) {
	c := s.State
	if sc := w.byHash[c.retries[i].scenario]; sc != nil && !s.Hidden {
		w.refuse(s, sc, Audience)
	}
	c.retries = slices.Delete(c.retries, i, i+1)
}
