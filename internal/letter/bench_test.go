// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter_test

import (
	"testing"

	"github.com/waymark-dev/waymark/internal/letter"
)

// BenchmarkRender makes the letter about a cart that was left: HTML with a table of two goods, a text made of it, tracked links.
func BenchmarkRender(b *testing.B) {
	l := compile(b, letter.Content{
		Subject: "{{ contact.name | default: 'Здравствуйте' }}, в корзине {{ event.data.count }} {{ event.data.count | plural: 'товар', 'товара', 'товаров' }}",
		HTML: `<html><body><h1>{{ contact.name }}, вы кое-что забыли</h1><table>{% for i in event.data.items %}<tr><td>{{ i.title }}</td><td>{{ i.price | money }}</td></tr>
{% endfor %}</table><p>Итого {{ event.data.total | money }}</p><a href="{{ event.data.url }}">Вернуться</a><p>Ждём до {{ event.time | date: "day" }}</p>
<a href="{{ links.unsubscribe }}">Отписаться</a></body></html>`,
	})
	tracking := letter.Tracking{Wrap: func(a string) string { return "https://go.example/w/c/" + a }, Pixel: "https://go.example/w/o/x", Keep: []string{"https://go.example"}}
	d := anna(b)
	b.ReportAllocs()
	for b.Loop() {
		r, err := l.Render(d)
		if err != nil || len(tracking.HTML(r.HTML)) == 0 {
			b.Fatalf("render: %v", err)
		}
	}
}
