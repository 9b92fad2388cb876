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
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Indexes of the operator's cache.
const (
	// WorkspaceIndex finds resources by the workspace that they name, as namespace/name.
	WorkspaceIndex = "spec.workspaceRef"
	// SecretIndex finds feeds and channels by the Secrets that they read, as namespace/name.
	SecretIndex = "spec.secretRefs"
	// ReferenceIndex finds scenarios by what they name in their namespace, as kind/name.
	ReferenceIndex = "spec.references"
)

// Indexed says what resources refer to.
type Indexed struct {
	// WriteKey is the Secret that a feed reads its write key from.
	WriteKey func(*v1alpha1.EventFeed) types.NamespacedName
	// ChannelSecrets are those that a channel reads.
	ChannelSecrets func(*v1alpha1.MessageChannel) []types.NamespacedName
	// References are what a scenario names, as kind/name.
	References func(*v1alpha1.NurtureScenario) []string
}

// Index makes the indexes.
func Index(ctx context.Context, indexer client.FieldIndexer, by Indexed) error {
	for _, kind := range []client.Object{&v1alpha1.EventFeed{}, &v1alpha1.Funnel{}, &v1alpha1.NurtureScenario{}, &v1alpha1.MessageChannel{}} {
		byWorkspace := func(object client.Object) []string { return []string{workspaceOf(object).String()} }
		if err := indexer.IndexField(ctx, kind, WorkspaceIndex, byWorkspace); err != nil {
			return fmt.Errorf("index %T by workspace: %w", kind, err)
		}
	}
	bySecret := func(object client.Object) []string {
		return []string{by.WriteKey(object.(*v1alpha1.EventFeed)).String()}
	}
	if err := indexer.IndexField(ctx, &v1alpha1.EventFeed{}, SecretIndex, bySecret); err != nil {
		return fmt.Errorf("index feeds by Secret: %w", err)
	}
	bySecrets := func(object client.Object) []string {
		var names []string
		for _, name := range by.ChannelSecrets(object.(*v1alpha1.MessageChannel)) {
			names = append(names, name.String())
		}
		return names
	}
	if err := indexer.IndexField(ctx, &v1alpha1.MessageChannel{}, SecretIndex, bySecrets); err != nil {
		return fmt.Errorf("index channels by Secret: %w", err)
	}
	byReference := func(object client.Object) []string { return by.References(object.(*v1alpha1.NurtureScenario)) }
	if err := indexer.IndexField(ctx, &v1alpha1.NurtureScenario{}, ReferenceIndex, byReference); err != nil {
		return fmt.Errorf("index scenarios by what they name: %w", err)
	}
	return nil
}

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

// Workspace finds a workspace; nil when there is none.
func (r Roster) Workspace(ctx context.Context, name types.NamespacedName) (*v1alpha1.Workspace, error) {
	workspace := &v1alpha1.Workspace{}
	if err := r.Reader.Get(ctx, name, workspace); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read Workspace %s: %w", name, err)
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

func (r Roster) users(ctx context.Context, name types.NamespacedName, list client.ObjectList) ([]types.NamespacedName, error) {
	workspace, err := r.Workspace(ctx, name)
	if err != nil {
		return nil, err
	}
	if workspace == nil || !workspace.DeletionTimestamp.IsZero() {
		return nil, fmt.Errorf("read users of Workspace %s: it does not exist any more", name)
	}
	all, err := r.named(ctx, name, list)
	if err != nil {
		return nil, fmt.Errorf("list users of Workspace %s: %w", name, err)
	}
	return slices.DeleteFunc(all, func(user types.NamespacedName) bool { return !Admits(workspace, user.Namespace) }), nil
}

// named gives those that name a workspace, whether they may use it or not. Only names are taken, so the cache need not copy whole
// statuses.
func (r Roster) named(ctx context.Context, workspace types.NamespacedName, list client.ObjectList) ([]types.NamespacedName, error) {
	if err := r.Reader.List(ctx, list, client.MatchingFields{WorkspaceIndex: workspace.String()}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var names []types.NamespacedName
	err := meta.EachListItem(list, func(item runtime.Object) error {
		names = append(names, client.ObjectKeyFromObject(item.(client.Object)))
		return nil
	})
	return names, err
}

// FunnelRequests maps a workspace to all funnels that name it, whether they may use it or not.
func (r Roster) FunnelRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return r.requests(ctx, workspace, &v1alpha1.FunnelList{})
}

// FeedRequests maps a workspace to all feeds that name it, whether they may use it or not.
func (r Roster) FeedRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return r.requests(ctx, workspace, &v1alpha1.EventFeedList{})
}

// ScenarioRequests maps a workspace to all scenarios that name it, whether they may use it or not.
func (r Roster) ScenarioRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return r.requests(ctx, workspace, &v1alpha1.NurtureScenarioList{})
}

// ChannelRequests maps a workspace to all channels that name it, whether they may use it or not.
func (r Roster) ChannelRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return r.requests(ctx, workspace, &v1alpha1.MessageChannelList{})
}

// requests gives none only if an index is missing, which Index has seen to.
func (r Roster) requests(ctx context.Context, workspace client.Object, list client.ObjectList) []reconcile.Request {
	names, err := r.named(ctx, client.ObjectKeyFromObject(workspace), list)
	if err != nil {
		return nil
	}
	requests := make([]reconcile.Request, len(names))
	for i, name := range names {
		requests[i].NamespacedName = name
	}
	return requests
}

// SecretWorkspaces gives the workspaces of those that read a Secret.
func (r Roster) SecretWorkspaces(ctx context.Context, secret types.NamespacedName) []reconcile.Request {
	matching := client.MatchingFields{SecretIndex: secret.String()}
	var requests []reconcile.Request
	for _, list := range []client.ObjectList{&v1alpha1.EventFeedList{}, &v1alpha1.MessageChannelList{}} {
		if err := r.Reader.List(ctx, list, matching, client.UnsafeDisableDeepCopy); err != nil {
			continue // only if an index is missing, which Index has seen to
		}
		_ = meta.EachListItem(list, func(item runtime.Object) error {
			requests = append(requests, WorkspaceRequests(ctx, item.(client.Object))...)
			return nil
		})
	}
	return requests
}

// WorkspaceRequests maps a resource to the workspace that it names.
func WorkspaceRequests(_ context.Context, user client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: workspaceOf(user)}}
}
