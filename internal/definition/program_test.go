// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func shop() definition.Funnel {
	return definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "page.viewed"}, {Event: "app.opened", Where: "event.data.fresh"}}, AnyOf: true},
			{Name: "cart", Matches: []definition.EventMatch{{Event: "product.added", Where: "event.data.price > 0"}}, DropAfter: time.Hour},
			{Name: "purchase", Matches: []definition.EventMatch{{Event: "order.completed"}}, Value: "event.data.total"},
			{Name: "again", Matches: []definition.EventMatch{{Event: "order.completed", Where: "event.data.number > 1"}}, Value: "event.data.total * 2"},
		},
		Window: 14 * 24 * time.Hour, Period: definition.Period{RollingDays: 30}, TimeZone: "Europe/Moscow",
		Order: definition.Ordered, EntryPolicy: definition.LatestStart, Count: definition.Contacts, Lateness: 90 * 24 * time.Hour,
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind, data string
		want       definition.Match
	}{
		"another type means nothing":            {kind: "page.left", data: `not even JSON`},
		"an event without a condition":          {kind: "page.viewed", want: definition.Match{Stages: 0b1}},
		"another event of the same stage":       {kind: "app.opened", data: `{"fresh": true}`, want: definition.Match{Stages: 0b1}},
		"a condition that does not hold":        {kind: "product.added", data: `{"price": 0}`},
		"a condition without its field":         {kind: "product.added"},
		"a condition that holds":                {kind: "product.added", data: `{"price": 0.5}`, want: definition.Match{Stages: 0b10}},
		"one event for two stages, each amount": {kind: "order.completed", data: `{"total": 10, "number": 2}`, want: definition.Match{Stages: 0b1100, Amounts: []definition.Amount{{Stage: 2, Amount: 10_000_000}, {Stage: 3, Amount: 20_000_000}}}},
		"an event without its amount":           {kind: "order.completed", want: definition.Match{Stages: 0b100}},
		"a condition that fails": {kind: "product.added", data: `{"price": "5"}`, want: definition.Match{Failures: []definition.Failure{{
			Field: "spec.stages[1].where", Message: `">" compares values of different kinds, such as a text with a number, at line 1, column 18`}}}},
		"a condition of anyOf that fails": {kind: "app.opened", data: `{"fresh": "very"}`, want: definition.Match{Failures: []definition.Failure{{
			Field: "spec.stages[0].anyOf[1].where", Message: `a value that is not true or false is used as a condition at line 1, column 11`}}}},
		"an amount that fails": {kind: "order.completed", data: `{"total": "a lot"}`, want: definition.Match{Stages: 0b100, Failures: []definition.Failure{{
			Field: "spec.stages[2].value", Message: "the amount is neither a number nor a text that holds one"}}}},
	}
	program, err := definition.Compile(shop())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := *program.Match(&event.Event{Type: tt.kind, Data: []byte(tt.data)})
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("match differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	program, err := definition.Compile(shop())
	if err != nil {
		t.Fatal(err)
	}
	events := []event.Event{
		{Type: "page.viewed"},
		{Type: "product.added", Data: []byte(`{"price": 12.5, "name": "shirt"}`)},
		{Type: "order.completed", Data: []byte(`{"total": 99.9, "number": 1}`)},
	}
	i := 0
	if n := testing.AllocsPerRun(300, func() { program.Match(&events[i%2]); i++ }); n != 0 {
		t.Errorf("a match allocates %v times", n)
	}
}

func TestProgramsOfACompilerShareWhatTheyParse(t *testing.T) {
	t.Parallel()
	var compiler definition.Compiler
	var programs []*definition.Program
	for range 3 {
		p, err := compiler.Compile(shop())
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	buffer := []byte(`{"price": 5}`)
	e := event.Event{Type: "product.added", Data: buffer}
	for _, p := range programs {
		if got := p.Match(&e).Stages; got != 0b10 {
			t.Fatalf("stages %b, want 10", got)
		}
	}
	copy(buffer, `{"price": 0}`) // the same memory with other bytes is another event
	for _, p := range programs {
		if got := p.Match(&e).Stages; got != 0 {
			t.Fatalf("stages %b of the next event in the same memory, want none", got)
		}
	}
}

func TestCompileMeaning(t *testing.T) {
	t.Parallel()
	f := shop()
	form, _, err := f.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	var compiler definition.Compiler
	program, err := compiler.CompileMeaning(form)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, program.Funnel()); diff != "" {
		t.Errorf("the meaning changed on its way (-want +got):\n%s", diff)
	}
	if program.Location().String() != "Europe/Moscow" {
		t.Errorf("location is %v", program.Location())
	}
	if _, err := compiler.CompileMeaning(json.RawMessage(`{"stages": [], "shape": "round"}`)); err == nil || !strings.Contains(err.Error(), "shape") {
		t.Errorf("error of an unknown field: %v", err)
	}
}

func TestCompileNamesEveryExpression(t *testing.T) {
	t.Parallel()
	f := shop()
	f.Stages[0].Matches[1].Where = "event.data.x >"
	f.Stages[2].Value = "event.total"
	_, err := definition.Compile(f)
	var first *definition.ExpressionError
	if !errors.As(err, &first) || first.Field != "spec.stages[0].anyOf[1].where" || first.Source != "event.data.x >" {
		t.Errorf("first expression error is %+v", first)
	}
	if !strings.Contains(err.Error(), "spec.stages[2].value") {
		t.Errorf("error %v does not name the second expression", err)
	}
}
