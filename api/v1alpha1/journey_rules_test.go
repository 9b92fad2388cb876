// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

const validJourney = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Journey
metadata: {name: first-purchase}
spec:
  workspaceRef: {name: default}
  funnelRef: {name: shop}
  stages: [{name: cart}]
`

// mapped is an edit that makes one stage the only one.
func mapped(text string) string { return "spec: {stages: [{name: cart, " + text + "}]}" }

// barrier is an edit that makes one barrier the only one.
func barrier(text string) string {
	return mapped("barriers: [{name: a, category: Price, " + text + "}]")
}

// many gives so many entries of a list.
func many(n int, format string) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf(format, i)
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

var journeyRules = map[string]ruleCase{
	"accepts one stage": {edit: asItIs},
	"accepts the map of a shop": {edit: `
spec:
  title: Первая покупка
  segment: {where: "contact.attributes.orders < 1"}
  purchase: {event: order.completed, value: event.data.total}
  churnAfter: 60d
  satisfaction: {event: score.given, score: event.data.score}
  economics: {leadCost: "120.50", marginPercent: 35}
  survey: {by: event.data.device, within: 7d}
  suggest: {ignore: [ping]}
  stages:
  - name: checkout
    title: Оформление
    owner: shop-team
    action: pay online
    customer: {goal: "Pay", questions: ["When does it come?"], fears: ["No refund"], expectations: ["One page"], emotion: -1}
    touchpoints:
    - {name: checkout-page, title: Checkout page, medium: Web, event: page.viewed, where: "event.data.page == 'checkout'"}
    - {name: reminder, medium: Email, scenarioRef: {name: abandoned-cart}}
    behaviours:
    - {name: hesitates, when: {event: cart.saved}, response: {scenarioRef: {name: abandoned-cart}}}
    - {name: calls, response: {action: "the manager calls back"}}
    waysBack: [{scenarioRef: {name: abandoned-cart}}, {action: "a call"}]
    barriers:
    - name: delivery-cost
      title: Доставка дорогая
      category: Price
      description: "The delivery price appears only at the last step"
      signals: [{event: checkout.error, where: "event.data.code == 'delivery_price'"}, {event: reply.sent, absentFor: 1h}, {answer: true}]
      evidence: [{kind: Interview, url: "https://example.com/i", count: 7, note: "seven of ten"}]
    improvements:
    - {name: free-delivery, title: Free, barrier: delivery-cost, since: "2026-10-01T00:00:00Z", metric: BarrierShare, span: 2w}
  - {name: review, event: review.left, where: "event.data.stars > 0", within: 14d}
  - {name: friend, anyOf: [{event: friend.invited}, {event: link.shared}], within: 90d}`},
	"accepts a Segment": {edit: `spec: {segmentRef: {name: loyal}}`},

	"refuses a name with a dot": {edit: `metadata: {name: first.purchase}`,
		refused: "use at most 63 lower-case letters, digits and hyphens for the name of a Journey, without dots"},
	"refuses two segments": {edit: `spec: {segment: {where: contact.attributes.vip}, segmentRef: {name: loyal}}`,
		refused: "write one of segment (a condition of its own) and segmentRef (the name of a Segment)"},
	"refuses two stages of a name": {edit: `spec: {stages: [{name: cart}, {name: cart}]}`,
		refused: "stages need different names: give each stage a name of its own"},
	"refuses a stage of the funnel after one beyond": {edit: `spec: {stages: [{name: review, event: a, within: 1d}, {name: cart}]}`,
		refused: "stages with events of their own come after the funnel's: put them last, and write at most 8"},
	"refuses a cost in words": {edit: `spec: {economics: {leadCost: much}}`, refused: "spec.economics.leadCost"},
	"refuses more than it can hold": {edit: "spec: {stages: " + many(5, "{name: s%d, barriers: "+many(13, "{name: b%d, category: Other}")+"}") + "}",
		refused: "a journey has at most 64 barriers, 64 touchpoints, 64 behaviours and 32 improvements in all: make another Journey for the rest"},
	"refuses more events than it can count": {
		edit:    "spec: {stages: " + many(5, "{name: s%d, barriers: [{name: a, category: Other, signals: "+many(8, "{event: a%d}")+"}], touchpoints: "+many(5, "{name: t%d, medium: Web, event: a}")+"}") + "}",
		refused: "signals, touchpoints and behaviours name more than 64 events in all: remove event where it need not be counted"},
	"refuses texts without end": {edit: "spec: {stages: " + many(16, "{name: s%d, customer: {fears: "+many(8, "'%d"+strings.Repeat("я", 190)+"'")+"}}") + "}",
		refused: "the map says more than 24000 characters in all, where each thing in a list counts as 32 to 128: shorten its texts, or make another Journey for a part of it"},
	"refuses event beside anyOf": {edit: mapped("event: a, anyOf: [{event: b}], within: 1d"), refused: "write either event or anyOf"},
	"refuses where of anyOf":     {edit: mapped("where: event.data.a, anyOf: [{event: b}], within: 1d"), refused: "where belongs to event: with anyOf write it into each entry"},
	"refuses a stage beyond without end": {edit: mapped("event: a"),
		refused: "a stage after the funnel's has both its own event (or anyOf) and within; a stage of the funnel has neither"},
	"refuses two touchpoints of a name": {edit: mapped("touchpoints: [{name: a, medium: Web}, {name: a, medium: App}]"),
		refused: "touchpoints of a stage need different names: give each a name of its own"},
	"refuses two behaviours of a name": {edit: mapped("behaviours: [{name: a}, {name: a}]"),
		refused: "behaviours of a stage need different names: give each a name of its own"},
	"refuses two barriers of a name": {edit: mapped("barriers: [{name: a, category: Price}, {name: a, category: Other}]"),
		refused: "barriers of a stage need different names: give each a name of its own"},
	"refuses two improvements of a name": {edit: mapped(`improvements: [{name: a, since: "2026-10-01T00:00:00Z"}, {name: a, since: "2026-10-01T00:00:00Z"}]`),
		refused: "improvements of a stage need different names: give each a name of its own"},
	"refuses where of no event": {edit: mapped("touchpoints: [{name: a, medium: Web, where: event.data.a}]"),
		refused: "where belongs to event: write event too, or remove where"},
	"refuses a response of two kinds": {edit: mapped("waysBack: [{scenarioRef: {name: a}, action: call}]"),
		refused: "set exactly one of scenarioRef and action"},
	"refuses a signal of two kinds": {edit: barrier("signals: [{event: a, answer: true}]"), refused: "set exactly one of event and answer"},
	"refuses absentFor of an answer": {edit: barrier("signals: [{answer: true, absentFor: 1h}]"),
		refused: "where and absentFor belong to event: remove them"},
	"refuses answer: false": {edit: barrier("signals: [{answer: false}]"), refused: "write answer: true, or remove answer and name an event"},
	"refuses two answers": {edit: barrier("signals: [{answer: true}, {answer: true}]"),
		refused: "answer: true says all by being there once: remove the others"},
	"refuses the share of no barrier": {edit: mapped(`improvements: [{name: a, since: "2026-10-01T00:00:00Z", metric: BarrierShare}]`),
		refused: "BarrierShare is about a barrier: name it in barrier"},
	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change: create another Journey, or delete this one and apply it again"},
	"accepts another funnel": {before: asItIs, edit: `spec: {funnelRef: {name: other}}`},
}

var _ = Describe("Journey", func() { specs(validJourney, journeyRules) })
