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

func waitsFor(name, otherwise string, timeout time.Duration, things ...definition.Awaited) definition.Step {
	return definition.Step{Name: name, WaitFor: &definition.WaitFor{AnyOf: things, Timeout: timeout, OnTimeout: otherwise}}
}

func stop(name string) definition.Step {
	return definition.Step{Name: name, Exit: &definition.ExitStep{Reason: "Stopped"}}
}

// letter sends a message and waits two days for a click in it; then a coupon follows.
func letter(s *definition.Scenario) {
	s.Steps = []definition.Step{
		send("other"), send("letter"),
		waitsFor("clicked", "coupon", 2*day,
			definition.Awaited{Event: event.MessageClicked, Of: "letter", Then: "stop"},
			definition.Awaited{Condition: "contact.attributes.orders > 0", Then: "stop"}),
		send("coupon"), stop("stop"),
	}
}

func TestWaitingForSomething(t *testing.T) {
	tests := map[string]struct {
		happens func(g *stage)
		stopped bool
	}{
		"a click in the letter": {func(g *stage) { g.about("anna", event.MessageClicked, "letter") }, true},
		"a click in another":    {func(g *stage) { g.about("anna", event.MessageClicked, "other") }, false},
		"a click by a scanner": {func(g *stage) {
			g.about("anna", event.MessageClicked, "letter", func(d *event.MessageData) { d.Machine = true })
		}, false},
		"a click of another enrolment": {func(g *stage) {
			g.about("anna", event.MessageClicked, "letter", func(d *event.MessageData) { d.Enrolment = "00" })
		}, false},
		"the condition comes true": {func(g *stage) { g.identify("anna", map[string]any{"orders": 1}) }, true},
		"it does not come true":    {func(g *stage) { g.identify("anna", map[string]any{"orders": 0}) }, false},
		"nothing":                  {func(*stage) {}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, welcome(letter))
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			g.pass(time.Hour)
			test.happens(g)
			g.pass(3 * day)
			if test.stopped {
				g.got("anna", "other", "letter")
				counts(t, "exited", map[string]int64{"Stopped": 1}, g.scenario(coupon).Tally.Exited)
				return
			}
			g.got("anna", "other", "letter", "coupon")
		})
	}
}

func TestAnEventBeforeTheStepIsNotWaitedFor(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{waitsFor("call", "", 0, definition.Awaited{Event: "called", Where: "event.data.ok"}), send("thanks")}
	}))
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	g.happens("anna", "called", `{"ok":true}`, func(e *event.Event) { e.Time-- })
	g.happens("anna", "called", `{"ok":false}`)
	g.pass(100 * day)
	g.got("anna")
	g.happens("anna", "called", `{"ok":true}`)
	g.pass(0)
	g.got("anna", "thanks")
}

func TestBranches(t *testing.T) {
	steps := []definition.Step{
		{Name: "which", Branch: &definition.Branch{Cases: []definition.Case{
			{When: "trigger.data.total > 100", Then: "rich"}, {When: "contact.attributes.vip", Then: "vip"},
		}, Else: "others"}},
		send("rich"), stop("end-rich"), send("vip"), stop("end-vip"), send("others"),
	}
	for data, want := range map[string]string{`{"total":200}`: "rich", `{"total":1}`: "vip", `{"total":"x"}`: "vip", `{}`: "vip"} {
		g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = steps }))
		g.identify("anna", map[string]any{"email": "a@example.com", "vip": true})
		g.happens("anna", "signed.up", data)
		g.pass(0)
		g.got("anna", want)
		if faults := len(g.scenario(coupon).Tally.Faults); (faults > 0) != (data == `{"total":"x"}`) {
			t.Errorf("%s: %v", data, g.scenario(coupon).Tally.Faults)
		}
	}
}

func TestSplitsAndVariantsAreDrawnOnce(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{
			{Name: "draw", Split: &definition.Split{Ways: []definition.Way{{Name: "a", Weight: 3, Then: "many"}, {Name: "b", Weight: 1, Then: "few"}}}},
			send("many", func(m *definition.Send) {
				m.Variants = []definition.Variant{m.Variants[0], m.Variants[0]}
				m.Variants[0].Name, m.Variants[1].Name = "x", "y"
			}),
			stop("end"), send("few"),
		}
	}))
	const people = 400
	for i := range people {
		name := fmt.Sprintf("c%d", i)
		g.identify(name, anna())
		g.happens(name, "signed.up", `{}`)
	}
	g.pass(0)
	first := g.sent
	g.sent = map[string][]string{}
	tally := g.scenario(coupon).Tally
	many := tally.Steps["many"]
	if many.Arrived < people*65/100 || many.Arrived > people*85/100 || many.Variants["x"].Sent+many.Variants["y"].Sent != many.Arrived ||
		many.Variants["x"].Sent < many.Arrived*2/5 || many.Variants["y"].Sent < many.Arrived*2/5 {
		t.Errorf("got %+v", many)
	}
	for name := range first {
		g.happens(name, "signed.up", `{}`)
	}
	g.pass(0)
	for name, sent := range first {
		g.got(name, sent...)
	}
	g.scenario(coupon).Standing.Winners = map[string]string{"many": "y"}
	g.sent = map[string][]string{}
	for name := range first {
		g.happens(name, "signed.up", `{}`)
	}
	g.pass(0)
	for name, sent := range g.sent {
		if sent[0] == "many:x" {
			t.Errorf("%s was sent %v although the other won", name, sent)
		}
	}
}

func TestAttributesAreWritten(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{
			{Name: "mark", Set: &definition.Set{Attributes: map[string]string{"source": "trigger.data.from", "missing": "trigger.data.nothing", "n": "1 + 1"}}},
			{Name: "which", Branch: &definition.Branch{Cases: []definition.Case{{When: "contact.attributes.source == 'ad'", Then: "thanks"}}, Else: "end"}},
			send("thanks"), stop("end"),
		}
	}))
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{"from":"ad"}`)
	g.pass(0)
	g.got("anna", "mark", "thanks")
	if _, found := g.people["anna"].attributes["missing"]; found || fmt.Sprint(g.people["anna"].attributes["n"]) != "2" {
		t.Errorf("got %v", g.people["anna"].attributes)
	}
	if m := g.scenario(coupon).Tally.Message; m.Sent != 1 {
		t.Errorf("writing attributes counts as a message: %+v", m)
	}
}

func TestAWebhooksAnswerIsUsed(t *testing.T) {
	scenario := welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{
			{Name: "score", Webhook: &definition.WebhookStep{Channel: hook, Store: "score", OnFailure: "sorry"}},
			{Name: "which", Branch: &definition.Branch{Cases: []definition.Case{{When: "vars.score.points > 5", Then: "gift"}}, Else: "end"}},
			send("gift"), stop("end"), send("sorry"),
		}
	})
	tests := map[string]struct {
		kind, answer, class string
		want                []string
	}{
		"a good score":      {event.MessageSent, `{"points":9}`, "", []string{"gift"}},
		"a bad score":       {event.MessageSent, `{"points":1}`, "", nil},
		"no answer":         {event.MessageSent, ``, "", nil},
		"it failed":         {event.MessageFailed, ``, "Other", []string{"sorry"}},
		"it is in doubt":    {event.MessageInDoubt, ``, "", nil},
		"it was no payload": {event.MessageFailed, ``, RenderFailed, []string{"sorry"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, scenario)
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			g.answer(g.claim()[0], test.kind, func(d *event.MessageData) { d.Answer, d.Class = json.RawMessage(test.answer), test.class })
			g.pass(0)
			g.got("anna", test.want...)
		})
	}
}

func TestATaskForAPerson(t *testing.T) {
	scenario := welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{
			{Name: "call", Task: &definition.Task{Channel: hook, Title: "Call", Due: 4 * time.Hour, Done: definition.EventMatch{Event: "call.done"}, OnOverdue: "boss"}},
			send("thanks"), stop("end"), send("boss"),
		}
	})
	tests := map[string]struct {
		happens func(g *stage, task string)
		want    string
	}{
		"it is done":         {func(g *stage, task string) { g.happens("anna", "call.done", `{"task":"`+task+`"}`) }, "thanks"},
		"something was done": {func(g *stage, _ string) { g.happens("anna", "call.done", `{}`) }, "thanks"},
		"another was done":   {func(g *stage, _ string) { g.happens("anna", "call.done", `{"task":"x"}`) }, "boss"},
		"it is not done":     {func(*stage, string) {}, "boss"},
		"it was done earlier": {func(g *stage, _ string) {
			g.happens("anna", "call.done", `{}`, func(e *event.Event) { e.Time = e.Time.Add(-day) })
		}, "boss"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, scenario)
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			granted := g.claim()
			g.answer(granted[0], event.MessageSent)
			g.pass(time.Hour)
			test.happens(g, granted[0].Effect)
			g.pass(4 * time.Hour)
			g.got("anna", test.want)
		})
	}
}

func TestScenariosLeadIntoEachOther(t *testing.T) {
	const next = "NurtureScenario/shop/next"
	enterable := definition.Scenario{Trigger: definition.Trigger{Enter: true}, Steps: []definition.Step{send("second")}}
	g := newStage(t, map[string]definition.Scenario{
		next: enterable,
		coupon: welcome(func(s *definition.Scenario) {
			s.Steps = []definition.Step{{Name: "go", Enter: &definition.EnterStep{Scenario: next}}, send("first")}
		})[coupon],
	})
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	g.pass(0)
	g.got("anna", "first", "second")
	if n := g.scenario(next).Tally.Entered; n != 1 {
		t.Errorf("%d entered", n)
	}
}

func TestACircleOfScenariosEnds(t *testing.T) {
	const a, b = "NurtureScenario/shop/a", "NurtureScenario/shop/b"
	leads := func(to string) definition.Scenario {
		return definition.Scenario{
			Trigger: definition.Trigger{Enter: true}, Entry: definition.Entry{Reentry: definition.ReentryAlways},
			Steps: []definition.Step{{Name: "go", Enter: &definition.EnterStep{Scenario: to}}},
		}
	}
	g := newStage(t, map[string]definition.Scenario{a: leads(b), b: leads(a), coupon: welcome(func(s *definition.Scenario) {
		s.Steps = []definition.Step{{Name: "go", Enter: &definition.EnterStep{Scenario: a}}}
	})[coupon]})
	g.happens("anna", "signed.up", `{}`)
	if n := g.scenario(a).Tally.Entered + g.scenario(b).Tally.Entered; n != definition.MaxHops {
		t.Errorf("%d entered", n)
	}
	counts(t, "refused", map[string]int64{Hops: 1}, g.scenario(a).Tally.Refused)
}
