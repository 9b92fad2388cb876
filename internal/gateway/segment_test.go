// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	analytics "github.com/segmentio/analytics-go/v3"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

func TestSegmentCalls(t *testing.T) {
	t.Parallel()
	now := event.At(receipt)
	tests := map[string]struct {
		path, body string
		want       event.Event
		told       []string // who is told what about it
	}{
		"track: the type is the event's name and the data its properties": {
			"track", `{"messageId":"m1","userId":"ann","event":"Order Completed","properties":{"total":12.50},"timestamp":"2026-11-02T09:00:00Z"}`,
			event.Event{Contact: "ann", Type: "Order Completed", ID: "m1", Time: at("2026-11-02T09:00:00Z"), Data: []byte(`{"total":12.50,"userId":"ann"}`)},
			nil,
		},
		"track: context lies beside the properties": {
			"t", `{"messageId":"m1","anonymousId":"a1","event":"Signed Up","context":{"campaign":{"source":"mail"}}}`,
			event.Event{Contact: event.Anonymous("a1"), Type: "Signed Up", ID: "m1", Time: now, Data: []byte(`{"anonymousId":"a1","context":{"campaign":{"source":"mail"}}}`)},
			nil,
		},
		"track: a property wins over what would take its name": {
			"t", `{"messageId":"m1","userId":"u","event":"E","properties":{"userId":"p","context":1},"context":{}}`,
			event.Event{Contact: "u", Type: "E", ID: "m1", Time: now, Data: []byte(`{"userId":"p","context":1}`)},
			nil,
		},
		"identify keeps both ids and the traits": {
			"identify", `{"messageId":"m1","userId":"ann","anonymousId":"a1","traits":{"plan":"pro"}}`,
			event.Event{Contact: "ann", Type: "identify", ID: "m1", Time: now, Data: []byte(`{"traits":{"plan":"pro"},"userId":"ann","anonymousId":"a1"}`)},
			[]string{"\x01a1 waymark.linked " + `{"contact":"ann"}`},
		},
		"page": {
			"p", `{"messageId":"m1","anonymousId":"a1","name":"Home","category":"Docs","properties":{"path":"/"}}`,
			event.Event{Contact: event.Anonymous("a1"), Type: "page", ID: "m1", Time: now, Data: []byte(`{"path":"/","name":"Home","category":"Docs","anonymousId":"a1"}`)},
			nil,
		},
		"screen": {
			"screen", `{"messageId":"m1","anonymousId":"a1","name":"Start"}`,
			event.Event{Contact: event.Anonymous("a1"), Type: "screen", ID: "m1", Time: now, Data: []byte(`{"name":"Start","anonymousId":"a1"}`)},
			nil,
		},
		"group": {
			"g", `{"messageId":"m1","userId":"ann","groupId":"g1","traits":{"size":3}}`,
			event.Event{Contact: "ann", Type: "group", ID: "m1", Time: now, Data: []byte(`{"groupId":"g1","traits":{"size":3},"userId":"ann"}`)},
			nil,
		},
		"alias": {
			"a", `{"messageId":"m1","userId":"ann","previousId":"a1"}`,
			event.Event{Contact: "ann", Type: "alias", ID: "m1", Time: now, Data: []byte(`{"previousId":"a1","userId":"ann"}`)},
			[]string{
				"ann waymark.aliased " + `{"contacts":["ann","a1"]}`, "a1 waymark.aliased " + `{"contacts":["ann","a1"]}`,
				"\x01a1 waymark.linked " + `{"contact":"ann"}`,
			},
		},
		"the sender's clock is a day slow": {
			"t", `{"messageId":"m1","userId":"u","event":"E","timestamp":"2026-11-01T09:20:00Z","sentAt":"2026-11-01T09:30:00Z"}`,
			event.Event{Contact: "u", Type: "E", ID: "m1", Time: at("2026-11-02T09:20:00Z"), Data: []byte(`{"userId":"u"}`)},
			nil,
		},
		"a zone without a colon": {
			"t", `{"messageId":"m1","userId":"u","event":"E","timestamp":"2026-11-02T12:00:00.000+0300"}`,
			event.Event{Contact: "u", Type: "E", ID: "m1", Time: at("2026-11-02T09:00:00Z"), Data: []byte(`{"userId":"u"}`)},
			nil,
		},
		"an id that is a number": {
			"t", `{"messageId":"m1","userId":42,"event":"E"}`,
			event.Event{Contact: "42", Type: "E", ID: "m1", Time: now, Data: []byte(`{"userId":"42"}`)},
			nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			got, w := do(t, g, basic(send("POST", "/shop/server/v1/"+tt.path, tt.body, "Content-Type", "text/plain"), "server-key"))
			if got.Status != http.StatusOK || got.Accepted != 1 {
				t.Fatalf("answer %s with status %d", w.Body, w.Code)
			}
			tt.want.Source, tt.want.Received = "shop/server", now
			all := log.all()
			if diff := cmp.Diff(tt.want, all[0]); diff != "" {
				t.Errorf("the event differs (-want +got):\n%s", diff)
			}
			var told []string
			for _, e := range all[1:] {
				told = append(told, fmt.Sprint(e.Contact, " ", e.Type, " ", string(e.Data)))
			}
			if diff := cmp.Diff(tt.told, told); diff != "" {
				t.Errorf("what others are told differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSegmentBatchDropsWhatIsWrong(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	body := `{"sentAt":"2026-11-02T09:30:00Z","context":{"library":{"name":"x"},"ip":"1"},"batch":[
		{"type":"track","messageId":"1","userId":"u","event":"E","context":{"ip":"2"}},
		{"type":"track","messageId":"2","event":"E"},
		{"type":"track","messageId":"3","userId":"u"},
		{"type":"sing","messageId":"4","userId":"u"},
		{"type":"track","messageId":"5","userId":"u","event":"E","timestamp":"soon"},
		{"type":"track","messageId":"6","userId":"u","event":"waymark.tick"},
		7,
		{"type":"identify","messageId":"8","userId":"u"}]}`
	got, w := do(t, g, basic(send("POST", "/v1/batch", body, "Content-Type", "application/json"), "server-key"))
	want := answer{Status: 200, Accepted: 2, Refused: 6, Indexes: []int{3, 4, 6, 1, 2, 5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer %s differs (-want +got):\n%s", w.Body, diff)
	}
	data := make([]string, 0, 2)
	for _, e := range log.all() {
		data = append(data, e.ID+" "+string(e.Data))
	}
	wantData := []string{
		`1 {"userId":"u","context":{"ip":"2","library":{"name":"x"}}}`, `8 {"userId":"u","context":{"library":{"name":"x"},"ip":"1"}}`,
	}
	if diff := cmp.Diff(wantData, data); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	feeds, version := g.Report()
	i := slices.IndexFunc(feeds, func(f control.Feed) bool { return f.Key == "shop/server" })
	wantCounts := control.Feed{
		Key: "shop/server", Accepted: 2, LastEvent: receipt.UnixMicro(),
		Refused: map[string]int64{"Malformed": 2, "MissingContact": 1, "MissingType": 1, "InvalidTime": 1, "ReservedType": 1},
	}
	if diff := cmp.Diff(wantCounts, feeds[i]); diff != "" || version != "v1" {
		t.Errorf("version %q, counts differ (-want +got):\n%s", version, diff)
	}
}

func TestSegmentKeys(t *testing.T) {
	t.Parallel()
	const track = `{"type":"track","writeKey":"web-key","messageId":"m","userId":"u","event":"E"}`
	tests := map[string]struct {
		request *http.Request
		want    answer
	}{
		"in the body, feed by key":  {send("POST", "/v1/t", track, "Content-Type", "text/plain"), answer{Status: 200, Accepted: 1}},
		"in the body, feed by path": {send("POST", "/shop/web/v1/t", track, "Content-Type", "text/plain"), answer{Status: 200, Accepted: 1}},
		"in a batch's body":         {send("POST", "/v1/b", `{"writeKey":"web-key","batch":[`+track+`]}`), answer{Status: 200, Accepted: 1}},
		"in a batch's first call":   {send("POST", "/v1/b", `{"batch":[`+track+`]}`), answer{Status: 200, Accepted: 1}},
		"from a page":               {send("POST", "/v1/t", track, "Origin", "https://shop.example"), answer{Status: 200, Accepted: 1}},
		"from a foreign page":       {send("POST", "/v1/t", track, "Origin", "https://a.example"), answer{Status: 403, Reason: gateway.OriginNotAllowed, Field: "Origin"}},
		"none":                      {send("POST", "/v1/t", `{"userId":"u","event":"E"}`), answer{Status: 401, Reason: gateway.Unauthorized}},
		"wrong in the body":         {send("POST", "/shop/server/v1/t", track), answer{Status: 401, Reason: gateway.Unauthorized}},
		"wrong at the root":         {basic(send("POST", "/v1/t", track), "nobody"), answer{Status: 401, Reason: gateway.Unauthorized}},
		"malformed":                 {send("POST", "/v1/t", `{`), answer{Status: 400, Reason: gateway.Malformed}},
		"an array":                  {basic(send("POST", "/v1/t", `[]`), "web-key"), answer{Status: 400, Reason: gateway.Malformed}},
		"a batch without calls":     {basic(send("POST", "/v1/b", `{}`), "web-key"), answer{Status: 400, Reason: gateway.Malformed, Field: "batch"}},
		"the library's own metrics": {send("POST", "/v1/m", `{"series":[]}`), answer{Status: 200}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			got, w := do(t, g, tt.request)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer %s differs (-want +got):\n%s", w.Body, diff)
			}
			if len(log.all()) != tt.want.Accepted {
				t.Errorf("%d events appended, want %d", len(log.all()), tt.want.Accepted)
			}
		})
	}
}

func TestSharedKeyIsAmbiguous(t *testing.T) {
	t.Parallel()
	g, _ := newGateway(t)
	feeds := definition.Feeds{Feeds: []definition.Feed{
		{Namespace: "a", Name: "one", Protocols: []string{"Segment"}, WriteKeys: []string{"k"}},
		{Namespace: "a", Name: "two", Protocols: []string{"Segment"}, WriteKeys: []string{"k"}},
	}}
	if err := g.SetFeeds(feeds); err != nil {
		t.Fatal(err)
	}
	const track = `{"messageId":"m","userId":"u","event":"E"}`
	if got, _ := do(t, g, basic(send("POST", "/v1/t", track), "k")); got.Status != http.StatusUnauthorized {
		t.Errorf("at the root: %+v, want a refusal", got)
	}
	if got, _ := do(t, g, basic(send("POST", "/a/two/v1/t", track), "k")); got.Accepted != 1 {
		t.Errorf("at the feed's path: %+v, want one event accepted", got)
	}
}

func TestCallsWithoutMessageID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want int // distinct ids of two sendings, a minute apart
	}{
		"a stated time makes repetitions one event": {`{"userId":"u","event":"E","timestamp":"2026-11-02T09:00:00Z","sentAt":"2026-11-02T09:00:00Z"}`, 1},
		"without one they are two":                  {`{"userId":"u","event":"E"}`, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, now := &memoryLog{}, &movingClock{now: receipt}
			g := gateway.New(gateway.Options{Appender: log, Clock: now})
			if err := g.SetFeeds(shopFeeds()); err != nil {
				t.Fatal(err)
			}
			ids := make(map[string]bool)
			for range 2 {
				if got, w := do(t, g, basic(send("POST", "/v1/track", tt.body), "server-key")); got.Accepted != 1 {
					t.Fatalf("answer %s", w.Body)
				}
				now.now = now.now.Add(time.Minute)
			}
			for _, e := range log.all() {
				ids[e.ID] = true
			}
			if len(ids) != tt.want {
				t.Errorf("%d distinct ids, want %d", len(ids), tt.want)
			}
		})
	}
}

type movingClock struct{ now time.Time }

func (c *movingClock) Now() time.Time { return c.now }

// TestSegmentGoLibrary sends with Segment's own library, which only gets another endpoint.
func TestSegmentGoLibrary(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	g := gateway.New(gateway.Options{Appender: log})
	if err := g.SetFeeds(definition.Feeds{Feeds: shopFeeds().Feeds[:2]}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	outcome := &callback{}
	client, err := analytics.NewWithConfig("server-key", analytics.Config{
		Endpoint: server.URL, BatchSize: 10, Callback: outcome, RetryAfter: func(int) time.Duration { return time.Millisecond },
	})
	if err != nil {
		t.Fatal(err)
	}
	happened := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	calls := []analytics.Message{
		analytics.Identify{UserId: "ann", AnonymousId: "a1", Traits: analytics.NewTraits().SetEmail("a@shop.example")},
		analytics.Page{UserId: "ann", Name: "Home"},
		analytics.Screen{UserId: "ann", Name: "Start"},
		analytics.Group{UserId: "ann", GroupId: "g"},
		analytics.Alias{UserId: "ann", PreviousId: "a1"},
	}
	for i := range 25 {
		calls = append(calls, analytics.Track{
			UserId: "ann", MessageId: fmt.Sprintf("m%02d", i), Event: "order.completed", Timestamp: happened,
			Properties: analytics.NewProperties().Set("total", i),
		})
	}
	for _, c := range calls {
		if err := client.Enqueue(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if len(outcome.failed) > 0 || outcome.succeeded != len(calls) {
		t.Fatalf("the library reports %d of %d sent, and %v", outcome.succeeded, len(calls), outcome.failed)
	}
	types := make(map[string]int)
	for _, e := range log.all() {
		types[e.Type]++
		if told := strings.HasPrefix(e.Type, "waymark."); e.Contact != "ann" && !told || e.ID == "" {
			t.Errorf("event %+v lacks its contact or id", e)
		}
		if off := e.Time.UTC().Sub(happened); e.Type == "order.completed" && (off < -time.Minute || off > time.Minute) {
			t.Errorf("time %s is not near %s", e.Time.UTC(), happened)
		}
	}
	want := map[string]int{"identify": 1, "page": 1, "screen": 1, "group": 1, "alias": 1, "order.completed": 25, "waymark.linked": 2, "waymark.aliased": 2}
	if diff := cmp.Diff(want, types, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
}

// callback counts what the library says of its calls.
type callback struct {
	mu        sync.Mutex
	succeeded int
	failed    []error
}

func (c *callback) Success(analytics.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.succeeded++
}

func (c *callback) Failure(_ analytics.Message, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = append(c.failed, err)
}
