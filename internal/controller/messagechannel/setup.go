// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package messagechannel

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
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/resources"
)

// SetupWithManager makes the manager reconcile MessageChannels: when their spec changes, when the workspace that they name comes, changes
// or goes, when a Secret that they read or what the pods are given changes, and when the runners report something.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.MessageChannel{}, specChanged).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.ChannelRequests), specChanged).
		WatchesMetadata(secrets.Metadata(), handler.EnqueueRequestsFromMapFunc(r.secretRequests)).
		WatchesRawSource(r.Plane.Channels()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of MessageChannels: %w", err)
	}
	return nil
}

// secretRequests maps a Secret to the channels that read it, and the Secret of a workspace's delivery to all of them.
func (r *Reconciler) secretRequests(ctx context.Context, secret client.Object) []reconcile.Request {
	if workspace := secret.GetLabels()[resources.WorkspaceLabel]; workspace != "" {
		if secret.GetName() != resources.DeliverySecretName(workspace) {
			return nil
		}
		of := &v1alpha1.Workspace{}
		of.Namespace, of.Name = secret.GetNamespace(), workspace
		return r.Roster.ChannelRequests(ctx, of)
	}
	var channels v1alpha1.MessageChannelList
	matching := client.MatchingFields{roster.SecretIndex: client.ObjectKeyFromObject(secret).String()}
	if err := r.Client.List(ctx, &channels, matching, client.UnsafeDisableDeepCopy); err != nil {
		return nil // only if the index is missing, which it is not
	}
	requests := make([]reconcile.Request, len(channels.Items))
	for i := range channels.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&channels.Items[i])
	}
	return requests
}
