// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"html"
	"strings"

	xhtml "golang.org/x/net/html"
)

// Tracking says how links of a letter are led through Waymark.
type Tracking struct {
	// Wrap gives the address that stands in for one of the letter's.
	Wrap func(address string) string
	// Pixel is the address of a picture that tells of an opening; empty is none.
	Pixel string
	// Keep are addresses that stay, such as those of unsubscribing; also those that begin with one of them and a slash.
	Keep []string
}

// trackOff marks links that stay as they are: <a href="…" data-waymark-track="off">.
const trackOff = "data-waymark-track"

// HTML leads the web links of a page through Wrap and adds the picture. Other links, such as mailto: and anchors, stay, and so does everything
// else, byte for byte.
func (t Tracking) HTML(page string) string {
	var out strings.Builder
	z := xhtml.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == xhtml.ErrorToken {
			break
		}
		original := string(z.Raw()) // reading the token overwrites it
		if kind == xhtml.StartTagToken || kind == xhtml.SelfClosingTagToken {
			if token := z.Token(); token.Data == "a" || token.Data == "area" {
				original = t.link(token, original)
			}
		}
		out.WriteString(original)
	}
	if t.Pixel == "" {
		return out.String()
	}
	return beforeEnd(out.String(), `<img src="`+html.EscapeString(t.Pixel)+`" width="1" height="1" alt="" border="0">`)
}

func (t Tracking) link(token xhtml.Token, original string) string {
	at, off := -1, false
	for i, a := range token.Attr {
		switch {
		case a.Key == "href" && at < 0: // of several the first counts
			at = i
		case a.Key == trackOff:
			off = strings.EqualFold(strings.TrimSpace(a.Val), "off")
		}
	}
	if at < 0 || off || !t.follows(token.Attr[at].Val) {
		return original
	}
	token.Attr[at].Val = t.Wrap(strings.TrimSpace(token.Attr[at].Val))
	return token.String()
}

// follows says whether a link is led through.
func (t Tracking) follows(address string) bool {
	address = strings.TrimSpace(address)
	lower := strings.ToLower(address)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return false
	}
	for _, keep := range t.Keep {
		if keep != "" && (address == keep || strings.HasPrefix(address, strings.TrimSuffix(keep, "/")+"/")) {
			return false
		}
	}
	return true
}

// Text leads the web links of a text through Wrap. A link ends where a space does, without the punctuation before it.
func (t Tracking) Text(text string) string {
	var out strings.Builder
	for text != "" {
		at := nextLink(text)
		if at < 0 {
			break
		}
		end := strings.IndexAny(text[at:], " \t\n\r<>\"")
		if end < 0 {
			end = len(text) - at
		}
		link := strings.TrimRight(text[at:at+end], ".,;:!?'")
		if strings.Count(link, ")") > strings.Count(link, "(") {
			link = strings.TrimRight(link, ").,;:!?'")
		}
		out.WriteString(text[:at])
		if t.follows(link) {
			out.WriteString(t.Wrap(link))
		} else {
			out.WriteString(link)
		}
		text = text[at+len(link):]
	}
	return out.String() + text
}

func nextLink(text string) int {
	secure, insecure := strings.Index(text, "https://"), strings.Index(text, "http://")
	if secure < 0 || insecure >= 0 && insecure < secure {
		return insecure
	}
	return secure
}
