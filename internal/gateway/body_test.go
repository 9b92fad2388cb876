// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

// chunked makes a request whose length is not announced.
func chunked(r *http.Request, body io.Reader) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(body), -1
	return r
}

func TestBodiesOfUnknownLength(t *testing.T) {
	t.Parallel()
	request := func() *http.Request { return send("POST", "/shop/open", "", "Content-Type", structured) }
	short := request()
	short.Body, short.ContentLength = io.NopCloser(strings.NewReader(viewed[:10])), int64(len(viewed))
	tests := map[string]struct {
		request *http.Request
		want    answer
	}{
		"chunked":                {chunked(request(), strings.NewReader(viewed)), answer{Status: 202, Accepted: 1}},
		"chunked and too long":   {chunked(request(), io.LimitReader(spaces{}, 10<<20)), answer{Status: 413, Reason: gateway.TooLarge}},
		"chunked and broken off": {chunked(request(), io.MultiReader(strings.NewReader("{"), broken{})), answer{Status: 400, Reason: gateway.Malformed}},
		"shorter than announced": {short, answer{Status: 400, Reason: gateway.Malformed}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := newGateway(t)
			got, w := do(t, g, tt.request)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer %s differs (-want +got):\n%s", w.Body, diff)
			}
		})
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// heldLog lets nobody go on until it is opened.
type heldLog struct{ entered, open chan struct{} }

func (l heldLog) Append(context.Context, []event.Event) error {
	l.entered <- struct{}{}
	<-l.open
	return nil
}

func TestBodiesTogetherAreBounded(t *testing.T) {
	t.Parallel()
	log := heldLog{make(chan struct{}), make(chan struct{})}
	g := gateway.New(gateway.Options{Appender: log, MaxBodiesBytes: int64(len(viewed)) + 10})
	if err := g.SetFeeds(definition.Feeds{Feeds: []definition.Feed{{Namespace: "shop", Name: "open", Protocols: []string{"CloudEvents"}}}}); err != nil {
		t.Fatal(err)
	}
	request := func() *http.Request { return send("POST", "/shop/open", viewed, "Content-Type", structured) }
	first := make(chan answer)
	go func() {
		got, _ := do(t, g, request())
		first <- got
	}()
	<-log.entered
	got, w := do(t, g, request())
	if diff := cmp.Diff(answer{Status: 503, Reason: gateway.Unavailable}, got); diff != "" || w.Header().Get("Retry-After") != "1" {
		t.Errorf("while another body is held: answer %s differs (-want +got):\n%s", w.Body, diff)
	}
	close(log.open)
	if got := <-first; got.Accepted != 1 {
		t.Errorf("the first request: %+v, want its event accepted", got)
	}
	go func() { <-log.entered }()
	if got, w := do(t, g, request()); got.Accepted != 1 {
		t.Errorf("afterwards: answer %s, want the event accepted", w.Body)
	}
}
