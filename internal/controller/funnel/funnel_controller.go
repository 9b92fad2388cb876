// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package funnel reconciles Funnels: it turns a spec into a definition, offers that to the workspace's runners, and writes what
// they count into the status.
package funnel

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/memory"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Reconciler reconciles Funnels.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Segments reads the Segments that funnels name.
	Segments segments.Reader
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock

	memory memory.Memory[meaning, accepted]
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=funnels;segments;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=funnels/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Funnel's status, and what is offered to the runners for it, up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (result ctrl.Result, err error) {
	funnel := &v1alpha1.Funnel{}
	if err := r.Client.Get(ctx, request.NamespacedName, funnel); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read Funnel %s: %w", request, err)
	}
	if !funnel.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // nothing outside the cluster must be undone; when it is gone, the runners drop it
	}
	before := funnel.DeepCopy()

	observed, err := r.observe(ctx, funnel)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := decide(observed)
	if decided.offer != nil {
		r.Plane.Offer(observed.workspaceName, *decided.offer)
	}
	if decided.shown {
		r.memory.Accept(request.NamespacedName, acceptedOf(funnel, observed.meaning))
	}
	write(funnel, before, decided, observed.now)

	wait, err := r.Publisher.Publish(ctx, before, funnel, observed.now)
	return ctrl.Result{RequeueAfter: status.Soonest(wait, decided.again)}, err
}

// observe gathers all that a decision depends on.
func (r *Reconciler) observe(ctx context.Context, funnel *v1alpha1.Funnel) (observation, error) {
	name := client.ObjectKeyFromObject(funnel)
	o := observation{
		funnel:        funnel,
		workspaceName: roster.WorkspaceOf(funnel.Spec.WorkspaceRef, funnel.Namespace),
		now:           r.Clock.Now(),
	}
	workspace, err := r.Roster.Workspace(ctx, o.workspaceName)
	if err != nil {
		return o, err
	}
	o.view = r.Plane.View(o.workspaceName)
	o.accepted = r.memory.Accepted(name)
	if workspace == nil {
		return o, nil
	}
	o.workspace = workspace
	named, err := r.Segments.Read(ctx, funnel.Namespace, segments.OfFunnel(funnel)...)
	if err != nil {
		return o, err
	}
	o.meaning = r.memory.Meaning(name, memory.OriginOf(funnel, workspace, named.Version()), func() meaning {
		return compile(funnel, workspace, named)
	})
	if o.accepted == nil {
		o.accepted = acceptedFrom(o.view.Kept[o.key()])
	}
	return o, nil
}

func (r *Reconciler) forget(request ctrl.Request) {
	r.Plane.Withdraw(plane.FunnelKey(request.NamespacedName))
	r.Publisher.Forget(request.NamespacedName)
	r.memory.Forget(request.NamespacedName)
}
