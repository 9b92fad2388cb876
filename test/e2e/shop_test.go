// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"time"

	. "github.com/onsi/gomega"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// workspaceManifest and feedManifest are what most specs stand on.
const workspaceManifest = `
apiVersion: marketing.waymark.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  timeZone: Europe/Moscow
  currency: RUB
  eventLog:
    partitions: 4
    embedded:
      storage: {{.Storage}}
      {{- with .StorageClass}}
      storageClassName: {{.}}
      {{- end}}
`

const feedManifest = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  http: {protocols: [CloudEvents, Segment]}
`

const funnelManifest = `
---
apiVersion: marketing.waymark.dev/v1alpha1
kind: Funnel
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  stages:
  - {name: visit, event: page.viewed}
  - {name: cart, event: product.added, where: "event.data.price > 0", dropAfter: 1h}
  - {name: checkout, event: checkout.started}
  - {name: purchase, event: order.completed, value: "event.data.total"}
  window: 14d
  period: {rollingDays: 30}
`

const shopManifests = workspaceManifest + feedManifest + funnelManifest

// shoppers makes the events of n contacts who visited on the ten days before end: one in two adds something to the cart, half of
// those start the checkout, some of them hours later, and half of these buy. All is over before end, as a time in the future would be
// set to its receipt. They come out of order, one in twenty twice.
func shoppers(seed uint64, n int, end time.Time) []cloudEvent {
	random := rand.New(rand.NewPCG(seed, 1))
	var events []cloudEvent
	add := func(e cloudEvent) {
		events = append(events, e)
		if random.IntN(20) == 0 {
			events = append(events, e)
		}
	}
	for i := range n {
		contact := fmt.Sprintf("shopper-%d-%05d", seed, i)
		at := end.Add(-4*time.Hour - time.Duration(random.Int64N(int64(10*24*time.Hour))))
		add(happened(contact, "page.viewed", at, nil))
		if random.IntN(2) == 0 {
			continue
		}
		at = at.Add(time.Duration(random.Int64N(int64(10 * time.Minute))))
		add(happened(contact, "product.added", at, map[string]any{"price": 500 + random.IntN(9000)}))
		if random.IntN(2) == 0 {
			continue
		}
		at = at.Add(time.Duration(random.Int64N(int64(2 * time.Hour))))
		add(happened(contact, "checkout.started", at, nil))
		if random.IntN(2) == 0 {
			continue
		}
		at = at.Add(time.Duration(random.Int64N(int64(time.Hour))))
		add(happened(contact, "order.completed", at, map[string]any{"total": 500 + random.IntN(9000)}))
	}
	random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

// visitorsIn counts the contacts who viewed a page: those who enter the funnel.
func visitorsIn(events []cloudEvent) int64 {
	seen := map[string]bool{}
	for _, e := range events {
		if e.Type == "page.viewed" {
			seen[e.Subject] = true
		}
	}
	return int64(len(seen))
}

// expectSameNumbers compares all that a marketer reads in two Funnels that were evaluated as of the same instant.
func expectSameNumbers(g Gomega, live, simulated *v1alpha1.Funnel) {
	g.Expect(simulated.Status.Period).To(Equal(live.Status.Period))
	g.Expect(simulated.Status.Stages).To(Equal(live.Status.Stages))
	g.Expect(simulated.Status.Bottleneck).To(Equal(live.Status.Bottleneck))
	g.Expect(simulated.Status.Targets).To(HaveLen(len(live.Status.Targets)))
	for i, target := range live.Status.Targets {
		target.Met = standing(simulated.Status.Targets[i].Met, target.Met)
		g.Expect(simulated.Status.Targets[i]).To(Equal(target))
	}
	g.Expect(simulated.Status.Previous).To(Equal(live.Status.Previous))
	g.Expect(simulated.Status.Breakdowns).To(Equal(live.Status.Breakdowns))
	g.Expect(simulated.Status.Levers).To(Equal(live.Status.Levers))
	g.Expect(simulated.Status.Summary).To(Equal(live.Status.Summary))
}

// standing is the verdict on a target that a simulation can be asked for. A cluster that looked while events were still coming in may hold one from
// then, which stands until the numbers contradict it; a simulation looks once, and decides nothing between the two.
func standing(simulated, live *bool) *bool {
	if simulated == nil {
		return nil
	}
	return live
}

// evaluatedAt is the instant as of which a Funnel's numbers are true, as the plugin takes it.
func evaluatedAt(fn *v1alpha1.Funnel) string {
	return fn.Status.EvaluatedAt.UTC().Format(time.RFC3339Nano)
}
