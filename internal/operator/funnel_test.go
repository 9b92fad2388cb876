// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

var _ = Describe("A funnel", func() {
	It("waits for its workspace and heals when that comes", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		funnel, feed := w.funnel(), w.feed()
		w.create(ctx, funnel, feed)
		condition := notReady(ctx, funnel, v1alpha1.ReasonWorkspaceNotFound, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring("Workspace " + w.namespace + "/default"))
		Expect(meta.FindStatusCondition(funnel.Status.Conditions, v1alpha1.ConditionStalled)).To(BeNil())
		notReady(ctx, feed, v1alpha1.ReasonWorkspaceNotFound, kstatus.InProgressStatus)

		w.create(ctx, w.workspace())
		ready(ctx, funnel)
		ready(ctx, feed)
	}, SpecTimeout(timeout))

	It("goes on counting by its last valid spec while the new one is wrong", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		funnel := w.funnel()
		w.create(ctx, w.workspace(), w.feed(), funnel)
		ready(ctx, funnel)
		ready(ctx, w.feed())
		w.send(ctx, "page.viewed", nil, "anna", "boris")
		w.counts(ctx, funnel, 2, 0, 0)

		By("breaking it")
		edit(ctx, funnel, func(f *v1alpha1.Funnel) { f.Spec.Stages[1].Where = "evnt.data.price > 0" })
		condition := notReady(ctx, funnel, v1alpha1.ReasonInvalidExpression, kstatus.FailedStatus)
		Expect(condition.Message).To(And(ContainSubstring("spec.stages[1].where"), ContainSubstring("evnt")))

		By("counting")
		w.send(ctx, "page.viewed", nil, "vera")
		w.counts(ctx, funnel, 3, 0, 0)

		By("mending it")
		edit(ctx, funnel, func(f *v1alpha1.Funnel) { f.Spec.Stages[1].Where = "event.data.price > 10" })
		ready(ctx, funnel)
		w.send(ctx, "product.added", map[string]any{"price": 11}, "anna")
		w.send(ctx, "product.added", map[string]any{"price": 9}, "boris")
		w.counts(ctx, funnel, 3, 1, 0)
	}, SpecTimeout(timeout))

	It("says which field makes no sense", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		funnel := w.funnel()
		funnel.Spec.Period = &v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: "2026-02-30", To: "2026-03-31"}}
		w.create(ctx, w.workspace(), funnel)
		condition := notReady(ctx, funnel, v1alpha1.ReasonInvalidSpec, kstatus.FailedStatus)
		Expect(condition.Message).To(ContainSubstring("spec.period.between.from"))
	}, SpecTimeout(timeout))

	It("keeps its workspace", func(ctx context.Context) {
		w := newWorld(ctx)
		funnel := w.funnel()
		w.create(ctx, funnel)
		before := funnel.DeepCopy()
		funnel.Spec.WorkspaceRef.Name = "another"
		err := cluster.Patch(ctx, funnel, client.MergeFrom(before))
		Expect(err).To(MatchError(ContainSubstring("workspaceRef cannot change")))
	}, SpecTimeout(timeout))

	It("is withdrawn when it is deleted, and counts all there is when it comes back", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		funnel := w.funnel()
		w.create(ctx, w.workspace(), w.feed(), funnel)
		ready(ctx, funnel)
		ready(ctx, w.feed())
		w.send(ctx, "page.viewed", nil, "anna", "boris")
		w.counts(ctx, funnel, 2, 0, 0)

		Expect(cluster.Delete(ctx, funnel)).To(Succeed())
		Eventually(w.definitions).WithContext(ctx).Should(BeEmpty())
		w.send(ctx, "page.viewed", nil, "vera")

		again := w.funnel()
		w.create(ctx, again)
		ready(ctx, again)
		w.counts(ctx, again, 3, 0, 0)
	}, SpecTimeout(timeout))

	It("needs the workspace's leave to use it from another namespace", func(ctx context.Context) {
		w, guest := newWorld(ctx), newWorld(ctx)
		startOperator(w.node, w.namespace, guest.namespace)
		workspace, funnel := w.workspace(), guest.funnel()
		funnel.Spec.WorkspaceRef.Namespace = w.namespace
		w.create(ctx, workspace, funnel)
		condition := notReady(ctx, funnel, v1alpha1.ReasonNamespaceNotAllowed, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring("spec.allowedNamespaces"))

		edit(ctx, workspace, func(ws *v1alpha1.Workspace) { ws.Spec.AllowedNamespaces = []string{guest.namespace} })
		ready(ctx, funnel)
	}, SpecTimeout(timeout))

	It("keeps its numbers and its verdict while the operator restarts", func(ctx context.Context) {
		w := newWorld(ctx)
		operator := startOperator(w.node, w.namespace)
		funnel := w.funnel()
		w.create(ctx, w.workspace(), w.feed(), funnel)
		ready(ctx, funnel)
		ready(ctx, w.feed())
		w.send(ctx, "page.viewed", nil, "anna", "boris")
		w.counts(ctx, funnel, 2, 0, 0)
		version := funnel.Status.ActiveVersion

		By("breaking the spec, so that only the runner knows what runs")
		edit(ctx, funnel, func(f *v1alpha1.Funnel) { f.Spec.Stages[1].Where = "evnt.data.price > 0" })
		notReady(ctx, funnel, v1alpha1.ReasonInvalidExpression, kstatus.FailedStatus)

		By("restarting the operator, and the runner while nobody looks")
		operator.stop()
		w.node.kill(resources.RunnerPodName("default", 0), false)
		startOperator(w.node, w.namespace)
		Consistently(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(funnel), funnel)).To(Succeed())
			g.Expect(enteredIn(funnel)).To(Equal([]int64{2, 0, 0}))
			g.Expect(funnel.Status.ActiveVersion).To(Equal(version))
		}, 5*time.Second).WithContext(ctx).Should(Succeed())
		Expect(w.definitions(ctx)).To(ConsistOf(version, version), "one per partition")

		By("mending the spec")
		edit(ctx, funnel, func(f *v1alpha1.Funnel) { f.Spec.Stages[1].Where = "event.data.price > 0" })
		ready(ctx, funnel)
		w.counts(ctx, funnel, 2, 0, 0)
	}, SpecTimeout(timeout))

	It("says so when the runner does not answer, and keeps the last numbers", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace, funnel := w.workspace(), w.funnel()
		w.create(ctx, workspace, w.feed(), funnel)
		ready(ctx, funnel)
		ready(ctx, w.feed())
		w.send(ctx, "page.viewed", nil, "anna", "boris")
		w.counts(ctx, funnel, 2, 0, 0)

		w.node.kill(resources.RunnerPodName("default", 0), true)
		notReady(ctx, funnel, v1alpha1.ReasonRunnerUnreachable, kstatus.InProgressStatus)
		Expect(enteredIn(funnel)).To(Equal([]int64{2, 0, 0}))
		Expect(funnel.Status.Summary.Data).To(Equal(v1alpha1.DataStale))
		notReady(ctx, workspace, v1alpha1.ReasonRunnerUnreachable, kstatus.InProgressStatus)

		w.node.revive()
		ready(ctx, funnel)
		ready(ctx, workspace)
		Expect(funnel.Status.Summary.Data).To(Equal(v1alpha1.DataLive))
	}, SpecTimeout(timeout))

	It("asks nothing of the API server while nothing happens", func(ctx context.Context) {
		w := newWorld(ctx)
		operator := startOperator(w.node, w.namespace)
		workspace, feed, funnel := w.workspace(), w.feed(), w.funnel()
		w.create(ctx, workspace, feed, funnel)
		ready(ctx, funnel)
		ready(ctx, feed)
		w.send(ctx, "page.viewed", nil, "anna", "boris")
		w.counts(ctx, funnel, 2, 0, 0)

		time.Sleep(3 * time.Second) // several status intervals, so that the last numbers are written
		sent := len(operator.requests.since(0))
		Expect(sent).To(BeNumerically(">", 20), "the operator's requests are not noted")
		quiet := []client.Object{workspace, feed, funnel}
		versions := map[client.Object]string{}
		for _, object := range quiet {
			Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			versions[object] = object.GetResourceVersion()
		}
		Consistently(func(g Gomega) {
			for _, object := range quiet {
				g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
				g.Expect(object.GetResourceVersion()).To(Equal(versions[object]), "%T was written", object)
			}
			g.Expect(operator.requests.since(sent)).To(BeEmpty(), "something was sent to the API server")
		}, 8*time.Second).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(timeout))

	It("is left alone in a namespace that the operator does not watch", func(ctx context.Context) {
		w, elsewhere := newWorld(ctx), newWorld(ctx)
		startOperator(w.node, w.namespace)
		stranger, funnel := elsewhere.funnel(), w.funnel()
		w.create(ctx, elsewhere.workspace(), stranger, w.workspace(), funnel)
		ready(ctx, funnel)
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(stranger), stranger)).To(Succeed())
		Expect(stranger.Status.ObservedGeneration).To(BeEquivalentTo(-1))
		Expect(stranger.Status.Conditions).To(BeEmpty())
		Expect(computed(Default, stranger)).To(Equal(kstatus.InProgressStatus))
	}, SpecTimeout(timeout))

	It("has every condition in the generation it speaks of", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		funnel := w.funnel()
		funnel.Spec.Targets = []v1alpha1.FunnelTarget{{Stage: "cart", Conversion: "40%"}}
		w.create(ctx, w.workspace(), funnel)
		ready(ctx, funnel)
		Eventually(func(g Gomega) {
			complete := conditionOf(ctx, g, funnel, v1alpha1.ConditionDataComplete)
			g.Expect(complete.Status).To(Equal(metav1.ConditionTrue))
			target := conditionOf(ctx, g, funnel, v1alpha1.ConditionOnTarget)
			g.Expect(target.Status).To(Equal(metav1.ConditionUnknown))
		}).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(timeout))
})
