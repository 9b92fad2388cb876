// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

var (
	start  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	server = Identity{Name: "shop-runner", DNSNames: []string{"shop-runner-0.shop-runner.sales.svc"}}
	client = Identity{Name: "waymark-manager"}
)

// workspace plays what the operator does with a workspace's certificates at one instant.
type workspace struct {
	authorities    Authorities
	server, client Leaf
}

func (w *workspace) renew(t *testing.T, now time.Time) (changed bool) {
	t.Helper()
	var err error
	var authoritiesChanged, serverChanged, clientChanged bool
	if w.authorities, authoritiesChanged, err = w.authorities.Renewed("shop", now); err != nil {
		t.Fatal(err)
	}
	if w.server, serverChanged, err = w.authorities.Certify(w.server, server, now); err != nil {
		t.Fatal(err)
	}
	if w.client, clientChanged, err = w.authorities.Certify(w.client, client, now); err != nil {
		t.Fatal(err)
	}
	return authoritiesChanged || serverChanged || clientChanged
}

func TestNothingChangesBeforeItsTime(t *testing.T) {
	var w workspace
	if !w.renew(t, start) {
		t.Fatal("the first pass made nothing")
	}
	for _, later := range []time.Duration{time.Second, time.Hour, LeafLifetime - LeafRenewal - time.Second} {
		if w.renew(t, start.Add(later)) {
			t.Errorf("after %s: certificates changed", later)
		}
	}
	if !w.renew(t, w.server.NextRenewal) {
		t.Error("certificates did not change when their renewal was due")
	}
}

// Both sides keep what they were given for up to a day, as a volume of a pod is brought up to date with a delay. Over three
// years of daily passes a side of today must understand a side of yesterday.
func TestSidesUnderstandEachOtherThroughEveryRotation(t *testing.T) {
	var today workspace
	today.renew(t, start)
	signers := map[string]bool{}
	for day := 1; day <= 3*365; day++ {
		yesterday := today
		now := start.AddDate(0, 0, day)
		today.renew(t, now)
		signers[string(today.authorities[0].certificate.Raw)] = true
		if err := handshake(yesterday, today, now); err != nil {
			t.Fatalf("day %d: old server, new client: %v", day, err)
		}
		if err := handshake(today, yesterday, now); err != nil {
			t.Fatalf("day %d: new server, old client: %v", day, err)
		}
		if len(today.authorities) > 2 {
			t.Fatalf("day %d: %d authorities are trusted, want at most 2", day, len(today.authorities))
		}
	}
	if len(signers) < 4 {
		t.Errorf("three years saw %d authorities, want at least 4", len(signers))
	}
}

func TestStrangersAreRefused(t *testing.T) {
	var ours, theirs workspace
	ours.renew(t, start)
	theirs.renew(t, start)
	if err := handshake(ours, theirs, start); err == nil {
		t.Error("a client of another workspace was let in")
	}
}

func TestAChangedNameAsksForANewCertificate(t *testing.T) {
	var w workspace
	w.renew(t, start)
	moved := Identity{Name: server.Name, DNSNames: []string{"elsewhere.svc"}}
	leaf, changed, err := w.authorities.Certify(w.server, moved, start)
	if err != nil || !changed {
		t.Fatalf("Certify() changed = %t, error %v; want a new certificate", changed, err)
	}
	if bytes.Equal(leaf.Key, w.server.Key) {
		t.Error("the new certificate has the old key")
	}
}

func TestAuthoritiesSurviveStorage(t *testing.T) {
	var w workspace
	w.renew(t, start)
	certificates, keys, err := w.authorities.PEM()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := ParseAuthorities(certificates, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := stored.Certify(w.server, server, start); err != nil || changed {
		t.Errorf("after storage Certify() changed = %t, error %v; want the same certificate", changed, err)
	}
}

func TestUnreadableAuthorities(t *testing.T) {
	var w, other workspace
	w.renew(t, start)
	other.renew(t, start)
	certificates, keys, err := w.authorities.PEM()
	if err != nil {
		t.Fatal(err)
	}
	_, otherKeys, err := other.authorities.PEM()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ certificates, keys []byte }{
		"no keys":               {certificates: certificates},
		"no certificates":       {keys: keys},
		"another's keys":        {certificates: certificates, keys: otherKeys},
		"a key as certificate":  {certificates: keys, keys: keys},
		"a certificate as keys": {certificates: certificates, keys: certificates},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseAuthorities(tc.certificates, tc.keys); err == nil {
				t.Error("ParseAuthorities() accepted it")
			}
		})
	}
}

func TestBrokenLeafIsReplaced(t *testing.T) {
	var w workspace
	w.renew(t, start)
	_, changed, err := w.authorities.Certify(Leaf{Certificate: []byte("x"), Key: w.server.Key}, server, start)
	if err != nil || !changed {
		t.Errorf("Certify() changed = %t, error %v; want a new certificate", changed, err)
	}
}

// handshake connects a server of one workspace state with a client of another over TLS 1.3.
func handshake(serving, calling workspace, now time.Time) error {
	serverEnd, clientEnd := net.Pipe()
	defer func() { _ = serverEnd.Close() }()
	defer func() { _ = clientEnd.Close() }()
	clock := func() time.Time { return now }
	serverSide := tls.Server(serverEnd, &tls.Config{
		Certificates: []tls.Certificate{pair(serving.server)},
		ClientCAs:    pool(serving.authorities),
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS13,
		Time:         clock,
	})
	clientSide := tls.Client(clientEnd, &tls.Config{
		Certificates: []tls.Certificate{pair(calling.client)},
		RootCAs:      pool(calling.authorities),
		ServerName:   server.DNSNames[0],
		MinVersion:   tls.VersionTLS13,
		Time:         clock,
	})
	called := make(chan error, 1)
	go func() {
		called <- clientSide.Handshake()
		_ = clientEnd.Close()
	}()
	served := serverSide.Handshake()
	_ = serverEnd.Close()
	if err := <-called; err != nil {
		return err
	}
	return served
}

func pair(leaf Leaf) tls.Certificate {
	certificate, err := tls.X509KeyPair(leaf.Certificate, leaf.Key)
	if err != nil {
		panic(err) // the test made the pair itself
	}
	return certificate
}

func pool(authorities Authorities) *x509.CertPool {
	certificates, _, err := authorities.PEM()
	if err != nil {
		panic(err) // the test made the authorities itself
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificates)
	return pool
}
