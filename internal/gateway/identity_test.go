// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/gateway"
)

func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	const visit = `{"specversion":"1.0","id":"1","source":"s","type":"page.viewed","anonymousid":"v1"}`
	tests := map[string]struct {
		feed, key, media, body string
		want                   answer
		log                    []string // contact and type
	}{
		"a visitor's event": {
			"/shop/web", "web-key", structured, visit,
			answer{Status: 202, Accepted: 1}, []string{"\x01v1 page.viewed"},
		},
		"a contact whose visitor is named, but not identified": {
			"/shop/web", "web-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"page.viewed","subject":"ann","anonymousid":"v1"}`,
			answer{Status: 202, Accepted: 1}, []string{"ann page.viewed"},
		},
		"identify": {
			"/shop/web", "web-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"identify","subject":"ann","anonymousid":"v1"}`,
			answer{Status: 202, Accepted: 1}, []string{"ann identify", "\x01v1 waymark.linked"},
		},
		"alias from a server": {
			"/shop/server", "server-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"alias","subject":"ann","data":{"previousId":"anna"}}`,
			answer{Status: 202, Accepted: 1}, []string{"ann alias", "ann waymark.aliased", "anna waymark.aliased", "\x01anna waymark.linked"},
		},
		"alias from a browser": {
			"/shop/web", "web-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"alias","subject":"ann","data":{"previousId":"anna"}}`,
			answer{Status: 403, Reason: gateway.NotTrusted, Field: "previousId"}, nil,
		},
		"alias of a visitor from a browser": {
			"/shop/web/v1/alias", "web-key", "text/plain", `{"messageId":"m","userId":"ann","anonymousId":"v1","previousId":"v1"}`,
			answer{Status: 200, Accepted: 1}, []string{"ann alias", "\x01v1 waymark.linked"},
		},
		"a contact that looks like a visitor inside": {
			"/shop/web", "web-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"page.viewed","subject":"\u0001v1"}`,
			answer{Status: 400, Reason: gateway.Malformed, Field: "subject"}, nil,
		},
		"a visitor's id with a control character": {
			"/shop/web", "web-key", structured, `{"specversion":"1.0","id":"1","source":"s","type":"identify","subject":"ann","anonymousid":"\u0001v1"}`,
			answer{Status: 400, Reason: gateway.Malformed, Field: "anonymousId"}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, log := newGateway(t)
			got, w := do(t, g, basic(send("POST", tt.feed, tt.body, "Content-Type", tt.media), tt.key))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer %s differs (-want +got):\n%s", w.Body, diff)
			}
			var all []string
			for _, e := range log.all() {
				all = append(all, fmt.Sprint(e.Contact, " ", e.Type))
			}
			if diff := cmp.Diff(tt.log, all); diff != "" {
				t.Errorf("the log differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVisitorInBinaryMode(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	r := basic(send("POST", "/shop/web", `{}`, "Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "1",
		"Ce-Source", "s", "Ce-Type", "page.viewed", "Ce-Anonymousid", "v%31"), "web-key")
	if got, w := do(t, g, r); got.Status != http.StatusAccepted {
		t.Fatalf("answer %s with status %d", w.Body, w.Code)
	}
	if contact := log.all()[0].Contact; contact != "\x01v1" {
		t.Errorf("got contact %q, want the visitor v1", contact)
	}
}
