// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/letter"
)

func TestHTML(t *testing.T) {
	for name, tt := range map[string]struct{ html, name, want string }{
		"text":                      {"<p>{{ contact.name }}</p>", `<b>&"`, "<p>&lt;b&gt;&amp;&#34;</p>"},
		"trusted text":              {"<p>{{ contact.name | raw }}</p>", "<b>", "<p><b></p>"},
		"escaped once only":         {"<p>{{ contact.name | escape }}</p>", "<b>", "<p>&lt;b&gt;</p>"},
		"lines":                     {"<p>{{ contact.name | newline_to_br }}</p>", "a\r\n<b>", "<p>a<br>\n&lt;b&gt;</p>"},
		"what was captured":         {"{% capture x %}<i>{{ contact.name }}</i>{% endcapture %}<p>{{ x }}</p>", "<b>", "<p><i>&lt;b&gt;</i></p>"},
		"captured, in a value":      {`{% capture x %}<i>{{ contact.name }}</i>{% endcapture %}<p title="{{ x }}">`, `"`, `<p title="&lt;i&gt;&#34;&lt;/i&gt;">`},
		"a value":                   {`<p title="{{ contact.name }}">`, `" onload="x`, `<p title="&#34; onload=&#34;x">`},
		"an address":                {`<a href="{{ contact.name }}">`, "https://x.example/?a=1&b=2", `<a href="https://x.example/?a=1&amp;b=2">`},
		"a script for an address":   {`<a href="{{ contact.name }}">`, "javascript:alert(1)", `<a href="#">`},
		"hidden by letters":         {`<a href=" {{ contact.name }}">`, "\x01 jAva\nscript:alert(1)", `<a href=" #">`},
		"hidden by the template":    {`<a href="{{ contact.name }}:alert(1)">`, "javascript", `<a href="#:alert(1)">`},
		"marked as escaped":         {`<a href="{{ contact.name | escape }}">`, "javascript:alert(1)", `<a href="#">`},
		"with lines":                {`<a href="{{ contact.name | newline_to_br }}">`, "javascript:alert(1)", `<a href="#">`},
		"a document as a picture":   {`<img src='{{ contact.name }}'>`, "data:text/html,x", `<img src='#'>`},
		"a relative address":        {`<a href="{{ contact.name }}">`, "/a:b", `<a href="/a:b">`},
		"in an address":             {`<a href="https://x.example/{{ contact.name }}">`, `a" b`, `<a href="https://x.example/a%22%20b">`},
		"in a query":                {`<a href="https://x.example/?n={{ contact.name }}">`, "a&b=c", `<a href="https://x.example/?n=a%26b%3Dc">`},
		"in a query, encoded":       {`<a href="https://x.example/?n={{ contact.name | url_encode }}">`, "a&b", `<a href="https://x.example/?n=a%26b">`},
		"a style":                   {`<p style="color: {{ contact.name }}">`, "red", `<p style="color: red">`},
		"more than a style":         {`<p style="color: {{ contact.name }}">`, "red;background:url(x)", `<p style="color: ">`},
		"in a comment":              {"<!--[if mso]>{{ contact.name }}<![endif]--><p>", "--><script>", "<!--[if mso]>--&gt;&lt;script&gt;<![endif]--><p>"},
		"a title":                   {"<title>{{ contact.name }}</title>", "</title><script>", "<title>&lt;/title&gt;&lt;script&gt;</title>"},
		"behind a less-than sign":   {"<p>1 < {{ contact.name }}</p>", "2", "<p>1 < 2</p>"},
		"a value in two branches":   {`<a href="{% if contact.name %}{{ contact.name }}{% else %}https://x.example{% endif %}">`, "vbscript:x", `<a href="#">`},
		"an attribute by condition": {`<td{% if contact.name %} class="{{ contact.name }}"{% endif %}>`, `a"`, `<td class="a&#34;">`},
	} {
		t.Run(name, func(t *testing.T) {
			d := anna(t)
			d.Contact, _ = json.Marshal(map[string]string{"name": tt.name})
			if diff := cmp.Diff(tt.want, render(t, letter.Content{HTML: tt.html, Text: "-"}, d).HTML); diff != "" {
				t.Errorf("HTML (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParts(t *testing.T) {
	evil := []byte(`{"name":"Anna\r\nBcc: all@example.com\u2028x","quote":"\"},{\"x\":\"","url":"javascript:alert(1)","n":1234567.5}`)
	for name, tt := range map[string]struct {
		content letter.Content
		want    letter.Rendered
	}{
		"a subject has one line": {
			letter.Content{Subject: "Hi {{ contact.name }}\n", FromName: "{{ contact.name | upcase }}"},
			letter.Rendered{Subject: "Hi Anna  Bcc: all@example.com x", FromName: "ANNA  BCC: ALL@EXAMPLE.COM X"},
		},
		"a payload": {
			letter.Content{Payload: `{"q": "{{ contact.quote }}", "n": {{ contact.n }}, "all": {{ contact.quote | json }}, "none": {{ contact.none }}, "e": {{ event.data.meta }}}`},
			letter.Rendered{Payload: []byte(`{"q": "\"},{\"x\":\"", "n": 1234567.5, "all": "\"},{\"x\":\"", "none": null, "e": {"a":1,"b":2}}`)},
		},
		"an address of a webhook": {
			letter.Content{URL: "https://crm.example/contacts/{{ contact.n | url_encode }}"}, letter.Rendered{URL: "https://crm.example/contacts/1234567.5"},
		},
		"buttons": {
			letter.Content{Buttons: [][]letter.Button{
				{{Text: "Да", Data: "yes:{{ message.id }}"}, {Text: "{% if contact.none %}x{% endif %}", Data: "x"}},
				{{Text: "{{ contact.name }}", URL: "https://x.example/{{ event.id }}"}},
			}},
			letter.Rendered{Buttons: [][]letter.Button{
				{{Text: "Да", Data: "yes:m-1"}}, {{Text: "Anna  Bcc: all@example.com x", URL: "https://x.example/e-1"}},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := anna(t)
			d.Contact = evil
			if diff := cmp.Diff(tt.want, render(t, tt.content, d)); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWholePage(t *testing.T) {
	page := `<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body class="a">
<h1>Анна,&nbsp;привет</h1><p>В корзине <b>2</b> товара,
<a href="https://shop.example/cart">вернуться</a>.<br>Ждём!</p>
<ul><li>Платье</li><li>Ремень</li></ul><ol><li>раз</li><li>два</li></ol><table><tr><td>Итого</td><td>5</td></tr></table>
<div style="display: none">тайна</div><img src="x.png" alt="Лавка"> <a href="{{ links.unsubscribe }}">{{ links.unsubscribe }}</a></body></html>`
	d := anna(t)
	d.AdMark = "Реклама. ООО «Лавка», erid: 2Vtz"
	got := render(t, letter.Content{Preheader: "Вас ждёт <платье>", HTML: page}, d)
	wantText := `Анна,` + "\u00a0" + `привет

В корзине 2 товара, вернуться (https://shop.example/cart).
Ждём!

- Платье
- Ремень

1. раз
2. два

Итого 5

Лавка https://go.example/w/u/T

Реклама. ООО «Лавка», erid: 2Vtz
`
	if diff := cmp.Diff(wantText, got.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		`<body class="a"><div style="display:none;max-height:0;overflow:hidden;mso-hide:all">Вас ждёт &lt;платье&gt;</div>`, `erid: 2Vtz</p></body></html>`,
	} {
		if !strings.Contains(got.HTML, want) {
			t.Errorf("the page lacks %s:\n%s", want, got.HTML)
		}
	}
	shown := render(t, letter.Content{HTML: "<p>{{ adMark }}</p>", Text: "x"}, d)
	if want := "<p>Реклама. ООО «Лавка», erid: 2Vtz</p>"; shown.HTML != want {
		t.Errorf("a page that shows the mark is %s, want %s", shown.HTML, want)
	}
	if want := "x\n\nРеклама. ООО «Лавка», erid: 2Vtz\n"; shown.Text != want {
		t.Errorf("a text that does not is %q, want %q", shown.Text, want)
	}
}

func TestRenderErrors(t *testing.T) {
	doubling := `{% assign a = "0123456789" %}{% for i in (1..30) %}{% assign a = a | append: a %}{% endfor %}{{ a }}`
	capturing := `{% assign a = "0123456789" %}{% for i in (1..30) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}`
	for name, tt := range map[string]struct {
		content letter.Content
		data    string
		want    string
		is      error
	}{
		"a loop that is too long":      {letter.Content{Text: "{% for i in (1..1000000000) %}{% endfor %}"}, "", "", letter.ErrTooLong},
		"loops in loops":               {letter.Content{Text: "{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}"}, "", "", letter.ErrTooLong},
		"a text that grows":            {letter.Content{Text: doubling}, "", "", letter.ErrTooLarge},
		"a captured text that grows":   {letter.Content{Text: capturing}, "", "", letter.ErrTooLarge},
		"a text that is too large":     {letter.Content{Text: "{% for i in (1..90000) %}abcdefgh{% endfor %}"}, "", "", letter.ErrTooLarge},
		"a text that is no amount":     {letter.Content{Subject: "a\n{{ contact.secret | money }}"}, `{"secret":"Anna"}`, "render subject, line 2: filter money: the value is not a number", nil},
		"a text that is no date":       {letter.Content{Text: "{{ contact.secret | date }}"}, `{"secret":"Anna"}`, "filter date: the value is no date", nil},
		"a range of texts":             {letter.Content{Text: "{% for i in (1..contact.secret) %}{% endfor %}"}, `{"secret":"Anna"}`, "a value does not fit", nil},
		"a division by nothing":        {letter.Content{Text: "{{ 1 | divided_by: 0 }}"}, "", "the divisor is 0", nil},
		"attributes that are no JSON":  {letter.Content{Text: "x"}, `{"secret":"Anna`, "it is no JSON object", nil},
		"a payload that is no JSON":    {letter.Content{Payload: "{\n\"a\": x}"}, "", "render payload, line 2: it is no JSON at byte 8", nil},
		"a payload that is no object":  {letter.Content{Payload: "[1]"}, "", "it is no JSON object", nil},
		"a button's address from data": {letter.Content{Buttons: [][]letter.Button{{{Text: "x", URL: "{{ contact.secret }}"}}}}, `{"secret":"javascript:x"}`, "it is no address", nil},
		"a button's data too long":     {letter.Content{Buttons: [][]letter.Button{{{Text: "x", Data: strings.Repeat("x", 65)}}}}, "", "longer than 64 bytes", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := anna(t)
			d.Contact = []byte(tt.data)
			_, err := compile(t, tt.content).Render(d)
			if _, ok := errors.AsType[*letter.RenderError](err); !ok {
				t.Fatalf("render gave %v, want a RenderError", err)
			}
			if !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("render gave %v, want %q, %v", err, tt.want, tt.is)
			}
			if strings.Contains(err.Error(), "Anna") {
				t.Errorf("the error %q quotes the contact", err)
			}
		})
	}
}

func TestTracking(t *testing.T) {
	tracking := letter.Tracking{
		Wrap:  func(address string) string { return "https://go.example/w/c/[" + address + "]" },
		Pixel: "https://go.example/w/o/1", Keep: []string{"https://go.example"},
	}
	for name, tt := range map[string]struct{ html, want string }{
		"a web link":      {`<a class=x href="https://a.example/?x=1&amp;y=2">a</a>`, `<a class="x" href="https://go.example/w/c/[https://a.example/?x=1&amp;y=2]">a</a>`},
		"others":          {`<A HREF="mailto:a@b.example"><a href="#top"><a name=x><a href='tel:1'>`, `<A HREF="mailto:a@b.example"><a href="#top"><a name=x><a href='tel:1'>`},
		"our own":         {`<a href="https://go.example/w/u/T">x</a>`, `<a href="https://go.example/w/u/T">x</a>`},
		"not quite ours":  {`<a href="https://go.example.evil/">x</a>`, `<a href="https://go.example/w/c/[https://go.example.evil/]">x</a>`},
		"one marked":      {`<a href="https://a.example" data-waymark-track="off">x</a>`, `<a href="https://a.example" data-waymark-track="off">x</a>`},
		"pictures stay":   {`<img src="https://a.example/x.png">`, `<img src="https://a.example/x.png">`},
		"a comment stays": {`<!--[if mso]><a href="https://a.example"><![endif]-->`, `<!--[if mso]><a href="https://a.example"><![endif]-->`},
	} {
		t.Run(name, func(t *testing.T) {
			want := "<html><body>" + tt.want + `<img src="https://go.example/w/o/1" width="1" height="1" alt="" border="0"></body></html>`
			if diff := cmp.Diff(want, tracking.HTML("<html><body>"+tt.html+"</body></html>")); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
		})
	}
	text := tracking.Text("see https://a.example/x, or (http://b.example/c) and https://go.example/w/u/T.")
	want := "see https://go.example/w/c/[https://a.example/x], or (https://go.example/w/c/[http://b.example/c]) and https://go.example/w/u/T."
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestChoose(t *testing.T) {
	for name, tt := range map[string]struct {
		available        []string
		wanted, fallback string
		want             string
		found            bool
	}{
		"the same":                {[]string{"en", "ru"}, "ru", "en", "ru", true},
		"a region's language":     {[]string{"en", "ru"}, "ru_RU", "en", "ru", true},
		"another region's":        {[]string{"en-US", "ru"}, "en-GB", "ru", "en-US", true},
		"the fallback":            {[]string{"en", "ru"}, "de", "en", "en", true},
		"the only one":            {[]string{""}, "de", "en", "", true},
		"none":                    {[]string{"ru"}, "de", "en", "", false},
		"nothing wanted":          {[]string{"ru", "en"}, "", "en", "en", true},
		"an exact one goes first": {[]string{"zh", "zh-Hant"}, "zh-Hant-TW", "zh", "zh-Hant", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, found := letter.Choose(tt.available, tt.wanted, tt.fallback); got != tt.want || found != tt.found {
				t.Errorf("chose %q, %v; want %q, %v", got, found, tt.want, tt.found)
			}
		})
	}
}
