// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The server demands a certificate of the authority and answers with the identity
// that it read from it, as an API server would.
func TestClientsAndServersTrustEachOther(t *testing.T) {
	folder := t.TempDir()
	authority, err := NewAuthority(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Server("server", "127.0.0.1", "kubernetes.default"); err != nil {
		t.Fatal(err)
	}
	if err := authority.Client("admin", Identity{User: "admin", Groups: []string{"system:masters"}}); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(read(t, folder, "ca.crt"))

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject := r.TLS.PeerCertificates[0].Subject
		_, _ = io.WriteString(w, subject.CommonName+" "+strings.Join(subject.Organization, ","))
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair(t, folder, "server")},
		ClientCAs:    trusted,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}
	server.StartTLS()
	defer server.Close()

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: trusted, Certificates: []tls.Certificate{pair(t, folder, "admin")},
	}}}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "admin system:masters" {
		t.Errorf("server saw %q, want the identity of the certificate", body)
	}
}

func TestKubeconfigIsPrivate(t *testing.T) {
	folder := t.TempDir()
	authority, err := NewAuthority(folder)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "kubeconfig")
	if err := authority.Kubeconfig(path, "https://10.0.0.2:6443", Identity{User: "system:node:one"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode = %o, want 600", got)
	}
	for _, want := range []string{"server: https://10.0.0.2:6443", `user: "system:node:one"`, "client-key-data: LS0t"} {
		if !strings.Contains(string(read(t, folder, "kubeconfig")), want) {
			t.Errorf("kubeconfig lacks %q", want)
		}
	}
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func pair(t *testing.T, folder, name string) tls.Certificate {
	t.Helper()
	loaded, err := tls.X509KeyPair(read(t, folder, name+".crt"), read(t, folder, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}
