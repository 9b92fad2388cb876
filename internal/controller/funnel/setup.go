// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

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

// SetupWithManager makes the manager reconcile Funnels: when their spec changes, when the workspace that they name comes, changes
// or goes, or the segment, and when the runners report other numbers.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	r.Publisher.Urgent = dataBegins
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.Funnel{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.FunnelRequests), specChanged).
		Watches(&v1alpha1.Segment{}, handler.EnqueueRequestsFromMapFunc(r.Roster.FunnelNamingRequests(definition.KindSegment)), segments.Changed()).
		WatchesRawSource(r.Plane.Funnels()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of Funnels: %w", err)
	}
	return nil
}
