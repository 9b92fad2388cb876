// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/gateway"
)

// discard is a log that forgets, so that a benchmark measures the gateway.
type discard struct{}

func (discard) Append(context.Context, []event.Event) error { return nil }

// checkoutBatch is a batch of n events as a shop sends them, some 330 bytes each.
func checkoutBatch(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"specversion":"1.0","id":"order-%d","source":"https://shop.example/web","type":"order.completed",`+
			`"subject":"visitor-%d","time":"2026-11-02T09:00:00.%03dZ","datacontenttype":"application/json",`+
			`"data":{"price":%d,"total":%d.5,"utm_source":"yandex","device":"mobile","cart_id":"c-%d"}}`, i, i, i, i, i, i)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func benchGateway(b *testing.B) *gateway.Gateway {
	b.Helper()
	g := gateway.New(gateway.Options{Appender: discard{}})
	if err := g.SetFeeds(shopFeeds()); err != nil {
		b.Fatal(err)
	}
	return g
}

// BenchmarkIngest is the handler alone, without a connection.
func BenchmarkIngest(b *testing.B) {
	for name, n := range map[string]int{"Single": 1, "Batch100": 100} {
		b.Run(name, func(b *testing.B) {
			g, body := benchGateway(b), checkoutBatch(n)
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/shop/server", bytes.NewReader(body))
				r.Header.Set("Content-Type", batch)
				r.Header.Set("Authorization", "Bearer server-key")
				w := httptest.NewRecorder()
				if g.ServeHTTP(w, r); w.Code != http.StatusAccepted {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkHTTP is the whole way over loopback connections, the sender's work included.
func BenchmarkHTTP(b *testing.B) {
	for name, n := range map[string]int{"Single": 1, "Batch100": 100} {
		b.Run(name, func(b *testing.B) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := gateway.NewServer("", benchGateway(b))
			go func() { _ = server.Serve(listener) }() // ends with Close
			b.Cleanup(func() { _ = server.Close() })
			url, body := "http://"+listener.Addr().String()+"/shop/server?writeKey=server-key", checkoutBatch(n)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					response, err := http.Post(url, batch, bytes.NewReader(body)) //nolint:noctx // a benchmark
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body) // to use the connection again
					_ = response.Body.Close()
					if response.StatusCode != http.StatusAccepted {
						b.Errorf("answered %s", response.Status)
					}
				}
			})
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
