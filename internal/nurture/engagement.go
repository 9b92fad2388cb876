// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"strings"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// feedback is an event of others that tells what became of a channel's messages.
type feedback struct {
	channel *Channel
	kind    definition.FeedbackKind
	program *definition.FeedbackProgram
}

// marksOf says what events mean for the message that they are about.
var marksOf = map[string]mark{
	event.MessageDelivered: delivered, event.MessageBounced: bounced, event.MessageComplained: complained, event.MessageOpened: opened,
	event.MessageClicked: clicked, event.MessageReplied: replied, event.MessagePressed: replied,
}

// hearEngagement counts what somebody, or a machine, did with a message: each thing once.
func (w *World) hearEngagement(s *Subject, x *happening, m mark) {
	told := x.message()
	if x.event.Origin != "" {
		return // it is counted where it happened
	}
	sent := s.State.findMessage(told.Effect, told.Channel, s.Now)
	if sent == nil {
		return
	}
	if told.Machine {
		switch m {
		case opened:
			m = machineOpened
		case clicked:
			m = machineClicked
		}
	}
	w.note(sent, m)
	switch m {
	case complained:
		w.suppressBy(complaint, sent.address, s.Now)
	case bounced:
		w.suppressBy(told.Class, sent.address, s.Now)
	}
}

// findMessage gives the message of an effect that is still remembered; without one, the latest of a channel.
func (c *Contact) findMessage(effect, channel string, now event.Time) *message {
	if effect != "" {
		name, ok := parseID(effect)
		if !ok {
			return nil
		}
		if m := c.messageOf(name); m != nil && m.time+messageMemory > now {
			return m
		}
		return nil
	}
	return c.latestOf(hash32(channel), now)
}

func (c *Contact) latestOf(channel uint32, now event.Time) *message {
	var latest *message
	for i := range c.messages {
		m := &c.messages[i]
		if m.channel == channel && m.time+messageMemory > now && (latest == nil || m.time >= latest.time) {
			latest = m
		}
	}
	return latest
}

// note marks a message and counts it, unless it is marked so already.
func (w *World) note(sent *message, m mark) {
	if sent.marks&m != 0 {
		return
	}
	sent.marks |= m
	if sent.marks&foreign != 0 {
		return
	}
	a := w.accountOf(sent, KindSend)
	a.count(func(c *aggregate.Message) { *counterOf(c, m)++ })
	if m == clicked {
		a.share(func(s *aggregate.Share) { s.Clicked++ })
	}
}

func counterOf(c *aggregate.Message, m mark) *int64 {
	switch m {
	case opened:
		return &c.Opened
	case clicked:
		return &c.Clicked
	case machineOpened:
		return &c.MachineOpened
	case machineClicked:
		return &c.MachineClicked
	case delivered:
		return &c.Delivered
	case bounced:
		return &c.Bounced
	case complained:
		return &c.Complained
	case replied:
		return &c.Replied
	}
	return &c.Unsubscribed
}

// hearFeedback takes in what others tell of messages.
func (w *World) hearFeedback(s *Subject, x *happening) {
	if x.event.Origin != "" {
		return
	}
	for _, f := range w.feedback[x.event.Type] {
		q := definition.Question{Event: x.event, Attributes: s.Attributes}
		if holds, _ := f.program.Where.Holds(&q); !holds {
			continue
		}
		sent := f.about(s, &q)
		if sent != nil {
			switch f.kind {
			case definition.HardBounce, definition.SoftBounce:
				w.note(sent, bounced)
			case definition.Complaint:
				w.note(sent, complained)
			case definition.Arrived:
				w.note(sent, delivered)
			}
		}
		w.suppressFor(s, &f, sent)
	}
}

// about gives the message that an event tells of; nil when that is not known.
func (f *feedback) about(s *Subject, q *definition.Question) *message {
	if f.program.Message.None() {
		return s.State.latestOf(hash32(f.channel.Key), s.Now)
	}
	text, present, _ := f.program.Message.Of(q)
	if !present {
		return nil
	}
	name, _, _ := strings.Cut(strings.Trim(text, "<> "), "@") // mail servers tell the whole Message-ID
	if name == "" {
		return nil
	}
	return s.State.findMessage(name, "", s.Now)
}

// suppressFor suppresses the address that a message went to, or the contact's when it is not known which message it was.
func (w *World) suppressFor(s *Subject, f *feedback, sent *message) {
	class := ""
	switch f.kind {
	case definition.HardBounce:
		class = addressInvalid
	case definition.Complaint:
		class = complaint
	}
	if class == "" {
		return
	}
	if sent != nil && sent.address != (id{}) {
		w.suppressBy(class, sent.address, s.Now)
		return
	}
	program := f.channel.Program
	text, present, _ := program.Address.Of(&definition.Question{Attributes: s.Attributes})
	if present && text != "" {
		w.suppressBy(class, addressID(program.Meaning.Medium, text), s.Now)
	}
}
