// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"
)

const (
	// LeafLifetime is how long a certificate of a runner or of the operator is valid.
	LeafLifetime = 90 * 24 * time.Hour
	// LeafRenewal is how long before its end such a certificate is replaced.
	LeafRenewal = 30 * 24 * time.Hour
)

// Identity is whom a certificate is for.
type Identity struct {
	// Name is the certificate's common name.
	Name string
	// DNSNames are the names under which a server is called; without any the identity is a client's.
	DNSNames []string
}

// Leaf is a certificate that proves an identity, with its key.
type Leaf struct {
	// Certificate and Key are in PEM.
	Certificate, Key []byte
	// NextRenewal is when the certificate should be replaced.
	NextRenewal time.Time
}

// Certify gives the certificate that an identity should have at an instant: the current one while it is the identity's, signed
// by the authority that signs now, and far from its end; else a new one.
func (as Authorities) Certify(current Leaf, identity Identity, now time.Time) (leaf Leaf, changed bool, err error) {
	signer, err := as.signer(now)
	if err != nil {
		return Leaf{}, false, err
	}
	if certificate, ok := readLeaf(current); ok && fits(certificate, identity, signer, now) {
		current.NextRenewal = certificate.NotAfter.Add(-LeafRenewal)
		return current, false, nil
	}
	leaf, err = issue(identity, signer, now)
	return leaf, true, err
}

// readLeaf says whether certificate and key can be read and belong together.
func readLeaf(leaf Leaf) (*x509.Certificate, bool) {
	certificates, err := parseCertificates(leaf.Certificate)
	if err != nil || len(certificates) != 1 {
		return nil, false
	}
	keys, err := parseKeys(leaf.Key)
	if err != nil || len(keys) != 1 || !keys[0].PublicKey.Equal(certificates[0].PublicKey) {
		return nil, false
	}
	return certificates[0], true
}

func fits(certificate *x509.Certificate, identity Identity, signer Authority, now time.Time) bool {
	return certificate.CheckSignatureFrom(signer.certificate) == nil &&
		certificate.Subject.CommonName == identity.Name &&
		slices.Equal(certificate.DNSNames, identity.DNSNames) &&
		!now.Before(certificate.NotBefore) &&
		now.Before(certificate.NotAfter.Add(-LeafRenewal))
}

func issue(identity Identity, signer Authority, now time.Time) (Leaf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Leaf{}, fmt.Errorf("generate key of %q: %w", identity.Name, err)
	}
	serial, err := newSerial()
	if err != nil {
		return Leaf{}, err
	}
	usage := x509.ExtKeyUsageClientAuth
	if len(identity.DNSNames) > 0 {
		usage = x509.ExtKeyUsageServerAuth
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"Waymark"}, CommonName: identity.Name},
		DNSNames:     identity.DNSNames,
		NotBefore:    now.Add(-backdating),
		NotAfter:     earlier(now.Add(LeafLifetime), signer.certificate.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{usage},
	}
	certificate, err := sign(template, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		return Leaf{}, err
	}
	var certificateText, keyText bytes.Buffer
	if err := writeCertificate(&certificateText, certificate); err != nil {
		return Leaf{}, err
	}
	if err := writeKey(&keyText, key); err != nil {
		return Leaf{}, err
	}
	return Leaf{
		Certificate: certificateText.Bytes(),
		Key:         keyText.Bytes(),
		NextRenewal: certificate.NotAfter.Add(-LeafRenewal),
	}, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
