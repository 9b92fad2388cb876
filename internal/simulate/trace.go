// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"time"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// PathStep is one thing that happened to a contact in a scenario.
type PathStep struct {
	// Time is in the contact's workspace's zone.
	Time time.Time `json:"time"`
	// Scenario is namespace/name, and Enrolment the id of the entry that it is about; empty where nobody entered.
	Scenario  string `json:"scenario"`
	Enrolment string `json:"enrolment,omitempty"`
	// Step is where it happened; empty is on none.
	Step string `json:"step,omitempty"`
	// What is one of Entered, HeldOut, Refused, AudienceWaits, Arrived, Waits, PutOff, Skipped, Sent, Failed, Converted and Exited.
	What string `json:"what"`
	// Reason is why, in one word; By the type of the event that was the cause, or drop-off, and empty where that was time.
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`
	// Until is when what is waited for ends; nil is never.
	Until *time.Time `json:"until,omitempty"`
	// Subject is that of a message that was sent, or how its text begins.
	Subject string `json:"subject,omitempty"`
}

// tracer follows one contact.
type tracer struct {
	contact string
	zones   map[string]*time.Location // by the scenario's key
	message *Message                  // the last one
	path    []PathStep
}

func newTracer(p *plan, contact string) *tracer {
	t := &tracer{contact: contact, zones: map[string]*time.Location{}}
	for _, s := range p.scenarios {
		t.zones[s.key] = s.workspace.zone
	}
	return t
}

// see takes in what happens to the contact, whether it is known or a visitor.
func (t *tracer) see(s *sight) error {
	if contact, _ := event.AnonymousID(s.contact()); contact != t.contact {
		return nil
	}
	if s.message != nil {
		t.message = s.message
		return nil
	}
	n := s.note
	in := func(at event.Time) time.Time { return at.UTC().In(t.zones[n.Scenario]) }
	step := PathStep{
		Time: in(n.At), Scenario: shortKey(n.Scenario), Enrolment: n.Enrolment, Step: n.Step, What: string(n.What), Reason: n.Reason, By: n.By,
	}
	if n.Until != 0 {
		until := in(n.Until)
		step.Until = &until
	}
	if (n.What == nurture.Sent || n.What == nurture.Failed) && t.message != nil && t.message.Enrolment == n.Enrolment && t.message.Step == n.Step {
		step.Subject = t.message.Headline()
		if t.message.Error != "" {
			step.Subject = t.message.Error
		}
	}
	t.path = append(t.path, step)
	return nil
}

// Headline is what a message can be told by at a glance: its subject or title, or how it begins.
func (m *Message) Headline() string {
	const most = 60
	text := cmp.Or(m.Subject, gjson.GetBytes(m.Payload, "title").String(), m.Text, string(m.Payload))
	runes := []rune(text)
	for i, r := range runes {
		if r == '\n' || i == most {
			return string(runes[:i]) + "…"
		}
	}
	return text
}
