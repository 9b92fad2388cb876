// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/link"
)

// secret gives a key in base64.
func secret(n byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n}, 32)) }

func keys(t testing.TB, secrets ...string) *link.Keys {
	t.Helper()
	k, err := link.NewKeys(secrets)
	if err != nil {
		t.Fatalf("new keys: %v", err)
	}
	return k
}

var sent = time.Date(2026, 12, 30, 9, 0, 0, 0, time.UTC)

// click is a link as mail has it.
func click() link.Link {
	return link.Link{
		Kind: link.Click, Contact: "anna@example.com", Effect: strings.Repeat("0af1", 8), Scenario: "NurtureScenario/shop/abandoned-cart",
		Enrolment: strings.Repeat("b3", 16), Step: "remind", Variant: "a", Channel: "MessageChannel/shop/mail", Topic: "offers",
		Target: "https://shop.example/cart?id=1", Issued: sent,
	}
}

func TestLinkIsReadAgain(t *testing.T) {
	k := keys(t, secret(1))
	address, err := k.URL("https://go.example/", click())
	if err != nil {
		t.Fatalf("URL: %v", err)
	}
	path, found := strings.CutPrefix(address, "https://go.example")
	kind, token, ok := link.ParsePath(path)
	if !found || !ok || kind != link.Click {
		t.Fatalf("the address %s is no click", address)
	}
	got, err := k.Open(kind, token)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if diff := cmp.Diff(click(), got); diff != "" {
		t.Errorf("link (-want +got):\n%s", diff)
	}
	if len(address) > 320 {
		t.Errorf("the address has %d letters, too many for a line of mail", len(address))
	}
	again, err := k.URL("https://go.example", click())
	if err != nil || again != address {
		t.Errorf("sealing again gave %s, %v", again, err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for _, open := range []string{"anna", "shop.example", "remind"} {
		if bytes.Contains(raw, []byte(open)) {
			t.Errorf("the token shows %s", open)
		}
	}
}

func TestAnyLinkIsReadAgain(t *testing.T) {
	k := keys(t, secret(1))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringN(0, 40, 120), rapid.StringMatching(`[0-9a-f]{0,40}`), rapid.StringMatching(`(NurtureScenario|MessageChannel)/[a-z]*`))
		l := link.Link{
			Kind:    rapid.SampledFrom([]link.Kind{link.Open, link.Unsubscribe, link.Preferences, link.Confirm, link.Survey}).Draw(t, "kind"),
			Contact: "c" + text.Draw(t, "contact"), Effect: text.Draw(t, "effect"), Scenario: text.Draw(t, "scenario"), Version: text.Draw(t, "version"),
			Enrolment: text.Draw(t, "enrolment"), Step: text.Draw(t, "step"), Variant: text.Draw(t, "variant"), Channel: text.Draw(t, "channel"),
			Topic: text.Draw(t, "topic"), Issued: time.UnixMilli(rapid.Int64Range(0, 1<<45).Draw(t, "issued")).UTC(),
		}
		if l.Kind == link.Survey {
			l.Journey, l.Answer = "Journey/"+text.Draw(t, "journey"), text.Draw(t, "answer")
		}
		token, err := k.Seal(l)
		if err != nil {
			t.Fatalf("seal: %v", err)
		}
		got, err := k.Open(l.Kind, token)
		if err != nil || !cmp.Equal(l, got) {
			t.Fatalf("open gave %v: %s", err, cmp.Diff(l, got))
		}
	})
}

func TestTokensThatAreNotOurs(t *testing.T) {
	k := keys(t, secret(1))
	token, err := k.Seal(click())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	for i := range token {
		for _, letter := range []string{"A", "b", "_"} {
			changed := token[:i] + letter + token[i+1:]
			if _, err := k.Open(link.Click, changed); changed != token && !errors.Is(err, link.ErrInvalid) {
				t.Fatalf("a token with another letter at %d gave %v", i, err)
			}
		}
	}
	foreign, err := keys(t, secret(2)).Seal(click())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	for name, tt := range map[string]struct {
		kind  link.Kind
		token string
	}{
		"another key":  {link.Click, foreign},
		"another kind": {link.Unsubscribe, token},
		"cut":          {link.Click, token[:len(token)-4]},
		"longer":       {link.Click, token + "AAAA"},
		"empty":        {link.Click, ""},
		"no base64":    {link.Click, "%%%"},
		"padded":       {link.Click, token + "="},
		"huge":         {link.Click, strings.Repeat("A", link.MaxToken+1)},
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := k.Open(tt.kind, tt.token); !errors.Is(err, link.ErrInvalid) {
				t.Errorf("open gave %v, %v", l, err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	old, err := keys(t, secret(1)).Seal(click())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	both := keys(t, secret(2), secret(1))
	if _, err := both.Open(link.Click, old); err != nil {
		t.Errorf("a link of the former key: %v", err)
	}
	fresh, err := both.Seal(click())
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if _, err := keys(t, secret(2)).Open(link.Click, fresh); err != nil {
		t.Errorf("the first key does not sign: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	for name, edit := range map[string]func(*link.Link){
		"no contact":         func(l *link.Link) { l.Contact = "" },
		"no kind":            func(l *link.Link) { l.Kind = 0 },
		"a script":           func(l *link.Link) { l.Target = "javascript:alert(1)" },
		"no host":            func(l *link.Link) { l.Target = "https:///x" },
		"a target too long":  func(l *link.Link) { l.Target = "https://x.example/" + strings.Repeat("x", 5000) },
		"a contact too long": func(l *link.Link) { l.Contact = strings.Repeat("x", 600) },
	} {
		t.Run(name, func(t *testing.T) {
			l := click()
			edit(&l)
			if token, err := keys(t, secret(1)).Seal(l); err == nil {
				t.Errorf("sealed as %s", token)
			}
		})
	}
	if _, err := keys(t).Seal(click()); !errors.Is(err, link.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	for _, bad := range []string{"short", "c2hvcnQ=", ""} {
		if _, err := link.NewKeys([]string{secret(1), bad}); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("the key %q gave %v", bad, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := keys(f, secret(1))
	token, err := k.Seal(click())
	if err != nil {
		f.Fatalf("seal: %v", err)
	}
	f.Add(token)
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		l, err := k.Open(link.Click, token)
		if err != nil {
			return
		}
		again, err := k.Seal(l)
		if err != nil || again != token {
			t.Fatalf("%q was accepted and seals as %q, %v", token, again, err)
		}
	})
}

const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func TestClassify(t *testing.T) {
	for name, tt := range map[string]struct {
		method, agent, header string
		after                 time.Duration
		want                  link.Visitor
	}{
		"a browser":                    {"GET", firefox, "", time.Hour, link.Human},
		"a phone":                      {"GET", iphone, "", time.Minute, link.Human},
		"a browser at once":            {"GET", firefox, "Accept-Language: ru", time.Second, link.Human},
		"half a browser at once":       {"GET", firefox, "", time.Second, link.Machine},
		"a mail program":               {"GET", "Thunderbird/140.0", "", time.Minute, link.Human},
		"a mail program at once":       {"GET", "Thunderbird/140.0", "", time.Second, link.Machine},
		"a clock that is behind":       {"GET", "Thunderbird/140.0", "", -time.Minute, link.Machine},
		"HEAD":                         {"HEAD", firefox, "", time.Hour, link.Machine},
		"nobody's name":                {"GET", "", "", time.Hour, link.Machine},
		"Gmail's pictures":             {"GET", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "", time.Hour, link.Machine},
		"Yahoo's pictures":             {"GET", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "", time.Hour, link.Machine},
		"Apple's mail privacy":         {"GET", "Mozilla/5.0", "", time.Minute, link.Machine},
		"a scanner":                    {"GET", "Mozilla/5.0 (compatible; BarracudaCentral)", "", time.Hour, link.Machine},
		"a messenger's preview":        {"GET", "TelegramBot (like TwitterBot)", "", time.Hour, link.Machine},
		"a browser without a screen":   {"GET", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36", "", time.Hour, link.Machine},
		"a library":                    {"GET", "python-requests/2.32", "", time.Hour, link.Machine},
		"a browser that looks ahead":   {"GET", firefox, "Sec-Purpose: prefetch;prerender", time.Hour, link.Machine},
		"a browser that shows preview": {"GET", iphone, "X-Purpose: preview", time.Hour, link.Machine},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/w/c/x", http.NoBody)
			r.Header.Set("User-Agent", tt.agent)
			if field, value, found := strings.Cut(tt.header, ": "); found {
				r.Header.Set(field, value)
			}
			if got := link.Classify(r, sent, sent.Add(tt.after)); got != tt.want {
				t.Errorf("classified as %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWatch(t *testing.T) {
	type step struct {
		message, target string
		at              time.Duration
		want            link.Visitor
	}
	for name, steps := range map[string][]step{
		"two links at once":           {{"m", "a", 0, link.Human}, {"m", "b", time.Second, link.Machine}, {"m", "a", 2 * time.Second, link.Machine}},
		"the same link twice":         {{"m", "a", 0, link.Human}, {"m", "a", time.Second, link.Human}},
		"two links after some time":   {{"m", "a", 0, link.Human}, {"m", "b", 2 * time.Second, link.Human}},
		"links of two messages":       {{"m", "a", 0, link.Human}, {"n", "b", 0, link.Human}},
		"a person after the programs": {{"m", "a", 0, link.Human}, {"m", "b", 0, link.Machine}, {"m", "a", time.Minute, link.Human}},
	} {
		t.Run(name, func(t *testing.T) {
			var w link.Watch
			for i, s := range steps {
				if got := w.Follows(s.message, s.target, sent.Add(s.at)); got != s.want {
					t.Errorf("step %d: %s, want %s", i, got, s.want)
				}
			}
		})
	}
}

func TestWatchForgets(t *testing.T) {
	var w link.Watch
	w.Follows("first", "a", sent)
	for i := range 10_000 {
		w.Follows(strconv.Itoa(i), "a", sent)
	}
	if got := w.Follows("first", "b", sent); got != link.Human {
		t.Errorf("the first message is still remembered: %s", got)
	}
	if got := w.Follows("9999", "b", sent); got != link.Machine {
		t.Errorf("the last message is forgotten: %s", got)
	}
}
