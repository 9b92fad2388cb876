// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

func TestAcceptedEvents(t *testing.T) {
	t.Parallel()
	now := event.At(receipt)
	viewedEvent := event.Event{
		Contact: "ann", Type: "page.viewed", Source: "https://shop.example", ID: "1", Time: at("2026-11-02T09:00:00.5Z"), Received: now,
		Data: []byte(`{"path":"/"}`),
	}
	changed := func(change func(*event.Event)) []event.Event {
		e := viewedEvent
		change(&e)
		return []event.Event{e}
	}
	tests := map[string]struct {
		request *http.Request
		want    []event.Event
	}{
		"structured": {send("POST", "/shop/open", viewed, "Content-Type", structured), []event.Event{viewedEvent}},
		"structured, with a charset": {
			send("POST", "/shop/open", viewed, "Content-Type", structured+"; charset=utf-8"), []event.Event{viewedEvent},
		},
		"batch": {
			send("POST", "/shop/open", "["+viewed+","+with("id", `"2"`)+"]", "Content-Type", batch),
			append([]event.Event{viewedEvent}, changed(func(e *event.Event) { e.ID = "2" })...),
		},
		"an empty batch": {send("POST", "/shop/open", "[]", "Content-Type", batch), nil},
		"binary": {
			send("POST", "/shop/open", `{"path":"/"}`, "Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "1",
				"ce-source", "https://shop.example", "ce-type", "page.viewed", "ce-subject", "ann", "ce-time", "2026-11-02T09:00:00.5Z"),
			[]event.Event{viewedEvent},
		},
		"binary, percent-encoded as the specification asks": {
			send("POST", "/shop/open", "", "ce-specversion", "1.0", "ce-id", "1", "ce-source", "https://shop.example",
				"ce-type", "page.viewed", "ce-subject", "%D0%98%D0%B2%D0%B0%D0%BD", "ce-time", "2026-11-02T09:00:00.5Z"),
			changed(func(e *event.Event) { e.Contact, e.Data = "Иван", nil }),
		},
		"no time: that of the receipt": {
			send("POST", "/shop/open", with("time", ""), "Content-Type", structured), changed(func(e *event.Event) { e.Time = now }),
		},
		"a time far in the future is clamped": {
			send("POST", "/shop/open", with("time", `"2036-01-01T00:00:00Z"`), "Content-Type", structured),
			changed(func(e *event.Event) { e.Time, e.Flags = now, event.Clamped }),
		},
		"a time with another zone": {
			send("POST", "/shop/open", with("time", `"2026-11-02T12:00:00.5+03:00"`), "Content-Type", structured), []event.Event{viewedEvent},
		},
		"data as base64, as the Go SDK sends bytes": {
			send("POST", "/shop/open", strings.Replace(with("data", ""), `{`, `{"data_base64":"eyJwYXRoIjoiLyJ9",`, 1), "Content-Type", structured),
			[]event.Event{viewedEvent},
		},
		"null data is none":          {send("POST", "/shop/open", with("data", "null"), "Content-Type", structured), changed(func(e *event.Event) { e.Data = nil })},
		"escapes in attributes":      {send("POST", "/shop/open", with("subject", `"\u0418\u0432\u0430\u043d \"1\""`), "Content-Type", structured), changed(func(e *event.Event) { e.Contact = `Иван "1"` })},
		"extensions are let through": {send("POST", "/shop/open", with("traceparent", `"00-ab"`), "Content-Type", structured), []event.Event{viewedEvent}},
		"an allowed type by its beginning": {
			send("POST", "/shop/narrow", with("type", `"order.completed"`), "Content-Type", structured),
			changed(func(e *event.Event) { e.Type = "order.completed" }),
		},
		"a public feed marks its events": {
			send("POST", "/shop/web", viewed, "Content-Type", structured, "Authorization", "Bearer web-key"),
			changed(func(e *event.Event) { e.Flags = event.Public }),
		},
		"webhook": {
			send("POST", "/shop/crm", ` {"id":7,"email":"ann","kind":"lead.created"}`, "Content-Type", "application/json"),
			[]event.Event{{Contact: "ann", Type: "lead.created", Source: "shop/crm", Time: now, Received: now, Data: []byte(`{"id":7,"email":"ann","kind":"lead.created"}`)}},
		},
		"a mapping over CloudEvents": {
			send("POST", "/shop/mapped?n=7", with("data", `{"email":"bob"}`), "Content-Type", structured, "Authorization", "Bearer mapped-key", "X-Id", "n"),
			changed(func(e *event.Event) {
				e.Contact, e.Type, e.ID, e.Data = "bob", "web.page.viewed", "n7", []byte(`{"email":"bob"}`)
			}),
		},
		"form": {
			send("POST", "/shop/crm", `kind=lead.created&email=ann&tag=a&tag=b`, "Content-Type", "application/x-www-form-urlencoded"),
			[]event.Event{{Contact: "ann", Type: "lead.created", Source: "shop/crm", Time: now, Received: now, Data: []byte(`{"email":"ann","kind":"lead.created","tag":["a","b"]}`)}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			got, w := do(t, g, tt.request)
			if diff := cmp.Diff(answer{Status: http.StatusAccepted, Accepted: len(tt.want)}, got); diff != "" {
				t.Fatalf("answer %s differs (-want +got):\n%s", w.Body, diff)
			}
			ignoreMadeIDs := cmpopts.IgnoreFields(event.Event{}, "ID")
			if tt.request.URL.Path != "/shop/crm" {
				ignoreMadeIDs = cmp.Options{}
			}
			if diff := cmp.Diff(tt.want, log.all(), ignoreMadeIDs); diff != "" {
				t.Errorf("events differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	ce := func(member, value string) *http.Request {
		return send("POST", "/shop/open", with(member, value), "Content-Type", structured)
	}
	open := func(contentType, body string) *http.Request {
		return send("POST", "/shop/open", body, "Content-Type", contentType)
	}
	tests := map[string]struct {
		request *http.Request
		want    answer
	}{
		"malformed JSON":        {open(structured, `{"id": 1,}`), answer{Status: 400, Reason: gateway.Malformed}},
		"no JSON at all":        {open(structured, ``), answer{Status: 400, Reason: gateway.Malformed}},
		"text after the JSON":   {open(structured, viewed+"x"), answer{Status: 400, Reason: gateway.Malformed}},
		"not UTF-8":             {open(structured, "{\"id\":\"\xff\"}"), answer{Status: 400, Reason: gateway.Malformed}},
		"nests too deep":        {open(structured, strings.Repeat("[", 1e6)), answer{Status: 400, Reason: gateway.Malformed}},
		"a number":              {open(structured, `7`), answer{Status: 400, Reason: gateway.Malformed}},
		"a batch that is none":  {open(batch, viewed), answer{Status: 400, Reason: gateway.Malformed}},
		"missing contact":       {ce("subject", ""), answer{Status: 422, Reason: gateway.MissingContact, Field: "subject"}},
		"blank contact":         {ce("subject", `"  "`), answer{Status: 400, Reason: gateway.Malformed, Field: "subject"}},
		"missing id":            {ce("id", ""), answer{Status: 400, Reason: gateway.Malformed, Field: "id"}},
		"id is a number":        {ce("id", "7"), answer{Status: 400, Reason: gateway.Malformed, Field: "id"}},
		"missing type":          {ce("type", ""), answer{Status: 400, Reason: gateway.MissingType, Field: "type"}},
		"missing source":        {ce("source", ""), answer{Status: 400, Reason: gateway.Malformed, Field: "source"}},
		"missing specversion":   {ce("specversion", ""), answer{Status: 400, Reason: gateway.Malformed, Field: "specversion"}},
		"version 0.3":           {ce("specversion", `"0.3"`), answer{Status: 400, Reason: gateway.Malformed, Field: "specversion"}},
		"not a source":          {ce("source", `"http://[x"`), answer{Status: 400, Reason: gateway.Malformed, Field: "source"}},
		"not a time":            {ce("time", `"yesterday"`), answer{Status: 422, Reason: gateway.InvalidTime, Field: "time"}},
		"a clock never set":     {ce("time", `"1970-01-01T00:00:00Z"`), answer{Status: 422, Reason: gateway.InvalidTime, Field: "time"}},
		"a time before 1970":    {ce("time", `"0001-01-01T00:00:00Z"`), answer{Status: 422, Reason: gateway.InvalidTime, Field: "time"}},
		"a reserved type":       {ce("type", `"waymark.message.clicked"`), answer{Status: 422, Reason: gateway.ReservedType, Field: "type"}},
		"data is an array":      {ce("data", `[1]`), answer{Status: 422, Reason: gateway.Malformed, Field: "data"}},
		"data_base64 no string": {ce("data_base64", `5`), answer{Status: 400, Reason: gateway.Malformed, Field: "data_base64"}},
		"a long contact":        {ce("subject", `"`+strings.Repeat("x", 256)+`"`), answer{Status: 400, Reason: gateway.Malformed, Field: "subject"}},
		"a control character":   {ce("subject", `"a\u0000"`), answer{Status: 400, Reason: gateway.Malformed, Field: "subject"}},
		"a deal as a contact":   {ce("subject", `"\u00020123456789abcdefdeal"`), answer{Status: 400, Reason: gateway.Malformed, Field: "subject"}},
		"ID in capitals":        {ce("ID", `"1"`), answer{Status: 400, Reason: gateway.Malformed, Field: "id"}},
		"an extension's name":   {ce("my_ext", `"1"`), answer{Status: 400, Reason: gateway.Malformed, Field: "my_ext"}},
		"data that is XML":      {ce("datacontenttype", `"text/xml"`), answer{Status: 400, Reason: gateway.Malformed, Field: "data"}},
		"an attribute twice":    {open(structured, `{"id":"1","id":"2"}`), answer{Status: 400, Reason: gateway.Malformed, Field: "id"}},
		"a large event": {
			ce("data", `{"a":"`+strings.Repeat("x", gateway.MaxEventBytes)+`"}`), answer{Status: 413, Reason: gateway.TooLarge, Field: "data"},
		},
		"a batch names every bad event": {
			open(batch, "["+with("id", `""`)+","+viewed+","+with("subject", "")+"]"),
			answer{Status: 400, Reason: gateway.Malformed, Field: "id", Indexes: []int{0, 2}},
		},
		"a type that is not allowed": {
			send("POST", "/shop/narrow", with("type", `"cart.emptied"`), "Content-Type", structured),
			answer{Status: 403, Reason: gateway.TypeNotAllowed, Field: "type"},
		},
		"a 10 MB body": {
			open(structured, with("data", `{"a":"`+strings.Repeat("x", 10<<20)+`"}`)), answer{Status: 413, Reason: gateway.TooLarge},
		},
		"a gzip bomb": {
			send("POST", "/shop/open", zipped(strings.Repeat(" ", 64<<20)), "Content-Type", structured, "Content-Encoding", "gzip"),
			answer{Status: 413, Reason: gateway.TooLarge},
		},
		"not gzip":         {send("POST", "/shop/open", viewed, "Content-Type", structured, "Content-Encoding", "gzip"), answer{Status: 400, Reason: gateway.Malformed}},
		"cut gzip":         {send("POST", "/shop/open", zipped(viewed)[:40], "Content-Type", structured, "Content-Encoding", "gzip"), answer{Status: 400, Reason: gateway.Malformed}},
		"another encoding": {send("POST", "/shop/open", viewed, "Content-Type", structured, "Content-Encoding", "br"), answer{Status: 415, Reason: gateway.Unsupported, Field: "Content-Encoding"}},
		"too many events": {
			send("POST", "/shop/open", zipped("["+strings.Repeat("0,", gateway.MaxEvents)+"0]"), "Content-Type", batch, "Content-Encoding", "gzip"),
			answer{Status: 413, Reason: gateway.TooLarge},
		},
		"no such feed":           {send("POST", "/shop/nothing", viewed, "Content-Type", structured), answer{Status: 404, Reason: gateway.UnknownFeed}},
		"no such path":           {send("POST", "/", viewed), answer{Status: 404, Reason: gateway.UnknownFeed}},
		"no such call":           {send("POST", "/shop/web/v1/sing", "{}"), answer{Status: 404, Reason: gateway.UnknownFeed}},
		"GET":                    {send("GET", "/shop/open", ""), answer{Status: 405, Reason: gateway.Unsupported}},
		"no key":                 {send("POST", "/shop/web", viewed, "Content-Type", structured), answer{Status: 401, Reason: gateway.Unauthorized}},
		"a wrong key":            {send("POST", "/shop/web", viewed, "Authorization", "Bearer server-key"), answer{Status: 401, Reason: gateway.Unauthorized}},
		"plain JSON":             {open("application/json", viewed), answer{Status: 415, Reason: gateway.Unsupported}},
		"XML":                    {open("text/xml", "<a/>"), answer{Status: 415, Reason: gateway.Unsupported, Field: "Content-Type"}},
		"CloudEvents to a CRM":   {send("POST", "/shop/crm", viewed, "Content-Type", structured), answer{Status: 415, Reason: gateway.Unsupported}},
		"more than may come":     {send("POST", "/shop/slow", "["+viewed+","+viewed+","+viewed+"]", "Content-Type", batch), answer{Status: 413, Reason: gateway.TooLarge}},
		"a mapping that fails":   {send("POST", "/shop/crm", `{"email":"ann","kind":"a","when":true}`, "Content-Type", "application/json"), answer{Status: 422, Reason: gateway.MappingFailed}},
		"a mapping's no contact": {send("POST", "/shop/crm", `{"kind":"a"}`, "Content-Type", "application/json"), answer{Status: 422, Reason: gateway.MissingContact, Field: "mapping.contact"}},
		"a webhook of numbers":   {send("POST", "/shop/crm", `[1]`, "Content-Type", "application/json"), answer{Status: 400, Reason: gateway.Malformed, Indexes: []int{0}}},
		"a foreign page": {
			send("POST", "/shop/web", viewed, "Authorization", "Bearer web-key", "Origin", "https://evil.example"),
			answer{Status: 403, Reason: gateway.OriginNotAllowed, Field: "Origin"},
		},
		"binary without id": {
			send("POST", "/shop/open", "", "ce-specversion", "1.0", "ce-source", "/a", "ce-type", "a", "ce-subject", "ann"),
			answer{Status: 400, Reason: gateway.Malformed, Field: "id"},
		},
		"binary with a bad time": {
			send("POST", "/shop/open", "", "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/a", "ce-type", "a", "ce-time", "now"),
			answer{Status: 422, Reason: gateway.InvalidTime, Field: "time"},
		},
		"binary with text": {
			send("POST", "/shop/open", "hi", "ce-specversion", "1.0", "ce-id", "1", "ce-source", "/a", "ce-type", "a", "Content-Type", "text/plain"),
			answer{Status: 415, Reason: gateway.Unsupported, Field: "datacontenttype"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			got, w := do(t, g, tt.request)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer %s differs (-want +got):\n%s", w.Body, diff)
			}
			if events := log.all(); len(events) > 0 {
				t.Errorf("%d events were appended although the request was refused", len(events))
			}
			if strings.Contains(w.Body.String(), "ann") {
				t.Errorf("the answer %s holds the contact", w.Body)
			}
		})
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // to memory
	_ = w.Close()
	return b.String()
}

func TestGzip(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	got, _ := do(t, g, send("POST", "/shop/open", zipped(viewed), "Content-Type", structured, "Content-Encoding", "gzip"))
	if got.Accepted != 1 || len(log.all()) != 1 {
		t.Errorf("got %+v, want one event accepted", got)
	}
}

func TestWebhookDrops(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	got, _ := do(t, g, send("POST", "/shop/crm", `[{"email":"a","kind":"k"},{"test":"yes"}]`, "Content-Type", "application/json"))
	if diff := cmp.Diff(answer{Status: 202, Accepted: 1, Dropped: 1}, got); diff != "" {
		t.Errorf("answer differs (-want +got):\n%s", diff)
	}
	if len(log.all()) != 1 {
		t.Errorf("got %d events, want 1", len(log.all()))
	}
}

type fullError struct{}

func (fullError) Error() string             { return "disk full" }
func (fullError) StorageFull() bool         { return true }
func (fullError) RetryAfter() time.Duration { return 7 * time.Second }

func TestAppendErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err        error
		retryAfter string
	}{
		"full":    {err: fullError{}, retryAfter: "7"},
		"another": {err: errors.New("no leader"), retryAfter: "1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			log.err = tt.err
			got, w := do(t, g, send("POST", "/shop/open", "["+viewed+","+viewed+"]", "Content-Type", batch))
			if diff := cmp.Diff(answer{Status: 503, Reason: gateway.Unavailable}, got); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
			if after := w.Header().Get("Retry-After"); after != tt.retryAfter {
				t.Errorf("Retry-After is %q, want %q", after, tt.retryAfter)
			}
			feeds, _ := g.Report()
			i := slices.IndexFunc(feeds, func(f control.Feed) bool { return f.Key == "shop/open" })
			if diff := cmp.Diff(control.Feed{Key: "shop/open", Refused: map[string]int64{"Unavailable": 2}}, feeds[i]); diff != "" {
				t.Errorf("counts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	for range 2 {
		if got, _ := do(t, g, send("POST", "/shop/slow", viewed, "Content-Type", structured)); got.Status != http.StatusAccepted {
			t.Fatalf("within the burst: %+v", got)
		}
	}
	got, w := do(t, g, send("POST", "/shop/slow", viewed, "Content-Type", structured))
	if diff := cmp.Diff(answer{Status: 429, Reason: gateway.RateLimited}, got); diff != "" {
		t.Errorf("answer differs (-want +got):\n%s", diff)
	}
	if w.Header().Get("Retry-After") != "1" || w.Header().Get("X-RateLimit-Reset") != "1" {
		t.Errorf("headers %v, want to be told to come back after 1 s", w.Header())
	}
	if err := g.SetFeeds(shopFeeds()); err != nil {
		t.Fatal(err)
	}
	if got, _ = do(t, g, send("POST", "/shop/slow", viewed, "Content-Type", structured)); got.Status != http.StatusTooManyRequests {
		t.Errorf("after a reload: %+v, want the burst not to start anew", got)
	}
	if len(log.all()) != 2 {
		t.Errorf("got %d events, want 2", len(log.all()))
	}
}
