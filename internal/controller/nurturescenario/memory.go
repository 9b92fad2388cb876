// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/report"
)

// meaning is what a spec means in its workspace with all that it names, or why it means nothing yet.
type meaning struct {
	form    json.RawMessage
	version string
	outline report.Outline
	missing []definition.Missing
	errors  field.ErrorList
}

// valid says whether the spec means something.
func (m *meaning) valid() bool { return m.version != "" }

// memory saves compiling a spec at every report, and keeps the outline of the last spec that was valid. It may be lost at any time.
type memory struct {
	mu        sync.Mutex
	scenarios map[types.NamespacedName]*remembered
}

type remembered struct {
	of      origin
	meaning meaning
	valid   *report.Outline
}

// origin is all that a meaning depends on.
type origin struct {
	scenario, workspace                     types.UID
	scenarioGeneration, workspaceGeneration int64
	references                              string
}

// compile gives the meaning of a spec, and the outline of the last spec that was valid, which may be this one; nil when there was none.
func (m *memory) compile(scenario *v1alpha1.NurtureScenario, workspace *v1alpha1.Workspace, found *referenced) (meaning, *report.Outline) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.scenarios == nil {
		m.scenarios = map[types.NamespacedName]*remembered{}
	}
	name := client.ObjectKeyFromObject(scenario)
	kept := m.scenarios[name]
	if kept == nil {
		kept = &remembered{}
		m.scenarios[name] = kept
	}
	of := origin{
		scenario: scenario.UID, scenarioGeneration: scenario.Generation,
		workspace: workspace.UID, workspaceGeneration: workspace.Generation,
		references: found.version,
	}
	if kept.of != of {
		kept.of, kept.meaning = of, compile(scenario, workspace, found)
	}
	if kept.meaning.valid() {
		outline := kept.meaning.outline // a copy: what lies in kept.meaning is overwritten by the next spec, also by one that is wrong
		kept.valid = &outline
	}
	return kept.meaning, kept.valid
}

func compile(scenario *v1alpha1.NurtureScenario, workspace *v1alpha1.Workspace, found *referenced) meaning {
	compiled, missing, errs := definition.FromScenario(scenario, workspace, found.References)
	if len(errs) > 0 || len(missing) > 0 {
		return meaning{missing: missing, errors: errs}
	}
	form, version, err := compiled.Canonical()
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("spec"), err)}}
	}
	return meaning{form: form, version: version, outline: report.OutlineOf(&compiled)}
}

func (m *memory) forget(scenario types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.scenarios, scenario)
}

// sourceOf is what the runners keep beside a version: when the spec that exists now is wrong, an operator that has just started learns
// from it how to write down the numbers of the version that goes on.
func sourceOf(outline *report.Outline) json.RawMessage {
	encoded, err := json.Marshal(outline)
	if err != nil {
		return nil // only a restart of the operator would miss it
	}
	return encoded
}

// outlineFrom reads what sourceOf wrote; nil when it cannot be known.
func outlineFrom(source json.RawMessage) *report.Outline {
	outline := &report.Outline{}
	if len(source) == 0 || json.Unmarshal(source, outline) != nil {
		return nil
	}
	return outline
}
