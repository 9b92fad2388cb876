// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
)

const validSegment = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Segment
metadata: {name: loyal}
spec:
  workspaceRef: {name: default}
  where: contact.attributes.orders >= 3
`

// trait is an edit that makes one trait the only one.
func trait(text string) string { return "spec: {traits: [{name: a, " + text + "}]}" }

var segmentRules = map[string]ruleCase{
	"accepts a condition": {edit: asItIs},
	"accepts traits of every kind": {edit: `
spec:
  title: Постоянные
  where: "contact.traits.orders >= 2 && contact.traits.value_rank > 3"
  traits:
  - {name: orders, function: Count, event: order.completed, where: "event.data.total > 0", within: 90d}
  - {name: value, function: Sum, event: order.completed, of: event.data.total}
  - {name: value_rank, function: Rank, of: value, ranks: 5}
  - {name: plan, function: Last, event: plan.chosen, of: event.data.plan}
  - {name: first_visit, function: First, event: page.viewed}
  - {name: shops, function: Distinct, event: order.completed, of: event.data.shop}
  periodDays: 7
  triggerMaxAge: 2h`},
	"refuses a name with a dot": {edit: `metadata: {name: loyal.people}`,
		refused: "use at most 63 lower-case letters, digits and hyphens for the name of a Segment, without dots"},
	"refuses two traits of a name": {edit: `spec: {traits: [{name: a, function: Count, event: x}, {name: a, function: Count, event: z}]}`,
		refused: "traits need different names: give each trait a name of its own"},
	"refuses a name that no expression can write": {edit: `spec: {traits: [{name: last-order, function: Count, event: x}]}`, refused: "spec.traits[0].name"},
	"refuses a word of the language": {edit: `spec: {traits: [{name: in, function: Count, event: x}]}`,
		refused: "expressions have another use for this word: write another name"},
	"refuses a count of nothing": {edit: trait("function: Count"),
		refused: "name in event what the trait is computed from; only a Rank has none, as it looks at another trait"},
	"refuses a count of something": {edit: trait("function: Count, event: x, of: event.data.y"),
		refused: "Count asks nothing of its events: remove of, or write function: Sum or Distinct"},
	"refuses a sum of nothing": {edit: trait("function: Sum, event: x"),
		refused: "say in of what is added up or told apart, such as event.data.total, or for a Rank the name of another trait"},
	"refuses ranks of a count": {edit: trait("function: Count, event: x, ranks: 5"),
		refused: "ranks belongs to function: Rank, which needs it: write into how many groups people are divided"},
	"refuses a rank of itself": {edit: trait("function: Rank, of: a, ranks: 5"),
		refused: "a Rank looks at another trait that is no Rank: correct its name in of"},
	"refuses a rank that looks back": {edit: trait("function: Rank, of: a, ranks: 5, within: 1d"),
		refused: "a Rank looks at another trait: write where and within into that one"},
	"refuses another workspace": {before: asItIs, edit: `spec: {workspaceRef: {name: other}}`,
		refused: "workspaceRef cannot change: create another Segment, or delete this one and apply it again"},
	"accepts another condition": {before: asItIs, edit: `spec: {where: contact.attributes.vip}`},
}

var _ = Describe("Segment", func() { specs(validSegment, segmentRules) })
