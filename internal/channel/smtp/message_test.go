// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/channel/smtp"
	"github.com/waymark-dev/waymark/internal/definition"
)

// deliver sends one message and gives back the only letter that arrived.
func deliver(t testing.TB, m *channel.Message) received {
	t.Helper()
	server := (&mailServer{}).start(t)
	if result := server.channel(t).Send(patient(t), m); result.Outcome != channel.Accepted {
		t.Fatalf("got %+v: %v", of(result), result.Err)
	}
	letters := server.got()
	if len(letters) != 1 {
		t.Fatalf("%d letters arrived, want 1", len(letters))
	}
	return letters[0]
}

func decoded(t testing.TB, header string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLetterAsItArrives(t *testing.T) {
	m := hello()
	m.Unsubscribe = "https://go.example.com/w/u/AbC-_1"
	letter := deliver(t, m)
	read := letter.parse(t)
	for header, want := range map[string]string{
		"Message-Id":            "<remind-42@example.com>",
		"Date":                  "Mon, 02 Nov 2026 10:00:00 +0000",
		"List-Unsubscribe":      "<https://go.example.com/w/u/AbC-_1>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Auto-Submitted":        "auto-generated",
		"Precedence":            "bulk",
		"Subject":               "Вы забыли кое-что в корзине",
		"From":                  "Магазин <shop@example.com>",
		"To":                    "Анна Каренина <anna@example.org>",
		"Mime-Version":          "1.0",
		"User-Agent":            "",
	} {
		if got := decoded(t, read.Header.Get(header)); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	kind, parameters, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the type is %q: %v", kind, err)
	}
	parts := multipart.NewReader(read.Body, parameters["boundary"])
	for _, want := range []struct{ kind, content string }{
		{"text/plain; charset=UTF-8", strings.ReplaceAll(m.Text, "\n", "\r\n")},
		{"text/html; charset=UTF-8", m.HTML},
	} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Type"); got != want.kind {
			t.Errorf("a part is %q, want %q", got, want.kind)
		}
		if got := string(content); got != want.content {
			t.Errorf("a part says %q, want %q", got, want.content)
		}
	}
	for line := range bytes.Lines(letter.raw) {
		if len(line) > 78 || !bytes.HasSuffix(line, []byte("\r\n")) || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("no line that every server carries: %q", line)
		}
	}
}

func TestPlainLetterHasNoHeadersOfAMailing(t *testing.T) {
	m := hello()
	m.HTML = ""
	header := deliver(t, m).parse(t).Header
	for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "Precedence"} {
		if got := header.Get(name); got != "" {
			t.Errorf("%s is %q, want none", name, got)
		}
	}
	if got := header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
		t.Errorf("the type is %q, want text alone", got)
	}
}

func TestMessageID(t *testing.T) {
	for id, want := range map[string]string{
		"remind-42":    "remind-42@example.com",
		"a.b_c":        "a.b_c@example.com",
		"a..b":         "f62b42414c514fa689d3e087ba397c60@example.com",
		"shop/anna>\r": "8dd509fd385e5a0135c257121b8a7a9f@example.com",
	} {
		if got := smtp.MessageID(id, "example.com"); got != want {
			t.Errorf("%q became %q, want %q", id, got, want)
		}
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	server := (&mailServer{}).start(t)
	c := server.channel(t)
	for name, test := range map[string]struct {
		change func(*channel.Message)
		want   channel.Class
	}{
		"no address":               {func(m *channel.Message) { m.To = "" }, channel.AddressInvalid},
		"a name beside it":         {func(m *channel.Message) { m.To = "Anna <anna@example.org>" }, channel.AddressInvalid},
		"two addresses":            {func(m *channel.Message) { m.To = "anna@example.org, eve@example.org" }, channel.AddressInvalid},
		"another recipient":        {func(m *channel.Message) { m.To = "anna@example.org>\r\nRCPT TO:<eve@example.org" }, channel.AddressInvalid},
		"a parameter":              {func(m *channel.Message) { m.To = "anna@example.org> NOTIFY=NEVER <x" }, channel.AddressInvalid},
		"a comment":                {func(m *channel.Message) { m.To = "anna@example.org (eve)" }, channel.AddressInvalid},
		"quotes":                   {func(m *channel.Message) { m.To = `"anna@eve"@example.org` }, channel.AddressInvalid},
		"a null":                   {func(m *channel.Message) { m.To = "anna\x00@example.org" }, channel.AddressInvalid},
		"too long":                 {func(m *channel.Message) { m.To = strings.Repeat("a", 250) + "@example.org" }, channel.AddressInvalid},
		"no content":               {func(m *channel.Message) { m.Text, m.HTML = "", "" }, channel.Content},
		"a link that ends itself":  {func(m *channel.Message) { m.Unsubscribe = "https://x.example/>,<https://y.example/" }, channel.Content},
		"a link with a line break": {func(m *channel.Message) { m.Unsubscribe = "https://x.example/\r\nBcc: eve@example.org" }, channel.Content},
		"a link that is a script":  {func(m *channel.Message) { m.Unsubscribe = "javascript:alert(1)" }, channel.Content},
	} {
		t.Run(name, func(t *testing.T) {
			m := hello()
			test.change(m)
			result := c.Send(patient(t), m)
			if want := (outcome{channel.Rejected, test.want, ""}); of(result) != want {
				t.Errorf("got %+v, want %+v", of(result), want)
			}
			if strings.Contains(result.Err.Error(), "anna") {
				t.Errorf("the error holds the address: %v", result.Err)
			}
		})
	}
	if got := len(server.got()); got != 0 {
		t.Errorf("%d letters arrived", got)
	}
}

func TestAddressesInOtherAlphabets(t *testing.T) {
	m := hello()
	m.To = "anna@почта.рф"
	if diff := cmp.Diff([]string{"anna@xn--80a1acny.xn--p1ai"}, deliver(t, m).to); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	m.To = "анна@почта.рф"
	if diff := cmp.Diff([]string{"анна@xn--80a1acny.xn--p1ai"}, deliver(t, m).to); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
}

func TestDKIM(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	record := func(kind string, public []byte) string {
		return fmt.Sprintf("v=DKIM1; k=%s; p=%s", kind, base64.StdEncoding.EncodeToString(public))
	}
	rsaPublic, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key    crypto.PrivateKey
		record string
	}{
		"RSA":     {rsaKey, record("rsa", rsaPublic)},
		"Ed25519": {edKey, record("ed25519", edKey.Public().(ed25519.PublicKey))},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := x509.MarshalPKCS8PrivateKey(c.key)
			if err != nil {
				t.Fatal(err)
			}
			server := (&mailServer{}).start(t)
			settings, secrets := server.settings(), server.secrets()
			settings.DKIM = &definition.DKIM{Domain: "example.com", Selector: "s1"}
			secrets.DKIMKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			sender, err := smtp.New(settings, secrets)
			if err != nil {
				t.Fatal(err)
			}
			defer sender.Close()
			m := hello()
			m.Unsubscribe = "https://go.example.com/w/u/AbC-_1"
			if result := sender.Send(patient(t), m); result.Outcome != channel.Accepted {
				t.Fatalf("got %+v: %v", of(result), result.Err)
			}
			verify := func(raw []byte) *dkim.Verification {
				found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
					LookupTXT: func(domain string) ([]string, error) {
						if domain != "s1._domainkey.example.com" {
							return nil, fmt.Errorf("unexpected look-up of %s", domain)
						}
						return []string{c.record}, nil
					},
				})
				if err != nil || len(found) != 1 {
					t.Fatalf("%d signatures: %v", len(found), err)
				}
				return found[0]
			}
			raw := server.got()[0].raw
			verified := verify(raw)
			if verified.Err != nil {
				t.Errorf("the signature does not verify: %v", verified.Err)
			}
			for _, header := range []string{"From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if !slices.Contains(verified.HeaderKeys, header) {
					t.Errorf("%s is not signed", header)
				}
			}
			if forged := verify(bytes.Replace(raw, []byte("/w/u/AbC"), []byte("/w/u/XbC"), 1)); forged.Err == nil {
				t.Error("another link to unsubscribe verifies too")
			}
			if forged := verify(append([]byte("Subject: win\r\n"), raw...)); forged.Err == nil {
				t.Error("a second subject verifies too")
			}
		})
	}
}

// FuzzHeaders tries to make a contact's data become a header, a recipient or a letter of its own.
func FuzzHeaders(f *testing.F) {
	f.Add("anna@example.org", "Anna", "Hello", "Shop", "text")
	f.Add("анна@почта.рф", "Анна \"Аня\" <eve@example.org>", "=?utf-8?q?=0D=0ABcc:_eve@example.org?=", "a, b@c", "\r\n.\r\nMAIL FROM:<eve@example.org>\r\n")
	f.Add("a@b.example\r\nRCPT TO:<eve@example.org>", "x\r\nBcc: eve@example.org", "s\r\n\r\n<script>", "\u2028Bcc: x", ".\r\n..\r\n\x00")
	f.Add("a@b.example", strings.Repeat("длинное имя ", 100), strings.Repeat("x", 3000), "\xff\xfe", "\r\r\n\n\r")
	server := (&mailServer{}).start(f)
	c := server.channel(f)
	expected := []string{
		"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress",
	}
	f.Fuzz(func(t *testing.T, to, toName, subject, fromName, text string) {
		before := len(server.got())
		m := &channel.Message{ID: "fuzz", To: to, ToName: toName, Subject: subject, FromName: fromName, Text: text, HTML: text}
		result := c.Send(patient(t), m)
		letters := server.got()[before:]
		if result.Outcome != channel.Accepted {
			if result.Outcome != channel.Rejected || len(letters) != 0 {
				t.Fatalf("got %+v and %d letters: %v", of(result), len(letters), result.Err)
			}
			return
		}
		if len(letters) != 1 || len(letters[0].to) != 1 || letters[0].from != "shop@example.com" {
			t.Fatalf("%d letters arrived: %+v", len(letters), letters)
		}
		read := letters[0].parse(t)
		if diff := cmp.Diff(expected, slices.Sorted(maps.Keys(read.Header))); diff != "" {
			t.Fatalf("headers (-want +got):\n%s", diff)
		}
		for name, values := range read.Header {
			if len(values) != 1 {
				t.Fatalf("%s is there %d times", name, len(values))
			}
		}
		for _, name := range []string{"From", "To"} {
			list, err := mail.ParseAddressList(read.Header.Get(name))
			if err != nil || len(list) != 1 {
				t.Fatalf("%s is %q: %v", name, read.Header.Get(name), err)
			}
		}
		if strings.ContainsFunc(decoded(t, read.Header.Get("Subject")), func(r rune) bool { return r < ' ' }) {
			t.Fatalf("the subject holds a control: %q", read.Header.Get("Subject"))
		}
	})
}
