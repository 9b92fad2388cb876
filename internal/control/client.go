// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// maxReportBytes bounds the answer that a client reads.
const maxReportBytes = 256 << 20

// ClientOptions say whom a client calls and as whom.
type ClientOptions struct {
	// Address is the control port's host:port.
	Address string
	// ServerName is the name in the runner's certificate.
	ServerName string
	// Certificate proves the operator to the runner.
	Certificate tls.Certificate
	// Authorities are those that may have signed the runner's certificate.
	Authorities *x509.CertPool
	// Dial opens the connection. Nil dials TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client calls the control port of one runner. Its calls end with their context; give it a deadline.
type Client struct {
	http *http.Client
	base string
}

// NewClient makes a client; it connects at the first call.
func NewClient(opts ClientOptions) *Client {
	dial := opts.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	return &Client{
		base: "https://" + opts.Address,
		http: &http.Client{Transport: &http.Transport{
			DialContext:       dial,
			ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{
				MinVersion:   tls.VersionTLS13,
				ServerName:   opts.ServerName,
				RootCAs:      opts.Authorities,
				Certificates: []tls.Certificate{opts.Certificate},
			},
			TLSHandshakeTimeout: 5 * time.Second,
			IdleConnTimeout:     2 * time.Minute,
		}},
	}
}

// Apply hands the whole set of definitions over. Errors wrap ErrOlderLeader, ErrOlderCall, ErrInvalid or ErrUnavailable; a
// runner that cannot be reached is ErrUnavailable.
func (c *Client) Apply(ctx context.Context, definitions Definitions) (Applied, error) {
	body, err := json.Marshal(definitions)
	if err != nil {
		return Applied{}, fmt.Errorf("encode definitions: %w", err)
	}
	var applied Applied
	err = c.call(ctx, http.MethodPut, DefinitionsPath, body, &applied)
	return applied, err
}

// Report asks for the runner's state. Errors wrap ErrUnavailable.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var report Report
	err := c.call(ctx, http.MethodGet, ReportPath, nil, &report)
	return report, err
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	return c.callAs(ctx, method, path, "application/json", body, into)
}

func (c *Client) callAs(ctx context.Context, method, path, kind string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	request.Header.Set("Content-Type", kind)
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxReportBytes+1))
	if err != nil {
		return fmt.Errorf("%w: %s %s: %w", ErrUnavailable, method, path, err)
	}
	if len(content) > maxReportBytes {
		return fmt.Errorf("%w: %s %s: the answer exceeds %d bytes", ErrInvalid, method, path, maxReportBytes)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %w", method, path, callError(response.StatusCode, content))
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s %s: decode the answer: %w", method, path, err)
	}
	return nil
}

func callError(status int, content []byte) error {
	var said problem
	if err := json.Unmarshal(content, &said); err != nil || said.Error == "" {
		said.Error = http.StatusText(status)
	}
	kind := ErrUnavailable
	switch status {
	case http.StatusConflict:
		kind = ErrOlderLeader
	case http.StatusPreconditionFailed:
		kind = ErrOlderCall
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusNotFound, http.StatusMethodNotAllowed:
		kind = ErrInvalid
	}
	return &callFailed{kind: kind, status: status, said: said.Error}
}

// callFailed keeps the runner's own words, which name the kind already.
type callFailed struct {
	kind   error
	status int
	said   string
}

func (e *callFailed) Error() string { return fmt.Sprintf("%d: %s", e.status, e.said) }
func (e *callFailed) Unwrap() error { return e.kind }

var _ Plane = (*Client)(nil)
