// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/letter/review"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

// applied is a definition as a log has it.
type applied struct {
	key, version string
	form         json.RawMessage
}

func appliedAs(key string, meaning interface {
	Canonical() (json.RawMessage, string, error)
}) (applied, *field.Error) {
	form, version, err := meaning.Canonical()
	if err != nil {
		return applied{}, field.InternalError(field.NewPath("spec"), err)
	}
	return applied{key, version, form}, nil
}

type messageChannel struct {
	applied
	resource  v1alpha1.MessageChannel
	workspace *workspace
	meaning   definition.Channel
}

type scenario struct {
	applied
	resource  v1alpha1.NurtureScenario
	origin    manifest.Origin
	workspace *workspace
	meaning   definition.Scenario
	standing  definition.Standing
}

// addTexts takes in a ConfigMap.
func (p *plan) addTexts(object *unstructured.Unstructured) {
	texts, _, _ := unstructured.NestedStringMap(object.Object, "data") // as it was admitted
	of := p.texts[object.GetNamespace()]
	if of == nil {
		of = map[string]map[string]string{}
		p.texts[object.GetNamespace()] = of
	}
	of[object.GetName()] = texts
}

func (p *plan) addChannel(object *unstructured.Unstructured) field.ErrorList {
	c := &messageChannel{}
	if errs := typed(object, &c.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(c.resource.Spec.WorkspaceRef, c.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	meaning, errs := definition.FromChannel(&c.resource, &w.resource)
	if len(errs) > 0 {
		return errs
	}
	if c.applied, err = appliedAs(definition.Key(definition.KindChannel, c.resource.Namespace, c.resource.Name), &meaning); err != nil {
		return field.ErrorList{err}
	}
	c.workspace, c.meaning = w, meaning
	w.channels = append(w.channels, c)
	p.channels = append(p.channels, c)
	return nil
}

func (p *plan) addScenario(r *manifest.Resource) field.ErrorList {
	s := &scenario{origin: r.Origin}
	if errs := typed(r.Object, &s.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(s.resource.Spec.WorkspaceRef, s.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	s.workspace = w
	w.scenarios = append(w.scenarios, s)
	p.scenarios = append(p.scenarios, s)
	return nil
}

// compile finds out what the scenario means, once all that it may name is known.
func (s *scenario) compile(p *plan) field.ErrorList {
	meaning, missing, errs := definition.FromScenario(&s.resource, &s.workspace.resource, s.references(p))
	if errs = append(errs, absent(missing, s.resource.Namespace, nil)...); len(errs)+len(missing) > 0 {
		return errs
	}
	var err *field.Error
	if s.applied, err = appliedAs(definition.Key(definition.KindScenario, s.resource.Namespace, s.resource.Name), &meaning); err != nil {
		return field.ErrorList{err}
	}
	s.meaning, s.standing = meaning, definition.StandingOf(&s.resource)
	return nil
}

// references gives what the scenario may name: what is in its namespace and of its workspace.
func (s *scenario) references(p *plan) definition.References {
	refs := definition.References{
		Channels: map[string]definition.Medium{}, Scenarios: map[string]bool{}, Funnels: map[string][]string{},
		Units: map[string]bool{}, Segments: map[string]bool{}, Journeys: map[string]bool{}, Texts: p.texts[s.resource.Namespace], Templates: review.Templates{},
	}
	for _, t := range s.workspace.policy.Topics {
		refs.Topics = append(refs.Topics, t.Name)
	}
	for _, c := range s.workspace.channels {
		if c.resource.Namespace == s.resource.Namespace {
			refs.Channels[c.resource.Name] = c.meaning.Medium
		}
	}
	for _, other := range s.workspace.scenarios {
		if enter := other.resource.Spec.Trigger.Enter; other.resource.Namespace == s.resource.Namespace {
			refs.Scenarios[other.resource.Name] = enter != nil && *enter
		}
	}
	for _, f := range s.workspace.funnels {
		if f.resource.Namespace != s.resource.Namespace {
			continue
		}
		var stages []string
		for i := range f.meaning.Stages {
			stages = append(stages, f.meaning.Stages[i].Name)
		}
		refs.Funnels[f.resource.Name] = stages
		if f.meaning.UnitBy != "" {
			refs.Units[f.resource.Name] = true
		}
	}
	for _, other := range s.workspace.segments {
		if other.resource.Namespace == s.resource.Namespace {
			refs.Segments[other.resource.Name] = true
		}
	}
	for _, j := range s.workspace.journeys {
		if j.resource.Namespace == s.resource.Namespace {
			refs.Journeys[j.resource.Name] = definition.AskedBy(&j.resource) != nil
		}
	}
	return refs
}
