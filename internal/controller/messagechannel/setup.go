// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package messagechannel

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
)

// SetupWithManager makes the manager reconcile MessageChannels: when their spec changes, when the workspace that they name comes, changes
// or goes, when a Secret that they read or what the pods are given changes, and when the runners report something.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.MessageChannel{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.ChannelRequests), specChanged).
		WatchesMetadata(secrets.Metadata(), handler.EnqueueRequestsFromMapFunc(r.Roster.ChannelSecretRequests)).
		WatchesRawSource(r.Plane.Channels()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of MessageChannels: %w", err)
	}
	return nil
}
