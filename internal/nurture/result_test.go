// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

func TestWhatBecomesOfAMessage(t *testing.T) {
	grant := func(g *stage) Grant { return g.claim()[0] }
	class := func(class string) func(d *event.MessageData) { return func(d *event.MessageData) { d.Class = class } }
	tests := map[string]struct {
		play func(g *stage)
		want aggregate.Message
		at   string // the step where anna is then; empty: she has left
	}{
		"it is sent": {func(g *stage) { g.answer(grant(g), event.MessageSent) }, aggregate.Message{Claimed: 1, Sent: 1}, "day"},
		"it fails":   {func(g *stage) { g.answer(grant(g), event.MessageFailed, class("Other")) }, aggregate.Message{Claimed: 1, Failed: 1}, "day"},
		"it cannot be written": {
			func(g *stage) { g.answer(grant(g), event.MessageFailed, class(RenderFailed)) },
			aggregate.Message{Claimed: 1, Skipped: map[string]int64{RenderFailed: 1}}, "day",
		},
		"it is put off and sent": {func(g *stage) {
			g.answer(grant(g), event.MessageDeferred, func(d *event.MessageData) { d.RetryAt = event.At(g.now.Add(time.Hour)) })
			if len(g.claim()) > 0 {
				g.t.Fatalf("it was tried again too early")
			}
			g.now = g.now.Add(time.Hour)
			g.sweep(g.world.Ring)
			g.answer(grant(g), event.MessageSent)
		}, aggregate.Message{Claimed: 1, Sent: 1, Deferred: 1}, "day"},
		"nobody knows": {func(g *stage) { g.answer(grant(g), event.MessageInDoubt) }, aggregate.Message{Claimed: 1, InDoubt: 1}, "day"},
		"only the first word counts": {func(g *stage) {
			granted := grant(g)
			g.answer(granted, event.MessageSent)
			g.answer(granted, event.MessageFailed)
			g.answer(granted, event.MessageInDoubt)
		}, aggregate.Message{Claimed: 1, Sent: 1}, "day"},
		"she leaves before it is known": {func(g *stage) {
			granted := grant(g)
			g.happens("anna", "cart.emptied", `{}`)
			g.answer(granted, event.MessageSent)
			g.about("anna", event.MessageOpened, "hello")
		}, aggregate.Message{Claimed: 1, Sent: 1, Opened: 1}, ""},
		"she leaves, and it is put off": {func(g *stage) {
			granted := grant(g)
			g.happens("anna", "cart.emptied", `{}`)
			g.answer(granted, event.MessageDeferred)
			g.answer(granted, event.MessageSent)
		}, aggregate.Message{Claimed: 1, Deferred: 1}, ""},
		"she leaves, and nobody knows": {func(g *stage) {
			granted := grant(g)
			g.happens("anna", "cart.emptied", `{}`)
			if _, again := g.claimOne("anna", g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]); again {
				g.t.Fatalf("who left is sent nothing")
			}
			g.answer(granted, event.MessageSent)
		}, aggregate.Message{Claimed: 1, InDoubt: 1}, ""},
		"it was not claimed": {func(g *stage) {
			wanted := g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]
			g.happens("anna", event.MessageSent, `{"effect":"`+wanted.ID+`"}`)
		}, aggregate.Message{}, "hello"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, welcome(func(s *definition.Scenario) {
				s.Steps = []definition.Step{send("hello"), pause("day", day)}
				s.Exits = []definition.EventMatch{{Event: "cart.emptied"}}
			}))
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			test.play(g)
			tally := g.scenario(coupon).Tally
			for what, got := range map[string]aggregate.Message{
				"scenario": tally.Message, "step": tally.Steps["hello"].Message, "channel": g.world.Channels[mail].Tally.Message,
			} {
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			for step, numbers := range tally.Steps {
				if (numbers.Active == 1) != (step == test.at) {
					t.Errorf("%d at %s", numbers.Active, step)
				}
			}
		})
	}
}

func TestAnAddressThatThereIsNotIsSuppressed(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = []definition.Step{send("hello"), send("again")} }))
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	granted := g.claim()[0]
	g.identify("anna", map[string]any{"email": "new@example.com"}) // the message went to the old one
	g.answer(granted, event.MessageFailed, func(d *event.MessageData) { d.Class = addressInvalid })
	if !g.suppressed[AddressHash(definition.SMTP, "anna@example.com")] || g.suppressed[AddressHash(definition.SMTP, "new@example.com")] {
		t.Errorf("suppressed: %v", g.suppressed)
	}
	g.pass(0)
	g.got("anna", "again")
}

func TestWhatPeopleDoWithAMessage(t *testing.T) {
	machine := func(d *event.MessageData) { d.Machine = true }
	nameless := func(d *event.MessageData) { d.Effect, d.Channel = "", mail }
	hard, full := func(d *event.MessageData) { d.Class = addressInvalid }, func(d *event.MessageData) { d.Class = "MailboxFull" }
	tests := map[string]struct {
		play       func(g *stage)
		want       aggregate.Message
		suppressed bool
	}{
		"opened and clicked, each counted once": {func(g *stage) {
			for range 3 {
				g.about("anna", event.MessageOpened, "hello")
				g.about("anna", event.MessageClicked, "hello")
			}
		}, aggregate.Message{Opened: 1, Clicked: 1}, false},
		"by programs": {func(g *stage) {
			g.about("anna", event.MessageOpened, "hello", machine)
			g.about("anna", event.MessageClicked, "hello", machine)
			g.about("anna", event.MessageClicked, "hello")
		}, aggregate.Message{MachineOpened: 1, MachineClicked: 1, Clicked: 1}, false},
		"delivered":                {func(g *stage) { g.about("anna", event.MessageDelivered, "hello") }, aggregate.Message{Delivered: 1}, false},
		"bounced for good":         {func(g *stage) { g.about("anna", event.MessageBounced, "hello", hard) }, aggregate.Message{Bounced: 1}, true},
		"bounced for now":          {func(g *stage) { g.about("anna", event.MessageBounced, "hello", full) }, aggregate.Message{Bounced: 1}, false},
		"complained about":         {func(g *stage) { g.about("anna", event.MessageComplained, "hello") }, aggregate.Message{Complained: 1}, true},
		"answered, by a bot":       {func(g *stage) { g.about("anna", event.MessageReplied, "hello", nameless) }, aggregate.Message{Replied: 1}, false},
		"a button pressed":         {func(g *stage) { g.about("anna", event.MessagePressed, "hello") }, aggregate.Message{Replied: 1}, false},
		"after a month":            {func(g *stage) { g.pass(31 * day); g.about("anna", event.MessageOpened, "hello") }, aggregate.Message{}, false},
		"a message nobody sent":    {func(g *stage) { g.happens("anna", event.MessageOpened, `{"effect":"x"}`) }, aggregate.Message{}, false},
		"a mail server's bounce":   {func(g *stage) { g.told("bounce", "hello") }, aggregate.Message{Bounced: 1}, true},
		"a provider's complaint":   {func(g *stage) { g.told("spam", "hello") }, aggregate.Message{Complained: 1}, true},
		"a provider's delivery":    {func(g *stage) { g.told("ok", "hello") }, aggregate.Message{Delivered: 1}, false},
		"a provider's soft bounce": {func(g *stage) { g.told("full", "hello") }, aggregate.Message{Bounced: 1}, false},
		"unsubscribed": {func(g *stage) {
			effect := g.people["anna"].state.messages[0].effect.String()
			g.happens("anna", event.ConsentWithdrawn, `{"method":"OneClick","effect":"`+effect+`"}`)
			g.happens("anna", event.ConsentWithdrawn, `{"method":"OneClick","effect":"`+effect+`"}`)
		}, aggregate.Message{Unsubscribed: 1}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = []definition.Step{send("hello")} }))
			where := func(kind string, is definition.FeedbackKind) definition.Feedback {
				return definition.Feedback{Event: "esp.told", Where: "event.data.kind == '" + kind + "'", Kind: is, Message: "event.data.message"}
			}
			g.channel(mail, definition.Channel{
				Medium: definition.SMTP, Address: "contact.attributes.email", Guarantee: definition.AtLeastOnce,
				SMTP: g.world.Channels[mail].Program.Meaning.SMTP,
				Feedback: []definition.Feedback{
					where("bounce", definition.HardBounce), where("full", definition.SoftBounce), where("spam", definition.Complaint), where("ok", definition.Arrived),
				},
			})
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			g.pass(time.Minute)
			test.play(g)
			test.want.Claimed, test.want.Sent = 1, 1
			if diff := cmp.Diff(test.want, g.scenario(coupon).Tally.Message); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := g.suppressed[AddressHash(definition.SMTP, "anna@example.com")]; got != test.suppressed {
				t.Errorf("suppressed: %v", got)
			}
		})
	}
}

// told lets a provider tell of the last message of a step, by its Message-ID.
func (g *stage) told(kind, step string) {
	for _, m := range g.people["anna"].state.messages {
		if m.step == step {
			g.happens("anna", "esp.told", `{"kind":"`+kind+`","message":"<`+m.effect.String()+`@shop.example.com>"}`)
		}
	}
}

func TestTheLastWordOnATopicCounts(t *testing.T) {
	const given, withdrawn = "consent.given", "consent.withdrawn"
	type said struct {
		kind, data string
		hour       int
	}
	tests := map[string]struct {
		said   []said
		double bool
		want   Standpoint
	}{
		"nothing":                            {nil, false, Silent},
		"given":                              {[]said{{given, `{"topic":"a"}`, 1}}, false, Agreed},
		"given to another":                   {[]said{{given, `{"topic":"b"}`, 1}}, false, Silent},
		"given, then withdrawn":              {[]said{{given, `{"topic":"a"}`, 1}, {withdrawn, `{"topic":"a"}`, 2}}, false, Withdrawn},
		"the other way round, late":          {[]said{{withdrawn, `{"topic":"a"}`, 2}, {given, `{"topic":"a"}`, 1}}, false, Withdrawn},
		"all withdrawn":                      {[]said{{given, `{"topic":"a"}`, 1}, {withdrawn, `{}`, 2}}, false, Withdrawn},
		"all given, then this one withdrawn": {[]said{{given, `{}`, 1}, {withdrawn, `{"topic":"a"}`, 2}}, false, Withdrawn},
		"this one withdrawn, then all given": {[]said{{withdrawn, `{"topic":"a"}`, 1}, {given, `{}`, 2}}, false, Agreed},
		"yet to be confirmed":                {[]said{{given, `{"topic":"a"}`, 1}}, true, Pending},
		"confirmed":                          {[]said{{given, `{"topic":"a"}`, 1}, {given, `{"topic":"a","confirmed":true}`, 2}}, true, Agreed},
		"confirmed, and given again":         {[]said{{given, `{"topic":"a","confirmed":true}`, 1}, {given, `{"topic":"a"}`, 2}}, true, Agreed},
		"withdrawn, and given again":         {[]said{{given, `{"topic":"a","confirmed":true}`, 1}, {withdrawn, `{}`, 2}, {given, `{"topic":"a"}`, 3}}, true, Pending},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, nil)
			for _, s := range test.said {
				g.happens("anna", s.kind, s.data, func(e *event.Event) { e.Time = e.Time.Add(time.Duration(s.hour)*time.Hour - day) })
			}
			g.step("anna", func(s *Subject) {
				if got := s.State.Standpoint("a", test.double); got != test.want {
					t.Errorf("got %d, want %d", got, test.want)
				}
			})
		})
	}
}

func TestConsentIsKeptWithItsProof(t *testing.T) {
	g := newStage(t, nil)
	g.happens("anna", "consent.given", `{"topic":"a","method":"Checkbox","textHash":"ab"}`, func(e *event.Event) { e.Time = 7 })
	g.happens("anna", "consent.given", `{"topic":"b"}`, func(e *event.Event) { e.Flags |= event.Public })
	want := []Consent{{Topic: "a", Given: Proof{Time: 7, Identity: "shop\x00e1", Method: "Checkbox", TextHash: "ab"}}}
	if diff := cmp.Diff(want, g.people["anna"].state.Consents()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if g.world.PublicConsents != 1 {
		t.Errorf("%d statements from browsers", g.world.PublicConsents)
	}
}

func TestCreditForAGoal(t *testing.T) {
	order := func(g *stage) { g.happens("anna", "order.completed", `{"total":5}`) }
	tests := map[string]struct {
		play      func(g *stage)
		converted int64
		step      string
		x         int64
	}{
		"after a message":                    {func(g *stage) { g.pass(time.Hour); order(g) }, 1, "first", 1},
		"before any message":                 {func(g *stage) { order(g); g.pass(time.Hour) }, 0, "", 1},
		"the latest message":                 {func(g *stage) { g.pass(25 * time.Hour); order(g) }, 1, "second", 1},
		"after the end of the scenario":      {func(g *stage) { g.pass(3 * day); order(g) }, 1, "second", 1},
		"too late":                           {func(g *stage) { g.pass(8 * day); order(g) }, 0, "", 0},
		"once":                               {func(g *stage) { g.pass(time.Hour); order(g); order(g) }, 1, "first", 1},
		"after another exit":                 {func(g *stage) { g.pass(time.Hour); g.happens("anna", "left", `{}`); order(g) }, 1, "first", 1},
		"one event is the goal and the exit": {func(g *stage) { g.pass(time.Hour); g.happens("anna", "order.completed", `{"last":true}`) }, 1, "first", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, welcome(func(s *definition.Scenario) {
				s.Goal = &definition.Goal{Event: "order.completed", Value: "event.data.total", Within: 7 * day}
				s.Exits = []definition.EventMatch{{Event: "left"}, {Event: "order.completed", Where: "event.data.last"}}
				s.Steps = []definition.Step{pause("minute", time.Minute), send("first"), pause("day", day), send("second")}
			}))
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			test.play(g)
			g.pass(10 * day)
			tally := g.scenario(coupon).Tally
			if tally.Converted != test.converted || tally.Treated.N != 1 || tally.Treated.X != test.x {
				t.Errorf("%d converted, %+v", tally.Converted, tally.Treated)
			}
			if test.step != "" && tally.Steps[test.step].Converted != 1 {
				t.Errorf("credited to %+v", tally.Steps)
			}
			if reasons := len(tally.Exited); reasons != 1 {
				t.Errorf("exited by %v", tally.Exited)
			}
		})
	}
}

func TestALateGoalIsCreditedAfterManyOtherMessages(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Goal = &definition.Goal{Event: "bought", Within: 90 * day}
		s.Steps = []definition.Step{send("hello")}
	}))
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	g.pass(60 * day)
	g.mailed(2)
	g.happens("anna", "bought", `{}`)
	if n := g.scenario(coupon).Tally.Converted; n != 1 {
		t.Errorf("%d conversions", n)
	}
	g.pass(60 * day)
	g.mailed(1)
	if n := len(g.people["anna"].state.messages); n != 1 {
		t.Errorf("%d messages are remembered", n)
	}
}

func TestAskingLeavesNoTrace(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{send("hello", func(m *definition.Send) { m.Language = "contact.attributes.list[0] + 1" })}
	}))
	g.identify("anna", map[string]any{"email": "anna@example.com", "list": []string{"ru"}})
	g.happens("anna", "signed.up", `{}`)
	g.claim()
	if faults := g.scenario(coupon).Tally.Faults; len(faults) > 0 {
		t.Errorf("the sender's question is counted: %v", faults)
	}
}

func TestAnEffectIsFoundByItsIDOnly(t *testing.T) {
	g := newStage(t, welcome())
	g.identify("anna", anna())
	g.step("anna", func(s *Subject) {
		for _, effect := range []string{"", "xyz", "00000000000000000000000000000000"} {
			if g.world.Claim(s, &record.Claim{Contact: "anna", Effect: effect, Attempt: 1}) {
				t.Errorf("%q was granted", effect)
			}
			if _, ok := s.State.Grant(&g.world, s, effect); ok {
				t.Errorf("%q can be sent", effect)
			}
		}
	})
}
