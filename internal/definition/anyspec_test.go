// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/config/crd"
	"github.com/waymark-dev/waymark/internal/definition"
)

// specSchema is that of the spec of a kind, as it is installed.
func specSchema(t *testing.T, kinds string) *apiextensions.JSONSchemaProps {
	t.Helper()
	text, err := crd.Bases.ReadFile("bases/marketing.waymark.dev_" + kinds + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var resource apiextensions.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &resource); err != nil {
		t.Fatal(err)
	}
	spec := resource.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	return &spec
}

// unions are the objects of which mostly one member is drawn, by a member that only they have.
var unions = []string{"waitFor", "funnelDrop", "smtp", "sinceEntry", "weekday", "cron", "condition", "answer"}

// words are texts that mean something somewhere, and some that do nowhere.
var words = []string{
	"a", "b", "c", "mail", "bot", "crm", "shop", "cart", "offers", "loyal", "letters", "style.html", "waymark.message.clicked", "order.completed",
	"contact.attributes.a", "contact.attributes.a > 1", "event.data.x == 'y'", "trigger.data.x", "vars.c.d", "{'a': 1}", "1 +", "true",
	"{{ event.data.x }}", "{% if", "0 10 * * *", "0 0 31 2 *", "2026-12-31T10:00", "2026-02-30T10:00:00Z", "-1d", "9999w9999d", "\u0000", "я",
}

// draw gives a value of a schema.
func draw(t *rapid.T, name string, schema *apiextensions.JSONSchemaProps) any {
	switch schema.Type {
	case "object":
		if schema.AdditionalProperties != nil {
			entries := map[string]any{}
			for _, key := range rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, name) {
				entries[key] = draw(t, name+"[]", schema.AdditionalProperties.Schema)
			}
			return entries
		}
		return drawObject(t, name, schema)
	case "array":
		most := 4
		if schema.MaxItems != nil {
			most = min(most, int(*schema.MaxItems))
		}
		items := []any{}
		for range rapid.IntRange(1, most).Draw(t, name) {
			items = append(items, draw(t, name+"[]", schema.Items.Schema))
		}
		return items
	case "integer":
		return rapid.SampledFrom([]int64{0, 1, 2, 150, 10000, -1}).Draw(t, name)
	case "boolean":
		return rapid.Bool().Draw(t, name)
	}
	if len(schema.Enum) > 0 {
		var value any
		if err := json.Unmarshal(rapid.SampledFrom(schema.Enum).Draw(t, name).Raw, &value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	if schema.Format == "date-time" {
		return "2026-10-01T00:00:00Z"
	}
	pattern := schema.Pattern
	for _, s := range schema.AllOf {
		pattern = max(pattern, s.Pattern)
	}
	if pattern != "" && !strings.HasPrefix(pattern, "^[a-z0-9]") && rapid.Bool().Draw(t, name+" by its pattern") {
		return rapid.StringMatching(pattern).Draw(t, name)
	}
	return rapid.SampledFrom(words).Draw(t, name)
}

func drawObject(t *rapid.T, name string, schema *apiextensions.JSONSchemaProps) any {
	object := map[string]any{}
	properties := slices.Sorted(maps.Keys(schema.Properties))
	union := slices.ContainsFunc(unions, func(member string) bool { return slices.Contains(properties, member) })
	chosen := ""
	if union {
		chosen = rapid.SampledFrom(properties).Draw(t, name+" is")
	}
	for _, p := range properties {
		wanted := slices.Contains(schema.Required, p) || p == chosen || rapid.IntRange(0, 9).Draw(t, name+"."+p+" is there") < 2
		if !wanted {
			continue
		}
		property := schema.Properties[p]
		object[p] = draw(t, name+"."+p, &property)
	}
	return object
}

// Whatever is applied is either a meaning that every runner can compile, or told what is wrong with it.
func TestAnyScenarioCompilesOrIsToldWhy(t *testing.T) {
	t.Parallel()
	schema := specSchema(t, "nurturescenarios")
	valid, compiled := scenario(t, abandonedCart), 0
	rapid.Check(t, func(t *rapid.T) {
		ns := &v1alpha1.NurtureScenario{}
		into(t, draw(t, "spec", schema), &ns.Spec)
		if rapid.Bool().Draw(t, "an edit of what is right") {
			ns = edit(t, valid, schema)
		}
		ns.Namespace, ns.Name = "shop", "any"
		s, missing, errs := definition.FromScenario(ns, nil, references())
		if len(errs) > 0 || len(missing) > 0 {
			named(t, errs)
			return
		}
		form, _, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := new(definition.Compiler).CompileScenario(form); err != nil {
			t.Fatalf("a scenario without errors does not compile: %v", err)
		}
		compiled++
	})
	if compiled == 0 {
		t.Error("no scenario was right, not even those that nobody edited")
	}
}

// edit replaces up to two fields of a scenario or its steps.
func edit(t *rapid.T, valid *v1alpha1.NurtureScenario, schema *apiextensions.JSONSchemaProps) *v1alpha1.NurtureScenario {
	ns := valid.DeepCopy()
	steps := schema.Properties["steps"].Items.Schema
	for range rapid.IntRange(0, 2).Draw(t, "edits") {
		if rapid.Bool().Draw(t, "of a step") {
			i := rapid.IntRange(0, len(ns.Spec.Steps)-1).Draw(t, "step")
			field := rapid.SampledFrom(slices.Sorted(maps.Keys(steps.Properties))).Draw(t, "field")
			property := steps.Properties[field]
			name := ns.Spec.Steps[i].Name
			into(t, map[string]any{field: draw(t, field, &property)}, &ns.Spec.Steps[i])
			ns.Spec.Steps[i].Name = name
			continue
		}
		field := rapid.SampledFrom([]string{"trigger", "audience", "entry", "goal", "exits", "holdout", "maxAge", "inFlight", "redirects"}).Draw(t, "field")
		property := schema.Properties[field]
		into(t, map[string]any{field: draw(t, field, &property)}, &ns.Spec)
	}
	return ns
}

func TestAnyChannelCompilesOrIsToldWhy(t *testing.T) {
	t.Parallel()
	schema := specSchema(t, "messagechannels")
	rapid.Check(t, func(t *rapid.T) {
		channel := &v1alpha1.MessageChannel{}
		channel.Namespace, channel.Name = "shop", "any"
		into(t, draw(t, "spec", schema), &channel.Spec)
		c, errs := definition.FromChannel(channel, nil)
		if len(errs) > 0 {
			named(t, errs)
			return
		}
		form, _, err := c.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := new(definition.Compiler).CompileChannel(form); err != nil {
			t.Fatalf("a channel without errors does not compile: %v", err)
		}
	})
}

func into(t *rapid.T, value, spec any) {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, spec); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// named demands that every error is about a field.
func named(t *rapid.T, errs field.ErrorList) {
	for _, err := range errs {
		if !strings.HasPrefix(err.Field, "spec") || err.Detail == "" {
			t.Errorf("%v is about no field, or says nothing", err)
		}
	}
}
