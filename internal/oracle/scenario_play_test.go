// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
	"github.com/waymark-dev/waymark/internal/record"
)

// play is one log that grows while a sender answers what the scenarios want.
type play struct {
	t       failer
	truth   *scenarios.Interpreter
	rival   *rival // nil: the interpreter alone
	records []record.Record
	clock   event.Time
	// outcomes are what becomes of a step's messages, one after the other; then they are sent.
	outcomes map[string][]string
	// forwarded says up to which record a visitor's events were copied to whom the visitor is.
	forwarded map[string]int
	log       []string // what was applied, to be shown when something differs
	applied   int64
	number    int
}

func newPlay(t failer) *play {
	return &play{t: t, truth: scenarios.New(), outcomes: map[string][]string{}, forwarded: map[string]int{}}
}

func (p *play) add(r record.Record) {
	p.t.Helper()
	p.records = append(p.records, r)
	p.clock = max(p.clock, r.Tick, r.Epoch.Time, r.Claims.Time)
	if err := p.truth.Step(&r); err != nil {
		p.t.Fatalf("record %d: %v", len(p.records), err)
	}
	if p.rival != nil {
		p.rival.step(uint64(len(p.records)), &r)
	}
}

func (p *play) tick(t event.Time) {
	p.t.Helper()
	p.add(record.Record{Kind: record.Tick, Tick: t})
}

// events adds a chunk.
func (p *play) events(events ...event.Event) {
	p.t.Helper()
	r := record.Record{Kind: record.Events}
	for i := range events {
		r.Chunk = event.Append(r.Chunk, &events[i])
	}
	p.add(r)
}

func (p *play) applyForm(key string, form []byte, version string, standing *definition.Standing) {
	p.t.Helper()
	p.applied++
	r := record.ApplyRecord{Key: key, Version: version, UID: "1", Generation: p.applied, Definition: form}
	if standing != nil {
		r.Standing = mustJSON(p.t, standing)
	}
	p.add(record.Record{Kind: record.Apply, Apply: r})
	p.tick(p.clock) // sweeps come to their end
}

func (p *play) applyScenario(key string, s definition.Scenario, standing *definition.Standing) {
	p.t.Helper()
	form, version, err := s.Canonical()
	if err != nil {
		p.t.Fatalf("canonical form: %v", err)
	}
	p.applyForm(key, form, version, standing)
}

func (p *play) applyChannel(key string, c definition.Channel) {
	p.t.Helper()
	form, version, err := c.Canonical()
	if err != nil {
		p.t.Fatalf("canonical form: %v", err)
	}
	p.applyForm(key, form, version, nil)
}

func (p *play) applyPolicy(policy definition.Policy) {
	p.t.Helper()
	form, version, err := policy.Canonical()
	if err != nil {
		p.t.Fatalf("canonical form: %v", err)
	}
	p.log = append(p.log, string(form))
	p.applyForm("MessagingPolicy/shop/shop", form, version, nil)
}

func (p *play) stand(key string, s definition.Standing) {
	p.t.Helper()
	p.add(record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: key, Standing: mustJSON(p.t, s)}})
	p.tick(p.clock)
}

// advance lets time go by up to an instant, stopping wherever something happens, while the sender works.
func (p *play) advance(to event.Time) {
	p.t.Helper()
	p.send()
	for next := p.truth.Next(); next != 0 && next <= to; next = p.truth.Next() {
		p.tick(next)
		p.send()
	}
	if to > p.clock {
		p.tick(to)
	}
	p.send()
}

// send claims what is wanted and says what became of it, until nothing is left to do now.
func (p *play) send() {
	p.t.Helper()
	tried := map[string]bool{}
	for again := true; again; {
		again = false
		for _, w := range p.truth.Wanted() {
			if attempt := fmt.Sprint(w.Effect, w.Attempt); !tried[attempt] {
				tried[attempt] = true
				again = p.try(w) || again
			}
		}
		p.forward()
	}
}

// try claims an effect once, and gives whether the sender may go on with it now.
func (p *play) try(w scenarios.Wish) bool {
	p.t.Helper()
	known := len(p.truth.Facts())
	p.add(record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{
		Time: p.clock, Claims: []record.Claim{{Contact: w.Contact, Effect: w.Effect, Attempt: w.Attempt + 1}},
	}})
	for _, f := range p.truth.Facts()[known:] {
		if f.What != scenarios.Granted || f.Effect != w.Effect {
			continue
		}
		if f.Attempt == 1 && w.Claimed {
			p.t.Fatalf("a first attempt of what was claimed: %+v", f)
		}
		outcome := "sent"
		if planned := p.outcomes[f.Step]; len(planned) > 0 {
			outcome, p.outcomes[f.Step] = planned[0], planned[1:]
		}
		return p.become(f, outcome)
	}
	return true
}

// become lets something become of a claimed effect.
func (p *play) become(f scenarios.Fact, outcome string) bool {
	p.t.Helper()
	what, rest, _ := strings.Cut(outcome, " ")
	if f.Kind == "Set" {
		traits := p.truth.Traits(f.Contact, f.Enrolment)
		p.result(f, "set", event.Identify, fmt.Sprintf(`{"traits": %s, "effect": %q}`, traits, f.Effect))
		return true
	}
	m := event.MessageData{
		Effect: f.Effect, Scenario: f.Scenario, Version: f.Version, Enrolment: f.Enrolment, Step: f.Step, Variant: f.Variant, Channel: f.Channel,
		Kind: f.Kind, Attempt: f.Attempt,
	}
	kind := event.MessageSent
	switch what {
	case "sent":
	case "answer":
		m.Answer = []byte(rest)
	case "failed":
		kind, m.Class = event.MessageFailed, rest
	case "indoubt":
		kind = event.MessageInDoubt
	case "deferred":
		d, err := time.ParseDuration(rest)
		if err != nil {
			p.t.Fatalf("outcome %q: %v", outcome, err)
		}
		kind, m.RetryAt = event.MessageDeferred, p.clock.Add(d)
	case "lost":
		return false
	default:
		p.t.Fatalf("nothing can become %q", outcome)
	}
	p.result(f, fmt.Sprintf("%d/%s", f.Attempt, what), kind, string(mustJSON(p.t, m)))
	return true
}

func (p *play) result(f scenarios.Fact, id, kind, data string) {
	p.t.Helper()
	if kind == event.Identify {
		id = f.Effect
	} else {
		id = f.Effect + "/" + id
	}
	p.events(event.Event{
		Contact: f.Contact, Type: kind, Source: "waymark", ID: id, Time: p.clock, Received: p.clock, Data: []byte(data),
	})
}

// forward copies a visitor's events to the known contacts that the visitor is, as their partitions do.
func (p *play) forward() {
	p.t.Helper()
	links := map[string][]string{}
	p.walk(0, func(e event.Event) {
		if to, ok := event.LinkedTo(&e); ok && e.Type == event.Linked && e.Origin == "" {
			links[e.Contact] = append(links[e.Contact], to)
		}
	})
	for visitor, known := range links {
		for _, to := range known {
			var copies []event.Event
			p.walk(p.forwarded[visitor+" "+to], func(e event.Event) {
				if e.Contact == visitor && e.Origin == "" {
					event.Forward(&e, to)
					copies = append(copies, e)
				}
			})
			p.forwarded[visitor+" "+to] = len(p.records)
			for _, e := range copies {
				p.events(e)
			}
		}
	}
}

// walk goes through the events of the log from a record on.
func (p *play) walk(from int, visit func(event.Event)) {
	p.t.Helper()
	for _, r := range p.records[from:] {
		for rest := r.Chunk; len(rest) > 0; {
			var e event.Event
			var err error
			if rest, err = event.Next(rest, &e); err != nil {
				p.t.Fatalf("decode chunk: %v", err)
			}
			visit(e)
		}
	}
}
