// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package pki makes the certificates and kubeconfigs of the development cluster.
// They live as long as the cluster does, and nothing outside of it trusts them.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime is longer than any cluster on a developer's machine is kept.
const lifetime = 365 * 24 * time.Hour

// clockSkew lets a clock that is set back a little still accept the certificates.
const clockSkew = time.Hour

// Authority signs the certificates of one cluster.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
	folder      string
}

// Identity is a client as the API server sees it.
type Identity struct {
	// User is the name of the client.
	User string
	// Groups are the groups it is in, such as system:masters.
	Groups []string
}

// NewAuthority makes a certificate authority and writes ca.crt and ca.key into
// folder, which it creates.
func NewAuthority(folder string) (*Authority, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := certificate(pkix.Name{CommonName: "waymark-cluster"})
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	authority := &Authority{key: key, folder: folder, pem: encode("CERTIFICATE", der)}
	if authority.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return authority, authority.write("ca", authority.pem, keyPEM)
}

// Server writes name.crt and name.key for a server that is reached at hosts, which
// are DNS names or IP addresses.
func (a *Authority) Server(name string, hosts ...string) error {
	template, err := certificate(pkix.Name{CommonName: name})
	if err != nil {
		return err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	certPEM, keyPEM, err := a.issue(template)
	if err != nil {
		return err
	}
	return a.write(name, certPEM, keyPEM)
}

// Client writes name.crt and name.key that prove the identity.
func (a *Authority) Client(name string, identity Identity) error {
	certPEM, keyPEM, err := a.issueClient(identity)
	if err != nil {
		return err
	}
	return a.write(name, certPEM, keyPEM)
}

// Kubeconfig writes a file that lets its reader act as identity on server.
func (a *Authority) Kubeconfig(path, server string, identity Identity) error {
	certPEM, keyPEM, err := a.issueClient(identity)
	if err != nil {
		return err
	}
	return os.WriteFile(path, kubeconfig(server, identity.User, a.pem, certPEM, keyPEM), 0o600)
}

// SigningKey writes name.key and name.pub, which sign and check service account
// tokens.
func (a *Authority) SigningKey(name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := a.writeFile(name+".pub", encode("PUBLIC KEY", public)); err != nil {
		return err
	}
	return a.writeFile(name+".key", keyPEM)
}

func (a *Authority) issueClient(identity Identity) (certPEM, keyPEM []byte, err error) {
	template, err := certificate(pkix.Name{CommonName: identity.User, Organization: identity.Groups})
	if err != nil {
		return nil, nil, err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

func (a *Authority) issue(template *x509.Certificate) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate of %s: %w", template.Subject.CommonName, err)
	}
	keyPEM, err = encodeKey(key)
	return encode("CERTIFICATE", der), keyPEM, err
}

func (a *Authority) write(name string, certPEM, keyPEM []byte) error {
	if err := a.writeFile(name+".crt", certPEM); err != nil {
		return err
	}
	return a.writeFile(name+".key", keyPEM)
}

func (a *Authority) writeFile(name string, content []byte) error {
	return os.WriteFile(filepath.Join(a.folder, name), content, 0o600)
}

func certificate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(lifetime),
	}, nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return encode("EC PRIVATE KEY", der), err
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
