// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	remindKey = "NurtureScenario/shop/remind"
	mailKey   = "MessageChannel/shop/mail"
	policyKey = "MessagingPolicy/shop/default"
	day       = 24 * time.Hour
)

// message is a send step.
func message(name string) definition.Step {
	return definition.Step{Name: name, Send: &definition.Send{
		Channel: mailKey, Purpose: definition.Marketing,
		Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": {Subject: name, Text: "Hello"}}}},
	}}
}

func waiting(name string, d time.Duration) definition.Step {
	return definition.Step{Name: name, Wait: &definition.Wait{For: d}}
}

// remind writes to who left a cart, an hour later and again after a day, until an order comes.
func remind() definition.Scenario {
	return definition.Scenario{
		TimeZone: "Europe/Moscow",
		Trigger:  definition.Trigger{Event: &definition.EventMatch{Event: "cart"}, MaxAge: day},
		Entry:    definition.Entry{Reentry: definition.ReentryAfterExit, OnRepeat: definition.RepeatIgnore},
		Goal:     &definition.Goal{Event: "order", Within: 7 * day},
		Steps:    []definition.Step{waiting("hour", time.Hour), message("first"), waiting("day", day), message("second")},
		InFlight: definition.Pin,
	}
}

func mail() definition.Channel {
	return definition.Channel{
		Namespace: "shop", Name: "mail", Medium: definition.SMTP, Address: "contact.attributes.email", Guarantee: definition.AtLeastOnce,
		Limits: definition.Limits{Retries: 3, RetryFor: day},
		SMTP:   &definition.SMTPSettings{Host: "mail.example.com", Port: 587, Encryption: definition.StartTLS, From: "shop@example.com", Connections: 1},
	}
}

// canonical is a meaning that has one stored form.
type canonical interface {
	Canonical() (form json.RawMessage, version string, err error)
}

func hosting(t testing.TB, key string, meaning canonical, standing ...definition.Standing) record.Record {
	t.Helper()
	form, version, err := meaning.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	r := record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: key, Version: version, Definition: form}}
	for _, s := range standing {
		r.Apply.Standing = encoded(t, s)
	}
	return r
}

func encoded(t testing.TB, v any) json.RawMessage {
	t.Helper()
	form, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// desk is a fold with what its owner does for scenarios.
type desk struct {
	t     testing.TB
	fold  *engine.Fold
	clock event.Time
	sent  int
	// log is what was folded before.
	log []record.Record
	// forgets is set to keep no log.
	forgets bool
}

// openDesk opens a fold at noon with a channel and an address of ann's.
func openDesk(t testing.TB, store engine.Store) *desk {
	t.Helper()
	f, err := engine.Open(engine.Options{Compile: compile, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, fold: f, clock: noon}
	channel := mail()
	d.step(ticking(noon), hosting(t, mailKey, &channel))
	d.knows("ann", `{"email":"ann@example.com"}`)
	return d
}

// reminding opens a desk with the scenario of remind, which ann has just entered.
func reminding(t testing.TB) *desk {
	t.Helper()
	d := openDesk(t, nil)
	scenario := remind()
	d.step(hosting(t, remindKey, &scenario))
	d.happens("ann", "cart", "{}")
	return d
}

func (d *desk) step(records ...record.Record) {
	d.t.Helper()
	steps(d.t, d.fold, records...)
	if !d.forgets {
		d.log = append(d.log, records...)
	}
}

// happens folds an event now, and ticks.
func (d *desk) happens(contact, kind, data string) {
	d.t.Helper()
	d.sent++
	e := event.Event{
		Contact: contact, Type: kind, Source: "shop", ID: fmt.Sprint(d.sent), Time: d.clock, Received: d.clock, Data: []byte(data),
	}
	d.step(record.Record{Kind: record.Events, Chunk: event.Append(nil, &e)})
}

func (d *desk) knows(contact, traits string) {
	d.t.Helper()
	d.happens(contact, event.Identify, fmt.Sprintf(`{"traits":%s}`, traits))
}

// later lets time pass.
func (d *desk) later(by time.Duration) {
	d.t.Helper()
	d.clock = d.clock.Add(by)
	d.step(ticking(d.clock))
}

func (d *desk) wanted() []nurture.Effect { return d.fold.Wanted(mailKey, 1000, nil) }

// claims asks to send all that is wanted, and gives what was granted.
func (d *desk) claims() (granted []nurture.Grant) {
	d.t.Helper()
	r := record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{Time: d.clock}}
	wanted := d.wanted()
	for _, e := range wanted {
		r.Claims.Claims = append(r.Claims.Claims, record.Claim{Contact: e.Contact, Effect: e.ID, Attempt: e.Attempt + 1})
	}
	d.step(r)
	for _, e := range wanted {
		g, ok, err := d.fold.Grant(e.Contact, e.ID)
		if err != nil {
			d.t.Fatal(err)
		}
		if ok {
			granted = append(granted, g)
		}
	}
	return granted
}

// sends claims all that is wanted, and sends it: it gives which steps' messages those were, by contact.
func (d *desk) sends() map[string]string {
	d.t.Helper()
	all := map[string]string{}
	for _, g := range d.claims() {
		all[g.Contact] += g.Step
		d.results(&g, event.MessageSent)
	}
	return all
}

// results tells what became of a message.
func (d *desk) results(g *nurture.Grant, kind string) {
	d.t.Helper()
	data := event.MessageData{Effect: g.Effect, Scenario: g.Scenario, Enrolment: g.Enrolment, Step: g.Step, Channel: g.Channel, Attempt: g.Attempt, Kind: "Send"}
	if kind == event.MessageDeferred {
		data.RetryAt = d.clock.Add(10 * time.Minute)
	}
	e := event.Event{
		Contact: g.Contact, Type: kind, Source: "waymark", ID: fmt.Sprintf("%s/%d/%s", g.Effect, g.Attempt, kind), Time: d.clock, Received: d.clock,
		Data: encoded(d.t, data),
	}
	d.step(record.Record{Kind: record.Events, Chunk: event.Append(nil, &e)})
}

func (d *desk) report() aggregate.Partition {
	d.t.Helper()
	p, err := d.fold.Report()
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// numbers gives those of the only scenario.
func (d *desk) numbers() aggregate.Scenario {
	d.t.Helper()
	p := d.report()
	if len(p.Scenarios) != 1 {
		d.t.Fatalf("%d scenarios, want 1", len(p.Scenarios))
	}
	return p.Scenarios[0]
}
