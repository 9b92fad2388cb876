// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

// builder takes indexes as the operator's cache does.
type builder struct{ *fake.ClientBuilder }

func (b builder) IndexField(_ context.Context, kind client.Object, field string, by client.IndexerFunc) error {
	b.WithIndex(kind, field, by)
	return nil
}

// users are a feed, a channel and a scenario of the workspace shop. The feed and the channel read the Secret keys, and the scenario names
// the channel.
func users(t *testing.T) Roster {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "sales", Name: name} }
	of := v1alpha1.WorkspaceReference{Name: "shop"}
	b := builder{fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&v1alpha1.EventFeed{ObjectMeta: meta("site"), Spec: v1alpha1.EventFeedSpec{WorkspaceRef: of}},
		&v1alpha1.MessageChannel{ObjectMeta: meta("mail"), Spec: v1alpha1.MessageChannelSpec{WorkspaceRef: of}},
		&v1alpha1.NurtureScenario{ObjectMeta: meta("cart"), Spec: v1alpha1.NurtureScenarioSpec{WorkspaceRef: of}},
	)}
	keys := types.NamespacedName{Namespace: "sales", Name: "keys"}
	indexed := Indexed{
		WriteKey:       func(*v1alpha1.EventFeed) types.NamespacedName { return keys },
		ChannelSecrets: func(*v1alpha1.MessageChannel) []types.NamespacedName { return []types.NamespacedName{keys} },
		References:     func(*v1alpha1.NurtureScenario) []string { return []string{"MessageChannel/mail"} },

		FunnelReferences:  func(*v1alpha1.Funnel) []string { return []string{"Segment/loyal"} },
		JourneyReferences: func(*v1alpha1.Journey) []string { return []string{"Funnel/shop"} },
	}
	if err := Index(t.Context(), b, indexed); err != nil {
		t.Fatal(err)
	}
	return Roster{Reader: b.Build()}
}

func TestWhoIsToLookAgainAfterAChange(t *testing.T) {
	object := func(namespace, name, workspace string) client.Object {
		o := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		if workspace != "" {
			o.Labels = map[string]string{resources.WorkspaceLabel: workspace}
		}
		return o
	}
	r := users(t)
	tests := map[string]struct {
		asked   func(context.Context, client.Object) []reconcile.Request
		changed client.Object
		want    []string
	}{
		"a feed whose write key changed":         {r.FeedSecretRequests, object("sales", "keys", ""), []string{"site"}},
		"a channel whose secret changed":         {r.ChannelSecretRequests, object("sales", "keys", ""), []string{"mail"}},
		"nobody reads a Secret":                  {r.FeedSecretRequests, object("sales", "other", ""), nil},
		"the pods are given other feeds":         {r.FeedSecretRequests, object("sales", resources.FeedsSecretName("shop"), "shop"), []string{"site"}},
		"the pods are given other channels":      {r.ChannelSecretRequests, object("sales", resources.DeliverySecretName("shop"), "shop"), []string{"mail"}},
		"the pods are given something else":      {r.ChannelSecretRequests, object("sales", resources.FeedsSecretName("shop"), "shop"), nil},
		"a scenario whose channel changed":       {r.NamingRequests("MessageChannel"), object("sales", "mail", ""), []string{"cart"}},
		"another kind of that name":              {r.NamingRequests("Funnel"), object("sales", "mail", ""), nil},
		"another namespace has one of that name": {r.NamingRequests("MessageChannel"), object("web", "mail", ""), nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, request := range tc.asked(t.Context(), tc.changed) {
				got = append(got, request.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("asked to look again (-want +got):\n%s", diff)
			}
		})
	}
}
