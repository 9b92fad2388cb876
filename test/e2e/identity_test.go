// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// visited is what a visitor did whom nobody knows yet.
func visited(visitor, kind string, at time.Time, data map[string]any) cloudEvent {
	e := happened(visitor, kind, at, data)
	e.Subject, e.AnonymousID = "", visitor
	return e
}

// identified says that a contact is a visitor, and something about the contact.
func identified(contact, visitor string, at time.Time, traits map[string]any) cloudEvent {
	e := happened(contact, "identify", at, map[string]any{"traits": traits})
	e.AnonymousID = visitor
	return e
}

var _ = Describe("A visitor", func() {
	const people = 200

	It("who identifies at the checkout is counted once", func(ctx context.Context) {
		w := newWorld(ctx, "visitors")
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		start := time.Now().Add(-6 * time.Hour)
		var before, after []cloudEvent
		for i := range people {
			visitor, contact := fmt.Sprintf("browser-%03d", i), fmt.Sprintf("customer-%03d", i)
			at := start.Add(time.Duration(i) * time.Second)
			before = append(before,
				visited(visitor, "page.viewed", at, nil),
				visited(visitor, "product.added", at.Add(time.Minute), map[string]any{"price": 100}))
			if i%2 == 0 { // the others stay unknown
				after = append(after,
					identified(contact, visitor, at.Add(2*time.Minute), nil),
					happened(contact, "checkout.started", at.Add(3*time.Minute), nil),
					happened(contact, "order.completed", at.Add(4*time.Minute), map[string]any{"total": 250}))
			}
		}
		Expect(post.send(ctx, before)).To(Succeed())
		w.entered(ctx, people)

		By("joining what the browser did to the contact")
		Expect(post.send(ctx, after)).To(Succeed())
		Expect(post.send(ctx, after)).To(Succeed()) // a sender may repeat itself
		live := w.asSimulated(ctx, shopManifests, append(before, after...))
		var entered []int64
		for _, stage := range live.Status.Stages {
			entered = append(entered, stage.Entered)
		}
		Expect(entered).To(Equal([]int64{people, people, people / 2, people / 2}))
		Expect(live.Status.Stages[1].Converted).To(BeEquivalentTo(people / 2))
	})

	It("is followed to the contact by a condition on who it is", func(ctx context.Context) {
		w := newWorld(ctx, "attributes")
		funnel := funnelManifest + `  exclusions: [{event: checkout.started, where: "contact.attributes.plan == 'internal'", action: Discard}]
`
		w.apply(ctx, workspaceManifest+feedManifest+funnel)
		post := w.sender(ctx)
		start := time.Now().Add(-6 * time.Hour)
		var events []cloudEvent
		for i := range people {
			visitor, contact := fmt.Sprintf("browser-%03d", i), fmt.Sprintf("customer-%03d", i)
			plan := "free"
			if i%4 == 0 {
				plan = "internal"
			}
			events = append(events,
				identified(contact, visitor, start, map[string]any{"plan": plan}),
				visited(visitor, "page.viewed", start.Add(time.Minute), nil),
				happened(contact, "product.added", start.Add(2*time.Minute), map[string]any{"price": 100}),
				happened(contact, "checkout.started", start.Add(3*time.Minute), nil))
		}
		Expect(post.send(ctx, events)).To(Succeed())
		live := w.asSimulated(ctx, workspaceManifest+feedManifest+funnel, events)
		Expect(live.Status.Stages[0].Entered).To(BeEquivalentTo(people))
		Expect(live.Status.Stages[0].Excluded).To(BeEquivalentTo(people / 4))
		Expect(live.Status.Stages[1].Excluded).To(BeEquivalentTo(people / 4))
	})

	It("cannot be made another known contact from a browser", func(ctx context.Context) {
		w := newWorld(ctx, "alias")
		w.apply(ctx, workspaceManifest+feedManifest+funnelManifest) // a feed's trust is Public unless it says otherwise
		status, _, body, err := w.sender(ctx).try(ctx, []cloudEvent{happened("ann", "alias", time.Now(), map[string]any{"previousId": "bob"})})
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(Equal(http.StatusForbidden), body)
		Expect(body).To(ContainSubstring("NotTrusted"))
	})
})
