// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// TestWhatIsDecidedAtTheClaim lets anna sign up on a Friday at 12:00 and looks when her letter leaves.
func TestWhatIsDecidedAtTheClaim(t *testing.T) {
	friday := "2026-11-20T12:00:00Z"
	tests := map[string]struct {
		policy  definition.Policy
		send    func(s *definition.Send)
		before  func(g *stage)
		at      string // when it leaves; empty: never
		skipped string
	}{
		"at once": {at: friday},
		"quiet hours over midnight put it off to 09:00": {
			policy: definition.Policy{QuietFrom: "11:00", QuietTo: "09:00"}, at: "2026-11-21T09:00:00Z",
		},
		"quiet hours are those of the contact's zone": {
			policy: definition.Policy{QuietFrom: "21:00", QuietTo: "09:00"},
			before: func(g *stage) { g.identify("anna", map[string]any{"timezone": "Asia/Vladivostok"}) }, at: "2026-11-20T23:00:00Z",
		},
		"what is owed keeps no quiet hours": {
			policy: definition.Policy{QuietFrom: "11:00", QuietTo: "09:00"}, send: owed, at: friday,
		},
		"quiet hours that drop": {policy: definition.Policy{QuietFrom: "11:00", QuietTo: "09:00", QuietDrop: true}, skipped: QuietHours},
		"a window on working days": {
			send: func(s *definition.Send) {
				s.Window = &definition.Window{Weekdays: []int{1, 2}, From: "10:00", To: "18:00"}
			}, at: "2026-11-23T10:00:00Z",
		},
		"a window that opens too late": {
			send: func(s *definition.Send) {
				s.Window, s.ExpireAfter = &definition.Window{Weekdays: []int{1}, From: "10:00", To: "18:00"}, 2*day
			}, skipped: Expired,
		},
		"a holiday": {
			policy: definition.Policy{Holidays: []string{"2026-11-20"}},
			send:   func(s *definition.Send) { s.Window = &definition.Window{NoHolidays: true} }, at: "2026-11-21T00:00:00Z",
		},
		"the cap is full until the first is a week old": {
			policy: definition.Policy{CapMessages: 2, CapPer: 7 * day}, before: func(g *stage) { g.mailed(2) }, at: "2026-11-27T12:00:00Z",
		},
		"the cap is not full": {policy: definition.Policy{CapMessages: 3, CapPer: 7 * day}, before: func(g *stage) { g.mailed(2) }, at: "2026-11-20T14:00:00Z"},
		"a full cap that drops": {
			policy: definition.Policy{CapMessages: 2, CapPer: 7 * day, CapDrop: true}, before: func(g *stage) { g.mailed(2) }, skipped: FrequencyCap,
		},
		"what is owed does not mind the cap": {
			policy: definition.Policy{CapMessages: 2, CapPer: 7 * day}, send: owed, before: func(g *stage) { g.mailed(2) }, at: "2026-11-20T14:00:00Z",
		},
		"no address": {before: func(g *stage) { g.identify("anna", map[string]any{"email": ""}) }, skipped: NoAddress},
		"a suppressed address": {
			before: func(g *stage) { g.suppressed[AddressHash(definition.SMTP, " Anna@Example.com ")] = true }, skipped: Suppressed,
		},
		"also what is owed": {
			send: owed, before: func(g *stage) { g.suppressed[AddressHash(definition.SMTP, "anna@example.com")] = true }, skipped: Suppressed,
		},
		"consent was withdrawn":        {before: says("consent.withdrawn", `{"topic":"offers"}`), send: offers, skipped: Unsubscribed},
		"consent to all was withdrawn": {before: says("consent.withdrawn", `{}`), send: offers, skipped: Unsubscribed},
		"consent to another topic was": {before: says("consent.withdrawn", `{"topic":"news"}`), send: offers, at: friday},
		"what is owed needs no consent": {
			before: says("consent.withdrawn", `{}`), send: owed, at: friday,
		},
		"consent must be given":       {policy: definition.Policy{ConsentExplicit: true}, send: offers, skipped: NoConsent},
		"consent was given":           {policy: definition.Policy{ConsentExplicit: true}, send: offers, before: says("consent.given", `{"topic":"offers"}`), at: friday},
		"consent was given to all":    {policy: definition.Policy{ConsentExplicit: true}, send: offers, before: says("consent.given", `{}`), at: friday},
		"consent is to be confirmed":  {policy: confirmed, send: offers, before: says("consent.given", `{"topic":"offers"}`), skipped: NoConsent},
		"consent was confirmed":       {policy: confirmed, send: offers, before: says("consent.given", `{"topic":"offers","confirmed":true}`), at: friday},
		"the channel is not there":    {send: func(s *definition.Send) { s.Channel = "MessageChannel/shop/none" }, skipped: ChannelMissing},
		"the channel is paused":       {before: func(g *stage) { g.world.Channels[mail].PausedUntil = event.At(g.now.Add(time.Hour)) }, at: "2026-11-20T13:00:00Z"},
		"a window that is never open": {send: func(s *definition.Send) { s.Window = never }, policy: definition.Policy{Holidays: everyDay()}, skipped: Expired},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			change := func(*definition.Send) {}
			if test.send != nil {
				change = test.send
			}
			g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = []definition.Step{send("hello", change)} }))
			test.policy.Topics = append(test.policy.Topics, definition.Topic{Name: "news"})
			g.policy(test.policy)
			g.identify("anna", anna())
			if test.before != nil {
				test.before(g)
			}
			g.sent["anna"] = nil
			g.happens("anna", "signed.up", `{}`)
			got := ""
			for range 20 * 24 * 2 {
				if g.pass(0); len(g.sent["anna"]) > 0 {
					got = g.now.Format(time.RFC3339)
					break
				}
				g.pass(30 * time.Minute)
			}
			if got != test.at {
				t.Errorf("left at %q, want %q", got, test.at)
			}
			want := map[string]int64{test.skipped: 1}
			if test.skipped == "" {
				want = nil
			}
			counts(t, "skipped", want, g.scenario(coupon).Tally.Message.Skipped)
		})
	}
}

var (
	confirmed = definition.Policy{ConsentExplicit: true, Topics: []definition.Topic{{Name: "offers", DoubleOptIn: true}}}
	never     = &definition.Window{NoHolidays: true}
)

func offers(s *definition.Send) { s.Topic = "offers" }

func everyDay() (days []string) {
	for i := range 800 {
		days = append(days, time.Date(2026, 11, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	return days
}

func says(kind, data string) func(g *stage) {
	return func(g *stage) { g.happens("anna", kind, data) }
}

// mailed lets anna have been sent messages of another scenario, an hour apart.
func (g *stage) mailed(n int) {
	g.apply("NurtureScenario/shop/other", definition.Scenario{
		Trigger: on("other"), Entry: definition.Entry{Reentry: definition.ReentryAlways}, Steps: []definition.Step{send("other")},
	})
	for range n {
		g.happens("anna", "other", `{}`)
		g.pass(time.Hour)
	}
}

func TestClaimsThatAreVoid(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = []definition.Step{send("hello")} }))
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	wanted := g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]
	claim := func(attempt int) bool {
		x := wanted
		x.Attempt = attempt - 1
		_, granted := g.claimOne("anna", x)
		return granted
	}
	g.scenario(coupon).Standing.Suspended = true
	if claim(1) {
		t.Error("granted although the scenario is suspended")
	}
	g.scenario(coupon).Standing.Suspended = false
	if claim(2) {
		t.Error("the second attempt was granted before the first")
	}
	if !claim(1) || claim(1) {
		t.Error("the first attempt must be granted once")
	}
	if !claim(2) || !claim(3) {
		t.Error("in doubt and AtLeastOnce: it must be tried again")
	}
	m := g.scenario(coupon).Tally.Message
	if m.InDoubt != 1 || m.Claimed != 1 {
		t.Errorf("got %+v", m)
	}
	g.world.Channels[mail].Program.Meaning.Guarantee = definition.AtMostOnce
	if claim(4) {
		t.Error("in doubt and AtMostOnce: it must not be tried again")
	}
}

func TestAMessageInDoubtIsTriedAgainOnlyIfItStillMay(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = []definition.Step{send("hello")} }))
	g.policy(definition.Policy{CapMessages: 1, CapPer: day})
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	g.claim()
	wanted := g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]
	if !wanted.Claimed || wanted.Attempt != 1 {
		t.Fatalf("got %+v", wanted)
	}
	if grant, ok := g.claimOne("anna", wanted); !ok || grant.Attempt != 2 {
		t.Fatalf("the cap counts the message itself: %+v", grant)
	}
	g.happens("anna", "consent.withdrawn", `{}`)
	wanted.Attempt = 2
	if _, ok := g.claimOne("anna", wanted); ok {
		t.Error("tried again after consent was withdrawn")
	}
	counts(t, "skipped", map[string]int64{Unsubscribed: 1}, g.scenario(coupon).Tally.Message.Skipped)
}
