// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// Kinds of definitions, as their keys begin.
const (
	funnelKind   = "Funnel"
	scenarioKind = "NurtureScenario"
	channelKind  = "MessageChannel"
	policyKind   = "MessagingPolicy"
)

// FunnelKey is the key of a funnel's definition.
func FunnelKey(funnel types.NamespacedName) string { return keyOf(funnelKind, funnel) }

// ScenarioKey is the key of a scenario's definition.
func ScenarioKey(scenario types.NamespacedName) string { return keyOf(scenarioKind, scenario) }

// ChannelKey is the key of a channel's definition.
func ChannelKey(channel types.NamespacedName) string { return keyOf(channelKind, channel) }

// PolicyKey is the key of the definition of a workspace's messaging policy.
func PolicyKey(workspace types.NamespacedName) string { return keyOf(policyKind, workspace) }

func keyOf(kind string, name types.NamespacedName) string {
	return kind + "/" + name.Namespace + "/" + name.Name
}

// parseKey is the reverse of keyOf.
func parseKey(key string) (kind string, name types.NamespacedName, ok bool) {
	kind, rest, _ := strings.Cut(key, "/")
	namespace, last, ok := strings.Cut(rest, "/")
	return kind, types.NamespacedName{Namespace: namespace, Name: last}, ok
}

// reportsVersions says whether reports tell which version of a definition runs.
func reportsVersions(key string) bool {
	return strings.HasPrefix(key, funnelKind+"/") || strings.HasPrefix(key, scenarioKind+"/")
}

// keys are those of all definitions that a workspace's runners are to have.
func (p *Plane) keys(ctx context.Context, workspace types.NamespacedName) ([]string, error) {
	keys := []string{PolicyKey(workspace)}
	for _, kind := range []struct {
		name string
		list func(context.Context, types.NamespacedName) ([]types.NamespacedName, error)
	}{
		{funnelKind, p.options.Roster.Funnels},
		{scenarioKind, p.options.Roster.Scenarios},
		{channelKind, p.options.Roster.Channels},
	} {
		names, err := kind.list(ctx, workspace)
		if err != nil {
			return nil, fmt.Errorf("list resources of kind %s of workspace %s: %w", kind.name, workspace, err)
		}
		for _, name := range names {
			keys = append(keys, keyOf(kind.name, name))
		}
	}
	return keys, nil
}
