// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

// world is a namespace with a node.
type world struct {
	namespace string
	node      *node
	sent      int
}

// newWorld makes a namespace with a node. When the spec fails, what the runners wrote is printed.
func newWorld(ctx context.Context) *world {
	GinkgoHelper()
	w := &world{namespace: newNamespaceName()}
	Expect(cluster.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})).To(Succeed())
	w.node = startNode(w.namespace)
	DeferCleanup(func() {
		if CurrentSpecReport().Failed() {
			AddReportEntry("runners", w.node.logs())
		}
	})
	return w
}

func (w *world) workspace() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "default"},
		Spec: v1alpha1.WorkspaceSpec{
			TimeZone: "Europe/Moscow",
			Currency: "RUB",
			EventLog: v1alpha1.EventLogSpec{
				Partitions: 2,
				Embedded:   &v1alpha1.EmbeddedLogSpec{Storage: resource.MustParse("1Gi")},
			},
		},
	}
}

func (w *world) feed() *v1alpha1.EventFeed {
	return &v1alpha1.EventFeed{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "site"},
		Spec: v1alpha1.EventFeedSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			HTTP:         &v1alpha1.HTTPSource{},
		},
	}
}

func (w *world) funnel() *v1alpha1.Funnel {
	return &v1alpha1.Funnel{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "shop"},
		Spec: v1alpha1.FunnelSpec{
			WorkspaceRef: v1alpha1.WorkspaceReference{Name: "default"},
			Stages: []v1alpha1.FunnelStage{
				{Name: "visit", Event: "page.viewed"},
				{Name: "cart", Event: "product.added", Where: "event.data.price > 0"},
				{Name: "purchase", Event: "order.completed", Value: "event.data.total"},
			},
		},
	}
}

// create applies resources in their order.
func (w *world) create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(cluster.Create(ctx, object)).To(Succeed())
	}
}

// edit changes a resource's spec.
func edit[T client.Object](ctx context.Context, object T, change func(T)) {
	GinkgoHelper()
	Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	before := object.DeepCopyObject().(client.Object)
	change(object)
	Expect(cluster.Patch(ctx, object, client.MergeFrom(before))).To(Succeed())
}

// resourceWithConditions is one of Waymark's.
type resourceWithConditions interface {
	client.Object
	GetConditions() []metav1.Condition
}

// ready waits until a resource is Ready in its newest generation, and kstatus calls it Current.
func ready(ctx context.Context, object resourceWithConditions) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		condition := conditionOf(ctx, g, object, v1alpha1.ConditionReady)
		g.Expect(condition.Status).To(Equal(metav1.ConditionTrue), "%s: %s", condition.Reason, condition.Message)
		g.Expect(condition.ObservedGeneration).To(Equal(object.GetGeneration()))
		g.Expect(computed(g, object)).To(Equal(kstatus.CurrentStatus))
	}).WithContext(ctx).Should(Succeed())
}

// notReady waits until a resource is not Ready in its newest generation for a reason, and kstatus calls it as expected.
func notReady(ctx context.Context, object resourceWithConditions, reason string, expected kstatus.Status) *metav1.Condition {
	GinkgoHelper()
	var condition *metav1.Condition
	Eventually(func(g Gomega) {
		condition = conditionOf(ctx, g, object, v1alpha1.ConditionReady)
		g.Expect(condition.Status).To(Equal(metav1.ConditionFalse))
		g.Expect(condition.Reason).To(Equal(reason), condition.Message)
		g.Expect(condition.ObservedGeneration).To(Equal(object.GetGeneration()))
		g.Expect(computed(g, object)).To(Equal(expected))
	}).WithContext(ctx).Should(Succeed())
	return condition
}

func conditionOf(ctx context.Context, g Gomega, object resourceWithConditions, kind string) *metav1.Condition {
	g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	condition := meta.FindStatusCondition(object.GetConditions(), kind)
	g.Expect(condition).NotTo(BeNil(), "%T %s has no condition %s yet", object, object.GetName(), kind)
	return condition
}

// computed is what kstatus, by which Flux and others judge, makes of a resource.
func computed(g Gomega, object client.Object) kstatus.Status {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := kstatus.Compute(&unstructured.Unstructured{Object: content})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}

// send posts events of one type for contacts through the workspace's ingest, as CloudEvents.
func (w *world) send(ctx context.Context, kind string, data map[string]any, contacts ...string) {
	GinkgoHelper()
	Expect(w.post(ctx, kind, data, contacts...)).To(Equal(http.StatusAccepted))
}

func (w *world) post(ctx context.Context, kind string, data map[string]any, contacts ...string) int {
	GinkgoHelper()
	var batch []map[string]any
	for _, contact := range contacts {
		w.sent++
		batch = append(batch, map[string]any{
			"specversion": "1.0", "id": fmt.Sprint(w.sent), "source": "test", "type": kind, "subject": contact,
			"time": time.Now().UTC().Format(time.RFC3339Nano), "data": data,
		})
	}
	body, err := json.Marshal(batch)
	Expect(err).NotTo(HaveOccurred())
	address := fmt.Sprintf("http://%s/%s/site", w.node.ingestAddress(resources.RunnerPodName("default", 0)), w.namespace)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	request.Header.Set("Authorization", "Bearer "+w.writeKey(ctx))
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	Expect(response.Body.Close()).To(Succeed())
	return response.StatusCode
}

func (w *world) writeKey(ctx context.Context) string {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(cluster.Get(ctx, types.NamespacedName{Namespace: w.namespace, Name: "site-write-key"}, &secret)).To(Succeed())
	return string(secret.Data[resources.WriteKeyKey])
}

// counts waits until a funnel's stages have been entered by so many.
func (w *world) counts(ctx context.Context, funnel *v1alpha1.Funnel, entered ...int64) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(funnel), funnel)).To(Succeed())
		g.Expect(enteredIn(funnel)).To(Equal(entered))
	}).WithContext(ctx).Should(Succeed())
}

func enteredIn(funnel *v1alpha1.Funnel) []int64 {
	var entered []int64
	for _, stage := range funnel.Status.Stages {
		entered = append(entered, stage.Entered)
	}
	return entered
}

// timeout bounds a spec.
const timeout = 2 * time.Minute
