// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

const (
	// smallStorageClass offers volumes that are quickly full; the cluster of `make cluster-up` has it.
	smallStorageClass = "waymark-small"
	// dataFolder is where a runner's volume is mounted.
	dataFolder = "/var/lib/waymark"
)

var _ = Describe("Nothing is lost or counted twice", func() {
	It("when the runner is killed again and again under load", func(ctx context.Context) {
		w := newWorld(ctx, "killed")
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		events := shoppers(5, 6000, time.Now())
		sent := make(chan error, 1)
		sendCtx, cancel := context.WithTimeout(ctx, 4*time.Minute)
		DeferCleanup(cancel)
		go func() { sent <- post.send(sendCtx, events) }()

		for range 3 {
			time.Sleep(1500 * time.Millisecond)
			Eventually(func(g Gomega) { w.killRunner(ctx, g) }).WithContext(ctx).Should(Succeed())
		}
		Eventually(sent).WithTimeout(4 * time.Minute).Should(Receive(BeNil()))

		live := w.asSimulated(ctx, shopManifests, events)
		Expect(live.Status.Stages[0].Entered).To(Equal(visitorsIn(events)))
	})

	It("when the runner's pod is lost and the operator restarts", func(ctx context.Context) {
		w := newWorld(ctx, "restarts")
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		first := shoppers(6, 1000, time.Now())
		Expect(post.send(ctx, first)).To(Succeed())
		want := visitorsIn(first)
		w.entered(ctx, want)

		By("losing the pod")
		pod := w.runner(ctx, Default)
		zero := int64(0)
		Expect(cluster.Delete(ctx, pod, &client.DeleteOptions{GracePeriodSeconds: &zero})).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(w.runner(ctx, g).UID).NotTo(Equal(pod.UID))
		}).WithContext(ctx).Should(Succeed())

		By("restarting the operator meanwhile")
		Expect(cluster.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(operatorNamespace))).To(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(w.funnel(ctx, g).Status.Stages[0].Entered).To(Equal(want))
		}).WithContext(ctx).WithTimeout(10 * time.Second).Should(Succeed())
		waitForOperator(ctx)

		second := shoppers(7, 300, time.Now())
		Expect(post.send(ctx, second)).To(Succeed())
		live := w.asSimulated(ctx, shopManifests, append(first, second...))
		Expect(live.Status.Stages[0].Entered).To(Equal(want + visitorsIn(second)))
	})

	It("when the disk is full, which heals", func(ctx context.Context) {
		w := newWorld(ctx, "full")
		w.Storage, w.StorageClass = "64Mi", smallStorageClass
		w.apply(ctx, shopManifests)
		post := w.sender(ctx)
		before := shoppers(8, 200, time.Now())
		Expect(post.send(ctx, before)).To(Succeed())
		want, taken := visitorsIn(before), int64(0)
		w.entered(ctx, want)

		By("filling the volume from outside")
		ballast := w.fillVolume(ctx)
		Eventually(func(g Gomega) {
			status, retryAfter, body, err := post.try(ctx, []cloudEvent{happened("knocks", "page.viewed", time.Now(), nil)})
			g.Expect(err).NotTo(HaveOccurred())
			if status/100 == 2 {
				taken = 1 // before the full disk was noticed; what is acknowledged must count
			}
			g.Expect(status).To(Equal(http.StatusServiceUnavailable), body)
			g.Expect(retryAfter).NotTo(BeEmpty())
		}).WithContext(ctx).Should(Succeed())
		Eventually(func(g Gomega) {
			var ws v1alpha1.Workspace
			g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: "default"}, &ws)).To(Succeed())
			c := condition(&ws, v1alpha1.ConditionStorageAvailable)
			g.Expect(c.Status).To(Equal(metav1.ConditionFalse))
			g.Expect(c.Reason).To(Equal(v1alpha1.ReasonStorageFull))
		}).WithContext(ctx).Should(Succeed())

		By("making space again")
		Expect(os.Remove(ballast)).To(Succeed())
		after := shoppers(9, 200, time.Now())
		sendCtx, cancel := context.WithTimeout(ctx, 2*time.Minute)
		defer cancel()
		Expect(post.send(sendCtx, after)).To(Succeed())
		fn := w.entered(ctx, want+taken+visitorsIn(after))
		Expect(fn.Status.Summary.Data).To(Equal(v1alpha1.DataLive))
	})
})

var _ = Describe("Deleting", func() {
	It("a workspace removes what was made and keeps the data, which a workspace of the same name takes up", func(ctx context.Context) {
		w := newWorld(ctx, "deleted")
		w.apply(ctx, shopManifests)
		events := shoppers(10, 300, time.Now())
		Expect(w.sender(ctx).send(ctx, events)).To(Succeed())
		want := visitorsIn(events)
		w.entered(ctx, want)

		out, err := w.kubectl(ctx, "", "delete", "workspace", "default", "--timeout=60s")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func(g Gomega) {
			var left corev1.PodList
			g.Expect(cluster.List(ctx, &left, client.InNamespace(w.Namespace))).To(Succeed())
			g.Expect(left.Items).To(BeEmpty())
			g.Expect(condition(w.funnel(ctx, g), v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonWorkspaceNotFound))
		}).WithContext(ctx).Should(Succeed())
		var claims corev1.PersistentVolumeClaimList
		Expect(cluster.List(ctx, &claims, client.InNamespace(w.Namespace))).To(Succeed())
		Expect(claims.Items).To(HaveLen(1))

		w.apply(ctx, workspaceManifest)
		w.ready(ctx, &v1alpha1.Workspace{}, "default")
		more := shoppers(11, 100, time.Now())
		Expect(w.sender(ctx).send(ctx, more)).To(Succeed())
		w.entered(ctx, want+visitorsIn(more))
	})
})

// runner gives the workspace's one running pod.
func (w *world) runner(ctx context.Context, g Gomega) *corev1.Pod {
	var list corev1.PodList
	g.Expect(cluster.List(ctx, &list, client.InNamespace(w.Namespace), client.MatchingLabels{"app.kubernetes.io/managed-by": "waymark"})).To(Succeed())
	g.Expect(list.Items).To(HaveLen(1))
	g.Expect(list.Items[0].Status.Phase).To(Equal(corev1.PodRunning))
	return &list.Items[0]
}

// runnerProcess finds the runner among this machine's processes by its pod's cgroup: the cluster's node is this machine.
func (w *world) runnerProcess(ctx context.Context, g Gomega) int {
	pod := w.runner(ctx, g)
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	g.Expect(err).NotTo(HaveOccurred())
	for _, path := range groups {
		group, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(group), string(pod.UID)) {
			continue // it ended meanwhile, or is another pod's
		}
		var pid int
		_, err = fmt.Sscanf(path, "/proc/%d/cgroup", &pid)
		g.Expect(err).NotTo(HaveOccurred())
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && filepath.Base(exe) == "runner" {
			return pid
		}
	}
	g.Expect(groups).To(BeEmpty(), "no process of the runner's pod was found")
	return 0
}

func (w *world) killRunner(ctx context.Context, g Gomega) {
	g.Expect(syscall.Kill(w.runnerProcess(ctx, g), syscall.SIGKILL)).To(Succeed())
}

// fillVolume leaves no byte free on the runner's volume and gives the path of the file that takes it all.
func (w *world) fillVolume(ctx context.Context) string {
	GinkgoHelper()
	folder := fmt.Sprintf("/proc/%d/root%s", w.runnerProcess(ctx, Default), dataFolder)
	ballast := filepath.Join(folder, "ballast")
	f, err := os.Create(ballast)
	Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	block := make([]byte, 1<<16)
	for len(block) > 0 {
		if _, err := f.Write(block); err != nil {
			Expect(err).To(MatchError(syscall.ENOSPC))
			block = block[:len(block)/2]
		}
	}
	return ballast
}
