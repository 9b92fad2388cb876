// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"encoding/json"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// meaning is what a spec means in its workspace, or why it means nothing.
type meaning struct {
	form    json.RawMessage
	version string
	zone    *time.Location
	errors  field.ErrorList
}

// accepted is the spec of the version whose numbers were shown last. While a later spec is wrong, or is computed from history,
// the numbers that still come are of this one, and are written down by its titles and targets.
type accepted struct {
	version string
	spec    v1alpha1.FunnelSpec
	zone    *time.Location
}

// memory saves compiling a spec at every report, and keeps the specs that were accepted. It may be lost at any time: then a spec is
// compiled again, and numbers of an earlier spec stay as they were last written.
type memory struct {
	mu      sync.Mutex
	funnels map[types.NamespacedName]*remembered
}

type remembered struct {
	of       origin
	meaning  meaning
	accepted *accepted
}

// origin is all that a meaning depends on.
type origin struct {
	funnel, workspace                     types.UID
	funnelGeneration, workspaceGeneration int64
}

func (m *memory) compile(funnel *v1alpha1.Funnel, workspace *v1alpha1.Workspace) meaning {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.of(client.ObjectKeyFromObject(funnel))
	of := origin{
		funnel: funnel.UID, funnelGeneration: funnel.Generation,
		workspace: workspace.UID, workspaceGeneration: workspace.Generation,
	}
	if kept.of != of {
		kept.of, kept.meaning = of, compile(funnel, workspace)
	}
	return kept.meaning
}

func compile(funnel *v1alpha1.Funnel, workspace *v1alpha1.Workspace) meaning {
	compiled, errs := definition.FromFunnel(funnel, workspace)
	if len(errs) > 0 {
		return meaning{errors: errs}
	}
	form, version, err := compiled.Canonical()
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("spec"), err)}}
	}
	zone, err := zoneinfo.Load(compiled.TimeZone)
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("workspace", "spec", "timeZone"), err)}}
	}
	return meaning{form: form, version: version, zone: zone}
}

func (m *memory) accept(funnel types.NamespacedName, spec v1alpha1.FunnelSpec, by meaning) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(funnel).accepted = &accepted{version: by.version, spec: *spec.DeepCopy(), zone: by.zone}
}

func (m *memory) accepted(funnel types.NamespacedName) *accepted {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(funnel).accepted
}

func (m *memory) forget(funnel types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.funnels, funnel)
}

// of wants mu to be held.
func (m *memory) of(funnel types.NamespacedName) *remembered {
	if m.funnels == nil {
		m.funnels = map[types.NamespacedName]*remembered{}
	}
	if m.funnels[funnel] == nil {
		m.funnels[funnel] = &remembered{}
	}
	return m.funnels[funnel]
}
