// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/texts"
)

// SetupWithManager makes the manager reconcile NurtureScenarios: when their spec changes, when the workspace or anything else that they name
// comes, changes or goes, and when the runners report other numbers.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	r.Publisher.Urgent = enters
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	naming := func(kind string) handler.EventHandler {
		return handler.EnqueueRequestsFromMapFunc(r.requestsNaming(kind))
	}
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.NurtureScenario{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.ScenarioRequests), specChanged).
		Watches(&v1alpha1.MessageChannel{}, naming(channelKind), specChanged).
		Watches(&v1alpha1.Funnel{}, naming(funnelKind), specChanged).
		Watches(&v1alpha1.NurtureScenario{}, naming(scenarioKind), specChanged).
		WatchesMetadata(texts.Metadata(), naming(configMapKind)).
		WatchesRawSource(r.Plane.Scenarios()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of NurtureScenarios: %w", err)
	}
	return nil
}

// requestsNaming maps an object of a kind to the scenarios that name it.
func (r *Reconciler) requestsNaming(kind string) handler.MapFunc {
	return func(ctx context.Context, object client.Object) []reconcile.Request {
		var scenarios v1alpha1.NurtureScenarioList
		err := r.Client.List(ctx, &scenarios, client.InNamespace(object.GetNamespace()),
			client.MatchingFields{roster.ReferenceIndex: kind + "/" + object.GetName()}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil // only if the index is missing, which it is not
		}
		requests := make([]reconcile.Request, len(scenarios.Items))
		for i := range scenarios.Items {
			requests[i].NamespacedName = client.ObjectKeyFromObject(&scenarios.Items[i])
		}
		return requests
	}
}
