// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"strings"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// buyers are the Segment of those who have bought, in two groups by how much.
func (w *world) buyers() *v1alpha1.Segment {
	return &v1alpha1.Segment{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "buyers"},
		Spec: v1alpha1.SegmentSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Where:        "contact.traits.orders >= 1",
			Traits: []v1alpha1.SegmentTrait{
				{Name: "orders", Function: v1alpha1.TraitCount, Event: "order.completed"},
				{Name: "spent", Function: v1alpha1.TraitSum, Event: "order.completed", Of: "event.data.total"},
				{Name: "m", Function: v1alpha1.TraitRank, Of: "spent", Ranks: 2},
			},
		},
	}
}

// again is the map of those who buy again.
func (w *world) again() *v1alpha1.Journey {
	return &v1alpha1.Journey{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "again"},
		Spec: v1alpha1.JourneySpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			FunnelRef:    v1alpha1.FunnelReference{Name: "shop"},
			SegmentRef:   &v1alpha1.SegmentReference{Name: "buyers"},
			Stages: []v1alpha1.JourneyStage{{
				Name: "visit", Owner: "shop",
				Barriers: []v1alpha1.Barrier{{Name: "error", Category: "Usability", Signals: []v1alpha1.BarrierSignal{{Event: "page.failed"}}}},
			}},
		},
	}
}

var _ = Describe("A Journey with its Segment", func() {
	It("is counted in whatever order they come, by the same cuts, and seldom written", func(ctx context.Context) {
		w := newWorld(ctx)
		operator := startOperator(w.node, w.namespace)
		journey, segment, funnel := w.again(), w.buyers(), w.funnel()
		w.create(ctx, journey)
		notReady(ctx, journey, v1alpha1.ReasonWorkspaceNotFound, kstatus.InProgressStatus)
		w.create(ctx, w.workspace(), w.feed())
		condition := notReady(ctx, journey, v1alpha1.ReasonReferenceNotFound, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring(`there is no Funnel "shop" yet`))
		w.create(ctx, funnel)
		Eventually(func(g Gomega) {
			g.Expect(conditionOf(ctx, g, journey, v1alpha1.ConditionReady).Message).To(ContainSubstring(`there is no Segment "buyers" yet`))
		}).WithContext(ctx).Should(Succeed())
		w.create(ctx, segment)
		ready(ctx, segment)
		ready(ctx, journey)
		ready(ctx, funnel)
		ready(ctx, w.feed())

		By("counting members and those of them who come again")
		w.send(ctx, "order.completed", map[string]any{"total": 5}, "anna")
		w.send(ctx, "order.completed", map[string]any{"total": 64}, "boris")
		w.send(ctx, "page.viewed", nil, "anna", "boris", "vera")
		w.counts(ctx, funnel, 3, 0, 0)
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(segment), segment)).To(Succeed())
			g.Expect(segment.Status.Summary.Size).To(HaveValue(Equal(int64(2))))
			g.Expect(segment.Status.Summary.Entered).To(HaveValue(Equal(int64(2))))
			g.Expect(segment.Status.Cuts).To(HaveLen(1))
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(journey), journey)).To(Succeed())
			g.Expect(journey.Status.Summary).NotTo(BeNil())
			g.Expect(journey.Status.Summary.Entered).To(HaveValue(Equal(int64(2))))
		}).WithContext(ctx).Should(Succeed())
		ready(ctx, segment) // by the version with the cuts
		ready(ctx, journey)
		var workspace v1alpha1.Workspace
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(w.workspace()), &workspace)).To(Succeed())
			g.Expect(workspace.Status.Segments).To(HaveValue(Equal(int32(1))))
			g.Expect(workspace.Status.Journeys).To(HaveValue(Equal(int32(1))))
		}).WithContext(ctx).Should(Succeed())

		By("writing nothing while nothing happens")
		time.Sleep(2 * time.Second) // what is still on its way
		first := len(operator.requests.since(0))
		Consistently(func() []string {
			var writes []string
			for _, request := range operator.requests.since(first) {
				if strings.HasPrefix(request, "PATCH") && !strings.Contains(request, "/leases/") {
					writes = append(writes, request)
				}
			}
			return writes
		}).WithContext(ctx).WithTimeout(3 * time.Second).Should(BeEmpty())

		By("withdrawing the segment")
		Expect(cluster.Delete(ctx, segment)).To(Succeed())
		notReady(ctx, journey, v1alpha1.ReasonReferenceNotFound, kstatus.InProgressStatus)
		Expect(journey.Status.Summary.Entered).To(HaveValue(Equal(int64(2)))) // the last valid version goes on
		Eventually(w.definitions).WithContext(ctx).Should(HaveLen(2 * 2))     // of the funnel and the journey, in two partitions
	}, SpecTimeout(timeout))
})
