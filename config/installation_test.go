// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package config_test installs Waymark on a real API server as its users do.
package config_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func TestInstallation(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Installation")
}

const namespace = "waymark-system"

var _ = Describe("dist", func() {
	for _, file := range []string{"install.yaml", "install-namespaced.yaml"} {
		Describe(file, Ordered, func() {
			var cluster client.Client
			var objects []*unstructured.Unstructured

			BeforeAll(func() {
				cluster = startAPIServer()
				objects = documents(filepath.Join("..", "dist", file))
			})

			It("is accepted as it is", func(ctx SpecContext) {
				for _, object := range objects {
					Expect(cluster.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("test"))).
						To(Succeed(), "%s %s", object.GetKind(), object.GetName())
				}
			})

			It("makes every sample acceptable", func(ctx SpecContext) {
				samples := sampleResources()
				Expect(samples).NotTo(BeEmpty())
				for path, sample := range samples {
					sample.SetNamespace("default")
					Eventually(ctx, func() error {
						return cluster.Create(ctx, sample.DeepCopy(), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
					}).Should(Succeed(), path)
				}
			})

			It("runs the manager under the Pod Security Standard restricted", func(ctx SpecContext) {
				deployment := &appsv1.Deployment{}
				find(objects, "Deployment", "waymark-controller-manager", deployment)
				Expect(cluster.Create(ctx, podOf(deployment), client.DryRunAll)).To(Succeed())

				careless := podOf(deployment)
				careless.Spec.Containers[0].SecurityContext = nil
				Expect(cluster.Create(ctx, careless, client.DryRunAll)).To(MatchError(ContainSubstring(`violates PodSecurity "restricted:latest"`)),
					"the namespace does not enforce the standard")
			})

			It("gives runners the image of the manager", func() {
				deployment := &appsv1.Deployment{}
				find(objects, "Deployment", "waymark-controller-manager", deployment)
				manager := deployment.Spec.Template.Spec.Containers[0]
				Expect(manager.Args).To(ContainElement("--runner-image=$(RUNNER_IMAGE)"))
				Expect(manager.Env).To(ContainElement(corev1.EnvVar{Name: "RUNNER_IMAGE", Value: manager.Image}))
			})
		})
	}

	It("gives the namespaced manager no right outside of its namespace", func() {
		for _, object := range documents(filepath.Join("..", "dist", "install-namespaced.yaml")) {
			Expect(object.GetKind()).NotTo(Equal("ClusterRoleBinding"), object.GetName())
		}
	})
})

// startAPIServer gives a client of an empty cluster.
func startAPIServer() client.Client {
	GinkgoHelper()
	environment := &envtest.Environment{}
	// Before the start, which may fail half-way and leave programs running.
	DeferCleanup(environment.Stop)
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred(),
		"if the API server is missing: `make envtest-binaries` builds it, and `make test` points KUBEBUILDER_ASSETS to it")
	cluster, err := client.New(config, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	return cluster
}

// documents reads the resources of a YAML file.
func documents(path string) []*unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var result []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return result
		}
		Expect(err).NotTo(HaveOccurred(), path)
		if object.Object != nil {
			result = append(result, object)
		}
	}
}

// sampleResources reads the resources of all samples, by the path of the file and their kind and name.
func sampleResources() map[string]*unstructured.Unstructured {
	GinkgoHelper()
	result := map[string]*unstructured.Unstructured{}
	err := filepath.WalkDir("samples", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || entry.Name() == "kustomization.yaml" {
			return err
		}
		for _, object := range documents(path) {
			result[strings.Join([]string{path, object.GetKind(), object.GetName()}, " ")] = object
		}
		return nil
	})
	Expect(err).NotTo(HaveOccurred())
	return result
}

// find reads the object of a kind and name into a typed one.
func find(objects []*unstructured.Unstructured, kind, name string, into client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		if object.GetKind() == kind && object.GetName() == name {
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true)).To(Succeed())
			return
		}
	}
	Fail("there is no " + kind + " " + name)
}

// podOf makes the pod that a deployment asks for. envtest runs no controllers that would.
func podOf(deployment *appsv1.Deployment) *corev1.Pod {
	template := deployment.Spec.Template.DeepCopy()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "manager", Labels: template.Labels},
		Spec:       template.Spec,
	}
}
