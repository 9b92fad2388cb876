// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"encoding/json"
	"html"
	"strings"
	"unicode/utf8"
)

// The filters that Compile puts behind every output, by where it stands.
const (
	filterText      = "waymark_text"       // a text of several lines
	filterLine      = "waymark_line"       // one line, as a subject or a name
	filterLink      = "waymark_link"       // a button's address
	filterHTML      = "waymark_html"       // between tags
	filterPlainHTML = "waymark_plain_html" // in a value, or in a title
	filterComment   = "waymark_comment"    // in a comment, which some mail programs read as markup
	filterURL       = "waymark_url"        // where an address begins
	filterPath      = "waymark_path"       // in an address
	filterQuery     = "waymark_query"      // behind an address's question mark or number sign
	filterCSS       = "waymark_css"
	filterJSON      = "waymark_json"      // where a JSON value stands
	filterJSONText  = "waymark_json_text" // in a JSON string
)

var escapes = map[string]func(v any) string{
	filterText: func(v any) string { return clean(textOf(v)) },
	filterLine: func(v any) string { return oneLine(textOf(v)) },
	filterLink: func(v any) string { return asAddress(v, addressFrom) },
	filterHTML: func(v any) string {
		if m, ok := v.(*marked); ok && m.is == markup {
			return m.text
		}
		return html.EscapeString(clean(textOf(v)))
	},
	filterPlainHTML: func(v any) string { return html.EscapeString(clean(plain(v))) },
	filterComment: func(v any) string {
		if text := clean(plain(v)); !isForbidden(text) {
			return html.EscapeString(text)
		}
		return "#"
	},
	filterURL:      func(v any) string { return html.EscapeString(asAddress(v, addressFrom)) },
	filterPath:     func(v any) string { return html.EscapeString(asAddress(v, escapeSpaces)) },
	filterQuery:    func(v any) string { return html.EscapeString(asAddress(v, percentEncode)) },
	filterCSS:      func(v any) string { return cssValue(plain(v)) },
	filterJSON:     jsonValue,
	filterJSONText: func(v any) string { quoted := quoteJSON(clean(textOf(v))); return quoted[1 : len(quoted)-1] },
}

// escape makes a value fit to stand where the filter is for.
func escape(filter string, v any) string {
	if m, ok := v.(*marked); ok && m.is == trusted {
		return m.text
	}
	return escapes[filter](v)
}

// plain gives the text that markup shows.
func plain(v any) string {
	if m, ok := v.(*marked); ok && m.is == markup {
		return html.UnescapeString(m.text)
	}
	return textOf(v)
}

// clean takes out what no text needs and what deceives: control characters, letters that turn the direction of writing, broken UTF-8.
func clean(text string) string {
	if isClean(text) {
		return text
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\t' || r == '\n':
			return r
		case isUnwanted(r):
			return -1
		}
		return r
	}, text)
}

func isClean(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || r != '\n' && r != '\t' && isUnwanted(r) {
			return false
		}
	}
	return true
}

func isUnwanted(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r >= 0xfdd0 && r <= 0xfdef ||
		r&0xfffe == 0xfffe
}

// oneLine makes every run of control characters and spaces one space.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return clean(text)
}

// Schemes with which an address from data may begin.
var schemes = map[string]bool{
	"http": true, "https": true, "mailto": true, "tel": true, "sms": true, "tg": true, "viber": true, "whatsapp": true, "geo": true,
}

// blocked stands in place of an address that would run something.
const blocked = "#"

func asAddress(v any, encode func(string) string) string {
	if m, ok := v.(*marked); ok && m.is == encoded {
		return escapeSpaces(m.text)
	}
	return encode(plain(v))
}

// addressFrom lets an address begin with a harmless scheme or with none.
func addressFrom(text string) string {
	text = escapeSpaces(strings.TrimSpace(withoutControls(text)))
	before, _, found := strings.Cut(text, ":")
	if found && !strings.ContainsAny(before, "/?#") && !schemes[strings.ToLower(before)] {
		return blocked
	}
	switch strings.ToLower(before) {
	case "javascript", "vbscript", "data": // the template may go on with the colon
		return blocked
	}
	return text
}

// isForbidden says whether a text is an address that would run something.
func isForbidden(text string) bool {
	before, _, found := strings.Cut(strings.TrimSpace(withoutControls(text)), ":")
	switch strings.ToLower(strings.ReplaceAll(before, " ", "")) {
	case "javascript", "vbscript", "data":
		return found
	}
	return false
}

// withoutControls drops what browsers drop from addresses, too.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, clean(text))
}

const hexDigits = "0123456789ABCDEF"

// escapeSpaces encodes what would end an address in a text or a tag.
func escapeSpaces(text string) string {
	return encodeBytes(withoutControls(text), func(c byte) bool { return c > ' ' && !strings.ContainsRune("\"'<>\\^`{|}", rune(c)) })
}

// percentEncode encodes all that means something in an address.
func percentEncode(text string) string {
	return encodeBytes(clean(text), func(c byte) bool {
		return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '~'
	})
}

func encodeBytes(text string, keep func(byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; keep(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// cssValue lets through what colours, sizes and names consist of, and nothing that could begin anything else.
func cssValue(text string) string {
	for _, r := range text {
		letter := r < utf8.RuneSelf && (isLetter(byte(r)) || r >= '0' && r <= '9')
		if !letter && !strings.ContainsRune(" #%.,-", r) {
			return ""
		}
	}
	return text
}

func jsonValue(v any) string {
	switch v := v.(type) {
	case *marked:
		if v.is == jsonDoc {
			return v.text
		}
		return quoteJSON(clean(v.text))
	case string:
		return quoteJSON(clean(v))
	case float64:
		if text := textOfFloat(v); text != "" {
			return text
		}
		return "null"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(text)
}

func quoteJSON(text string) string {
	quoted, _ := json.Marshal(text) // a string is always fit
	return string(quoted)
}
