// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package journey reconciles Journeys: it turns a map, with the Funnel and the Journey that it names, into a definition, offers that to the
// workspace's runners, writes what they find out into the status, and tells of what changes significantly.
package journey

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
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
	"github.com/waymark-dev/waymark/internal/report"
)

// Reconciler reconciles Journeys.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Segments reads the Segments that journeys and their funnels name.
	Segments segments.Reader
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock

	memory memory.Memory[meaning, accepted]
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=journeys;funnels;segments;nurturescenarios;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=journeys/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Journey's status, and what is offered to the runners for it, up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (result ctrl.Result, err error) {
	journey := &v1alpha1.Journey{}
	if err := r.Client.Get(ctx, request.NamespacedName, journey); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read Journey %s: %w", request, err)
	}
	if !journey.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // nothing outside the cluster must be undone; when it is gone, the runners drop it
	}
	before := journey.DeepCopy()

	observed, err := r.observe(ctx, journey)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := decide(observed)
	if decided.offer != nil {
		r.Plane.Offer(observed.workspaceName, *decided.offer)
	}
	if decided.shown {
		r.memory.Accept(request.NamespacedName, observed.meaning.accepted)
	}
	write(journey, before, decided, observed.now)

	wait, err := r.Publisher.Publish(ctx, before, journey, observed.now)
	if err == nil && wait == 0 {
		r.tell(journey, decided.tidings)
	}
	return ctrl.Result{RequeueAfter: status.Soonest(wait, decided.again)}, err
}

// tell makes an Event of each tiding. The status that says so is written by now, so that nothing is told twice.
func (r *Reconciler) tell(journey *v1alpha1.Journey, tidings []report.Tiding) {
	for _, t := range tidings {
		r.Publisher.Recorder.Eventf(journey, nil, corev1.EventTypeNormal, t.Reason, "Reconcile", "%s", t.Note)
	}
}

// observe gathers all that a decision depends on.
func (r *Reconciler) observe(ctx context.Context, journey *v1alpha1.Journey) (observation, error) {
	name := client.ObjectKeyFromObject(journey)
	o := observation{
		journey:       journey,
		workspaceName: roster.WorkspaceOf(journey.Spec.WorkspaceRef, journey.Namespace),
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
	named, err := r.read(ctx, journey, o.workspaceName)
	if err != nil {
		return o, err
	}
	o.scenarios = named.statuses
	o.meaning = r.memory.Meaning(name, memory.OriginOf(journey, workspace, named.version()), func() meaning {
		return compile(journey, workspace, named)
	})
	if o.accepted == nil {
		o.accepted = acceptedFrom(o.view.Kept[o.key()])
	}
	return o, nil
}

func (r *Reconciler) forget(request ctrl.Request) {
	r.Plane.Withdraw(plane.JourneyKey(request.NamespacedName))
	r.Publisher.Forget(request.NamespacedName)
	r.memory.Forget(request.NamespacedName)
}
