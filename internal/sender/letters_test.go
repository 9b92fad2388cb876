// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/sender"
)

const effect = "00112233445566778899aabbccddeeff"

var (
	granted = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	secret  = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
)

// shop is a delivery with links.
func shop() *definition.Delivery {
	return &definition.Delivery{
		Mode: sender.ModeLive, Workspace: "shop", Title: "The Shop", PublicURL: "https://go.example", LinkKeys: []string{secret},
		TimeZone: "Europe/Moscow", Currency: "RUB",
	}
}

// letterTo is a granted letter of one content.
func letterTo(content definition.Content, change ...func(*nurture.Grant)) *nurture.Grant {
	g := &nurture.Grant{
		Effect: effect, Contact: "anna", Attempt: 1, Scenario: "NurtureScenario/sales/back", Version: "v1", Enrolment: strings.Repeat("ab", 16),
		Step: "remind", Kind: nurture.KindSend, Purpose: definition.Marketing, Topic: "offers", Channel: "MessageChannel/sales/mail",
		Attributes: []byte(`{"name":"Анна","city":"Казань"}`), GrantedAt: event.At(granted), Arrived: event.At(granted),
		Meaning: definition.Step{Name: "remind", Send: &definition.Send{Variants: []definition.Variant{
			{Name: "", Weight: 1, Contents: map[string]definition.Content{"": content}},
		}}},
	}
	for _, f := range change {
		f(g)
	}
	return g
}

func render(t *testing.T, g *nurture.Grant, d *definition.Delivery, c definition.DeliveryChannel) channel.Message {
	t.Helper()
	m, err := new(sender.Letters).Render(g, d, &c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestALetterHasItsDataAndLinks(t *testing.T) {
	t.Parallel()
	g := letterTo(definition.Content{
		Subject: "{{ contact.name }}, ваша корзина ждёт", HTML: `<p>{{ event.data.cart }} из {{ contact.city }}, {{ now | date: "short" }}</p>` +
			`<a href="https://shop.example/cart">В корзину</a> <a href="{{ links.unsubscribe }}">Отписаться</a>`,
	}, func(g *nurture.Grant) {
		g.Trigger = event.Event{Type: "cart", ID: "1", Data: []byte(`{"cart":"Корзина 7"}`)}
	})
	m := render(t, g, shop(), mail("mail", func(c *definition.DeliveryChannel) { c.Tracking = definition.Tracking{Clicks: true, Opens: true} }))
	if m.Subject != "Анна, ваша корзина ждёт" || !strings.Contains(m.HTML, "Корзина 7 из Казань") || m.Text == "" {
		t.Errorf("the letter is %q: %s", m.Subject, m.HTML)
	}
	if !strings.HasPrefix(m.Unsubscribe, "https://go.example/w/u/") || !strings.Contains(m.HTML, m.Unsubscribe) {
		t.Errorf("unsubscribing leads to %q, and it is not so in the letter", m.Unsubscribe)
	}
	if strings.Contains(m.HTML, "https://shop.example/cart") || strings.Contains(m.Text, "https://shop.example/cart") {
		t.Errorf("a link is not led through:\n%s\n%s", m.HTML, m.Text)
	}
	keys, err := link.NewKeys(shop().LinkKeys)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[link.Kind]link.Link{}
	for _, address := range regexp.MustCompile(`https://go\.example(/w/[^"]+)`).FindAllStringSubmatch(m.HTML, -1) {
		kind, token, ok := link.ParsePath(address[1])
		l, err := keys.Open(kind, token)
		if !ok || err != nil {
			t.Fatalf("%s is no link of ours: %v", address[0], err)
		}
		kinds[kind] = l
	}
	want := link.Link{
		Kind: link.Click, Contact: "anna", Effect: effect, Scenario: g.Scenario, Version: "v1", Enrolment: g.Enrolment, Step: "remind",
		Channel: g.Channel, Topic: "offers", Target: "https://shop.example/cart", Issued: granted,
	}
	if diff := cmp.Diff(want, kinds[link.Click]); diff != "" || len(kinds) != 3 {
		t.Errorf("%d kinds of links; the click's differs (-want +got):\n%s", len(kinds), diff)
	}
}

func TestALetterAsksWhySomebodyLeft(t *testing.T) {
	t.Parallel()
	const journey = "Journey/sales/first"
	d := shop()
	d.Surveys = []definition.AskedSurvey{{Journey: journey, Answers: []definition.AskedAnswer{{Name: "price", Title: "Дорого & долго"}}}}
	content := definition.Content{Subject: "Почему?", HTML: `<a href="{{ survey.url }}">Ответить</a>{% for a in survey.answers %}<a href="{{ a.url }}">{{ a.title }}</a>{% endfor %}`}
	tracked := mail("mail", func(c *definition.DeliveryChannel) { c.Tracking = definition.Tracking{Clicks: true} })
	m := render(t, letterTo(content, func(g *nurture.Grant) { g.Meaning.Send.Survey = journey }), d, tracked)
	keys, err := link.NewKeys(d.LinkKeys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, found := range regexp.MustCompile(`<a href="https://go\.example(/w/s/[^"]+)">([^<]*)</a>`).FindAllStringSubmatch(m.HTML, -1) {
		kind, token, _ := link.ParsePath(found[1])
		l, err := keys.Open(kind, token)
		if err != nil || l.Kind != link.Survey || l.Contact != "anna" || l.Effect != effect || l.Journey != journey {
			t.Errorf("the link is %+v: %v", l, err)
		}
		got = append(got, l.Answer+" "+found[2])
	}
	if diff := cmp.Diff([]string{" Ответить", "price Дорого &amp; долго", "other Другое"}, got); diff != "" {
		t.Errorf("links (-want +got):\n%s\n%s", diff, m.HTML)
	}
	if m := render(t, letterTo(content), d, tracked); strings.Contains(m.HTML, "/w/s/") {
		t.Errorf("a message without a question asks:\n%s", m.HTML)
	}
}

func TestWhatIsOwedHasNoOneClickUnsubscribing(t *testing.T) {
	t.Parallel()
	content := definition.Content{Subject: "Receipt", Text: "{{ links.preferences }}"}
	m := render(t, letterTo(content, func(g *nurture.Grant) { g.Purpose = definition.Transactional }), shop(), mail("mail"))
	if m.Unsubscribe != "" || !strings.HasPrefix(m.Text, "https://go.example/w/p/") {
		t.Errorf("unsubscribe %q, text %q", m.Unsubscribe, m.Text)
	}
	bare := shop()
	bare.PublicURL = ""
	if m := render(t, letterTo(content), bare, mail("mail")); m.Unsubscribe != "" || m.Text != "" {
		t.Errorf("without a public URL: unsubscribe %q, text %q", m.Unsubscribe, m.Text)
	}
}

func TestALetterIsInTheContactsLanguage(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string]string{"ru-RU": "Привет", "en": "Hello", "de": "Hello", "": "Hello"} {
		g := letterTo(definition.Content{}, func(g *nurture.Grant) {
			g.Language = wanted
			g.Meaning.Send.Fallback = "en"
			g.Meaning.Send.Variants[0].Contents = map[string]definition.Content{"ru": {Subject: "Привет", Text: "."}, "en": {Subject: "Hello", Text: "."}}
		})
		if m := render(t, g, shop(), mail("mail")); m.Subject != want {
			t.Errorf("in %q it is %q, want %q", wanted, m.Subject, want)
		}
	}
}

func TestAVariantThatIsNotThereCannotBeMade(t *testing.T) {
	t.Parallel()
	g := letterTo(definition.Content{Text: "."}, func(g *nurture.Grant) { g.Variant = "b" })
	c := mail("mail")
	if m, err := new(sender.Letters).Render(g, shop(), &c); err == nil {
		t.Errorf("got %+v, want an error", m)
	}
}

func TestWhatWebhooksArePosted(t *testing.T) {
	t.Parallel()
	due := granted.Add(4 * time.Hour)
	for name, test := range map[string]struct {
		kind nurture.Kind
		step definition.Step
		want string
		url  string
	}{
		"a step with a payload of its own": {
			nurture.KindWebhook, definition.Step{Webhook: &definition.WebhookStep{
				Payload: `{"name": "{{ contact.name }}"}`, URL: "https://crm.example/{{ contact.id | url_encode }}", Method: "PUT",
			}}, `{"name":"Анна"}`, "https://crm.example/anna",
		},
		"a step without one": {
			nurture.KindWebhook, definition.Step{Webhook: &definition.WebhookStep{}},
			`{"kind":"step","id":"` + effect + `","contact":"anna","scenario":"NurtureScenario/sales/back","step":"remind","enrolment":"` +
				strings.Repeat("ab", 16) + `"}`, "",
		},
		"a task": {
			nurture.KindTask, definition.Step{Task: &definition.Task{
				Title: "Call {{ contact.name }}", Assignee: "sales", Due: 4 * time.Hour, Payload: `{"city": "{{ contact.city }}"}`,
			}},
			`{"kind":"task","id":"` + effect + `","task":"` + effect + `","contact":"anna","scenario":"NurtureScenario/sales/back","step":"remind",` +
				`"enrolment":"` + strings.Repeat("ab", 16) + `","title":"Call Анна","assignee":"sales","due":"` + due.Format(time.RFC3339) +
				`","data":{"city":"Казань"}}`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := render(t, letterTo(definition.Content{}, func(g *nurture.Grant) { g.Kind, g.Meaning = test.kind, test.step }), shop(), mail("hook"))
			var got, want any
			if json.Unmarshal(m.Payload, &got) != nil || json.Unmarshal([]byte(test.want), &want) != nil {
				t.Fatalf("%s is no JSON", m.Payload)
			}
			if diff := cmp.Diff(want, got); diff != "" || m.URL != test.url {
				t.Errorf("posted to %q; the payload differs (-want +got):\n%s", m.URL, diff)
			}
		})
	}
}

func TestABotsButtonsNameTheirMessage(t *testing.T) {
	t.Parallel()
	g := letterTo(definition.Content{Text: "Ready?", Buttons: [][]definition.Button{{{Text: "Yes", Data: "yes"}, {Text: "Shop", URL: "https://shop.example"}}}})
	c := definition.DeliveryChannel{Channel: definition.Channel{Medium: definition.Telegram, Telegram: &definition.BotSettings{}}}
	m := render(t, g, shop(), c)
	want := [][]channel.Button{{{Text: "Yes", Data: sender.PressData(effect, "yes")}, {Text: "Shop", URL: "https://shop.example"}}}
	if diff := cmp.Diff(want, m.Buttons); diff != "" {
		t.Errorf("the buttons differ (-want +got):\n%s", diff)
	}
}

func TestABotsQuestionHasAButtonForEachAnswer(t *testing.T) {
	t.Parallel()
	const journey = "Journey/sales/first"
	d := shop()
	d.Surveys = []definition.AskedSurvey{{Journey: journey, Answers: []definition.AskedAnswer{{Name: "price", Title: "Дорого"}}}}
	c := definition.DeliveryChannel{Channel: definition.Channel{
		Medium: definition.Telegram, Telegram: &definition.BotSettings{}, Tracking: definition.Tracking{Clicks: true},
	}}
	for text, want := range map[string][]string{"Почему?": {"Дорого", "Другое"}, "Почему? {{ survey.url }}": nil} {
		m := render(t, letterTo(definition.Content{Text: text}, func(g *nurture.Grant) { g.Meaning.Send.Survey = journey }), d, c)
		var got []string
		for _, row := range m.Buttons {
			got = append(got, row[0].Text)
			if len(row) != 1 || !strings.HasPrefix(row[0].URL, "https://go.example/w/s/") {
				t.Errorf("the row %+v does not answer", row)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("buttons of %q (-want +got):\n%s", text, diff)
		}
	}
}
