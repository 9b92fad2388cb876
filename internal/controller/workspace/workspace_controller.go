// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package workspace reconciles Workspaces: it deploys a workspace's pods with all that they need, keeps their certificates, volumes
// and feeds up to date, connects the operator to them, and says in the status how they fare.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// Reconciler reconciles Workspaces.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds what uses a workspace.
	Roster roster.Roster
	// Secrets reads certificates, write keys, what channels name and what the pods are given.
	Secrets *secrets.Reader
	// Applier makes a workspace's children.
	Applier *children.Applier
	// Plane is told of the workspaces' pods.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock
	// Deployment says how pods are deployed.
	Deployment resources.Deployment
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=workspaces;eventfeeds;funnels;nurturescenarios;messagechannels;segments;journeys,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=workspaces/status,verbs=patch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=workspaces/finalizers,verbs=update
// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=services;serviceaccounts;secrets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=pods;persistentvolumeclaims,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Workspace's children, connections and status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (result ctrl.Result, err error) {
	workspace := &v1alpha1.Workspace{}
	if err := r.Client.Get(ctx, request.NamespacedName, workspace); err != nil {
		if apierrors.IsNotFound(err) {
			r.Plane.Disconnect(request.NamespacedName)
			r.Publisher.Forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read Workspace %s: %w", request, err)
	}
	if !workspace.DeletionTimestamp.IsZero() {
		r.Plane.Disconnect(request.NamespacedName)
		return ctrl.Result{}, nil // its children go with it; nothing outside the cluster must be undone
	}
	before := workspace.DeepCopy()
	observed, err := r.observe(ctx, workspace)
	if err != nil {
		return ctrl.Result{}, err
	}
	planned, applyErr := plan(observed, r.Deployment)
	if applyErr == nil {
		applyErr = r.apply(ctx, &observed, &planned)
	}
	write(observed, planned, applyErr)
	wait, err := r.Publisher.Publish(ctx, before, workspace, observed.now)
	var notExpandable *NotExpandableError
	if applyErr != nil && !errors.As(applyErr, &notExpandable) {
		return ctrl.Result{}, applyErr
	}
	return ctrl.Result{RequeueAfter: soonest(wait, planned.again)}, err
}

// soonest is the shorter of two waits, of which 0 is none.
func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
