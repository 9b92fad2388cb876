// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package messagechannel reconciles MessageChannels: it checks a spec, offers what the fold needs to know of it to the workspace's runners,
// and says in the status whether messages leave and what became of them. The pods are given the settings, with their secrets, by the
// workspace's controller.
package messagechannel

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Reconciler reconciles MessageChannels.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Secrets reads what channels name.
	Secrets *secrets.Reader
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=messagechannels;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=messagechannels/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one MessageChannel's status, and what is offered to the runners for it, up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	channel := &v1alpha1.MessageChannel{}
	if err := r.Client.Get(ctx, request.NamespacedName, channel); err != nil {
		if apierrors.IsNotFound(err) {
			r.Plane.Withdraw(plane.ChannelKey(request.NamespacedName))
			r.Publisher.Forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read MessageChannel %s: %w", request, err)
	}
	if !channel.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // when it is gone, the runners drop it, and the workspace's controller withdraws its secrets
	}
	before := channel.DeepCopy()
	observed, err := r.observe(ctx, channel)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := decide(observed)
	if decided.offer != nil {
		r.Plane.Offer(observed.workspaceName, *decided.offer)
	}
	now := r.Clock.Now()
	write(observed, before, decided, now)
	wait, err := r.Publisher.Publish(ctx, before, channel, now)
	return ctrl.Result{RequeueAfter: wait}, err
}

// observe gathers all that a decision depends on.
func (r *Reconciler) observe(ctx context.Context, channel *v1alpha1.MessageChannel) (observation, error) {
	o := observation{channel: channel, workspaceName: roster.WorkspaceOf(channel.Spec.WorkspaceRef, channel.Namespace)}
	workspace, err := r.Roster.Workspace(ctx, o.workspaceName)
	if err != nil {
		return o, err
	}
	if workspace == nil {
		return o, nil
	}
	o.workspace = workspace
	resolver := deliveryset.Resolver{Secrets: r.Secrets}
	if o.resolution, err = resolver.Resolve(ctx, workspace, channel); err != nil {
		return o, err
	}
	o.view = r.Plane.View(o.workspaceName)
	o.delivered, err = resolver.Delivered(ctx, workspace)
	return o, err
}
