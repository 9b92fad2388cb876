// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// await waits for what the step names; conditions are looked at at once.
func (p *place) await() (next int, on bool) {
	e, step := p.e, p.step()
	for i := range step.Await {
		if step.WaitFor.AnyOf[i].Condition != "" && p.sc.holds(&step.Await[i].Condition, p.question()) {
			return step.Await[i].Then, true
		}
	}
	e.phase, e.due = resting, p.timeout()
	p.tell(Note{What: Waited, Until: e.due})
	return 0, false
}

// timeout is when waiting for something ends by itself; 0 is never.
func (p *place) timeout() event.Time {
	if timeout := p.step().WaitFor.Timeout; timeout > 0 {
		return p.e.arrived.Add(timeout)
	}
	return 0
}

// observe lets an event, and the attributes that it changed, act on an enrolment that is inside.
func (p *place) observe(x *happening) {
	e := p.e
	if e.fresh || e.step == nowhere {
		return
	}
	switch step := p.step(); {
	case step.WaitFor != nil:
		if then, found := p.awaited(step, x); found {
			p.advance(then)
		}
	case step.Task != nil && e.phase == asked:
		if p.taskDone(step, x.event) {
			p.advance(step.Next)
		}
	case step.Wait != nil && step.Wait.Follow && x.before != nil:
		p.remain()
	}
}

// awaited gives where the first of the things waited for leads that has come.
func (p *place) awaited(step *definition.StepProgram, x *happening) (then int, found bool) {
	for i := range step.Await {
		a, program := &step.WaitFor.AnyOf[i], &step.Await[i]
		switch {
		case a.Condition != "":
			found = x.before != nil && p.sc.holds(&program.Condition, p.question())
		case a.Event != x.event.Type || x.event.Time < p.e.arrived || x.byMachine():
			continue
		case a.Of != "" && !p.isAbout(x.message(), a.Of):
			continue
		default:
			found = p.sc.holds(&program.Where, p.about(x.event))
		}
		if found {
			return program.Then, true
		}
	}
	return 0, false
}

// isAbout says whether an event is about the message that the enrolment was sent at a step.
func (p *place) isAbout(told *event.MessageData, step string) bool {
	if told.Step != "" || told.Enrolment != "" {
		return told.Step == step && told.Enrolment == p.e.id.String()
	}
	effect, ok := parseID(told.Effect)
	if !ok {
		return false
	}
	m := p.s.State.messageOf(effect)
	return m != nil && m.step == step && m.enrolment == p.e.id
}

// taskDone says whether an event tells that the task was done.
func (p *place) taskDone(step *definition.StepProgram, e *event.Event) bool {
	if e.Type != step.Task.Done.Event || e.Time < p.e.arrived {
		return false
	}
	if of := gjson.GetBytes(e.Data, "task"); of.Exists() && of.String() != p.effect().String() {
		return false
	}
	return p.sc.holds(&step.Done, p.about(e))
}
