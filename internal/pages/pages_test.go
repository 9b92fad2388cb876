// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image/gif"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/net/html"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/pages"
)

var sent = time.Date(2026, 12, 30, 9, 0, 0, 0, time.UTC)

// shop is a workspace's pages, with a log that can fail and a clock that can be set.
type shop struct {
	t      testing.TB
	pages  *pages.Pages
	keys   *link.Keys
	now    time.Time
	events []event.Event
	err    error
}

func (s *shop) Now() time.Time { return s.now }

func (s *shop) Append(_ context.Context, events []event.Event) error {
	if s.err == nil {
		s.events = append(s.events, events...)
	}
	return s.err
}

func delivery() *definition.Delivery {
	return &definition.Delivery{
		Workspace: "shop", Title: "Лавка <&>", PublicURL: "https://go.example",
		LinkKeys: []string{base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))},
		Topics:   []definition.Topic{{Name: "offers", Title: "Скидки"}, {Name: "news"}},
	}
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t, now: sent.Add(time.Hour)}
	s.pages = pages.New(pages.Options{Appender: s, Clock: s, Log: slog.New(slog.DiscardHandler)})
	if err := s.pages.SetDelivery(delivery()); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	var err error
	if s.keys, err = link.NewKeys(delivery().LinkKeys); err != nil {
		t.Fatalf("new keys: %v", err)
	}
	return s
}

const (
	browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	form    = "application/x-www-form-urlencoded"
)

// address gives a link of the message m1 to Anna.
func (s *shop) address(kind link.Kind) string {
	s.t.Helper()
	l := link.Link{Kind: kind, Contact: "anna", Effect: "m1", Scenario: "NurtureScenario/shop/cart", Step: "remind", Variant: "a", Enrolment: "e1",
		Channel: "MessageChannel/shop/mail", Topic: "offers", Issued: sent}
	if kind == link.Click {
		l.Target = "https://shop.example/cart?id=1"
	}
	address, err := s.keys.URL("", l)
	if err != nil {
		s.t.Fatalf("URL: %v", err)
	}
	return address
}

func (s *shop) send(method, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("User-Agent", browser)
	r.Header.Set("Accept-Language", "de, ru-RU;q=0.8, en;q=0.5")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	s.pages.ServeHTTP(w, r)
	return w
}

func TestClickLeadsOn(t *testing.T) {
	want := event.MessageData{
		Effect: "m1", Scenario: "NurtureScenario/shop/cart", Enrolment: "e1", Step: "remind", Variant: "a", Channel: "MessageChannel/shop/mail",
		URL: "https://shop.example/cart?id=1",
	}
	for name, tt := range map[string]struct {
		method  string
		err     error
		machine bool
		events  int
	}{
		"a person":           {"GET", nil, false, 1},
		"a scanner":          {"HEAD", nil, true, 1},
		"a log that is full": {"GET", errors.New("full"), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.err = tt.err
			w := s.send(tt.method, s.address(link.Click), "", "")
			if w.Code != http.StatusFound || w.Header().Get("Location") != want.URL {
				t.Errorf("answered %d, %q", w.Code, w.Header().Get("Location"))
			}
			if len(s.events) != tt.events {
				t.Fatalf("%d events, want %d", len(s.events), tt.events)
			}
			if tt.events == 0 {
				return
			}
			e := s.events[0]
			want := want
			want.Machine = tt.machine
			var got event.MessageData
			if err := json.Unmarshal(e.Data, &got); err != nil || !cmp.Equal(want, got) {
				t.Errorf("data %v: %s", err, cmp.Diff(want, got))
			}
			e.Data, e.ID = nil, ""
			wantEvent := event.Event{Contact: "anna", Type: event.MessageClicked, Source: pages.Source, Time: event.At(s.now), Received: event.At(s.now)}
			if diff := cmp.Diff(wantEvent, e); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenIsAPicture(t *testing.T) {
	s := newShop(t)
	w := s.send("GET", s.address(link.Open), "", "")
	if picture, err := gif.Decode(w.Body); err != nil || picture.Bounds().Dx() != 1 {
		t.Errorf("the picture: %v", err)
	}
	if w.Header().Get("Content-Type") != "image/gif" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("headers %v", w.Header())
	}
	s.send("GET", s.address(link.Open), "", "")
	if len(s.events) != 2 || s.events[0].Type != event.MessageOpened || s.events[0].ID == s.events[1].ID {
		t.Errorf("events %+v", s.events)
	}
}

// consents reads what was appended.
func (s *shop) consents() []event.Consent {
	s.t.Helper()
	var list []event.Consent
	for _, e := range s.events {
		var c event.Consent
		if err := json.Unmarshal(e.Data, &c); err != nil {
			s.t.Fatalf("data: %v", err)
		}
		if e.Type == event.ConsentWithdrawn {
			c.Method = "-" + c.Method
		}
		list = append(list, c)
	}
	return list
}

func TestChoices(t *testing.T) {
	boundary := "multipart/form-data; boundary=x"
	for name, tt := range map[string]struct {
		kind              link.Kind
		contentType, body string
		want              []event.Consent // withdrawn ones with a minus before the method
		hashed            bool
	}{
		"one click":              {link.Unsubscribe, form, "List-Unsubscribe=One-Click", []event.Consent{{Topic: "offers", Method: "-OneClick", Effect: "m1"}}, false},
		"one click in parts":     {link.Unsubscribe, boundary, "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n", []event.Consent{{Topic: "offers", Method: "-OneClick", Effect: "m1"}}, false},
		"one click without body": {link.Unsubscribe, "", "", []event.Consent{{Topic: "offers", Method: "-OneClick", Effect: "m1"}}, false},
		"the page":               {link.Unsubscribe, form, "lang=ru&scope=topic", []event.Consent{{Topic: "offers", Method: "-Page", Effect: "m1"}}, true},
		"the page, everything":   {link.Unsubscribe, form, "lang=ru&scope=all", []event.Consent{{Method: "-Page", Effect: "m1"}}, true},
		"preferences": {link.Preferences, form, "scope=topic&topic.offers=stop&topic.news=start&topic.foreign=start", []event.Consent{
			{Topic: "offers", Method: "-Preferences", Effect: "m1"}, {Topic: "news", Method: "Preferences", Effect: "m1"},
		}, true},
		"preferences, everything": {link.Preferences, form, "scope=all&topic.news=start", []event.Consent{{Method: "-Preferences", Effect: "m1"}}, true},
		"preferences as they are": {link.Preferences, form, "scope=topic&topic.offers=keep", nil, true},
		"a confirmation":          {link.Confirm, form, "lang=ru", []event.Consent{{Topic: "offers", Method: "DoubleOptIn", Confirmed: true, Effect: "m1"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			path := s.address(tt.kind)
			if w := s.send("GET", path, "", ""); w.Code != http.StatusOK || len(s.events) != 0 {
				t.Fatalf("looking at the page answered %d and made %d events", w.Code, len(s.events))
			}
			if w := s.send("POST", path+"?utm=a;b", tt.contentType, tt.body); w.Code != http.StatusOK {
				t.Fatalf("answered %d: %s", w.Code, w.Body)
			}
			got := s.consents()
			for i := range got {
				if (len(got[i].TextHash) == 64) != tt.hashed {
					t.Errorf("the text's hash is %q", got[i].TextHash)
				}
				got[i].TextHash = ""
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("consents (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRepeatsAreOneEvent(t *testing.T) {
	s := newShop(t)
	path := s.address(link.Unsubscribe)
	for _, later := range []time.Duration{0, time.Minute, time.Hour} {
		s.now = sent.Add(time.Hour).Add(later)
		s.send("POST", path, form, "List-Unsubscribe=One-Click")
	}
	if len(s.events) != 3 || s.events[0].ID != s.events[1].ID {
		t.Errorf("a repeat is another event: %+v", s.events)
	}
	if s.events[0].ID == s.events[2].ID {
		t.Error("who agreed again in between cannot withdraw any more")
	}
}

func TestNothingIsAcknowledgedThatIsNotDurable(t *testing.T) {
	s := newShop(t)
	s.err = errors.New("full")
	w := s.send("POST", s.address(link.Unsubscribe), form, "List-Unsubscribe=One-Click")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("answered %d, %v", w.Code, w.Header())
	}
}

func TestRefusals(t *testing.T) {
	s := newShop(t)
	click, stop := s.address(link.Click), s.address(link.Unsubscribe)
	token := strings.TrimPrefix(click, "/w/c/")
	for name, tt := range map[string]struct {
		method, path, body string
		want               int
	}{
		"a changed token":  {"GET", click[:len(click)-3] + "AAA", "", http.StatusNotFound},
		"another kind":     {"POST", "/w/u/" + token, "", http.StatusNotFound},
		"an unknown kind":  {"GET", "/w/l/" + token, "", http.StatusNotFound},
		"no token":         {"GET", "/w/c/", "", http.StatusNotFound},
		"a click by POST":  {"POST", click, "", http.StatusMethodNotAllowed},
		"DELETE":           {"DELETE", stop, "", http.StatusMethodNotAllowed},
		"a huge form":      {"POST", stop, "a=" + strings.Repeat("x", 100_000), http.StatusRequestEntityTooLarge},
		"a form with junk": {"POST", stop, "%zz=1", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			if w := s.send(tt.method, tt.path, form, tt.body); w.Code != tt.want || len(s.events) != 0 {
				t.Errorf("answered %d, want %d, and made %d events", w.Code, tt.want, len(s.events))
			}
		})
	}
}

func TestPagesAreSafeToLookAt(t *testing.T) {
	s := newShop(t)
	for name, tt := range map[string]struct {
		kind link.Kind
		want []string
	}{
		"unsubscribe": {link.Unsubscribe, []string{"Вы больше не будете получать «Скидки» от Лавка <&>.", "Отписаться от всех рассылок"}},
		"preferences": {link.Preferences, []string{"Скидки", "news", "Присылать", "Сохранить"}},
		"confirm":     {link.Confirm, []string{"вы соглашаетесь получать «Скидки»", "Да, подписаться"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.send("GET", s.address(tt.kind), "", "")
			root, err := html.Parse(w.Body)
			if err != nil {
				t.Fatalf("parse: %v", err)
			}
			var text strings.Builder
			for n := range root.Descendants() {
				if n.Type == html.TextNode {
					text.WriteString(n.Data)
				}
				for _, a := range n.Attr {
					if n.Data == "script" || a.Key == "src" || a.Key == "href" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("the page has <%s %s>", n.Data, a.Key)
					}
				}
			}
			for _, want := range tt.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("the page does not say %s:\n%s", want, text.String())
				}
			}
			for header, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'", "X-Robots-Tag": "noindex", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
				"Content-Language": "ru",
			} {
				if got := w.Header().Get(header); !strings.Contains(got, want) {
					t.Errorf("%s is %q, want %q in it", header, got, want)
				}
			}
		})
	}
}

func TestDeliveryIsSwapped(t *testing.T) {
	s := newShop(t)
	path := s.address(link.Unsubscribe)
	broken := delivery()
	broken.LinkKeys = []string{"short"}
	if err := s.pages.SetDelivery(broken); err == nil {
		t.Error("a short key was taken")
	}
	if w := s.send("GET", path, "", ""); w.Code != http.StatusOK {
		t.Errorf("after broken settings answered %d", w.Code)
	}
	if err := s.pages.SetDelivery(nil); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	if w := s.send("GET", path, "", ""); w.Code != http.StatusNotFound {
		t.Errorf("without settings answered %d", w.Code)
	}
	const want = `
# HELP waymark_links_total Requests by links in messages, by the kind of link and what came of them. Those with a link that is none have no kind.
# TYPE waymark_links_total counter
waymark_links_total{kind="",result="Invalid"} 1
waymark_links_total{kind="Unsubscribe",result="Shown"} 1
`
	if err := testutil.CollectAndCompare(s.pages, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestServes(t *testing.T) {
	for path, want := range map[string]bool{
		"/w/c/abc": true, "/w/l/abc": true, "/w/c/": false, "/w/c": false, "/w/feed/v1/track": false, "/shop/feed": false, "/v1/track": false,
	} {
		if got := pages.Serves(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func FuzzForm(f *testing.F) {
	for _, body := range []string{"List-Unsubscribe=One-Click", "scope=all&lang=xx", "topic.offers=start&topic.news=stop", "a=%"} {
		f.Add(body, uint8(0))
		f.Add(body, uint8(1))
	}
	f.Fuzz(func(t *testing.T, body string, which uint8) {
		s := newShop(t)
		kind := []link.Kind{link.Unsubscribe, link.Preferences, link.Confirm}[which%3]
		w := s.send("POST", s.address(kind), form, body)
		if w.Code != http.StatusOK && len(s.events) > 0 {
			t.Fatalf("%d events and the answer %d", len(s.events), w.Code)
		}
		for _, e := range s.events {
			var c event.Consent
			if err := json.Unmarshal(e.Data, &c); err != nil || c.Method == "" || e.Contact != "anna" {
				t.Fatalf("event %+v: %v", e, err)
			}
			if values, err := url.ParseQuery(body); err != nil || c.Topic != "" && c.Topic != "offers" && c.Topic != "news" {
				t.Fatalf("the form %v gave %+v, %v", values, c, err)
			}
		}
	})
}
