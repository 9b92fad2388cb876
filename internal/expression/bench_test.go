// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

func BenchmarkCondition(b *testing.B) {
	data := []byte(`{"price": 1290.5, "name": "Linen shirt", "sku": "A-1029", "cart_id": "c-88123", "qty": 2, "utm_source": "yandex",
		"device": "mobile", "currency": "RUB", "categories": ["men", "shirts"], "page": {"url": "https://shop.example/p/1029", "title": "Linen shirt"}}`)
	for name, source := range map[string]string{
		"number":   `event.data.price > 0`,
		"text":     `event.data.utm_source == 'yandex'`,
		"two":      `event.data.price > 0 && event.data.device == 'mobile'`,
		"in":       `event.data.utm_source in ['google', 'yandex', 'vk']`,
		"missing":  `event.data.coupon == 'X'`,
		"bycel":    `event.data.page.title.lowerAscii() == 'linen shirt'`,
		"bycelsum": `event.data.price * event.data.qty > 100`,
	} {
		b.Run(name, func(b *testing.B) {
			c, err := expression.NewCondition(expression.OnEvent, source)
			if err != nil {
				b.Fatal(err)
			}
			var s expression.Scratch
			s.Load(&event.Event{Data: data})
			b.ReportAllocs()
			for b.Loop() {
				if _, fault := c.Holds(&s); fault != nil {
					b.Fatal(fault)
				}
			}
		})
	}
	b.Run("parse", func(b *testing.B) {
		c, err := expression.NewCondition(expression.OnEvent, `event.data.price > 0`)
		if err != nil {
			b.Fatal(err)
		}
		var s expression.Scratch
		events := []event.Event{{Data: data}, {Data: append([]byte(" "), data...)}}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			s.Load(&events[i%2])
			i++
			if _, fault := c.Holds(&s); fault != nil {
				b.Fatal(fault)
			}
		}
	})
}
