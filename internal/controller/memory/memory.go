// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package memory is what the controllers of resources that are compiled remember between two reconciliations: what a spec means, and
// what it takes to write down the numbers of the version that goes on while a later spec is wrong.
package memory

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Memory saves compiling the specs of one kind at every report, and keeps what was accepted of each. It may be lost at any time: then a
// spec is compiled again, and the controller learns from the runners what was accepted, or leaves the last numbers as they are. The zero
// value is empty. It is safe for concurrent use.
type Memory[Meaning, Accepted any] struct {
	mu  sync.Mutex
	all map[types.NamespacedName]*remembered[Meaning, Accepted]
}

type remembered[Meaning, Accepted any] struct {
	of       Origin
	meaning  Meaning
	accepted *Accepted
}

// Origin is all that a meaning depends on. Equal origins mean the same.
type Origin struct {
	resource, workspace                     types.UID
	resourceGeneration, workspaceGeneration int64
	references                              string
}

// OriginOf gives the origin of what a resource means in its workspace. References identify, as they are, the other objects that it
// names; empty when it names none.
func OriginOf(resource client.Object, workspace *v1alpha1.Workspace, references string) Origin {
	return Origin{
		resource: resource.GetUID(), resourceGeneration: resource.GetGeneration(),
		workspace: workspace.UID, workspaceGeneration: workspace.Generation,
		references: references,
	}
}

// Meaning gives what a resource means. It is compiled only if the origin is another than last time.
func (m *Memory[Meaning, Accepted]) Meaning(resource types.NamespacedName, of Origin, compile func() Meaning) Meaning {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.about(resource)
	if kept.of != of {
		kept.of, kept.meaning = of, compile()
	}
	return kept.meaning
}

// Accept keeps what it takes to write down the numbers of a version, until another is accepted.
func (m *Memory[Meaning, Accepted]) Accept(resource types.NamespacedName, accepted Accepted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.about(resource).accepted = &accepted
}

// Accepted gives what was last accepted of a resource, which must not be changed; nil when nothing is remembered.
func (m *Memory[Meaning, Accepted]) Accepted(resource types.NamespacedName) *Accepted {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.about(resource).accepted
}

// Forget drops a resource that is gone.
func (m *Memory[Meaning, Accepted]) Forget(resource types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, resource)
}

// about wants mu to be held.
func (m *Memory[Meaning, Accepted]) about(resource types.NamespacedName) *remembered[Meaning, Accepted] {
	if m.all == nil {
		m.all = map[types.NamespacedName]*remembered[Meaning, Accepted]{}
	}
	if m.all[resource] == nil {
		m.all[resource] = &remembered[Meaning, Accepted]{}
	}
	return m.all[resource]
}
