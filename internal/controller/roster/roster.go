// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package roster knows which resources use which workspace, and whether they may.
package roster

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// WorkspaceOf names the workspace that a reference in a namespace means.
func WorkspaceOf(reference v1alpha1.WorkspaceReference, namespace string) types.NamespacedName {
	if reference.Namespace != "" {
		namespace = reference.Namespace
	}
	return types.NamespacedName{Namespace: namespace, Name: reference.Name}
}

func workspaceOf(object client.Object) types.NamespacedName {
	switch resource := object.(type) {
	case *v1alpha1.EventFeed:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	case *v1alpha1.Funnel:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	case *v1alpha1.NurtureScenario:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	case *v1alpha1.MessageChannel:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	case *v1alpha1.Segment:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	case *v1alpha1.Journey:
		return WorkspaceOf(resource.Spec.WorkspaceRef, resource.Namespace)
	}
	return types.NamespacedName{}
}

// Admits says whether resources of a namespace may use a workspace.
func Admits(workspace *v1alpha1.Workspace, namespace string) bool {
	return namespace == workspace.Namespace ||
		slices.Contains(workspace.Spec.AllowedNamespaces, namespace) ||
		slices.Contains(workspace.Spec.AllowedNamespaces, "*")
}

// Roster answers from the operator's cache.
type Roster struct {
	// Reader is the cache.
	Reader client.Reader
}

// Workspace finds a workspace; nil when there is none, or when it goes: nothing more is to run in it then.
func (r Roster) Workspace(ctx context.Context, name types.NamespacedName) (*v1alpha1.Workspace, error) {
	workspace := &v1alpha1.Workspace{}
	if err := r.Reader.Get(ctx, name, workspace); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read Workspace %s: %w", name, err)
	}
	if !workspace.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	return workspace, nil
}

// Funnels are the funnels that use a workspace and may. It is an error to ask for a workspace that is gone or going, because
// then nothing is known of what should run in it.
func (r Roster) Funnels(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.FunnelList{})
}

// Feeds are likewise the feeds.
func (r Roster) Feeds(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.EventFeedList{})
}

// Scenarios are likewise the scenarios.
func (r Roster) Scenarios(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.NurtureScenarioList{})
}

// Channels are likewise the channels.
func (r Roster) Channels(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.MessageChannelList{})
}

// Segments are likewise the segments.
func (r Roster) Segments(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.SegmentList{})
}

// Journeys are likewise the journeys.
func (r Roster) Journeys(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	return r.users(ctx, workspace, &v1alpha1.JourneyList{})
}

func (r Roster) users(ctx context.Context, name types.NamespacedName, list client.ObjectList) ([]types.NamespacedName, error) {
	workspace, err := r.Workspace(ctx, name)
	if err != nil {
		return nil, err
	}
	if workspace == nil {
		return nil, fmt.Errorf("read users of Workspace %s: it does not exist any more", name)
	}
	all, err := r.named(ctx, name, list)
	if err != nil {
		return nil, fmt.Errorf("list users of Workspace %s: %w", name, err)
	}
	return slices.DeleteFunc(all, func(user types.NamespacedName) bool { return !Admits(workspace, user.Namespace) }), nil
}

// named gives those that name a workspace, whether they may use it or not.
func (r Roster) named(ctx context.Context, workspace types.NamespacedName, list client.ObjectList) ([]types.NamespacedName, error) {
	return r.names(ctx, list, client.MatchingFields{WorkspaceIndex: workspace.String()})
}

// names gives the names of those of a kind that match. As nothing else is taken, the cache need not copy whole statuses.
func (r Roster) names(ctx context.Context, list client.ObjectList, matching ...client.ListOption) ([]types.NamespacedName, error) {
	if err := r.Reader.List(ctx, list, append(matching, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, err
	}
	var names []types.NamespacedName
	err := meta.EachListItem(list, func(item runtime.Object) error {
		names = append(names, client.ObjectKeyFromObject(item.(client.Object)))
		return nil
	})
	return names, err
}
