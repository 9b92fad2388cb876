// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysAreShown(t *testing.T) {
	t.Parallel()
	tests := map[string]*http.Request{
		"Basic":                  basic(send("POST", "/shop/web", viewed, "Content-Type", structured), "web-key"),
		"an older key":           basic(send("POST", "/shop/web", viewed, "Content-Type", structured), "old-key"),
		"Basic without a colon":  send("POST", "/shop/web", viewed, "Content-Type", structured, "Authorization", "Basic d2ViLWtleQ=="),
		"Bearer":                 send("POST", "/shop/web", viewed, "Content-Type", structured, "Authorization", "bearer web-key"),
		"a header":               send("POST", "/shop/web", viewed, "Content-Type", structured, "X-Waymark-Key", "web-key"),
		"a query parameter":      send("POST", "/shop/web?writeKey=web-key", viewed, "Content-Type", structured),
		"a page of the shop":     send("POST", "/shop/web?writeKey=web-key", viewed, "Content-Type", structured, "Origin", "https://shop.example"),
		"a page of a subdomain":  send("POST", "/shop/web?writeKey=web-key", viewed, "Content-Type", structured, "Origin", "https://m.shop.example"),
		"no key where none is":   send("POST", "/shop/open", viewed, "Content-Type", structured),
		"a key where none is":    send("POST", "/shop/open", viewed, "Content-Type", structured, "Authorization", "Bearer x"),
		"a slash after the path": send("POST", "/shop/open/", viewed, "Content-Type", structured),
	}
	for name, request := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := newGateway(t)
			got, w := do(t, g, request)
			if diff := cmp.Diff(answer{Status: 202, Accepted: 1}, got); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
			if origin := request.Header.Get("Origin"); w.Header().Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("Access-Control-Allow-Origin is %q, want %q", w.Header().Get("Access-Control-Allow-Origin"), origin)
			}
		})
	}
}

func basic(r *http.Request, user string) *http.Request {
	r.SetBasicAuth(user, "")
	return r
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		target, origin string
		want           int
	}{
		"the feed's page":           {"/shop/web", "https://shop.example", 204},
		"a subdomain":               {"/shop/web/v1/t", "https://a.b.shop.example", 204},
		"Segment without a feed":    {"/v1/t", "https://shop.example", 204},
		"another scheme":            {"/shop/web", "http://shop.example", 403},
		"a look-alike":              {"/shop/web", "https://evilshop.example", 403},
		"a feed without pages":      {"/shop/open", "https://shop.example", 403},
		"no browser":                {"/shop/open", "", 204},
		"a page, only its ending":   {"/shop/web", "https://.shop.example", 403},
		"an origin that is nothing": {"/shop/web", "null", 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := newGateway(t)
			r := send("OPTIONS", tt.target, "", "Access-Control-Request-Headers", "content-type,authorization")
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			got, w := do(t, g, r)
			if got.Status != tt.want {
				t.Errorf("status %d, want %d", got.Status, tt.want)
			}
			allowed := w.Header().Get("Access-Control-Allow-Headers") == "content-type,authorization" &&
				w.Header().Get("Access-Control-Allow-Origin") == tt.origin
			if want := tt.want == 204 && tt.origin != ""; allowed != want {
				t.Errorf("headers %v: allowed %t, want %t", w.Header(), allowed, want)
			}
		})
	}
}
