// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package pki issues the certificates with which the operator and a workspace's runners know each other. Every workspace has
// certificate authorities of its own, so a stolen certificate opens one workspace and no other.
//
// Nothing here reads a clock: callers pass the instant, and the same input asks for the same change.
package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

const (
	// AuthorityLifetime is how long an authority is valid.
	AuthorityLifetime = 365 * 24 * time.Hour
	// AuthorityRenewal is how long before its end an authority gets a successor. It exceeds LeafLifetime, so every
	// certificate of the old authority is replaced before the old authority ends.
	AuthorityRenewal = 120 * 24 * time.Hour
	// AuthorityIntroduction is how long a new authority is only trusted before it signs, so that both sides know it by the
	// time they meet a certificate of it.
	AuthorityIntroduction = 24 * time.Hour

	// backdating lets a clock that is a little behind accept a new certificate.
	backdating = 5 * time.Minute
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// Authority is a certificate with its key that signs other certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Authorities are those of one workspace, newest first. All are trusted; one of them signs.
type Authorities []Authority

// ParseAuthorities reads what PEM wrote. Empty input gives no authorities. The error says which part cannot be read, never
// what is in it.
func ParseAuthorities(certificates, keys []byte) (Authorities, error) {
	parsedCertificates, err := parseCertificates(certificates)
	if err != nil {
		return nil, err
	}
	parsedKeys, err := parseKeys(keys)
	if err != nil {
		return nil, err
	}
	if len(parsedCertificates) != len(parsedKeys) {
		return nil, fmt.Errorf("found %d certificates but %d keys", len(parsedCertificates), len(parsedKeys))
	}
	authorities := make(Authorities, len(parsedCertificates))
	for i, certificate := range parsedCertificates {
		if !parsedKeys[i].PublicKey.Equal(certificate.PublicKey) {
			return nil, fmt.Errorf("key %d is not that of certificate %d", i, i)
		}
		authorities[i] = Authority{certificate: certificate, key: parsedKeys[i]}
	}
	return authorities, nil
}

// PEM writes the authorities as certificates, which anybody may see, and keys in the same order.
func (as Authorities) PEM() (certificates, keys []byte, err error) {
	var certificateText, keyText bytes.Buffer
	for _, a := range as {
		if err := writeCertificate(&certificateText, a.certificate); err != nil {
			return nil, nil, err
		}
		if err := writeKey(&keyText, a.key); err != nil {
			return nil, nil, err
		}
	}
	return certificateText.Bytes(), keyText.Bytes(), nil
}

// Renewed gives the authorities that there should be at an instant: those that ended are left out, and a successor is made for
// the newest when it nears its end. Changed says whether that differs from what there was.
func (as Authorities) Renewed(name string, now time.Time) (renewed Authorities, changed bool, err error) {
	for _, a := range as {
		if now.Before(a.certificate.NotAfter) {
			renewed = append(renewed, a)
		}
	}
	if len(renewed) == 0 || !now.Before(renewed[0].certificate.NotAfter.Add(-AuthorityRenewal)) {
		successor, err := newAuthority(name, now)
		if err != nil {
			return nil, false, err
		}
		return append(Authorities{successor}, renewed...), true, nil
	}
	return renewed, len(renewed) != len(as), nil
}

// NextRenewal is when Renewed next gives something else.
func (as Authorities) NextRenewal() time.Time {
	var next time.Time
	for i, a := range as {
		at := a.certificate.NotAfter
		if i == 0 {
			at = at.Add(-AuthorityRenewal)
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// signer is the newest authority that has been known for long enough, or the oldest one if none has.
func (as Authorities) signer(now time.Time) (Authority, error) {
	if len(as) == 0 {
		return Authority{}, errors.New("there is no certificate authority")
	}
	for _, a := range as {
		if !now.Before(a.certificate.NotBefore.Add(backdating + AuthorityIntroduction)) {
			return a, nil
		}
	}
	return as[len(as)-1], nil
}

func newAuthority(name string, now time.Time) (Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Authority{}, fmt.Errorf("generate key of certificate authority: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return Authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"Waymark"}, CommonName: name},
		NotBefore:             now.Add(-backdating),
		NotAfter:              now.Add(AuthorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	certificate, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return Authority{}, err
	}
	return Authority{certificate: certificate, key: key}, nil
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("sign certificate %q: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("read back certificate %q: %w", template.Subject.CommonName, err)
	}
	return certificate, nil
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil // a serial number is above zero
}

func parseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read certificate %d: %w", len(certificates), err)
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

func parseKeys(text []byte) ([]*ecdsa.PrivateKey, error) {
	var keys []*ecdsa.PrivateKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read key %d: %w", len(keys), err)
		}
		key, ok := parsed.(*ecdsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("key %d is of type %T and not an elliptic curve's", len(keys), parsed)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func writeCertificate(to *bytes.Buffer, certificate *x509.Certificate) error {
	if err := pem.Encode(to, &pem.Block{Type: certificateBlock, Bytes: certificate.Raw}); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}

func writeKey(to *bytes.Buffer, key *ecdsa.PrivateKey) error {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	if err := pem.Encode(to, &pem.Block{Type: keyBlock, Bytes: raw}); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}
