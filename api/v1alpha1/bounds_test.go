// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

// Bounds in bytes of what is stored. A definition over 256 KiB cannot be applied from the client's side, as its copy in
// an annotation would be too long; etcd refuses objects over 1.5 MiB; a status is written again and again.
const (
	maxDefinitionBytes = 256 << 10
	maxSpecBytes       = 256 << 10
	maxStatusBytes     = 64 << 10
)

func TestDefinitionsAreBounded(t *testing.T) {
	for file, definition := range definitions(t) {
		text, err := json.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) >= maxDefinitionBytes {
			t.Errorf("%s has %d bytes, %d are the limit", file, len(text), maxDefinitionBytes)
		}
	}
}

// The largest resource that the API server can accept still fits.
func TestResourcesAreBounded(t *testing.T) {
	for file, definition := range definitions(t) {
		schema := definition.Spec.Versions[0].Schema.OpenAPIV3Schema
		for part, limit := range map[string]int{"spec": maxSpecBytes, "status": maxStatusBytes} {
			properties := schema.Properties[part]
			text, err := json.Marshal(largest(t, file+" "+part, &properties))
			if err != nil {
				t.Fatal(err)
			}
			if part == "spec" && slices.ContainsFunc(weighings, func(w weighing) bool { return strings.HasSuffix(file, w.file) }) {
				text = append(text, make([]byte, escapedBytes*maxCharacters)...)
			}
			t.Logf("%s: the largest %s has %d bytes of %d", file, part, len(text), limit)
			if len(text) > limit {
				t.Errorf("%s: the largest %s has %d bytes, %d are the limit", file, part, len(text), limit)
			}
		}
	}
}

// Every rule has a case in which it refuses something.
func TestRulesAreTested(t *testing.T) {
	var refusals strings.Builder
	for _, cases := range []map[string]ruleCase{
		workspaceRules, eventFeedRules, funnelRules, messageChannelRules, nurtureScenarioRules, segmentRules, journeyRules, statusRules, journeyStatusRules,
	} {
		for _, c := range cases {
			refusals.WriteString(c.refused + "\n")
		}
	}
	rules := 0
	for file, definition := range definitions(t) {
		walk("", definition.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, schema *apiextensions.JSONSchemaProps) {
			for _, rule := range schema.XValidations {
				rules++
				if !strings.Contains(refusals.String(), rule.Message) {
					t.Errorf("%s: no case is refused by the rule at %s that says %q", file, path, rule.Message)
				}
			}
		})
	}
	if rules == 0 {
		t.Error("no rules were found")
	}
}

// `kubectl explain` has something to say about everything.
func TestEveryFieldIsExplained(t *testing.T) {
	for file, definition := range definitions(t) {
		walk("", definition.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, schema *apiextensions.JSONSchemaProps) {
			for name, property := range schema.Properties {
				if property.Description == "" && path+"."+name != ".metadata" {
					t.Errorf("%s: %s.%s has no description", file, path, name)
				}
			}
		})
	}
}

// weighing is a rule that bounds a list of a spec by the sum of what its things weigh: a character of a text or an expression weighs 1, and a
// thing of a list what things says. The largest resource therefore has none of them, and the most that they can take in their place.
type weighing struct {
	file, list string
	// things are the lists within an item, with what each thing weighs besides its texts.
	things map[string]int
	// texts are the fields that are counted by their characters.
	texts []string
}

const (
	maxCharacters = 24000
	escapedBytes  = 6
)

var weighings = []weighing{
	{
		"nurturescenarios.yaml", ".spec.steps[].",
		map[string]int{
			"send.languages": 192, "send.variants": 192, "send.variants[].languages": 192,
			"send.buttons[]": 64, "send.languages[].buttons[]": 64, "send.variants[].buttons[]": 64, "send.variants[].languages[].buttons[]": 64,
			"waitFor.anyOf": 192, "branch.cases": 32, "set.attributes": 64,
		},
		[]string{
			"subject", "preheader", "text", "html", "fromName", "payload", "to", "language", "adMark", "attribute", "where", "condition", "when", "url",
			"data", "title", "assignee",
		},
	},
	{
		"journeys.yaml", ".spec.stages[].",
		map[string]int{
			"anyOf": 96, "customer.questions": 1, "customer.fears": 1, "customer.expectations": 1, "touchpoints": 128, "behaviours": 128,
			"waysBack": 32, "barriers": 48, "barriers[].signals": 96, "barriers[].evidence": 32, "improvements": 64,
		},
		[]string{"title", "where", "owner", "action", "goal", "description", "url", "note"},
	},
}

// What a thing of a list weighs is at least what it takes besides what is weighed by itself.
func TestWeightsAreEnough(t *testing.T) {
	for file, definition := range definitions(t) {
		for _, w := range weighings {
			if !strings.HasSuffix(file, w.file) {
				continue
			}
			walk("", definition.Spec.Versions[0].Schema.OpenAPIV3Schema, func(path string, schema *apiextensions.JSONSchemaProps) {
				list, within := strings.CutPrefix(path, w.list)
				weight, counted := w.things[list]
				if !within || !counted {
					return
				}
				item := schema
				if schema.Type == "array" {
					item, list = schema.Items.Schema, list+"[]"
				}
				if schema.AdditionalProperties != nil {
					return // a name and an expression, which are counted, and six characters around them
				}
				taken := 3 // quotes and a comma
				if item.Type != "string" {
					text, err := json.Marshal(largest(t, file+" "+w.list[1:]+list, item))
					if err != nil {
						t.Fatal(err)
					}
					taken = len(text)
				}
				if taken > escapedBytes*weight {
					t.Errorf("%s %s%s takes %d bytes besides its texts, and weighs as much as %d", w.file, w.list, list, taken, escapedBytes*weight)
				}
			})
		}
	}
}

// weighed says whether something is left out of the largest resource as a rule weighs it.
func weighed(path string, schema *apiextensions.JSONSchemaProps) bool {
	for _, w := range weighings {
		_, within, found := strings.Cut(path, w.file+" "+w.list[1:])
		if !found {
			continue
		}
		_, counted := w.things[within]
		name := within[strings.LastIndex(within, ".")+1:]
		return counted && schema.Type == "array" || schema.AdditionalProperties != nil || slices.Contains(w.texts, name) && schema.Type == "string"
	}
	return false
}

// largest gives the largest value that a schema accepts. Text without a pattern is filled with a character that takes
// six bytes in the API server's JSON.
func largest(t *testing.T, path string, schema *apiextensions.JSONSchemaProps) any {
	t.Helper()
	if weighed(path, schema) {
		if schema.Type == "string" {
			return ""
		}
		return nil
	}
	switch {
	case schema.XIntOrString:
		return strings.Repeat("9", 32)
	case schema.Type == "object" && schema.AdditionalProperties != nil:
		if schema.MaxProperties == nil {
			t.Fatalf("%s has no maxProperties", path)
		}
		entries := map[string]any{}
		if strings.HasSuffix(path, "spec.redirects") { // a rule bounds the names
			for i := range *schema.MaxProperties {
				entries[strings.Repeat("a", 61)+fmt.Sprintf("%02d", i)] = largestText(t, path+"[]", schema.AdditionalProperties.Schema)
			}
			return entries
		}
		for i := range *schema.MaxProperties {
			// Labels: their length is bounded by a rule, which the schema does not show.
			entries[strings.Repeat("k", 312)+"-"+string(rune('a'+i))] = strings.Repeat("v", 63)
		}
		return entries
	case schema.Type == "object":
		object := map[string]any{}
		for name := range schema.Properties {
			property := schema.Properties[name]
			object[name] = largest(t, path+"."+name, &property)
		}
		keepLargestMember(t, path, object)
		return object
	case schema.Type == "array":
		if schema.MaxItems == nil {
			t.Fatalf("%s has no maxItems", path)
		}
		items := make([]any, *schema.MaxItems)
		for i := range items {
			items[i] = largest(t, path+"[]", schema.Items.Schema)
		}
		return items
	case schema.Type == "integer" && schema.Format == "int32":
		return -1 << 31
	case schema.Type == "integer":
		return int64(-1 << 63)
	case schema.Type == "boolean":
		return false
	case schema.Type == "string":
		return largestText(t, path, schema)
	}
	t.Fatalf("%s has the type %q, whose size is not known", path, schema.Type)
	return nil
}

func largestText(t *testing.T, path string, schema *apiextensions.JSONSchemaProps) string {
	t.Helper()
	longest := ""
	for _, value := range schema.Enum {
		if len(value.Raw) > len(longest) {
			longest = strings.Trim(string(value.Raw), `"`)
		}
	}
	if longest != "" {
		return longest
	}
	if schema.Format == "date-time" {
		return "2026-10-31T00:00:00Z"
	}
	length := maxLength(schema)
	if strings.Contains(path, "status.conditions[]") {
		length = conditionBound(path, length)
	}
	if length == 0 {
		t.Fatalf("%s has no maxLength", path)
	}
	return strings.Repeat(widestCharacter(schema), int(length))
}

// unions lists, by the object that holds them, members that exclude each other and what can only stand beside them.
var unions = map[string][][]string{
	"funnels.yaml spec.stages[]":                        {{"event", "where"}, {"anyOf"}, {"aggregate"}},
	"funnels.yaml spec.period":                          {{"rollingDays"}, {"calendar"}, {"between"}},
	"eventfeeds.yaml spec":                              {{"http"}, {"kafka"}, {"nats"}},
	"workspaces.yaml spec.eventLog":                     {{"embedded"}, {"nats"}},
	"messagechannels.yaml spec":                         {{"smtp"}, {"webhook"}, {"telegram"}},
	"messagechannels.yaml spec.webhook.headers[]":       {{"value"}, {"valueSecretRef"}},
	"nurturescenarios.yaml spec.trigger":                {{"event"}, {"funnelDrop"}, {"segment"}, {"date"}, {"schedule"}, {"enter"}},
	"nurturescenarios.yaml spec.trigger.segment":        {{"where"}, {"segmentRef"}},
	"journeys.yaml spec":                                {{"segment"}, {"segmentRef"}},
	"journeys.yaml spec.stages[]":                       {{"event", "where"}, {"anyOf"}},
	"journeys.yaml spec.stages[].waysBack[]":            {{"scenarioRef"}, {"action"}},
	"journeys.yaml spec.stages[].behaviours[].response": {{"scenarioRef"}, {"action"}},
	"journeys.yaml spec.stages[].barriers[].signals[]":  {{"event", "where", "absentFor"}, {"answer"}},
	"nurturescenarios.yaml spec.steps[]": {
		{"send"}, {"wait"}, {"waitFor"}, {"branch"}, {"split"}, {"set"}, {"webhook"}, {"enter"}, {"task"}, {"exit"},
	},
}

// keepLargestMember leaves only the largest member of a union in an object.
func keepLargestMember(t *testing.T, path string, object map[string]any) {
	t.Helper()
	_, place, _ := strings.Cut(path, "marketing.waymark.dev_")
	size := func(names []string) (total int) {
		for _, name := range names {
			text, err := json.Marshal(object[name])
			if err != nil {
				t.Fatal(err)
			}
			total += len(text)
		}
		return total
	}
	members := unions[place]
	if len(members) == 0 {
		return
	}
	kept := slices.MaxFunc(members, func(a, b []string) int { return size(a) - size(b) })
	for _, names := range members {
		for _, name := range names {
			if _, known := object[name]; !known {
				t.Fatalf("%s has no field %s", path, name)
			}
			if !slices.Contains(kept, name) {
				delete(object, name)
			}
		}
	}
}

// maxLength gives the smallest of the bounds of a text, where a field bounds its type further.
func maxLength(schema *apiextensions.JSONSchemaProps) int64 {
	var length int64
	for _, s := range append([]apiextensions.JSONSchemaProps{*schema}, schema.AllOf...) {
		if s.MaxLength != nil && (length == 0 || *s.MaxLength < length) {
			length = *s.MaxLength
		}
	}
	return length
}

// conditionBound gives the bounds that a rule on conditions puts below those of their schema.
func conditionBound(path string, length int64) int64 {
	switch {
	case strings.HasSuffix(path, ".message") && strings.Contains(path, "_journeys.yaml"):
		return min(length, waymark.MaxJourneyMessageLength)
	case strings.HasSuffix(path, ".message"):
		return min(length, waymark.MaxConditionMessageLength)
	}
	return min(length, 64)
}

// widestCharacter gives the character that takes most bytes among those that a text may consist of.
func widestCharacter(schema *apiextensions.JSONSchemaProps) string {
	switch {
	case schema.Pattern == "":
		return "<"
	case strings.HasPrefix(schema.Pattern, `^[^`), strings.Contains(schema.Pattern, `[^\s`):
		return "\U0001F6D2" // These patterns exclude the characters that JSON escapes.
	default:
		return "a" // The other patterns list ASCII letters.
	}
}

// walk visits a schema and everything in it.
func walk(path string, schema *apiextensions.JSONSchemaProps, visit func(string, *apiextensions.JSONSchemaProps)) {
	visit(path, schema)
	for name := range schema.Properties {
		property := schema.Properties[name]
		walk(path+"."+name, &property, visit)
	}
	if schema.Items != nil {
		walk(path+"[]", schema.Items.Schema, visit)
	}
}

// definitions reads the resource definitions as they are installed.
func definitions(t *testing.T) map[string]*apiextensions.CustomResourceDefinition {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(crdDirectory, "*.yaml"))
	if err != nil || len(files) != 7 {
		t.Fatalf("found %d resource definitions (%v), want 7", len(files), err)
	}
	result := map[string]*apiextensions.CustomResourceDefinition{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		definition := &apiextensions.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, definition); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		result[filepath.Base(file)] = definition
	}
	return result
}
