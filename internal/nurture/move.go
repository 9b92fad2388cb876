// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import "github.com/waymark-dev/waymark/internal/definition"

// Move takes a contact's enrolments along when their scenario goes on after a suspension, and to the version in force when it migrates. It
// does nothing where there is nothing to do. Nothing else may be done to the contact between the scenario's change and this.
func (w *World) Move(s *Subject, sc *Scenario) {
	w.prepare(s)
	if sc.ResumedAt == 0 {
		w.ring(s)
	}
	defer w.finish(s)
	for _, e := range append([]*enrolment(nil), s.State.enrolments...) {
		if e.scenario != sc.hash || e.status != inside {
			continue
		}
		e.frozen = sc.frozen()
		if p, ok := w.placeOf(s, e); ok && sc.ResumedAt != 0 && !sc.frozen() {
			p.resume()
		}
		if p, ok := w.placeOf(s, e); ok && e.status == inside && e.phase != claimed && p.migrates() {
			p.migrate(sc.Active)
		}
		w.follow(s)
	}
	if catchUp := sc.Standing.CatchUp; sc.ResumedAt != 0 && (catchUp == definition.CatchUpSkip || catchUp == definition.CatchUpShift) {
		w.arm(s, sc) // dates that passed are not made up for
	}
}

// migrates says whether the enrolment is to move to the version in force.
func (p *place) migrates() bool {
	return p.sc.Active != nil && p.sc.Active != p.v && p.sc.Active.Program.Meaning.InFlight == definition.Migrate
}

// resume makes up for the time that the scenario was suspended.
func (p *place) resume() {
	e, sc := p.e, p.sc
	switch sc.Standing.CatchUp {
	case definition.CatchUpShift:
		lost := sc.ResumedAt - max(sc.SuspendedAt, e.arrived)
		if e.due == 0 || e.phase == claimed || lost <= 0 {
			return
		}
		e.due += lost
		if e.phase == ready && e.due > p.s.Now {
			e.phase = later
		}
	case definition.CatchUpSkip:
		if e.phase == claimed || e.due == 0 || e.due > sc.ResumedAt {
			return
		}
		if e.phase == resting || e.phase == asked {
			e.skipping = true // time takes it on
			return
		}
		if step := p.step(); step.Send != nil {
			e.skipping = true
			p.skip(Suspended)
			p.advance(step.Next)
		}
	}
}

// migrate takes the enrolment to the step of the same name in another version.
func (p *place) migrate(to *Version) {
	old := p.step().Step
	at, found := to.stepOf(old.Name)
	if !found {
		p.redirect(to, old.Name)
		return
	}
	p.change(to)
	p.e.step = at
	if nature(&old) != nature(&to.Program.Steps[at].Step) {
		p.leave(old.Name)
		p.walk(at)
		return
	}
	switch step := p.step(); {
	case step.Wait != nil:
		p.remain()
	case step.WaitFor != nil:
		p.e.due = p.timeout()
	}
}

// remain waits anew from the same arrival, after what the wait depends on has changed: what is over goes on, unless time stands still.
func (p *place) remain() {
	if p.sc.frozen() {
		if due, ok := waitEnd(p.step(), p.e.arrived, p.e.entered, p); ok {
			p.e.due = due
		}
		return
	}
	if next, on := p.rest(); on {
		p.advance(next)
	}
}

// redirect takes the enrolment from a step that is gone to where the author says, or ends it.
func (p *place) redirect(to *Version, from string) {
	at, found := to.stepOf(to.Program.Meaning.Redirects[from])
	if !found {
		p.exit(StepRemoved)
		return
	}
	p.leave(from)
	p.change(to)
	p.walk(at)
}

// leave takes the enrolment off a step without counting where it goes.
func (p *place) leave(step string) {
	t := p.sc.Tally
	t.Changed = true
	p.count(t.step(step), -1)
	p.e.step = nowhere
}

// change makes another version the enrolment's.
func (p *place) change(to *Version) {
	visits := make([]uint16, 0, len(to.Program.Steps))
	for i, count := range p.e.visits {
		if at, found := to.stepOf(p.v.Program.Steps[i].Name); found && count > 0 {
			for len(visits) <= at {
				visits = append(visits, 0)
			}
			visits[at] = count
		}
	}
	p.e.window = 0
	if goal := to.Program.Meaning.Goal; goal != nil {
		p.e.window = p.e.entered.Add(goal.Within)
	}
	p.v.Inside--
	to.Inside++
	p.v, p.e.version, p.e.visits, p.e.effect = to, to.Number, visits, id{}
}

// stepOf gives the index of a step by its name.
func (v *Version) stepOf(name string) (int, bool) {
	for i := range v.Program.Steps {
		if v.Program.Steps[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// nature tells the kinds of steps apart.
func nature(step *definition.Step) string {
	switch {
	case step.Wait != nil:
		return "Wait"
	case step.WaitFor != nil:
		return "WaitFor"
	}
	return string(kindOf(step)) // an enrolment stays on no others
}

// Reaches says whether a version would let a contact in at once, or move it: what a guard asks before it comes into force.
func (w *World) Reaches(s *Subject, sc *Scenario, v *Version) bool {
	w.prepare(s)
	if s.Hidden || v.Program == nil {
		return false
	}
	if v.Program.Meaning.Trigger.Schedule != nil || w.matchesAlready(s, sc, v) {
		return w.isMember(s, v.Program.Meaning.Segment) && sc.holds(&v.Program.Audience, &definition.Question{Attributes: s.Attributes})
	}
	if v.Program.Meaning.InFlight != definition.Migrate {
		return false
	}
	for _, e := range s.State.enrolments {
		if e.scenario == sc.hash && e.status == inside && w.releases(s, sc, v, e) {
			return true
		}
	}
	return false
}

// releases says whether the wait that an enrolment is in would be over in a version.
func (w *World) releases(s *Subject, sc *Scenario, v *Version, e *enrolment) bool {
	p, ok := w.placeOf(s, e)
	if !ok || e.step == nowhere || p.v == v {
		return false
	}
	at, found := v.stepOf(p.step().Name)
	if !found {
		_, found = v.stepOf(v.Program.Meaning.Redirects[p.step().Name])
		return found
	}
	step := &v.Program.Steps[at]
	switch {
	case p.step().Wait == nil && p.step().WaitFor == nil:
		return false
	case step.Wait != nil && p.step().Wait != nil:
		there := place{w, s, sc, v, e}
		due, ok := waitEnd(step, e.arrived, e.entered, &there)
		return ok && due <= s.Now
	case step.WaitFor != nil && p.step().WaitFor != nil:
		return step.WaitFor.Timeout > 0 && e.arrived.Add(step.WaitFor.Timeout) <= s.Now
	}
	return true // another kind of step: it is arrived at anew
}
