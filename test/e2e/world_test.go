// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// operatorNamespace is where `make deploy` puts the operator.
const operatorNamespace = "waymark-system"

// world is one namespace with what a spec applies in it. Its pods must meet the restricted Pod Security standard.
type world struct {
	Namespace string
	// StorageClass of the workspace; empty is the default class.
	StorageClass string
	// Storage is the size of the workspace's volume.
	Storage string
	folder  string
}

// newWorld makes a namespace that is deleted after the spec. When the spec fails, what happened in it is printed first.
func newWorld(ctx context.Context, name string) *world {
	GinkgoHelper()
	w := &world{Namespace: "e2e-" + name, Storage: "512Mi", folder: GinkgoT().TempDir()}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:   w.Namespace,
		Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	Expect(cluster.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		if CurrentSpecReport().Failed() {
			w.describe(ctx)
		}
		Expect(client.IgnoreNotFound(cluster.Delete(ctx, namespace))).To(Succeed())
		Eventually(func(g Gomega) {
			err := cluster.Get(ctx, client.ObjectKeyFromObject(namespace), &corev1.Namespace{})
			g.Expect(client.IgnoreNotFound(err)).To(Succeed())
			g.Expect(err).To(HaveOccurred(), "the namespace is still there")
		}).WithContext(ctx).Should(Succeed())
	})
	return w
}

// apply sends a manifest as a user does. The manifest is a template over the world.
func (w *world) apply(ctx context.Context, manifest string) {
	GinkgoHelper()
	out, err := w.kubectl(ctx, w.render(manifest), "apply", "-f", "-")
	Expect(err).NotTo(HaveOccurred(), out)
}

func (w *world) render(manifest string) string {
	GinkgoHelper()
	tmpl, err := template.New("manifest").Parse(manifest)
	Expect(err).NotTo(HaveOccurred())
	var b strings.Builder
	Expect(tmpl.Execute(&b, w)).To(Succeed())
	return b.String()
}

func (w *world) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"--namespace", w.Namespace}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// file writes content into the spec's folder and gives its path.
func (w *world) file(name, content string) string {
	GinkgoHelper()
	path := filepath.Join(w.folder, name)
	Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	return path
}

// ready waits until an object's Ready condition is True for its newest generation.
func (w *world) ready(ctx context.Context, kind client.Object, name string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: name}, kind)).To(Succeed())
		c := meta.FindStatusCondition(conditionsOf(kind), v1alpha1.ConditionReady)
		g.Expect(c).NotTo(BeNil(), "no Ready condition yet")
		g.Expect(c.Status).To(Equal(metav1.ConditionTrue), "%s: %s", c.Reason, c.Message)
		g.Expect(c.ObservedGeneration).To(Equal(kind.GetGeneration()))
	}).WithContext(ctx).Should(Succeed())
}

// key names an object of the world.
func (w *world) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.Namespace, Name: name}
}

func conditionsOf(kind client.Object) []metav1.Condition {
	return kind.(interface{ GetConditions() []metav1.Condition }).GetConditions()
}

func condition(kind client.Object, conditionType string) metav1.Condition {
	if c := meta.FindStatusCondition(conditionsOf(kind), conditionType); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// funnel reads the Funnel shop.
func (w *world) funnel(ctx context.Context, g Gomega) *v1alpha1.Funnel {
	var fn v1alpha1.Funnel
	g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "shop"}, &fn)).To(Succeed())
	return &fn
}

// sender opens the ingest of the feed shop.
func (w *world) sender(ctx context.Context) *sender {
	GinkgoHelper()
	return w.feed(ctx, "shop")
}

// feed opens the ingest of a feed as soon as it is ready: its address as reached from here, and its write key.
func (w *world) feed(ctx context.Context, name string) *sender {
	GinkgoHelper()
	var ef v1alpha1.EventFeed
	w.ready(ctx, &ef, name)
	Expect(ef.Status.HTTP).NotTo(BeNil())
	var secret corev1.Secret
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: ef.Status.HTTP.WriteKeySecretName}, &secret)).To(Succeed())
	return &sender{url: w.reachable(ctx, ef.Status.HTTP.URL), key: string(secret.Data["writeKey"])}
}

// reachable turns a URL by the name of a Service into one by its address, which this machine has a route to.
func (w *world) reachable(ctx context.Context, inCluster string) string {
	GinkgoHelper()
	u, err := url.Parse(inCluster)
	Expect(err).NotTo(HaveOccurred())
	var service corev1.Service
	name, _, _ := strings.Cut(u.Hostname(), ".")
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: name}, &service)).To(Succeed())
	u.Host = service.Spec.ClusterIP
	return u.String()
}

// describe prints what a person would look at first after a failure.
func (w *world) describe(ctx context.Context) {
	for _, args := range [][]string{
		{"get", "waymark,pods,pvc,events", "-o", "wide"},
		{"get", "waymark", "-o", "yaml"},
		{"logs", "--prefix", "--tail=200", "--all-containers", "-l", "app.kubernetes.io/managed-by=waymark"},
		{"--namespace", operatorNamespace, "logs", "--tail=100", "deployment/waymark-controller-manager"},
	} {
		out, err := w.kubectl(ctx, "", args...)
		if err != nil {
			out += err.Error()
		}
		AddReportEntry("kubectl "+strings.Join(args, " "), out)
	}
}

func waitForOperator(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		var deployments appsv1.DeploymentList
		g.Expect(cluster.List(ctx, &deployments, client.InNamespace(operatorNamespace))).To(Succeed())
		g.Expect(deployments.Items).To(HaveLen(1), "run `make deploy` first")
		g.Expect(deployments.Items[0].Status.AvailableReplicas).To(BeEquivalentTo(1))
	}).WithContext(ctx).Should(Succeed())
}

// simulate runs the plugin over manifests, as templates over the world, and events, and gives the one Funnel that it prints.
func (w *world) simulate(ctx context.Context, manifests, events, until string) *v1alpha1.Funnel {
	GinkgoHelper()
	return simulated(ctx, "-f", w.file("manifests.yaml", w.render(manifests)), "--events", events, "--until", until)
}

// simulated runs the plugin and gives the one Funnel that it prints.
func simulated(ctx context.Context, args ...string) *v1alpha1.Funnel {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, plugin, append([]string{"simulate", "-o", "json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), stderr.String())
	return funnelIn(out)
}
