// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Proof is what a person once said about a topic.
type Proof struct {
	// Time is the event's; 0 is that nothing was said.
	Time event.Time
	// Identity is that of the event: its source and its id, with a zero byte between.
	Identity string
	// Method and TextHash are as in event.Consent.
	Method, TextHash string
}

// after says whether a was said after b.
func (p *Proof) after(o *Proof) bool {
	return p.Time != 0 && cmp.Or(cmp.Compare(p.Time, o.Time), strings.Compare(p.Identity, o.Identity)) > 0
}

// consent is what a contact last said about a topic, each way.
type consent struct {
	topic string
	// given is any consent, confirmed one that the person proved to be theirs.
	given, confirmed, withdrawn Proof
}

// Consent is what a contact said about a topic, with the proof.
type Consent struct {
	// Topic is empty for all marketing.
	Topic                       string
	Given, Confirmed, Withdrawn Proof
}

// Consents gives what the contact said, by topic.
func (c *Contact) Consents() []Consent {
	all := make([]Consent, len(c.consents))
	for i, s := range c.consents {
		all[i] = Consent{s.topic, s.given, s.confirmed, s.withdrawn}
	}
	return all
}

// Standpoint is how a contact stands to a topic.
type Standpoint uint8

const (
	// Silent has said nothing.
	Silent Standpoint = iota
	// Agreed may be sent it.
	Agreed
	// Pending has agreed and is yet to confirm it.
	Pending
	// Withdrawn must not be sent it.
	Withdrawn
)

// Standpoint tells how the contact stands to a topic: the last word counts, on the topic or on all marketing. DoubleOptIn asks for a
// confirmation.
func (c *Contact) Standpoint(topic string, doubleOptIn bool) Standpoint {
	standpoint, _ := c.Stand(topic, doubleOptIn)
	return standpoint
}

// Stand is Standpoint, with the last words that it follows from: those on the topic and on all marketing, whichever came later.
func (c *Contact) Stand(topic string, doubleOptIn bool) (Standpoint, Consent) {
	last := Consent{Topic: topic}
	for i := range c.consents {
		s := &c.consents[i]
		if s.topic != "" && s.topic != topic {
			continue
		}
		last.Given, last.Confirmed = newer(last.Given, s.given), newer(last.Confirmed, s.confirmed)
		last.Withdrawn = newer(last.Withdrawn, s.withdrawn)
	}
	switch {
	case last.Confirmed.after(&last.Withdrawn):
		return Agreed, last
	case last.Given.after(&last.Withdrawn) && doubleOptIn:
		return Pending, last
	case last.Given.after(&last.Withdrawn):
		return Agreed, last
	case last.Withdrawn.Time != 0:
		return Withdrawn, last
	}
	return Silent, last
}

func newer(a, b Proof) Proof {
	if b.after(&a) {
		return b
	}
	return a
}

// AsksTwice says whether a topic needs a confirmation.
func AsksTwice(policy *definition.Policy, topic string) bool {
	return slices.ContainsFunc(policy.Topics, func(t definition.Topic) bool { return t.Name == topic && t.DoubleOptIn })
}

// objection says why marketing on a topic must not be sent; empty when it may.
func (c *Contact) objection(policy *definition.Policy, topic string) string {
	switch c.Standpoint(topic, AsksTwice(policy, topic)) {
	case Withdrawn:
		return Unsubscribed
	case Pending:
		return NoConsent
	case Silent:
		if policy.ConsentExplicit {
			return NoConsent
		}
	}
	return ""
}

// hearConsent takes in what a person said about what it wants to be sent. Statements from a browser are not heard.
func (w *World) hearConsent(s *Subject, x *happening) {
	e := x.event
	given := e.Type == event.ConsentGiven || e.Type == event.ConsentGivenType
	if !given && e.Type != event.ConsentWithdrawn && e.Type != event.ConsentWithdrawnType {
		return
	}
	if e.Flags&event.Public != 0 && (e.Type == event.ConsentGivenType || e.Type == event.ConsentWithdrawnType) {
		w.PublicConsents++
		return
	}
	var said event.Consent
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &said) != nil {
		return
	}
	s.State.say(&said, given, Proof{e.Time, identityOf(e), said.Method, said.TextHash})
	if given || said.Effect == "" || e.Origin != "" {
		return
	}
	if m := s.State.findMessage(said.Effect, "", s.Now); m != nil {
		w.note(m, unsubscribed)
	}
}

// say keeps a statement if it is the last of its kind.
func (c *Contact) say(said *event.Consent, given bool, p Proof) {
	at, found := slices.BinarySearchFunc(c.consents, said.Topic, func(s consent, topic string) int { return strings.Compare(s.topic, topic) })
	if !found {
		if len(c.consents) >= maxConsents {
			return
		}
		c.consents = slices.Insert(c.consents, at, consent{topic: said.Topic})
	}
	s := &c.consents[at]
	if !given {
		s.withdrawn = newer(s.withdrawn, p)
		return
	}
	s.given = newer(s.given, p)
	if said.Confirmed {
		s.confirmed = newer(s.confirmed, p)
	}
}
