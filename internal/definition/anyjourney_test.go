// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"maps"
	"slices"
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// someEvent is one that expressions find something in, and some that they do not.
func someEvent(t *rapid.T, types []string) *event.Event {
	data := rapid.SampledFrom([]string{``, `{"x": "y"}`, `{"x": 3}`, `{"x": {"y": []}}`, `[]`, `no JSON`}).Draw(t, "data")
	return &event.Event{Type: rapid.SampledFrom(append(types, "b")).Draw(t, "type"), Source: "s", ID: "1", Time: 5e6, Data: []byte(data)}
}

func TestAnySegmentCompilesOrIsToldWhy(t *testing.T) {
	t.Parallel()
	schema := specSchema(t, "segments")
	compiled := 0
	rapid.Check(t, func(t *rapid.T) {
		seg := &v1alpha1.Segment{}
		seg.Namespace, seg.Name = "shop", "any"
		into(t, draw(t, "spec", schema), &seg.Spec)
		if rapid.Bool().Draw(t, "a condition that is right") {
			seg.Spec.Where = "contact.attributes.a > 1"
		}
		s, errs := definition.FromSegment(seg, nil, nil)
		if len(errs) > 0 {
			named(t, errs)
			return
		}
		form, _, err := s.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		program, err := new(definition.Compiler).CompileSegment(form)
		if err != nil {
			t.Fatalf("a segment without errors does not compile: %v", err)
		}
		for _, found := range program.Match(someEvent(t, program.Types())).Traits {
			if s.Traits[found.Trait].Function == definition.TraitRank {
				t.Errorf("an event belongs to a rank: %+v", found)
			}
		}
		compiled++
	})
	if compiled == 0 {
		t.Error("no segment was right")
	}
}

func TestAnyJourneyCompilesOrIsToldWhy(t *testing.T) {
	t.Parallel()
	schema := specSchema(t, "journeys")
	valid, compiled := journey(t, shopJourney), 0
	rapid.Check(t, func(t *rapid.T) {
		jr := &v1alpha1.Journey{}
		if rapid.IntRange(0, 3).Draw(t, "an edit of what is right") > 0 {
			jr = editedJourney(t, valid, schema)
		} else {
			into(t, draw(t, "spec", schema), &jr.Spec)
		}
		jr.Namespace, jr.Name = "shop", "any"
		j, missing, errs := definition.FromJourney(jr, nil, journeyReferences())
		if len(errs) > 0 || len(missing) > 0 {
			named(t, errs)
			return
		}
		form, _, err := j.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		program, err := new(definition.Compiler).CompileJourney(form)
		if err != nil {
			t.Fatalf("a journey without errors does not compile: %v", err)
		}
		types, _ := program.Types()
		e := someEvent(t, types)
		found := program.Evidence(e, program.Match(e).Stages)
		if found.Signs>>len(program.Signs()) != 0 || found.Beyond>>len(j.Beyond) != 0 {
			t.Errorf("an event is evidence of what there is not: %+v", found)
		}
		compiled++
	})
	if compiled == 0 {
		t.Error("no journey was right, not even those that nobody edited")
	}
}

// editedJourney replaces up to two fields of a journey or of its stages.
func editedJourney(t *rapid.T, valid *v1alpha1.Journey, schema *apiextensions.JSONSchemaProps) *v1alpha1.Journey {
	jr := valid.DeepCopy()
	stages := schema.Properties["stages"].Items.Schema
	for range rapid.IntRange(0, 2).Draw(t, "edits") {
		if rapid.Bool().Draw(t, "of a stage") {
			stage := &jr.Spec.Stages[rapid.IntRange(0, len(jr.Spec.Stages)-1).Draw(t, "stage")]
			field := rapid.SampledFrom(slices.Sorted(maps.Keys(stages.Properties))).Draw(t, "field")
			property := stages.Properties[field]
			into(t, map[string]any{field: draw(t, field, &property)}, stage)
			continue
		}
		field := rapid.SampledFrom([]string{"segment", "segmentRef", "purchase", "satisfaction", "survey", "suggest", "churnAfter", "funnelRef"}).Draw(t, "field")
		property := schema.Properties[field]
		into(t, map[string]any{field: draw(t, field, &property)}, &jr.Spec)
	}
	return jr
}
