// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// reach lets an event be the goal of an enrolment, or its end, or both.
func (w *World) reach(s *Subject, e *enrolment, x *happening) {
	if e.status == gone {
		return
	}
	p, ok := w.placeOf(s, e)
	if !ok {
		return
	}
	goal := p.isGoal(x.event)
	if goal {
		p.achieve(x.event)
	}
	switch {
	case e.status != inside:
	case goal:
		p.exit(GoalReached)
	case p.isExit(x.event):
		p.exit(ExitEvent)
	}
}

// isGoal says whether an event is what the scenario is for, in time.
func (p *place) isGoal(e *event.Event) bool {
	goal := p.v.Program.Meaning.Goal
	if goal == nil || goal.Event != e.Type || p.e.window == 0 || e.Time < p.e.entered || e.Time > p.e.window {
		return false
	}
	return p.correlates(e) && p.sc.holds(&p.v.Program.Goal.Where, p.about(e))
}

func (p *place) isExit(e *event.Event) bool {
	exits := p.v.Program.Meaning.Exits
	for i := range exits {
		if exits[i].Event == e.Type && p.correlates(e) && p.sc.holds(&p.v.Program.Exits[i], p.about(e)) {
			return true
		}
	}
	return false
}

// correlates says whether an event concerns the enrolment: one that carries another entry's key does not.
func (p *place) correlates(e *event.Event) bool {
	if p.v.Program.Key.None() {
		return true
	}
	key, present := p.sc.text(&p.v.Program.Key, p.about(e))
	return !present || key == "" || key == p.e.key
}

// achieve counts a goal: for the comparison with those held out the first, and as a conversion the first after a message.
func (p *place) achieve(e *event.Event) {
	n := p.e
	first, credits := !n.mature && !n.reached, !n.credited && !n.control
	if !first && !credits {
		return
	}
	value, _, fault := p.v.Program.Goal.Value.Of(p.about(e))
	p.sc.fault(fault)
	if first {
		n.reached, n.value = true, value
	}
	if credits {
		p.credit(e.Time, value)
	}
}

// credit counts a conversion for the latest message that was sent by then.
func (p *place) credit(at event.Time, value aggregate.Micros) {
	var latest *message
	for i := range p.s.State.messages {
		m := &p.s.State.messages[i]
		if m.enrolment == p.e.id && m.time <= at && (latest == nil || m.time >= latest.time) {
			latest = m
		}
	}
	if latest == nil {
		return
	}
	p.e.credited = true
	p.tell(Note{What: Converted, By: p.s.by, Step: latest.step})
	t := p.sc.Tally
	t.Changed = true
	t.Converted++
	t.Value = t.Value.Plus(value)
	step := t.step(latest.step)
	step.Converted++
	step.Value = step.Value.Plus(value)
	a := account{sc: p.sc, kind: KindSend, version: latest.version, step: latest.step, variant: latest.variant}
	a.share(func(s *aggregate.Share) {
		s.Converted++
		s.Value = s.Value.Plus(value)
	})
}

// mature counts an enrolment whose time for the goal has passed, for the comparison of those treated and those held out.
func (w *World) mature(s *Subject, e *enrolment) {
	e.mature = true
	sc := w.byHash[e.scenario]
	if sc == nil {
		e.status = gone
		return
	}
	x := int64(0)
	if e.reached {
		x = 1
	}
	a := s.State.armOf(e.scenario, e.control)
	sum := sc.Tally.arm(a.held)
	sc.Tally.Changed = true
	weigh(sum, a, -1)
	a.n, a.x = a.n+1, a.x+x
	weigh(sum, a, 1)
	if e.reached {
		sum.Value = sum.Value.Plus(e.value)
	}
	switch e.status {
	case held:
		w.conclude(s, sc, e)
	case left:
		w.forget(sc, e)
	}
}

// weigh adds a contact to its side of the comparison, or takes it out.
func weigh(sum *aggregate.Arm, a *arm, sign int64) {
	if a.n == 0 {
		return
	}
	sum.Contacts += sign
	sum.N += sign * a.n
	sum.X += sign * a.x
	sum.NN += sign * a.n * a.n
	sum.NX += sign * a.n * a.x
	sum.XX += sign * a.x * a.x
}

func (c *Contact) armOf(scenario uint64, held bool) *arm {
	for i := range c.arms {
		if c.arms[i].scenario == scenario && c.arms[i].held == held {
			return &c.arms[i]
		}
	}
	c.arms = append(c.arms, arm{scenario: scenario, held: held})
	return &c.arms[len(c.arms)-1]
}
