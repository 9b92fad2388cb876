// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e asserts what a user sees, on a real cluster with the operator deployed: `make e2e` brings both up and runs it.
package e2e

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

var (
	// cluster reads and writes objects; pods reads logs.
	cluster client.Client
	pods    kubernetes.Interface
	// plugin is the built kubectl-waymark.
	plugin string
)

func TestEndToEnd(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Fatal("KUBECONFIG is not set: run the end-to-end tests by `make e2e`, which brings a cluster up first")
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "End to end")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(2 * time.Minute)
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyPollingInterval(500 * time.Millisecond)
	Expect(v1alpha1.AddToScheme(scheme.Scheme)).To(Succeed())

	cfg, err := config.GetConfig()
	Expect(err).NotTo(HaveOccurred())
	cfg.QPS, cfg.Burst = 50, 100
	cluster, err = client.New(rest.CopyConfig(cfg), client.Options{Scheme: scheme.Scheme})
	Expect(err).NotTo(HaveOccurred())
	pods, err = kubernetes.NewForConfig(cfg)
	Expect(err).NotTo(HaveOccurred())

	plugin = os.Getenv("KUBECTL_WAYMARK")
	Expect(plugin).To(BeAnExistingFile(), "KUBECTL_WAYMARK names the built plugin; `make e2e` sets it")
	waitForOperator(ctx)
})
