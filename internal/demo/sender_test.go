// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package demo_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/demo"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

// flakyLog keeps what is appended, and fails the first few times.
type flakyLog struct {
	mu       sync.Mutex
	failures int
	counts   map[string]int // by the event's source and id
}

func (l *flakyLog) Append(_ context.Context, events []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures > 0 {
		l.failures--
		return overloadedError{}
	}
	for _, e := range events {
		l.counts[e.Source+" "+e.ID]++
	}
	return nil
}

type overloadedError struct{}

func (overloadedError) Error() string             { return "overloaded" }
func (overloadedError) RetryAfter() time.Duration { return time.Millisecond }

// feed serves a feed over HTTP, with the real gateway.
func feed(t *testing.T, failures int) (url string, log *flakyLog) {
	t.Helper()
	log = &flakyLog{failures: failures, counts: make(map[string]int)}
	g := gateway.New(gateway.Options{Appender: log})
	err := g.SetFeeds(definition.Feeds{Feeds: []definition.Feed{
		{Namespace: "shop", Name: "web", Protocols: []string{"CloudEvents"}, WriteKeys: []string{"key"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server.URL + "/shop/web", log
}

func TestSendDeliversEverything(t *testing.T) {
	t.Parallel()
	url, log := feed(t, 3)
	events := demo.Shop{Seed: 3, Visitors: 400, Days: 7, Now: now}.Deliver()
	want := make(map[string]int)
	for _, e := range events {
		want[e.Origin+" "+e.ID]++
	}
	var sent atomic.Int64
	sender := demo.Sender{
		URL: url, Key: "key", Batch: 100, Parallel: 4, Patience: time.Minute, Sent: func(n int) { sent.Add(int64(n)) },
	}
	if err := sender.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, log.counts); diff != "" {
		t.Errorf("events in the log differ (-want +got):\n%s", diff)
	}
	if sent.Load() != int64(len(events)) {
		t.Errorf("%d events reported as sent, want %d", sent.Load(), len(events))
	}
}

func TestSendFails(t *testing.T) {
	t.Parallel()
	url, _ := feed(t, 0)
	full, _ := feed(t, 1<<30)
	events := demo.Shop{Seed: 3, Visitors: 50, Days: 7, Now: now}.Deliver()
	tests := map[string]struct {
		url, key, want string
	}{
		"a wrong key is not tried again": {url, "other", "401 Unauthorized: {\"reason\":\"Unauthorized\""},
		"no such feed":                   {url + "x", "key", "404 Not Found"},
		"nobody there":                   {"http://127.0.0.1:1/", "key", "gave up after 150ms: send events: Post"},
		"a log that stays overloaded":    {full, "key", "gave up after 150ms: send events: the feed answered 503"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := demo.Sender{URL: tt.url, Key: tt.key, Batch: 10, Parallel: 2, Patience: 150 * time.Millisecond, Sent: func(int) {}}
			err := sender.Send(t.Context(), events)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestSendStops(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(server.Close)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	sender := demo.Sender{URL: server.URL, Batch: 10, Parallel: 2, Patience: time.Hour, Sent: func(int) {}}
	if err := sender.Send(ctx, demo.Shop{Seed: 3, Visitors: 50, Days: 7, Now: now}.Deliver()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
}
