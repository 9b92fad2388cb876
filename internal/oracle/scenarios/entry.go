// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// audienceAgain is how long a contact that is not (yet) one of the audience may become one.
const audienceAgain = 30 * time.Minute

// cause is what lets a contact in.
type cause struct {
	// event is the trigger's; nil where there is none.
	event *event.Event
	// raw is the contact that it happened to first.
	raw string
	// identity names the cause among all of the contact's.
	identity string
	// once: the audience is looked at once; silent: who is none of it is not counted as refused.
	once, silent bool
	// hops is how many scenarios led into each other before this one.
	hops int
}

// hopeful is a cause that did not let the contact in because of the audience.
type hopeful struct {
	scenario *scenario
	cause    cause
	until    event.Time
}

// trigger looks whether an event lets its contact into a scenario.
func (a *act) trigger(s *scenario, e *event.Event, before []byte) {
	v := s.newest()
	if v == nil {
		return
	}
	t := &v.program.Meaning.Trigger
	where := &v.program.Trigger.Where
	q := &definition.Question{Event: e, Trigger: e, Attributes: a.c.attributes()}
	because := cause{event: e, raw: rawOf(e), identity: e.Source + "\x00" + e.ID}
	switch {
	case t.Event != nil:
		if t.Event.Event != e.Type || !holds(where, q) {
			return
		}
	case t.Segment != nil:
		was := &definition.Question{Event: e, Trigger: e, Attributes: before}
		if string(before) == string(q.Attributes) || holds(where, was) || !holds(where, q) {
			return
		}
		because.raw, because.identity, because.once = a.c.name, "segment:"+because.identity, true
	default:
		return
	}
	a.ask(s, because, e.Received, a.now-e.Time)
}

func rawOf(e *event.Event) string {
	if e.Origin != "" {
		return e.Origin
	}
	return e.Contact
}

// dropOff looks whether a drop-off lets its contact into a scenario.
func (a *act) dropOff(s *scenario, x *record.Signal) {
	if s.newest() == nil {
		return
	}
	t := s.newest().program.Meaning.Trigger.FunnelDrop
	if t == nil || t.Funnel != x.Key || t.Stage != "" && t.Stage != x.Stage {
		return
	}
	e := &event.Event{
		Contact: x.Contact, Type: x.Type, Source: x.Source, ID: x.Event, Time: x.Time, Received: x.Due, Data: x.Data,
	}
	a.ask(s, cause{event: e, identity: x.ID}, x.Due, a.now-x.Due)
}

// newest is the version by whose trigger it is decided whether somebody asks to enter; nil when there never was one in force and the one that
// was held is withdrawn.
func (s *scenario) newest() *version {
	if s.active == nil {
		return s.pending
	}
	return s.active
}

// ask refuses what the scenario as it stands does not let in, and enters what it does.
func (a *act) ask(s *scenario, because cause, received, age event.Time) {
	if s.removed || a.c.person.hidden {
		return
	}
	trigger := &s.newest().program.Meaning.Trigger
	switch {
	case a.standings[s.key].Suspended:
		a.refuse(s, "Suspended")
	case received < s.since:
		a.refuse(s, "BeforeScenario")
	case s.active == nil:
		a.refuse(s, "Held")
	case s.active.program.Meaning.InFlight == definition.Drain:
		a.refuse(s, "Draining")
	case age > event.Time(trigger.MaxAge/time.Microsecond):
		a.refuse(s, "TooOld")
	default:
		a.enter(s, because)
	}
	a.lead()
}

// enter lets the contact into a scenario that is open, if re-entry and audience allow it.
func (a *act) enter(s *scenario, because cause) {
	p := s.active.program
	rule := p.Meaning.Entry
	if p.Meaning.InFlight == definition.Drain && because.event == nil {
		a.refuse(s, "Draining")
		return
	}
	key, found := because.identity, true
	if rule.Key != "" {
		key, found, _ = p.Key.Of(a.question(because.event, because.event, nil))
	}
	if !found || key == "" {
		a.refuse(s, "NoKey")
		return
	}
	id := hashed(s.key, because.raw, key, because.identity)
	if slices.ContainsFunc(a.c.enrolments, func(n *enrolment) bool { return n.id == id }) {
		return
	}
	var former *enrolment // that goes on with the same key
	for _, n := range a.c.enrolments {
		if n.scenario.key == s.key && n.key == key && !n.over {
			former = n
		}
	}
	if former != nil {
		switch {
		case rule.OnRepeat == definition.RepeatUpdate:
			former.remember(because.event)
			return
		case rule.OnRepeat == definition.RepeatIgnore:
			a.refuse(s, "Repeat")
			return
		case rule.Reentry == definition.ReentryNever:
			a.refuse(s, "Reentry")
			return
		}
	} else if reason := a.again(s, key); reason != "" {
		a.refuse(s, reason)
		return
	}
	if !holds(&p.Audience, a.question(because.event, because.event, nil)) {
		switch {
		case !because.once:
			a.hope(s, because)
		case !because.silent:
			a.refuse(s, "Audience")
		}
		return
	}
	if former != nil {
		a.end(former, "Restarted")
	}
	a.admit(s, because, id, key)
}

// again says why a contact may not enter again; empty when it may, or enters for the first time.
func (a *act) again(s *scenario, key string) string {
	rule := s.active.program.Meaning.Entry
	cooling := false
	for _, n := range a.c.enrolments {
		if n.scenario.key != s.key {
			continue
		}
		same := n.key == key
		switch {
		case rule.Reentry == definition.ReentryNever && same, rule.Reentry == definition.ReentryAfterExit && !n.over:
			return "Reentry"
		case n.over && (same || rule.Reentry == definition.ReentryAfterExit) && a.now < n.endedAt.Add(rule.Cooldown):
			cooling = true
		}
	}
	if cooling {
		return "Cooldown"
	}
	return ""
}

// admit begins an enrolment.
func (a *act) admit(s *scenario, because cause, id, key string) {
	n := &enrolment{
		scenario: s, version: s.active, id: id, key: key, identity: because.identity, vars: map[string]string{},
		entered: a.now, visits: map[string]int{},
		held: bucket(10_000, s.key, a.c.name, "holdout") < uint64(s.active.program.Meaning.Holdout),
	}
	n.keeps = n.version.program.ReadsTrigger || slices.ContainsFunc(n.meaning().Steps, func(s definition.Step) bool { return s.Enter != nil })
	n.remember(because.event)
	n.setWindow()
	a.c.enrolments = append(a.c.enrolments, n)
	a.note(n, Fact{What: Entered, Held: n.held})
	if n.held && !n.version.owes() {
		a.exit(n, "")
		return
	}
	a.hops[n] = because.hops
	a.arrive(n, 0)
}

// remember keeps the event that let the contact in, if the version by which it entered asks for it.
func (n *enrolment) remember(e *event.Event) {
	if n.keeps {
		n.trigger = e
	}
}

// setWindow sets until when a goal counts.
func (n *enrolment) setWindow() {
	n.window = 0
	if goal := n.meaning().Goal; goal != nil {
		n.window = n.entered.Add(goal.Within)
	}
}

// hope lets a cause wait for the audience's condition, unless it does already.
func (a *act) hope(s *scenario, because cause) {
	for _, h := range a.c.hopeful {
		if h.scenario == s && h.cause.raw == because.raw && h.cause.identity == because.identity {
			return
		}
	}
	a.c.hopeful = append(a.c.hopeful, hopeful{s, because, a.now.Add(audienceAgain)})
}

// retry lets those in who have become part of the audience.
func (a *act) retry() {
	waiting := a.c.hopeful
	a.c.hopeful = nil
	for _, h := range waiting {
		switch {
		case a.frozen(h.scenario) || h.scenario.active == nil || h.scenario.active.program.Meaning.InFlight == definition.Drain:
			a.c.hopeful = append(a.c.hopeful, h)
		case !holds(&h.scenario.active.program.Audience, a.question(h.cause.event, h.cause.event, nil)):
			a.c.hopeful = append(a.c.hopeful, h)
		default:
			a.enter(h.scenario, h.cause)
			a.lead()
		}
	}
}

// lead enters those scenarios that enrolments led into, in their order.
func (a *act) lead() {
	for len(a.led) > 0 {
		next := a.led[0]
		a.led = a.led[1:]
		s := a.scenarios[next.to]
		switch {
		case s == nil || s.removed || s.newest() == nil || !s.newest().program.Meaning.Trigger.Enter:
		case next.because.hops > definition.MaxHops:
			a.refuse(s, "Hops")
		case a.standings[s.key].Suspended:
			a.refuse(s, "Suspended")
		case s.active == nil:
			a.refuse(s, "Held")
		case s.active.program.Meaning.InFlight == definition.Drain:
			a.refuse(s, "Draining")
		default:
			a.enter(s, next.because)
		}
	}
}

// hop is a scenario that an enrolment leads into.
type hop struct {
	to      string
	because cause
}
