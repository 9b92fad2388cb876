// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Files of a folder with keys, as a mounted Secret has them.
const (
	CertificateFile = "tls.crt"
	KeyFile         = "tls.key"
	AuthoritiesFile = "ca.crt"
)

// KeyFiles is a certificate, its key and the authorities it trusts, in a folder whose files may be replaced at any time.
type KeyFiles struct {
	dir string

	mu      sync.Mutex
	content [3][]byte // as last read
	config  *tls.Config
}

// OpenKeyFiles reads a folder with tls.crt, tls.key and ca.crt.
func OpenKeyFiles(dir string) (*KeyFiles, error) {
	k := &KeyFiles{dir: dir}
	_, err := k.current()
	return k, err
}

// ServerTLS is the configuration of a control port: TLS 1.3, and only for the operator. Each handshake takes the files as they are then;
// while they cannot be read or do not fit together, as they were last.
func (k *KeyFiles) ServerTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return k.current()
		},
	}
}

// current reads the files and, when they changed, makes a configuration of them.
func (k *KeyFiles) current() (*tls.Config, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	content, err := k.read()
	if err == nil && k.config != nil && equal(content, k.content) {
		return k.config, nil
	}
	var config *tls.Config
	if err == nil {
		config, err = serverConfig(content)
	}
	switch {
	case err == nil:
		k.content, k.config = content, config
	case k.config == nil:
		return nil, fmt.Errorf("keys in %s: %w", k.dir, err)
	}
	return k.config, nil
}

func (k *KeyFiles) read() (content [3][]byte, err error) {
	for i, name := range [...]string{CertificateFile, KeyFile, AuthoritiesFile} {
		if content[i], err = os.ReadFile(filepath.Join(k.dir, name)); err != nil {
			return content, err
		}
	}
	return content, nil
}

func equal(a, b [3][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func serverConfig(content [3][]byte) (*tls.Config, error) {
	certificate, err := tls.X509KeyPair(content[0], content[1])
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", CertificateFile, KeyFile, err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(content[2]) {
		return nil, fmt.Errorf("%s holds no certificate", AuthoritiesFile)
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{"h2", "http/1.1"},
		Certificates:           []tls.Certificate{certificate},
		ClientCAs:              authorities,
		ClientAuth:             tls.RequireAndVerifyClientCert,
		SessionTicketsDisabled: true, // each connection proves itself, also after the authorities changed
		VerifyConnection:       onlyTheOperator,
	}, nil
}

func onlyTheOperator(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the caller has no certificate")
	}
	if name := state.PeerCertificates[0].Subject.CommonName; name != OperatorName {
		return fmt.Errorf("the caller is %q, only %q is answered", name, OperatorName)
	}
	return nil
}
