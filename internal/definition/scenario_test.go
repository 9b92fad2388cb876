// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

const day = 24 * time.Hour

func letter(text string) []definition.Variant {
	return []definition.Variant{{Weight: 1, Contents: map[string]definition.Content{"": {Subject: "Hello", Text: text}}}}
}

// saved is a scenario with every kind of step.
func saved() definition.Scenario {
	send := func(text string) *definition.Send {
		return &definition.Send{Channel: "MessageChannel/shop/mail", Purpose: definition.Marketing, Topic: "offers", Variants: letter(text)}
	}
	return definition.Scenario{
		TimeZone: "Europe/Moscow",
		Trigger:  definition.Trigger{Event: &definition.EventMatch{Event: "cart.saved", Where: "event.data.total > 0"}, MaxAge: day},
		Audience: "contact.attributes.country == 'RU'",
		Entry:    definition.Entry{Reentry: definition.ReentryAfterExit, Key: "event.data.cart_id", OnRepeat: definition.RepeatIgnore},
		Goal:     &definition.Goal{Event: "order.completed", Where: "event.data.paid", Value: "event.data.total", Within: 7 * day},
		Exits:    []definition.EventMatch{{Event: "cart.emptied"}},
		InFlight: definition.Pin,
		Steps: []definition.Step{
			{Name: "remind", Send: send("You left something")},
			{Name: "day", Wait: &definition.Wait{NextDay: "10:00"}},
			{Name: "clicked", WaitFor: &definition.WaitFor{
				AnyOf: []definition.Awaited{
					{Event: "waymark.message.clicked", Of: "remind", Then: "stop"},
					{Condition: "contact.attributes.orders > 1"},
				},
				Timeout: 2 * day, OnTimeout: "who",
			}, Then: "stop"},
			{Name: "who", Branch: &definition.Branch{
				Cases: []definition.Case{{When: "trigger.data.total > 100", Then: "call"}}, Else: "half",
			}},
			{Name: "half", Split: &definition.Split{Ways: []definition.Way{{Name: "a", Weight: 1}, {Name: "b", Weight: 3, Then: "mark"}}}},
			{Name: "coupon", Webhook: &definition.WebhookStep{Channel: "MessageChannel/shop/crm", Payload: "{}", Store: "coupon", OnFailure: "stop"}},
			{Name: "mark", Set: &definition.Set{Attributes: map[string]string{"won_back": "true", "coupon": "vars.coupon.code"}}},
			{Name: "next", Enter: &definition.EnterStep{Scenario: "NurtureScenario/shop/loyal"}, Then: "stop"},
			{Name: "call", Task: &definition.Task{
				Channel: "MessageChannel/shop/crm", Title: "Call", Due: day, Done: definition.EventMatch{Event: "call.made"}, OnOverdue: "half",
			}},
			{Name: "stop", Exit: &definition.ExitStep{}},
		},
	}
}

func compile(t *testing.T, s definition.Scenario) (*definition.ScenarioProgram, error) {
	t.Helper()
	form, _, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return new(definition.Compiler).CompileScenario(form)
}

func TestScenarioProgram(t *testing.T) {
	t.Parallel()
	p, err := compile(t, saved())
	if err != nil {
		t.Fatal(err)
	}
	type ways struct{ next, onTimeout, otherwise, onFailure, onOverdue int }
	got := map[string]ways{}
	for _, s := range p.Steps {
		got[s.Name] = ways{s.Next, s.OnTimeout, s.Else, s.OnFailure, s.OnOverdue}
	}
	want := map[string]ways{
		"remind": {1, 1, 1, 1, 1}, "day": {2, 2, 2, 2, 2}, "clicked": {9, 3, 9, 9, 9}, "who": {4, 4, 4, 4, 4}, "half": {5, 5, 5, 5, 5},
		"coupon": {6, 6, 6, 9, 6}, "mark": {7, 7, 7, 7, 7}, "next": {9, 9, 9, 9, 9}, "call": {9, 9, 9, 9, 4}, "stop": {10, 10, 10, 10, 10},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ways{})); diff != "" {
		t.Errorf("steps follow otherwise (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{p.Steps[2].Await[0].Then, p.Steps[2].Await[1].Then, p.Steps[3].Cases[0].Then}, []int{9, 9, 8}); diff != "" {
		t.Errorf("awaited and cases lead elsewhere:\n%s", diff)
	}
	if diff := cmp.Diff([]int{5, 6}, p.Steps[4].Ways); diff != "" {
		t.Errorf("ways lead elsewhere:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"call.made", "cart.emptied", "cart.saved", "order.completed", "waymark.message.clicked"}, p.Types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	if !p.ReadsTrigger || p.Zone.String() != "Europe/Moscow" {
		t.Errorf("reads trigger %v, zone %v", p.ReadsTrigger, p.Zone)
	}
}

func TestScenarioProgramAnswers(t *testing.T) {
	t.Parallel()
	p, err := compile(t, saved())
	if err != nil {
		t.Fatal(err)
	}
	trigger := &event.Event{Type: "cart.saved", Data: []byte(`{"cart_id": 17, "total": 120}`)}
	q := &definition.Question{Trigger: trigger, Attributes: []byte(`{"country":"RU"}`), Vars: []byte(`{"coupon":{"code":["A","B"]}}`)}
	for name, predicate := range map[string]*definition.Predicate{
		"trigger": &p.Trigger.Where, "audience": &p.Audience, "case": &p.Steps[3].Cases[0].When, "exit": &p.Exits[0],
	} {
		if holds, fault := predicate.Holds(q); !holds || fault != nil {
			t.Errorf("%s holds %v, fault %v", name, holds, fault)
		}
	}
	if key, present, fault := p.Key.Of(q); key != "17" || !present || fault != nil {
		t.Errorf("key %q, %v, %v", key, present, fault)
	}
	if value, present, fault := p.Steps[6].Attributes[0].Value.Of(q); string(value) != `["A","B"]` || !present || fault != nil {
		t.Errorf("coupon %s, %v, %v", value, present, fault)
	}
	order := &event.Event{Type: "order.completed", Data: []byte(`{"paid": "yes", "total": "12.5"}`)}
	q.Event = order
	holds, fault := p.Goal.Where.Holds(q)
	if holds || fault == nil || fault.Field != "spec.goal.where" {
		t.Errorf("a text as a condition holds %v, fault %v", holds, fault)
	}
	if value, present, fault := p.Goal.Value.Of(q); value != 12_500_000 || !present || fault != nil {
		t.Errorf("value %d, %v, %v", value, present, fault)
	}
}

func TestTriggerIsKeptOnlyWhenItIsRead(t *testing.T) {
	t.Parallel()
	plain := func() definition.Scenario {
		s := saved()
		s.Steps = []definition.Step{{Name: "remind", Send: &definition.Send{Channel: "c", Purpose: definition.Marketing, Variants: letter("Hello event")}}}
		return s
	}
	for name, tt := range map[string]struct {
		edit func(*definition.Scenario)
		want bool
	}{
		"a text that computes nothing": {func(*definition.Scenario) {}, false},
		"a text that shows the event": {func(s *definition.Scenario) {
			s.Steps[0].Send.Variants = letter("{{ contact.name }}: {{ event.data.total | money }}")
		}, true},
		"a text with a loop over it": {func(s *definition.Scenario) {
			s.Steps[0].Send.Variants = letter("{% for item in trigger.data.items %}{{ item }}{% endfor %}")
		}, true},
		"a goal on its own event":      {func(s *definition.Scenario) { s.Goal.Where = "event.data.total > 1" }, false},
		"a goal that asks the trigger": {func(s *definition.Scenario) { s.Goal.Where = "event.data.id == trigger.data.id" }, true},
		"an address from the event":    {func(s *definition.Scenario) { s.Steps[0].Send.To = "event.data.email" }, true},
		"an audience asked again":      {func(s *definition.Scenario) { s.Audience = "event.data.total > 5" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain()
			tt.edit(&s)
			p, err := compile(t, s)
			if err != nil {
				t.Fatal(err)
			}
			if p.ReadsTrigger != tt.want {
				t.Errorf("reads trigger: %v, want %v", p.ReadsTrigger, tt.want)
			}
		})
	}
}

func TestScenarioErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*definition.Scenario)
		want string
	}{
		"an unknown step": {func(s *definition.Scenario) { s.Steps[5].Then = "stops" },
			`spec.steps[5].then: "stops": there is no such step: did you mean "stop"?`},
		"an unknown step of a case": {func(s *definition.Scenario) { s.Steps[3].Branch.Cases[0].Then = "elsewhere" },
			`spec.steps[3].branch.cases[0].then: "elsewhere": there is no such step: correct the name`},
		"a step that nobody reaches": {func(s *definition.Scenario) { s.Steps[3].Branch.Cases[0].Then = "half" },
			`spec.steps[8]: "call": no way leads to the step`},
		"a circle": {func(s *definition.Scenario) { s.Steps[7].Then = "half" },
			`spec.steps[4]: "half": the steps half → coupon → mark → next → half go round without a pause`},
		"no steps":       {func(s *definition.Scenario) { s.Steps = nil }, "spec.steps: there are 0 steps: write 1 to 64"},
		"two of a name":  {func(s *definition.Scenario) { s.Steps[1].Name = "remind" }, `spec.steps[1].name: "remind": another step is called so`},
		"a step of none": {func(s *definition.Scenario) { s.Steps[9].Exit = nil }, "spec.steps[9]: 0 of its kinds are set"},
		"two triggers":   {func(s *definition.Scenario) { s.Trigger.Enter = true }, "spec.trigger: 2 of its kinds are set"},
		"of a step that sends nothing": {func(s *definition.Scenario) { s.Steps[2].WaitFor.AnyOf[0].Of = "day" },
			`spec.steps[2].waitFor.anyOf[0].of: "day": the step sends no message`},
		"transactional with a topic": {func(s *definition.Scenario) { s.Steps[0].Send.Purpose = definition.Transactional },
			`spec.steps[0].send.topic: "offers": nobody agrees to what they are owed`},
		"an expression": {func(s *definition.Scenario) { s.Steps[3].Branch.Cases[0].When = "trigger.total > 1" },
			`spec.steps[3].branch.cases[0].when: line 1, column 8: "total": is no field of event`},
		"a segment by an event": {func(s *definition.Scenario) {
			s.Trigger = definition.Trigger{Segment: &definition.SegmentTrigger{Where: "event.data.x == 1"}}
		}, "spec.trigger.segment.where: line 1, column 1: \"event\": is not known here, where only the contact is"},
		"a key without an event": {func(s *definition.Scenario) {
			s.Trigger = definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "0 10 * * *"}}
		}, "spec.entry.key: \"event.data.cart_id\": there is no event to take it from"},
		"a schedule that is none": {func(s *definition.Scenario) {
			s.Entry.Key = ""
			s.Trigger = definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "every day"}}
		}, "spec.trigger.schedule.cron"},
		"onTimeout without a timeout": {func(s *definition.Scenario) { s.Steps[2].WaitFor.Timeout = 0 },
			`spec.steps[2].waitFor.onTimeout: "who": the wait never ends by itself`},
		"a redirect into nothing": {func(s *definition.Scenario) { s.Redirects = map[string]string{"old": "gone"} },
			`spec.redirects[old]: "gone": there is no such step`},
		"a fallback without a text": {func(s *definition.Scenario) { s.Steps[0].Send.Fallback = "en" },
			`spec.steps[0].send.variants[0].languages: "en": there is no text`},
		"existing with an event": {func(s *definition.Scenario) { s.Entry.Existing = true }, `spec.entry.existing: "Enrol"`},
		"a time of day":          {func(s *definition.Scenario) { s.Steps[1].Wait.NextDay = "25:00" }, `spec.steps[1].wait.nextDay: "25:00": is no time of day`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := saved()
			tt.edit(&s)
			if _, err := compile(t, s); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got:  %v\nwant: %s", err, tt.want)
			}
		})
	}
}

func TestScenarioVersion(t *testing.T) {
	t.Parallel()
	s := saved()
	form, version, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	var again definition.Scenario
	if err := json.Unmarshal(form, &again); err != nil {
		t.Fatal(err)
	}
	if _, same, _ := again.Canonical(); same != version {
		t.Errorf("the canonical form has version %s, not %s", same, version)
	}
	again.InFlight, again.Entry.OnRepeat, again.Steps[0].Send.Purpose = "", "", ""
	if _, same, _ := again.Canonical(); same != version {
		t.Error("writing out a default makes another version")
	}
	again.Steps[0].Send.Variants = letter("Other words")
	if _, other, _ := again.Canonical(); other == version {
		t.Error("another text makes no other version")
	}
}

func TestAnUnknownFieldOfAMeaningIsRefused(t *testing.T) {
	t.Parallel()
	var c definition.Compiler
	if _, err := c.CompileScenario([]byte(`{"later": 1}`)); err == nil {
		t.Error("a scenario of a later version is compiled")
	}
	if _, err := c.CompilePolicy([]byte(`{"later": 1}`)); err == nil {
		t.Error("a policy of a later version is compiled")
	}
	if _, err := c.CompileChannel([]byte(`{"later": 1}`)); err == nil {
		t.Error("a channel of a later version is compiled")
	}
}
