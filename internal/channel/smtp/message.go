// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/waymark-dev/waymark/internal/channel"
)

// letter is a message as it goes over the wire.
type letter struct {
	from, to string
	// unicode says that an address needs a server that knows SMTPUTF8.
	unicode bool
	content []byte
}

// Bounds of what goes into a header: bytes of an address, letters of a text. A line of mail has at most 998 bytes (RFC 5322, 2.1.1).
const (
	longestAddress     = 254
	longestUnsubscribe = 900
	longestName        = 100
	longestSubject     = 1000
	// longestWord is what stays unencoded: go-mail breaks lines between words.
	longestWord = 60
)

// signed are the headers that DKIM covers. RFC 8058 asks for the last two. Those named twice cannot be added by others.
var signed = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"List-Unsubscribe", "List-Unsubscribe-Post",
}

// compose writes a message, or says why it will never be one.
func (c *Channel) compose(m *channel.Message) (*letter, *channel.Result) {
	to, err := address(m.To)
	if err != nil {
		return nil, new(channel.Reject(channel.AddressInvalid, "", fmt.Errorf("smtp: the recipient's address: %w", err)))
	}
	if m.Text == "" && m.HTML == "" {
		return nil, new(channel.Reject(channel.Content, "", errors.New("smtp: the message has neither text nor HTML")))
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	fromName := c.settings.FromName
	if m.FromName != "" {
		fromName = m.FromName
	}
	from := parsed{text: c.settings.From, domain: c.domain}
	out.FromMailAddress(from.mailbox(oneLine(fromName, longestName)))
	out.ToMailAddress(to.mailbox(oneLine(m.ToName, longestName)))
	if c.settings.ReplyTo != "" {
		out.ReplyToMailAddress(&mail.Address{Address: c.settings.ReplyTo})
	}
	out.SetGenHeader(gomail.HeaderSubject, words(oneLine(m.Subject, longestSubject)))
	out.SetMessageIDWithValue(MessageID(m.ID, c.domain))
	date := m.Time
	if date.IsZero() {
		date = time.Now()
	}
	out.SetDateWithValue(date)
	// A program wrote it: no holiday notice shall answer it (RFC 3834).
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	if m.Unsubscribe != "" {
		if err := unsubscribable(m.Unsubscribe); err != nil {
			return nil, new(channel.Reject(channel.Content, "", err))
		}
		out.SetGenHeader(gomail.HeaderPrecedence, "bulk")
		out.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		out.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	if m.Text != "" {
		out.SetBodyString(gomail.TypeTextPlain, m.Text)
		if m.HTML != "" {
			out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
		}
	} else {
		out.SetBodyString(gomail.TypeTextHTML, m.HTML)
	}
	return c.write(out, &letter{from: from.text, to: to.text, unicode: !isASCII(from.text) || !isASCII(to.text)})
}

// write puts a message's bytes into the letter, and before them a signature, if that is wished.
func (c *Channel) write(out *gomail.Msg, l *letter) (*letter, *channel.Result) {
	var plain, sealed bytes.Buffer
	if _, err := out.WriteTo(&plain); err != nil {
		return nil, new(channel.Reject(channel.Content, "", fmt.Errorf("smtp: the message cannot be written: %w", err)))
	}
	if c.dkimKey == nil {
		l.content = plain.Bytes()
		return l, nil
	}
	// Not go-mail's own signer: it breaks the list of headers within a name when it is long, and then the signature does not verify.
	err := dkim.Sign(&sealed, &plain, &dkim.SignOptions{
		Domain: c.settings.DKIM.Domain, Selector: c.settings.DKIM.Selector, Signer: c.dkimKey, HeaderKeys: signed,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, new(channel.Defer(channel.Credentials, "", fmt.Errorf("smtp: signing by DKIM: %w", err)))
	}
	l.content = sealed.Bytes()
	return l, nil
}

// address accepts what is an address and nothing more: no name, no comment, no list, nothing that could end a command. A domain in
// letters beyond ASCII becomes what the DNS knows it by. Errors do not show the address.
func address(text string) (parsed, error) {
	text = strings.TrimSpace(text)
	read, err := mail.ParseAddress(text)
	if err != nil || read.Name != "" || read.Address != text || len(text) > longestAddress {
		return parsed{}, errors.New("want an address such as name@example.com")
	}
	for _, r := range text {
		if r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>"\,;`, r) {
			return parsed{}, errors.New("an address with this kind of characters cannot be used")
		}
	}
	at := strings.LastIndexByte(text, '@')
	local, domain := text[:at], text[at+1:]
	if !isASCII(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return parsed{}, errors.New("the domain is not one that the DNS can know")
		}
	}
	return parsed{text: local + "@" + domain, domain: strings.ToLower(domain)}, nil
}

// oneLine makes text fit for a header: a line break or another control would begin a header of its own, and what looks like an encoded word would
// be read as one. What is longer than so many letters is cut.
func oneLine(text string, longest int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "=?", "= ?")
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest-1]) + "…"
	}
	return text
}

// words encodes a line for a header, unless it is plain and has no long words. It is base64, in which Cyrillic takes half the bytes of
// quoted-printable.
func words(line string) string {
	if isASCII(line) && !slices.ContainsFunc(strings.Fields(line), func(word string) bool { return len(word) > longestWord }) {
		return line
	}
	// An encoded word has at most 75 bytes (RFC 2047), 12 of them around its content.
	const most = 45
	var encoded []string
	for len(line) > 0 {
		end := 0
		for end < len(line) {
			_, size := utf8.DecodeRuneInString(line[end:])
			if end+size > most {
				break
			}
			end += size
		}
		encoded = append(encoded, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(line[:end]))+"?=")
		line = line[end:]
	}
	return strings.Join(encoded, " ")
}

// unsubscribable says whether an address may stand in List-Unsubscribe. RFC 8058 wants https; http is for a trial without certificates.
func unsubscribable(link string) error {
	read, err := url.Parse(link)
	if err != nil || (read.Scheme != "https" && read.Scheme != "http") || read.Host == "" || len(link) > longestUnsubscribe ||
		strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>,"`, r) }) {
		return errors.New("smtp: the link to unsubscribe is not an address of a site")
	}
	return nil
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// MessageID is the Message-ID, without angle brackets, of the message with that id from an address of that domain; it is the same on each try.
// An id that a Message-ID can hold stands in it as it is, another is hashed.
func MessageID(id, domain string) string {
	if len(id) > 128 || !plainID.MatchString(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:16])
	}
	return id + "@" + domain
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
