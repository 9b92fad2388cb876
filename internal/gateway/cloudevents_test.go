// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/cloudevents/sdk-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/event"
)

// sdkEvents reads a body as the official SDK does. It reports false where the SDK refuses it.
func sdkEvents(body string, isBatch bool) (events []cloudevents.Event, ok bool) {
	defer func() {
		if recover() != nil { // it panics on some bodies
			ok = false
		}
	}()
	if !isBatch {
		events = make([]cloudevents.Event, 1)
		if json.Unmarshal([]byte(body), &events[0]) != nil {
			return nil, false
		}
	} else if json.Unmarshal([]byte(body), &events) != nil {
		return nil, false
	}
	for _, e := range events {
		if e.Validate() != nil {
			return nil, false
		}
	}
	return events, true
}

// sameAsSDK compares what was taken in with what the SDK reads.
func sameAsSDK(t *testing.T, body string, got []event.Event, sdk []cloudevents.Event) {
	t.Helper()
	if len(got) != len(sdk) {
		t.Fatalf("%d events from %s, and %d by the SDK", len(got), body, len(sdk))
	}
	for i, e := range got {
		s := sdk[i]
		want := event.Event{
			Contact: s.Subject(), Type: s.Type(), ID: s.ID(), Source: s.Source(), Time: e.Time, Received: e.Received, Flags: e.Flags,
			Data: bytes.TrimSpace(s.Data()),
		}
		if !s.Time().IsZero() && e.Flags&event.Clamped == 0 {
			want.Time = event.At(s.Time())
		}
		if string(want.Data) == "null" {
			want.Data = nil
		}
		e.Source = types.ParseURIRef(e.Source).String() // the SDK changes how a source is written; Waymark does not
		if diff := cmp.Diff(want, e, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("event %d of %s differs from the SDK's (-sdk +got):\n%s", i, body, diff)
		}
	}
}

// sdkCases are bodies on which the reader and the SDK must agree, and those on which they do not, with the reason.
var sdkCases = map[string]struct {
	body   string
	differ string // why, where the reader refuses what the SDK takes
}{
	"plain":                     {body: viewed},
	"extensions":                {body: strings.Replace(viewed, `{`, `{"a":"x","b":1,"c":true,"d":null,`, 1)},
	"attributes after data":     {body: `{"data":{"a":1},"subject":"ann","type":"t","source":"/s","id":"1","specversion":"1.0"}`},
	"data type after data":      {body: `{"specversion":"1.0","data":{"a":1},"datacontenttype":"application/json","subject":"ann","type":"t","source":"/s","id":"1"}`},
	"no data":                   {body: with("data", "")},
	"null data":                 {body: with("data", "null")},
	"base64":                    {body: strings.Replace(with("data", ""), `{`, `{"data_base64":"eyJhIjoxfQ==",`, 1)},
	"bad base64":                {body: strings.Replace(with("data", ""), `{`, `{"data_base64":"eyJ",`, 1)},
	"null subject":              {body: with("subject", "null")},
	"null id":                   {body: with("id", "null")},
	"empty time":                {body: with("time", `""`)},
	"bad time":                  {body: with("time", `"2026-11-02"`)},
	"number as id":              {body: with("id", "1")},
	"blank id":                  {body: with("id", `" "`)},
	"relative source":           {body: with("source", `"web"`)},
	"urn source":                {body: with("source", `"urn:a:b"`)},
	"broken source":             {body: with("source", `"http://[x"`)},
	"unknown version":           {body: with("specversion", `"2.0"`)},
	"object as an extension":    {body: with("ext", `{}`)},
	"large number":              {body: with("ext", `4294967296`)},
	"extension name":            {body: with("my-ext", `"1"`)},
	"capital attribute":         {body: with("Type", `"t"`)},
	"broken media type":         {body: with("datacontenttype", `"a b"`)},
	"relative schema":           {body: with("dataschema", `"/schema"`)},
	"absolute schema":           {body: with("dataschema", `"https://a.example/s"`)},
	"an escaped member":         {body: strings.Replace(viewed, `"id"`, `"\u0069d"`, 1)},
	"version 0.3":               {body: with("specversion", `"0.3"`), differ: "only version 1.0 is taken"},
	"an attribute twice":        {body: strings.Replace(viewed, `{`, `{"id":"0",`, 1), differ: "which of them is meant is unclear"},
	"data that is no object":    {body: with("data", `[1]`), differ: "Waymark's events have objects as data"},
	"text as data":              {body: strings.Replace(with("data", `"hi"`), `{`, `{"datacontenttype":"text/plain",`, 1), differ: "Waymark's events have objects as data"},
	"no subject":                {body: with("subject", ""), differ: "Waymark's events have a contact"},
	"a time before 1970":        {body: with("time", `"1969-01-01T00:00:00Z"`), differ: "Waymark's times begin in 1970"},
	"an empty member name":      {body: strings.Replace(viewed, `{`, `{"":1,`, 1)},
	"an empty name at the end":  {body: strings.TrimSuffix(viewed, "}") + `,"":1}`, differ: "the SDK stops there"},
	"data_base64 is a number":   {body: strings.Replace(with("data", ""), `{`, `{"data_base64":5,`, 1)},
	"data and data_base64":      {body: strings.Replace(viewed, `{`, `{"data_base64":"e30=",`, 1), differ: "which of them is meant is unclear"},
	"not JSON":                  {body: `{"id"}`},
	"not an object":             {body: `"x"`},
	"an empty object":           {body: `{}`},
	"a media type ending +json": {body: with("datacontenttype", `"application/vnd.shop+json"`)}, // the SDK reads text
}

func TestReaderAgreesWithTheSDK(t *testing.T) {
	t.Parallel()
	for name, tt := range sdkCases {
		for _, isBatch := range []bool{false, true} {
			t.Run(map[bool]string{false: "structured ", true: "batch "}[isBatch]+name, func(t *testing.T) {
				t.Parallel()
				body, contentType := tt.body, structured
				if isBatch {
					body, contentType = "["+tt.body+"]", batch
				}
				g, log := newGateway(t)
				got, w := do(t, g, send("POST", "/shop/open", body, "Content-Type", contentType))
				sdk, sdkTakes := sdkEvents(body, isBatch)
				if name == "null subject" { // valid to both, but nobody's
					sdkTakes = false
				}
				switch takes := got.Status == http.StatusAccepted; {
				case takes && sdkTakes:
					sameAsSDK(t, body, log.all(), sdk)
				case takes && name != "a media type ending +json":
					t.Errorf("%s is taken, and not by the SDK", body)
				case !takes && sdkTakes && tt.differ == "":
					t.Errorf("%s is refused with %s, and not by the SDK", body, w.Body)
				}
			})
		}
	}
}

// TestSDKClient sends with the official SDK's client, in each of its modes.
func TestSDKClient(t *testing.T) {
	t.Parallel()
	g, log := newGateway(t)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	client, err := cloudevents.NewClientHTTP(cehttp.WithTarget(server.URL+"/shop/server"), cehttp.WithHeader("Authorization", "Bearer server-key"))
	if err != nil {
		t.Fatal(err)
	}
	newEvent := func(id string) cloudevents.Event {
		e := cloudevents.NewEvent()
		e.SetID(id)
		e.SetSource("https://shop.example/web")
		e.SetType("order.completed")
		e.SetSubject("Иван")
		e.SetTime(receipt.Add(-time.Hour))
		if err := e.SetData(cloudevents.ApplicationJSON, map[string]any{"total": 12.5}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	bytesEvent := newEvent("bytes")
	if err := bytesEvent.SetData(cloudevents.ApplicationJSON, []byte(`{"total":12.5}`)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for what, result := range map[string]error{
		"binary":     client.Send(cloudevents.WithEncodingBinary(ctx), newEvent("binary")),
		"structured": client.Send(cloudevents.WithEncodingStructured(ctx), newEvent("structured")),
		"bytes":      client.Send(cloudevents.WithEncodingStructured(ctx), bytesEvent),
	} {
		if !cloudevents.IsACK(result) {
			t.Errorf("%s: %v, want an acknowledgement", what, result)
		}
	}
	if reply, result := client.Request(ctx, newEvent("request")); !cloudevents.IsACK(result) || reply != nil {
		t.Errorf("request: %v and reply %v, want an acknowledgement alone", result, reply)
	}
	sendBatch(ctx, t, server.URL+"/shop/server?writeKey=server-key", newEvent("b1"), newEvent("b2"))
	ids := make(map[string]bool)
	for _, e := range log.all() {
		ids[e.ID] = true
		want := event.Event{
			Contact: "Иван", Type: "order.completed", Source: "https://shop.example/web", ID: e.ID,
			Time: event.At(receipt.Add(-time.Hour)), Received: event.At(receipt), Data: []byte(`{"total":12.5}`),
		}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Errorf("event differs (-want +got):\n%s", diff)
		}
	}
	if len(ids) != 6 {
		t.Errorf("got events %v, want all six", ids)
	}
	nobody := newEvent("nobody")
	nobody.Context = nobody.Context.Clone()
	nobody.SetType("waymark.tick")
	if result := client.Send(ctx, nobody); !cloudevents.IsNACK(result) {
		t.Errorf("a reserved type: %v, want a refusal", result)
	}
}

func sendBatch(ctx context.Context, t *testing.T, url string, events ...cloudevents.Event) {
	t.Helper()
	request, err := cehttp.NewHTTPRequestFromEvents(ctx, url, events)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Errorf("batch: %s, want 202", response.Status)
	}
}
