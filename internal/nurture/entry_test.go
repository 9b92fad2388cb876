// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// welcome waits a day, so that there is time for what a test does.
func welcome(change ...func(s *definition.Scenario)) map[string]definition.Scenario {
	s := definition.Scenario{Trigger: on("signed.up"), Steps: []definition.Step{pause("day", day), send("hello")}}
	for _, c := range change {
		c(&s)
	}
	return map[string]definition.Scenario{coupon: s}
}

func repeats(e definition.Entry) func(s *definition.Scenario) {
	return func(s *definition.Scenario) { s.Entry = e }
}

func TestWhoEnters(t *testing.T) {
	up := func(data string) func(g *stage) { return func(g *stage) { g.happens("anna", "signed.up", data) } }
	wait := func(d time.Duration) func(g *stage) { return func(g *stage) { g.pass(d) } }
	tests := map[string]struct {
		change  func(s *definition.Scenario)
		play    []func(g *stage)
		entered int64
		refused map[string]int64
		exited  map[string]int64
	}{
		"who does what lets in": {nil, []func(g *stage){up(`{}`)}, 1, nil, nil},
		"twice, as each event is a key of its own, but one at a time": {
			nil, []func(g *stage){up(`{}`), up(`{}`)}, 1, map[string]int64{ReentryRefused: 1}, nil,
		},
		"again after leaving": {nil, []func(g *stage){up(`{}`), wait(2 * day), up(`{}`)}, 2, nil, map[string]int64{Done: 1}},
		"never again with the same key": {
			repeats(definition.Entry{Reentry: definition.ReentryNever, Key: "event.data.k"}),
			[]func(g *stage){up(`{"k":1}`), wait(2 * day), up(`{"k":1}`), up(`{"k":2}`)}, 2, map[string]int64{ReentryRefused: 1}, map[string]int64{Done: 1},
		},
		"always: one at a time for each key": {
			repeats(definition.Entry{Reentry: definition.ReentryAlways, Key: "event.data.k"}),
			[]func(g *stage){up(`{"k":1}`), up(`{"k":2}`), up(`{"k":2}`)}, 2, map[string]int64{Repeat: 1}, nil,
		},
		"not before the cooldown is over": {
			repeats(definition.Entry{Cooldown: 3 * day}),
			[]func(g *stage){up(`{}`), wait(2 * day), up(`{}`), wait(2*day + time.Second), up(`{}`)}, 2, map[string]int64{Cooldown: 1}, map[string]int64{Done: 1},
		},
		"a cooldown of another key does not hold for always": {
			repeats(definition.Entry{Cooldown: 3 * day, Reentry: definition.ReentryAlways, Key: "event.data.k"}),
			[]func(g *stage){up(`{"k":1}`), wait(2 * day), up(`{"k":2}`)}, 2, nil, map[string]int64{Done: 1},
		},
		"a repeat begins anew": {
			repeats(definition.Entry{OnRepeat: definition.RepeatRestart, Key: "event.data.k"}),
			[]func(g *stage){up(`{"k":1}`), wait(time.Hour), up(`{"k":1}`)}, 2, nil, map[string]int64{Restarted: 1},
		},
		"a repeat does not begin anew what never may": {
			repeats(definition.Entry{OnRepeat: definition.RepeatRestart, Reentry: definition.ReentryNever, Key: "event.data.k"}),
			[]func(g *stage){up(`{"k":1}`), up(`{"k":1}`)}, 1, map[string]int64{ReentryRefused: 1}, nil,
		},
		"without the key": {repeats(definition.Entry{Key: "event.data.k"}), []func(g *stage){up(`{}`)}, 0, map[string]int64{NoKey: 1}, nil},
		"an event that is too old": {nil, []func(g *stage){func(g *stage) {
			g.happens("anna", "signed.up", `{}`, func(e *event.Event) { e.Time = e.Time.Add(-61 * time.Minute) })
		}}, 0, map[string]int64{TooOld: 1}, nil},
		"an event from before the scenario": {nil, []func(g *stage){wait(time.Minute), func(g *stage) {
			g.happens("anna", "signed.up", `{}`, func(e *event.Event) { e.Time, e.Received = e.Time.Add(-2*time.Minute), e.Received.Add(-2*time.Minute) })
		}}, 0, map[string]int64{BeforeScenario: 1}, nil},
		"while it is suspended": {nil, []func(g *stage){func(g *stage) { g.scenario(coupon).Standing.Suspended = true }, up(`{}`)}, 0, map[string]int64{Suspended: 1}, nil},
		"while its first version is held": {nil, []func(g *stage){func(g *stage) {
			sc := g.scenario(coupon)
			sc.Active, sc.Pending = nil, sc.Active
			g.world.Index()
		}, up(`{}`)}, 0, map[string]int64{Held: 1}, nil},
		"while it drains":                   {func(s *definition.Scenario) { s.InFlight = definition.Drain }, []func(g *stage){up(`{}`)}, 0, map[string]int64{Draining: 1}, nil},
		"a contact that another stands for": {nil, []func(g *stage){func(g *stage) { g.step("anna", g.world.Hide) }, up(`{}`)}, 0, nil, nil},
		"where the condition does not hold": {
			func(s *definition.Scenario) { s.Trigger.Event.Where = "event.data.plan == 'pro'" }, []func(g *stage){up(`{"plan":"free"}`)}, 0, nil, nil,
		},
		"an audience that does not hold in half an hour": {
			func(s *definition.Scenario) { s.Audience = "contact.attributes.country == 'RU'" },
			[]func(g *stage){up(`{}`), wait(30 * time.Minute), func(g *stage) { g.identify("anna", map[string]any{"country": "RU"}) }}, 0, map[string]int64{Audience: 1}, nil,
		},
		"an audience that holds a little later": {
			func(s *definition.Scenario) { s.Audience = "contact.attributes.country == 'RU'" },
			[]func(g *stage){up(`{}`), wait(29 * time.Minute), func(g *stage) { g.identify("anna", map[string]any{"country": "RU"}) }, wait(time.Hour)}, 1, nil, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			change := test.change
			if change == nil {
				change = func(*definition.Scenario) {}
			}
			g := newStage(t, welcome(change))
			for _, act := range test.play {
				act(g)
			}
			tally := g.scenario(coupon).Tally
			if tally.Entered != test.entered {
				t.Errorf("%d entered, want %d", tally.Entered, test.entered)
			}
			counts(t, "refused", test.refused, tally.Refused)
			counts(t, "exited", test.exited, tally.Exited)
		})
	}
}

func TestARepeatTakesOverTheNewData(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Entry = definition.Entry{OnRepeat: definition.RepeatUpdate, Key: "event.data.k"}
		s.Steps = []definition.Step{pause("day", day), send("hello", func(m *definition.Send) { m.To = "trigger.data.mail" })}
	}))
	g.happens("anna", "signed.up", `{"k":1,"mail":"old@example.com"}`)
	g.pass(time.Hour)
	g.happens("anna", "signed.up", `{"k":1,"mail":"new@example.com"}`)
	g.now = g.now.Add(day)
	g.sweep(g.world.Ring)
	if granted := g.claim(); len(granted) != 1 || granted[0].Address != "new@example.com" || string(granted[0].Trigger.Data) != `{"k":1,"mail":"new@example.com"}` {
		t.Errorf("got %+v", granted)
	}
}

func TestAForwardedCopyOfTheTriggerEntersOnce(t *testing.T) {
	g := newStage(t, welcome())
	g.identify("anna", anna())
	copied := func(e *event.Event) { e.Origin, e.ID = event.Anonymous("v1"), "same" }
	g.happens("anna", "signed.up", `{}`, copied)
	g.pass(2 * day)
	g.happens("anna", "signed.up", `{}`, copied, func(e *event.Event) { e.Time = event.At(g.now) })
	g.pass(2 * day)
	g.got("anna", "hello")
}

func TestWhatAVisitorWasSentIsNotSentAgain(t *testing.T) {
	g := newStage(t, welcome())
	g.identify("anna", anna())
	visitor := event.Anonymous("v1")
	same := func(e *event.Event) { e.ID = "same" }
	g.identify(visitor, anna())
	g.happens(visitor, "signed.up", `{}`, same)
	g.happens("anna", "signed.up", `{}`, same, func(e *event.Event) { e.Origin = visitor })
	g.now = g.now.Add(day)
	g.step(visitor, g.world.Ring)
	granted := g.claim()
	if len(granted) != 1 {
		t.Fatalf("granted %d", len(granted))
	}
	g.answer(granted[0], event.MessageSent)
	told, _ := json.Marshal(event.MessageData{
		Effect: granted[0].Effect, Scenario: coupon, Enrolment: granted[0].Enrolment, Step: "hello", Channel: mail, Kind: "Send",
	})
	g.happens("anna", event.MessageSent, string(told), func(e *event.Event) { e.Origin = visitor })
	g.sweep(g.world.Ring)
	if again := g.claim(); len(again) != 0 {
		t.Errorf("granted again: %+v", again)
	}
	counts(t, "skipped", map[string]int64{AlreadySent: 1}, g.scenario(coupon).Tally.Message.Skipped)
	if sent := g.scenario(coupon).Tally.Message.Sent; sent != 1 {
		t.Errorf("%d are counted as sent", sent)
	}
}

func TestThoseHeldOut(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: func() definition.Scenario {
		s := cart()
		s.Holdout = 3000
		return s
	}()})
	const people = 300
	for i := range people {
		name := fmt.Sprintf("c%d", i)
		g.identify(name, anna())
		g.happens(name, "product.added", `{"cart":"c1"}`)
	}
	g.pass(time.Hour)
	tally := g.scenario(coupon).Tally
	if tally.HeldOut < people/5 || tally.HeldOut > people*2/5 || tally.Entered != people || tally.Message.Sent != people-tally.HeldOut {
		t.Fatalf("%d of %d were held out, %d messages sent", tally.HeldOut, tally.Entered, tally.Message.Sent)
	}
	for i := range people {
		g.happens(fmt.Sprintf("c%d", i), "order.completed", `{"cart":"c1","total":"10.5"}`)
	}
	g.pass(8 * day)
	if tally.Held.N != tally.HeldOut || tally.Held.X != tally.HeldOut || tally.Held.NX != tally.HeldOut || tally.Treated.N != people-tally.HeldOut {
		t.Errorf("got %+v and %+v", tally.Held, tally.Treated)
	}
	if int64(tally.Held.Value) != tally.HeldOut*10_500_000 || tally.Converted != people-tally.HeldOut {
		t.Errorf("got %+v, %d converted", tally.Held, tally.Converted)
	}
}

func TestAContactIsWeighedByAllItsEnrolments(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: cart()})
	g.identify("anna", anna())
	for _, k := range []string{"c1", "c2", "c3"} {
		g.happens("anna", "product.added", `{"cart":"`+k+`"}`)
		g.happens("anna", "order.completed", `{"cart":"c2"}`)
		g.pass(10 * day)
	}
	got := g.scenario(coupon).Tally.Treated
	if got.Contacts != 1 || got.N != 3 || got.X != 1 || got.NN != 9 || got.NX != 3 || got.XX != 1 {
		t.Errorf("got %+v", got)
	}
}
