// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

func crmFeed() *v1alpha1.EventFeed {
	return &v1alpha1.EventFeed{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "crm"},
		Spec: v1alpha1.EventFeedSpec{
			HTTP: &v1alpha1.HTTPSource{
				Protocols: []v1alpha1.HTTPProtocol{v1alpha1.HTTPProtocolWebhook},
				CORS:      &v1alpha1.CORSPolicy{AllowOrigins: []string{"https://shop.example"}},
				RateLimit: &v1alpha1.RateLimit{EventsPerSecond: 50},
			},
			Trust:      v1alpha1.TrustServer,
			AllowTypes: []v1alpha1.EventType{"deal.*"},
			Mapping:    &v1alpha1.EventMapping{Contact: "body.email", Type: "'deal.' + body.status", Drop: "body.test"},
		},
	}
}

func TestFromFeed(t *testing.T) {
	t.Parallel()
	got, errs := definition.FromFeed(crmFeed(), moscow())
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	want := definition.Feed{
		Namespace: "shop", Name: "crm", Protocols: []string{"Webhook"}, AllowTypes: []string{"deal.*"}, AllowOrigins: []string{"https://shop.example"},
		EventsPerSecond: 50, Burst: 100, MaxBodyBytes: 1 << 20,
		Mapping: definition.Mapping{Contact: "body.email", Type: "'deal.' + body.status", Drop: "body.test", TimeZone: "Europe/Moscow"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meaning differs (-want +got):\n%s", diff)
	}
}

func TestFromFeedDefaults(t *testing.T) {
	t.Parallel()
	got, errs := definition.FromFeed(&v1alpha1.EventFeed{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: v1alpha1.EventFeedSpec{HTTP: &v1alpha1.HTTPSource{}},
	}, nil)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	want := definition.Feed{Namespace: "shop", Name: "web", Public: true, Protocols: []string{"CloudEvents", "Segment"}, MaxBodyBytes: 1 << 20}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("meaning differs (-want +got):\n%s", diff)
	}
}

func TestFromFeedErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change       func(*v1alpha1.EventFeed)
		reason, want string
	}{
		"a mapping with a slip": {
			change: func(f *v1alpha1.EventFeed) { f.Spec.Mapping.Type = "'deal.' + body.status)" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.mapping.type: Invalid value: "'deal.' + body.status)": line 1, column 22: ")": cannot be read: the parentheses do not match`,
		},
		"a drop that is no condition": {
			change: func(f *v1alpha1.EventFeed) { f.Spec.Mapping.Drop = "'x'" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.mapping.drop: Invalid value: "'x'": line 1, column 1: "'x'": gives a text where a yes or no is needed: write a comparison, such as event.data.price > 0`,
		},
		"kafka": {
			change: func(f *v1alpha1.EventFeed) { f.Spec.HTTP, f.Spec.Kafka = nil, &v1alpha1.KafkaSource{} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.kafka: Unsupported value: this version of Waymark does not support it yet: write http",
		},
		"nats": {
			change: func(f *v1alpha1.EventFeed) { f.Spec.HTTP, f.Spec.NATS = nil, &v1alpha1.NATSSource{} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.nats: Unsupported value: this version of Waymark does not support it yet: write http",
		},
		"no source": {
			change: func(f *v1alpha1.EventFeed) { f.Spec.HTTP = nil },
			reason: v1alpha1.ReasonInvalidSpec, want: "spec.http: Required value: say where events come from",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed := crmFeed()
			tt.change(feed)
			_, errs := definition.FromFeed(feed, nil)
			if len(errs) != 1 {
				t.Fatalf("%d errors, want one: %v", len(errs), errs)
			}
			if diff := cmp.Diff(tt.want, errs[0].Error()); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
			if got := definition.Reason(errs); got != tt.reason {
				t.Errorf("reason %s, want %s", got, tt.reason)
			}
		})
	}
}

func TestNewFeedsOrdersAndVersions(t *testing.T) {
	t.Parallel()
	a, b := definition.Feed{Namespace: "a", Name: "z"}, definition.Feed{Namespace: "b", Name: "a", WriteKeys: []string{"k"}}
	one, err := definition.NewFeeds([]definition.Feed{b, a})
	if err != nil {
		t.Fatal(err)
	}
	other, err := definition.NewFeeds([]definition.Feed{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, other); diff != "" || one.Feeds[0].Name != "z" || one.Version == "" {
		t.Errorf("feeds depend on the order they came in (-one +other):\n%s", diff)
	}
	b.WriteKeys[0] = "l"
	if changed, err := definition.NewFeeds([]definition.Feed{a, b}); err != nil || changed.Version == one.Version {
		t.Errorf("another key keeps the version %s (error %v)", one.Version, err)
	}
}

func TestFeedsAllowTypes(t *testing.T) {
	t.Parallel()
	narrow := definition.Feed{AllowTypes: []string{"order.*", "page.viewed", "Odd*", "a.*.b"}}
	for eventType, want := range map[string]bool{
		"order.completed": true, "order.": true, "order": false, "orders.completed": false,
		"page.viewed": true, "page.viewed.twice": false, "Odd*": true, "Odder": false, "a.*.b": true, "a.x.b": false,
	} {
		if got := narrow.Allows(eventType); got != want {
			t.Errorf("type %q is allowed: %t, want %t", eventType, got, want)
		}
	}
	if anything := (definition.Feed{}); !anything.Allows("order") {
		t.Error("a feed without a list refuses a type")
	}
}
