// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package nurturescenario reconciles NurtureScenarios: it turns a spec with all that it names into a definition, says whether that runs,
// rests or waits for an approval, offers it to the workspace's runners, and writes what they count into the status.
package nurturescenario

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
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/controller/texts"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// Reconciler reconciles NurtureScenarios.
type Reconciler struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Roster finds workspaces.
	Roster roster.Roster
	// Texts reads the ConfigMaps that messages name.
	Texts *texts.Reader
	// Templates checks what messages say.
	Templates definition.Templates
	// Plane is the workspaces' runners.
	Plane *plane.Plane
	// Publisher writes statuses.
	Publisher *status.Publisher
	// Clock tells the time.
	Clock clock.Clock

	memory memory.Memory[meaning, report.Outline]
}

// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=nurturescenarios;messagechannels;funnels;segments;journeys;workspaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=marketing.waymark.dev,resources=nurturescenarios/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one NurtureScenario's status, and what is offered to the runners for it, up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (result ctrl.Result, err error) {
	scenario := &v1alpha1.NurtureScenario{}
	if err := r.Client.Get(ctx, request.NamespacedName, scenario); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("read NurtureScenario %s: %w", request, err)
	}
	if !scenario.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // nothing outside the cluster must be undone; when it is gone, the runners drop it
	}
	before := scenario.DeepCopy()

	observed, err := r.observe(ctx, scenario)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := decide(observed)
	if decided.offer != nil {
		r.Plane.Offer(observed.workspaceName, *decided.offer)
	}
	write(scenario, before, decided, observed.now)

	wait, err := r.Publisher.Publish(ctx, before, scenario, observed.now)
	return ctrl.Result{RequeueAfter: wait}, err
}

// observe gathers all that a decision depends on.
func (r *Reconciler) observe(ctx context.Context, scenario *v1alpha1.NurtureScenario) (observation, error) {
	o := observation{
		scenario:      scenario,
		workspaceName: roster.WorkspaceOf(scenario.Spec.WorkspaceRef, scenario.Namespace),
		now:           r.Clock.Now(),
	}
	workspace, err := r.Roster.Workspace(ctx, o.workspaceName)
	if err != nil {
		return o, err
	}
	o.view = r.Plane.View(o.workspaceName)
	if workspace == nil {
		return o, nil
	}
	o.workspace = workspace
	found, err := r.observeReferences(ctx, scenario, workspace)
	if err != nil {
		return o, err
	}
	name := client.ObjectKeyFromObject(scenario)
	o.meaning = r.memory.Meaning(name, memory.OriginOf(scenario, workspace, found.version), func() meaning {
		return compile(scenario, workspace, &found)
	})
	if o.meaning.valid() {
		r.memory.Accept(name, o.meaning.outline)
	}
	if o.outline = r.memory.Accepted(name); o.outline == nil {
		o.outline = outlineFrom(o.view.Kept[o.key()].Source)
	}
	return o, nil
}

func (r *Reconciler) forget(request ctrl.Request) {
	r.Plane.Withdraw(plane.ScenarioKey(request.NamespacedName))
	r.Publisher.Forget(request.NamespacedName)
	r.memory.Forget(request.NamespacedName)
}
