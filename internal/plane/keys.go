// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// Kinds, as the keys of their definitions begin. Workspaces and feeds have none: what a workspace defines is its policy.
const (
	workspaceKind = "Workspace"
	feedKind      = "EventFeed"
	funnelKind    = "Funnel"
	scenarioKind  = "NurtureScenario"
	channelKind   = "MessageChannel"
	policyKind    = "MessagingPolicy"
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
		{kind: funnelKind, list: roster.Funnels, defined: true},
		{kind: scenarioKind, list: roster.Scenarios, defined: true},
		{kind: channelKind, list: roster.Channels, defined: true},
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
