// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

// checkInvariants holds what the log was given against what it relies on.
func checkInvariants(t *testing.T, events []event.Event) {
	t.Helper()
	for _, e := range events {
		switch {
		case e.Contact == "", e.Type == "", e.ID == "", e.Source == "":
			t.Fatalf("event %+v lacks an attribute", e)
		case !utf8.ValidString(e.Contact) || !utf8.ValidString(e.Type) || !utf8.ValidString(e.ID):
			t.Fatalf("event %+v is not UTF-8", e)
		case len(e.Data) > 0 && (e.Data[0] != '{' || !json.Valid(e.Data)):
			t.Fatalf("data %q is no JSON object", e.Data)
		case e.Time <= 0 || e.Time > e.Received.Add(event.MaxClockSkew):
			t.Fatalf("time %d is out of bounds", e.Time)
		case len(e.Contact) > gateway.MaxContactBytes || len(e.Type) > gateway.MaxTypeBytes || len(e.ID) > gateway.MaxIDBytes:
			t.Fatalf("event %+v is over a bound", e)
		}
	}
}

func FuzzCloudEvents(f *testing.F) {
	g, log := newGateway(f)
	for _, tt := range sdkCases {
		f.Add(tt.body, false)
		f.Add("["+tt.body+"]", true)
	}
	f.Fuzz(func(t *testing.T, body string, isBatch bool) {
		log.reset()
		contentType := structured
		if isBatch {
			contentType = batch
		}
		got, _ := do(t, g, send("POST", "/shop/open", body, "Content-Type", contentType))
		checkInvariants(t, log.all())
		if got.Status != http.StatusAccepted {
			return
		}
		if sdk, ok := sdkEvents(body, isBatch); ok { // else a difference that sdkCases tells of
			sameAsSDK(t, body, log.all(), sdk)
		}
	})
}

func FuzzBinary(f *testing.F) {
	g, log := newGateway(f)
	f.Add("1", "/a", "t", "ann", "2026-11-02T09:00:00Z", "application/json", `{"a":1}`)
	f.Add("%31", "a b", "t%", "", "", "text/plain", `x`)
	f.Fuzz(func(t *testing.T, id, source, kind, subject, at, contentType, body string) {
		log.reset()
		do(t, g, send("POST", "/shop/open", body, "Content-Type", contentType, "ce-specversion", "1.0", "ce-id", id,
			"ce-source", source, "ce-type", kind, "ce-subject", subject, "ce-time", at))
		checkInvariants(t, log.all())
	})
}

func FuzzSegment(f *testing.F) {
	g, log := newGateway(f)
	f.Add("batch", `{"batch":[{"type":"track","userId":"u","event":"E","timestamp":"2026-11-02T09:00:00Z","properties":{"a":1}}],"sentAt":"2026-11-02T09:00:00Z"}`)
	f.Add("t", `{"userId":1,"event":"E","context":{"a":{}}}`)
	f.Add("identify", `{"anonymousId":"a","traits":[1]}`)
	f.Fuzz(func(t *testing.T, call, body string) {
		log.reset()
		r := basic(send("POST", "/v1/t", body), "server-key")
		r.URL.Path = "/v1/" + call
		do(t, g, r)
		checkInvariants(t, log.all())
	})
}

func FuzzWebhook(f *testing.F) {
	g, log := newGateway(f)
	f.Add(`{"email":"a","kind":"k"}`, "application/json")
	f.Add(`email=a&kind=k&x=%d0`, "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, body, contentType string) {
		log.reset()
		do(t, g, send("POST", "/shop/crm", body, "Content-Type", contentType))
		checkInvariants(t, log.all())
	})
}
