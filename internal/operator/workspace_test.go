// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"time"

	kstatus "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/resources"
)

var _ = Describe("A workspace", func() {
	It("makes its children once, and repairs them", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace := w.workspace()
		w.create(ctx, workspace)
		ready(ctx, workspace)
		Expect(workspace.Status.Partitions).To(Equal("2/2"))
		Expect(workspace.Status.IngestURL).To(Equal("http://default-ingest." + w.namespace + ".svc/"))
		Expect(workspace.Status.Storage).To(MatchRegexp(`^\d+% of 1Gi$`))

		By("changing a Service by hand")
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: resources.IngestName("default")}}
		edit(ctx, service, func(s *corev1.Service) { s.Spec.Ports[0].Port = 8000 })
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(service), service)).To(Succeed())
			g.Expect(service.Spec.Ports).To(HaveLen(1))
			g.Expect(service.Spec.Ports[0].Port).To(BeEquivalentTo(80))
		}).WithContext(ctx).Should(Succeed())

		By("deleting the certificate of the runner")
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: resources.RunnerSecretName("default")}}
		Expect(cluster.Delete(ctx, secret)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
			g.Expect(secret.Data).To(HaveKey(resources.CertificateKey))
		}).WithContext(ctx).Should(Succeed())
		ready(ctx, workspace)
	}, SpecTimeout(timeout))

	It("tells of its readiness once", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace := w.workspace()
		w.create(ctx, workspace)
		ready(ctx, workspace)
		told := func(g Gomega) []eventsv1.Event {
			var events eventsv1.EventList
			g.Expect(cluster.List(ctx, &events, client.InNamespace(w.namespace))).To(Succeed())
			var about []eventsv1.Event
			for _, event := range events.Items {
				if event.Regarding.Kind == "Workspace" && event.Reason == v1alpha1.ReasonSucceeded {
					about = append(about, event)
				}
			}
			return about
		}
		Eventually(func(g Gomega) { g.Expect(told(g)).To(HaveLen(1)) }).WithContext(ctx).Should(Succeed())
		Consistently(func(g Gomega) { g.Expect(told(g)).To(HaveLen(1)) }, 2*time.Second).WithContext(ctx).Should(Succeed())
	}, SpecTimeout(timeout))

	It("never takes over what somebody else made", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		theirs := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: resources.IngestName("default")},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 5432}}, Selector: map[string]string{"app": "database"}},
		}
		workspace := w.workspace()
		w.create(ctx, theirs, workspace)
		condition := notReady(ctx, workspace, v1alpha1.ReasonProgressing, kstatus.InProgressStatus)
		Expect(condition.Message).To(ContainSubstring("default-ingest"))
		Expect(cluster.Get(ctx, client.ObjectKeyFromObject(theirs), theirs)).To(Succeed())
		Expect(theirs.Spec.Selector).To(Equal(map[string]string{"app": "database"}))
		Expect(theirs.OwnerReferences).To(BeEmpty())
	}, SpecTimeout(timeout))

	It("refuses a time zone that does not exist, and its funnels wait", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace, funnel := w.workspace(), w.funnel()
		workspace.Spec.TimeZone = "Europe/Moskau"
		w.create(ctx, workspace, funnel)
		condition := notReady(ctx, workspace, v1alpha1.ReasonInvalidSpec, kstatus.FailedStatus)
		Expect(condition.Message).To(ContainSubstring("Europe/Moskau"))
		notReady(ctx, funnel, v1alpha1.ReasonWorkspaceNotReady, kstatus.InProgressStatus)

		edit(ctx, workspace, func(ws *v1alpha1.Workspace) { ws.Spec.TimeZone = "Europe/Moscow" })
		ready(ctx, workspace)
		ready(ctx, funnel)
	}, SpecTimeout(timeout))

	It("over NATS says that it is not supported yet", func(ctx context.Context) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		workspace := w.workspace()
		workspace.Spec.EventLog.Embedded = nil
		workspace.Spec.EventLog.NATS = &v1alpha1.NATSLogSpec{URL: "nats://nats:4222"}
		w.create(ctx, workspace)
		condition := notReady(ctx, workspace, v1alpha1.ReasonNotSupported, kstatus.FailedStatus)
		Expect(condition.Message).To(ContainSubstring("spec.eventLog.nats"))
	}, SpecTimeout(timeout))

	DescribeTable("grows its volume", func(ctx context.Context, expandable bool) {
		w := newWorld(ctx)
		startOperator(w.node, w.namespace)
		class := &storagev1.StorageClass{
			ObjectMeta:           metav1.ObjectMeta{Name: w.namespace},
			Provisioner:          "example.com/volumes",
			AllowVolumeExpansion: new(expandable),
		}
		workspace := w.workspace()
		workspace.Spec.EventLog.Embedded.StorageClassName = &class.Name
		w.create(ctx, class, workspace)
		ready(ctx, workspace)
		set := &appsv1.StatefulSet{}
		of := types.NamespacedName{Namespace: w.namespace, Name: resources.RunnerName("default")}
		Expect(cluster.Get(ctx, of, set)).To(Succeed())
		first := set.UID

		edit(ctx, workspace, func(ws *v1alpha1.Workspace) { ws.Spec.EventLog.Embedded.Storage = resource.MustParse("2Gi") })
		claim := &corev1.PersistentVolumeClaim{}
		claimName := types.NamespacedName{Namespace: w.namespace, Name: resources.DataClaimName("default", 0)}
		if !expandable {
			condition := notReady(ctx, workspace, v1alpha1.ReasonStorageNotExpandable, kstatus.FailedStatus)
			Expect(condition.Message).To(And(ContainSubstring("2Gi"), ContainSubstring("allowVolumeExpansion")))
			Expect(cluster.Get(ctx, of, set)).To(Succeed())
			Expect(set.UID).To(Equal(first))
			return
		}
		Eventually(func(g Gomega) {
			g.Expect(cluster.Get(ctx, claimName, claim)).To(Succeed())
			g.Expect(claim.Spec.Resources.Requests.Storage().String()).To(Equal("2Gi"))
			g.Expect(cluster.Get(ctx, of, set)).To(Succeed())
			g.Expect(set.UID).NotTo(Equal(first), "the volume template cannot change, so the StatefulSet is made anew")
			g.Expect(set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String()).To(Equal("2Gi"))
			condition := conditionOf(ctx, g, workspace, v1alpha1.ConditionReconciling)
			g.Expect(condition.Reason).To(Equal(v1alpha1.ReasonStorageResizing))
		}).WithContext(ctx).Should(Succeed())
		Expect(conditionOf(ctx, Default, workspace, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))

		By("the volume having grown")
		claim.Status.Capacity = claim.Spec.Resources.Requests
		Expect(cluster.Status().Update(ctx, claim)).To(Succeed())
		ready(ctx, workspace)
	},
		Entry("where the storage class lets it", true, SpecTimeout(timeout)),
		Entry("and says so where the storage class does not let it", false, SpecTimeout(timeout)),
	)
})
