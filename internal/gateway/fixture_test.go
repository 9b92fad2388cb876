// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

// receipt is when every request of these tests arrives.
var receipt = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return receipt }

// memoryLog keeps what is appended, or fails.
type memoryLog struct {
	mu     sync.Mutex
	events []event.Event
	err    error
}

func (l *memoryLog) Append(_ context.Context, events []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.events = append(l.events, events...)
	return nil
}

func (l *memoryLog) all() []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func (l *memoryLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = nil
}

func shopFeeds() definition.Feeds {
	return definition.Feeds{Version: "v1", Feeds: []definition.Feed{
		{
			Namespace: "shop", Name: "web", Protocols: []string{"CloudEvents", "Segment"}, WriteKeys: []string{"old-key", "web-key"},
			Public: true, AllowOrigins: []string{"https://shop.example", "https://*.shop.example"}, MaxBodyBytes: 64 << 10,
		},
		{Namespace: "shop", Name: "server", Protocols: []string{"CloudEvents", "Segment"}, WriteKeys: []string{"server-key"}},
		{Namespace: "shop", Name: "open", Protocols: []string{"CloudEvents"}},
		{Namespace: "shop", Name: "narrow", Protocols: []string{"CloudEvents"}, AllowTypes: []string{"order.*", "page.viewed"}},
		{Namespace: "shop", Name: "slow", Protocols: []string{"CloudEvents"}, EventsPerSecond: 1, Burst: 2},
		{
			Namespace: "shop", Name: "crm", Protocols: []string{"Webhook"},
			Mapping: definition.Mapping{Contact: "body.email", Type: "body.kind", Time: "body.when", Drop: "body.test == 'yes'"},
		},
		{
			Namespace: "shop", Name: "mapped", Protocols: []string{"CloudEvents", "Segment"}, WriteKeys: []string{"mapped-key"},
			Mapping: definition.Mapping{Contact: "event.data.email", Type: "'web.' + event.type", ID: "headers['x-id'] + query.n"},
		},
	}}
}

// newGateway serves the shop's feeds into a log in memory.
func newGateway(t testing.TB) (*gateway.Gateway, *memoryLog) {
	t.Helper()
	log := &memoryLog{}
	g := gateway.New(gateway.Options{
		Appender: log, Clock: clock{}, Log: slog.New(slog.DiscardHandler),
	})
	if err := g.SetFeeds(shopFeeds()); err != nil {
		t.Fatalf("set feeds: %v", err)
	}
	return g, log
}

// send builds a request; header is a list of names and values.
func send(method, target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// answer is what tests look at in an answer.
type answer struct {
	Status   int
	Reason   gateway.Reason
	Field    string
	Indexes  []int
	Accepted int
	Dropped  int
	Refused  int
}

func do(t testing.TB, g http.Handler, r *http.Request) (answer, *httptest.ResponseRecorder) {
	t.Helper()
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	got := answer{Status: w.Code}
	if w.Body.Len() == 0 {
		return got, w
	}
	var body struct {
		gateway.Problem
		Problems []gateway.Problem
		Accepted int
		Dropped  int
		Refused  int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("the answer %q is not JSON: %v", w.Body, err)
	}
	got.Reason, got.Field, got.Accepted, got.Dropped, got.Refused = body.Reason, body.Field, body.Accepted, body.Dropped, body.Refused
	if len(body.Problems) == 0 && body.Index != nil {
		got.Indexes = []int{*body.Index}
	}
	for _, p := range body.Problems {
		got.Indexes = append(got.Indexes, *p.Index)
	}
	if body.Reason != "" && (body.Error == "" || body.Hint == "") {
		t.Errorf("the answer %s lacks what is wrong or what to do", w.Body)
	}
	return got, w
}

const (
	structured = "application/cloudevents+json"
	batch      = "application/cloudevents-batch+json"
	viewed     = `{"specversion":"1.0","id":"1","source":"https://shop.example","type":"page.viewed","subject":"ann",` +
		`"time":"2026-11-02T09:00:00.5Z","data":{"path":"/"}}`
)

// with gives the CloudEvent viewed with one member replaced; an empty value removes it.
func with(member, value string) string {
	var e map[string]json.RawMessage
	if err := json.Unmarshal([]byte(viewed), &e); err != nil {
		panic(err) // viewed is a constant
	}
	e[member] = json.RawMessage(value)
	if value == "" {
		delete(e, member)
	}
	out, err := json.Marshal(e)
	if err != nil {
		panic(err) // only a test's value can break it
	}
	return string(out)
}

func at(s string) event.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err) // only a test's constant can break it
	}
	return event.At(t)
}
