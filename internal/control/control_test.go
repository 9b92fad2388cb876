// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
)

const serverName = "shop-runner.sales.svc"

// authority signs test certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, der := sign(t, template, nil, nil)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate: certificate, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func sign(t *testing.T, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

// issue gives a certificate and its key in PEM.
func (a *authority) issue(t *testing.T, name string) (certificate, key []byte) {
	t.Helper()
	leaf, der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.certificate, a.key)
	encoded, err := x509.MarshalECPrivateKey(leaf)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}

func (a *authority) writeKeyFiles(t *testing.T, dir string) {
	t.Helper()
	certificate, key := a.issue(t, "shop-runner")
	for name, content := range map[string][]byte{
		control.CertificateFile: certificate, control.KeyFile: key, control.AuthoritiesFile: a.pem,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// client trusts the authority and, if a name is given, proves to have it.
func (a *authority) client(t *testing.T, address, name string) *control.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	opts := control.ClientOptions{Address: address, ServerName: serverName, Authorities: pool}
	if name != "" {
		var err error
		if opts.Certificate, err = tls.X509KeyPair(a.issue(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	c := control.NewClient(opts)
	t.Cleanup(c.Close)
	return c
}

// plane records what it is told and answers what the test sets.
type plane struct {
	got    control.Definitions
	answer control.Applied
	report control.Report
	err    error
	ledger
}

func (p *plane) Apply(_ context.Context, d control.Definitions) (control.Applied, error) {
	p.got = d
	return p.answer, p.err
}

func (p *plane) Report(context.Context) (control.Report, error) { return p.report, p.err }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// serve runs a control port and returns its address.
func serve(t *testing.T, p *plane, dir string) string {
	t.Helper()
	keys, err := control.OpenKeyFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := control.NewServer(p, p, keys, quiet)
	go func() {
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func TestTheOperatorHandsDefinitionsOverAndReadsReports(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	ca.writeKeyFiles(t, dir)
	p := &plane{
		answer: control.Applied{Refused: []control.Refusal{{Key: "Funnel/sales/b", Version: "2", Message: "spec.stages[0].where: no such field"}}},
		report: control.Report{Engine: 1, AsOf: 5, Partitions: []aggregate.Partition{{Partition: 0, Epoch: 3, Funnels: map[string]aggregate.Definition{}}}},
	}
	client := ca.client(t, serve(t, p, dir), control.OperatorName)
	want := control.Definitions{Leader: 7, Definitions: []control.Definition{
		{Key: "Funnel/sales/a"},
		{Key: "Funnel/sales/b", Version: "2", UID: "u", Generation: 4, Meaning: json.RawMessage(`{"stages":[]}`)},
	}}
	applied, err := client.Apply(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, p.got); diff != "" {
		t.Errorf("definitions differ (-sent +got):\n%s", diff)
	}
	if diff := cmp.Diff(p.answer, applied); diff != "" {
		t.Errorf("answer differs (-want +got):\n%s", diff)
	}
	report, err := client.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.report, report); diff != "" {
		t.Errorf("report differs (-want +got):\n%s", diff)
	}
}

func TestOnlyTheOperatorIsAnswered(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	ca.writeKeyFiles(t, dir)
	address := serve(t, &plane{}, dir)
	stranger := newAuthority(t)
	strangersKeys, err := tls.X509KeyPair(stranger.issue(t, control.OperatorName))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	clients := map[string]*control.Client{
		"without a certificate":          ca.client(t, address, ""),
		"another name":                   ca.client(t, address, "shop-runner"),
		"another authority's":            control.NewClient(control.ClientOptions{Address: address, ServerName: serverName, Authorities: pool, Certificate: strangersKeys}),
		"that trusts another authority":  stranger.client(t, address, control.OperatorName),
		"that expects another runner":    control.NewClient(control.ClientOptions{Address: address, ServerName: "other.sales.svc", Authorities: pool, Certificate: strangersKeys}),
		"that calls where nobody serves": ca.client(t, "127.0.0.1:1", control.OperatorName),
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := client.Report(t.Context()); !errors.Is(err, control.ErrUnavailable) {
				t.Errorf("got error %v, want ErrUnavailable", err)
			}
		})
	}
}

func TestNewKeyFilesAreTakenWithoutARestart(t *testing.T) {
	t.Parallel()
	old, dir := newAuthority(t), t.TempDir()
	old.writeKeyFiles(t, dir)
	address := serve(t, &plane{}, dir)
	if _, err := old.client(t, address, control.OperatorName).Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, control.KeyFile), []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := old.client(t, address, control.OperatorName).Report(t.Context()); err != nil {
		t.Errorf("while the files do not fit together the last ones should serve: %v", err)
	}
	next := newAuthority(t)
	next.writeKeyFiles(t, dir)
	if _, err := next.client(t, address, control.OperatorName).Report(t.Context()); err != nil {
		t.Errorf("with the new authority: %v", err)
	}
	if _, err := old.client(t, address, control.OperatorName).Report(t.Context()); err == nil {
		t.Error("the withdrawn authority is still trusted")
	}
}

func TestErrorsKeepTheirKindAndWords(t *testing.T) {
	t.Parallel()
	for _, kind := range []error{control.ErrOlderLeader, control.ErrOlderCall, control.ErrInvalid, control.ErrUnavailable} {
		t.Run(kind.Error(), func(t *testing.T) {
			t.Parallel()
			ca, dir := newAuthority(t), t.TempDir()
			ca.writeKeyFiles(t, dir)
			client := ca.client(t, serve(t, &plane{err: fmt.Errorf("%w: term 3, seen 4", kind)}, dir), control.OperatorName)
			_, err := client.Apply(t.Context(), control.Definitions{})
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), "term 3, seen 4") {
				t.Errorf("got error %v, want %v with the runner's words", err, kind)
			}
		})
	}
}

func TestBadCallsAreRefusedAndSayWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, kind string
		body               io.Reader
		status             int
		says               string
	}{
		"not JSON":        {body: strings.NewReader("{"), status: 400, says: "unexpected EOF"},
		"not called JSON": {kind: "text/plain", body: strings.NewReader("{}"), status: 400, says: "want application/json"},
		"no key":          {body: strings.NewReader(`{"definitions":[{"version":"1","meaning":{}}]}`), status: 400, says: "definitions[0].key is empty"},
		"no version":      {body: strings.NewReader(`{"definitions":[{"key":"Funnel/a/b","meaning":{}}]}`), status: 400, says: "definitions[0].version"},
		"a key twice":     {body: strings.NewReader(`{"definitions":[{"key":"Funnel/a/b"},{"key":"Funnel/a/b"}]}`), status: 400, says: "definitions[1].key"},
		"too long":        {body: io.MultiReader(io.LimitReader(spaces{}, control.MaxDefinitionsBytes), strings.NewReader("{}")), status: 413, says: "too large"},
		"another method":  {method: http.MethodPost, body: strings.NewReader("{}"), status: 405},
		"another path":    {path: "/v2/definitions", body: strings.NewReader("{}"), status: 404},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := newRequest(t, tt.method, tt.path, tt.kind, tt.body)
			p := &plane{}
			answer := record(control.NewHandler(p, p, quiet), request)
			if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.says) {
				t.Errorf("got %d %s, want %d with %q", answer.Code, answer.Body, tt.status, tt.says)
			}
			if p.got.Definitions != nil {
				t.Error("a bad call reached the plane")
			}
		})
	}
}
