// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Kind is what a step asks the world for.
type Kind string

const (
	// KindSend sends a message to the person.
	KindSend Kind = "Send"
	// KindWebhook calls an endpoint.
	KindWebhook Kind = "Webhook"
	// KindTask asks somebody to do something.
	KindTask Kind = "Task"
	// KindSet writes attributes of the contact.
	KindSet Kind = "Set"
)

// Effect is something that an enrolment wants done, or that was granted and of which it is not known whether it was.
type Effect struct {
	// ID names it for ever, Contact is whom it is for (the host fills it in).
	ID, Contact string
	// Scenario and Channel are keys; Set has no channel.
	Scenario, Channel string
	Kind              Kind
	// Purpose is that of a Send.
	Purpose definition.Purpose
	// NotBefore is since when it is wanted; of one that was granted, when that was.
	NotBefore event.Time
	// Attempt is the last claim that was granted, from 1; 0 is none. Claimed says that nothing is known of what became of that.
	Attempt int
	Claimed bool
	// Ended is set when the enrolment has ended: it is not granted again, and only what became of it is still to be told.
	Ended bool
}

// Grant is what a sender needs to know of an effect that was granted.
type Grant struct {
	Effect, Contact string
	Attempt         int
	// Scenario is its key, Version the ID of the version, Enrolment the enrolment's id in hex.
	Scenario, Version, Enrolment string
	Step                         string
	Visit                        int
	Kind                         Kind
	Purpose                      definition.Purpose
	Topic                        string
	// Channel is its key, Address where it goes.
	Channel, Address string
	// Variant is the name of the one drawn. Language is the contact's, such as ru or en-GB, or empty, and Zone the name of its time zone.
	Variant, Language, Zone string
	// Meaning is the step in that version.
	Meaning definition.Step
	// Attributes, Vars and, for Set, Traits (what is to be written) are JSON objects, or nil.
	Attributes, Vars, Traits []byte
	// Trigger is the event that let the contact in; empty where nothing asks for it.
	Trigger event.Event
	// GrantedAt is the claim's time, Entered and Arrived are when the contact came into the scenario and to the step.
	GrantedAt, Entered, Arrived event.Time
}

func kindOf(step *definition.Step) Kind {
	switch {
	case step.Send != nil:
		return KindSend
	case step.Webhook != nil:
		return KindWebhook
	case step.Task != nil:
		return KindTask
	case step.Set != nil:
		return KindSet
	}
	return ""
}

func channelOf(step *definition.Step) string {
	switch {
	case step.Send != nil:
		return step.Send.Channel
	case step.Webhook != nil:
		return step.Webhook.Channel
	case step.Task != nil:
		return step.Task.Channel
	}
	return ""
}

// effect gives the id of what the step the enrolment is on asks for.
func (p *place) effect() id {
	e := p.e
	if e.effect == (id{}) {
		e.effect = effectID(p.sc.Key, e.id, p.step().Name, uint64(e.visits[e.step]))
	}
	return e.effect
}

// variant gives the message that the contact is drawn for, or the one that won.
func (p *place) variant() string {
	step := p.step()
	if step.Send == nil || len(step.Send.Variants) == 0 {
		return ""
	}
	variants := step.Send.Variants
	if winner, found := p.sc.Standing.Winners[step.Name]; found {
		for i := range variants {
			if variants[i].Name == winner {
				return winner
			}
		}
	}
	if len(variants) == 1 {
		return variants[0].Name
	}
	drawn := draw(p.sc.Key, p.s.Name, "variant", step.Name)
	return variants[max(0, pick(drawn, func(i int) int32 { return variants[i].Weight }, len(variants)))].Name
}

// address gives where the message goes; false when that is not known.
func (p *place) address(channel *Channel) (string, bool) {
	step := p.step()
	switch {
	case step.Send == nil:
		return p.s.Name, true
	case !step.To.None():
		text, present := p.sc.text(&step.To, p.question())
		return text, present && text != ""
	case channel.Program.Address.None():
		return p.s.Name, channel.Program.Meaning.Medium == definition.Webhook
	}
	text, present := p.sc.text(&channel.Program.Address, &definition.Question{Attributes: p.s.Attributes})
	return text, present && text != ""
}

// Wanted gives what is to be claimed, which may be from a moment later than the clock on, and what was granted and is not known to have been
// done. Contact is left empty.
func (c *Contact) Wanted(w *World, _ event.Time) []Effect {
	var wanted []Effect
	for _, e := range c.enrolments {
		if e.status != inside || e.phase != claimed && e.phase != ready {
			continue
		}
		p, ok := w.placeOf(&Subject{State: c}, e)
		if !ok || p.sc.frozen() {
			continue
		}
		step := p.step()
		x := Effect{
			ID: p.effect().String(), Scenario: p.sc.Key, Channel: channelOf(&step.Step), Kind: kindOf(&step.Step),
			NotBefore: e.due, Attempt: e.attempt, Claimed: e.phase == claimed,
		}
		if step.Send != nil {
			x.Purpose = step.Send.Purpose
		}
		if x.Claimed {
			x.NotBefore = e.claimedAt
		}
		wanted = append(wanted, x)
	}
	for i := range c.flights {
		f := &c.flights[i]
		x := Effect{ID: f.effect.String(), Kind: f.kind, NotBefore: f.claimedAt, Attempt: f.attempt, Claimed: true, Ended: true}
		if sc := w.byHash[f.scenario]; sc != nil {
			x.Scenario = sc.Key
		}
		if channel := w.channels[f.channel]; channel != nil {
			x.Channel = channel.Key
		}
		wanted = append(wanted, x)
	}
	return wanted
}

// Grant gives what the sender needs of an effect that was granted and has no result yet; false when there is none such.
func (c *Contact) Grant(w *World, s *Subject, effect string) (Grant, bool) {
	name, ok := parseID(effect)
	if !ok {
		return Grant{}, false
	}
	s.zone = zoneOf{}
	p, ok := w.find(s, name)
	if !ok || p.e.phase != claimed {
		return Grant{}, false
	}
	aside := *p.sc // whatever is asked here is not in the log, so it must leave no trace in the numbers
	aside.Tally = new(Tally)
	p.sc = &aside
	e, step := p.e, p.step()
	g := Grant{
		Effect: effect, Contact: s.Name, Attempt: e.attempt, Scenario: p.sc.Key, Version: p.v.ID, Enrolment: e.id.String(),
		Step: step.Name, Visit: int(e.visits[e.step]), Kind: kindOf(&step.Step), Channel: channelOf(&step.Step), Variant: p.variant(),
		Meaning: step.Step, Attributes: s.Attributes, Vars: e.vars, GrantedAt: e.claimedAt, Entered: e.entered, Arrived: e.arrived,
		Zone: p.zone().String(), Language: p.language(), Traits: p.traits(),
	}
	if e.trigger != nil {
		g.Trigger = *e.trigger
	}
	if step.Send != nil {
		g.Purpose, g.Topic = step.Send.Purpose, step.Send.Topic
	}
	if channel := w.Channels[g.Channel]; channel != nil {
		g.Address, _ = p.address(channel)
	}
	return g, true
}

func (p *place) language() string {
	if step := p.step(); !step.Language.None() {
		if text, present := p.sc.text(&step.Language, p.question()); present {
			return text
		}
	}
	text, _ := p.sc.text(&p.w.Policy.Language, &definition.Question{Attributes: p.s.Attributes})
	return text
}

// traits gives what a Set writes, as a JSON object; values that there are not are left out.
func (p *place) traits() []byte {
	step := p.step()
	if step.Set == nil {
		return nil
	}
	traits := map[string]json.RawMessage{}
	for i := range step.Attributes {
		value, present, fault := step.Attributes[i].Value.Of(p.question())
		p.sc.fault(fault)
		if present {
			traits[step.Attributes[i].Name] = value
		}
	}
	encoded, err := json.Marshal(traits)
	if err != nil {
		return []byte("{}")
	}
	return encoded
}

// find gives the place of the enrolment that wants an effect, or wanted it and does not know what became of it.
func (w *World) find(s *Subject, effect id) (place, bool) {
	for _, e := range s.State.enrolments {
		if e.status != inside || e.step == nowhere || e.phase != ready && e.phase != later && e.phase != claimed {
			continue
		}
		if p, ok := w.placeOf(s, e); ok && p.effect() == effect {
			return p, true
		}
	}
	return place{}, false
}
