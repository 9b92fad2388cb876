// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/texts"
)

// SetupWithManager makes the manager reconcile NurtureScenarios: when their spec changes, when the workspace or anything else that they name
// comes, changes or goes, and when the runners report other numbers.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	r.Publisher.Urgent = enters
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	naming := func(kind string) handler.EventHandler {
		return handler.EnqueueRequestsFromMapFunc(r.Roster.NamingRequests(kind))
	}
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.NurtureScenario{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.ScenarioRequests), specChanged).
		Watches(&v1alpha1.MessageChannel{}, naming(channelKind), specChanged).
		Watches(&v1alpha1.Funnel{}, naming(funnelKind), specChanged).
		Watches(&v1alpha1.Segment{}, naming(segmentKind), specChanged).
		Watches(&v1alpha1.Journey{}, naming(journeyKind), specChanged).
		Watches(&v1alpha1.NurtureScenario{}, naming(scenarioKind), specChanged).
		WatchesMetadata(texts.Metadata(), naming(configMapKind)).
		WatchesRawSource(r.Plane.Scenarios()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of NurtureScenarios: %w", err)
	}
	return nil
}
