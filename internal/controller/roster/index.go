// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Indexes of the operator's cache.
const (
	// WorkspaceIndex finds resources by the workspace that they name, as namespace/name.
	WorkspaceIndex = "spec.workspaceRef"
	// SecretIndex finds feeds and channels by the Secrets that they read, as namespace/name.
	SecretIndex = "spec.secretRefs"
	// ReferenceIndex finds scenarios, funnels and journeys by what they name in their namespace, as kind/name.
	ReferenceIndex = "spec.references"
)

// Indexed says what resources refer to.
type Indexed struct {
	// WriteKey is the Secret that a feed reads its write key from.
	WriteKey func(*v1alpha1.EventFeed) types.NamespacedName
	// ChannelSecrets are those that a channel reads.
	ChannelSecrets func(*v1alpha1.MessageChannel) []types.NamespacedName
	// References are what a scenario names, as kind/name.
	References func(*v1alpha1.NurtureScenario) []string
	// FunnelReferences and JourneyReferences are likewise what funnels and journeys name.
	FunnelReferences  func(*v1alpha1.Funnel) []string
	JourneyReferences func(*v1alpha1.Journey) []string
}

// Index makes the indexes.
func Index(ctx context.Context, indexer client.FieldIndexer, by Indexed) error {
	for _, kind := range []client.Object{
		&v1alpha1.EventFeed{}, &v1alpha1.Funnel{}, &v1alpha1.NurtureScenario{}, &v1alpha1.MessageChannel{}, &v1alpha1.Segment{}, &v1alpha1.Journey{},
	} {
		byWorkspace := func(object client.Object) []string { return []string{workspaceOf(object).String()} }
		if err := indexer.IndexField(ctx, kind, WorkspaceIndex, byWorkspace); err != nil {
			return fmt.Errorf("index %T by workspace: %w", kind, err)
		}
	}
	bySecret := func(object client.Object) []string {
		return []string{by.WriteKey(object.(*v1alpha1.EventFeed)).String()}
	}
	if err := indexer.IndexField(ctx, &v1alpha1.EventFeed{}, SecretIndex, bySecret); err != nil {
		return fmt.Errorf("index feeds by Secret: %w", err)
	}
	bySecrets := func(object client.Object) []string {
		var names []string
		for _, name := range by.ChannelSecrets(object.(*v1alpha1.MessageChannel)) {
			names = append(names, name.String())
		}
		return names
	}
	if err := indexer.IndexField(ctx, &v1alpha1.MessageChannel{}, SecretIndex, bySecrets); err != nil {
		return fmt.Errorf("index channels by Secret: %w", err)
	}
	return indexReferences(ctx, indexer, by)
}

func indexReferences(ctx context.Context, indexer client.FieldIndexer, by Indexed) error {
	kinds := map[client.Object]client.IndexerFunc{
		&v1alpha1.NurtureScenario{}: func(object client.Object) []string { return by.References(object.(*v1alpha1.NurtureScenario)) },
		&v1alpha1.Funnel{}:          func(object client.Object) []string { return by.FunnelReferences(object.(*v1alpha1.Funnel)) },
		&v1alpha1.Journey{}:         func(object client.Object) []string { return by.JourneyReferences(object.(*v1alpha1.Journey)) },
	}
	for kind, byReference := range kinds {
		if err := indexer.IndexField(ctx, kind, ReferenceIndex, byReference); err != nil {
			return fmt.Errorf("index %T by what it names: %w", kind, err)
		}
	}
	return nil
}
