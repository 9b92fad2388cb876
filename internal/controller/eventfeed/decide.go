// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfeed

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// maxRejections bounds status.events.rejections.
const maxRejections = 16

// observation is all that a decision on an EventFeed depends on.
type observation struct {
	feed          *v1alpha1.EventFeed
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	resolution    feedset.Resolution
	served        definition.Feeds // what the pods are given
	view          plane.View
}

// decide gives the verdict on an EventFeed; nil keeps the one of before, as in the seconds after the operator started. It is pure.
func decide(o observation) *status.Verdict {
	if invalid := status.Invalid(o.resolution.Errors, goesOn(o)); invalid != nil {
		return invalid
	}
	if unadmitted := status.Unadmitted(o.feed, o.workspaceName, o.workspace); unadmitted != nil {
		return unadmitted
	}
	switch {
	case o.resolution.KeyReason != "":
		return new(status.Waiting(o.resolution.KeyReason, o.resolution.KeyMessage))
	case feedset.KeyIsTaken(o.served, o.resolution.Feed):
		return new(status.Waiting(v1alpha1.ReasonInvalidSecret,
			"another feed of the workspace has this write key: give each feed a key of its own"))
	}
	return serving(o)
}

// goesOn ends a message about a spec that does not come into force.
func goesOn(o observation) string {
	if _, served := feedset.Find(o.served, o.feed.Namespace, o.feed.Name); served {
		return "; events go on being taken as before"
	}
	return ""
}

// serving says whether the pods serve the feed as its spec says.
func serving(o observation) *status.Verdict {
	if unheard, heard := status.Unheard(o.view, o.workspaceName, o.feed, "the runner does not answer"); !heard {
		return unheard
	}
	handed, _ := feedset.Find(o.served, o.feed.Namespace, o.feed.Name)
	if !equality.Semantic.DeepEqual(handed, o.resolution.Feed) || !o.view.ServesFeeds(o.served.Version) {
		return new(status.Waiting(v1alpha1.ReasonProgressing, "the runner has not taken over this version yet"))
	}
	return new(status.Succeeded("events are taken in"))
}

// write puts the verdict and all that is known about the feed into its status.
func write(o observation, verdict *status.Verdict, now time.Time) {
	feed := o.feed
	if verdict != nil {
		verdict.Apply(feed, now)
		feed.Status.ObservedGeneration = feed.Generation
	}
	feed.Status.Source = source(feed)
	feed.Status.HTTP = address(o)
	if o.view.State == plane.Connected {
		feed.Status.Events = counts(o.view.Feed(client.ObjectKeyFromObject(feed).String()))
	}
}

func source(feed *v1alpha1.EventFeed) string {
	switch {
	case feed.Spec.Kafka != nil:
		return "Kafka"
	case feed.Spec.NATS != nil:
		return "NATS"
	}
	return "HTTP"
}

func address(o observation) *v1alpha1.HTTPSourceStatus {
	if o.feed.Spec.HTTP == nil {
		return nil
	}
	secret, key := feedset.WriteKey(o.feed)
	address := &v1alpha1.HTTPSourceStatus{WriteKeySecretName: secret.Name, WriteKeySecretKey: key}
	if o.workspace != nil && roster.Admits(o.workspace, o.feed.Namespace) {
		address.URL = resources.FeedURL(o.workspace, o.feed)
	}
	return address
}

// counts gives nil before anything came.
func counts(f control.Feed) *v1alpha1.EventCounts {
	events := &v1alpha1.EventCounts{Accepted: f.Accepted, Dropped: f.Dropped, Clamped: f.Clamped}
	for _, reason := range slices.Sorted(maps.Keys(f.Refused)) {
		if f.Refused[reason] == 0 {
			continue
		}
		events.Rejected += f.Refused[reason]
		events.Rejections = append(events.Rejections, v1alpha1.RejectionCount{
			Reason: v1alpha1.RejectionReason(reason),
			Count:  f.Refused[reason],
		})
	}
	if events.Accepted == 0 && events.Dropped == 0 && events.Rejected == 0 {
		return nil
	}
	if len(events.Rejections) > maxRejections {
		slices.SortStableFunc(events.Rejections, func(a, b v1alpha1.RejectionCount) int { return cmp.Compare(b.Count, a.Count) })
		events.Rejections = events.Rejections[:maxRejections]
	}
	return events
}
