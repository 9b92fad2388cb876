// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package segment reconciles Segments: it turns a spec, with the cuts of its ranks, into a definition, offers that to the workspace's runners,
// and writes what they count into the status.
package segment

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/memory"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Reconciler reconciles Segments.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock

	memory memory.Memory[meaning, accepted]
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=segments;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=segments/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Segment's status, and what is offered to the runners for it, up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (result ctrl.Result, err error) {
	segment := &v1alpha1.Segment{}
	if err := r.Client.Get(ctx, request.NamespacedName, segment); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read Segment %s: %w", request, err)
	}
	if !segment.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // nothing outside the cluster must be undone; when it is gone, the runners drop it
	}
	before := segment.DeepCopy()

	observed, err := r.observe(ctx, segment)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := decide(observed)
	if decided.offer != nil {
		r.Plane.Offer(observed.workspaceName, *decided.offer)
	}
	if decided.shown {
		r.memory.Accept(request.NamespacedName, accepted{version: observed.meaning.version, spec: *segment.Spec.DeepCopy(), zone: observed.meaning.zone})
	}
	write(segment, before, decided, observed.now)

	wait, err := r.Publisher.Publish(ctx, before, segment, observed.now)
	return ctrl.Result{RequeueAfter: status.Soonest(wait, decided.again)}, err
}

// observe gathers all that a decision depends on.
func (r *Reconciler) observe(ctx context.Context, segment *v1alpha1.Segment) (observation, error) {
	name := client.ObjectKeyFromObject(segment)
	o := observation{
		segment:       segment,
		workspaceName: roster.WorkspaceOf(segment.Spec.WorkspaceRef, segment.Namespace),
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
	o.meaning = r.memory.Meaning(name, memory.OriginOf(segment, workspace, segments.CutsOf(segment)), func() meaning { return compile(segment, workspace) })
	if o.accepted == nil {
		o.accepted = acceptedFrom(o.view.Kept[o.key()])
	}
	return o, nil
}

func (r *Reconciler) forget(request ctrl.Request) {
	r.Plane.Withdraw(plane.SegmentKey(request.NamespacedName))
	r.Publisher.Forget(request.NamespacedName)
	r.memory.Forget(request.NamespacedName)
}

// SetupWithManager makes the manager reconcile Segments: when their spec or their cuts change, when the workspace that they name comes, changes or
// goes, and when the runners report other numbers.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	r.Publisher.Urgent = dataBegins
	specChanged := builder.WithPredicates(predicate.GenerationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(manager).
		For(&v1alpha1.Segment{}, segments.Changed()).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(r.Roster.SegmentRequests), specChanged).
		WatchesRawSource(r.Plane.Segments()).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of Segments: %w", err)
	}
	return nil
}
