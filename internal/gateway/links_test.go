// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
)

func TestLinksAreServedBesideFeeds(t *testing.T) {
	g, log := newGateway(t)
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))}
	if err := g.SetDelivery(&definition.Delivery{Workspace: "shop", LinkKeys: secrets}); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	keys, err := link.NewKeys(secrets)
	if err != nil {
		t.Fatalf("new keys: %v", err)
	}
	path, err := keys.URL("", link.Link{Kind: link.Click, Contact: "ann", Effect: "m1", Target: "https://shop.example/", Issued: receipt})
	if err != nil {
		t.Fatalf("URL: %v", err)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if w.Code != http.StatusFound || w.Header().Get("Location") != "https://shop.example/" {
		t.Errorf("a link answered %d, %v", w.Code, w.Header())
	}
	if events := log.all(); len(events) != 1 || events[0].Type != event.MessageClicked || events[0].Contact != "ann" {
		t.Errorf("events %+v", events)
	}
	if got, _ := do(t, g, send("POST", "/shop/open", viewed, "Content-Type", structured)); got.Status != http.StatusAccepted {
		t.Errorf("a feed answered %+v", got)
	}
}
