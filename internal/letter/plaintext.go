// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TextOf makes a readable text of a page or a fragment: its links are kept, what it hides is left out.
func TextOf(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil { // it reads from memory and takes everything; only a tree that is too deep is refused
		return ""
	}
	var w textWriter
	w.children(root)
	if text := strings.TrimSpace(w.out.String()); text != "" {
		return text + "\n"
	}
	return ""
}

// textWriter writes a page's text.
type textWriter struct {
	out   strings.Builder
	gap   int  // lines to begin before the next word: 2 leaves one empty
	space bool // a space comes before the next word
	lists []int
	exact int // depth of preformatted elements
	depth int
}

// maxDepth is how deep elements may lie in each other; what is deeper is left out.
const maxDepth = 200

func (w *textWriter) children(n *html.Node) {
	if w.depth++; w.depth <= maxDepth {
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			w.node(child)
		}
	}
	w.depth--
}

func (w *textWriter) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data)
	case html.ElementNode:
		if !isHidden(n) {
			w.element(n)
		}
	case html.DocumentNode:
		w.children(n)
	}
}

func isHidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Svg, atom.Object, atom.Iframe:
		return true
	}
	style := strings.ToLower(strings.ReplaceAll(attributeOf(n, "style"), " ", ""))
	return hasAttribute(n, "hidden") || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

func (w *textWriter) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		w.space = false
		w.gap = min(w.gap+1, 2)
	case atom.Hr:
		w.begin(2)
		w.word("---")
		w.begin(2)
	case atom.Img:
		w.text(attributeOf(n, "alt"))
	case atom.A:
		w.link(n)
	case atom.Ul, atom.Ol:
		number := -1
		if n.DataAtom == atom.Ol {
			number = 1
		}
		w.lists = append(w.lists, number)
		w.begin(2 - min(1, len(w.lists)-1))
		w.children(n)
		w.lists = w.lists[:len(w.lists)-1]
		w.begin(2 - min(1, len(w.lists)))
	case atom.Li:
		w.item(n)
	case atom.Pre:
		w.begin(2)
		w.exact++
		w.children(n)
		w.exact--
		w.begin(2)
	case atom.Td, atom.Th:
		w.children(n)
		w.space = true
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Table, atom.Dl, atom.Figure:
		w.begin(2)
		w.children(n)
		w.begin(2)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Address, atom.Dt, atom.Dd, atom.Center, atom.Form:
		w.begin(1)
		w.children(n)
		w.begin(1)
	default:
		w.children(n)
	}
}

// begin lets the next word begin a line, behind an empty one when lines is 2.
func (w *textWriter) begin(lines int) {
	w.space = false
	w.gap = max(w.gap, lines)
}

func (w *textWriter) item(n *html.Node) {
	w.begin(1)
	sign := "- "
	if last := len(w.lists) - 1; last >= 0 {
		sign = strings.Repeat("  ", min(last, 8)) + sign
		if number := w.lists[last]; number > 0 {
			sign = strings.Repeat("  ", min(last, 8)) + strconv.Itoa(number) + ". "
			w.lists[last]++
		}
	}
	w.word(sign)
	w.children(n)
	w.begin(1)
}

func (w *textWriter) link(n *html.Node) {
	before := w.out.Len()
	w.children(n)
	target := strings.TrimSpace(attributeOf(n, "href"))
	shown := strings.TrimSpace(w.out.String()[before:])
	if target == "" || strings.HasPrefix(target, "#") {
		return
	}
	target = strings.TrimPrefix(strings.TrimPrefix(target, "mailto:"), "tel:")
	switch shown {
	case target:
	case "":
		w.text(" ")
		w.word(target)
	default:
		w.space = true
		w.word("(" + target + ")")
	}
}

func (w *textWriter) text(text string) {
	if w.exact > 0 {
		w.word(text)
		return
	}
	for i, word := range strings.FieldsFunc(text, isSpace) {
		if i > 0 || startsWithSpace(text) {
			w.space = true
		}
		w.word(word)
	}
	if text != "" && isSpace(rune(text[len(text)-1])) {
		w.space = true
	}
}

func startsWithSpace(text string) bool { return isSpace(rune(text[0])) }

// isSpace knows what HTML collapses; a space that does not break stays.
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

func (w *textWriter) word(word string) {
	switch {
	case w.out.Len() == 0:
	case w.gap > 0:
		w.out.WriteString(strings.Repeat("\n", w.gap))
	case w.space:
		w.out.WriteByte(' ')
	}
	w.gap, w.space = 0, false
	w.out.WriteString(word)
}

func attributeOf(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}
