// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var _ = Describe("A Funnel", func() {
	It("shows the numbers that simulate computes over the same events", func(ctx context.Context) {
		w := newWorld(ctx, "numbers")
		w.apply(ctx, shopManifests)
		events := shoppers(1, 2000, time.Now())
		Expect(w.sender(ctx).send(ctx, events)).To(Succeed())

		live := w.asSimulated(ctx, shopManifests, events)
		Expect(live.Status.Stages[0].Entered).To(Equal(visitorsIn(events)))

		By("reading well to a marketer")
		table, err := w.kubectl(ctx, "", "get", "funnels")
		Expect(err).NotTo(HaveOccurred(), table)
		Expect(strings.Fields(strings.SplitN(table, "\n", 2)[0])).To(Equal([]string{
			"NAME", "PERIOD", "ENTERED", "CONVERTED", "CONVERSION", "BOTTLENECK", "LOST", "CHANGE", "REVENUE", "DATA", "READY", "AGE",
		}))
		Expect(table).To(ContainSubstring("RUB"))
		described, err := w.kubectl(ctx, "", "describe", "funnel", "shop")
		Expect(err).NotTo(HaveOccurred(), described)
		Expect(described).To(ContainSubstring(live.Status.Bottleneck.Transition))
	})

	It("is what the demo shows", func(ctx context.Context) {
		w := newWorld(ctx, "demo")
		now := time.Now().UTC().Format(time.RFC3339)
		demo := exec.CommandContext(ctx, "../../hack/demo/demo.sh", "--until", now)
		demo.Env = append(os.Environ(), "WAYMARK_DEMO_NAMESPACE="+w.Namespace)
		shown, err := demo.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(shown))

		events := filepath.Join(w.folder, "demo.jsonl")
		written, err := exec.CommandContext(ctx, "go", "run", "../../hack/demo", "--until", now, "--write", events).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(written))
		sample, err := exec.CommandContext(ctx, "kubectl", "kustomize", "../../config/samples/shop").Output()
		Expect(err).NotTo(HaveOccurred())
		manifests := w.file("shop.yaml", string(sample)) // as it is: its letters are templates of their own
		Eventually(func(g Gomega) {
			live := w.funnel(ctx, g)
			expectSameNumbers(g, live, simulated(ctx, "-f", manifests, "--events", events, "--until", evaluatedAt(live)))
			g.Expect(live.Status.Stages[0].Entered).To(BeNumerically(">", 10_000))
			g.Expect(string(shown)).To(ContainSubstring(live.Status.Summary.Conversion))
		}).WithContext(ctx).Should(Succeed())
	})

	It("is computed from the retained log when it is applied later, and again when it is edited", func(ctx context.Context) {
		w := newWorld(ctx, "later")
		w.apply(ctx, workspaceManifest+feedManifest)
		events := shoppers(2, 1000, time.Now())
		Expect(w.sender(ctx).send(ctx, events)).To(Succeed())

		w.apply(ctx, funnelManifest)
		live := w.entered(ctx, visitorsIn(events))
		before := live.Status.ActiveVersion

		By("editing what is counted")
		edited := strings.Replace(funnelManifest, "event.data.price > 0", "event.data.price > 5000", 1)
		w.apply(ctx, edited)
		Eventually(func(g Gomega) {
			fn := w.funnel(ctx, g)
			g.Expect(fn.Status.ActiveVersion).NotTo(Equal(before))
			g.Expect(fn.Status.ObservedGeneration).To(Equal(fn.Generation))
		}).WithContext(ctx).Should(Succeed())
		w.asSimulated(ctx, workspaceManifest+feedManifest+edited, events)
	})

	It("says what is wrong with it and keeps the last valid one running", func(ctx context.Context) {
		w := newWorld(ctx, "bad")
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		w.ready(ctx, &v1alpha1.Funnel{}, "shop")

		By("refusing two stages of one name at the API")
		out, err := w.kubectl(ctx, strings.Replace(funnelManifest, "name: cart", "name: visit", 1), "apply", "-f", "-")
		Expect(err).To(HaveOccurred())
		Expect(out).To(ContainSubstring("stages need different names"))

		By("stalling on an expression that does not compile")
		w.apply(ctx, strings.Replace(funnelManifest, "event.data.price > 0", "evnt.data.price > 0", 1))
		Eventually(func(g Gomega) {
			fn := w.funnel(ctx, g)
			ready := condition(fn, v1alpha1.ConditionReady)
			g.Expect(ready.Status).To(Equal(metav1.ConditionFalse))
			g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonInvalidExpression))
			g.Expect(ready.Message).To(And(ContainSubstring("spec.stages[1].where"), ContainSubstring("evnt")))
			g.Expect(condition(fn, v1alpha1.ConditionStalled).Status).To(Equal(metav1.ConditionTrue))
		}).WithContext(ctx).Should(Succeed())

		By("counting on by the last valid generation")
		events := shoppers(3, 200, time.Now())
		Expect(post.send(ctx, events)).To(Succeed())
		w.entered(ctx, visitorsIn(events))

		By("recovering when it is mended")
		w.apply(ctx, funnelManifest)
		w.ready(ctx, &v1alpha1.Funnel{}, "shop")
	})

	It("waits for its workspace", func(ctx context.Context) {
		w := newWorld(ctx, "waits")
		w.apply(ctx, feedManifest+funnelManifest)
		Eventually(func(g Gomega) {
			fn := w.funnel(ctx, g)
			g.Expect(condition(fn, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonWorkspaceNotFound))
			g.Expect(condition(fn, v1alpha1.ConditionReconciling).Status).To(Equal(metav1.ConditionTrue))
			g.Expect(condition(fn, v1alpha1.ConditionStalled).Status).To(BeEmpty())
		}).WithContext(ctx).Should(Succeed())
		w.apply(ctx, workspaceManifest)
		w.ready(ctx, &v1alpha1.Funnel{}, "shop")
	})

	It("shows the same numbers after it was deleted and applied again", func(ctx context.Context) {
		w := newWorld(ctx, "again")
		w.apply(ctx, shopManifests)
		events := shoppers(4, 500, time.Now())
		Expect(w.sender(ctx).send(ctx, events)).To(Succeed())
		want := visitorsIn(events)
		w.entered(ctx, want)
		out, err := w.kubectl(ctx, "", "delete", "funnel", "shop", "--timeout=60s")
		Expect(err).NotTo(HaveOccurred(), out)
		w.apply(ctx, funnelManifest)
		w.entered(ctx, want)
	})
})

var _ = Describe("Ingest", func() {
	It("refuses what it cannot take, says why, and keeps the rest", func(ctx context.Context) {
		w := newWorld(ctx, "refuses")
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		now := time.Now()
		refused := func(status int, says, payload string) {
			GinkgoHelper()
			got, _, body, err := post.post(ctx, "application/cloudevents+json", []byte(payload))
			Expect(err).NotTo(HaveOccurred())
			Expect(got).To(Equal(status), body)
			Expect(body).To(ContainSubstring(says))
		}
		refused(http.StatusBadRequest, "JSON", `{"specversion": "1.0", `)
		refused(http.StatusUnprocessableEntity, "subject", `{"specversion":"1.0","id":"1","source":"s","type":"page.viewed"}`)
		refused(http.StatusUnprocessableEntity, "waymark.", `{"specversion":"1.0","id":"1","source":"s","type":"waymark.sent","subject":"a"}`)
		refused(http.StatusUnprocessableEntity, "time", `{"specversion":"1.0","id":"1","source":"s","type":"page.viewed","subject":"a","time":"0001-01-01T00:00:00Z"}`)
		refused(http.StatusRequestEntityTooLarge, "maxBodyBytes", `{"data":"`+strings.Repeat("x", 10<<20)+`"}`)

		By("asking for the right key")
		wrong := &sender{url: post.url, key: "wrong"}
		status, _, _, err := wrong.try(ctx, []cloudEvent{happened("a", "page.viewed", now, nil)})
		Expect(err).NotTo(HaveOccurred())
		Expect(status).To(Equal(http.StatusUnauthorized))

		By("setting a time in the future to the receipt and counting a where that fails as false")
		Expect(post.send(ctx, []cloudEvent{
			happened("early", "page.viewed", now.Add(48*time.Hour), nil),
			happened("odd", "page.viewed", now.Add(-time.Minute), nil),
			happened("odd", "product.added", now.Add(-time.Second), map[string]any{"price": []int{1}}),
		})).To(Succeed())
		fn := w.entered(ctx, 2)
		Expect(fn.Status.Stages[1].Entered).To(BeZero())
		Expect(fn.Status.Counters.EvaluationErrors).To(BeEquivalentTo(1))
		Expect(fn.Status.Counters.EvaluationErrorExample.Field).To(Equal("spec.stages[1].where"))
	})
})

// entered waits until the Funnel shop shows so many at its first stage, from complete data, and gives it.
func (w *world) entered(ctx context.Context, want int64) *v1alpha1.Funnel {
	GinkgoHelper()
	var fn v1alpha1.Funnel
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "shop"}, &fn)).To(Succeed())
		g.Expect(fn.Status.Stages).NotTo(BeEmpty())
		g.Expect(fn.Status.Stages[0].Entered).To(Equal(want))
		g.Expect(condition(&fn, v1alpha1.ConditionDataComplete).Status).To(Equal(metav1.ConditionTrue))
	}).WithContext(ctx).Should(Succeed())
	return &fn
}

// asSimulated waits until the Funnel shop shows what simulate computes over the events as of the same instant, and gives it.
func (w *world) asSimulated(ctx context.Context, manifests string, events []cloudEvent) *v1alpha1.Funnel {
	GinkgoHelper()
	file := jsonLines(w.folder, events)
	var live *v1alpha1.Funnel
	Eventually(func(g Gomega) {
		live = w.funnel(ctx, g)
		g.Expect(live.Status.EvaluatedAt).NotTo(BeNil())
		g.Expect(condition(live, v1alpha1.ConditionDataComplete).Status).To(Equal(metav1.ConditionTrue))
		expectSameNumbers(g, live, w.simulate(ctx, manifests, file, evaluatedAt(live)))
	}).WithContext(ctx).WithPolling(2 * time.Second).Should(Succeed())
	return live
}
