// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventfeed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// observed is a feed that is served as its spec says.
func observed(change ...func(*observation)) observation {
	o := observation{
		feed: &v1alpha1.EventFeed{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "site", Generation: 1},
			Spec:       v1alpha1.EventFeedSpec{WorkspaceRef: v1alpha1.WorkspaceReference{Name: "shop"}, HTTP: &v1alpha1.HTTPSource{}},
		},
		workspaceName: types.NamespacedName{Namespace: "sales", Name: "shop"},
		workspace:     &v1alpha1.Workspace{ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop"}},
	}
	resolve(&o)
	o.served = definition.Feeds{Version: "2", Feeds: []definition.Feed{o.resolution.Feed}}
	o.view = plane.View{State: plane.Connected, Reports: []control.Report{{FeedsVersion: "2"}}}
	for _, c := range change {
		c(&o)
	}
	return o
}

// resolve does what a Resolver does, with a write key from nowhere.
func resolve(o *observation) {
	o.resolution = feedset.Resolution{}
	o.resolution.Feed, o.resolution.Errors = definition.FromFeed(o.feed, o.workspace)
	o.resolution.Feed.WriteKeys = []string{"k"}
}

func TestVerdict(t *testing.T) {
	tests := map[string]struct {
		observed observation
		want     string
		says     string
	}{
		"served": {observed: observed(), want: "True Succeeded"},
		"no workspace": {
			observed: observed(func(o *observation) { o.workspace = nil }),
			want:     "False WorkspaceNotFound Reconciling", says: "Workspace sales/shop",
		},
		"a workspace that does not admit its namespace": {
			observed: observed(func(o *observation) { o.feed.Namespace = "guest" }),
			want:     "False NamespaceNotAllowed Reconciling", says: "spec.allowedNamespaces",
		},
		"a mapping that does not compile": {
			observed: observed(func(o *observation) {
				o.feed.Spec.Mapping = &v1alpha1.EventMapping{Contact: "evnt.contact"}
				resolve(o)
			}),
			want: "False InvalidExpression Stalled", says: "as before",
		},
		"Kafka": {
			observed: observed(func(o *observation) {
				o.feed.Spec.HTTP, o.feed.Spec.Kafka = nil, &v1alpha1.KafkaSource{}
				resolve(o)
			}),
			want: "False NotSupported Stalled", says: "spec.kafka",
		},
		"no Secret": {
			observed: observed(func(o *observation) {
				o.resolution.KeyReason, o.resolution.KeyMessage = v1alpha1.ReasonSecretNotFound, "Secret key does not exist yet"
			}),
			want: "False SecretNotFound Reconciling", says: "Secret key",
		},
		"another feed's key": {
			observed: observed(func(o *observation) {
				o.served.Feeds = []definition.Feed{{Namespace: "sales", Name: "app", WriteKeys: []string{"k"}}}
			}),
			want: "False InvalidSecret Reconciling", says: "key of its own",
		},
		"pods that are given another version": {
			observed: observed(func(o *observation) { o.served.Feeds = nil }), want: "False Progressing Reconciling",
		},
		"pods that have not taken it over": {
			observed: observed(func(o *observation) { o.view.Reports[0].FeedsVersion = "1" }), want: "False Progressing Reconciling",
		},
		"no pod":                        {observed: observed(func(o *observation) { o.view = plane.View{} }), want: "False WorkspaceNotReady Reconciling"},
		"a runner that does not answer": {observed: observed(func(o *observation) { o.view.State = plane.Unreachable }), want: "False RunnerUnreachable Reconciling"},
		"an operator that has just started": {
			observed: observed(func(o *observation) {
				status.Succeeded("served").Apply(o.feed, noon)
				o.view = plane.View{State: plane.Connecting}
			}),
			want: "as before",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, message := "as before", ""
			if v := decide(tc.observed); v != nil {
				progress := map[status.Progress]string{status.Reconciling: " Reconciling", status.Stalled: " Stalled"}[v.Progress]
				got, message = string(v.Ready)+" "+v.Reason+progress, v.Message
			}
			if got != tc.want || !strings.Contains(message, tc.says) {
				t.Errorf("verdict %q with %q, want %q with %q", got, message, tc.want, tc.says)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	o := observed(func(o *observation) {
		o.view.Reports[0].Feeds = []control.Feed{{Key: "sales/site", Accepted: 7, Dropped: 1, Refused: map[string]int64{"TooLarge": 2, "Malformed": 1, "RateLimited": 0}}}
	})
	write(o, decide(o), noon)
	want := v1alpha1.EventFeedStatus{
		ObservedGeneration: 1,
		Source:             "HTTP",
		HTTP: &v1alpha1.HTTPSourceStatus{
			URL:                "http://shop-ingest.sales.svc/sales/site",
			WriteKeySecretName: "site-write-key",
			WriteKeySecretKey:  "writeKey",
		},
		Events: &v1alpha1.EventCounts{
			Accepted: 7, Rejected: 3, Dropped: 1,
			Rejections: []v1alpha1.RejectionCount{{Reason: "Malformed", Count: 1}, {Reason: "TooLarge", Count: 2}},
		},
		Conditions: o.feed.Status.Conditions,
	}
	if diff := cmp.Diff(want, o.feed.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestCountsStayWhileTheRunnerDoesNotAnswer(t *testing.T) {
	o := observed(func(o *observation) {
		o.feed.Status.Events = &v1alpha1.EventCounts{Accepted: 7}
		o.view.State = plane.Unreachable
	})
	write(o, decide(o), noon)
	if o.feed.Status.Events == nil || o.feed.Status.Events.Accepted != 7 {
		t.Errorf("events %+v, want the last ones", o.feed.Status.Events)
	}
}

func TestRejectionsAreBounded(t *testing.T) {
	refused := map[string]int64{}
	for i := range 40 {
		refused[fmt.Sprintf("Reason%02d", i)] = int64(i + 1)
	}
	events := counts(control.Feed{Refused: refused})
	if len(events.Rejections) != maxRejections || events.Rejections[0].Count != 40 || events.Rejected != 820 {
		t.Errorf("%d rejections from %d on, %d in all; want the 16 largest and the sum of all", len(events.Rejections), events.Rejections[0].Count, events.Rejected)
	}
}

func TestNewKeysDiffer(t *testing.T) {
	if a, b := NewKey(), NewKey(); a == b || len(a) < 20 {
		t.Errorf("keys %q and %q", a, b)
	}
}
