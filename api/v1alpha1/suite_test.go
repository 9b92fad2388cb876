// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

// crdDirectory holds the resource definitions as they are installed.
var crdDirectory = filepath.Join("..", "..", "config", "crd", "bases")

// apiClient talks to a real API server with Waymark's resource definitions.
var apiClient client.Client

func TestResourceDefinitions(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Resource definitions")
}

var _ = BeforeSuite(func() {
	environment := &envtest.Environment{CRDDirectoryPaths: []string{crdDirectory}, ErrorIfCRDPathMissing: true}
	// Before the start, which may fail half-way and leave programs running.
	DeferCleanup(environment.Stop)
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred(),
		"if the API server is missing: `make envtest-binaries` builds it, and `make test` points KUBEBUILDER_ASSETS to it")

	scheme := runtime.NewScheme()
	Expect(waymark.AddToScheme(scheme)).To(Succeed())
	apiClient, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// ruleCase is an edit of a valid resource, as a JSON merge patch in YAML, and what the API server answers to it.
type ruleCase struct {
	// before is an edit that is made and stored first; only rules about changes need it.
	before string
	edit   string
	// refused is what the answer says, or empty if the edit is accepted.
	refused string
}

// check makes the edit on the API server.
func (c ruleCase) check(ctx SpecContext, valid string) {
	GinkgoHelper()
	var err error
	if c.before == "" {
		err = apiClient.Create(ctx, edited(manifest(valid), c.edit), client.DryRunAll)
	} else {
		stored := edited(manifest(valid), c.before)
		if c.before == asItIs {
			stored = manifest(valid)
		}
		stored.SetName(uniqueName())
		Expect(apiClient.Create(ctx, stored)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(apiClient.Delete(ctx, stored)).To(Succeed()) })
		err = apiClient.Update(ctx, edited(stored, c.edit), client.DryRunAll)
	}
	expectAnswer(err, c.refused)
}

// expectAnswer demands that the API server accepted what it was given or, if refused is not empty, that it refused it
// as invalid and said so.
func expectAnswer(err error, refused string) {
	GinkgoHelper()
	if refused == "" {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	Expect(err).To(HaveOccurred(), "the API server took what it should refuse")
	Expect(apierrors.IsInvalid(err)).To(BeTrue(), "refused, but not as invalid: %v", err)
	Expect(err.Error()).To(ContainSubstring(refused))
}

// asItIs as the first edit stores the valid resource unchanged.
const asItIs = "{}"

// specs makes a spec of every case.
func specs(valid string, cases map[string]ruleCase) {
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		It(name, func(ctx SpecContext) { cases[name].check(ctx, valid) })
	}
}

// manifest reads a resource from YAML.
func manifest(text string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.UnmarshalStrict([]byte(text), &object.Object)).To(Succeed(), "the manifest of the test itself is wrong")
	if object.GetNamespace() == "" {
		object.SetNamespace("default")
	}
	return object
}

// edited gives a copy of a resource with a JSON merge patch applied.
func edited(object *unstructured.Unstructured, patch string) *unstructured.Unstructured {
	GinkgoHelper()
	original, err := json.Marshal(object.Object)
	Expect(err).NotTo(HaveOccurred())
	change, err := yaml.YAMLToJSONStrict([]byte(patch))
	Expect(err).NotTo(HaveOccurred(), "the edit of the test itself is wrong")
	merged, err := jsonpatch.MergePatch(original, change)
	Expect(err).NotTo(HaveOccurred())
	result := &unstructured.Unstructured{}
	Expect(result.UnmarshalJSON(merged)).To(Succeed())
	return result
}

var names atomic.Int64

func uniqueName() string { return fmt.Sprintf("resource-%d", names.Add(1)) }
