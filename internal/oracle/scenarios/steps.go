// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"cmp"
	"encoding/json"
	"strconv"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// arrive brings an enrolment to a step, and through it as far as it goes without waiting for anything.
func (a *act) arrive(n *enrolment, step int) {
	if step == len(n.version.program.Steps) {
		a.exit(n, "Done")
		return
	}
	if a.taken[n]++; a.taken[n] > definition.MaxStepsAtOnce {
		a.exit(n, "TooManySteps")
		return
	}
	n.step, n.arrival, n.due, n.effect = step, a.now, 0, nil
	a.moved[n] = true
	s := n.at()
	n.visits[s.Name]++
	a.note(n, Fact{What: Arrived, Step: s.Name})
	switch {
	case s.Wait != nil:
		a.startWait(n)
	case s.WaitFor != nil:
		a.startAwaiting(n)
	case s.Branch != nil:
		a.branch(n)
	case s.Split != nil:
		a.split(n)
	case n.forbids(&s.Step):
		kind := "Send"
		if s.Task != nil {
			kind = "Task"
		}
		a.note(n, Fact{What: Skipped, Step: s.Name, Kind: kind, Detail: "Holdout"})
		a.leave(n, s.Next)
	case s.Send != nil:
		if n.skipping {
			a.want(n, "Send")
			a.skip(n, "Suspended")
			return
		}
		a.want(n, "Send")
	case s.Webhook != nil:
		a.want(n, "Webhook")
	case s.Task != nil:
		a.want(n, "Task")
	case s.Set != nil:
		a.want(n, "Set")
	case s.Enter != nil:
		a.led = append(a.led, hop{s.Enter.Scenario, cause{event: n.trigger, raw: a.c.name, identity: n.id, hops: a.hops[n] + 1}})
		a.leave(n, s.Next)
	default:
		a.exit(n, cmp.Or(s.Exit.Reason, "Done"))
	}
}

// leave goes on from the step where the enrolment is.
func (a *act) leave(n *enrolment, next int) {
	to := ""
	if steps := n.version.program.Steps; next < len(steps) {
		to = steps[next].Name
	}
	a.note(n, Fact{What: Left, Step: n.at().Name, Detail: to})
	a.arrive(n, next)
}

// exit ends an enrolment's way through the steps for a reason. One that is held out ends unseen, and not before the time for its goal is over.
func (a *act) exit(n *enrolment, reason string) {
	if n.held && n.window != 0 && !n.mature {
		n.still, n.due = true, 0
		return
	}
	a.end(n, reason)
}

// end ends an enrolment at once.
func (a *act) end(n *enrolment, reason string) {
	if n.over {
		return
	}
	if !n.held {
		a.note(n, Fact{What: Exited, Step: n.at().Name, Detail: reason})
	}
	n.over, n.endedAt, n.due = true, a.now, 0
}

// owes says whether somebody gets a message by the version that is their due.
func (v *version) owes() bool {
	for _, s := range v.program.Steps {
		if s.Send != nil && s.Send.Purpose == definition.Transactional {
			return true
		}
	}
	return false
}

// forbids says whether a step is none for the enrolment as it is held out: a message that is not its due, or a task.
func (n *enrolment) forbids(s *definition.Step) bool {
	return n.held && (s.Task != nil || s.Send != nil && s.Send.Purpose == definition.Marketing)
}

func (a *act) branch(n *enrolment) {
	s := n.at()
	for i := range s.Cases {
		if holds(&s.Cases[i].When, a.asked(n)) {
			a.leave(n, s.Cases[i].Then)
			return
		}
	}
	a.leave(n, s.Else)
}

func (a *act) split(n *enrolment) {
	s, sum := n.at(), uint64(0)
	for _, w := range s.Split.Ways {
		sum += uint64(w.Weight)
	}
	drawn := bucket(sum, n.scenario.key, a.c.name, "split", s.Name)
	for i, w := range s.Split.Ways {
		if drawn < uint64(w.Weight) {
			a.leave(n, s.Ways[i])
			return
		}
		drawn -= uint64(w.Weight)
	}
}

// want makes the step's effect one that is to be claimed.
func (a *act) want(n *enrolment, kind string) {
	name := n.at().Name
	n.effect = &effect{
		id:   hashed(n.scenario.key, n.id, name, strconv.Itoa(n.visits[name])),
		kind: kind, step: n.at(), arrival: a.now, notBefore: a.now, version: n.version,
	}
}

// timer is something that time alone brings about.
type timer struct {
	due           event.Time
	scenario, who string
	act           func()
}

func (t timer) before(o timer) bool {
	return cmp.Or(cmp.Compare(t.due, o.due), cmp.Compare(t.scenario, o.scenario), cmp.Compare(t.who, o.who)) < 0
}

// ring acts on all that is due, the earliest first.
func (a *act) ring() {
	for {
		var first *timer
		for _, t := range a.timers() {
			if t.due <= a.now && (first == nil || t.before(*first)) {
				first = &t
			}
		}
		if first == nil {
			return
		}
		clear(a.taken)
		clear(a.hops)
		first.act()
		a.lead()
	}
}

// timers are all of the contact's.
func (a *act) timers() (all []timer) {
	for _, n := range a.c.enrolments {
		key := n.scenario.key
		if n.window != 0 && !n.mature {
			all = append(all, timer{n.window, key, n.id, func() { a.ripen(n) }})
		}
		if n.inside() && n.due != 0 && !a.frozen(n.scenario) {
			all = append(all, timer{n.due, key, n.id, func() { a.over(n) }})
		}
	}
	for i, h := range a.c.hopeful {
		all = append(all, timer{h.until, h.scenario.key, "", func() {
			a.c.hopeful = append(a.c.hopeful[:i:i], a.c.hopeful[i+1:]...)
			a.refuse(h.scenario, "Audience")
		}})
	}
	for key, at := range a.c.dates {
		if s := a.scenarios[key]; !a.frozen(s) {
			all = append(all, timer{at, key, "", func() { a.onDate(s, at) }})
		}
	}
	return all
}

// over goes on where a time has passed.
func (a *act) over(n *enrolment) {
	n.due = 0
	switch s := n.at(); {
	case s.Wait != nil:
		a.leave(n, s.Next)
	case s.WaitFor != nil:
		a.leave(n, s.OnTimeout)
	default: // a task
		a.leave(n, s.OnOverdue)
	}
}

// Traits gives what the step at which an enrolment is writes, as a JSON object. What is none is not written.
func (i *Interpreter) Traits(contact, enrolment string) string {
	traits := map[string]json.RawMessage{}
	c := i.contact(contact)
	for _, n := range c.enrolments {
		if n.id != enrolment || n.at().Set == nil {
			continue
		}
		for _, s := range n.at().Attributes {
			if value, found, _ := s.Value.Of(i.begin(c, i.clock).asked(n)); found {
				traits[s.Name] = value
			}
		}
	}
	object, _ := json.Marshal(traits) // its parts are JSON
	return string(object)
}
