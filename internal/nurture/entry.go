// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Reasons for which a trigger lets nobody in.
const (
	TooOld         = "TooOld"
	BeforeScenario = "BeforeScenario"
	NoKey          = "NoKey"
	ReentryRefused = "Reentry"
	Cooldown       = "Cooldown"
	Repeat         = "Repeat"
	Audience       = "Audience"
	Suspended      = "Suspended"
	Draining       = "Draining"
	Held           = "Held"
	Hops           = "Hops"
)

// entry is a trigger that wants to let a contact in.
type entry struct {
	// raw is the contact that it happened to first where it is an event's; identity names the trigger, and key what it is about.
	raw, identity, key string
	// event is the trigger's, or stands for it; never nil.
	event *event.Event
	// signal is a hash of the drop-off's id; 0 is none.
	signal uint64
	// hops counts the scenarios that led here at this instant.
	hops int
}

// patience says what becomes of a trigger whose audience does not hold.
type patience uint8

const (
	// waits for attributes that the audience asks for.
	waits patience = iota
	// once is refused; silently is not even that, as nobody meant the contact.
	once
	silently
)

// timing is what the age of a trigger is told by; zero times are not looked at.
type timing struct{ received, happened event.Time }

// open says whether a scenario takes in anybody at all now, and counts it when it does not.
func (w *World) open(s *Subject, sc *Scenario, t timing) bool {
	switch v := sc.offered(); {
	case s.Hidden || sc.Removed || v == nil:
		return false
	case sc.Standing.Suspended:
		w.refuse(s, sc, Suspended)
	case t.received != 0 && t.received < sc.Since:
		w.refuse(s, sc, BeforeScenario)
	case sc.Active == nil:
		w.refuse(s, sc, Held)
	case v.Program.Meaning.InFlight == definition.Drain:
		w.refuse(s, sc, Draining)
	case t.happened != 0 && s.Now-t.happened > event.Time(v.Program.Meaning.Trigger.MaxAge.Microseconds()):
		w.refuse(s, sc, TooOld)
	default:
		return true
	}
	return false
}

// enter lets a contact in by a trigger that matches, unless a rule is against it.
func (w *World) enter(s *Subject, sc *Scenario, t timing, n entry, p patience) {
	if w.open(s, sc, t) {
		w.knock(s, sc, n, p)
	}
}

// knock takes the key from a trigger and applies the rules.
func (w *World) knock(s *Subject, sc *Scenario, n entry, p patience) {
	n.key = n.identity
	if program := sc.Active.Program; program.Meaning.Entry.Key != "" {
		q := definition.Question{Event: n.event, Trigger: n.event, Attributes: s.Attributes}
		key, present := sc.text(&program.Key, &q)
		if !present || key == "" {
			w.refuse(s, sc, NoKey)
			return
		}
		n.key = key
	}
	w.admit(s, sc, n, p)
}

// admit applies the rules of entering again and the audience.
func (w *World) admit(s *Subject, sc *Scenario, n entry, p patience) {
	c, v := s.State, sc.Active
	name := enrolmentID(sc.Key, n.raw, n.key, n.identity)
	if c.knows(name) {
		return
	}
	verdict := c.repeats(sc, &v.Program.Meaning.Entry, n.key, s.Now)
	if verdict.update != nil {
		w.update(sc, verdict.update, &n)
		return
	}
	if verdict.refused != "" {
		w.refuse(s, sc, verdict.refused)
		return
	}
	if !w.mayHold(s, sc, &n) {
		w.waitForAudience(s, sc, n, p)
		return
	}
	if verdict.restart != nil {
		w.end(s, sc, verdict.restart, Restarted)
	}
	w.enrol(s, sc, v, name, n)
}

// repetition is what the rules of entering again say: at most one of its fields is set.
type repetition struct {
	refused         string
	update, restart *enrolment
}

// repeats decides whether a contact may enter with a key, given what it remembers of the scenario.
func (c *Contact) repeats(sc *Scenario, rule *definition.Entry, key string, now event.Time) repetition {
	var same, other *enrolment
	for _, e := range c.enrolments {
		switch {
		case e.scenario != sc.hash || !e.present():
		case e.key == key:
			same = e
		default:
			other = e
		}
	}
	if same != nil {
		switch {
		case rule.OnRepeat == definition.RepeatUpdate:
			return repetition{update: same}
		case rule.OnRepeat != definition.RepeatRestart:
			return repetition{refused: Repeat}
		case rule.Reentry == definition.ReentryNever:
			return repetition{refused: ReentryRefused}
		}
		return repetition{restart: same}
	}
	if other != nil && rule.Reentry == definition.ReentryAfterExit {
		return repetition{refused: ReentryRefused}
	}
	return repetition{refused: c.tooSoon(sc, rule, hash64(key), now)}
}

// tooSoon looks at the enrolments that have ended.
func (c *Contact) tooSoon(sc *Scenario, rule *definition.Entry, key uint64, now event.Time) string {
	recent := false
	for i := range c.past {
		p := &c.past[i]
		if p.scenario != sc.hash || p.key != key && rule.Reentry != definition.ReentryAfterExit {
			continue
		}
		if rule.Reentry == definition.ReentryNever {
			return ReentryRefused
		}
		recent = recent || now-p.exited < event.Time(rule.Cooldown.Microseconds())
	}
	if recent {
		return Cooldown
	}
	return ""
}

// update lets an enrolment take over a later trigger's data.
func (w *World) update(sc *Scenario, e *enrolment, n *entry) {
	if v := sc.Versions[e.version]; v != nil && v.Program != nil && v.keepsTrigger() {
		e.trigger = keep(n.event)
	}
}

func (w *World) waitForAudience(s *Subject, sc *Scenario, n entry, p patience) {
	c := s.State
	if p != waits || len(c.retries) >= maxRetries {
		if p != silently {
			w.refuse(s, sc, Audience)
		}
		return
	}
	if slices.ContainsFunc(c.retries, func(r retry) bool { return r.scenario == sc.hash && r.entry.same(&n) }) {
		return
	}
	n.event = keep(n.event)
	n.hops, n.key = 0, ""
	c.retries = append(c.retries, retry{sc.hash, s.Now + audienceMemory, n})
	w.tell(s, sc, Note{What: WaitedForAudience, Until: s.Now + audienceMemory})
	slices.SortStableFunc(c.retries, func(a, b retry) int { return w.compareScenarios(a.scenario, b.scenario) })
}

func (n *entry) same(o *entry) bool {
	return n.raw == o.raw && n.identity == o.identity
}

// retryAudiences tries again what waits for attributes.
func (w *World) retryAudiences(s *Subject) {
	waiting := s.State.retries
	s.State.retries = nil
	for i := range waiting {
		r := &waiting[i]
		sc := w.byHash[r.scenario]
		if sc == nil || s.Hidden {
			continue
		}
		if sc.frozen() || sc.Active == nil || sc.Active.Program.Meaning.InFlight == definition.Drain || !w.mayHold(s, sc, &r.entry) {
			s.State.retries = append(s.State.retries, *r)
			continue
		}
		w.knock(s, sc, r.entry, waits) // the key is the version's that it enters
		w.follow(s)
	}
}

// mayHold says whether the audience holds now, which only members are of a segment that the scenario asks for.
func (w *World) mayHold(s *Subject, sc *Scenario, n *entry) bool {
	q := definition.Question{Event: n.event, Trigger: n.event, Attributes: s.Attributes}
	return w.isMember(s, sc.Active.Program.Meaning.Segment) && sc.holds(&sc.Active.Program.Audience, &q)
}

// Waits says whether a trigger waits for its audience to hold.
func (c *Contact) Waits() bool { return c != nil && len(c.retries) > 0 }

// Retry tries again what waits for its audience, after the contact may have become a member of a segment.
func (w *World) Retry(s *Subject) {
	w.begin(s)
	defer w.finish(s)
	w.retryAudiences(s)
}

// enrol begins an enrolment.
func (w *World) enrol(s *Subject, sc *Scenario, v *Version, name id, n entry) {
	e := &enrolment{
		id: name, scenario: sc.hash, version: v.Number, key: n.key, signal: n.signal, entered: s.Now, step: nowhere, fresh: true, hops: n.hops,
	}
	if v.keepsTrigger() {
		e.trigger = keep(n.event)
	}
	if goal := v.Program.Meaning.Goal; goal != nil {
		e.window = s.Now.Add(goal.Within)
	}
	w.add(s.State, e)
	v.Inside++
	t := sc.Tally
	t.Changed = true
	t.Entered++
	t.version(v).Entered++
	p := place{w, s, sc, v, e}
	if heldOut(sc.Key, s.Name, v.Program.Meaning.Holdout) {
		t.HeldOut++
		e.control = true
		p.tell(Note{What: WasHeldOut, By: n.cause()})
		if !v.owes() {
			w.withdraw(s, sc, e)
			return
		}
	} else {
		t.Active++
		p.tell(Note{What: Enrolled, By: n.cause()})
	}
	p.walk(0)
}

// keep copies an event so that it outlives the chunk that it came in; what nobody asks for is left out.
func keep(e *event.Event) *event.Event {
	return &event.Event{
		Type: cloneString(e.Type), Source: cloneString(e.Source), ID: cloneString(e.ID), Time: e.Time, Data: slices.Clone(e.Data),
	}
}
