// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import "strings"

// place is where in a document a template stands after some of its text, so that an output is escaped for where it is. The zero value is
// the beginning. Places are compared where branches meet.
type place interface {
	// pass moves over literal text. A problem says what is wrong with it; after it the place is of no use.
	pass(text string) (next place, problem, hint string)
	// output gives the filter that makes an output fit to stand here; it leaves the place as it is. A problem says why none can.
	output() (filter, problem, hint string)
}

// join gives the place behind branches that end in a and in b; ok is false when what follows would mean something else behind each.
func join(a, b place) (place, bool) {
	if a == b {
		return a, true
	}
	x, isHTML := a.(inHTML)
	y, both := b.(inHTML)
	if !isHTML || !both {
		return a, false
	}
	careful := min(x.address, y.address) // what may still be a scheme is looked at as one
	x.address, y.address = careful, careful
	return x, x == y
}

// anywhere is a place in a text that needs the same filter everywhere.
type anywhere struct{ filter string }

func (a anywhere) pass(string) (place, string, string) { return a, "", "" }
func (a anywhere) output() (string, string, string)    { return a.filter, "", "" }

// inJSON is a place in a JSON document.
type inJSON struct{ quoted, escaped bool }

func (j inJSON) pass(text string) (place, string, string) {
	for i := range len(text) {
		switch {
		case j.escaped:
			j.escaped = false
		case j.quoted && text[i] == '\\':
			j.escaped = true
		case text[i] == '"':
			j.quoted = !j.quoted
		}
	}
	return j, "", ""
}

func (j inJSON) output() (string, string, string) {
	switch {
	case j.escaped:
		return "", "an output cannot follow a backslash", "remove the backslash"
	case j.quoted:
		return filterJSONText, "", ""
	default:
		return filterJSON, "", ""
	}
}

// region is what of a page's syntax surrounds a place.
type region uint8

const (
	content   region = iota // where text and elements stand
	tag                     // in a tag, between attributes
	attribute               // in an attribute's name, or behind it
	equals                  // behind an attribute's equals sign
	bare                    // in a value without quotes
	double                  // in a value in double quotes
	single                  // in a value in single quotes
	comment
	raw // in an element whose content is no markup: style, script, title, textarea
)

// inHTML is a place in a page.
type inHTML struct {
	region    region
	element   string // the tag at hand, or that of raw content
	closing   bool   // the tag is an end tag
	attribute string
	address   address
}

// address is how far a URL in a value has come.
type address uint8

const (
	noAddress address = iota
	scheme            // what comes may still decide the scheme
	path
	query
)

// Elements whose content is no markup.
var rawElements = map[string]bool{
	"style": true, "script": true, "title": true, "textarea": true, "xmp": true, "iframe": true, "noembed": true, "noframes": true,
	"noscript": true, "plaintext": true, "template": true, "svg": true, "math": true,
}

// Attributes that hold addresses.
var addressAttributes = map[string]bool{
	"href": true, "src": true, "action": true, "formaction": true, "background": true, "poster": true, "cite": true, "data": true,
	"longdesc": true, "xlink:href": true, "srcset": true, "ping": true, "manifest": true, "lowsrc": true, "dynsrc": true,
}

func (h inHTML) pass(text string) (place, string, string) {
	var problem string
	for text != "" && problem == "" {
		switch h.region {
		case content:
			h, text, problem = h.inContent(text)
		case comment:
			h, text = h.inComment(text)
		case raw:
			h, text = h.inRaw(text)
		default:
			h, text = h.inTag(text)
		}
	}
	return h, problem, "finish the tag before {{ or {%"
}

// inContent goes up to the next tag or comment.
func (h inHTML) inContent(text string) (inHTML, string, string) {
	at := strings.IndexByte(text, '<')
	if at < 0 {
		return h, "", ""
	}
	text = text[at+1:]
	switch {
	case text == "" || text == "/" || text == "!" || text == "!-":
		return h, "", "the text is cut right behind <"
	case strings.HasPrefix(text, "!--"):
		text = text[3:]
		for _, short := range []string{">", "->"} {
			if rest, found := strings.CutPrefix(text, short); found {
				return h, rest, ""
			}
		}
		return inHTML{region: comment}, text, ""
	case text[0] == '!' || text[0] == '?':
		end := strings.IndexByte(text, '>')
		if end < 0 {
			return h, "", "the declaration has no end"
		}
		return h, text[end+1:], ""
	}
	name, closing := strings.CutPrefix(text, "/")
	if name == "" || !isLetter(name[0]) || name[0] == '_' {
		return h, text, "" // a less-than sign
	}
	end := strings.IndexAny(name, " \t\n\r\f/>")
	if end < 0 { // as in <td{% if … %} class="x"{% endif %}>
		end = len(name)
	}
	return inHTML{region: tag, element: strings.ToLower(name[:end]), closing: closing}, name[end:], ""
}

func (h inHTML) inComment(text string) (inHTML, string) {
	end, after := strings.Index(text, "-->"), 3
	if other := strings.Index(text, "--!>"); other >= 0 && (end < 0 || other < end) {
		end, after = other, 4
	}
	if end < 0 {
		return h, ""
	}
	return inHTML{}, text[end+after:]
}

func (h inHTML) inRaw(text string) (inHTML, string) {
	for {
		at := strings.Index(text, "</")
		if at < 0 {
			return h, ""
		}
		text = text[at+2:]
		if len(text) >= len(h.element) && strings.EqualFold(text[:len(h.element)], h.element) {
			return inHTML{region: tag, element: h.element, closing: true}, text[len(h.element):]
		}
	}
}

// inTag moves one symbol on within a tag.
func (h inHTML) inTag(text string) (inHTML, string) {
	c, rest := text[0], text[1:]
	space := strings.IndexByte(" \t\n\r\f", c) >= 0
	switch h.region {
	case double, single:
		quote := `"`
		if h.region == single {
			quote = "'"
		}
		value, after, closed := strings.Cut(text, quote)
		if !closed {
			return h.inValue(value), ""
		}
		return inHTML{region: tag, element: h.element, closing: h.closing}, after
	case bare:
		if space {
			return inHTML{region: tag, element: h.element, closing: h.closing}, rest
		}
	case equals:
		switch {
		case space:
			return h, rest
		case c == '"':
			return h.value(double), rest
		case c == '\'':
			return h.value(single), rest
		case c != '>':
			return h.value(bare), rest
		}
	case attribute:
		if c == '=' {
			h.region = equals
			return h, rest
		}
		if !space && c != '/' && c != '>' {
			h.attribute += strings.ToLower(string(c))
			return h, rest
		}
		if space && strings.HasPrefix(strings.TrimLeft(rest, " \t\n\r\f"), "=") {
			return h, strings.TrimLeft(rest, " \t\n\r\f")
		}
		h.region = tag
		if c != '>' {
			return h, rest
		}
	case tag:
		if space || c == '/' {
			return h, rest
		}
		if c != '>' {
			return inHTML{region: attribute, element: h.element, closing: h.closing, attribute: strings.ToLower(string(c))}, rest
		}
	}
	if c != '>' {
		return h, rest
	}
	if !h.closing && rawElements[h.element] {
		return inHTML{region: raw, element: h.element}, rest
	}
	return inHTML{}, rest
}

// value begins an attribute's value.
func (h inHTML) value(in region) inHTML {
	h.region = in
	if addressAttributes[h.attribute] {
		h.address = scheme
	}
	return h
}

// inValue moves over literal text in a quoted value.
func (h inHTML) inValue(text string) inHTML {
	switch {
	case h.address == noAddress:
	case strings.ContainsAny(text, "?#&="):
		h.address = query
	case h.address == scheme && !isSchemeStart(text):
		h.address = path
	}
	return h
}

// isSchemeStart says whether a scheme may still go on behind text.
func isSchemeStart(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isLetter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c > ' ' {
			return false
		}
	}
	return true
}

func (h inHTML) output() (filter, problem, hint string) {
	switch h.region {
	case content:
		return filterHTML, "", ""
	case comment:
		return filterComment, "", ""
	case raw:
		switch h.element {
		case "style":
			return filterCSS, "", ""
		case "title", "textarea":
			return filterPlainHTML, "", ""
		}
		return "", "an output cannot stand in <" + h.element + ">", "write it outside of that element"
	case double, single:
		return h.outputInValue()
	case equals, bare:
		return "", "an output cannot stand in a value without quotes", `put the attribute's value in quotes, as in href="{{ … }}"`
	default:
		return "", "an output cannot be an attribute's name", `put it in the value of an attribute, in quotes; or mark it as trusted with | raw`
	}
}

func (h inHTML) outputInValue() (filter, problem, hint string) {
	switch name := h.attribute; {
	case strings.HasPrefix(name, "on"):
		return "", "an output cannot stand in a script", "mail programs run no scripts: leave " + name + " out"
	case name == "srcdoc" || h.element == "meta" && name == "content":
		return "", "an output cannot stand in " + name, "write it into the text instead"
	case name == "style":
		return filterCSS, "", ""
	case h.address == scheme:
		return filterURL, "", ""
	case h.address == path:
		return filterPath, "", ""
	case h.address == query:
		return filterQuery, "", ""
	default:
		return filterPlainHTML, "", ""
	}
}
