// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var _ = Describe("A workspace with a feed and a funnel", func() {
	It("comes up, takes events and counts them", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace, feed, funnel := w.workspace(), w.feed(), w.funnel()
		w.create(ctx, workspace, feed, funnel)
		ready(ctx, workspace)
		ready(ctx, feed)
		ready(ctx, funnel)
		Expect(feed.Status.HTTP.URL).To(Equal("http://default-ingest." + w.namespace + ".svc/" + w.namespace + "/site"))
		Expect(funnel.Status.Summary.Data).To(Equal(v1alpha1.DataNoData))

		w.send(ctx, "page.viewed", nil, "anna", "boris", "vera")
		w.send(ctx, "product.added", map[string]any{"price": 100}, "anna", "boris")
		w.send(ctx, "order.completed", map[string]any{"total": 1500}, "anna")

		w.counts(ctx, funnel, 3, 2, 1)
		Expect(funnel.Status.Summary.Data).To(Equal(v1alpha1.DataLive))
		Expect(funnel.Status.Summary.Revenue).To(Equal("1.50K RUB"))
		Eventually(func(g Gomega) {
			conditionOf(ctx, g, feed, v1alpha1.ConditionReady)
			g.Expect(feed.Status.Events).NotTo(BeNil())
			g.Expect(feed.Status.Events.Accepted).To(BeEquivalentTo(6))
		}).WithContext(ctx).Should(Succeed())
		Expect(*workspace.Status.Feeds).To(BeEquivalentTo(1))
	}, SpecTimeout(timeout))
})
