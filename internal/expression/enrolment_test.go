// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
)

func TestScenariosSeeEventTriggerContactAndVariables(t *testing.T) {
	trigger := &event.Event{Type: "cart.saved", Source: "shop", ID: "1", Time: 5e6, Data: []byte(`{"cart_id":"c1","total":10}`)}
	paid := &event.Event{Type: "order.completed", Source: "shop", ID: "2", Time: 9e6, Data: []byte(`{"cart_id":"c1","total":12}`)}
	attributes, vars := []byte(`{"city":"Omsk","orders":3}`), []byte(`{"coupon":{"code":"AB"}}`)
	for source, want := range map[string]struct {
		event, trigger *event.Event
		holds          bool
	}{
		"event.type == 'order.completed'":                         {paid, trigger, true},
		"event.data.cart_id == trigger.data.cart_id":              {paid, trigger, true},
		"event.data.total > trigger.data.total":                   {paid, trigger, true},
		"event.time > trigger.time":                               {paid, trigger, true},
		"event.data.total == 10 && trigger.id == '1'":             {nil, trigger, true},
		"contact.attributes.city == 'Omsk'":                       {nil, trigger, true},
		"contact.attributes.orders > 2 && vars.coupon.code=='AB'": {nil, trigger, true},
		"vars.answer.ok":                                          {nil, trigger, false},
		"vars.answer.ok != true":                                  {nil, trigger, false},
		"event.type != 'x'":                                       {nil, nil, false},
		"event.id in ['', 'x']":                                   {nil, nil, false},
		"trigger.source != 'x'":                                   {nil, nil, false},
		"trigger.time < timestamp('2026-01-01T00:00:00Z')":        {nil, nil, false},
		"has(trigger.data.total)":                                 {nil, nil, false},
		"!has(trigger.data.total)":                                {nil, nil, true},
	} {
		t.Run(source, func(t *testing.T) {
			condition, err := NewCondition(OnEnrolment, source)
			if err != nil {
				t.Fatal(err)
			}
			var s Scratch
			s.LoadEnrolment(want.event, want.trigger, attributes, vars)
			holds, fault := condition.Holds(&s)
			if fault != nil || holds != want.holds {
				t.Errorf("holds = %v, fault %v, want %v", holds, fault, want.holds)
			}
		})
	}
}

func TestScenariosTellWhatTheyLookAt(t *testing.T) {
	condition, err := NewCondition(OnEnrolment, "contact.attributes.a == trigger.data.a")
	if err != nil {
		t.Fatal(err)
	}
	if !condition.Mentions("trigger") || !condition.Mentions("contact") || condition.Mentions("event") || condition.Mentions("vars") {
		t.Error("a condition on contact and trigger says otherwise")
	}
}

func TestAnyJSONValueIsWritten(t *testing.T) {
	for source, want := range map[string]string{
		"1 + 1":                             "2",
		"'текст'":                           `"текст"`,
		"contact.attributes.list":           `["a",1]`,
		"contact.attributes.gone":           "",
		"{'a': 1, 'b': vars.missing}":       `{"a":1}`,
		"event.time":                        `"1970-01-01T00:00:01Z"`,
		"size(contact.attributes.list) > 1": "true",
	} {
		value, err := NewJSON(OnEnrolment, source)
		if err != nil {
			t.Fatal(err)
		}
		var s Scratch
		s.LoadEnrolment(&event.Event{Time: 1e6}, nil, []byte(`{"list":["a",1]}`), nil)
		got, present, fault := value.JSON(&s, nil)
		if fault != nil || string(got) != want || present != (want != "") {
			t.Errorf("%s gives %q, %v, fault %v, want %q", source, got, present, fault, want)
		}
	}
}

func TestWhatScenariosCannotSeeIsNamed(t *testing.T) {
	for source, want := range map[string]struct {
		scope   Scope
		message string
	}{
		"contact.email == 'a'":          {OnEnrolment, "write contact.attributes.email"},
		"trigger.contact == 'a'":        {OnEnrolment, "has no contact here"},
		"triger.data.x == 1":            {OnEnrolment, `did you mean "trigger"?`},
		"event.data.x == 1":             {OnPerson, "only the contact is"},
		"contact.attributes.tz == zone": {OnPerson, "write contact.attributes.zone"},
	} {
		if _, err := NewCondition(want.scope, source); err == nil || !strings.Contains(err.Error(), want.message) {
			t.Errorf("%s: error %v does not say %q", source, err, want.message)
		}
	}
}
