// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

func TestProblemsSayWhatToWrite(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]expression.Problem{
		`evnt.data.x > 1`:               {Line: 1, Column: 1, Text: "evnt", Message: `is not known here: did you mean "event"?`},
		"event.data.x > 1 &&\n evnt.id": {Line: 2, Column: 2, Text: "evnt", Message: `is not known here: did you mean "event"?`},
		`'ё' == evnt.id`:                {Line: 1, Column: 8, Text: "evnt", Message: `is not known here: did you mean "event"?`},
		`event.tpye == 'a'`:             {Line: 1, Column: 6, Text: "tpye", Message: `is no field of event: did you mean "event.type"?`},
		`event.price > 1`:               {Line: 1, Column: 6, Text: "price", Message: `is no field of event: write event.data.price for a field of the event's data`},
		`price > 1`:                     {Line: 1, Column: 1, Text: "price", Message: `is not known here: write event.data.price for a field of the event's data, or put a text into quotes`},
		`data.price > 1`:                {Line: 1, Column: 1, Text: "data", Message: `is not known here: did you mean "event.data"?`},
		`event.contact == 'x'`:          {Line: 1, Column: 6, Text: "contact", Message: `event has no contact here, as numbers do not depend on who it is: write a condition on event.data`},
		`contact.attributes.vip`:        {Line: 1, Column: 1, Text: "contact", Message: `is not known here: only the where of stages and exclusions can ask for contact.attributes`},
		`event.data.utm-source == 'x'`:  {Line: 1, Column: 16, Text: "source", Message: `is not known here: write ['utm-source'] for a field whose name has a hyphen`},
		`event.data.x.foo()`:            {Line: 1, Column: 17, Text: "foo", Message: `is no function that is known here: see the language's definition at https://cel.dev, or write a comparison`},
		`event.data.x = 5`:              {Line: 1, Column: 14, Text: "= 5", Message: `cannot be read: write == to compare`},
		`event.data.x > 5 and event.id`: {Line: 1, Column: 18, Text: "and event.id", Message: `cannot be read: write && for "and"`},
		`event.data.x <> 5`:             {Line: 1, Column: 15, Text: "> 5", Message: `cannot be read: write != for "is not"`},
		`event.data.x == “a”`:           {Line: 1, Column: 17, Text: "“a”", Message: `cannot be read: write straight quotes, ' or "`},
		`(event.data.x > 1`:             {Line: 1, Column: 18, Message: `cannot be read: the parentheses do not match`},
		`event.data.x == 'abc`:          {Line: 1, Column: 17, Text: "'abc", Message: `cannot be read: a quote is not closed`},
		`event.data.x >`:                {Line: 1, Column: 15, Message: `cannot be read: something is missing at the end`},
		``:                              {Line: 1, Column: 1, Message: `cannot be read: something is missing at the end`},
		`event.data.x is 5`:             {Line: 1, Column: 14, Text: "is 5", Message: `cannot be read: it does not belong here`},
		`event.time > '2026-01-01'`:     {Line: 1, Column: 12, Text: "> '2026-01-01'", Message: `">" cannot be applied to a time and a text: write the time as timestamp("2026-01-31T00:00:00Z")`},
		`event.type == 5`:               {Line: 1, Column: 12, Text: "== 5", Message: `"==" cannot be applied to a text and a whole number: write the number without quotes, or double(...) around the text`},
		`event.type && true`:            {Line: 1, Column: 6, Text: ".type && true", Message: `is a text where a yes or no is needed`},
		`event.data.x + 1`:              {Line: 1, Column: 1, Text: "event.data.x + 1", Message: `gives a whole number where a yes or no is needed: write a comparison, such as event.data.price > 0`},
		`event`:                         {Line: 1, Column: 1, Text: "event", Message: `gives the whole event where a yes or no is needed: write a comparison, such as event.data.price > 0`},
		`event.data.x == null`:          {Line: 1, Column: 17, Text: "null", Message: `null is the same as a missing field: write has(event.data.x) or !has(event.data.x) to ask for one`},
		`event.data.x % 2 == 0`:         {Line: 1, Column: 14, Text: "%", Message: `needs whole numbers, and those of JSON are not: write int(...) around the value from data`},
		`event.id.matches('(')`:         {Line: 1, Column: 18, Text: "'(')", Message: `is no regular expression: write one in the syntax of RE2, such as '^[a-z]+$'`},
		`event.time > timestamp('now')`: {Line: 1, Column: 24, Text: "'now')", Message: `is no time: write one such as timestamp('2026-01-31T00:00:00Z')`},
		`event.time.getHours('Europe/Moskow') > 8`: {Line: 1, Column: 21, Text: "Europe/Moskow",
			Message: `is no time zone: write an IANA name such as Europe/Moscow, or an offset such as +03:00`},
		`event.data.a.exists(x, event.data.b.exists(y, event.data.c.exists(z, x == z)))`: {Line: 1, Column: 66, Text: "(z, x == z)))",
			Message: `exists, all, filter and map may be nested twice, not more`},
		`event.data.a.exists(x, event.data.b.exists(y, x.name.matches(y.name)))`: {Line: 1, Column: 1,
			Message: `the expression may take too long on one event (estimated cost 2810703, at most 200000): nest no exists, all, filter or map, and match no long patterns inside of them`},
	} {
		_, err := expression.NewCondition(expression.OnEvent, source)
		var got *expression.Problem
		if !errors.As(err, &got) {
			t.Errorf("%s: error %v is no problem", source, err)
			continue
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s: problem differs (-want +got):\n%s", source, diff)
		}
	}
}

func TestTooLongAnExpressionIsRefused(t *testing.T) {
	t.Parallel()
	_, err := expression.NewCondition(expression.OnEvent, "true"+strings.Repeat(" && true", 600))
	if err == nil || !strings.Contains(err.Error(), "write at most 4096") {
		t.Errorf("error %v, want that it is too long", err)
	}
}

// FuzzCondition compiles any text and, if it compiles, evaluates it on any data. Nothing may panic.
func FuzzCondition(f *testing.F) {
	for _, source := range []string{`event.data.a > 0`, `event.data.list.exists(i, i.a == 'x') || has(event.data.a)`, `event.data.a + 1 > size(event.data.list)`, `!event.data.a ? event.time.getHours() > 3 : false`} {
		f.Add(source, []byte(order))
	}
	f.Fuzz(func(t *testing.T, source string, data []byte) {
		condition, err := expression.NewCondition(expression.OnEvent, source)
		if err != nil {
			var problem *expression.Problem
			if !errors.As(err, &problem) || problem.Line < 1 || problem.Column < 1 || problem.Message == "" {
				t.Fatalf("%q: error %v is no problem with a place", source, err)
			}
			return
		}
		var s expression.Scratch
		s.Load(&event.Event{Type: "a", Data: data})
		if holds, fault := condition.Holds(&s); holds && fault != nil {
			t.Fatalf("%q holds with a fault", source)
		}
	})
}

// FuzzAmount reads an amount of any data.
func FuzzAmount(f *testing.F) {
	f.Add([]byte(`{"total": 12.5}`))
	f.Add([]byte(`{"total": "-0.0000005"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		amount, err := expression.NewAmount(expression.OnEvent, `event.data.total`)
		if err != nil {
			t.Fatal(err)
		}
		var s expression.Scratch
		s.Load(&event.Event{Data: data})
		const most = 1_000_000_000_000_000_000
		if micros, present, fault := amount.Micros(&s); present && (fault != nil || micros > most || micros < -most) {
			t.Fatalf("amount %d with fault %v", micros, fault)
		}
	})
}
