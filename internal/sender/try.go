// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// grantedFor is how long a grant may be acted on: a process that was stopped and resumed must not send what another one has sent since.
const grantedFor = 10 * time.Second

// Renderer makes messages.
type Renderer interface {
	// Render gives the message of a grant, without ID, To and Time. An error says that none can be made; it holds nothing of the contact.
	Render(g *nurture.Grant, d *definition.Delivery, c *definition.DeliveryChannel) (channel.Message, error)
}

// try deals with one granted message.
func (l *line) try(j job, settings *definition.DeliveryChannel, open *handle) {
	s, g := l.sender, &j.grant
	now := s.opts.Now()
	switch {
	case now > g.GrantedAt.Add(grantedFor):
		j.item.tell(g, stale(now))
		return
	case g.Kind == nurture.KindSet:
		j.item.tellSet(g)
		return
	case open == nil:
		r := channel.Result{Outcome: channel.Deferred, Class: ClassChannelMissing, RetryAfter: time.Minute}
		j.item.follow(g, judge(r, g, &orphaned, now))
		return
	}
	delivery := s.settings()
	m, err := s.opts.Render.Render(g, delivery, settings)
	if err != nil {
		s.opts.Logger.Warn("a message could not be made", "scenario", g.Scenario, "step", g.Step, "error", err.Error())
		j.item.tell(g, outcome{kind: event.MessageFailed, class: ClassRenderFailed})
		return
	}
	m.ID, m.To, m.Time, m.Kind = g.Effect, g.Address, g.GrantedAt.UTC(), kindOf(g)
	l.sendAs(j, &m, delivery, settings, open)
}

// sendAs sends a message in the delivery's mode. This is the one place where messages leave.
func (l *line) sendAs(j job, m *channel.Message, delivery *definition.Delivery, settings *definition.DeliveryChannel, open *handle) {
	s, g := l.sender, &j.grant
	live := delivery.Mode == ModeLive
	if !live && !redirect(m, delivery, settings.Medium) {
		s.opts.Metrics.tried(l.key, ClassDryRun)
		j.item.tell(g, outcome{kind: event.MessageSent, class: ClassDryRun})
		return
	}
	s.opts.Metrics.begin(l.key)
	r := l.deliver(open, m)
	s.opts.Metrics.end(l.key, r)
	l.note(r)
	if r.Err != nil && r.Outcome != channel.Accepted {
		s.opts.Logger.Info("a message was not accepted", "channel", l.key, "effect", g.Effect, "class", string(r.Class), "code", r.Code, "error", r.Err.Error())
	}
	v := judge(r, g, &settings.Channel, s.opts.Now())
	if !live && v.tell != nil && v.tell.kind == event.MessageFailed { // it is the fault of where it was led, not of the person's address
		v.tell.class = string(channel.Other)
	}
	j.item.follow(g, v)
}

// follow does what follows from a try.
func (it *item) follow(g *nurture.Grant, v verdict) {
	if v.tell == nil {
		it.desk.leave(it, v.after)
		it.desk.Wake()
		return
	}
	it.tell(g, *v.tell)
}

// orphaned are the limits of a channel that the delivery has not: see newOrphanLine.
var orphaned = definition.Channel{Guarantee: atLeastOnce, Limits: definition.Limits{Retries: math.MaxInt32, RetryFor: time.Hour}}

// kindOf names what a webhook is about.
func kindOf(g *nurture.Grant) string {
	switch g.Kind {
	case nurture.KindTask:
		return "task"
	case nurture.KindWebhook:
		return "step"
	}
	return "message"
}

// tell makes a result durable in the contact's partition. Until that is folded the effect stays in hand.
func (it *item) tell(g *nurture.Grant, o outcome) {
	data := event.MessageData{
		Effect: g.Effect, Scenario: g.Scenario, Version: g.Version, Enrolment: g.Enrolment, Step: g.Step, Variant: g.Variant,
		Channel: g.Channel, Kind: string(g.Kind), Attempt: g.Attempt, Class: o.class, Code: o.code, RetryAt: o.retryAt,
	}
	if json.Valid(o.answer) {
		data.Answer = o.answer
	}
	encoded, err := json.Marshal(&data)
	if err != nil { // never: it is texts, numbers and valid JSON
		panic(fmt.Sprintf("encode a result: %v", err))
	}
	it.desk.post.add(it, event.Event{
		Contact: g.Contact, Type: o.kind, Source: Source, ID: g.Effect + "/" + strconv.Itoa(g.Attempt) + "/" + o.word(), Data: encoded,
	})
}

// Source is that of all events that the sender makes.
const Source = "waymark"

// setData is the data of an event by which a scenario writes attributes.
type setData struct {
	Traits json.RawMessage `json:"traits"`
	Effect string          `json:"effect"`
}

// tellSet makes durable what a scenario writes of the contact's attributes.
func (it *item) tellSet(g *nurture.Grant) {
	traits := json.RawMessage(g.Traits)
	if !json.Valid(traits) {
		traits = json.RawMessage("{}")
	}
	encoded, err := json.Marshal(setData{traits, g.Effect})
	if err != nil {
		panic(fmt.Sprintf("encode attributes: %v", err)) // never, as above
	}
	it.desk.post.add(it, event.Event{Contact: g.Contact, Type: event.Identify, Source: Source, ID: g.Effect, Data: encoded})
}
