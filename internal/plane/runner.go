// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package plane is the operator's side of the control ports: which runners every workspace has, which definitions they are to
// run, and what they last reported. It calls the runners; controllers offer definitions, read views, and are told of changes.
package plane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/control"
)

// Runner is the control port of one runner. control.Client is one.
type Runner interface {
	// Apply makes definitions the whole set that runs.
	Apply(ctx context.Context, definitions control.Definitions) (control.Applied, error)
	// Report gives the runner's state.
	Report(ctx context.Context) (control.Report, error)
	// Close ends connections.
	Close()
}

// Endpoint says how to reach one runner. Equal endpoints are the same connection.
type Endpoint struct {
	// Name is that of the pod.
	Name string
	// Address is the control port's host:port.
	Address string
	// ServerName is the name in the runner's certificate.
	ServerName string
	// Credentials prove the operator to the runner and the runner to the operator.
	Credentials Credentials
}

// Credentials are in PEM. They are kept as text so that they compare.
type Credentials struct {
	// Certificate and Key are the operator's.
	Certificate, Key string
	// Authorities are those that may have signed the runner's certificate.
	Authorities string
}

// String keeps keys out of logs.
func (Credentials) String() string { return "(credentials)" }

// GoString keeps keys out of logs.
func (c Credentials) GoString() string { return c.String() }

// Dial makes the client of one endpoint. It need not connect yet.
type Dial func(Endpoint) (Runner, error)

// DialTLS makes a client that speaks mutual TLS. The error says which part of the credentials cannot be used.
func DialTLS(endpoint Endpoint) (Runner, error) {
	certificate, err := tls.X509KeyPair([]byte(endpoint.Credentials.Certificate), []byte(endpoint.Credentials.Key))
	if err != nil {
		return nil, fmt.Errorf("certificate towards runner %s: %w", endpoint.Name, err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM([]byte(endpoint.Credentials.Authorities)) {
		return nil, fmt.Errorf("authorities of runner %s: %w", endpoint.Name, errors.New("no certificate found"))
	}
	return control.NewClient(control.ClientOptions{
		Address:     endpoint.Address,
		ServerName:  endpoint.ServerName,
		Certificate: certificate,
		Authorities: authorities,
	}), nil
}
