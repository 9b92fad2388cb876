// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"net/http"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var _ = Describe("A feed", func() {
	It("goes on taking events as before while its new spec is wrong", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		feed, funnel := w.feed(), w.funnel()
		w.create(ctx, w.workspace(), feed, funnel)
		ready(ctx, feed)
		ready(ctx, funnel)

		By("breaking its mapping")
		edit(ctx, feed, func(f *v1alpha1.EventFeed) {
			f.Spec.Mapping = &v1alpha1.EventMapping{Contact: "evnt.contact"}
		})
		condition := notReady(ctx, feed, v1alpha1.ReasonInvalidExpression, kstatus.FailedStatus)
		Expect(condition.Message).To(And(ContainSubstring("spec.mapping.contact"), ContainSubstring("evnt"), ContainSubstring("as before")))
		w.send(ctx, "page.viewed", nil, "anna")
		w.counts(ctx, funnel, 1, 0, 0)

		By("mending it")
		edit(ctx, feed, func(f *v1alpha1.EventFeed) { f.Spec.Mapping.Contact = "event.contact + '@shop'" })
		ready(ctx, feed)
		w.send(ctx, "page.viewed", nil, "anna")
		w.counts(ctx, funnel, 2, 0, 0) // the mapping makes this another contact
	}, SpecTimeout(timeout))

	It("waits for the Secret with its write key, and follows it", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		feed := w.feed()
		feed.Spec.HTTP.WriteKeySecretRef = &v1alpha1.SecretKeyReference{Name: "site-write-key", Key: "writeKey"}
		w.create(ctx, w.workspace(), feed)
		condition := notReady(ctx, feed, v1alpha1.ReasonSecretNotFound, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring("site-write-key"))

		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "site-write-key"},
			Data:       map[string][]byte{"writeKey": []byte("first\n")},
		}
		w.create(ctx, secret)
		ready(ctx, feed)

		By("changing the key")
		edit(ctx, secret, func(s *corev1.Secret) { s.Data["writeKey"] = []byte("second") })
		Eventually(func() int { return w.post(ctx, "page.viewed", nil, "anna") }).WithContext(ctx).Should(Equal(http.StatusAccepted))
		edit(ctx, secret, func(s *corev1.Secret) { s.Data["writeKey"] = []byte(" ") })
		notReady(ctx, feed, v1alpha1.ReasonInvalidSecret, kstatus.InProgressStatus)
	}, SpecTimeout(timeout))

	It("keeps the write key that was made for it", func(ctx context.Context) {
		w := newWorld(ctx)
		operator := startOperator(w.node, w.namespace)
		feed := w.feed()
		w.create(ctx, w.workspace(), feed)
		ready(ctx, feed)
		key := w.writeKey(ctx)
		Expect(len(key)).To(BeNumerically(">=", 20))
		Expect(feed.Status.HTTP.WriteKeySecretName).To(Equal("site-write-key"))

		operator.stop()
		startOperator(w.node, w.namespace)
		edit(ctx, feed, func(f *v1alpha1.EventFeed) { f.Spec.Trust = v1alpha1.TrustServer })
		ready(ctx, feed)
		Expect(w.writeKey(ctx)).To(Equal(key))
	}, SpecTimeout(timeout))

	It("must not share its write key, as the key alone tells feeds apart", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "key"},
			Data:       map[string][]byte{"writeKey": []byte("shared")},
		}
		first, second := w.feed(), w.feed()
		second.Name = "app"
		for _, feed := range []*v1alpha1.EventFeed{first, second} {
			feed.Spec.HTTP.WriteKeySecretRef = &v1alpha1.SecretKeyReference{Name: "key", Key: "writeKey"}
		}
		w.create(ctx, secret, w.workspace(), first)
		ready(ctx, first)
		time.Sleep(time.Until(first.CreationTimestamp.Add(time.Second))) // of those made in one second the first by name has the key
		w.create(ctx, second)
		notReady(ctx, second, v1alpha1.ReasonInvalidSecret, kstatus.InProgressStatus)
		ready(ctx, first)
	}, SpecTimeout(timeout))

	It("of Kafka says that it is not supported yet", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		feed := w.feed()
		feed.Spec.HTTP = nil
		feed.Spec.Kafka = &v1alpha1.KafkaSource{Brokers: []string{"kafka:9092"}, Topics: []string{"events"}}
		w.create(ctx, w.workspace(), feed)
		condition := notReady(ctx, feed, v1alpha1.ReasonNotSupported, kstatus.FailedStatus)
		Expect(condition.Message).To(ContainSubstring("spec.kafka"))
	}, SpecTimeout(timeout))

	It("is no longer served once it is deleted", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		feed := w.feed()
		w.create(ctx, w.workspace(), feed)
		ready(ctx, feed)
		Expect(cluster.Delete(ctx, feed)).To(Succeed())
		Eventually(func() int { return w.post(ctx, "page.viewed", nil, "anna") }).WithContext(ctx).Should(Equal(http.StatusNotFound))
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(feed), feed)).NotTo(Succeed())
	}, SpecTimeout(timeout))
})
