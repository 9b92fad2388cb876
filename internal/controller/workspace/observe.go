// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/pki"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// observation is all that a plan and a status depend on.
type observation struct {
	workspace   *v1alpha1.Workspace
	now         time.Time
	statefulSet *appsv1.StatefulSet // nil when there is none
	budget      *policyv1.PodDisruptionBudget
	pods        []corev1.Pod
	claims      []corev1.PersistentVolumeClaim
	keys        keys
	served      definition.Feeds    // what the pods are given to take in
	delivered   definition.Delivery // what they are given to send by
	linkKeys    []deliveryset.LinkKey
	feeds       []feedset.Entry     // those that may use the workspace
	channels    []deliveryset.Entry // likewise
	asking      []v1alpha1.Journey  // likewise
	funnels     int                 // how many may use it
	scenarios   int                 // likewise
	segments    int                 // likewise
	journeys    int                 // likewise
	view        plane.View
}

// keys are the contents of a workspace's certificate Secrets, as they are.
type keys struct {
	authorities     map[string][]byte
	runner, manager pki.Leaf
}

func (o *observation) name() types.NamespacedName { return client.ObjectKeyFromObject(o.workspace) }

func (r *Reconciler) observe(ctx context.Context, workspace *v1alpha1.Workspace) (o observation, err error) {
	o = observation{workspace: workspace, now: r.Clock.Now(), view: r.Plane.View(client.ObjectKeyFromObject(workspace))}
	if err := r.observePods(ctx, &o); err != nil {
		return o, fmt.Errorf("observe Workspace %s: %w", o.name(), err)
	}
	if err := r.observeKeys(ctx, &o); err != nil {
		return o, fmt.Errorf("observe Workspace %s: %w", o.name(), err)
	}
	if err := r.observeUsers(ctx, &o); err != nil {
		return o, fmt.Errorf("observe Workspace %s: %w", o.name(), err)
	}
	return o, nil
}

func (r *Reconciler) observePods(ctx context.Context, o *observation) error {
	name := types.NamespacedName{Namespace: o.workspace.Namespace, Name: resources.RunnerName(o.workspace.Name)}
	o.statefulSet, o.budget = &appsv1.StatefulSet{}, &policyv1.PodDisruptionBudget{}
	if found, err := r.get(ctx, name, o.statefulSet); err != nil {
		return err
	} else if !found {
		o.statefulSet = nil
	}
	if found, err := r.get(ctx, name, o.budget); err != nil {
		return err
	} else if !found {
		o.budget = nil
	}
	mine := []client.ListOption{client.InNamespace(o.workspace.Namespace), resources.PodSelector(o.workspace)}
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, mine...); err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	var claims corev1.PersistentVolumeClaimList
	if err := r.Client.List(ctx, &claims, mine...); err != nil {
		return fmt.Errorf("list volume claims: %w", err)
	}
	o.pods, o.claims = pods.Items, claims.Items
	return nil
}

func (r *Reconciler) get(ctx context.Context, name types.NamespacedName, into client.Object) (found bool, err error) {
	if err := r.Client.Get(ctx, name, into); err != nil {
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return false, fmt.Errorf("read %T %s: %w", into, name, err)
	}
	return true, nil
}

func (r *Reconciler) observeKeys(ctx context.Context, o *observation) error {
	in := func(name string) types.NamespacedName {
		return types.NamespacedName{Namespace: o.workspace.Namespace, Name: name}
	}
	var err error
	if o.keys.authorities, _, err = r.Secrets.Data(ctx, in(resources.AuthoritySecretName(o.workspace.Name))); err != nil {
		return err
	}
	runner, _, err := r.Secrets.Data(ctx, in(resources.RunnerSecretName(o.workspace.Name)))
	if err != nil {
		return err
	}
	manager, _, err := r.Secrets.Data(ctx, in(resources.ManagerSecretName(o.workspace.Name)))
	if err != nil {
		return err
	}
	o.keys.runner, o.keys.manager = leaf(runner), leaf(manager)
	return nil
}

func leaf(data map[string][]byte) pki.Leaf {
	return pki.Leaf{Certificate: data[resources.CertificateKey], Key: data[resources.PrivateKeyKey]}
}

func (r *Reconciler) observeUsers(ctx context.Context, o *observation) error {
	resolver := feedset.Resolver{Secrets: r.Secrets}
	var err error
	if o.served, err = resolver.Served(ctx, o.workspace); err != nil {
		return err
	}
	var feeds v1alpha1.EventFeedList
	if err := r.Client.List(ctx, &feeds, client.MatchingFields{roster.WorkspaceIndex: o.name().String()}); err != nil {
		return fmt.Errorf("list feeds: %w", err)
	}
	for i := range feeds.Items {
		feed := &feeds.Items[i]
		if !feed.DeletionTimestamp.IsZero() || !roster.Admits(o.workspace, feed.Namespace) {
			continue
		}
		resolution, err := resolver.Resolve(ctx, o.workspace, feed)
		if err != nil {
			return err
		}
		o.feeds = append(o.feeds, feedset.Entry{Feed: feed, Resolution: resolution})
	}
	if err := r.countUsers(ctx, o); err != nil {
		return err
	}
	if err := r.observeJourneys(ctx, o); err != nil {
		return err
	}
	return r.observeChannels(ctx, o)
}

func (r *Reconciler) observeJourneys(ctx context.Context, o *observation) error {
	var journeys v1alpha1.JourneyList
	if err := r.Client.List(ctx, &journeys, client.MatchingFields{roster.WorkspaceIndex: o.name().String()}); err != nil {
		return fmt.Errorf("list journeys: %w", err)
	}
	for i := range journeys.Items {
		if j := &journeys.Items[i]; j.DeletionTimestamp.IsZero() && roster.Admits(o.workspace, j.Namespace) {
			o.asking = append(o.asking, *j)
		}
	}
	o.journeys = len(o.asking)
	return nil
}

// countUsers counts those who may use the workspace and are nothing to it but users.
func (r *Reconciler) countUsers(ctx context.Context, o *observation) error {
	for _, of := range []struct {
		count *int
		list  func(context.Context, types.NamespacedName) ([]types.NamespacedName, error)
	}{
		{&o.funnels, r.Roster.Funnels}, {&o.scenarios, r.Roster.Scenarios}, {&o.segments, r.Roster.Segments},
	} {
		users, err := of.list(ctx, o.name())
		if err != nil {
			return err
		}
		*of.count = len(users)
	}
	return nil
}

func (r *Reconciler) observeChannels(ctx context.Context, o *observation) error {
	resolver := deliveryset.Resolver{Secrets: r.Secrets}
	var err error
	if o.delivered, err = resolver.Delivered(ctx, o.workspace); err != nil {
		return err
	}
	if o.linkKeys, err = resolver.LinkKeys(ctx, o.workspace); err != nil {
		return err
	}
	var channels v1alpha1.MessageChannelList
	if err := r.Client.List(ctx, &channels, client.MatchingFields{roster.WorkspaceIndex: o.name().String()}); err != nil {
		return fmt.Errorf("list channels: %w", err)
	}
	for i := range channels.Items {
		channel := &channels.Items[i]
		if !channel.DeletionTimestamp.IsZero() || !roster.Admits(o.workspace, channel.Namespace) {
			continue
		}
		resolution, err := resolver.Resolve(ctx, o.workspace, channel)
		if err != nil {
			return err
		}
		o.channels = append(o.channels, deliveryset.Entry{Channel: channel, Resolution: resolution})
	}
	return nil
}
