// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// ownTypes are types of events that matter whatever the scenarios are.
var ownTypes = []string{
	event.Identify, event.ConsentGiven, event.ConsentWithdrawn, event.ConsentGivenType, event.ConsentWithdrawnType,
	event.MessageSent, event.MessageFailed, event.MessageDeferred, event.MessageInDoubt, event.MessageDelivered, event.MessageBounced,
	event.MessageComplained, event.MessageOpened, event.MessageClicked, event.MessageReplied, event.MessagePressed,
}

// happening is an event with what it changed.
type happening struct {
	event *event.Event
	// before are the attributes before it; nil when they are the same.
	before []byte
	told   *event.MessageData
}

// message gives what the event tells of a message; nothing when it is about none.
func (x *happening) message() *event.MessageData {
	if x.told == nil {
		x.told = new(event.MessageData)
		if json.Unmarshal(x.event.Data, x.told) != nil {
			*x.told = event.MessageData{}
		}
	}
	return x.told
}

// byMachine says whether a program, and not the person, opened or clicked.
func (x *happening) byMachine() bool {
	return (x.event.Type == event.MessageOpened || x.event.Type == event.MessageClicked) && x.message().Machine
}

// Event lets an event act on the contact, once, at its place in the log. Before are the attributes before it, of which s has those after; nil
// says that they are the same, as do equal ones. Where there were none they are the empty object.
func (w *World) Event(s *Subject, e *event.Event, before []byte) {
	w.begin(s)
	defer w.finish(s)
	for _, n := range s.State.enrolments {
		n.fresh = false // where time brought it before the event, it sees the event
	}
	if sameAttributes(before, s.Attributes) {
		before = nil
	}
	x := happening{event: e, before: before}
	s.by = e.Type
	var there []*enrolment // those that the event itself lets in do not see it
	if len(s.State.enrolments) > 0 {
		there = slices.Clone(s.State.enrolments)
	}
	w.hearConsent(s, &x)
	w.hearFeedback(s, &x)
	w.hearMessage(s, &x)
	w.follow(s)
	for _, n := range there {
		w.reach(s, n, &x)
	}
	for _, n := range there {
		if n.status != inside {
			continue
		}
		if p, ok := w.placeOf(s, n); ok {
			p.observe(&x)
			w.follow(s)
		}
	}
	w.trigger(s, e, before)
}

// sameAttributes says whether two JSON objects are written alike; nil is the empty one.
func sameAttributes(a, b []byte) bool { return bytes.Equal(a, b) || noAttributes(a) && noAttributes(b) }

func noAttributes(a []byte) bool { return len(a) <= len("{}") }

// Hide ends all that a contact is in, as another one stands for it from now on.
func (w *World) Hide(s *Subject) {
	w.begin(s)
	defer w.finish(s)
	s.Hidden = true
	s.State.retries, s.State.armed = nil, nil
	for _, e := range s.State.enrolments {
		w.discard(s, e, Merged)
	}
}

// discard ends an enrolment and gives it up: what it would still bring is not counted.
func (w *World) discard(s *Subject, e *enrolment, reason string) {
	sc := w.byHash[e.scenario]
	if sc == nil {
		e.status = gone
		return
	}
	e.window = 0
	w.end(s, sc, e, reason)
	w.forget(sc, e)
}

// Drop ends all that a contact has in a scenario that is forgotten.
func (w *World) Drop(s *Subject, sc *Scenario) {
	w.prepare(s)
	c := s.State
	c.retries = slices.DeleteFunc(c.retries, func(r retry) bool { return r.scenario == sc.hash })
	c.armed = slices.DeleteFunc(c.armed, func(a armed) bool { return a.scenario == sc.hash })
	for _, e := range c.enrolments {
		if e.scenario == sc.hash {
			w.discard(s, e, ScenarioDeleted)
		}
	}
	w.finish(s)
}
