// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/internal/definition"
)

// Kinds of resources without a definition: what a workspace defines is its policy.
const (
	workspaceKind = "Workspace"
	feedKind      = "EventFeed"
)

// FunnelKey is the key of a funnel's definition.
func FunnelKey(funnel types.NamespacedName) string { return keyOf(definition.KindFunnel, funnel) }

// ScenarioKey is the key of a scenario's definition.
func ScenarioKey(scenario types.NamespacedName) string {
	return keyOf(definition.KindScenario, scenario)
}

// SegmentKey is the key of a segment's definition.
func SegmentKey(segment types.NamespacedName) string { return keyOf(definition.KindSegment, segment) }

// JourneyKey is the key of a journey's definition.
func JourneyKey(journey types.NamespacedName) string { return keyOf(definition.KindJourney, journey) }

// ChannelKey is the key of a channel's definition.
func ChannelKey(channel types.NamespacedName) string { return keyOf(definition.KindChannel, channel) }

// PolicyKey is the key of the definition of a workspace's messaging policy.
func PolicyKey(workspace types.NamespacedName) string { return keyOf(definition.KindPolicy, workspace) }

func keyOf(kind string, name types.NamespacedName) string {
	return definition.Key(kind, name.Namespace, name.Name)
}

// reportsVersions says whether reports tell which version of a definition runs.
func reportsVersions(key string) bool {
	kind, _, _, _ := definition.SplitKey(key)
	switch kind {
	case definition.KindFunnel, definition.KindScenario, definition.KindSegment, definition.KindJourney:
		return true
	}
	return false
}

// userKind is a kind of resources that use workspaces.
type userKind struct {
	kind string
	// list gives those of a workspace.
	list func(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// defined says that each of them has a definition, which the runners are to have.
	defined bool
}

// users are the kinds of all that use workspaces.
func (p *Plane) users() []userKind {
	roster := p.options.Roster
	return []userKind{
		{kind: feedKind, list: roster.Feeds},
		{kind: definition.KindFunnel, list: roster.Funnels, defined: true},
		{kind: definition.KindScenario, list: roster.Scenarios, defined: true},
		{kind: definition.KindSegment, list: roster.Segments, defined: true},
		{kind: definition.KindJourney, list: roster.Journeys, defined: true},
		{kind: definition.KindChannel, list: roster.Channels, defined: true},
	}
}

// keys are those of all definitions that a workspace's runners are to have.
func (p *Plane) keys(ctx context.Context, workspace types.NamespacedName) ([]string, error) {
	keys := []string{PolicyKey(workspace)}
	for _, of := range p.users() {
		if !of.defined {
			continue
		}
		names, err := of.list(ctx, workspace)
		if err != nil {
			return nil, fmt.Errorf("list resources of kind %s of workspace %s: %w", of.kind, workspace, err)
		}
		for _, name := range names {
			keys = append(keys, keyOf(of.kind, name))
		}
	}
	return keys, nil
}
