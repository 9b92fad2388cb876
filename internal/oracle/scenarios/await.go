// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/internal/event"
)

// startAwaiting looks whether something holds already.
func (a *act) startAwaiting(n *enrolment) {
	s := n.at()
	n.skipping = false
	for i := range s.Await {
		if s.WaitFor.AnyOf[i].Condition != "" && holds(&s.Await[i].Condition, a.asked(n)) {
			a.leave(n, s.Await[i].Then)
			return
		}
	}
	if s.WaitFor.Timeout > 0 {
		n.due = n.arrival.Add(s.WaitFor.Timeout)
	}
}

// happened looks what an event means to an enrolment that waits for something.
func (a *act) happened(n *enrolment, e *event.Event, changed bool) {
	if !n.inside() || a.moved[n] {
		return
	}
	s := n.at()
	switch {
	case s.WaitFor != nil:
		a.awaited(n, e, changed)
	case s.Task != nil && n.effect != nil && n.effect.finished && a.doesTask(n, e):
		a.leave(n, s.Next)
	case s.Wait != nil && s.Wait.Follow && changed:
		a.waitUntilDate(n, s.Wait)
	case s.Set != nil:
		a.isSet(n, e)
	}
	a.lead()
}

func (a *act) awaited(n *enrolment, e *event.Event, changed bool) {
	s := n.at()
	for i, w := range s.WaitFor.AnyOf {
		came := w.Event == e.Type && w.Event != "" && e.Time >= n.arrival && n.concerns(e, w.Of) &&
			holds(&s.Await[i].Where, a.question(e, n.trigger, n.vars))
		if came || changed && w.Condition != "" && holds(&s.Await[i].Condition, a.asked(n)) {
			a.leave(n, s.Await[i].Then)
			return
		}
	}
}

// concerns says whether an event is about the message of a step, where one is named; what programs did is about none.
func (n *enrolment) concerns(e *event.Event, step string) bool {
	m := messageData(e)
	if (e.Type == event.MessageOpened || e.Type == event.MessageClicked) && m.Machine {
		return false
	}
	return step == "" || m.Step == step && m.Enrolment == n.id
}

// messageData reads what an event says of a message.
func messageData(e *event.Event) (m event.MessageData) {
	if json.Unmarshal(e.Data, &m) != nil {
		return event.MessageData{}
	}
	return m
}

func (a *act) doesTask(n *enrolment, e *event.Event) bool {
	var about struct {
		Task *string `json:"task"`
	}
	_ = json.Unmarshal(e.Data, &about) // what cannot be read names no task
	return e.Type == n.at().Task.Done.Event && e.Time >= n.arrival && (about.Task == nil || *about.Task == n.effect.id) &&
		holds(&n.at().Done, a.question(e, n.trigger, n.vars))
}

// isSet goes on when the attributes that the step asked for are written.
func (a *act) isSet(n *enrolment, e *event.Event) {
	if e.Type == event.Identify && e.Source == "waymark" && e.Origin == "" && messageData(e).Effect == n.effect.id {
		a.goOn(n, n.at().Next)
	}
}
