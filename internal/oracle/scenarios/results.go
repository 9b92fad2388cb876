// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

const (
	// remembered is how long what people do with a message is counted.
	remembered = 30 * 24 * time.Hour
	// maxAnswer bounds what is kept of a webhook's answer, in bytes.
	maxAnswer = 16 << 10
)

// message is one that was sent, or may have been.
type message struct {
	enrolment *enrolment
	effect    *effect
	sentAt    event.Time
	// told are the ways in which it was counted already.
	told map[What]bool
	// elsewhere: it was sent to whom the contact was before; it counts there.
	elsewhere bool
	// id and about are of a message that was sent elsewhere.
	id    string
	about event.MessageData
}

// result takes in what became of a message.
func (a *act) result(e *event.Event) {
	switch e.Type {
	case event.MessageSent, event.MessageFailed, event.MessageDeferred, event.MessageInDoubt:
	default:
		return
	}
	m := messageData(e)
	if e.Origin != "" {
		if e.Type == event.MessageSent || e.Type == event.MessageInDoubt {
			a.c.sent[m.Effect] = true
			if m.Kind == "Send" {
				a.c.messages = append(a.c.messages, &message{sentAt: e.Time, elsewhere: true, id: m.Effect, about: m})
			}
		}
		return
	}
	for _, n := range a.inOrder() {
		if x := n.effect; x != nil && x.id == m.Effect && x.attempt > 0 && !x.finished {
			a.became(n, x, e, &m)
			a.lead()
			return
		}
	}
}

func (a *act) became(n *enrolment, x *effect, e *event.Event, m *event.MessageData) {
	next := x.step.Next
	switch e.Type {
	case event.MessageDeferred:
		if x.claimed && (m.Attempt == 0 || m.Attempt == x.attempt) {
			x.claimed, x.notBefore, x.finished = false, m.RetryAt, !n.inside()
			a.noteEffect(n, x, Fact{What: Deferred})
		}
		return
	case event.MessageSent:
		a.noteEffect(n, x, Fact{What: Sent})
		a.keep(n, x, e.Time)
		a.storeAnswer(n, x, m.Answer)
	case event.MessageInDoubt:
		if !x.doubted {
			a.noteEffect(n, x, Fact{What: InDoubt})
		}
		a.keep(n, x, e.Time)
	case event.MessageFailed:
		if m.Class == "RenderFailed" {
			a.noteEffect(n, x, Fact{What: Skipped, Detail: "RenderFailed"})
		} else {
			a.noteEffect(n, x, Fact{What: Failed, Detail: m.Class})
		}
		if (m.Class == "AddressInvalid" || m.Class == "Blocked") && x.address != "" {
			a.suppressed[x.address] = true
		}
		if x.kind == "Webhook" {
			next = x.step.OnFailure
		}
	}
	x.finished, x.claimed = true, false
	if !n.inside() {
		return
	}
	if x.kind == "Task" && e.Type != event.MessageFailed {
		n.due = a.now.Add(x.step.Task.Due)
		return
	}
	a.goOn(n, next)
}

// keep remembers a message that was sent.
func (a *act) keep(n *enrolment, x *effect, at event.Time) {
	a.c.sent[x.id] = true
	if x.kind == "Send" {
		a.c.messages = append(a.c.messages, &message{enrolment: n, effect: x, sentAt: at, told: map[What]bool{}, id: x.id})
	}
}

func (a *act) storeAnswer(n *enrolment, x *effect, answer json.RawMessage) {
	if x.kind == "Webhook" && x.step.Webhook.Store != "" && len(answer) > 0 && len(answer) <= maxAnswer && json.Valid(answer) {
		n.vars[x.step.Webhook.Store] = string(answer)
	}
}

// engaged are the events that are counted once for each message.
var engaged = map[string]What{
	event.MessageDelivered: Delivered, event.MessageBounced: Bounced, event.MessageComplained: Complained,
	event.MessageOpened: Opened, event.MessageClicked: Clicked, event.MessageReplied: Replied, event.MessagePressed: Replied,
}

// engagement counts what happened to a message after it was sent.
func (a *act) engagement(e *event.Event) {
	what, counts := engaged[e.Type]
	if !counts || e.Origin != "" {
		return
	}
	m := messageData(e)
	switch {
	case m.Machine && what == Opened:
		what = MachineOpened
	case m.Machine && what == Clicked:
		what = MachineClicked
	}
	about := a.message(m.Effect)
	if m.Effect == "" {
		about = a.latestOf(m.Channel)
	}
	a.told(about, what)
	if about != nil && (what == Complained || what == Bounced && (m.Class == "AddressInvalid" || m.Class == "Blocked")) {
		a.suppressed[about.effect.address] = true
	}
}

// told counts something about a message, once.
func (a *act) told(m *message, what What) {
	if m != nil && !m.told[what] {
		m.told[what] = true
		a.noteEffect(m.enrolment, m.effect, Fact{What: what})
	}
}

// message finds one that is remembered and was sent to the contact itself.
func (a *act) message(id string) *message {
	for _, m := range a.c.messages {
		if m.id == id && !m.elsewhere && a.now < m.sentAt.Add(remembered) {
			return m
		}
	}
	return nil
}

// latestOf finds the latest message of a channel.
func (a *act) latestOf(channel string) (latest *message) {
	for _, m := range a.c.messages {
		if !m.elsewhere && m.effect.channel == channel && a.now < m.sentAt.Add(remembered) && (latest == nil || m.sentAt >= latest.sentAt) {
			latest = m
		}
	}
	return latest
}

// feedback takes in what others tell of messages: bounces and complaints that come later.
func (a *act) feedback(e *event.Event) {
	if e.Origin != "" {
		return
	}
	for _, key := range a.channelKeys() {
		p := a.channels[key].program
		for i := range p.Feedback {
			f := &p.Meaning.Feedback[i]
			if f.Event != e.Type || !holds(&p.Feedback[i].Where, a.question(e, e, nil)) {
				continue
			}
			about := a.latestOf(key)
			if f.Message != "" {
				id, _, _ := p.Feedback[i].Message.Of(a.question(e, e, nil))
				about = a.message(id)
			}
			if about == nil {
				if f.Kind == definition.HardBounce || f.Kind == definition.Complaint {
					address, _, _ := p.Address.Of(a.question(nil, nil, nil))
					a.suppressed[AddressHash(p.Meaning.Medium, address)] = true
				}
				continue
			}
			switch f.Kind {
			case definition.Arrived:
				a.told(about, Delivered)
			case definition.SoftBounce:
				a.told(about, Bounced)
			case definition.HardBounce:
				a.told(about, Bounced)
				a.suppressed[about.effect.address] = true
			case definition.Complaint:
				a.told(about, Complained)
				a.suppressed[about.effect.address] = true
			}
		}
	}
}
