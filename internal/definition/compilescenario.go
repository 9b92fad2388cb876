// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/expression"
)

// CompileScenario compiles the canonical form of a scenario (see Scenario.Canonical). The error joins an *ExpressionError for each
// expression that does not compile and a *SpecError for whatever else is wrong, and says what else it is.
func (c *Compiler) CompileScenario(form json.RawMessage) (*ScenarioProgram, error) {
	var s Scenario
	if err := decode("scenario", form, &s); err != nil {
		return nil, err
	}
	return c.compileScenario(&s)
}

func (c *Compiler) compileScenario(s *Scenario) (*ScenarioProgram, error) {
	meaning := s.normal()
	zone, err := zoneinfo.Load(meaning.TimeZone)
	if err := errors.Join(err, meaning.check()); err != nil {
		return nil, err
	}
	p := &ScenarioProgram{Meaning: meaning, Zone: zone}
	b := scenarioBuilder{questions: questions{scratch: &c.scratch}, program: p, index: map[string]int{}}
	b.build()
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return p, nil
}

// scenarioBuilder fills a program.
type scenarioBuilder struct {
	questions
	program *ScenarioProgram
	index   map[string]int // of steps by name
}

func (b *scenarioBuilder) build() {
	p, s := b.program, &b.program.Meaning
	b.trigger(&s.Trigger)
	p.Audience = b.predicate(expression.OnEnrolment, "spec.audience", s.Audience)
	p.ReadsTrigger = looksAtTrigger(p.Audience.condition) // it may be asked again later
	p.Key = b.text(expression.OnEnrolment, "spec.entry.key", s.Entry.Key)
	if g := s.Goal; g != nil {
		p.Goal = &GoalProgram{b.onEvent("spec.goal.where", g.Where), b.amount("spec.goal.value", g.Value)}
		p.ReadsTrigger = p.ReadsTrigger || p.Goal.Value.amount != nil && p.Goal.Value.amount.Mentions("trigger")
		b.matters(g.Event)
	}
	for i, x := range s.Exits {
		p.Exits = append(p.Exits, b.onEvent(fmt.Sprintf("spec.exits[%d].where", i), x.Where))
		b.matters(x.Event)
	}
	for i := range s.Steps {
		b.index[s.Steps[i].Name] = i
	}
	for i := range s.Steps {
		p.Steps = append(p.Steps, b.step(i, &s.Steps[i]))
	}
	slices.Sort(p.Types)
	p.Types = slices.Compact(p.Types)
}

// matters notes a type of events.
func (b *scenarioBuilder) matters(eventType string) {
	b.program.Types = append(b.program.Types, eventType)
}

func (b *scenarioBuilder) trigger(t *Trigger) {
	p := &b.program.Trigger
	switch {
	case t.Event != nil:
		p.Where = b.predicate(expression.OnEnrolment, "spec.trigger.event.where", t.Event.Where)
		b.matters(t.Event.Event)
	case t.Segment != nil:
		p.Where = b.predicate(expression.OnPerson, "spec.trigger.segment.where", t.Segment.Where)
	case t.Date != nil:
		p.Attribute = b.text(expression.OnPerson, "spec.trigger.date.attribute", t.Date.Attribute)
	case t.Schedule != nil && t.Schedule.Cron != "":
		cron, err := ParseCron(t.Schedule.Cron)
		if err != nil {
			b.problems = append(b.problems, &SpecError{"spec.trigger.schedule.cron", t.Schedule.Cron, err.Error()})
		}
		p.Cron = cron
	}
}

// onEvent compiles a condition on an event that comes later, beside which the trigger may be looked at.
func (b *scenarioBuilder) onEvent(field, source string) Predicate {
	p := b.predicate(expression.OnEnrolment, field, source)
	if p.condition != nil && p.condition.Mentions("trigger") {
		b.program.ReadsTrigger = true
	}
	return p
}

// onState compiles a condition on the contact at a step, where event is the trigger.
func (b *scenarioBuilder) onState(field, source string) Predicate {
	p := b.predicate(expression.OnEnrolment, field, source)
	b.program.ReadsTrigger = b.program.ReadsTrigger || looksAtTrigger(p.condition)
	return p
}

func (b *scenarioBuilder) textOfState(field, source string) Text {
	t := b.text(expression.OnEnrolment, field, source)
	b.program.ReadsTrigger = b.program.ReadsTrigger || looksAtTrigger(t.value)
	return t
}

// looksAtTrigger says whether an expression that is asked without an event of its own needs the trigger's data.
func looksAtTrigger[E interface {
	comparable
	Mentions(variable string) bool
}](e E) bool {
	var none E
	return e != none && (e.Mentions("event") || e.Mentions("trigger"))
}

// then gives the index of a step by name; without a name it is the one that follows anyway.
func (b *scenarioBuilder) then(name string, otherwise int) int {
	if name == "" {
		return otherwise
	}
	return b.index[name] // check has found all names
}

func (b *scenarioBuilder) step(i int, s *Step) StepProgram {
	field := fmt.Sprintf("spec.steps[%d]", i)
	p := StepProgram{Step: *s, Next: b.then(s.Then, i+1)}
	p.OnTimeout, p.Else, p.OnOverdue, p.OnFailure = p.Next, p.Next, p.Next, p.Next
	switch {
	case s.Send != nil:
		p.To = b.textOfState(field+".send.to", s.Send.To)
		p.Language = b.textOfState(field+".send.language", s.Send.Language)
		for _, v := range s.Send.Variants {
			for _, c := range v.Contents {
				b.texts(c.texts()...)
			}
		}
	case s.Wait != nil:
		p.Date = b.textOfState(field+".wait.until.date.attribute", s.Wait.Date)
	case s.WaitFor != nil:
		b.waitFor(field+".waitFor", s.WaitFor, &p)
	case s.Branch != nil:
		for j, c := range s.Branch.Cases {
			p.Cases = append(p.Cases, CaseProgram{b.onState(fmt.Sprintf("%s.branch.cases[%d].when", field, j), c.When), b.then(c.Then, p.Next)})
		}
		p.Else = b.then(s.Branch.Else, p.Next)
	case s.Split != nil:
		for _, w := range s.Split.Ways {
			p.Ways = append(p.Ways, b.then(w.Then, p.Next))
		}
	case s.Set != nil:
		for _, name := range slices.Sorted(maps.Keys(s.Set.Attributes)) {
			value := b.json(fmt.Sprintf("%s.set.attributes[%s]", field, name), s.Set.Attributes[name])
			b.program.ReadsTrigger = b.program.ReadsTrigger || looksAtTrigger(value.value)
			p.Attributes = append(p.Attributes, AttributeProgram{name, value})
		}
	case s.Webhook != nil:
		p.OnFailure = b.then(s.Webhook.OnFailure, p.Next)
		b.texts(s.Webhook.URL, s.Webhook.Payload)
	case s.Task != nil:
		p.Done = b.onEvent(field+".task.done.where", s.Task.Done.Where)
		p.OnOverdue = b.then(s.Task.OnOverdue, p.Next)
		b.texts(s.Task.Title, s.Task.Assignee, s.Task.Payload)
		b.matters(s.Task.Done.Event)
	case s.Exit != nil:
		p.Next = len(b.program.Meaning.Steps)
	}
	return p
}

func (b *scenarioBuilder) waitFor(field string, w *WaitFor, p *StepProgram) {
	p.OnTimeout = b.then(w.OnTimeout, p.Next)
	for i, a := range w.AnyOf {
		field := fmt.Sprintf("%s.anyOf[%d]", field, i)
		await := AwaitProgram{Then: b.then(a.Then, p.Next)}
		if a.Event != "" {
			await.Where = b.onEvent(field+".where", a.Where)
			b.matters(a.Event)
		} else {
			await.Condition = b.onState(field+".condition", a.Condition)
		}
		p.Await = append(p.Await, await)
	}
}

// texts notes whether templates look at the trigger.
func (b *scenarioBuilder) texts(templates ...string) {
	b.program.ReadsTrigger = b.program.ReadsTrigger || slices.ContainsFunc(templates, templateReadsEvent)
}
