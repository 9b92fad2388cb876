// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/operator"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

var (
	apiServer *rest.Config
	cluster   client.Client // talks to the API server without a cache
	runner    string        // the runner's program
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	RunSpecs(t, "Operator")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(zap.New(zap.WriteTo(GinkgoWriter), zap.UseDevMode(true)))
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	// Before the start, which may fail half-way and leave programs running.
	DeferCleanup(environment.Stop)
	var err error
	apiServer, err = environment.Start()
	Expect(err).NotTo(HaveOccurred(),
		"if the API server is missing: `make envtest-binaries` builds it, and `make test` points KUBEBUILDER_ASSETS to it")

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	cluster, err = client.New(apiServer, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())

	runner, err = gexec.Build("github.com/waymark-dev/waymark/cmd/runner")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
})

// running is an operator at work.
type running struct {
	stop     func()
	requests *requests
}

// requests are those that an operator sent to the API server, but for watches, which stay open.
type requests struct {
	http.RoundTripper
	mu   sync.Mutex
	sent []string // method and path
}

// since gives the requests that came after the first so many.
func (r *requests) since(first int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent[first:])
}

// RoundTrip notes a request.
func (r *requests) RoundTrip(request *http.Request) (*http.Response, error) {
	if !request.URL.Query().Has("watch") {
		r.mu.Lock()
		r.sent = append(r.sent, request.Method+" "+request.URL.Path)
		r.mu.Unlock()
	}
	return r.RoundTripper.RoundTrip(request)
}

// startOperator runs an operator that looks after the given namespaces and reaches the pods of a node. It stops with the spec.
func startOperator(n *node, namespaces ...string) *running {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	sent := &requests{}
	config := rest.CopyConfig(apiServer)
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper {
		sent.RoundTripper = inner
		return sent
	})
	manager, err := operator.New(ctx, config, operator.Options{
		MetricsAddress:  "0",
		ProbeAddress:    "0",
		WatchNamespaces: namespaces,
		Deployment:      resources.Deployment{Image: "waymark:test"},
		StatusInterval:  time.Second,
		ReportInterval:  100 * time.Millisecond,
		Several:         true,
		Dial: func(endpoint plane.Endpoint) (plane.Runner, error) {
			endpoint.Address = n.controlAddress(endpoint.Name)
			return plane.DialTLS(endpoint)
		},
	})
	Expect(err).NotTo(HaveOccurred())
	stopped := make(chan error, 1)
	go func() { stopped <- manager.Start(ctx) }()
	var over atomic.Bool
	r := &running{requests: sent, stop: func() {
		GinkgoHelper()
		if over.CompareAndSwap(false, true) {
			cancel()
			Expect(<-stopped).To(Succeed())
		}
	}}
	DeferCleanup(r.stop)
	return r
}

var namespaces atomic.Int32

// newNamespaceName gives a name that no other spec has.
func newNamespaceName() string { return fmt.Sprintf("spec-%d", namespaces.Add(1)) }
