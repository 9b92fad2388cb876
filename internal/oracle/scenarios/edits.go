// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// enforce puts a version in force: those who match already enter if they may, and those inside move if the version says so.
func (i *Interpreter) enforce(s *scenario, v *version) {
	s.active, s.pending = v, nil
	for _, c := range i.everybody() {
		a := i.begin(c, i.clock)
		for _, n := range a.inOrder() {
			if n.scenario == s && n.inside() && n.version.id != v.id && v.program.Meaning.InFlight == definition.Migrate {
				a.move(n)
			}
		}
		a.lead()
		a.arm(s)
		a.meet(s)
		a.lead()
	}
}

// meet lets the contact in for whom the condition of a scenario that takes such people in holds already, unless it ever was inside.
func (a *act) meet(s *scenario) {
	p := s.active.program
	if p.Meaning.Trigger.Segment == nil || !p.Meaning.Entry.Existing || p.Meaning.InFlight == definition.Drain || !a.c.isKnown() || a.frozen(s) {
		return
	}
	if slices.ContainsFunc(a.c.enrolments, func(n *enrolment) bool { return n.scenario.key == s.key }) {
		return
	}
	if holds(&p.Trigger.Where, a.question(nil, nil, nil)) {
		a.enter(s, cause{raw: a.c.name, identity: "segment:existing:" + s.active.id, once: true, silent: true})
	}
}

// move brings an enrolment to the version in force, at the step of the same name.
func (a *act) move(n *enrolment) {
	if n.effect != nil && n.effect.claimed {
		return // it goes on there when the result is known
	}
	from, former := n.at(), n.version
	n.version = n.scenario.active
	n.setWindow()
	to, found := n.version.step(from.Name)
	switch {
	case !found:
		a.redirect(n, former, from.Name)
	case kindOf(from) != kindOf(&n.version.program.Steps[to]):
		a.note(n, Fact{What: Left, Step: from.Name, Moved: true})
		a.arrive(n, to)
	default:
		n.step = to
		a.settle(n)
	}
}

// settle gives an enrolment that stays at its step what the new version says of it.
func (a *act) settle(n *enrolment) {
	s := n.at()
	switch {
	case s.Wait != nil:
		a.wait(n, n.arrival)
		return
	case s.WaitFor != nil:
		n.due = 0
		if s.WaitFor.Timeout > 0 {
			n.due = n.arrival.Add(s.WaitFor.Timeout)
		}
	case n.effect != nil && !n.effect.finished:
		n.effect.step = s
		if n.effect.attempt == 0 {
			n.effect.version = n.version
		}
	}
	if n.due != 0 && n.due <= a.now && !a.frozen(n.scenario) {
		a.over(n)
	}
}

// redirect leads on who is at a step that the version in force does not have.
func (a *act) redirect(n *enrolment, former *version, name string) {
	to, found := n.version.step(n.meaning().Redirects[name])
	if !found {
		n.version = former // where the step is
		n.setWindow()
		a.exit(n, "StepRemoved")
		return
	}
	a.note(n, Fact{What: Left, Step: name, Moved: true})
	a.arrive(n, to)
}

// goOn leaves a step whose effect is done, in the version in force if the enrolment was to move and could not before.
func (a *act) goOn(n *enrolment, next int) {
	s := n.scenario
	if s.active == nil || s.active.id == n.version.id || s.active.program.Meaning.InFlight != definition.Migrate || !n.effect.moves(n) {
		a.leave(n, next)
		return
	}
	former, name := n.version, n.at().Name
	n.version = s.active
	n.setWindow()
	if to, found := n.version.step(name); found {
		n.step = to
		a.leave(n, n.at().Next)
		return
	}
	a.redirect(n, former, name)
}

// moves says whether the enrolment was left on its version because of the effect.
func (x *effect) moves(n *enrolment) bool { return x.attempt > 0 && x.version.id == n.version.id }

// step finds a step by its name.
func (v *version) step(name string) (int, bool) {
	i := slices.IndexFunc(v.program.Steps, func(s definition.StepProgram) bool { return s.Name == name })
	return i, i >= 0
}

func kindOf(s *definition.StepProgram) string {
	switch {
	case s.Send != nil:
		return "send"
	case s.Wait != nil:
		return "wait"
	case s.WaitFor != nil:
		return "waitFor"
	case s.Webhook != nil:
		return "webhook"
	case s.Task != nil:
		return "task"
	case s.Set != nil:
		return "set"
	}
	return "other"
}

// thaw lets a scenario go on that was frozen since some time.
func (i *Interpreter) thaw(s *scenario, since event.Time, catchUp definition.CatchUp) {
	for _, c := range i.everybody() {
		a := i.begin(c, i.clock)
		for _, n := range a.inOrder() {
			if n.scenario != s || !n.inside() {
				continue
			}
			switch catchUp {
			case definition.CatchUpShift:
				n.shift(i.clock - max(since, n.arrival))
			case definition.CatchUpSkip:
				a.catchUp(n)
			}
		}
		if catchUp == definition.CatchUpSkip || catchUp == definition.CatchUpShift {
			a.arm(s)
		}
		a.lead()
	}
}

// ringAll lets everybody act who is due.
func (i *Interpreter) ringAll() {
	for _, c := range i.everybody() {
		i.begin(c, i.clock).ring()
	}
}

func (n *enrolment) shift(by event.Time) {
	if by <= 0 {
		return
	}
	if n.due != 0 {
		n.due += by
	}
	if n.effect != nil && !n.effect.claimed {
		n.effect.notBefore += by
	}
}

// catchUp goes on without the messages that were due meanwhile.
func (a *act) catchUp(n *enrolment) {
	x := n.effect
	switch {
	case n.due != 0 && n.due <= a.now:
		n.skipping = true
		a.over(n)
	case x != nil && x.kind == "Send" && !x.finished && !x.claimed && x.notBefore <= a.now:
		n.skipping = true
		a.skip(n, "Suspended")
	}
}
