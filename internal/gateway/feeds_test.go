// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/gateway"
)

func crmFeeds(contact string) definition.Feeds {
	mapping := definition.Mapping{Contact: contact, Type: "body.kind"}
	return definition.Feeds{Version: contact, Feeds: []definition.Feed{
		{Namespace: "shop", Name: "crm", Protocols: []string{"Webhook"}, Mapping: mapping},
		{Namespace: "shop", Name: "open", Protocols: []string{"CloudEvents"}},
	}}
}

func TestBrokenMappingStopsNobody(t *testing.T) {
	t.Parallel()
	lead := func() *http.Request {
		return send("POST", "/shop/crm", `{"email":"ann","kind":"lead"}`, "Content-Type", "application/json")
	}
	page := func() *http.Request { return send("POST", "/shop/open", viewed, "Content-Type", structured) }
	tests := map[string]struct {
		before []string // mappings that were set earlier
		crm    answer
	}{
		"a new feed is told to wait":            {nil, answer{Status: 503, Reason: gateway.MappingFailed}},
		"one that ran goes on":                  {[]string{"body.email"}, answer{Status: 202, Accepted: 1}},
		"and so it does after two broken edits": {[]string{"body.email", "nonsense("}, answer{Status: 202, Accepted: 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gateway.New(gateway.Options{Appender: &memoryLog{}})
			for _, contact := range tt.before {
				_ = g.SetFeeds(crmFeeds(contact)) // broken ones are expected to fail
			}
			err := g.SetFeeds(crmFeeds("broken +"))
			if err == nil || !strings.Contains(err.Error(), "shop/crm") {
				t.Errorf("error %v, want one that names the feed", err)
			}
			if got, w := do(t, g, lead()); got.Status != tt.crm.Status || got.Accepted != tt.crm.Accepted {
				t.Errorf("crm: answer %s, want %+v", w.Body, tt.crm)
			}
			if got, w := do(t, g, page()); got.Accepted != 1 {
				t.Errorf("open: answer %s, want the other feed served", w.Body)
			}
		})
	}
}

func TestWatchFileFollowsChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "feeds.json")
	g := gateway.New(gateway.Options{Appender: &memoryLog{}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.WatchFile(ctx, path)
	}()
	version := func(want string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			_, got := g.Report()
			if got == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("version %q is served, want %q", got, want)
			}
		}
	}
	write := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(path+".new", content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil { // as a Secret's files are replaced
			t.Fatal(err)
		}
	}
	feeds := func(contact string) []byte {
		content, err := json.Marshal(crmFeeds(contact))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	version("") // no file yet
	write(feeds("body.a"))
	version("body.a")
	write([]byte(`{"feeds": 7}`))
	write(feeds("body.b"))
	version("body.b")
	stop()
	<-done
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	g, _ := newGateway(t)
	do(t, g, send("POST", "/shop/open", viewed, "Content-Type", structured))
	do(t, g, send("POST", "/shop/open", with("time", `"2036-01-01T00:00:00Z"`), "Content-Type", structured))
	do(t, g, send("POST", "/shop/open", with("subject", ""), "Content-Type", structured))
	do(t, g, send("POST", "/shop/nothing", viewed))
	if err := g.SetFeeds(definition.Feeds{Feeds: []definition.Feed{{Namespace: "shop", Name: "open"}}}); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP waymark_ingest_clamped_total Events whose time lay more than five minutes in the future and was set to that of their receipt.
# TYPE waymark_ingest_clamped_total counter
waymark_ingest_clamped_total{feed="shop/open"} 1
# HELP waymark_ingest_dropped_total Messages that the feed's mapping dropped.
# TYPE waymark_ingest_dropped_total counter
waymark_ingest_dropped_total{feed="shop/open"} 0
# HELP waymark_ingest_events_total Events that were made durable, duplicates included.
# TYPE waymark_ingest_events_total counter
waymark_ingest_events_total{feed="shop/open"} 2
# HELP waymark_ingest_refused_total Messages that were refused, by reason. Those to no feed have an empty feed.
# TYPE waymark_ingest_refused_total counter
waymark_ingest_refused_total{feed="",reason="UnknownFeed"} 1
waymark_ingest_refused_total{feed="shop/open",reason="MissingContact"} 1
`
	if err := testutil.CollectAndCompare(g, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
