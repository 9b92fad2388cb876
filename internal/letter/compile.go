// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
)

// maxTemplate bounds a part's source, in bytes.
const maxTemplate = MaxBytes

// block is an open block of a template.
type block struct {
	token    parser.Token
	entered  place    // where it began
	ended    place    // where its first finished branch ended
	branches int      // finished ones
	isElse   bool     // the branch at hand is the last
	own      []string // a loop's variables
}

// compiler goes once over a part: it checks every expression, follows where in the document it is, and writes the source anew with an
// escape behind each output and a count in each loop.
type compiler struct {
	part     string
	reads    *Reads
	at       place
	problems Problems

	out     strings.Builder
	known   map[string]bool // variables of the template's own
	blocks  []*block
	loops   int
	used    map[string]bool // filters that it names
	escapes map[string]bool // filters behind its outputs
	token   parser.Token
	hidden  string // comment or raw: its text is no template
}

// compile gives nothing when there were problems.
func (k *compiler) compile(source string) *template {
	k.known, k.used, k.escapes = make(map[string]bool), make(map[string]bool), make(map[string]bool)
	if len(source) > maxTemplate {
		k.complain("", fmt.Sprintf("the template has %d bytes, more than %d", len(source), maxTemplate), "shorten it")
		return nil
	}
	for _, token := range parser.Scan(source, parser.SourceLoc{Pathname: k.part, LineNo: 1}, nil) {
		if k.token = token; len(k.problems) > 0 { // what follows a problem is often only its echo
			return nil
		}
		k.next()
	}
	if len(k.problems) == 0 && len(k.blocks) > 0 {
		open := k.blocks[len(k.blocks)-1]
		k.token = open.token
		k.complain(open.token.Source, "the block has no end", "write {% end"+open.token.Name+" %}")
	}
	if len(k.problems) == 0 && k.hidden != "" {
		k.complain("", "the "+k.hidden+" has no end", "write {% end"+k.hidden+" %}")
	}
	if len(k.problems) > 0 {
		return nil
	}
	root, err := compileSource(k.out.String(), k.part)
	if err != nil {
		k.complain("", strings.TrimPrefix(err.Error(), "Liquid error"), "")
		return nil
	}
	return &template{root: root, filters: slices.Sorted(maps.Keys(k.used)), escapes: slices.Sorted(maps.Keys(k.escapes))}
}

func (k *compiler) complain(text, message, hint string) {
	k.problems = append(k.problems, &Problem{Part: k.part, Line: max(1, k.token.SourceLoc.LineNo), Text: text, Message: message, Hint: hint})
}

func (k *compiler) next() {
	t := k.token
	switch {
	case k.hidden != "":
		if t.Type == parser.TagTokenType && t.Name == "end"+k.hidden {
			k.hidden = ""
		} else if k.hidden == "raw" {
			k.pass(t.Source)
		}
		k.out.WriteString(t.Source)
	case t.Type == parser.TextTokenType:
		k.text(t.Source)
	case t.Type == parser.ObjTokenType:
		k.output(t)
	case t.Type == parser.TagTokenType:
		k.tag(t)
	}
}

func (k *compiler) text(text string) {
	for _, open := range []string{"{{", "{%"} {
		if at := strings.Index(text, open); at >= 0 {
			k.token.SourceLoc.LineNo += strings.Count(text[:at], "\n")
			k.complain(text[at:], "it has no end in its line", "close it with }} or %} in the same line; plain braces go between {% raw %} and {% endraw %}")
			return
		}
	}
	k.pass(text)
	k.out.WriteString(text)
}

func (k *compiler) pass(text string) {
	next, problem, hint := k.at.pass(text)
	if problem != "" {
		k.complain(text[max(0, len(text)-40):], problem, hint)
		return
	}
	k.at = next
}

func (k *compiler) output(t parser.Token) {
	calls, ok := k.expression(t.Args, "")
	if !ok {
		return
	}
	filter, problem, hint := k.at.output()
	if problem != "" {
		if h, isPage := k.at.(inHTML); len(calls) == 0 || calls[len(calls)-1].name != "raw" || isPage && (h.region == equals || h.region == bare) {
			k.complain(t.Source, problem, hint)
			return
		}
		filter = filterText // it says that it is right as it is
	}
	k.escapes[filter] = true
	at := strings.Index(t.Source[2:], t.Args) + 2
	k.out.WriteString(t.Source[:at] + "(" + t.Args + ") | " + filter + t.Source[at+len(t.Args):])
}

// expression checks an expression, of a statement with a selector by the library's own name.
func (k *compiler) expression(source, selector string) (calls []call, ok bool) {
	if err := parse(selector + source); err != nil {
		hint := "write a variable, then filters behind |, as in contact.name | default: \"friend\""
		if slices.ContainsFunc(symbols(source), func(s symbol) bool { return s.kind == other && s.text[0] >= 0x80 }) {
			hint = `write names with other than Latin letters in brackets and quotes, as in contact["имя"]`
		}
		k.complain(source, "it cannot be read", hint)
		return nil, false
	}
	variables, calls := mentions(symbols(source))
	for _, v := range variables {
		k.variable(v)
	}
	for _, c := range calls {
		k.call(c)
	}
	return calls, len(k.problems) == 0
}

// parse says whether the library can read it.
func parse(source string) (err error) {
	defer func() {
		if broken := recover(); broken != nil { // such as a number that is too long
			err = fmt.Errorf("parse: %v", broken)
		}
	}()
	_, err = expressions.Parse(source)
	return err
}

func (k *compiler) call(c call) {
	f, found := filters[c.name]
	switch {
	case !found:
		hint := "filters are " + strings.Join(slices.Sorted(maps.Keys(filters)), ", ")
		if word := nearest(c.name, slices.Sorted(maps.Keys(filters))); word != "" {
			hint = "write " + word
		}
		k.complain(c.name, "there is no such filter", hint)
	case c.args < f.min || c.args > f.max:
		want := strconv.Itoa(f.min)
		if f.max != f.min {
			want += fmt.Sprintf(" to %d", f.max)
		}
		k.complain(c.name, fmt.Sprintf("the filter has %d arguments and takes %s", c.args, want), "write "+c.name+exampleArgs(f.min))
	default:
		k.used[c.name] = true
	}
}

func exampleArgs(n int) string {
	if n == 0 {
		return ""
	}
	return ": " + strings.TrimSuffix(strings.Repeat("…, ", n), ", ")
}

var eventFields = []string{"id", "type", "time", "source", "data"}

// roots are the variables that every letter has, with their fields; nil lets any field be.
var roots = map[string][]string{
	"contact":   nil,
	"vars":      nil,
	"adMark":    {},
	"event":     eventFields,
	"trigger":   eventFields, // another word for it, as expressions have both
	"scenario":  {"name", "title", "step", "version"},
	"workspace": {"name", "title", "currency", "timeZone", "publicURL"},
	"links":     {"unsubscribe", "preferences", "confirm", "start"},
	"survey":    {"url", "answers"},
	"message":   {"id"},
	"now":       {},
}

func (k *compiler) variable(v variable) {
	if k.known[v.root] {
		return
	}
	fields, found := roots[v.root]
	switch {
	case !found:
		k.complain(v.text, "there is no such variable", hintForRoot(v))
		return
	case fields != nil && len(v.path) > 0 && !slices.Contains(fields, v.path[0]):
		hint := v.root + " has no fields"
		if len(fields) > 0 {
			hint = "write one of " + v.root + "." + strings.Join(fields, ", "+v.root+".")
		}
		if v.root == "event" || v.root == "trigger" {
			hint = "write " + v.root + ".data." + v.path[0] + " for what the event carries, or one of event." + strings.Join(fields, ", event.")
		}
		k.complain(v.text, "there is no such field", hint)
		return
	}
	switch v.root {
	case "contact":
		switch {
		case len(v.path) > 0 && v.path[0] == "attributes":
			k.reads.Contact.add(v, 1)
		case len(v.path) > 0 && v.path[0] == "id": // no attribute
		default:
			k.reads.Contact.add(v, 0)
		}
	case "survey":
		k.reads.Survey = true
	case "vars":
		k.reads.Vars.add(v, 0)
	case "event", "trigger":
		k.reads.Event.Any = true
		if len(v.path) == 0 || v.path[0] == "data" {
			k.reads.Event.add(v, 1)
		}
	}
}

func hintForRoot(v variable) string {
	known := slices.Sorted(maps.Keys(roots))
	if word := nearest(v.root, known); word != "" {
		return "write " + word + strings.TrimPrefix(v.text, v.root)
	}
	if v.root == "blank" || v.root == "empty" {
		return `compare with "" instead`
	}
	return "write contact." + v.text + " for an attribute of the contact, event.data." + v.text + " for what the event carries, or vars." + v.text +
		" for what a step stored"
}
