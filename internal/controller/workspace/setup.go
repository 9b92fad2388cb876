// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/resources"
)

// SetupWithManager makes the manager reconcile Workspaces: when their spec or one of their children changes, when those who
// use them come and go, when a write key or a channel's secret changes, and when the runners report something.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	// What the operator itself writes into a status must not wake it up.
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	comesAndGoes := builder.WithPredicates(predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }})
	byLabel := handler.EnqueueRequestsFromMapFunc(labelledWorkspace)
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.Workspace{}, specChanged).
		Owns(&appsv1.StatefulSet{}).
		Owns(&corev1.Service{}).
		Owns(&corev1.ServiceAccount{}).
		Owns(&networkingv1.NetworkPolicy{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Watches(&corev1.Pod{}, byLabel).
		Watches(&corev1.PersistentVolumeClaim{}, byLabel).
		WatchesMetadata(secrets.Metadata(), handler.EnqueueRequestsFromMapFunc(r.secretRequests)).
		Watches(&v1alpha1.EventFeed{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), specChanged).
		Watches(&v1alpha1.MessageChannel{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), specChanged).
		Watches(&v1alpha1.Funnel{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), comesAndGoes).
		Watches(&v1alpha1.NurtureScenario{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), comesAndGoes).
		Watches(&v1alpha1.Segment{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), comesAndGoes).
		Watches(&v1alpha1.Journey{}, handler.EnqueueRequestsFromMapFunc(roster.WorkspaceRequests), specChanged).
		WatchesRawSource(r.Plane.Workspaces()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of Workspaces: %w", err)
	}
	return nil
}

// labelledWorkspace maps an object that Waymark made to its workspace.
func labelledWorkspace(_ context.Context, object client.Object) []reconcile.Request {
	workspace := object.GetLabels()[resources.WorkspaceLabel]
	if workspace == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: workspace}}}
}

// secretRequests maps a Secret to the workspace that it was made for, or to those whose feeds or channels read it.
func (r *Reconciler) secretRequests(ctx context.Context, secret client.Object) []reconcile.Request {
	if requests := labelledWorkspace(ctx, secret); requests != nil {
		return requests
	}
	return r.Roster.SecretWorkspaces(ctx, client.ObjectKeyFromObject(secret))
}
