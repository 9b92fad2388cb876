// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package roster knows which feeds and funnels use which workspace, and whether they may.
package roster

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Indexes of the operator's cache.
const (
	// WorkspaceIndex finds feeds and funnels by the workspace that they name, as namespace/name.
	WorkspaceIndex = "spec.workspaceRef"
	// SecretIndex finds feeds by the Secret that they read their write key from, as namespace/name.
	SecretIndex = "spec.http.writeKeySecretRef"
)

// Index makes the indexes.
func Index(ctx context.Context, indexer client.FieldIndexer, writeKey func(*v1alpha1.EventFeed) types.NamespacedName) error {
	for _, kind := range []client.Object{&v1alpha1.EventFeed{}, &v1alpha1.Funnel{}} {
		byWorkspace := func(object client.Object) []string { return []string{workspaceOf(object).String()} }
		if err := indexer.IndexField(ctx, kind, WorkspaceIndex, byWorkspace); err != nil {
			return fmt.Errorf("index %T by workspace: %w", kind, err)
		}
	}
	bySecret := func(object client.Object) []string { return []string{writeKey(object.(*v1alpha1.EventFeed)).String()} }
	if err := indexer.IndexField(ctx, &v1alpha1.EventFeed{}, SecretIndex, bySecret); err != nil {
		return fmt.Errorf("index feeds by Secret: %w", err)
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
	var funnels v1alpha1.FunnelList
	return r.users(ctx, workspace, &funnels, func(admitted func(client.Object)) {
		for i := range funnels.Items {
			admitted(&funnels.Items[i])
		}
	})
}

// Feeds are likewise the feeds.
func (r Roster) Feeds(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error) {
	var feeds v1alpha1.EventFeedList
	return r.users(ctx, workspace, &feeds, func(admitted func(client.Object)) {
		for i := range feeds.Items {
			admitted(&feeds.Items[i])
		}
	})
}

func (r Roster) users(ctx context.Context, name types.NamespacedName, list client.ObjectList, each func(func(client.Object))) ([]types.NamespacedName, error) {
	workspace, err := r.Workspace(ctx, name)
	if err != nil {
		return nil, err
	}
	if workspace == nil || !workspace.DeletionTimestamp.IsZero() {
		return nil, fmt.Errorf("read users of Workspace %s: it does not exist any more", name)
	}
	// Only names are taken, so the cache need not copy whole statuses.
	options := []client.ListOption{client.MatchingFields{WorkspaceIndex: name.String()}, client.UnsafeDisableDeepCopy}
	if err := r.Reader.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("list users of Workspace %s: %w", name, err)
	}
	var names []types.NamespacedName
	each(func(user client.Object) {
		if Admits(workspace, user.GetNamespace()) {
			names = append(names, client.ObjectKeyFromObject(user))
		}
	})
	return names, nil
}

// FunnelRequests maps a workspace to all funnels that name it, whether they may use it or not.
func (r Roster) FunnelRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	var funnels v1alpha1.FunnelList
	if r.list(ctx, workspace, &funnels) != nil {
		return nil
	}
	requests := make([]reconcile.Request, len(funnels.Items))
	for i := range funnels.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&funnels.Items[i])
	}
	return requests
}

// FeedRequests maps a workspace to all feeds that name it, whether they may use it or not.
func (r Roster) FeedRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	var feeds v1alpha1.EventFeedList
	if r.list(ctx, workspace, &feeds) != nil {
		return nil
	}
	requests := make([]reconcile.Request, len(feeds.Items))
	for i := range feeds.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&feeds.Items[i])
	}
	return requests
}

// list fails only if an index is missing, which Index has seen to.
func (r Roster) list(ctx context.Context, workspace client.Object, into client.ObjectList) error {
	name := client.ObjectKeyFromObject(workspace).String()
	return r.Reader.List(ctx, into, client.MatchingFields{WorkspaceIndex: name}, client.UnsafeDisableDeepCopy)
}

// WorkspaceRequests maps a feed or a funnel to the workspace that it names.
func WorkspaceRequests(_ context.Context, user client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: workspaceOf(user)}}
}
