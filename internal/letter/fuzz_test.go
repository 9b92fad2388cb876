// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/waymark-dev/waymark/internal/letter"
)

// everywhere has the contact's words in every place that a page has for them.
const everywhere = `<!DOCTYPE html><html><head><title>{{ contact.x }}</title><style>p{color:{{ contact.x }}}</style></head><body>
<!--[if mso]>{{ contact.x }}<![endif]--><p title="{{ contact.x }}" class='{{ contact.x }}' style="color:{{ contact.x }}">{{ contact.x }}</p>
<a href="{{ contact.x }}">{{ contact.x | escape }}</a><a href="https://a.example/{{ contact.x }}?q={{ contact.x }}#{{ contact.x }}">a</a>
<img src='{{ contact.x | newline_to_br }}' alt="{{ contact.x | upcase }}">{% capture c %}<b>{{ contact.x }}</b>{% endcapture %}{{ c }}
<textarea>{{ contact.x }}</textarea>{% for i in contact.list %}<i>{{ i }}</i>{% endfor %}<a href="{{ contact.x }}{{ contact.x }}">z</a></body></html>`

// skeleton lists the tags and the names of their attributes, in order, and checks that no address runs anything.
func skeleton(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	var tags []string
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			tags = append(tags, "<!---->")
		}
		if n.Type != html.ElementNode {
			continue
		}
		tag := n.Data
		for _, a := range n.Attr {
			tag += " " + a.Key
			if a.Key != "href" && a.Key != "src" {
				continue
			}
			squeezed := strings.ToLower(strings.Map(func(r rune) rune {
				if r <= ' ' {
					return -1
				}
				return r
			}, a.Val))
			for _, bad := range []string{"javascript:", "data:", "vbscript:"} {
				if strings.HasPrefix(squeezed, bad) {
					t.Fatalf("an address is %q", a.Val)
				}
			}
		}
		tags = append(tags, tag)
	}
	return tags
}

func FuzzContactInjectsNothing(f *testing.F) {
	for _, x := range []string{
		"Anna", `"><script>alert(1)</script>`, "' onload='x", "javascript:alert(1)", " java\tscript:x", "--><b>", "</title></style></textarea>",
		"a\r\nBcc: x@example.com", `\"},{"`, "data:text/html;base64,x", "{{ contact.x }}", "{% if %}", "\xff\x00<", "&lt;script&gt;", "]]>", "\u2028", "&#106;avascript:x",
	} {
		f.Add(x)
	}
	l := compile(f, letter.Content{
		Subject: "{{ contact.x }}", FromName: "{{ contact.x | raw }}", HTML: everywhere, Preheader: "{{ contact.x }}",
		Payload: `{"text": "{{ contact.x }}", "value": {{ contact.x }}, "json": {{ contact.x | json }}, "list": {{ contact.list }}, "in": "a{{ contact.x }}b"}`,
	})
	contact := func(x string) []byte {
		data, err := json.Marshal(map[string]any{"x": x, "list": []string{x}})
		if err != nil {
			f.Fatalf("marshal: %v", err)
		}
		return data
	}
	d := anna(f)
	d.Contact = contact("Anna")
	benign, err := l.Render(d)
	if err != nil {
		f.Fatalf("render: %v", err)
	}
	f.Fuzz(func(t *testing.T, x string) {
		d := d
		d.Contact = contact(x)
		got, err := l.Render(d)
		if err != nil {
			if len(x) < 1000 {
				t.Fatalf("render %q: %v", x, err)
			}
			return
		}
		tracked := letter.Tracking{Wrap: func(a string) string { return "https://go.example/w/c/" + url.QueryEscape(a) }}.HTML(got.HTML)
		want := skeleton(t, benign.HTML)
		if strings.TrimSpace(got.Subject) == "" { // then the preheader, too, has nothing to show
			return
		}
		for _, page := range []string{got.HTML, tracked} {
			if diff := cmp.Diff(want, skeleton(t, page)); diff != "" {
				t.Fatalf("the page's elements (-want +got):\n%s", diff)
			}
		}
		for _, line := range []string{got.Subject, got.FromName} {
			if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
				t.Fatalf("the line %q has a control character", line)
			}
		}
		var payload struct {
			Text, Value, JSON, In string
			List                  []string
		}
		if err := json.Unmarshal(got.Payload, &payload); err != nil || payload.In != "a"+payload.Text+"b" || len(payload.List) != 1 {
			t.Fatalf("the payload %s: %v", got.Payload, err)
		}
		again, err := l.Render(d)
		if err != nil || !cmp.Equal(got, again) {
			t.Fatalf("rendering again gave something else: %v", err)
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, source := range []string{
		everywhere, "{{ contact.name | default: 'x' }}", "{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "{% case a %}{% when 1 %}{% endcase %}", "{%if%}",
		"{{ 'a' | slice: -9, -9 | truncate: -1 }}", "{% cycle 'a','b' %}", "{{ contact.tags.first.x[0][1] contains 'x' }}", "{% assign a = 1 %}{{ a.b | date: '%' }}",
		"<a href={{ x }}", "{{ event.data.items | sort: 'price' | map: 'a' | uniq | join }}", "{% capture a %}{{ a }}{% endcapture %}{% if a contains 'x' %}{% endif %}",
	} {
		f.Add(source)
	}
	d := anna(f)
	f.Fuzz(func(t *testing.T, source string) {
		for _, c := range []letter.Content{{Text: source}, {HTML: source}, {Payload: source}} {
			l, err := letter.Compile(c)
			if err != nil {
				if len(err.Error()) == 0 {
					t.Fatal("a problem without words")
				}
				continue
			}
			got, err := l.Render(d)
			if err == nil && (len(got.HTML) > letter.MaxBytes || len(got.Text) > letter.MaxBytes || len(got.Payload) > letter.MaxBytes) {
				t.Fatal("the letter is over its bound")
			}
		}
	})
}
