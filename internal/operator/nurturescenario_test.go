// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// receiver is an endpoint that takes messages.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	headers []string // Authorization of each message
}

func newReceiver() *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		if request.Method == http.MethodPost && len(body) > 0 {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.headers = append(r.headers, request.Header.Get("Authorization"))
		}
		w.WriteHeader(http.StatusOK)
	}))
	DeferCleanup(r.Close)
	return r
}

func (r *receiver) messages() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.headers...)
}

func (w *world) channel(url string) *v1alpha1.MessageChannel {
	return &v1alpha1.MessageChannel{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "hook"},
		Spec: v1alpha1.MessageChannelSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Webhook: &v1alpha1.WebhookChannel{URL: url, Headers: []v1alpha1.WebhookHeader{
				{Name: "Authorization", ValueSecretRef: &v1alpha1.SecretKeyReference{Name: "hook", Key: "token"}},
			}},
		},
	}
}

func (w *world) secret(token string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "hook"},
		Data:       map[string][]byte{"token": []byte(token)},
	}
}

func (w *world) scenario() *v1alpha1.NurtureScenario {
	return &v1alpha1.NurtureScenario{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "remind"},
		Spec: v1alpha1.NurtureScenarioSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Trigger:      v1alpha1.ScenarioTrigger{Event: &v1alpha1.EventTrigger{Type: "cart.saved"}},
			Goal:         &v1alpha1.ScenarioGoal{Event: "order.completed", Within: "7d"},
			Steps: []v1alpha1.ScenarioStep{
				{Name: "tell", Send: &v1alpha1.SendStep{
					ChannelRef: v1alpha1.MessageChannelReference{Name: "hook"}, Purpose: v1alpha1.PurposeTransactional,
					Payload: `{"text": "Your cart is waiting"}`,
				}},
				{Name: "day", Wait: &v1alpha1.WaitStep{For: "1d"}},
			},
		},
	}
}

func (w *world) entered(ctx context.Context, scenario *v1alpha1.NurtureScenario, entered, sent int64) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(scenario), scenario)).To(Succeed())
		g.Expect(scenario.Status.Entered).To(HaveValue(Equal(entered)))
		g.Expect(scenario.Status.Sent).To(HaveValue(Equal(sent)))
	}).WithContext(ctx).Should(Succeed())
}

var _ = Describe("A NurtureScenario", func() {
	It("is run with its channel, in whatever order they come, and its numbers are written", func(ctx SpecContext) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		takes := newReceiver()
		scenario, channel := w.scenario(), w.channel(takes.URL)

		w.create(ctx, scenario)
		notReady(ctx, scenario, v1alpha1.ReasonWorkspaceNotFound, kstatus.InProgressStatus)
		w.create(ctx, w.workspace(), w.feed())
		condition := notReady(ctx, scenario, v1alpha1.ReasonReferenceNotFound, kstatus.InProgressStatus)
		Expect(condition.Message).To(And(ContainSubstring("spec.steps[0].send.channelRef"), ContainSubstring("hook")))

		w.create(ctx, channel)
		notReady(ctx, channel, v1alpha1.ReasonSecretNotFound, kstatus.InProgressStatus)
		w.create(ctx, w.secret("first"))
		ready(ctx, channel)
		Expect(channel.Status.Medium).To(Equal("Webhook"))
		Expect(meta.IsStatusConditionTrue(channel.Status.Conditions, v1alpha1.ConditionReachable)).To(BeTrue())
		ready(ctx, scenario)

		ready(ctx, w.feed())
		w.send(ctx, "cart.saved", map[string]any{"cart_id": "1"}, "anna", "boris")
		w.entered(ctx, scenario, 2, 2)
		Expect(scenario.Status.Active).To(HaveValue(BeEquivalentTo(2)))
		Expect(scenario.Status.Steps[0].Sent).To(HaveValue(BeEquivalentTo(2)))
		Expect(scenario.Status.Steps[1].Active).To(BeEquivalentTo(2))
		Expect(takes.messages()).To(Equal([]string{"first", "first"}))
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(channel), channel)).To(Succeed())
			g.Expect(channel.Status.Sent).To(HaveValue(BeEquivalentTo(2)))
		}).WithContext(ctx).Should(Succeed())

		By("changing the secret, which takes no restart")
		edit(ctx, w.secret(""), func(s *corev1.Secret) { s.Data["token"] = []byte("second") })
		Eventually(func(g Gomega) { // who is inside is not let in again, so it is somebody else each time
			w.send(ctx, "cart.saved", map[string]any{"cart_id": "2"}, fmt.Sprint("vera-", w.sent))
			g.Expect(takes.messages()).To(ContainElement("second"))
		}).WithContext(ctx).WithPolling(time.Second).Should(Succeed())
	}, SpecTimeout(timeout))

	It("goes on as it was while an edit is wrong", func(ctx SpecContext) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		takes := newReceiver()
		scenario := w.scenario()
		w.create(ctx, w.workspace(), w.feed(), w.secret("t"), w.channel(takes.URL), scenario)
		ready(ctx, scenario)
		version := scenario.Status.ActiveVersion
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(scenario), scenario)).To(Succeed())
			g.Expect(scenario.Status.ActiveVersion).NotTo(BeEmpty())
			version = scenario.Status.ActiveVersion
		}).WithContext(ctx).Should(Succeed())

		edit(ctx, scenario, func(s *v1alpha1.NurtureScenario) { s.Spec.Audience = "contact.attributes.country ==" })
		condition := notReady(ctx, scenario, v1alpha1.ReasonInvalidExpression, kstatus.FailedStatus)
		Expect(condition.Message).To(And(ContainSubstring("spec.audience"), ContainSubstring("the last valid version goes on")))
		ready(ctx, w.feed())
		w.send(ctx, "cart.saved", map[string]any{"cart_id": "1"}, "anna")
		w.entered(ctx, scenario, 1, 1)
		Expect(scenario.Status.ActiveVersion).To(Equal(version))
	}, SpecTimeout(timeout))

	It("rests while it is suspended, and is held until it is approved", func(ctx SpecContext) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		takes := newReceiver()
		workspace := w.workspace()
		workspace.Spec.Policy = &v1alpha1.MessagingPolicy{Approval: &v1alpha1.ApprovalPolicy{Above: 1}}
		w.create(ctx, workspace, w.feed(), w.secret("t"), w.channel(takes.URL))
		ready(ctx, workspace)
		ready(ctx, w.feed())
		w.send(ctx, "identify", map[string]any{"traits": map[string]any{"vip": true}}, "anna", "boris", "vera")

		scenario := w.scenario()
		scenario.Spec.Trigger = v1alpha1.ScenarioTrigger{Segment: &v1alpha1.SegmentTrigger{Where: "contact.attributes.vip"}}
		scenario.Spec.Entry = &v1alpha1.ScenarioEntry{Existing: v1alpha1.ExistingEnrol}
		w.create(ctx, scenario)
		condition := notReady(ctx, scenario, v1alpha1.ReasonAwaitingApproval, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring("3 people"))
		Expect(meta.IsStatusConditionTrue(scenario.Status.Conditions, v1alpha1.ConditionHeld)).To(BeTrue())
		Expect(scenario.Status.Approval.Reach).To(HaveValue(BeEquivalentTo(3)))
		Expect(takes.messages()).To(BeEmpty())

		edit(ctx, scenario, func(s *v1alpha1.NurtureScenario) { s.Spec.ApprovedVersion = s.Status.Approval.Version })
		ready(ctx, scenario)
		w.entered(ctx, scenario, 3, 3)
		Expect(scenario.Status.Approval).To(BeNil())

		edit(ctx, scenario, func(s *v1alpha1.NurtureScenario) { s.Spec.Suspend = true })
		Eventually(func(g Gomega) {
			g.Expect(conditionOf(ctx, g, scenario, v1alpha1.ConditionSuspended).Status).To(Equal(metav1.ConditionTrue))
			g.Expect(conditionOf(ctx, g, scenario, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonSuspended))
		}).WithContext(ctx).Should(Succeed())
		w.send(ctx, "identify", map[string]any{"traits": map[string]any{"vip": true}}, "galina")
		Consistently(func() int { return len(takes.messages()) }).WithContext(ctx).WithTimeout(2 * time.Second).Should(Equal(3))
	}, SpecTimeout(timeout))
})
