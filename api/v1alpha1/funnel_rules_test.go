// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
)

const validFunnel = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Funnel
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  stages:
  - {name: visit, title: Визит, event: page.viewed}
  - {name: cart, title: Корзина, event: product.added, where: "event.data.price > 0", dropAfter: 1h}
  - {name: checkout, title: Оформление, event: checkout.started}
  - {name: purchase, title: Покупка, event: order.completed, value: event.data.total}
`

var funnelRules = map[string]ruleCase{
	"accepts a funnel of stages alone": {edit: asItIs},
	"accepts every field": {edit: `
spec:
  stages:
  - {name: seen, aggregate: {event: ad.impressions, where: "event.data.ad == 'a'", sum: event.data.impressions}}
  - {name: visit, title: Визит, anyOf: [{event: page.viewed}, {event: app.opened, where: event.data.cold}]}
  - {name: cart, event: product.added, dropAfterIdle: 1h30m, optional: true}
  - {name: clicked, event: waymark.message.clicked}
  - name: purchase
    event: Order Completed
    value: event.data.total
    refund: {event: order.refunded, amount: event.data.total, matchBy: event.data.order_id}
  window: 14d
  period: {rollingDays: 30}
  order: Strict
  ignore: [page.viewed]
  entryPolicy: FirstStart
  count: Entries
  correlateBy: event.data.cart_id
  breakdowns: [{name: source, by: event.data.utm_source, at: visit, limit: 10}]
  minGroup: 10
  exclusions: [{event: order.cancelled, after: cart, before: purchase, action: End}, {event: spam}]
  targets: [{stage: visit, conversion: 2.5%}, {stage: purchase, conversion: 50%}]
  triggerMaxAge: 2h
  suspend: true`},
	"accepts a calendar period": {edit: `spec: {period: {calendar: Month}}`},
	"accepts fixed days":        {edit: `spec: {period: {between: {from: 2026-10-01, to: 2026-10-31}}}`},
	"accepts a single day":      {edit: `spec: {period: {between: {from: 2026-10-01, to: 2026-10-01}}}`},

	"accepts a segment": {edit: `spec: {segmentRef: {name: loyal}}`},
	"accepts deals":     {edit: `spec: {unit: {by: event.data.deal_id}}`},
	"refuses deals of carts": {edit: `spec: {unit: {by: event.data.deal_id}, correlateBy: event.data.cart_id}`,
		refused: "unit already says what is counted: remove correlateBy"},
	"refuses deals of a segment": {edit: `spec: {unit: {by: event.data.deal_id}, segmentRef: {name: loyal}}`,
		refused: "a segment is of people, and unit counts something else: remove segmentRef or unit"},
	"refuses a name with a dot": {edit: `metadata: {name: shop.example}`,
		refused: "use at most 63 lower-case letters, digits and hyphens for the name of a Funnel, without dots"},
	"refuses a single stage": {edit: `spec: {stages: [{name: visit, event: page.viewed}]}`, refused: "spec.stages"},
	"refuses two stages of one name": {edit: `spec: {stages: [{name: visit, event: a}, {name: cart, event: b}, {name: visit, event: c}]}`,
		refused: "stages need different names: give each stage a name of its own"},
	"refuses a stage without an event": {edit: `spec: {stages: [{name: visit, event: a}, {name: cart}]}`,
		refused: "say what brings people to the stage with exactly one of event, anyOf and aggregate"},
	"refuses a stage with event and anyOf": {edit: `spec: {stages: [{name: visit, event: a}, {name: cart, event: b, anyOf: [{event: c}]}]}`,
		refused: "say what brings people to the stage with exactly one of event, anyOf and aggregate"},
	"refuses where beside anyOf": {edit: `spec: {stages: [{name: visit, event: a}, {name: cart, where: "true", anyOf: [{event: c}]}]}`,
		refused: "where belongs to event: with anyOf write it into each entry, with aggregate inside of it"},
	"refuses a value of an aggregate stage": {
		edit:    `spec: {stages: [{name: seen, aggregate: {event: ad, sum: event.data.n}, value: event.data.cost}, {name: visit, event: a}]}`,
		refused: "an aggregate stage counts no contacts: remove value, refund, optional, dropAfter and dropAfterIdle from it"},
	"refuses an aggregate stage after people": {
		edit:    `spec: {stages: [{name: visit, event: a}, {name: seen, aggregate: {event: ad, sum: event.data.n}}]}`,
		refused: "aggregate stages count before contacts are known: put them all first, and at least one stage with event or anyOf after them"},
	"refuses aggregate stages alone": {
		edit:    `spec: {stages: [{name: a, aggregate: {event: ad, sum: event.data.n}}, {name: b, aggregate: {event: ad, sum: event.data.m}}]}`,
		refused: "aggregate stages count before contacts are known: put them all first, and at least one stage with event or anyOf after them"},
	"refuses both ways to drop": {edit: `spec: {stages: [{name: visit, event: a, dropAfter: 1h, dropAfterIdle: 1h}, {name: cart, event: b}]}`,
		refused: "write one of dropAfter (counted from the stage's event) and dropAfterIdle (counted from the person's last event)"},
	"refuses a refund of no value": {
		edit:    `spec: {stages: [{name: visit, event: a}, {name: buy, event: b, refund: {event: c, amount: event.data.total, matchBy: event.data.id}}]}`,
		refused: "refund takes away from value: write value too, or remove refund"},
	"refuses an optional first stage": {edit: `spec: {stages: [{name: visit, event: a, optional: true}, {name: cart, event: b}]}`,
		refused: "the first stage cannot be optional, as people enter the funnel with it: remove optional from it"},
	"refuses to drop after the last stage": {edit: `spec: {stages: [{name: visit, event: a}, {name: cart, event: b, dropAfter: 1h}]}`,
		refused: "nobody drops off after the last stage: remove dropAfter and dropAfterIdle from it"},
	"refuses an event type with a line break": {edit: `spec: {stages: [{name: visit, event: "a\nb"}, {name: cart, event: b}]}`,
		refused: "spec.stages[0].event"},
	"refuses a stage name in capitals": {edit: `spec: {stages: [{name: Visit, event: a}, {name: cart, event: b}]}`,
		refused: "spec.stages[0].name"},

	"refuses two periods": {edit: `spec: {period: {rollingDays: 30, calendar: Month}}`,
		refused: "set exactly one of rollingDays, calendar and between"},
	"refuses an empty period": {edit: `spec: {period: {}}`,
		refused: "set exactly one of rollingDays, calendar and between"},
	"refuses a period that ends before it begins": {edit: `spec: {period: {between: {from: 2026-10-31, to: 2026-10-01}}}`,
		refused: "from is after to: exchange them"},
	"refuses a thirteenth month": {edit: `spec: {period: {between: {from: 2026-13-01, to: 2026-13-02}}}`,
		refused: "spec.period.between.from"},
	"refuses a window that is no duration": {edit: `spec: {window: 2 weeks}`, refused: "spec.window"},
	"refuses to ignore without strict order": {edit: `spec: {ignore: [page.viewed]}`,
		refused: "ignore belongs to order: Strict, as other events may come between the stages otherwise: remove ignore"},

	"refuses a target of an unknown stage": {edit: `spec: {targets: [{stage: basket, conversion: 40%}]}`,
		refused: "each target names a stage of this funnel after the first one: correct the name in stage"},
	"refuses a target of the first stage": {edit: `spec: {targets: [{stage: visit, conversion: 40%}]}`,
		refused: "each target names a stage of this funnel after the first one: correct the name in stage"},
	"refuses two targets of one stage": {edit: `spec: {targets: [{stage: cart, conversion: 40%}, {stage: cart, conversion: 50%}]}`,
		refused: "there is more than one target for the same stage: keep one of them"},
	"refuses a target over the whole": {edit: `spec: {targets: [{stage: cart, conversion: 100.5%}]}`,
		refused: "spec.targets[0].conversion"},
	"refuses a breakdown at an unknown stage": {edit: `spec: {breakdowns: [{name: source, by: event.data.source, at: basket}]}`,
		refused: "at names a stage of this funnel that counts contacts: correct the name in at"},
	"refuses a breakdown at an aggregate stage": {
		edit:    `spec: {stages: [{name: seen, aggregate: {event: ad, sum: event.data.n}}, {name: visit, event: a}], breakdowns: [{name: source, by: event.data.source, at: seen}]}`,
		refused: "at names a stage of this funnel that counts contacts: correct the name in at"},
	"refuses two breakdowns of one name": {
		edit:    `spec: {breakdowns: [{name: source, by: event.data.a, at: visit}, {name: source, by: event.data.b, at: visit}]}`,
		refused: "breakdowns need different names: give each breakdown a name of its own"},
	"refuses an exclusion after an unknown stage": {edit: `spec: {exclusions: [{event: x, after: basket}]}`,
		refused: "after and before name stages of this funnel that count contacts: correct the names"},
	"refuses an exclusion before an unknown stage": {edit: `spec: {exclusions: [{event: x, before: basket}]}`,
		refused: "after and before name stages of this funnel that count contacts: correct the names"},
	"refuses an exclusion between stages in the wrong order": {edit: `spec: {exclusions: [{event: x, after: purchase, before: cart}]}`,
		refused: "after must name an earlier stage than before: exchange the two"},
	"refuses an exclusion between a stage and itself": {edit: `spec: {exclusions: [{event: x, after: cart, before: cart}]}`,
		refused: "after must name an earlier stage than before: exchange the two"},

	"refuses an exclusion after an aggregate stage": {
		edit:    `spec: {stages: [{name: seen, aggregate: {event: ad, sum: event.data.n}}, {name: visit, event: a}, {name: cart, event: b}], exclusions: [{event: x, after: seen}]}`,
		refused: "after and before name stages of this funnel that count contacts: correct the names"},
	"refuses an exclusion after the last stage": {edit: `spec: {exclusions: [{event: x, after: purchase}]}`,
		refused: "nothing takes out whoever has reached the last stage: name an earlier one in after, or remove the exclusion"},
	"refuses an exclusion before the first stage": {edit: `spec: {exclusions: [{event: x, before: visit}]}`,
		refused: "nothing takes out whoever has not reached the first stage: name a later one in before, or remove the exclusion"},
	"refuses an exclusion before the first stage that counts contacts": {
		edit:    `spec: {stages: [{name: seen, aggregate: {event: ad, sum: event.data.n}}, {name: visit, event: a}, {name: cart, event: b}], exclusions: [{event: x, before: visit}]}`,
		refused: "nothing takes out whoever has not reached the first stage: name a later one in before, or remove the exclusion"},
	"refuses exclusions where one stage counts contacts": {
		edit:    `spec: {stages: [{name: seen, aggregate: {event: ad, sum: event.data.n}}, {name: visit, event: a}], exclusions: [{event: x}]}`,
		refused: "there is no way that an exclusion could end where only one stage counts contacts: remove exclusions"},
	"accepts exclusions in any order": {edit: `spec: {order: Any, exclusions: [{event: x, action: End}]}`},
	"refuses an exclusion with a place in any order": {edit: `spec: {order: Any, exclusions: [{event: x, after: cart}]}`,
		refused: "order: Any takes the stages in whatever order, so that none comes after or before: remove after and before"},
	"refuses an optional stage in any order": {edit: `spec: {order: Any, stages: [{name: visit, event: a}, {name: cart, event: b, optional: true}, {name: buy, event: c}]}`,
		refused: "order: Any knows no stage that is skipped, as it counts how many are reached: remove optional"},

	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change: create another Funnel, or delete this one and apply it again"},
	"accepts other stages": {before: asItIs, edit: `spec: {stages: [{name: visit, event: a}, {name: cart, event: b}]}`},
}

var _ = Describe("Funnel", func() { specs(validFunnel, funnelRules) })
