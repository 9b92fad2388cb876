// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

// Defaults are stated in the resource definitions and, for programs that read manifests from files, in Default.
var _ = Describe("Default", func() {
	DescribeTable("does what the API server does", func(ctx SpecContext, text string, object interface {
		client.Object
		Default()
	}) {
		answer := manifest(text)
		Expect(apiClient.Create(ctx, answer, client.DryRunAll)).To(Succeed())

		Expect(yaml.Unmarshal([]byte(text), object)).To(Succeed())
		object.Default()
		filled, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		Expect(err).NotTo(HaveOccurred())

		Expect(cmp.Diff(answer.Object["spec"], filled["spec"])).To(BeEmpty(), "the API server's spec (-), Default's (+)")
		Expect(cmp.Diff(answer.Object["status"], filled["status"])).To(BeEmpty(), "the API server's status (-), Default's (+)")
	},
		Entry("to a workspace", validWorkspace, &waymark.Workspace{}),
		Entry("to a workspace that says little", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  eventLog: {retention: {}, nats: {url: "nats://nats:4222"}}
  runner: {}
  policy:
    quietHours: {from: "21:00", to: "09:00"}
    frequencyCap: {messages: 3, per: 7d}
`, &waymark.Workspace{}),
		Entry("to a feed", validEventFeed, &waymark.EventFeed{}),
		Entry("to a feed with CORS", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  http: {cors: {allowOrigins: ["*"]}}
`, &waymark.EventFeed{}),
		Entry("to a feed from Kafka", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  kafka: {brokers: ["kafka:9092"], topics: [orders]}
`, &waymark.EventFeed{}),
		Entry("to a feed from NATS", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  nats: {url: "nats://nats:4222", stream: ORDERS}
`, &waymark.EventFeed{}),
		Entry("to a funnel", validFunnel, &waymark.Funnel{}),
		Entry("to a funnel with breakdowns and exclusions", validFunnel+`
  breakdowns: [{name: source, by: event.data.utm_source, at: visit}]
  exclusions: [{event: order.cancelled}]
`, &waymark.Funnel{}),
		Entry("to a policy that asks for consent", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  eventLog: {nats: {url: "nats://nats:4222"}}
  policy: {consent: {topics: [{name: offers}]}}
`, &waymark.Workspace{}),
		Entry("to a scenario", validNurtureScenario, &waymark.NurtureScenario{}),
		Entry("to a scenario on a schedule", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: NurtureScenario
metadata: {name: news}
spec:
  workspaceRef: {name: default}
  trigger: {schedule: {cron: "0 10 * * MON"}}
  entry: {}
  steps: [{name: send, send: {channelRef: {name: mail}, text: News}}]
`, &waymark.NurtureScenario{}),
		Entry("to a channel", validMessageChannel+`
  limits: {warmUp: {since: 2026-01-01, first: 10, until: 1000}}
  breaker: {bounces: 5%}
`, &waymark.MessageChannel{}),
		Entry("to a segment", validSegment, &waymark.Segment{}),
		Entry("to a journey", validJourney, &waymark.Journey{}),
		Entry("to a journey with a survey and an improvement", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Journey
metadata: {name: first-purchase}
spec:
  workspaceRef: {name: default}
  funnelRef: {name: shop}
  survey: {}
  stages:
  - {name: cart, improvements: [{name: free-delivery, since: "2026-10-01T00:00:00Z"}]}
`, &waymark.Journey{}),
		Entry("to a webhook", `
apiVersion: marketing.waymark.dev/v1alpha1
kind: MessageChannel
metadata: {name: sms}
spec:
  workspaceRef: {name: default}
  webhook: {url: "https://sms.example.com/"}
`, &waymark.MessageChannel{}),
	)
})
