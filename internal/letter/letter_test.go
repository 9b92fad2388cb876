// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/letter"
)

// anna is whom the letters of these tests go to: she left a cart in Moscow, on 30 December, at noon.
func anna(t testing.TB) letter.Data {
	t.Helper()
	moscow, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatalf("load zone: %v", err)
	}
	return letter.Data{
		ContactID: "c-1",
		Contact:   []byte(`{"name":"Анна","email":"anna@example.com","orders":3,"vip":true,"birthday":"1990-02-28","tags":["a","b"]}`),
		Event: &letter.Event{
			ID: "e-1", Type: "cart.left", Source: "shop", Time: time.Date(2026, 12, 30, 8, 59, 0, 0, time.UTC),
			Data: []byte(`{"total":1234.5,"count":2,"url":"https://shop.example/cart?id=1&x=2",
				"items":[{"title":"Платье <красное>","price":1000},{"title":"Ремень","price":234.5}],"meta":{"b":2,"a":1}}`),
		},
		Scenario:  letter.Scenario{Name: "cart", Title: "Брошенная корзина", Step: "remind", Version: "v1"},
		Workspace: letter.Workspace{Name: "shop", Title: "Лавка", Currency: "RUB", TimeZone: "Europe/Moscow", PublicURL: "https://go.example"},
		Vars:      []byte(`{"stock":{"left":5}}`),
		Links:     letter.Links{Unsubscribe: "https://go.example/w/u/T", Preferences: "https://go.example/w/p/T"},
		MessageID: "m-1", Now: time.Date(2026, 12, 30, 9, 0, 0, 0, time.UTC), Zone: moscow, Language: "ru-RU",
	}
}

func compile(t testing.TB, c letter.Content) *letter.Letter {
	t.Helper()
	l, err := letter.Compile(c)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return l
}

func render(t testing.TB, c letter.Content, d letter.Data) letter.Rendered {
	t.Helper()
	r, err := compile(t, c).Render(d)
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	return r
}

func TestText(t *testing.T) {
	for name, tt := range map[string]struct {
		text, want string
		english    bool
	}{
		"an attribute":                        {text: "{{ contact.name }}", want: "Анна"},
		"an attribute by its longer name":     {text: "{{ contact.attributes.name }}", want: "Анна"},
		"an attribute by brackets":            {text: `{{ contact["name"] }}`, want: "Анна"},
		"an attribute in other letters":       {text: `{{ contact["имя"] | default: "нет" }}`, want: "нет"},
		"the contact's id":                    {text: "{{ contact.id }}", want: "c-1"},
		"a missing attribute":                 {text: "[{{ contact.nick }}]", want: "[]"},
		"a default":                           {text: `{{ contact.nick | default: "друг" }}`, want: "друг"},
		"the event":                           {text: "{{ event.type }} {{ event.data.count }}", want: "cart.left 2"},
		"the event by its other name":         {text: "{{ trigger.data.count }}", want: "2"},
		"what a step stored":                  {text: "{{ vars.stock.left }}", want: "5"},
		"scenario and workspace":              {text: "{{ scenario.title }}/{{ workspace.title }}", want: "Брошенная корзина/Лавка"},
		"no escape in a text":                 {text: "{{ event.data.items[0].title }}", want: "Платье <красное>"},
		"a condition":                         {text: "{% if contact.orders > 2 and contact.vip %}да{% else %}нет{% endif %}", want: "да"},
		"a case":                              {text: `{% case event.data.count %}{% when 1 %}один{% when 2, 3 %}два{% else %}много{% endcase %}`, want: "два"},
		"a loop":                              {text: "{% for i in event.data.items %}{{ forloop.index }}. {{ i.title }};{% endfor %}", want: "1. Платье <красное>;2. Ремень;"},
		"a loop over an object, in order":     {text: "{% for p in event.data.meta %}{{ p[0] }}={{ p[1] }};{% endfor %}", want: "a=1;b=2;"},
		"a loop with a limit and an else":     {text: "{% for i in event.data.items limit: 1 %}{{ i.price }}{% endfor %}{% for i in event.data.none %}{% else %}-{% endfor %}", want: "1000-"},
		"an assignment":                       {text: "{% assign n = event.data.total | times: 2 %}{{ n }}", want: "2469"},
		"a captured text":                     {text: "{% capture x %}<{{ contact.name }}>{% endcapture %}{{ x }}", want: "<Анна>"},
		"raw braces":                          {text: "{% raw %}{{ x }}{% endraw %}", want: "{{ x }}"},
		"a comment":                           {text: "a{% comment %}{{ nobody }}{% endcomment %}b", want: "ab"},
		"white space control":                 {text: "a  {{- contact.orders -}}  b", want: "a3b"},
		"roubles":                             {text: "{{ event.data.total | money }}", want: "1\u00a0234,50\u00a0₽"},
		"whole roubles":                       {text: "{{ 1500000 | money }}", want: "1\u00a0500\u00a0000\u00a0₽"},
		"a debt":                              {text: "{{ -5.5 | money }}", want: "−5,50\u00a0₽"},
		"another currency":                    {text: `{{ 10 | money: "USD" }}`, want: "10\u00a0$"},
		"roubles in English":                  {text: "{{ event.data.total | money }}", want: "RUB\u00a01,234.50", english: true},
		"dollars in English":                  {text: `{{ -1234.5 | money: "usd" }}`, want: "-$1,234.50", english: true},
		"a number":                            {text: "{{ 1234567.891 | number: 1 }}", want: "1\u00a0234\u00a0567,9"},
		"a percentage":                        {text: `{{ 12.5 | percent }} {{ "10%" | percent }}`, want: "12,5\u00a0% 10\u00a0%"},
		"a percentage in English":             {text: "{{ 12.5 | percent }}", want: "12.5%", english: true},
		"plurals":                             {text: `{% for n in (1..5) %}{{ n }} {{ n | plural: "товар", "товара", "товаров" }} {% endfor %}{{ 11 | plural: "товар", "товара", "товаров" }}`, want: "1 товар 2 товара 3 товара 4 товара 5 товаров товаров"},
		"an English plural":                   {text: `{{ 1 | plural: "item", "items" }} {{ 2 | plural: "item", "items" }}`, want: "item items"},
		"a date":                              {text: `{{ "2027-01-02" | date }}`, want: "2 января 2027"},
		"a short date":                        {text: `{{ "2027-01-02" | date: "short" }}`, want: "02.01.2027"},
		"a weekday":                           {text: `{{ "2027-01-02" | date: "weekday" }}`, want: "суббота"},
		"a time in the contact's zone":        {text: `{{ event.time | date: "datetime" }}`, want: "30 декабря 2026, 11:59"},
		"an instant that is tomorrow's there": {text: `{{ "2026-12-31T22:00:00Z" | date: "day" }}`, want: "1 января"},
		"a pattern":                           {text: `{{ "2027-03-05" | date: "%d.%m.%y, %A" }} {{ "2027-03-05" | date: "%B %Y" }}`, want: "05.03.27, пятница март 2027"},
		"a date in English":                   {text: `{{ "2027-01-02T15:04:00+03:00" | date }} {{ "2027-01-02T15:04:00+03:00" | date: "time" }}`, want: "January 2, 2027 3:04 PM", english: true},
		"now":                                 {text: `{{ "now" | date: "time" }} {{ now | date: "time" }}`, want: "12:00 12:00"},
		"days until":                          {text: `{{ "2027-01-02" | days_until }} {{ "2026-12-29" | days_until }}`, want: "3 -1"},
		"no date is nothing":                  {text: `[{{ contact.none | date | default: "скоро" }}]`, want: "[скоро]"},
		"a letter is not cut in two":          {text: `{{ "анна" | capitalize }} {{ "Платье в пол" | truncate: 8 }} {{ "абв" | slice: 1, 1 }}`, want: "Анна Платье… б"},
		"arithmetic stays exact to the eye":   {text: "{{ 0.1 | plus: 0.2 }} {{ 1000000 | times: 10 }} {{ 7 | divided_by: 2 }}", want: "0.3 10000000 3.5"},
		"lists":                               {text: `{{ event.data.items | map: "title" | join: ", " }} {{ event.data.items | sum: "price" }} {{ contact.tags | reverse | first }}`, want: "Платье <красное>, Ремень 1234.5 b"},
		"sorting and choosing":                {text: `{% assign s = event.data.items | sort: "price" %}{{ s[0].title }} {% assign w = event.data.items | where: "price", 1000 %}{{ w.size }}`, want: "Ремень 1"},
		"encoding for addresses":              {text: "{{ contact.email | url_encode }}", want: "anna%40example.com"},
		"control characters are left out":     {text: "{{ \"a\x00\x1b\u202eb\" }}", want: "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			d := anna(t)
			if tt.english {
				d.Language = "en"
			}
			if diff := cmp.Diff(tt.want, render(t, letter.Content{Text: tt.text}, d).Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		content letter.Content
		want    letter.Problem // the hint by a part of it
	}{
		"an unknown variable": {
			letter.Content{HTML: "<p>\n{{ contcat.name }}</p>"},
			letter.Problem{Part: "html", Line: 2, Text: "contcat.name", Message: "there is no such variable", Hint: "write contact.name"},
		},
		"a bare attribute": {
			letter.Content{Subject: "{{ first_name }}"},
			letter.Problem{Part: "subject", Line: 1, Text: "first_name", Message: "there is no such variable", Hint: "write contact.first_name"},
		},
		"an unknown field": {
			letter.Content{Text: "{{ event.total }}"},
			letter.Problem{Part: "text", Line: 1, Text: "event.total", Message: "there is no such field", Hint: "write event.data.total"},
		},
		"an unknown filter": {
			letter.Content{Text: "{{ contact.sum | monney }}"},
			letter.Problem{Part: "text", Line: 1, Text: "monney", Message: "there is no such filter", Hint: "write money"},
		},
		"too few arguments": {
			letter.Content{Text: `{{ 3 | plural: "a" }}`},
			letter.Problem{Part: "text", Line: 1, Text: "plural", Message: "the filter has 1 arguments and takes 2 to 3", Hint: "write plural: …, …"},
		},
		"an unknown tag": {
			letter.Content{Text: "{% fro i in contact.tags %}"},
			letter.Problem{Part: "text", Line: 1, Text: "{% fro i in contact.tags %}", Message: "there is no such tag", Hint: "write for"},
		},
		"a file": {
			letter.Content{Text: `{% include "/etc/passwd" %}`},
			letter.Problem{Part: "text", Line: 1, Text: `{% include "/etc/passwd" %}`, Message: "there is no such tag", Hint: "write the text here"},
		},
		"an expression that cannot be read": {
			letter.Content{Text: "{{ contact.name | }}"},
			letter.Problem{Part: "text", Line: 1, Text: "contact.name |", Message: "it cannot be read", Hint: "write a variable"},
		},
		"a name in other letters": {
			letter.Content{Text: "{{ contact.имя }}"},
			letter.Problem{Part: "text", Line: 1, Text: "contact.имя", Message: "it cannot be read", Hint: `contact["имя"]`},
		},
		"a number that is too long": {
			letter.Content{Text: "{{ 99999999999999999999999 }}"},
			letter.Problem{Part: "text", Line: 1, Text: "99999999999999999999999", Message: "it cannot be read", Hint: "write a variable"},
		},
		"an output without an end": {
			letter.Content{Text: "a\nb {{ contact.name\n| upcase }}"},
			letter.Problem{Part: "text", Line: 2, Text: "{{ contact.name | upcase }}", Message: "it has no end in its line", Hint: "close it"},
		},
		"a block without an end": {
			letter.Content{Text: "a\n{% if contact.vip %}b"},
			letter.Problem{Part: "text", Line: 2, Text: "{% if contact.vip %}", Message: "the block has no end", Hint: "write {% endif %}"},
		},
		"the wrong end": {
			letter.Content{Text: "{% if contact.vip %}b{% endfor %}"},
			letter.Problem{Part: "text", Line: 1, Text: "{% endfor %}", Message: "it does not end the block that is open", Hint: "write {% endif %}"},
		},
		"a loop's variable behind the loop": {
			letter.Content{Text: "{% for i in contact.tags %}{{ i }}{% endfor %}{{ i }}"},
			letter.Problem{Part: "text", Line: 1, Text: "i", Message: "there is no such variable", Hint: "write contact.i"},
		},
		"an output in a value without quotes": {
			letter.Content{HTML: "<a href={{ contact.url }}>x</a>"},
			letter.Problem{Part: "html", Line: 1, Text: "{{ contact.url }}", Message: "an output cannot stand in a value without quotes", Hint: "put the attribute's value in quotes"},
		},
		"an output among attributes": {
			letter.Content{HTML: "<a {{ contact.url }}>x</a>"},
			letter.Problem{Part: "html", Line: 1, Text: "{{ contact.url }}", Message: "an output cannot be an attribute's name", Hint: "put it in the value"},
		},
		"an output in a script": {
			letter.Content{HTML: "<script>var x = '{{ contact.name }}'</script>"},
			letter.Problem{Part: "html", Line: 1, Text: "{{ contact.name }}", Message: "an output cannot stand in <script>", Hint: "write it outside"},
		},
		"an output in a handler": {
			letter.Content{HTML: `<a onclick="f('{{ contact.name }}')">`},
			letter.Problem{Part: "html", Line: 1, Text: "{{ contact.name }}", Message: "an output cannot stand in a script", Hint: "mail programs run no scripts"},
		},
		"a tag's name from data": {
			letter.Content{HTML: "<{{ contact.name }}>"},
			letter.Problem{Part: "html", Line: 1, Text: "<", Message: "the text is cut right behind <", Hint: "finish the tag"},
		},
		"branches that end in different places": {
			letter.Content{HTML: `<a href="{% if contact.vip %}x">{% endif %}y">`},
			letter.Problem{Part: "html", Line: 1, Text: "{% if contact.vip %}", Message: "its branches end in different places of the document", Hint: "let each of them close"},
		},
		"a problem in a button": {
			letter.Content{Buttons: [][]letter.Button{{{Text: "ok", Data: "1"}, {Text: "{{ x }}", URL: "https://a.example"}}}},
			letter.Problem{Part: "buttons[0][1].text", Line: 1, Text: "x", Message: "there is no such variable", Hint: "write contact.x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := letter.Compile(tt.content)
			problems, ok := errors.AsType[letter.Problems](err)
			if !ok || len(problems) != 1 {
				t.Fatalf("compile gave %v, want one problem", err)
			}
			got := *problems[0]
			if !strings.Contains(got.Hint, tt.want.Hint) {
				t.Errorf("the hint %q lacks %q", got.Hint, tt.want.Hint)
			}
			got.Hint = tt.want.Hint
			got.Text = strings.Join(strings.Fields(got.Text), " ")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReads(t *testing.T) {
	for name, tt := range map[string]struct {
		content letter.Content
		want    letter.Reads
	}{
		"nothing": {letter.Content{Text: "hello {{ workspace.title }} {{ contact.id }}"}, letter.Reads{}},
		"attributes": {
			letter.Content{Subject: "{{ contact.name }}", Text: `{{ contact.attributes.email | append: contact["city"] }}{{ contact.name.first }}`},
			letter.Reads{Contact: letter.Read{Any: true, Names: []string{"city", "email", "name"}}},
		},
		"the event's data in a loop": {
			letter.Content{HTML: "{% for i in event.data.items %}{{ i.title }}{% endfor %}{{ event.time | date }}"},
			letter.Reads{Event: letter.Read{Any: true, Names: []string{"items"}}},
		},
		"the event without its data": {letter.Content{Text: "{{ event.id }}"}, letter.Reads{Event: letter.Read{Any: true}}},
		"whatever a variable names": {
			letter.Content{Payload: `{"x": {{ contact[vars.field] | json }}, "all": {{ event.data }}}`},
			letter.Reads{
				Contact: letter.Read{Any: true, All: true}, Event: letter.Read{Any: true, All: true}, Vars: letter.Read{Any: true, Names: []string{"field"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, compile(t, tt.content).Reads()); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
		})
	}
}
