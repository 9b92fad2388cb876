// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/webhook"
	"github.com/waymark-dev/waymark/internal/definition"
)

const (
	keyA = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	keyB = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func open(t *testing.T, address string, secrets definition.ChannelSecrets) *webhook.Channel {
	t.Helper()
	c, err := webhook.New(definition.WebhookSettings{
		URL: address, Timeout: 2 * time.Second, Concurrency: 4, Headers: map[string]string{"X-Shop": "1"},
	}, secrets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func task() *channel.Message {
	return &channel.Message{ID: "call-42", To: "anna", Kind: "task", Payload: []byte(`{"do":"call"}`)}
}

func TestCallIsSignedWithEachKey(t *testing.T) {
	type call struct {
		header http.Header
		body   []byte
	}
	calls := make(chan call, 1)
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, body}
		_, _ = io.WriteString(w, `{"ticket": 7}`)
	})
	c := open(t, address, definition.ChannelSecrets{SigningKeys: []string{keyA, keyB}, Headers: map[string]string{"Authorization": "Bearer x"}})
	m := task()
	m.Headers = map[string]string{"webhook-id": "forged", "Idempotency-Key": "forged", "X-Step": "2"}
	result := c.Send(context.Background(), m)
	if diff := cmp.Diff(channel.Result{Outcome: channel.Accepted, Code: "200", Answer: []byte(`{"ticket": 7}`)}, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	got := <-calls
	for _, key := range []string{keyA, keyB} {
		verifier, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(got.body, got.header); err != nil {
			t.Errorf("a key does not verify: %v", err)
		}
	}
	for name, want := range map[string]string{
		"Webhook-Id": "call-42", "Idempotency-Key": "call-42", "Waymark-Kind": "task", "Authorization": "Bearer x",
		"X-Shop": "1", "X-Step": "2", "Content-Type": "application/json",
	} {
		if diff := cmp.Diff([]string{want}, got.header.Values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if string(got.body) != `{"do":"call"}` {
		t.Errorf("the body is %s", got.body)
	}
}

func TestContentIsPostedWithoutAPayload(t *testing.T) {
	bodies := make(chan []byte, 1)
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- body
	})
	result := open(t, address, definition.ChannelSecrets{}).Send(context.Background(), &channel.Message{
		ID: "m1", To: "anna", Subject: "Привет", Text: "Текст", HTML: "<p>Текст</p>", Time: time.Unix(1767225600, 0),
		Buttons: [][]channel.Button{{{Text: "Да", Data: "yes"}}},
	})
	if result.Outcome != channel.Accepted || result.Answer != nil || result.Err != nil {
		t.Errorf("got %+v, want it accepted without an answer", result)
	}
	var got any
	if err := json.Unmarshal(<-bodies, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"type": "message", "timestamp": "2026-01-01T00:00:00Z",
		"data": map[string]any{
			"id": "m1", "to": "anna", "subject": "Привет", "text": "Текст", "html": "<p>Текст</p>",
			"buttons": []any{[]any{map[string]any{"text": "Да", "data": "yes"}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestAnswers(t *testing.T) {
	type outcome struct {
		Outcome    channel.Outcome
		Class      channel.Class
		Code       string
		RetryAfter time.Duration
	}
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   outcome
		answer string
	}{
		"taken":                      {status: 202, want: outcome{channel.Accepted, "", "202", 0}},
		"taken, with words":          {status: 200, body: "ok", want: outcome{channel.Accepted, "", "200", 0}},
		"taken, with an answer":      {status: 200, body: `{"a":1}`, want: outcome{channel.Accepted, "", "200", 0}, answer: `{"a":1}`},
		"taken, with a long answer":  {status: 200, body: `"` + strings.Repeat("x", 16<<10) + `"`, want: outcome{channel.Accepted, "", "200", 0}},
		"gone":                       {status: 410, want: outcome{channel.Rejected, channel.AddressInvalid, "410", 0}},
		"too many":                   {status: 429, header: map[string]string{"Retry-After": "7"}, want: outcome{channel.Deferred, channel.Throttled, "429", 7 * time.Second}},
		"too many, for ever":         {status: 429, header: map[string]string{"Retry-After": "9223372036854775807"}, want: outcome{channel.Deferred, channel.Throttled, "429", 24 * time.Hour}},
		"too many, until the past":   {status: 429, header: map[string]string{"Retry-After": "Mon, 02 Jan 2006 15:04:05 GMT"}, want: outcome{channel.Deferred, channel.Throttled, "429", 0}},
		"too many, in words":         {status: 429, header: map[string]string{"Retry-After": "soon"}, want: outcome{channel.Deferred, channel.Throttled, "429", 0}},
		"overloaded":                 {status: 503, header: map[string]string{"Retry-After": "1"}, want: outcome{channel.Deferred, channel.Throttled, "503", time.Second}},
		"out of order":               {status: 503, want: outcome{channel.Deferred, channel.Unreachable, "503", 0}},
		"broken":                     {status: 500, want: outcome{channel.Deferred, channel.Unreachable, "500", 0}},
		"broken behind a proxy":      {status: 502, want: outcome{channel.InDoubt, channel.Unreachable, "502", 0}},
		"silent behind a proxy":      {status: 504, want: outcome{channel.InDoubt, channel.Unreachable, "504", 0}},
		"slow":                       {status: 408, want: outcome{channel.Deferred, channel.Unreachable, "408", 0}},
		"too early":                  {status: 425, want: outcome{channel.Deferred, channel.Unreachable, "425", 0}},
		"unknown caller":             {status: 401, want: outcome{channel.Deferred, channel.Credentials, "401", 0}},
		"forbidden":                  {status: 403, want: outcome{channel.Deferred, channel.Credentials, "403", 0}},
		"refused":                    {status: 422, want: outcome{channel.Rejected, channel.Other, "422", 0}},
		"too large":                  {status: 413, want: outcome{channel.Rejected, channel.Content, "413", 0}},
		"elsewhere, but not for now": {status: 307, header: map[string]string{"Location": "/elsewhere"}, want: outcome{channel.Deferred, channel.Unreachable, "307", 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				for name, value := range c.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			result := open(t, address, definition.ChannelSecrets{}).Send(context.Background(), task())
			if diff := cmp.Diff(c.want, outcome{result.Outcome, result.Class, result.Code, result.RetryAfter}); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if string(result.Answer) != c.answer {
				t.Errorf("the answer is %q, want %q", result.Answer, c.answer)
			}
			if got := calls.Load(); got != 1 {
				t.Errorf("%d calls, want 1", got)
			}
		})
	}
}

// raw serves connections by hand. A connection that is kept open is closed when the test ends.
func raw(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return "http://" + listener.Addr().String() + "/?token=hunter2"
}

// request reads one request from a connection.
func request(conn net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

func TestConnectionsThatBreak(t *testing.T) {
	stopped, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = stopped.Close()
	for name, c := range map[string]struct {
		address string
		want    channel.Outcome
	}{
		"nobody listens":       {"http://" + stopped.Addr().String() + "/?token=hunter2", channel.Deferred},
		"no such host":         {"http://hook.invalid/?token=hunter2", channel.Deferred},
		"no TLS":               {strings.Replace(raw(t, func(conn net.Conn) { _ = conn.Close() }), "http:", "https:", 1), channel.Deferred},
		"closed after reading": {raw(t, func(conn net.Conn) { request(conn); _ = conn.Close() }), channel.InDoubt},
		"never answered":       {raw(t, func(conn net.Conn) { request(conn); time.Sleep(5 * time.Second); _ = conn.Close() }), channel.InDoubt},
		"answered with noise":  {raw(t, func(conn net.Conn) { request(conn); _, _ = io.WriteString(conn, "hello\r\n"); _ = conn.Close() }), channel.InDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := open(t, c.address, definition.ChannelSecrets{}).Send(context.Background(), task())
			if result.Outcome != c.want || result.Class != channel.Unreachable {
				t.Errorf("got %+v, want outcome %d", result, c.want)
			}
			if strings.Contains(result.Err.Error(), "hunter2") {
				t.Errorf("the error shows the address: %v", result.Err)
			}
		})
	}
}

// TestClosedConnectionIsNoSecondCall has the server close a connection when a second request comes on it: net/http would send that again by
// itself if it thought that it may.
func TestClosedConnectionIsNoSecondCall(t *testing.T) {
	var calls atomic.Int32
	address := raw(t, func(conn net.Conn) {
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for {
			r, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if calls.Add(1) == 2 {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	c := open(t, address, definition.ChannelSecrets{})
	for i, want := range []channel.Outcome{channel.Accepted, channel.InDoubt, channel.Accepted} {
		if got := c.Send(context.Background(), task()); got.Outcome != want {
			t.Errorf("call %d: got %+v, want outcome %d", i, got, want)
		}
	}
	if got := calls.Load(); got != 3 {
		t.Errorf("the server saw %d calls, want 3", got)
	}
}

func TestSecretsStayAtTheirSite(t *testing.T) {
	seen := make(chan string, 1)
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Authorization") })
	m := task()
	m.URL = elsewhere
	c := open(t, "https://crm.example/hook", definition.ChannelSecrets{Headers: map[string]string{"Authorization": "Bearer x"}})
	if result := c.Send(context.Background(), m); result.Outcome != channel.Accepted {
		t.Fatalf("got %+v", result)
	}
	if got := <-seen; got != "" {
		t.Errorf("another site was given %q", got)
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	c := open(t, "http://127.0.0.1:1/", definition.ChannelSecrets{})
	for name, change := range map[string]func(*channel.Message){
		"a header that is two":  func(m *channel.Message) { m.Headers = map[string]string{"X": "a\r\nY: b"} },
		"a name that is none":   func(m *channel.Message) { m.Headers = map[string]string{"X Y": "a"} },
		"a payload that breaks": func(m *channel.Message) { m.Payload = []byte(`{"a":`) },
		"another scheme":        func(m *channel.Message) { m.URL = "file:///etc/passwd" },
		"a method that is none": func(m *channel.Message) { m.Method = "P OST" },
	} {
		t.Run(name, func(t *testing.T) {
			m := task()
			change(m)
			if got := c.Send(context.Background(), m); got.Outcome != channel.Rejected || got.Class != channel.Content {
				t.Errorf("got %+v, want it rejected for its content", got)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the probe made a request") })
	if err := open(t, address, definition.ChannelSecrets{}).Probe(context.Background()); err != nil {
		t.Error(err)
	}
	err := open(t, "http://hook.invalid/", definition.ChannelSecrets{}).Probe(context.Background())
	if got := channel.ClassOf(err); err == nil || got != channel.Unreachable {
		t.Errorf("got %v, of class %s, want Unreachable", err, got)
	}
}

func TestWrongSettings(t *testing.T) {
	for name, c := range map[string]struct {
		settings definition.WebhookSettings
		secrets  definition.ChannelSecrets
		want     string
	}{
		"address": {definition.WebhookSettings{URL: "hook"}, definition.ChannelSecrets{}, "webhook.url"},
		"headers": {definition.WebhookSettings{URL: "http://x/", Headers: map[string]string{"A B": "c"}}, definition.ChannelSecrets{}, "webhook.headers"},
		"secret headers": {
			definition.WebhookSettings{URL: "http://x/"},
			definition.ChannelSecrets{Headers: map[string]string{"Authorization": "hunter2\n"}}, "secret's headers",
		},
		"signing key": {
			definition.WebhookSettings{URL: "http://x/"},
			definition.ChannelSecrets{SigningKeys: []string{keyA, "hunter2!"}}, "signing key 2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New(c.settings, c.secrets)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want it to name %q and no secret", err, c.want)
			}
		})
	}
}
