// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// tombstone is how long a scenario that was removed can come back as if nothing had happened.
const tombstone = 24 * time.Hour

var noPolicy = &definition.PolicyProgram{Meaning: definition.Policy{TimeZone: "UTC"}, Location: time.UTC}

// Step follows the next record of the log.
func (i *Interpreter) Step(r *record.Record) error {
	switch r.Kind {
	case record.Events:
		for rest := r.Chunk; len(rest) > 0; {
			e := new(event.Event)
			var err error
			if rest, err = event.Next(rest, e); err != nil {
				return fmt.Errorf("read a chunk: %w", err)
			}
			i.event(e)
		}
	case record.Epoch:
		i.tick(r.Epoch.Time)
	case record.Tick:
		i.tick(r.Tick)
	case record.Apply:
		return i.apply(&r.Apply)
	case record.Remove:
		i.remove(&r.Remove)
	case record.Term:
		i.heed(r.Term.Leader)
	case record.Signals:
		for n := range r.Signals {
			i.signal(&r.Signals[n])
		}
	case record.Claims:
		i.tick(r.Claims.Time)
		for _, c := range r.Claims.Claims {
			i.claim(c, r.Claims.Time)
		}
	case record.Suppressions:
		for _, s := range r.Suppressions {
			i.suppressed[s.Address] = !s.Released
		}
	case record.Standing:
		return i.stand(&r.Standing)
	case record.Pauses:
		for _, p := range r.Pauses {
			if ch := i.channels[p.Channel]; ch != nil {
				ch.paused, ch.reason = p.Until, p.Reason
			}
		}
	}
	return nil // all others are not about scenarios
}

// tick lets time go by: whoever is due acts, then scenarios whose instant has come take people in.
func (i *Interpreter) tick(t event.Time) {
	before := i.clock
	i.clock = max(i.clock, t)
	i.bury()
	var known []*contact // before anything happened
	for _, c := range i.everybody() {
		if c.isKnown() {
			known = append(known, c)
		}
	}
	i.ringAll()
	i.fire(before, known)
}

// heed says whether an operator may still speak.
func (i *Interpreter) heed(leader uint64) bool {
	if leader < i.term {
		return false
	}
	i.term = leader
	return true
}

func (i *Interpreter) channel(key string) *channel {
	if i.channels[key] == nil {
		i.channels[key] = &channel{from: len(i.facts)}
	}
	return i.channels[key]
}

func (i *Interpreter) apply(r *record.ApplyRecord) error {
	if !i.heed(r.Leader) {
		return nil
	}
	kind, _, _ := strings.Cut(r.Key, "/")
	switch kind {
	case "MessageChannel":
		program, err := i.compiler.CompileChannel(r.Definition)
		if err != nil {
			return fmt.Errorf("compile %s: %w", r.Key, err)
		}
		i.channel(r.Key).program = program
	case "MessagingPolicy":
		program, err := i.compiler.CompilePolicy(r.Definition)
		if err != nil {
			return fmt.Errorf("compile %s: %w", r.Key, err)
		}
		i.policies[r.Key] = program
	case "NurtureScenario":
		program, err := i.compiler.CompileScenario(r.Definition)
		if err != nil {
			return fmt.Errorf("compile %s: %w", r.Key, err)
		}
		return i.applyScenario(r, &version{r.Version, program})
	}
	return nil
}

func (i *Interpreter) applyScenario(r *record.ApplyRecord, v *version) error {
	s := i.scenarios[r.Key]
	if s != nil && s.uid == r.UID && r.Generation < s.generation {
		return nil
	}
	if s == nil {
		s = &scenario{key: r.Key, since: i.clock, from: len(i.facts)}
		i.scenarios[r.Key] = s
	}
	s.uid, s.generation = r.UID, r.Generation
	if s.removed {
		s.removed = false
		i.thaw(s, s.removedAt, definition.CatchUpSend)
	}
	if len(r.Standing) > 0 {
		if err := i.stand(&record.StandingRecord{Key: r.Key, Standing: r.Standing, Leader: r.Leader}); err != nil {
			return err
		}
	}
	switch {
	case s.active != nil && s.active.id == v.id:
		s.pending = nil
	case i.standings[s.key].Held:
		s.pending = v
	default:
		i.enforce(s, v)
	}
	i.ringAll()
	return nil
}

func (i *Interpreter) remove(r *record.RemoveRecord) {
	if !i.heed(r.Leader) {
		return
	}
	delete(i.policies, r.Key)
	if ch := i.channels[r.Key]; ch != nil && ch.program != nil {
		ch.program, ch.removedAt = nil, i.clock
	}
	s := i.scenarios[r.Key]
	if s == nil || s.removed || r.UID != "" && (r.UID != s.uid || r.Generation < s.generation) {
		return
	}
	s.removed, s.removedAt, s.pending = true, i.clock, nil
}

// bury ends what was removed long enough ago.
func (i *Interpreter) bury() {
	for key, ch := range i.channels {
		if ch.program == nil && ch.removedAt.Add(tombstone) <= i.clock {
			delete(i.channels, key)
		}
	}
	for _, s := range i.inOrder() {
		if !s.removed || s.removedAt.Add(tombstone) > i.clock {
			continue
		}
		for _, c := range i.everybody() {
			a := i.begin(c, i.clock)
			for _, n := range c.enrolments {
				if n.scenario == s {
					a.end(n, "ScenarioDeleted")
					n.mature = true
				}
			}
			c.hopeful = slices.DeleteFunc(c.hopeful, func(h hopeful) bool { return h.scenario == s })
			delete(c.dates, s.key)
		}
		delete(i.scenarios, s.key)
		delete(i.standings, s.key)
	}
}

// stand changes what a scenario is told besides its meaning.
func (i *Interpreter) stand(r *record.StandingRecord) error {
	var standing definition.Standing
	if err := json.Unmarshal(r.Standing, &standing); err != nil {
		return fmt.Errorf("read the standing of %s: %w", r.Key, err)
	}
	if !i.heed(r.Leader) {
		return nil
	}
	s := i.scenarios[r.Key]
	if s == nil {
		return nil
	}
	before := i.standings[r.Key]
	i.standings[r.Key] = standing
	switch {
	case standing.Suspended && !before.Suspended:
		s.suspendedAt = i.clock
	case before.Suspended && !standing.Suspended && !s.removed: // else it goes on when it comes back
		i.thaw(s, s.suspendedAt, standing.CatchUp)
	}
	if v := s.pending; v != nil && !standing.Held && !s.removed {
		i.enforce(s, v)
	}
	i.ringAll()
	return nil
}

// event lets one event happen to its contact.
func (i *Interpreter) event(e *event.Event) {
	c := i.contact(e.Contact)
	if c.seen[identityOf(e)] {
		return
	}
	c.seen[identityOf(e)] = true
	a := i.begin(c, max(i.clock, e.Received))
	a.ring()
	before := c.attributes()
	if c.learn(e) {
		a.hide()
	}
	c.learnAttributes(e)
	if e.Origin != "" && !c.person.owns(c.name, e.Origin, e.Time) {
		return // somebody else's, who used the same browser
	}
	a.event(e, before)
	a.ring() // a version that it moved to may have been over for long
}

// event lets an event act, in the order of the rules.
func (a *act) event(e *event.Event, before []byte) {
	clear(a.moved)
	clear(a.taken)
	a.consent(e)
	a.feedback(e)
	a.result(e)
	a.engagement(e)
	inside := a.inOrder()
	for _, n := range inside {
		a.goalAndExit(n, e)
	}
	changed := string(before) != string(a.c.attributes())
	for _, n := range inside {
		a.happened(n, e, changed)
	}
	if a.c.person.hidden {
		return
	}
	if changed {
		a.retry()
		a.rearm()
	}
	for _, s := range a.Interpreter.inOrder() {
		a.trigger(s, e, before)
	}
}

// signal lets a drop-off, or that it was none, happen to its contact.
func (i *Interpreter) signal(x *record.Signal) {
	c := i.contact(x.Contact)
	a := i.begin(c, i.clock)
	a.ring()
	if x.Retracted {
		for _, n := range a.inOrder() {
			if n.identity == x.ID {
				a.end(n, "TriggerRetracted")
			}
		}
		c.hopeful = slices.DeleteFunc(c.hopeful, func(h hopeful) bool { return h.cause.identity == x.ID })
		return
	}
	for _, s := range i.inOrder() {
		a.dropOff(s, x)
	}
}

// claim looks at a message that somebody asks to send.
func (i *Interpreter) claim(r record.Claim, now event.Time) {
	c := i.contacts[r.Contact]
	if c == nil {
		return
	}
	a := i.begin(c, now)
	a.ring()
	for _, n := range a.inOrder() {
		switch x := n.effect; {
		case x == nil || x.id != r.Effect || x.finished || r.Attempt != x.attempt+1:
		case n.inside():
			a.decide(n, r.Attempt)
			a.lead()
			return
		case x.claimed && !i.atMostOnce(x.channel): // nobody needs it any more, and nobody knows whether it left
			x.finished = true
			if !x.doubted {
				a.noteEffect(n, x, Fact{What: InDoubt})
			}
		}
	}
}

// fire takes in the audience of every schedule whose instant has come since: of several that were missed, for the latest, unless it is too old.
func (i *Interpreter) fire(since event.Time, known []*contact) {
	for _, s := range i.inOrder() {
		if s.removed || s.active == nil || s.active.program.Meaning.Trigger.Schedule == nil {
			continue
		}
		t, zone := &s.active.program.Meaning.Trigger, s.active.program.Zone
		if t.Schedule.ContactZone {
			continue // each contact has an instant of its own
		}
		latest := event.Time(0)
		for at, found := i.nextFiring(s, zone, since); found && at <= i.clock; at, found = i.nextFiring(s, zone, at) {
			latest = at
		}
		if latest == 0 || i.clock > latest.Add(t.MaxAge) {
			continue
		}
		for _, c := range known {
			a := i.begin(c, i.clock)
			if i.standings[s.key].Suspended {
				a.refuse(s, "Suspended")
				continue
			}
			a.enter(s, cause{raw: c.name, identity: scheduled(latest), once: true, silent: true})
			a.lead()
		}
	}
}

func scheduled(at event.Time) string { return fmt.Sprintf("schedule:%d", at) }
