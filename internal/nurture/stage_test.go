// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	mail   = "MessageChannel/shop/mail"
	hook   = "MessageChannel/shop/hook"
	coupon = "NurtureScenario/shop/coupon"
)

// fataler is what tests and properties have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// stage is a partition with its contacts, on which a test plays. After every step each contact is encoded and decoded, and what must always
// hold is checked.
type stage struct {
	t          fataler
	compiler   definition.Compiler
	world      World
	now        time.Time
	people     map[string]*person
	suppressed map[string]bool
	serial     int
	// sent are the steps whose messages were granted, by contact, with their variants.
	sent   map[string][]string
	grants map[string]int  // by effect and attempt
	done   map[string]bool // effects that were sent
	// keeps leaves contacts as they are, instead of decoding what was encoded after each step.
	keeps bool
}

type person struct {
	state      *Contact
	attributes map[string]any
	hidden     bool
}

func newStage(t fataler, scenarios map[string]definition.Scenario) *stage {
	t.Helper()
	g := &stage{
		t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), people: map[string]*person{}, suppressed: map[string]bool{},
		sent: map[string][]string{}, grants: map[string]int{}, done: map[string]bool{},
	}
	g.world.Channels = map[string]*Channel{}
	g.world.Suppressed = func(address string) bool { return g.suppressed[address] }
	g.world.Suppress = func(address, _ string, _ event.Time) { g.suppressed[address] = true }
	g.policy(definition.Policy{})
	g.channel(mail, definition.Channel{
		Medium: definition.SMTP, Address: "contact.attributes.email", Guarantee: definition.AtLeastOnce,
		SMTP: &definition.SMTPSettings{Host: "mail", Port: 25, Encryption: definition.StartTLS, From: "shop@example.com", Connections: 1},
	})
	g.channel(hook, definition.Channel{
		Medium: definition.Webhook, Guarantee: definition.AtLeastOnce,
		Webhook: &definition.WebhookSettings{URL: "https://crm.example.com", Timeout: time.Second, Concurrency: 1},
	})
	for _, key := range sortedKeys(scenarios) {
		g.apply(key, scenarios[key])
	}
	return g
}

func (g *stage) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatalf("%v", err)
	}
}

func (g *stage) policy(p definition.Policy) {
	g.t.Helper()
	if p.Zone == "" {
		p.Zone = "contact.attributes.timezone"
	}
	if p.Language == "" {
		p.Language = "contact.attributes.language"
	}
	form, _, err := p.Canonical()
	g.must(err)
	g.world.Policy, err = g.compiler.CompilePolicy(form)
	g.must(err)
	g.world.Index()
}

func (g *stage) channel(key string, c definition.Channel) {
	g.t.Helper()
	parts := strings.Split(key, "/")
	c.Namespace, c.Name = parts[1], parts[2]
	form, _, err := c.Canonical()
	g.must(err)
	program, err := g.compiler.CompileChannel(form)
	g.must(err)
	g.world.Channels[key] = &Channel{Key: key, Program: program, Tally: new(ChannelTally)}
	g.world.Index()
}

// apply brings a version of a scenario, and sweeps.
func (g *stage) apply(key string, s definition.Scenario) *Version {
	g.t.Helper()
	form, name, err := s.Canonical()
	g.must(err)
	program, err := g.compiler.CompileScenario(form)
	g.must(err)
	sc := g.scenario(key)
	if sc == nil {
		sc = &Scenario{Key: key, Since: event.At(g.now), Versions: map[uint32]*Version{}, Tally: new(Tally)}
		at := 0
		for at < len(g.world.Scenarios) && g.world.Scenarios[at].Key < key {
			at++
		}
		g.world.Scenarios = append(g.world.Scenarios[:at:at], append([]*Scenario{sc}, g.world.Scenarios[at:]...)...)
	}
	v := &Version{Number: uint32(len(sc.Versions) + 1), ID: name, Meaning: form, Program: program}
	sc.Versions[v.Number] = v
	sc.Active = v
	g.world.Index()
	g.sweep(func(s *Subject) {
		g.world.Move(s, sc)
		g.world.Meet(s, sc)
	})
	return v
}

func (g *stage) scenario(key string) *Scenario {
	for _, sc := range g.world.Scenarios {
		if sc.Key == key {
			return sc
		}
	}
	return nil
}

func (g *stage) sweep(do func(s *Subject)) {
	for _, name := range sortedKeys(g.people) {
		g.step(name, do)
	}
}

// step does something to a contact.
func (g *stage) step(name string, do func(s *Subject)) {
	g.t.Helper()
	p := g.people[name]
	if p == nil {
		p = &person{state: new(Contact), attributes: map[string]any{}}
		g.people[name] = p
	}
	s := &Subject{Name: name, State: p.state, Now: event.At(g.now), Attributes: p.json(), Hidden: p.hidden}
	do(s)
	p.hidden = p.hidden || s.Hidden
	if due := p.state.Due(); due != 0 && due <= s.Now {
		g.t.Fatalf("%s is due at %v, which is over", name, due.UTC())
	}
	stored := p.state.Append(nil)
	read, err := ReadContact(stored)
	g.must(err)
	if again := read.Append(nil); !bytes.Equal(stored, again) {
		g.t.Fatalf("%s reads as another contact", name)
	}
	if !g.keeps {
		p.state = read
	}
	g.balance()
}

func (p *person) json() []byte {
	if len(p.attributes) == 0 {
		return nil
	}
	b, _ := json.Marshal(p.attributes)
	return b
}

// balance checks what must always hold.
func (g *stage) balance() {
	g.t.Helper()
	for _, sc := range g.world.Scenarios {
		exited, needed := int64(0), map[uint32]int64{}
		for _, n := range sc.Tally.Exited {
			exited += n
		}
		if t := sc.Tally; t.Entered != t.HeldOut+t.Active+exited {
			g.t.Fatalf("%s: %d entered, %d held out, %d active, %d exited", sc.Key, t.Entered, t.HeldOut, t.Active, exited)
		}
		active, keys := int64(0), map[string]bool{}
		for name, p := range g.people {
			for _, e := range p.state.enrolments {
				if e.scenario != sc.hash {
					continue
				}
				needed[e.version]++
				if e.status == inside && !e.control {
					active++
				}
				if key := name + "\x00" + e.key; e.present() && keys[key] {
					g.t.Fatalf("%s: %s is inside twice with the key %q", sc.Key, name, e.key)
				} else if e.present() {
					keys[key] = true
				}
			}
		}
		if active != sc.Tally.Active {
			g.t.Fatalf("%s: %d are active, %d are counted", sc.Key, active, sc.Tally.Active)
		}
		for number, v := range sc.Versions {
			if v.Inside != needed[number] {
				g.t.Fatalf("%s: version %d is needed by %d, %d are counted", sc.Key, number, needed[number], v.Inside)
			}
		}
		onSteps := int64(0)
		for _, step := range sc.Tally.Steps {
			onSteps += step.Active
		}
		if onSteps != active {
			g.t.Fatalf("%s: %d are on steps, %d are active", sc.Key, onSteps, active)
		}
	}
}

// identify writes attributes of a contact.
func (g *stage) identify(name string, attributes map[string]any) {
	g.t.Helper()
	g.step(name, func(s *Subject) {
		before := s.Attributes
		if before == nil {
			before = []byte("{}")
		}
		maps.Copy(g.people[name].attributes, attributes)
		s.Attributes = g.people[name].json()
		data, _ := json.Marshal(map[string]any{"traits": attributes})
		g.world.Event(s, g.event(name, event.Identify, string(data)), before)
	})
}

func (g *stage) event(name, kind, data string) *event.Event {
	g.serial++
	at := event.At(g.now)
	return &event.Event{Contact: name, Type: kind, Source: "shop", ID: fmt.Sprintf("e%d", g.serial), Time: at, Received: at, Data: []byte(data)}
}

// happens lets an event happen to a contact; changes may be made to it.
func (g *stage) happens(name, kind, data string, changes ...func(e *event.Event)) {
	g.t.Helper()
	e := g.event(name, kind, data)
	for _, change := range changes {
		change(e)
	}
	g.step(name, func(s *Subject) { g.world.Event(s, e, nil) })
}

// about lets an event about the last message of a step happen.
func (g *stage) about(name, kind, step string, more ...func(d *event.MessageData)) {
	g.t.Helper()
	messages := g.people[name].state.messages
	for i := range slices.Backward(messages) {
		if messages[i].step != step {
			continue
		}
		d := event.MessageData{Effect: messages[i].effect.String(), Enrolment: messages[i].enrolment.String(), Step: step}
		for _, change := range more {
			change(&d)
		}
		data, _ := json.Marshal(d)
		g.happens(name, kind, string(data))
		return
	}
	g.t.Fatalf("no message of step %s was sent to %s", step, name)
}

// pass lets time pass: whatever becomes due on the way acts when it is, and messages are sent at once.
func (g *stage) pass(d time.Duration) {
	g.t.Helper()
	g.deliver()
	end := g.now.Add(d)
	for {
		next := event.Time(0)
		for _, p := range g.people {
			if due := p.state.Due(); due != 0 && (next == 0 || due < next) {
				next = due
			}
		}
		if next == 0 || next.UTC().After(end) {
			break
		}
		g.now = next.UTC()
		g.sweep(g.world.Ring)
		g.deliver()
	}
	g.now = end
	g.sweep(g.world.Ring)
	g.deliver()
}

// claim claims everything that is wanted once, and gives what was granted.
func (g *stage) claim() (granted []Grant) {
	g.t.Helper()
	for _, name := range sortedKeys(g.people) {
		for _, x := range g.people[name].state.Wanted(&g.world, event.At(g.now)) {
			if x.Claimed {
				continue
			}
			if grant, ok := g.claimOne(name, x); ok {
				granted = append(granted, grant)
			}
		}
	}
	return granted
}

func (g *stage) claimOne(name string, x Effect) (grant Grant, ok bool) {
	g.t.Helper()
	g.step(name, func(s *Subject) {
		if ok = g.world.Claim(s, &record.Claim{Contact: name, Effect: x.ID, Attempt: x.Attempt + 1}); !ok {
			return
		}
		if grant, ok = s.State.Grant(&g.world, s, x.ID); !ok {
			g.t.Fatalf("effect %s was granted and cannot be sent", x.ID)
		}
		if p, found := g.place(s, grant); found && p.e.control && (grant.Kind == KindTask || grant.Purpose == definition.Marketing) {
			g.t.Fatalf("%s was held out and is to get %s", name, grant.Step)
		}
		if g.done[x.ID] {
			g.t.Fatalf("effect %s was granted after it was sent", x.ID)
		}
		id := fmt.Sprintf("%s/%d", x.ID, grant.Attempt)
		if g.grants[id]++; g.grants[id] > 1 {
			g.t.Fatalf("effect %s was granted twice", id)
		}
	})
	return grant, ok
}

// place finds where a grant comes from.
func (g *stage) place(s *Subject, grant Grant) (place, bool) {
	effect, _ := parseID(grant.Effect)
	return g.world.find(s, effect)
}

// answer appends the result of what was granted.
func (g *stage) answer(grant Grant, kind string, more ...func(d *event.MessageData)) {
	g.t.Helper()
	g.done[grant.Effect] = g.done[grant.Effect] || kind == event.MessageSent
	if grant.Kind == KindSet {
		traits := map[string]any{}
		g.must(json.Unmarshal(grant.Traits, &traits))
		g.step(grant.Contact, func(s *Subject) {
			maps.Copy(g.people[grant.Contact].attributes, traits)
			before := s.Attributes
			if before == nil {
				before = []byte("{}")
			}
			s.Attributes = g.people[grant.Contact].json()
			e := g.event(grant.Contact, event.Identify, fmt.Sprintf(`{"traits":%s,"effect":%q}`, grant.Traits, grant.Effect))
			e.Source, e.ID = "waymark", grant.Effect
			g.world.Event(s, e, before)
		})
		return
	}
	d := event.MessageData{
		Effect: grant.Effect, Scenario: grant.Scenario, Version: grant.Version, Enrolment: grant.Enrolment, Step: grant.Step, Variant: grant.Variant,
		Channel: grant.Channel, Kind: string(grant.Kind), Attempt: grant.Attempt,
	}
	for _, change := range more {
		change(&d)
	}
	data, _ := json.Marshal(d)
	g.happens(grant.Contact, kind, string(data), func(e *event.Event) { e.Source = "waymark" })
}

// deliver sends all that is wanted and allowed, until nothing more comes of it.
func (g *stage) deliver() {
	g.t.Helper()
	for range 100 {
		granted := g.claim()
		if len(granted) == 0 {
			return
		}
		for _, grant := range granted {
			name := grant.Step
			if grant.Variant != "" {
				name += ":" + grant.Variant
			}
			g.sent[grant.Contact] = append(g.sent[grant.Contact], name)
			g.answer(grant, event.MessageSent)
		}
	}
	g.t.Fatalf("sending never ends")
}

// got compares the steps whose messages a contact was sent.
func (g *stage) got(name string, want ...string) {
	g.t.Helper()
	if diff := cmp.Diff(want, g.sent[name]); diff != "" {
		g.t.Fatalf("%s was sent (-want +got):\n%s", name, diff)
	}
}

// counts compares some numbers of a scenario.
func counts(t *testing.T, what string, want, got map[string]int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Steps and parts of scenarios, as short as they can be written.

func send(name string, change ...func(s *definition.Send)) definition.Step {
	s := definition.Send{Channel: mail, Purpose: definition.Marketing, Variants: []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": {Text: "."}}}}}
	for _, c := range change {
		c(&s)
	}
	return definition.Step{Name: name, Send: &s}
}

func owed(s *definition.Send) { s.Purpose = definition.Transactional }

func pause(name string, d time.Duration) definition.Step {
	return definition.Step{Name: name, Wait: &definition.Wait{For: d}}
}

func on(kind string) definition.Trigger {
	return definition.Trigger{Event: &definition.EventMatch{Event: kind}, MaxAge: time.Hour}
}

const day = 24 * time.Hour

func anna() map[string]any { return map[string]any{"email": "anna@example.com"} }
