// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// BenchmarkMatch matches a stream of different events against one funnel and against ten that share what is parsed.
func BenchmarkMatch(b *testing.B) {
	events := []event.Event{
		{Type: "page.viewed", Data: []byte(`{"url": "https://shop.example/p/1029", "utm_source": "yandex"}`)},
		{Type: "product.added", Data: []byte(`{"price": 1290.5, "name": "Linen shirt", "sku": "A-1029", "cart_id": "c-88123", "qty": 2, "device": "mobile"}`)},
		{Type: "product.viewed", Data: []byte(`{"price": 1290.5, "name": "Linen shirt", "sku": "A-1029"}`)},
		{Type: "order.completed", Data: []byte(`{"total": 2581, "number": 1, "currency": "RUB", "cart_id": "c-88123"}`)},
	}
	for name, n := range map[string]int{"1": 1, "10": 10} {
		b.Run(name, func(b *testing.B) {
			var compiler definition.Compiler
			var programs []*definition.Program
			for range n {
				p, err := compiler.Compile(shop())
				if err != nil {
					b.Fatal(err)
				}
				programs = append(programs, p)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				e := &events[i%len(events)]
				i++
				for _, p := range programs {
					p.Match(e)
				}
			}
		})
	}
}

// BenchmarkMap maps rows of a table.
func BenchmarkMap(b *testing.B) {
	mapper, err := definition.NewMapper(definition.Mapping{Contact: "body.user_id", Type: "body.event", Time: "body.timestamp", TimeZone: "Europe/Moscow"})
	if err != nil {
		b.Fatal(err)
	}
	m := definition.Message{Row: map[string]string{"user_id": "user_0001", "event": "cart", "timestamp": "2024-03-13 10:21:14", "platform": "desktop"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := mapper.Map(&m); err != nil {
			b.Fatal(err)
		}
	}
}
