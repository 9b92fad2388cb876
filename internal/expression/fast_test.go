// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/event"
)

// The grammar of the conditions that run without CEL, and some of those that do not.

var (
	paths    = []string{"event.data.a", "event.data.b", "event.data.a.b", "event.data.b.a.c", "event.data.list", "event.data.gone"}
	headers  = []string{"event.type", "event.source", "event.id"}
	literals = []string{"0", "1", "-2", "1.5", "9007199254740993", "''", "'a'", "'ab'", "true", "false", "1e300"}
	orders   = []string{"==", "!=", "<", "<=", ">", ">="}
)

func drawCondition(t *rapid.T, depth int) string {
	choices := []func() string{
		func() string {
			return fmt.Sprintf("%s %s %s", rapid.SampledFrom(paths).Draw(t, "path"), rapid.SampledFrom(orders).Draw(t, "order"), rapid.SampledFrom(literals).Draw(t, "literal"))
		},
		func() string {
			return fmt.Sprintf("%s %s %s", rapid.SampledFrom(literals).Draw(t, "literal"), rapid.SampledFrom(orders).Draw(t, "order"), rapid.SampledFrom(paths).Draw(t, "path"))
		},
		func() string {
			return fmt.Sprintf("%s %s '%s'", rapid.SampledFrom(headers).Draw(t, "header"), rapid.SampledFrom(orders).Draw(t, "order"), rapid.SampledFrom([]string{"", "a", "ab"}).Draw(t, "text"))
		},
		func() string {
			return fmt.Sprintf("%s in [%s]", rapid.SampledFrom(append(headers[:1:1], paths...)).Draw(t, "field"), strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"'a'", "'ab'", "'b'"}), 1, 3).Draw(t, "list"), ", "))
		},
		func() string {
			return fmt.Sprintf("%s in [%s]", rapid.SampledFrom(paths).Draw(t, "path"), strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "0"}), 1, 3).Draw(t, "list"), ", "))
		},
		func() string {
			return fmt.Sprintf("%s.%s('%s')", rapid.SampledFrom(paths).Draw(t, "path"), rapid.SampledFrom([]string{"startsWith", "endsWith", "contains"}).Draw(t, "test"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "text"))
		},
		func() string { return fmt.Sprintf("has(%s)", rapid.SampledFrom(paths).Draw(t, "path")) },
		func() string { return rapid.SampledFrom(paths).Draw(t, "path") },
	}
	if depth > 0 {
		side := func() string { return "(" + drawCondition(t, depth-1) + ")" }
		choices = append(choices,
			func() string { return "!" + side() },
			func() string { return side() + " && " + side() }, func() string { return side() + " || " + side() },
			func() string { return side() + " && " + side() }, func() string { return side() + " || " + side() })
	}
	return rapid.SampledFrom(choices).Draw(t, "shape")()
}

func drawJSON(t *rapid.T, depth int) string {
	scalars := []string{"null", "true", "false", "0", "1", "1.0", "-2", "1.5", "9007199254740992", "9007199254740993", "1e300", "1e999", `""`, `"a"`, `"ab"`, `"\u0061b"`, "[]", "[1, null]"}
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "scalar") > 0 {
		return rapid.SampledFrom(scalars).Draw(t, "value")
	}
	var fields []string
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "list"}), rapid.ID[string]).Draw(t, "names") {
		fields = append(fields, fmt.Sprintf("%q: %s", name, drawJSON(t, depth-1)))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// drawData is mostly an object; also nothing, what is no object, and what is no JSON.
func drawData(t *rapid.T) string {
	switch rapid.IntRange(0, 12).Draw(t, "data") {
	case 0:
		return ""
	case 1:
		return drawJSON(t, 0)
	case 2:
		return `{"a": 1`
	}
	var fields []string
	for _, name := range []string{"a", "b", "list"} {
		if rapid.IntRange(0, 3).Draw(t, "has "+name) > 0 {
			fields = append(fields, fmt.Sprintf("%q: %s", name, drawJSON(t, 2)))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// TestFastConditionsMeanWhatCELSays holds the translated conditions against CEL: the same answer, and the same fault.
func TestFastConditionsMeanWhatCELSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := drawCondition(t, 3)
		condition, err := NewCondition(OnEvent, source)
		if err != nil {
			t.Fatalf("compile %s: %v", source, err)
		}
		byCEL := &Condition{code: condition.code}
		var s, other Scratch
		for range 5 {
			e := event.Event{
				Type: rapid.SampledFrom([]string{"a", "ab"}).Draw(t, "type"), Source: rapid.SampledFrom([]string{"", "a"}).Draw(t, "source"),
				ID: "b", Data: []byte(drawData(t)),
			}
			s.Load(&e)
			other.Load(&e)
			got, gotFault := condition.Holds(&s)
			want, wantFault := byCEL.Holds(&other)
			if got != want || (gotFault == nil) != (wantFault == nil) {
				t.Fatalf("%s on %s: %t (%v), by CEL %t (%v)", source, e.Data, got, gotFault, want, wantFault)
			}
			if gotFault != nil && gotFault.Message != wantFault.Message {
				t.Fatalf("%s on %s: fault %q, by CEL %q", source, e.Data, gotFault, wantFault)
			}
		}
	})
}

func TestCommonConditionsAreFast(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`event.data.price > 0`, `event.data.code == 'delivery_price'`, `event.data.a.b != 5.5`, `has(event.data.coupon)`, `!has(event.data.a.b)`,
		`event.data.utm_source in ['google', 'vk']`, `event.data.vip`, `!event.data.vip && event.type == 'a' || event.data.n <= 3`, `event.data.url.startsWith('/p/')`,
	} {
		condition, err := NewCondition(OnEvent, source)
		if err != nil {
			t.Fatal(err)
		}
		if condition.fast == nil {
			t.Errorf("%s needs CEL", source)
		}
	}
}

// TestMissingIsToldFromFailing holds missingPrefixes against the version of CEL in use, by errors of every way to miss a value.
func TestMissingIsToldFromFailing(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		`event.data.gone`: true, `event.data.gone.further`: true, `event.data['gone']`: true, `event.data.text.further`: true,
		`event.data.number.further`: true, `event.data.list.further`: true, `event.data.list[9]`: true, `event.data.list[-1]`: true,
		`event.data.nothing`: true, `event.data.nothing.further`: true, `event.data[event.data.gone]`: true, `{'a': 1}[event.data.text]`: true,
		`event.data.text.split(',')[3]`: true, `event.data.?gone`: true, `event.data.gone + 1`: true, `size(event.data.gone)`: true,
		`event.data.text + 1`: false, `event.data.text.substring(99)`: false, `double(event.data.text)`: false, `1 / int(event.data.zero)`: false,
		`timestamp(event.data.text)`: false, `size(event.data.number)`: false, `event.data.text.matches(event.data.bad)`: false,
	}
	e := event.Event{Data: []byte(`{"text": "no such key: x", "number": 5, "zero": 0, "list": [1, 2], "nothing": null, "bad": "("}`)}
	for source, missing := range tests {
		c, err := compile(OnEvent, "[dyn("+source+")][0]", wantCondition)
		if err != nil {
			t.Fatalf("compile %s: %v", source, err)
		}
		var s Scratch
		s.Load(&e)
		v, fault := c.value(&s)
		if v != nil || (fault == nil) != missing {
			t.Errorf("%s gives %v with fault %v, want missing %t", source, v, fault, missing)
		}
		if fault != nil && strings.Contains(fault.Message, "no such key: x") {
			t.Errorf("%s: fault %q holds data", source, fault)
		}
	}
}

func drawArithmetic(t *rapid.T, depth int) string {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return rapid.SampledFrom(append([]string{"2", "0.5", "-3", "0"}, paths...)).Draw(t, "operand")
	}
	operator := rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(t, "operator")
	return fmt.Sprintf("(%s %s %s)", drawArithmetic(t, depth-1), operator, drawArithmetic(t, depth-1))
}

// TestFastAmountsAreWhatCELSays holds the computed amounts against CEL.
func TestFastAmountsAreWhatCELSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := drawArithmetic(t, 2)
		amount, err := NewAmount(OnEvent, source)
		if err != nil {
			t.Skip(source) // such as 2 / 0.5: constants of two kinds
		}
		byCEL := &Amount{code: amount.code}
		var s Scratch
		for range 5 {
			e := event.Event{Data: []byte(drawData(t))}
			s.Load(&e)
			got, gotPresent, gotFault := amount.Micros(&s)
			want, wantPresent, wantFault := byCEL.Micros(&s)
			if got != want || gotPresent != wantPresent || (gotFault == nil) != (wantFault == nil) || gotFault != nil && *gotFault != *wantFault {
				t.Fatalf("%s on %s: %d %t (%v), by CEL %d %t (%v)", source, e.Data, got, gotPresent, gotFault, want, wantPresent, wantFault)
			}
		}
	})
}

// TestFaultsDoNotDependOnEarlierOnes fails expressions in turn: the place in a fault's message must be its own expression's.
func TestFaultsDoNotDependOnEarlierOnes(t *testing.T) {
	t.Parallel()
	e := event.Event{Data: []byte(`{"text": "x", "zero": 0}`)}
	fail := func(source string) string {
		condition, err := NewCondition(OnEvent, source)
		if err != nil {
			t.Fatalf("compile %s: %v", source, err)
		}
		var s Scratch
		s.Load(&e)
		_, fault := condition.Holds(&s)
		if fault == nil {
			t.Fatalf("%s did not fail", source)
		}
		return fault.Message
	}
	sources := []string{
		`event.data.text * 2 > 1`, `1 < 2 && event.data.text * 2 > 1`, `event.data.text - 2 > 1`, `-event.data.text > 1`,
		`timestamp(9223372036854775807 - int(event.data.zero)) > event.time`, `true && timestamp(9223372036854775807 - int(event.data.zero)) > event.time`,
	}
	first := map[string]string{}
	for _, source := range sources {
		first[source] = fail(source)
	}
	for _, source := range slices.Backward(sources) {
		if again := fail(source); again != first[source] {
			t.Errorf("%s failed with %q, after others with %q", source, first[source], again)
		}
	}
	for _, shared := range []ref.Val{types.NoSuchOverloadErr(), types.Int(math.MaxInt64).ConvertToType(types.TimestampType)} {
		if err, ok := shared.(*types.Err); !ok || err.NodeID() != unplaced {
			t.Errorf("%v, which CEL shares between expressions, holds a place", shared)
		}
	}
}

// TestTextsOfFieldsAreWhatCELSays holds the texts that are read without CEL against CEL.
func TestTextsOfFieldsAreWhatCELSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.SampledFrom(paths).Draw(t, "path")
		text, err := NewText(OnEvent, source)
		if err != nil {
			t.Fatalf("compile %s: %v", source, err)
		}
		byCEL := &Value{code: text.code}
		var s Scratch
		s.Load(&event.Event{Data: []byte(drawData(t))})
		got, gotPresent, gotFault := text.Text(&s)
		want, wantPresent, wantFault := byCEL.Text(&s)
		if got != want || gotPresent != wantPresent || gotFault != wantFault {
			t.Fatalf("%s on %s: %q, %t (%v), by CEL %q, %t (%v)", source, s.event.Data, got, gotPresent, gotFault, want, wantPresent, wantFault)
		}
	})
}
