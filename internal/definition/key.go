// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "strings"

// Kinds of what is defined, as keys begin. All but the policy, which is part of a Workspace, are kinds of resources.
const (
	// KindFunnel is what Funnels define, KindScenario what NurtureScenarios, and KindChannel what MessageChannels do.
	KindFunnel   = "Funnel"
	KindScenario = "NurtureScenario"
	KindChannel  = "MessageChannel"
	// KindSegment is what Segments define, and KindJourney what Journeys do.
	KindSegment = "Segment"
	KindJourney = "Journey"
	// KindPolicy is what a workspace's policy on messages defines.
	KindPolicy = "MessagingPolicy"
)

// Key is what the definition of a resource is known by to the runners and in the log: kind/namespace/name.
func Key(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// SplitKey takes a key apart. Ok is false when it is none, and then only kind may be of use.
func SplitKey(key string) (kind, namespace, name string, ok bool) {
	kind, rest, _ := strings.Cut(key, "/")
	namespace, name, ok = strings.Cut(rest, "/")
	return kind, namespace, name, ok
}
