// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/pki"
	"github.com/waymark-dev/waymark/internal/resources"
)

var shop = client.ObjectKey{Namespace: "sales", Name: "shop"}

func workspace() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop.Namespace, Name: shop.Name},
		Spec:       v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{Embedded: &v1alpha1.EmbeddedLogSpec{}}},
	}
}

// keys gives the operator's Secret, and a folder with the keys of the runner.
func keys(t *testing.T) (secret *corev1.Secret, dir string) {
	t.Helper()
	now := time.Now()
	authorities, _, err := pki.Authorities(nil).Renewed("sales/shop", now)
	if err != nil {
		t.Fatal(err)
	}
	trusted, _, err := authorities.PEM()
	if err != nil {
		t.Fatal(err)
	}
	certify := func(identity pki.Identity) pki.Leaf {
		leaf, _, err := authorities.Certify(pki.Leaf{}, identity, now)
		if err != nil {
			t.Fatal(err)
		}
		return leaf
	}
	server := certify(pki.Identity{Name: "shop-runner", DNSNames: []string{resources.RunnerServerName(workspace())}})
	dir = t.TempDir()
	for name, content := range map[string][]byte{
		control.CertificateFile: server.Certificate, control.KeyFile: server.Key, control.AuthoritiesFile: trusted,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manager := certify(pki.Identity{Name: control.OperatorName})
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop.Namespace, Name: resources.ManagerSecretName(shop.Name)},
		Data: map[string][]byte{
			resources.CertificateKey: manager.Certificate, resources.PrivateKeyKey: manager.Key, resources.AuthoritiesKey: trusted,
		},
	}, dir
}

func cluster(t *testing.T, forbids string, objects ...client.Object) client.Reader {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	get := func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, opts ...client.GetOption) error {
		if kind := strings.TrimPrefix(fmt.Sprintf("%T", object), "*v1."); kind == forbids {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, errors.New("no rule allows it"))
		}
		return c.Get(ctx, key, object, opts...)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{Get: get}).Build()
}

func TestErrorsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	secret, _ := keys(t)
	broken := secret.DeepCopy()
	delete(broken.Data, resources.AuthoritiesKey)
	tests := map[string]struct {
		forbids string
		objects []client.Object
		says    string
	}{
		"no workspace":            {says: "there is no Workspace sales/shop"},
		"no keys":                 {objects: []client.Object{workspace()}, says: "there is no Secret sales/shop-manager-tls"},
		"keys that are forbidden": {forbids: "Secret", objects: []client.Object{workspace(), secret}, says: "you may not read Secret sales/shop-manager-tls (needs: get secrets)"},
		"keys without authority":  {objects: []client.Object{workspace(), broken}, says: "there is no certificate under ca.crt"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := runners(t.Context(), cluster(t, tt.forbids, tt.objects...), shop, nil)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

// remembered is a runner that remembers one address, and does nothing else.
type remembered struct{ control.Plane }

func (remembered) Suppressions(_ context.Context, give func([]control.Suppression) error) error {
	return give([]control.Suppression{{Hash: "000102030405060708090a0b0c0d0e0f", Class: control.ClassBlocked}})
}

func (remembered) Suppress(_ context.Context, said []control.Suppression) ([]bool, error) {
	return make([]bool, len(said)), nil
}
func (remembered) Consents(context.Context, func([]control.Consent) error) error { return nil }

// controlPort serves a runner, and gives its address.
func controlPort(t *testing.T, dir string) string {
	t.Helper()
	files, err := control.OpenKeyFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := control.NewServer(nil, remembered{}, files, slog.New(slog.NewTextHandler(io.Discard, nil)))
	go func() { _ = server.ServeTLS(listener, "", "") }() // it ends with the test
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// apiServer forwards port 8443 of the first pod to an address. It knows SPDY alone.
func apiServer(t *testing.T, to string) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			http.Error(w, "no WebSocket here", http.StatusBadRequest)
		case r.URL.Path != "/api/v1/namespaces/sales/pods/shop-runner-0/portforward":
			http.Error(w, `pods "shop-runner-1" is forbidden: cannot create resource "pods/portforward"`, http.StatusForbidden)
		default:
			serveForward(t, w, r, to)
		}
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func serveForward(t *testing.T, w http.ResponseWriter, r *http.Request, to string) {
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		t.Error(err)
		return
	}
	streams := make(chan httpstream.Stream, 2)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	failures, data := <-streams, <-streams
	pod, err := net.Dial("tcp", to)
	if err != nil {
		_, _ = io.WriteString(failures, "nobody listens there")
		_ = failures.Close()
		<-conn.CloseChan()
		return
	}
	defer func() { _ = pod.Close() }()
	if port := data.Headers().Get(corev1.PortHeader); port != "8443" {
		t.Errorf("port %s is to be forwarded", port)
	}
	go func() { _, _ = io.Copy(pod, data) }()
	_, _ = io.Copy(data, pod)
}

func TestARunnerIsReachedThroughTheAPIServer(t *testing.T) {
	t.Parallel()
	secret, dir := keys(t)
	config := apiServer(t, controlPort(t, dir))
	reached, err := runners(t.Context(), cluster(t, "", workspace(), secret), shop, func(ctx context.Context, pod string) (net.Conn, error) {
		return forward(ctx, config, shop.Namespace, pod)
	})
	if err != nil || len(reached) != 1 {
		t.Fatalf("got %d runners and %v, want one", len(reached), err)
	}
	defer reached[0].Close()
	var got []control.Suppression
	err = reached[0].Suppressions(t.Context(), func(s *control.Suppression) error { got = append(got, *s); return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []control.Suppression{{Hash: "000102030405060708090a0b0c0d0e0f", Class: control.ClassBlocked}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was read differs (-want +got):\n%s", diff)
	}
}

func TestWhatGoesWrongOnTheWayIsTold(t *testing.T) {
	t.Parallel()
	config := apiServer(t, "127.0.0.1:1")
	if _, err := forward(t.Context(), config, "sales", "shop-runner-1"); err == nil || !strings.Contains(err.Error(), `cannot create resource "pods/portforward"`) {
		t.Errorf("got error %v, want what the API server said", err)
	}
	conn, err := forward(t.Context(), config, "sales", "shop-runner-0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "nobody listens there") {
		t.Errorf("got error %v, want what the pod's side said", err)
	}
	if err := conn.Close(); err != nil {
		t.Errorf("to close what is closed gives %v", err)
	}
	if conn.RemoteAddr().String() != "shop-runner-0:8443" {
		t.Errorf("connected with %s", conn.RemoteAddr())
	}
}
