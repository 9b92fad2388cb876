// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package webhook posts messages, tasks and steps to HTTP endpoints, signed by the Standard Webhooks scheme.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"golang.org/x/net/http/httpguts"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/wire"
	"github.com/waymark-dev/waymark/internal/definition"
)

const (
	// mostAnswer is how much of an answer is kept.
	mostAnswer = 16 << 10
	// defaultTimeout is for settings that name none.
	defaultTimeout = 10 * time.Second
	// kindHeader says what a call is about: its payload may be of any form.
	kindHeader = "Waymark-Kind"
	// idempotencyKey is written in small letters, which mean the same to a receiver: net/http calls again by itself what has this header in its
	// usual form, and it is the caller of Send who decides on that.
	idempotencyKey = "idempotency-key"
)

// Channel calls an endpoint. It is safe for concurrent use.
type Channel struct {
	settings definition.WebhookSettings
	endpoint *url.URL
	secret   map[string]string
	keys     []*standardwebhooks.Webhook
	client   *http.Client
	// places has an element for each call that is being made.
	places chan struct{}
}

var _ channel.Channel = (*Channel)(nil)

// New makes a channel. It connects to nothing. Errors name the setting or secret that is wrong and do not show it.
func New(settings definition.WebhookSettings, secrets definition.ChannelSecrets) (*Channel, error) {
	endpoint, err := site(settings.URL)
	if err != nil {
		return nil, fmt.Errorf("webhook.url: %w", err)
	}
	if err := fit(settings.Headers); err != nil {
		return nil, fmt.Errorf("webhook.headers: %w", err)
	}
	if err := fit(secrets.Headers); err != nil {
		return nil, fmt.Errorf("webhook: the secret's headers: %w", err)
	}
	c := &Channel{settings: settings, endpoint: endpoint, secret: secrets.Headers}
	for i, key := range secrets.SigningKeys {
		// The error of the library would show a part of the key.
		signer, err := standardwebhooks.NewWebhook(key)
		if err != nil || strings.TrimPrefix(key, "whsec_") == "" {
			return nil, fmt.Errorf("webhook: signing key %d of the secret is not whsec_ and base64", i+1)
		}
		c.keys = append(c.keys, signer)
	}
	if c.settings.Timeout <= 0 {
		c.settings.Timeout = defaultTimeout
	}
	concurrency := int(max(1, settings.Concurrency))
	c.client, c.places = wire.Client(concurrency), make(chan struct{}, concurrency)
	return c, nil
}

// site reads the address of an endpoint.
func site(text string) (*url.URL, error) {
	read, err := url.Parse(text)
	if err != nil || (read.Scheme != "https" && read.Scheme != "http") || read.Hostname() == "" {
		return nil, errors.New("want an address such as https://example.com/hook")
	}
	return read, nil
}

// fit says whether headers can be sent. The error names one and does not show its value.
func fit(headers map[string]string) error {
	for name, value := range headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return fmt.Errorf("%q cannot be sent as a header", name)
		}
	}
	return nil
}

// Send makes one call.
func (c *Channel) Send(ctx context.Context, m *channel.Message) channel.Result {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return channel.Defer(channel.Unreachable, "", fmt.Errorf("webhook: too many calls at a time: %w", context.Cause(ctx)))
	}
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	watched, try := wire.Watch(ctx)
	request, err := c.request(watched, m)
	if err != nil {
		return channel.Reject(channel.Content, "", err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		err = fmt.Errorf("webhook: %w", wire.Explain(err))
		if try.Written() {
			return channel.Doubt("", err)
		}
		return channel.Defer(channel.Unreachable, "", err)
	}
	defer response.Body.Close()
	return judge(response, time.Now())
}

// request writes a call.
func (c *Channel) request(ctx context.Context, m *channel.Message) (*http.Request, error) {
	endpoint := c.endpoint
	if m.URL != "" {
		var err error
		if endpoint, err = site(m.URL); err != nil {
			return nil, fmt.Errorf("webhook: the step's address: %w", err)
		}
	}
	if err := fit(m.Headers); err != nil {
		return nil, fmt.Errorf("webhook: the step's headers: %w", err)
	}
	method := http.MethodPost
	if m.Method != "" {
		method = strings.ToUpper(m.Method)
	}
	body, err := payload(m)
	if err != nil {
		return nil, err
	}
	if method == http.MethodGet {
		body = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("webhook: the step's method cannot be used")
	}
	for name, value := range c.settings.Headers {
		request.Header.Set(name, value)
	}
	for name, value := range m.Headers {
		request.Header.Set(name, value)
	}
	// Who writes a step may send it anywhere, but not take the channel's secrets there.
	if endpoint.Scheme == c.endpoint.Scheme && endpoint.Host == c.endpoint.Host {
		for name, value := range c.secret {
			request.Header.Set(name, value)
		}
	}
	c.sign(request, m, body)
	return request, nil
}

// sign sets the headers that are Waymark's alone.
func (c *Channel) sign(request *http.Request, m *channel.Message, body []byte) {
	// The time is that of the try: receivers refuse what is older than some minutes, so that nobody can play it again.
	now := time.Now()
	request.Header.Set("User-Agent", "Waymark")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Del(idempotencyKey)
	request.Header[idempotencyKey] = []string{m.ID}
	request.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(kindHeader, kind(m))
	request.Header.Del(standardwebhooks.HeaderWebhookSignature)
	signatures := make([]string, 0, len(c.keys))
	for _, key := range c.keys {
		// Signing cannot fail.
		signature, _ := key.Sign(m.ID, now, body)
		signatures = append(signatures, signature)
	}
	if len(signatures) > 0 {
		request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	}
}

func kind(m *channel.Message) string {
	if m.Kind == "" {
		return "message"
	}
	return m.Kind
}

// payload is the message's own, or its content in the form that Standard Webhooks recommends.
func payload(m *channel.Message) ([]byte, error) {
	if len(m.Payload) > 0 {
		if !json.Valid(m.Payload) {
			return nil, errors.New("webhook: the payload is no JSON")
		}
		return m.Payload, nil
	}
	type button struct {
		Text string `json:"text"`
		URL  string `json:"url,omitempty"`
		Data string `json:"data,omitempty"`
	}
	type content struct {
		ID          string     `json:"id"`
		To          string     `json:"to"`
		ToName      string     `json:"toName,omitempty"`
		FromName    string     `json:"fromName,omitempty"`
		Subject     string     `json:"subject,omitempty"`
		Text        string     `json:"text,omitempty"`
		HTML        string     `json:"html,omitempty"`
		Buttons     [][]button `json:"buttons,omitempty"`
		Unsubscribe string     `json:"unsubscribe,omitempty"`
	}
	data := content{
		ID: m.ID, To: m.To, ToName: m.ToName, FromName: m.FromName,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, Unsubscribe: m.Unsubscribe,
	}
	for _, row := range m.Buttons {
		buttons := make([]button, 0, len(row))
		for _, b := range row {
			buttons = append(buttons, button(b))
		}
		data.Buttons = append(data.Buttons, buttons)
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      content   `json:"data"`
	}{kind(m), m.Time.UTC(), data})
}

// judge says what an answer means.
func judge(response *http.Response, now time.Time) channel.Result {
	code := strconv.Itoa(response.StatusCode)
	err := fmt.Errorf("webhook: the endpoint answered %s", code)
	status := response.StatusCode
	switch {
	case status >= 200 && status < 300:
		answer, err := answerOf(response.Body)
		return channel.Result{Outcome: channel.Accepted, Code: code, Answer: answer, Err: err}
	case status >= 300 && status < 400:
		return channel.Defer(channel.Unreachable, code, fmt.Errorf("%w, a redirect, which is not followed: set the address that it leads to", err))
	case status == http.StatusTooManyRequests,
		status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
		result := channel.Defer(channel.Throttled, code, err)
		result.RetryAfter = wire.RetryAfter(response.Header, now)
		return result
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return channel.Defer(channel.Credentials, code, err)
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return channel.Defer(channel.Unreachable, code, err)
	case status == http.StatusGone:
		return channel.Reject(channel.AddressInvalid, code, err)
	case status == http.StatusRequestEntityTooLarge:
		return channel.Reject(channel.Content, code, err)
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		// Something between says that it got no answer; the receiver may have acted all the same.
		return channel.Doubt(code, err)
	case status >= 500:
		return channel.Defer(channel.Unreachable, code, err)
	default:
		return channel.Reject(channel.Other, code, err)
	}
}

// answerOf reads an answer that scenarios may use. The call is accepted whatever it is.
func answerOf(body io.Reader) ([]byte, error) {
	answer, err := io.ReadAll(io.LimitReader(body, mostAnswer+1))
	switch {
	case err != nil:
		return nil, errors.New("webhook: the answer broke off")
	case len(answer) > mostAnswer:
		return nil, fmt.Errorf("webhook: the answer is longer than %d bytes and is not kept", mostAnswer)
	case !json.Valid(answer):
		// Most endpoints answer with nothing or "ok".
		return nil, nil
	}
	return answer, nil
}

// Probe connects to the endpoint, with TLS if it has that, and asks for nothing, as any request could have an effect. The error is a
// *channel.Failure.
func (c *Channel) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	port := c.endpoint.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.endpoint.Scheme]
	}
	address := net.JoinHostPort(c.endpoint.Hostname(), port)
	var conn net.Conn
	var err error
	if c.endpoint.Scheme == "https" {
		conn, err = (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return &channel.Failure{Class: channel.Unreachable, Err: fmt.Errorf("webhook: %w", err)}
	}
	return conn.Close()
}

// Close closes connections that wait.
func (c *Channel) Close() error {
	c.client.CloseIdleConnections()
	return nil
}
