// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"html"
	"maps"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"
)

func sortedParts(parts map[string]*template) []string { return slices.Sorted(maps.Keys(parts)) }

// body puts the text and the HTML together: the preheader at the top, the advertising mark at the end where the body does not show it, and a
// text made of the HTML where there is none.
func body(parts map[string]string, hasText bool, adMark string) (text, page string) {
	text, page = parts["text"], parts["html"]
	adMark = line(adMark)
	if strings.TrimSpace(page) != "" {
		if adMark != "" && !strings.Contains(page, html.EscapeString(adMark)) {
			page = beforeEnd(page, `<p style="margin:24px 0 0;color:#767676;font-size:12px">`+html.EscapeString(adMark)+"</p>")
		}
		if !hasText {
			text = TextOf(page)
		}
		if preheader := line(parts["preheader"]); preheader != "" {
			page = afterStart(page, `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">`+html.EscapeString(preheader)+"</div>")
		}
	}
	if adMark != "" && strings.TrimSpace(text) != "" && !strings.Contains(text, adMark) {
		text = strings.TrimRight(text, "\n ") + "\n\n" + adMark + "\n"
	}
	return text, page
}

// afterStart puts more at the beginning of the page's body; of a fragment at its own.
func afterStart(page, more string) string {
	if at := offsetBehind(page, func(t xhtml.TokenType, tag string) bool { return t == xhtml.StartTagToken && tag == "body" }); at >= 0 {
		return page[:at] + more + page[at:]
	}
	if at := offsetBehind(page, func(t xhtml.TokenType, tag string) bool { return t == xhtml.EndTagToken && tag == "head" }); at >= 0 {
		return page[:at] + more + page[at:]
	}
	return more + page
}

// beforeEnd puts more at the end of the page's body; of a fragment at its own.
func beforeEnd(page, more string) string {
	for _, end := range []string{"body", "html"} {
		at := offsetBehind(page, func(t xhtml.TokenType, tag string) bool { return t == xhtml.EndTagToken && tag == end })
		if at >= 0 {
			at = strings.LastIndex(page[:at], "<")
			return page[:at] + more + page[at:]
		}
	}
	return page + more
}

// offsetBehind gives the offset behind the first tag that is wanted; -1 when there is none.
func offsetBehind(page string, wanted func(t xhtml.TokenType, tag string) bool) int {
	z := xhtml.NewTokenizer(strings.NewReader(page))
	offset := 0
	for {
		t := z.Next()
		if t == xhtml.ErrorToken {
			return -1
		}
		offset += len(z.Raw())
		if t == xhtml.StartTagToken || t == xhtml.EndTagToken {
			if name, _ := z.TagName(); wanted(t, string(name)) {
				return offset
			}
		}
	}
}
