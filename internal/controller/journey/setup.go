// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/definition"
)

// SetupWithManager makes the manager reconcile Journeys: when their spec changes, when the workspace or anything else that they name comes, changes
// or goes, when a scenario that they name brings something else, and when the runners report other numbers.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	r.Publisher.Urgent = dataBegins
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	naming := func(kind string) handler.EventHandler {
		return handler.EnqueueRequestsFromMapFunc(r.Roster.JourneyNamingRequests(kind))
	}
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.Journey{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.JourneyRequests), specChanged).
		Watches(&v1alpha1.Funnel{}, naming(definition.KindFunnel), specChanged).
		Watches(&v1alpha1.Segment{}, naming(definition.KindSegment), segments.Changed()).
		Watches(&v1alpha1.NurtureScenario{}, naming(definition.KindScenario)).
		WatchesRawSource(r.Plane.Journeys()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of Journeys: %w", err)
	}
	return nil
}
