// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// source is that of events which are Waymark's own.
const source = "waymark"

// send claims what is wanted and tells what became of it, message by message, and says whether that was anything. One at a time: so what a
// contact is sent does not depend on whom else the partition holds: it is always the first in the order of channels, times, contacts and ids.
func (p *partition) send(ctx context.Context, now event.Time) (sent bool, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return sent, err
		}
		effect, wanted := p.wanted()
		if !wanted {
			return sent, nil
		}
		if err := p.sendOne(&effect, now); err != nil {
			return sent, err
		}
		sent = true
	}
}

// wanted gives what is wanted first.
func (p *partition) wanted() (effect nurture.Effect, found bool) {
	for _, channel := range p.fold.WantedChannels() {
		if effects := p.fold.Wanted(channel, 1, nil); len(effects) > 0 {
			return effects[0], true
		}
	}
	return effect, false
}

func (p *partition) sendOne(e *nurture.Effect, now event.Time) error {
	attempt := e.Attempt + 1
	claims := record.ClaimsRecord{Time: now, Claims: []record.Claim{{Contact: e.Contact, Effect: e.ID, Attempt: attempt}}}
	if err := p.step(&record.Record{Kind: record.Claims, Claims: claims}); err != nil {
		return err
	}
	g, granted, err := p.fold.Grant(e.Contact, e.ID)
	if err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	if !granted {
		return p.moved(e)
	}
	result, err := p.resultOf(&g, now)
	if err != nil {
		return err
	}
	return p.take(event.Append(nil, result))
}

// moved makes sure that a claim which was not granted took the message away: else it would be claimed for ever.
func (p *partition) moved(e *nurture.Effect) error {
	same := func(other nurture.Effect) bool { return other.ID == e.ID && other.Attempt == e.Attempt }
	if slices.ContainsFunc(p.fold.Wanted(e.Channel, 1, nil), same) {
		return fmt.Errorf("a message of %s is wanted and never granted: this is a mistake in Waymark", e.Scenario)
	}
	return nil
}

// resultOf sends a message, and gives the event that tells what became of it.
func (p *partition) resultOf(g *nurture.Grant, now event.Time) (*event.Event, error) {
	e := &event.Event{Contact: g.Contact, Source: source, Time: now, Received: now}
	var data any
	if g.Kind == nurture.KindSet {
		traits := json.RawMessage(g.Traits)
		if len(traits) == 0 {
			traits = json.RawMessage("{}")
		}
		p.options.Send(g)
		e.Type, e.ID = event.Identify, g.Effect
		data = map[string]any{"traits": traits, "effect": g.Effect}
	} else {
		o := p.options.Send(g)
		told := event.MessageData{
			Effect: g.Effect, Scenario: g.Scenario, Version: g.Version, Enrolment: g.Enrolment, Step: g.Step, Variant: g.Variant, Channel: g.Channel,
			Kind: string(g.Kind), Attempt: g.Attempt, Class: o.Class,
		}
		outcome := "sent"
		if e.Type = event.MessageSent; o.Failed {
			e.Type, outcome = event.MessageFailed, "failed"
		} else if json.Valid(o.Answer) {
			told.Answer = o.Answer
		}
		e.ID = g.Effect + "/" + strconv.Itoa(g.Attempt) + "/" + outcome
		if !o.Failed && g.Kind == nurture.KindSend {
			p.sent[g.Contact] = append(p.sent[g.Contact], sent{told})
		}
		data = told
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encode what became of a message of %s: %w", g.Scenario, err)
	}
	e.Data = encoded
	return e, nil
}

// sent is a message that was sent.
type sent struct{ event.MessageData }

// reactions are the types of events that tell what somebody did with a message.
var reactions = []string{
	event.MessageOpened, event.MessageClicked, event.MessageReplied, event.MessagePressed, event.MessageDelivered, event.MessageBounced,
	event.MessageComplained,
}

// IsReaction says whether events of a type tell what somebody did with a message.
func IsReaction(eventType string) bool { return slices.Contains(reactions, eventType) }

// about completes an event that tells what somebody did with a message: without an effect it is about the latest message that the contact was
// sent, of the scenario and the step that it names. Nil: there was no such message, so nobody can have done anything with it.
func (p *partition) about(encoded []byte) ([]byte, error) {
	var e event.Event
	if _, err := event.Next(encoded, &e); err != nil {
		return nil, fmt.Errorf("take an event out of the log: %w", err)
	}
	if !IsReaction(e.Type) {
		return encoded, nil
	}
	var told event.MessageData
	if err := json.Unmarshal(e.Data, &told); err != nil && len(e.Data) > 0 || told.Effect != "" {
		return encoded, nil
	}
	latest := p.latest(e.Contact, &told)
	if latest == nil {
		p.unsent++
		return nil, nil
	}
	told.Effect, told.Scenario, told.Version, told.Enrolment = latest.Effect, latest.Scenario, latest.Version, latest.Enrolment
	told.Step, told.Variant, told.Channel = latest.Step, latest.Variant, latest.Channel
	data, err := json.Marshal(&told)
	if err != nil {
		return nil, fmt.Errorf("encode what became of a message: %w", err)
	}
	e.Data = data
	return event.Append(nil, &e), nil
}

func (p *partition) latest(contact string, about *event.MessageData) *sent {
	for i := range slices.Backward(p.sent[contact]) {
		s := &p.sent[contact][i]
		if (about.Scenario == "" || about.Scenario == s.Scenario || strings.HasSuffix(s.Scenario, "/"+about.Scenario)) &&
			(about.Step == "" || about.Step == s.Step) {
			return s
		}
	}
	return nil
}
