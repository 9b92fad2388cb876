// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

func loyal() definition.Segment {
	return definition.Segment{
		TimeZone: "Europe/Moscow",
		Where:    "contact.traits.orders >= 2 && contact.attributes.country == 'RU' && contact.traits.value_rank > 1",
		Traits: []definition.Trait{
			{Name: "orders", Function: definition.TraitCount, Event: "order.completed", Where: "event.data.total > 0", Within: 30 * 24 * time.Hour},
			{Name: "value", Function: definition.TraitSum, Event: "order.completed", Of: "event.data.total"},
			{Name: "value_rank", Function: definition.TraitRank, Of: "value", Ranks: 3, Cuts: []aggregate.Micros{10_000_000, 100_000_000}},
			{Name: "plan", Function: definition.TraitLast, Event: "plan.chosen", Of: "event.data.plan"},
			{Name: "last_order", Function: definition.TraitLast, Event: "order.completed"},
			{Name: "shops", Function: definition.TraitDistinct, Event: "order.completed", Of: "event.data.shop"},
		},
		Days: 30, Lateness: 90 * 24 * time.Hour,
	}
}

func compileSegment(t *testing.T, s definition.Segment) *definition.SegmentProgram {
	t.Helper()
	form, _, err := s.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	program, err := new(definition.Compiler).CompileSegment(form)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestSegmentMatch(t *testing.T) {
	t.Parallel()
	text := func(text string) expression.Scalar { return expression.Scalar{Kind: expression.Text, Text: text} }
	tests := map[string]struct {
		kind, data string
		want       definition.SegmentMatch
	}{
		"another type means nothing": {kind: "page.left", data: `not even JSON`},
		"an order of a shop": {kind: "order.completed", data: `{"total": 2.5, "shop": 7}`, want: definition.SegmentMatch{Traits: []definition.TraitMatch{
			{Trait: 0}, {Trait: 1, Amount: 2_500_000}, {Trait: 4, Value: expression.InstantOf(5e6)}, {Trait: 5, Value: text("7")}}}},
		"an order without anything": {kind: "order.completed", want: definition.SegmentMatch{Traits: []definition.TraitMatch{
			{Trait: 4, Value: expression.InstantOf(5e6)}}}},
		"a text":             {kind: "plan.chosen", data: `{"plan": "gold"}`, want: definition.SegmentMatch{Traits: []definition.TraitMatch{{Trait: 3, Value: text("gold")}}}},
		"a number":           {kind: "plan.chosen", data: `{"plan": 2}`, want: definition.SegmentMatch{Traits: []definition.TraitMatch{{Trait: 3, Value: expression.NumberOf(2)}}}},
		"a long text is cut": {kind: "plan.chosen", data: `{"plan": "` + strings.Repeat("я", 200) + `"}`, want: definition.SegmentMatch{Traits: []definition.TraitMatch{{Trait: 3, Value: text(strings.Repeat("я", 128))}}}},
		"no value at all":    {kind: "plan.chosen", data: `{"plan": null}`},
		"an object is no value": {kind: "plan.chosen", data: `{"plan": {}}`, want: definition.SegmentMatch{Failures: []definition.Failure{{
			Field: "spec.traits[3].of", Message: "the value is neither a text nor a number nor a yes/no nor a time"}}}},
	}
	program := compileSegment(t, loyal())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := program.Match(&event.Event{Type: tt.kind, Data: []byte(tt.data), Time: 5e6})
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("match differs (-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff([]string{"order.completed", "plan.chosen"}, program.Types()); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
}

func TestSegmentHolds(t *testing.T) {
	t.Parallel()
	const russian = `{"country": "RU"}`
	traits := func(orders, rank float64) []expression.Scalar {
		return []expression.Scalar{expression.NumberOf(orders), {}, expression.NumberOf(rank), {}, expression.InstantOf(5e6)}
	}
	tests := map[string]struct {
		where, attributes string
		traits            []expression.Scalar
		want              bool
		fault             string
	}{
		"it holds":                            {attributes: russian, traits: traits(2, 2), want: true},
		"a trait is too small":                {attributes: russian, traits: traits(1, 2)},
		"a trait that is not known":           {attributes: russian, traits: traits(2, 0)[:2]},
		"nothing is known of the contact":     {traits: traits(2, 2)},
		"traits compute":                      {where: "contact.traits.orders * 2 + 1 == 7", traits: traits(3, 0), want: true},
		"a time is compared":                  {where: "contact.traits.last_order < timestamp('1970-01-01T00:00:06Z')", traits: traits(0, 0), want: true},
		"an unknown trait is not there":       {where: "!has(contact.traits.plan) && has(contact.traits.orders)", traits: traits(0, 0), want: true},
		"a trait by its name in brackets":     {where: "contact.traits['orders'] == 3", traits: traits(3, 0), want: true},
		"a number is no text, which is wrong": {where: "contact.traits.orders > 'a'", traits: traits(3, 0), fault: "compares values of different kinds"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := loyal()
			if tt.where != "" {
				s.Where = tt.where
			}
			got, fault := compileSegment(t, s).Holds([]byte(tt.attributes), tt.traits)
			if got != tt.want || (fault != nil) != (tt.fault != "") {
				t.Fatalf("holds = %v, fault %v, want %v", got, fault, tt.want)
			}
			if fault != nil && (fault.Field != "spec.where" || !strings.Contains(fault.Error(), tt.fault)) {
				t.Errorf("fault %v does not say %q", fault, tt.fault)
			}
		})
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	trait := definition.Trait{Ranks: 4, Cuts: []aggregate.Micros{10_000_000, 10_000_000, 20_000_000}}
	for value, want := range map[float64]int{-5: 1, 9.999999: 1, 10: 3, 19: 3, 20: 4, 1000: 4} {
		if got, ok := trait.Rank(expression.NumberOf(value)); !ok || got != want {
			t.Errorf("rank of %v is %d, %v, want %d", value, got, ok, want)
		}
	}
	if _, ok := trait.Rank(expression.Scalar{}); ok {
		t.Error("what is not known has a rank")
	}
	if _, ok := new(definition.Trait).Rank(expression.NumberOf(1)); ok {
		t.Error("there is a rank without cuts")
	}
}

func TestSegmentsThatCannotBe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*definition.Segment)
		want string
	}{
		"an unknown trait":         {func(s *definition.Segment) { s.Where = "contact.traits.orderz > 1" }, `spec.where: line 1, column 15: "orderz": is no trait of this segment: did you mean "orders"?`},
		"an event in the where":    {func(s *definition.Segment) { s.Where = "event.data.x == 1" }, "compute a trait of the events"},
		"no condition":             {func(s *definition.Segment) { s.Where = "" }, "write a condition on contact.attributes or contact.traits"},
		"a name with a hyphen":     {func(s *definition.Segment) { s.Traits[0].Name = "last-order" }, "spec.traits[0].name"},
		"two of a name":            {func(s *definition.Segment) { s.Traits[4].Name = "plan" }, "another trait is called so"},
		"a sum of nothing":         {func(s *definition.Segment) { s.Traits[1].Of = "" }, "spec.traits[1].of"},
		"a sum of a time":          {func(s *definition.Segment) { s.Traits[1].Of = "event.time" }, "gives a time where an amount is needed"},
		"a rank of a later trait":  {func(s *definition.Segment) { s.Traits[2].Of = "plan" }, "must name an earlier trait that is no Rank"},
		"a rank with unsorted cut": {func(s *definition.Segment) { s.Traits[2].Cuts[0] = 1e12 }, "spec.traits[2].ranks"},
		"a rank of one":            {func(s *definition.Segment) { s.Traits[2].Ranks = 1 }, "must be 2 to 10"},
		"no time zone":             {func(s *definition.Segment) { s.TimeZone = "Mars/Base" }, "Mars/Base"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := loyal()
			tt.edit(&s)
			form, _, err := s.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := new(definition.Compiler).CompileSegment(form); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not say %q", err, tt.want)
			}
		})
	}
	if _, err := new(definition.Compiler).CompileSegment(json.RawMessage(`{"where": "true", "shape": "round"}`)); err == nil || !strings.Contains(err.Error(), "shape") {
		t.Errorf("error of an unknown field: %v", err)
	}
}

func TestAFunnelsVersionDependsOnWhatItsSegmentMeans(t *testing.T) {
	t.Parallel()
	version := func(edit func(*definition.Segment)) string {
		f, s := shop(), loyal()
		edit(&s)
		f.Segment = &s
		_, version, err := f.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	own := version(func(*definition.Segment) {})
	if version(func(s *definition.Segment) { s.Days, s.SignalMaxAge = 7, time.Hour }) != own {
		t.Error("what only the segment counts changes the funnel")
	}
	if version(func(s *definition.Segment) { s.Traits[0].Within = time.Hour }) == own {
		t.Error("another membership leaves the funnel as it was")
	}
}

func TestFunnelWithASegment(t *testing.T) {
	t.Parallel()
	f, s := shop(), loyal()
	f.Segment = &s
	program, err := definition.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	types, every := program.Types()
	if diff := cmp.Diff([]string{"app.opened", "order.completed", "page.viewed", "plan.chosen", "product.added"}, types); diff != "" || every {
		t.Errorf("types differ, every %v (-want +got):\n%s", every, diff)
	}
	e := event.Event{Type: "order.completed", Data: []byte(`{"total": 3}`)}
	if match, traits := program.Match(&e), program.Segment().Match(&e); match.Stages != 0b100 || len(traits.Traits) != 3 {
		t.Errorf("an order fills stages %b and belongs to %+v", match.Stages, traits.Traits)
	}
	f.Segment.Where = "contact.traits.gone > 1"
	if _, err := definition.Compile(f); err == nil || !strings.Contains(err.Error(), "spec.segmentRef: spec.where") {
		t.Errorf("error %v does not say where", err)
	}
}

func TestUnitOf(t *testing.T) {
	t.Parallel()
	f := shop()
	f.UnitBy = "event.data.deal_id"
	program, err := definition.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{
		`{"deal_id": "d-1"}`: "d-1", `{"deal_id": 17}`: "17", `{}`: "", `{"deal_id": ""}`: "", `{"deal_id": []}`: "", `no JSON`: "",
	} {
		got, ok := program.UnitOf(&event.Event{Data: []byte(data)})
		if got != want || ok != (want != "") {
			t.Errorf("the unit of %s is %q, %v, want %q", data, got, ok, want)
		}
	}
	long := event.Event{Data: []byte(`{"deal_id": "` + strings.Repeat("x", 65) + `"}`)}
	if got, ok := program.UnitOf(&long); !ok || len(got) != definition.MaxKey || strings.Contains(got, "x") {
		t.Errorf("a long unit is %q", got)
	}
	f.Stages[1].Matches[0].Where = "contact.attributes.vip"
	if _, err := definition.Compile(f); err == nil || !strings.Contains(err.Error(), "what is counted by unit is no contact") {
		t.Errorf("error of a unit's attributes: %v", err)
	}
	f = shop()
	f.UnitBy, f.CorrelateBy = "event.data.deal_id", "event.data.cart_id"
	if _, err := definition.Compile(f); err == nil || !strings.Contains(err.Error(), "no correlateBy") {
		t.Errorf("error of a unit with correlateBy: %v", err)
	}
}
