// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/resources"
)

// FunnelRequests maps a workspace to all funnels that name it, whether they may use it or not.
func (r Roster) FunnelRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.FunnelList{}))
}

// FeedRequests maps a workspace to all feeds that name it, whether they may use it or not.
func (r Roster) FeedRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.EventFeedList{}))
}

// ScenarioRequests maps a workspace to all scenarios that name it, whether they may use it or not.
func (r Roster) ScenarioRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.NurtureScenarioList{}))
}

// ChannelRequests maps a workspace to all channels that name it, whether they may use it or not.
func (r Roster) ChannelRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.MessageChannelList{}))
}

// SegmentRequests maps a workspace to all segments that name it, whether they may use it or not.
func (r Roster) SegmentRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.SegmentList{}))
}

// JourneyRequests maps a workspace to all journeys that name it, whether they may use it or not.
func (r Roster) JourneyRequests(ctx context.Context, workspace client.Object) []reconcile.Request {
	return requests(r.named(ctx, client.ObjectKeyFromObject(workspace), &v1alpha1.JourneyList{}))
}

// FeedSecretRequests maps a Secret to the feeds that read it, and the one by which a workspace's pods are given their feeds to all of them.
func (r Roster) FeedSecretRequests(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.secretRequests(ctx, secret, resources.FeedsSecretName, &v1alpha1.EventFeedList{})
}

// ChannelSecretRequests maps a Secret to the channels that read it, and the one by which a workspace's pods are given their channels to
// all of them.
func (r Roster) ChannelSecretRequests(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.secretRequests(ctx, secret, resources.DeliverySecretName, &v1alpha1.MessageChannelList{})
}

// secretRequests is for a kind that the pods of each workspace are given by a Secret of the name given.
func (r Roster) secretRequests(ctx context.Context, secret client.Object, given func(workspace string) string, list client.ObjectList) []reconcile.Request {
	workspace := secret.GetLabels()[resources.WorkspaceLabel]
	switch {
	case workspace == "":
		return requests(r.names(ctx, list, client.MatchingFields{SecretIndex: client.ObjectKeyFromObject(secret).String()}))
	case secret.GetName() == given(workspace):
		return requests(r.named(ctx, types.NamespacedName{Namespace: secret.GetNamespace(), Name: workspace}, list))
	}
	return nil
}

// NamingRequests maps an object of a kind to the scenarios that name it.
func (r Roster) NamingRequests(kind string) handler.MapFunc {
	return func(ctx context.Context, named client.Object) []reconcile.Request {
		return requests(r.naming(ctx, kind, named.GetNamespace(), named.GetName(), &v1alpha1.NurtureScenarioList{}))
	}
}

// FunnelNamingRequests maps an object of a kind to the funnels that name it.
func (r Roster) FunnelNamingRequests(kind string) handler.MapFunc {
	return func(ctx context.Context, named client.Object) []reconcile.Request {
		return requests(r.naming(ctx, kind, named.GetNamespace(), named.GetName(), &v1alpha1.FunnelList{}))
	}
}

// JourneyNamingRequests maps an object of a kind to the journeys that name it, or whose funnel does.
func (r Roster) JourneyNamingRequests(kind string) handler.MapFunc {
	return func(ctx context.Context, named client.Object) []reconcile.Request {
		namespace := named.GetNamespace()
		all := requests(r.naming(ctx, kind, namespace, named.GetName(), &v1alpha1.JourneyList{}))
		for _, funnel := range requests(r.naming(ctx, kind, namespace, named.GetName(), &v1alpha1.FunnelList{})) {
			all = append(all, requests(r.naming(ctx, definition.KindFunnel, namespace, funnel.Name, &v1alpha1.JourneyList{}))...)
		}
		return all
	}
}

// naming gives those of a kind that name an object of another.
func (r Roster) naming(ctx context.Context, kind, namespace, name string, list client.ObjectList) ([]types.NamespacedName, error) {
	return r.names(ctx, list, client.InNamespace(namespace), client.MatchingFields{ReferenceIndex: kind + "/" + name})
}

// requests are for all that were found. They are not found only if an index is missing, which Index has seen to.
func requests(names []types.NamespacedName, err error) []reconcile.Request {
	if err != nil {
		return nil
	}
	all := make([]reconcile.Request, len(names))
	for i, name := range names {
		all[i].NamespacedName = name
	}
	return all
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
