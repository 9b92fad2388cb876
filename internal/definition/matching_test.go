// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// booking has one of everything that an event can mean.
func booking() definition.Funnel {
	return definition.Funnel{
		Aggregates: []definition.Aggregate{{Name: "seen", Event: "ad.shown", Where: "event.data.paid", Sum: "event.data.impressions"}},
		Stages: []definition.Stage{
			{Name: "search", Matches: []definition.EventMatch{{Event: "flight.searched"}}},
			{Name: "seat", Matches: []definition.EventMatch{{Event: "seat.chosen"}}, Optional: true},
			{Name: "paid", Matches: []definition.EventMatch{{Event: "trip.paid"}}, Value: "event.data.total",
				Refund: &definition.Refund{Event: "trip.refunded", Amount: "event.data.total", MatchBy: "event.data.number"}},
		},
		Window: 24 * time.Hour, Period: definition.Period{Calendar: definition.Month}, TimeZone: "UTC",
		Order: definition.Strict, Ignore: []string{"chat.opened", "seat.chosen"}, EntryPolicy: definition.FirstStart, Count: definition.Entries,
		CorrelateBy: "event.data.trip",
		Breakdowns:  []definition.Breakdown{{Name: "source", By: "event.data.source", Stage: 0}, {Name: "class", By: "event.data.class", Stage: 2}},
		Exclusions: []definition.Exclusion{
			{Event: "trip.cancelled", Before: 2, Action: definition.Discard},
			{Event: "trip.cancelled", Where: "event.data.by_us", After: 1, Before: 2, Action: definition.End},
		},
		Lateness: time.Hour,
	}
}

func TestMatchOfEverything(t *testing.T) {
	t.Parallel()
	const long = "a trip whose number is longer than what is kept of it, which is sixty-four bytes"
	tests := map[string]struct {
		kind, data string
		want       definition.Match
	}{
		"an act that breaks":             {kind: "page.viewed", data: `{"trip": 7}`, want: definition.Match{Acts: true, Breaks: true, Unit: "7"}},
		"an act that does not":           {kind: "chat.opened", want: definition.Match{Acts: true}},
		"a stage that does not":          {kind: "seat.chosen", want: definition.Match{Stages: 0b10, Acts: true}},
		"no act: Waymark's own":          {kind: "waymark.linked"},
		"an act whose data is no JSON":   {kind: "page.viewed", data: `<html>`, want: definition.Match{Acts: true, Breaks: true, Failures: []definition.Failure{{Field: "spec.correlateBy", Message: "the data is not valid JSON"}}}},
		"a unit that is no text":         {kind: "page.viewed", data: `{"trip": {}}`, want: definition.Match{Acts: true, Breaks: true, Failures: []definition.Failure{{Field: "spec.correlateBy", Message: "the value is neither a text nor a number nor a yes/no"}}}},
		"a unit of a long name":          {kind: "page.viewed", data: `{"trip": "` + long + `"}`, want: definition.Match{Acts: true, Breaks: true, Unit: fmt.Sprintf("%x", sha256.Sum256([]byte(long)))}},
		"a number for an aggregate":      {kind: "ad.shown", data: `{"paid": true, "impressions": 1200}`, want: definition.Match{Acts: true, Breaks: true, Sums: []definition.Amount{{Stage: 0, Amount: 1_200_000_000}}}},
		"none for it":                    {kind: "ad.shown", data: `{"impressions": 1200}`, want: definition.Match{Acts: true, Breaks: true}},
		"one that fails":                 {kind: "ad.shown", data: `{"paid": true, "impressions": "many"}`, want: definition.Match{Acts: true, Breaks: true, Failures: []definition.Failure{{Field: "spec.stages[0].aggregate.sum", Message: "the amount is neither a number nor a text that holds one"}}}},
		"an exclusion":                   {kind: "trip.cancelled", want: definition.Match{Acts: true, Breaks: true, Exclusions: 0b1}},
		"two exclusions":                 {kind: "trip.cancelled", data: `{"by_us": true}`, want: definition.Match{Acts: true, Breaks: true, Exclusions: 0b11}},
		"an exclusion that fails":        {kind: "trip.cancelled", data: `{"by_us": 1}`, want: definition.Match{Acts: true, Breaks: true, Exclusions: 0b1, Failures: []definition.Failure{{Field: "spec.exclusions[1].where", Message: "a value that is not true or false is used as a condition at line 1, column 11"}}}},
		"a property":                     {kind: "flight.searched", data: `{"source": "yandex", "class": "eco"}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "yandex"}}}},
		"a property that is a number":    {kind: "flight.searched", data: `{"source": 12.0}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "12"}}}},
		"a property that is yes or no":   {kind: "flight.searched", data: `{"source": false}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "false"}}}},
		"a property that is missing":     {kind: "flight.searched", want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "(none)"}}}},
		"a property that is null":        {kind: "flight.searched", data: `{"source": null}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "(none)"}}}},
		"a property that is empty":       {kind: "flight.searched", data: `{"source": ""}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "(none)"}}}},
		"a property that is a list":      {kind: "flight.searched", data: `{"source": []}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "(none)"}}, Failures: []definition.Failure{{Field: "spec.breakdowns[0].by", Message: "the value is neither a text nor a number nor a yes/no"}}}},
		"a property that is too long":    {kind: "flight.searched", data: `{"source": "x` + strings.Repeat("я", 40) + `"}`, want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "x" + strings.Repeat("я", 31)}}}},
		"a property with broken letters": {kind: "flight.searched", data: "{\"source\": \"a\xffb\"}", want: definition.Match{Stages: 0b1, Acts: true, Breaks: true, Labels: []definition.Label{{0, "a\uFFFDb"}}}},
		"an amount that can be refunded": {kind: "trip.paid", data: `{"total": 5, "number": 11}`, want: definition.Match{Stages: 0b100, Acts: true, Breaks: true, Amounts: []definition.Amount{{2, 5_000_000, "11"}}, Labels: []definition.Label{{1, "(none)"}}}},
		"an amount that can not":         {kind: "trip.paid", data: `{"total": 5}`, want: definition.Match{Stages: 0b100, Acts: true, Breaks: true, Amounts: []definition.Amount{{2, 5_000_000, ""}}, Labels: []definition.Label{{1, "(none)"}}}},
		"a refund":                       {kind: "trip.refunded", data: `{"total": 5, "number": "11"}`, want: definition.Match{Acts: true, Breaks: true, Refunds: []definition.Amount{{2, 5_000_000, "11"}}}},
		"a refund of nothing known":      {kind: "trip.refunded", data: `{"total": 5}`, want: definition.Match{Acts: true, Breaks: true}},
		"a refund without an amount":     {kind: "trip.refunded", data: `{"number": 11}`, want: definition.Match{Acts: true, Breaks: true}},
	}
	program, err := definition.Compile(booking())
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

func TestFunnelsThatWatchNoActsMatchNone(t *testing.T) {
	t.Parallel()
	f := booking()
	f.Order, f.Ignore = definition.Ordered, nil
	program, err := definition.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"page.viewed", "ad.shown"} {
		e := event.Event{Type: kind, Data: []byte(`{"trip": {}, "paid": true, "impressions": 1}`)}
		if m := program.Match(&e); m.Matters() || len(m.Failures) > 0 {
			t.Errorf("%s means %+v to attempts, want nothing", kind, m)
		}
	}
	if m := program.Match(&event.Event{Type: "trip.cancelled"}); !m.Matters() || m.Acts {
		t.Errorf("an exclusion means %+v, want it to matter and to be no act", m)
	}
}

func TestTypesAreThoseThatMatter(t *testing.T) {
	t.Parallel()
	f := booking()
	want := []string{"ad.shown", "flight.searched", "seat.chosen", "trip.cancelled", "trip.paid", "trip.refunded"}
	types, every := f.Types()
	if diff := cmp.Diff(want, types); diff != "" || !every {
		t.Errorf("every is %t, want true; types differ (-want +got):\n%s", every, diff)
	}
	f.Order, f.Ignore = definition.Any, nil
	if _, every := f.Types(); every {
		t.Error("every type matters to a funnel in any order")
	}
	f.Stages[0].DropAfterIdle = time.Hour
	if _, every := f.Types(); !every {
		t.Error("not every type matters to a funnel that waits for contacts to be idle")
	}
}

func TestEqualMeaningsHaveOneForm(t *testing.T) {
	t.Parallel()
	form := func(f definition.Funnel) string {
		form, _, err := f.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return string(form)
	}
	f := booking()
	f.Count = definition.Contacts
	same := booking()
	same.Count = ""
	same.Ignore = []string{"seat.chosen", "waymark.linked", "chat.opened", "seat.chosen"}
	same.Exclusions[0].Action = ""
	if diff := cmp.Diff(form(f), form(same)); diff != "" {
		t.Errorf("forms differ:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"seat.chosen", "waymark.linked", "chat.opened", "seat.chosen"}, same.Ignore); diff != "" {
		t.Errorf("the definition was changed (-before +after):\n%s", diff)
	}
	other := booking()
	other.Exclusions[1].Where = ""
	if form(other) == form(booking()) {
		t.Error("two exclusions that differ have one form")
	}
}

func TestMatchOfPropertiesAllocatesNothing(t *testing.T) {
	f := booking()
	f.CorrelateBy = ""
	program, err := definition.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	e := event.Event{Type: "flight.searched", Data: []byte(`{"source": "yandex", "class": "eco"}`)}
	program.Match(&e)
	if n := testing.AllocsPerRun(300, func() { program.Match(&e) }); n != 0 {
		t.Errorf("a match allocates %v times", n)
	}
}

func TestMatchAsTheContactIs(t *testing.T) {
	t.Parallel()
	p, err := definition.Compile(definition.Funnel{
		Stages: []definition.Stage{
			{Name: "visit", Matches: []definition.EventMatch{{Event: "visit", Where: "contact.attributes.country == 'RU'"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order"}}},
		},
		Exclusions: []definition.Exclusion{{Event: "visit", Where: "contact.attributes.age < 18 && event.data.n > 1", Before: 1, Action: definition.End}},
		Window:     time.Hour, Period: definition.Period{RollingDays: 1}, TimeZone: "UTC", Order: definition.Ordered, EntryPolicy: definition.LatestStart,
	})
	if err != nil {
		t.Fatal(err)
	}
	visit := event.Event{Contact: "ann", Type: "visit", Source: "s", ID: "1", Data: []byte(`{"n": 2}`)}
	type meaning struct {
		Stages, Exclusions uint32
		Failures           int
	}
	of := func(m *definition.Match) meaning {
		if !m.Asks && m.Matters() {
			t.Error("the meaning is said not to depend on the contact")
		}
		return meaning{m.Stages, m.Exclusions, len(m.Failures)}
	}
	if diff := cmp.Diff(meaning{1, 1, 0}, of(p.Match(&visit))); diff != "" {
		t.Errorf("what it may mean differs (-want +got):\n%s", diff)
	}
	for attributes, want := range map[string]meaning{
		`{"country": "RU", "age": 30}`:   {1, 0, 0},
		`{"country": "DE", "age": 17}`:   {0, 1, 0},
		`{}`:                             {0, 0, 0},
		`{"country": 7, "age": "young"}`: {0, 0, 0},
	} {
		if diff := cmp.Diff(want, of(p.MatchAs(&visit, []byte(attributes)))); diff != "" {
			t.Errorf("as %s the meaning differs (-want +got):\n%s", attributes, diff)
		}
	}
	if order := p.Match(&event.Event{Contact: "ann", Type: "order", Source: "s", ID: "2"}); order.Asks || order.Stages != 2 {
		t.Errorf("got stages %b, and that it depends on the contact: %t", order.Stages, order.Asks)
	}
}
