// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

// The rules of a resource cost the API server time, which it bounds. They must stay within that bound for the largest
// resource that the schema lets through.
var _ = Describe("The largest resources", func() {
	for _, resource := range []client.Object{largestFunnel(), largestWorkspace(), largestEventFeed(), largestScenario(), largestMessageChannel(),
		largestSegment(), largestJourney(), journeyOfManyThings()} {
		It(fmt.Sprintf("are accepted: %T", resource), func(ctx SpecContext) {
			Expect(apiClient.Create(ctx, resource, client.DryRunAll)).To(Succeed())
		})
	}
})

func metadata() metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "default", Name: "largest"}
}

// label gives a DNS label of the greatest length; different numbers give different labels.
func label(n int) string { return strings.Repeat("a", 61) + fmt.Sprintf("%02d", n) }

func expression(length int) waymark.Expression {
	return waymark.Expression(strings.Repeat("<", length))
}

func eventType(n int) waymark.EventType {
	return waymark.EventType(strings.Repeat("т", 98) + fmt.Sprintf("%02d", n))
}

func largestFunnel() *waymark.Funnel {
	const longest waymark.Duration = "9999w9999d9999h9999m9999s"
	spec := waymark.FunnelSpec{
		WorkspaceRef:  waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Window:        longest,
		Period:        &waymark.FunnelPeriod{Between: &waymark.DateRange{From: "2026-01-01", To: "2026-12-31"}},
		Order:         waymark.OrderStrict,
		CorrelateBy:   expression(512),
		TriggerMaxAge: longest,
	}
	for i := range 16 {
		stage := waymark.FunnelStage{
			Name: label(i), Title: strings.Repeat("Ы", 64), Value: expression(256), DropAfter: longest,
			Refund: &waymark.StageRefund{Event: eventType(i), Amount: expression(128), MatchBy: expression(128)},
		}
		for j := range 4 {
			stage.AnyOf = append(stage.AnyOf, waymark.EventMatch{Event: eventType(j), Where: expression(256)})
		}
		spec.Stages = append(spec.Stages, stage)
		spec.Ignore = append(spec.Ignore, eventType(i))
	}
	spec.Stages[15].DropAfter = ""
	for i := range 3 {
		spec.Breakdowns = append(spec.Breakdowns, waymark.FunnelBreakdown{Name: label(i), By: expression(256), At: label(15)})
	}
	for range 8 {
		spec.Exclusions = append(spec.Exclusions,
			waymark.FunnelExclusion{Event: eventType(0), Where: expression(256), After: label(14), Before: label(15)})
	}
	for i := 1; i < 16; i++ {
		spec.Targets = append(spec.Targets, waymark.FunnelTarget{Stage: label(i), Conversion: "99.99%"})
	}
	return &waymark.Funnel{ObjectMeta: metadata(), Spec: spec}
}

func largestWorkspace() *waymark.Workspace {
	workspace := &waymark.Workspace{ObjectMeta: metadata(), Spec: waymark.WorkspaceSpec{
		PublicURL: "https://go.example.com/" + strings.Repeat("p", 512-len("https://go.example.com/")),
		EventLog: waymark.EventLogSpec{NATS: &waymark.NATSLogSpec{
			URL: "nats://" + strings.Repeat("n", 505), CredentialsSecretRef: &waymark.SecretReference{Name: strings.Repeat("s", 253)}}},
		Runner: &waymark.RunnerSpec{NodeSelector: map[string]string{}},
		Policy: &waymark.MessagingPolicy{Consent: &waymark.ConsentPolicy{}},
	}}
	spec := &workspace.Spec
	for i := range 16 {
		spec.Runner.NodeSelector[strings.Repeat("k", 314)+fmt.Sprintf("%02d", i)] = strings.Repeat("v", 63)
		spec.Runner.Tolerations = append(spec.Runner.Tolerations,
			waymark.Toleration{Key: strings.Repeat("k", 316), Operator: "Equal", Value: strings.Repeat("v", 63), Effect: "PreferNoSchedule"})
	}
	for i := range 32 {
		spec.Policy.Consent.Topics = append(spec.Policy.Consent.Topics,
			waymark.ConsentTopic{Name: label(i), Title: strings.Repeat("Ы", 64)})
	}
	for i := range 64 {
		spec.AllowedNamespaces = append(spec.AllowedNamespaces, label(i))
	}
	return workspace
}

func largestEventFeed() *waymark.EventFeed {
	feed := &waymark.EventFeed{ObjectMeta: metadata(), Spec: waymark.EventFeedSpec{
		WorkspaceRef: waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Kafka:        &waymark.KafkaSource{Format: waymark.MessageFormatJSON},
		Mapping: &waymark.EventMapping{
			Contact: expression(512), Type: expression(512), Time: expression(512),
			ID: expression(512), Data: expression(512), Drop: expression(512),
		},
	}}
	for i := range 64 {
		feed.Spec.AllowTypes = append(feed.Spec.AllowTypes, eventType(i))
	}
	for i := range 16 {
		feed.Spec.Kafka.Brokers = append(feed.Spec.Kafka.Brokers, strings.Repeat("b", 253)+fmt.Sprintf("%02d:65535", i))
	}
	for i := range 32 {
		feed.Spec.Kafka.Topics = append(feed.Spec.Kafka.Topics, strings.Repeat("t", 247)+fmt.Sprintf("%02d", i))
	}
	return feed
}

// largestScenario has as many steps as there may be, with as many things in them as the rules about their texts let through.
func largestScenario() *waymark.NurtureScenario {
	const longest waymark.Duration = "9999w9999d9999h9999m9999s"
	spec := waymark.NurtureScenarioSpec{
		WorkspaceRef: waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Trigger:      waymark.ScenarioTrigger{Event: &waymark.EventTrigger{Type: eventType(0), Where: expression(512)}},
		Audience:     expression(512),
		Entry:        &waymark.ScenarioEntry{Cooldown: longest, Key: expression(512)},
		Goal:         &waymark.ScenarioGoal{Event: eventType(0), Where: expression(512), Value: expression(512), Within: longest},
		Redirects:    map[string]waymark.StepName{},
	}
	for i := range 8 {
		spec.Exits = append(spec.Exits, waymark.EventMatch{Event: eventType(i), Where: expression(256)})
	}
	for i := range 32 {
		spec.Redirects[strings.Repeat("b", 61)+fmt.Sprintf("%02d", i)] = waymark.StepName(label(63))
	}
	for i := range 64 {
		step := waymark.ScenarioStep{Name: waymark.StepName(label(i)), Then: waymark.StepName(label(63))}
		switch {
		case i < 3:
			step.Send = largestSend()
		case i < 5:
			step.WaitFor = &waymark.WaitForStep{AnyOf: make([]waymark.Awaited, 8)}
			for j := range step.WaitFor.AnyOf {
				step.WaitFor.AnyOf[j] = waymark.Awaited{Event: eventType(j), Of: waymark.StepName(label(0)), Then: waymark.StepName(label(63))}
			}
		default:
			step.Split = &waymark.SplitStep{}
			for j := range 4 {
				step.Split.Ways = append(step.Split.Ways, waymark.SplitWay{Name: label(j), Percent: "99.99%", Then: waymark.StepName(label(63))})
			}
		}
		spec.Steps = append(spec.Steps, step)
	}
	return &waymark.NurtureScenario{ObjectMeta: metadata(), Spec: spec}
}

func largestSend() *waymark.SendStep {
	send := &waymark.SendStep{ChannelRef: waymark.MessageChannelReference{Name: label(0)}, Fallback: "l0"}
	for i := range 4 {
		variant := waymark.MessageVariant{Name: label(i)}
		for j := range 8 {
			content := waymark.MessageInLanguage{
				Language:    waymark.LanguageTag(fmt.Sprintf("ll-%d", j)),
				TemplateRef: &waymark.TemplateReference{Name: strings.Repeat("t", 100), Key: strings.Repeat("k", 100)},
			}
			variant.Languages = append(variant.Languages, content)
		}
		send.Variants = append(send.Variants, variant)
	}
	send.Fallback = send.Variants[0].Languages[7].Language
	return send
}

func largestMessageChannel() *waymark.MessageChannel {
	channel := &waymark.MessageChannel{ObjectMeta: metadata(), Spec: waymark.MessageChannelSpec{
		WorkspaceRef: waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Webhook:      &waymark.WebhookChannel{URL: "https://" + strings.Repeat("u", 1016)},
		Address:      expression(512),
	}}
	for i := range 16 {
		channel.Spec.Webhook.Headers = append(channel.Spec.Webhook.Headers,
			waymark.WebhookHeader{Name: strings.Repeat("H", 62) + fmt.Sprintf("%02d", i), Value: strings.Repeat("v", 1024)})
	}
	for range 8 {
		channel.Spec.Feedback = append(channel.Spec.Feedback, waymark.ChannelFeedback{
			Event: eventType(0), Where: expression(256), Kind: waymark.FeedbackHardBounce, Message: expression(256)})
	}
	return channel
}

func largestSegment() *waymark.Segment {
	segment := &waymark.Segment{ObjectMeta: metadata(), Spec: waymark.SegmentSpec{
		WorkspaceRef: waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Title:        strings.Repeat("Ы", 64), Where: expression(512), PeriodDays: 366,
	}}
	for i := range 16 {
		segment.Spec.Traits = append(segment.Spec.Traits, waymark.SegmentTrait{
			Name: label(i), Function: waymark.TraitDistinct, Event: eventType(i), Where: expression(256), Of: expression(256), Within: "9999w9999d9999h9999m9999s"})
	}
	return segment
}

// largestJourney has as many stages as there may be, with as much text in them as the rule about their weight lets through.
func largestJourney() *waymark.Journey {
	spec := waymark.JourneySpec{
		WorkspaceRef: waymark.WorkspaceReference{Name: strings.Repeat("w", 40), Namespace: label(0)},
		Segment:      &waymark.JourneySegment{Where: expression(512)}, FunnelRef: waymark.FunnelReference{Name: label(0)},
		Purchase:     &waymark.JourneyPurchase{Event: eventType(0), Where: expression(256), Value: expression(256)},
		Satisfaction: &waymark.JourneySatisfaction{Event: eventType(0), Where: expression(256), Score: expression(256)},
		Survey:       &waymark.JourneySurvey{By: expression(256)}, Suggest: &waymark.JourneySuggestions{},
	}
	for i := range 32 {
		spec.Suggest.Ignore = append(spec.Suggest.Ignore, eventType(i))
	}
	texts := func() (texts []waymark.Statement) {
		for range 2 {
			texts = append(texts, waymark.Statement(strings.Repeat("Ы", 99)))
		}
		return texts
	}
	for i := range 24 {
		stage := waymark.JourneyStage{Name: label(i), Title: strings.Repeat("Ы", 64), Owner: strings.Repeat("Ы", 64)}
		stage.Customer = &waymark.CustomerView{Questions: texts(), Fears: texts(), Expectations: texts()}
		if i >= 16 {
			stage.Event, stage.Within = eventType(i), "9999w9999d9999h9999m9999s"
		}
		spec.Stages = append(spec.Stages, stage)
	}
	return &waymark.Journey{ObjectMeta: metadata(), Spec: spec}
}

// journeyOfManyThings has as many barriers, touchpoints, behaviours and improvements as there may be.
func journeyOfManyThings() *waymark.Journey {
	spec := waymark.JourneySpec{WorkspaceRef: waymark.WorkspaceReference{Name: "w"}, FunnelRef: waymark.FunnelReference{Name: "f"}}
	for i := range 4 {
		stage := waymark.JourneyStage{Name: label(i)}
		for k := range 16 {
			signal := waymark.BarrierSignal{Event: eventType(k)}
			stage.Barriers = append(stage.Barriers, waymark.Barrier{Name: label(k), Category: "Usability", Signals: []waymark.BarrierSignal{signal}})
			stage.Touchpoints = append(stage.Touchpoints, waymark.Touchpoint{Name: label(k), Medium: "Messenger"})
			if i < 2 {
				stage.Behaviours = append(stage.Behaviours, waymark.Behaviour{Name: label(k)})
				stage.Improvements = append(stage.Improvements, waymark.Improvement{Name: label(k), Since: metav1.Now()})
			}
		}
		spec.Stages = append(spec.Stages, stage)
	}
	return &waymark.Journey{ObjectMeta: metadata(), Spec: spec}
}
