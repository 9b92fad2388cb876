// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// A person follows the link of an answer over the network, presses the button, and the answer is in the log.
func TestAnswersToASurveyReachTheLog(t *testing.T) {
	g, log := newGateway(t)
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))}
	const journey = "Journey/shop/first"
	if err := g.SetDelivery(&definition.Delivery{Workspace: "shop", LinkKeys: secrets, Surveys: []definition.AskedSurvey{
		{Journey: journey, Answers: []definition.AskedAnswer{{Name: "price", Title: "Too expensive"}}},
	}}); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	keys, err := link.NewKeys(secrets)
	if err != nil {
		t.Fatalf("new keys: %v", err)
	}
	server := httptest.NewServer(g)
	defer server.Close()
	address, err := keys.URL(server.URL, link.Link{Kind: link.Survey, Contact: "ann", Effect: "m1", Journey: journey, Answer: "price", Issued: receipt.Add(-time.Hour)})
	if err != nil {
		t.Fatalf("URL: %v", err)
	}
	for _, step := range []struct {
		method, body string
		says         string
		events       int
	}{{http.MethodGet, "", "What stopped you?", 0}, {http.MethodPost, "lang=en&scope=answer&answer=price", "Your answer is “Too expensive”", 1}} {
		request, err := http.NewRequestWithContext(t.Context(), step.method, address, strings.NewReader(step.body))
		if err != nil {
			t.Fatalf("request: %v", err)
		}
		request.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatalf("%s: %v", step.method, err)
		}
		page, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatalf("%s: %v", step.method, err)
		}
		if response.StatusCode != http.StatusOK || !strings.Contains(string(page), step.says) || len(log.all()) != step.events {
			t.Errorf("%s answered %d with %d events:\n%s", step.method, response.StatusCode, len(log.all()), page)
		}
	}
	want := event.Event{
		Contact: "ann", Type: event.SurveyAnswered, Source: "waymark/links", Time: event.At(receipt), Received: event.At(receipt),
		Data: []byte(`{"journey":"Journey/shop/first","answer":"price","effect":"m1"}`),
	}
	got := log.all()[0]
	got.ID = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}
