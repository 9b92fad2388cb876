// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package eventfeed reconciles EventFeeds: it checks a spec, makes a write key where none is named, and says in the status where
// events are sent to and what came in. The pods are given their feeds by the workspace's controller.
package eventfeed

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Reconciler reconciles EventFeeds.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Secrets reads write keys.
	Secrets *secrets.Reader
	// Applier makes the Secrets of generated write keys.
	Applier *children.Applier
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock
	// NewKey draws a write key that cannot be guessed.
	NewKey func() string
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=eventfeeds;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=eventfeeds/status,verbs=patch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=eventfeeds/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one EventFeed's write key and status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	feed := &v1alpha1.EventFeed{}
	if err := r.Client.Get(ctx, request.NamespacedName, feed); err != nil {
		if apierrors.IsNotFound(err) {
			r.Publisher.Forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read EventFeed %s: %w", request, err)
	}
	if !feed.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // its Secret goes with it, and the workspace's controller withdraws it from the pods
	}
	before := feed.DeepCopy()
	observed, err := r.observe(ctx, feed)
	if err != nil {
		return ctrl.Result{}, err
	}
	now := r.Clock.Now()
	write(observed, decide(observed), now)
	wait, err := r.Publisher.Publish(ctx, before, feed, now)
	return ctrl.Result{RequeueAfter: wait}, err
}

// observe gathers all that a decision depends on. It makes the write key first, if that is Waymark's to make.
func (r *Reconciler) observe(ctx context.Context, feed *v1alpha1.EventFeed) (observation, error) {
	o := observation{feed: feed, workspaceName: roster.WorkspaceOf(feed.Spec.WorkspaceRef, feed.Namespace)}
	var err error
	if o.workspace, err = r.Roster.Workspace(ctx, o.workspaceName); err != nil {
		return o, err
	}
	keyErr := r.ensureWriteKey(ctx, feed)
	resolver := feedset.Resolver{Secrets: r.Secrets}
	if o.resolution, err = resolver.Resolve(ctx, o.workspace, feed); err != nil {
		return o, err
	}
	if keyErr != nil {
		o.resolution.KeyReason, o.resolution.KeyMessage = v1alpha1.ReasonInvalidSecret, keyErr.Error()
	}
	if o.workspace == nil {
		return o, nil
	}
	o.view = r.Plane.View(o.workspaceName)
	o.served, err = resolver.Served(ctx, o.workspace)
	return o, err
}
