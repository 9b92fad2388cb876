// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Reasons for which enrolments end, besides those that authors give.
const (
	Done             = "Done"
	GoalReached      = "Goal"
	ExitEvent        = "ExitEvent"
	TriggerRetracted = "TriggerRetracted"
	Restarted        = "Restarted"
	Merged           = "Merged"
	TooManySteps     = "TooManySteps"
	DateUnresolved   = "DateUnresolved"
	DatePassed       = "DatePassed"
	StepRemoved      = "StepRemoved"
	ScenarioDeleted  = "ScenarioDeleted"
)

// nowhere is the step of an enrolment that is on none.
const nowhere = -1

// place is an enrolment with all that decides where it goes.
type place struct {
	w  *World
	s  *Subject
	sc *Scenario
	v  *Version
	e  *enrolment
}

// placeOf gives the place of an enrolment that is inside; false when its scenario is not known.
func (w *World) placeOf(s *Subject, e *enrolment) (p place, ok bool) {
	sc := w.byHash[e.scenario]
	if sc == nil || sc.Versions[e.version] == nil || sc.Versions[e.version].Program == nil {
		return place{}, false
	}
	return place{w, s, sc, sc.Versions[e.version], e}, true
}

func (p *place) step() *definition.StepProgram { return &p.v.Program.Steps[p.e.step] }

// question is what expressions are asked on where there is no event but the trigger's.
func (p *place) question() *definition.Question { return p.about(nil) }

func (p *place) about(e *event.Event) *definition.Question {
	return &definition.Question{Event: e, Trigger: p.e.trigger, Attributes: p.s.Attributes, Vars: p.e.vars}
}

// advance leaves the step for another, and goes on until something holds the enrolment.
func (p *place) advance(to int) {
	p.depart(to)
	p.walk(to)
}

// walk arrives at a step and goes on until something holds the enrolment.
func (p *place) walk(to int) {
	for range definition.MaxStepsAtOnce {
		if to >= len(p.v.Program.Steps) {
			p.exit(Done)
			return
		}
		p.arrive(to)
		next, on := p.act()
		if !on {
			return
		}
		p.depart(next)
		to = next
	}
	if to >= len(p.v.Program.Steps) {
		p.exit(Done)
		return
	}
	p.exit(TooManySteps)
}

// depart counts who leaves a step, and where they go.
func (p *place) depart(to int) {
	name := ""
	if to < len(p.v.Program.Steps) {
		name = p.v.Program.Steps[to].Name
	}
	t := p.tally()
	p.count(t, -1)
	increment(&t.Ways, name)
	p.e.step = nowhere
}

func (p *place) arrive(at int) {
	e := p.e
	for len(e.visits) <= at {
		e.visits = append(e.visits, 0)
	}
	if e.visits[at] < 1<<16-1 {
		e.visits[at]++
	}
	e.step, e.arrived, e.phase, e.due, e.attempt = at, p.s.Now, resting, 0, 0
	e.doubted, e.spent, e.claimedAt, e.address, e.effect = false, 0, 0, id{}, id{}
	e.fresh = true
	t := p.tally()
	t.Arrived++
	p.count(t, 1)
	p.tell(Note{What: Arrived, By: p.s.by})
}

// act does what the step says. On says that the enrolment goes on to next at once.
func (p *place) act() (next int, on bool) {
	step := p.step()
	switch {
	case step.Wait != nil:
		p.e.skipping = false
		return p.rest()
	case step.WaitFor != nil:
		p.e.skipping = false
		return p.await()
	case step.Branch != nil:
		return p.branch(step), true
	case step.Split != nil:
		ways := step.Split.Ways
		way := pick(draw(p.sc.Key, p.s.Name, "split", step.Name), func(i int) int32 { return ways[i].Weight }, len(ways))
		if way < 0 {
			return step.Next, true
		}
		return step.Ways[way], true
	case step.Enter != nil:
		p.lead(step.Enter.Scenario)
		return step.Next, true
	case step.Exit != nil:
		reason := step.Exit.Reason
		if reason == "" {
			reason = Done
		}
		p.exit(reason)
		return 0, false
	case p.withheld():
		p.skip(Holdout)
		return step.Next, true
	case step.Send != nil && p.e.skipping:
		p.skip(Suspended)
		return step.Next, true
	}
	p.e.phase, p.e.due = ready, p.s.Now
	return 0, false
}

func (p *place) branch(step *definition.StepProgram) int {
	for i := range step.Cases {
		if p.sc.holds(&step.Cases[i].When, p.question()) {
			return step.Cases[i].Then
		}
	}
	return step.Else
}

// exit ends the enrolment, which is inside.
func (p *place) exit(reason string) {
	e := p.e
	if e.step != nowhere {
		p.count(p.tally(), -1)
		if e.phase == claimed {
			p.s.State.flights = append(p.s.State.flights, p.flight())
		}
	}
	p.tell(Note{What: Exited, Reason: reason, By: p.s.by})
	e.clear()
	if e.control {
		p.w.withdraw(p.s, p.sc, e)
		return
	}
	t := p.sc.Tally
	t.Changed = true
	t.Active--
	increment(&t.Exited, reason)
	p.s.State.ended(e, p.s.Now)
	e.status = left
	if e.maturity() == 0 {
		p.w.forget(p.sc, e)
	}
}

// clear forgets where the enrolment is.
func (e *enrolment) clear() {
	e.step, e.phase, e.due, e.attempt = nowhere, resting, 0, 0
	e.arrived, e.spent, e.claimedAt, e.address, e.effect = 0, 0, 0, id{}, id{}
	e.visits, e.vars = nil, nil
	e.frozen, e.skipping, e.doubted = false, false, false
}

// forget gives up an enrolment that nobody needs any more.
func (w *World) forget(sc *Scenario, e *enrolment) {
	if e.status == gone {
		return
	}
	e.status = gone
	if v := sc.Versions[e.version]; v != nil {
		v.Inside--
	}
}

// end ends an enrolment from outside: of those held out nothing is counted.
func (w *World) end(s *Subject, sc *Scenario, e *enrolment, reason string) {
	if e.status == inside {
		if p, ok := w.placeOf(s, e); ok {
			p.exit(reason)
		}
	}
	if e.status == held {
		w.conclude(s, sc, e)
	}
}

// hop is an enrolment that an Enter step leads to.
type hop struct {
	sc    *Scenario
	entry entry
}

// lead notes that the enrolment leads into another scenario.
func (p *place) lead(key string) {
	sc := p.w.byHash[hash64(key)]
	if sc == nil || sc.offered() == nil || !sc.offered().Program.Meaning.Trigger.Enter {
		return
	}
	trigger := p.e.trigger
	if trigger == nil {
		trigger = &event.Event{}
	}
	n := entry{raw: p.s.Name, identity: p.e.id.String(), event: trigger, hops: p.e.hops + 1}
	p.s.hops = append(p.s.hops, hop{sc, n})
}

// follow begins the enrolments that others led to, in their order.
func (w *World) follow(s *Subject) {
	for len(s.hops) > 0 {
		h := s.hops[0]
		s.hops = slices.Delete(s.hops, 0, 1)
		if h.entry.hops > definition.MaxHops {
			w.refuse(s, h.sc, Hops)
			continue
		}
		w.enter(s, h.sc, timing{}, h.entry, waits)
	}
}
