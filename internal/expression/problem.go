// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
)

// Problem says why an expression does not compile and what to write instead.
type Problem struct {
	// Line and Column count from 1; the column counts characters.
	Line, Column int
	// Text is what is wrong, as the author wrote it; empty when it is the expression as a whole.
	Text string
	// Message says what is wrong with it and what to write instead.
	Message string
}

// Error implements error: the place, the text and the message.
func (p *Problem) Error() string {
	if p.Text == "" {
		return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Message)
	}
	return fmt.Sprintf("line %d, column %d: %q: %s", p.Line, p.Column, p.Text, p.Message)
}

var (
	undeclaredName = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
	undefinedField = regexp.MustCompile(`^undefined field '([^']+)'`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.+)'$`)
)

// explain turns CEL's first issue into words for the author.
func explain(scope Scope, source string, issues *cel.Issues) *Problem {
	first := issues.Errors()[0]
	p := &Problem{Line: max(first.Location.Line(), 1), Column: max(first.Location.Column()+1, 1)}
	switch message := first.Message; {
	case undeclaredName.MatchString(message):
		p.Text = undeclaredName.FindStringSubmatch(message)[1]
		p.Message = explainName(scope, source, p)
	case undefinedField.MatchString(message):
		p.Text = undefinedField.FindStringSubmatch(message)[1]
		p.Message = explainField(scope, source, p)
	case noOverload.MatchString(message):
		match := noOverload.FindStringSubmatch(message)
		p.Text = shorten(rest(source, p.Line, p.Column))
		p.Message = explainOverload(match[1], match[2])
	case strings.HasPrefix(message, "Syntax error:"):
		p.Text = shorten(rest(source, p.Line, p.Column))
		p.Message = explainSyntax(source, strings.TrimSpace(strings.TrimPrefix(message, "Syntax error:")))
	default:
		p.Text = shorten(rest(source, p.Line, p.Column))
		p.Message = explainRest(message)
	}
	return p
}

var foundType = regexp.MustCompile(`^expected type '([^']+)' but found '([^']+)'`)

// explainRest words the issues that the checks of literals and of loops find, and those of CEL's that need no source.
func explainRest(message string) string {
	switch {
	case message == "invalid matches argument":
		return "is no regular expression: write one in the syntax of RE2, such as '^[a-z]+$'"
	case message == "invalid timestamp argument":
		return "is no time: write one such as timestamp('2026-01-31T00:00:00Z')"
	case message == "invalid duration argument":
		return "is no duration: write one such as duration('1h30m')"
	case strings.HasPrefix(message, "comprehension exceeds nesting limit"):
		return "exists, all, filter and map may be nested twice, not more"
	case foundType.MatchString(message):
		match := foundType.FindStringSubmatch(message)
		return fmt.Sprintf("is %s where %s is needed", spokenType(match[2]), spokenType(match[1]))
	}
	return message
}

var names = map[Scope][]string{
	OnEvent:     {"event", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnContact:   {"event", "contact", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnEnrolment: {"event", "trigger", "contact", "vars", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnPerson:    {"contact", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnSegment:   {"contact", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnUnit:      {"event", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
	OnMessage:   {"event", "body", "headers", "query", "has", "size", "timestamp", "duration", "double", "int", "string", "bool"},
}

// explainName says what to write for a name that CEL does not know.
func explainName(scope Scope, source string, p *Problem) string {
	name := p.Text
	near := nearest(name, names[scope])
	switch {
	case name == "contact" && scope == OnMessage:
		return "is not known here: write event.contact for the contact as the protocol gives it"
	case name == "contact" && scope == OnUnit:
		return "is not known here: what is counted by unit is no contact and has no attributes: write a condition on event.data, or remove unit"
	case name == "contact":
		return "is not known here: only the where of stages and exclusions can ask for contact.attributes"
	case scope == OnSegment && name == "event":
		return "is not known here, where only the contact is: write contact.attributes.…, or compute a trait of the events and write contact.traits.…"
	case scope == OnSegment && name == "traits":
		return `is not known here: did you mean "contact.traits"?`
	case (scope == OnPerson || scope == OnSegment) && (name == "event" || name == "trigger" || name == "vars"):
		return "is not known here, where only the contact is: write contact.attributes.…"
	case near != "":
		return fmt.Sprintf("is not known here: did you mean %q?", near)
	case strings.HasPrefix(rest(source, p.Line, p.Column), "("):
		return "is no function that is known here: see the language's definition at https://cel.dev, or write a comparison"
	case name == "data":
		return `is not known here: did you mean "event.data"?`
	}
	if field := hyphenated(source, p); field != "" {
		return fmt.Sprintf("is not known here: write ['%s'] for a field whose name has a hyphen", field)
	}
	if scope == OnMessage {
		return "is not known here: write event.…, body.…, headers['…'] or query['…'], or put a text into quotes"
	}
	if scope == OnPerson || scope == OnSegment {
		return fmt.Sprintf("is not known here: write contact.attributes.%s for an attribute of the contact, or put a text into quotes", name)
	}
	return fmt.Sprintf("is not known here: write event.data.%s for a field of the event's data, or put a text into quotes", name)
}

var fieldBeforeHyphen = regexp.MustCompile(`\.(\w+(?:-\w+)*)-$`)

// hyphenated gives the name that the author meant by event.data.utm-source, which CEL reads as a subtraction.
func hyphenated(source string, p *Problem) string {
	line := strings.Split(source, "\n")[p.Line-1]
	before := strings.TrimSuffix(line, rest(source, p.Line, p.Column))
	if match := fieldBeforeHyphen.FindStringSubmatch(before); match != nil {
		return match[1] + "-" + p.Text
	}
	return ""
}

func explainField(scope Scope, source string, p *Problem) string {
	field := p.Text
	if at := strings.TrimSuffix(strings.Split(source, "\n")[p.Line-1], rest(source, p.Line, p.Column)); strings.HasSuffix(at, "contact") {
		if field == "traits" {
			return "is no field of contact here: only a Segment has traits: write one, and name it with segmentRef"
		}
		return fmt.Sprintf("is no field of contact: write contact.attributes.%s for one of its attributes", field)
	}
	fields := []string{"id", "source", "type", "time", "data"}
	if scope == OnMessage {
		fields = append(fields, "contact")
	}
	if scope != OnMessage && field == "contact" {
		return "event has no contact here, as numbers do not depend on who it is: write a condition on event.data"
	}
	if near := nearest(field, fields); near != "" {
		return fmt.Sprintf("is no field of event: did you mean %q?", "event."+near)
	}
	return fmt.Sprintf("is no field of event: write event.data.%s for a field of the event's data", field)
}

func explainOverload(function, signature string) string {
	kinds := kindsOf(signature)
	message := fmt.Sprintf("%s cannot be applied to %s", spoken(function), strings.Join(kinds, " and "))
	switch {
	case slices.Contains(kinds, "a time") && slices.Contains(kinds, "a text"):
		return message + `: write the time as timestamp("2026-01-31T00:00:00Z")`
	case slices.Contains(kinds, "a text") && (slices.Contains(kinds, "a whole number") || slices.Contains(kinds, "a number")):
		return message + ": write the number without quotes, or double(...) around the text"
	case slices.Contains(kinds, "a whole number") && slices.Contains(kinds, "a number"):
		return message + ": write double(...) around the whole number"
	case function == operators.LogicalAnd || function == operators.LogicalOr || function == operators.LogicalNot:
		return message + ": write a comparison on each side"
	}
	return message
}

// kindsOf reads CEL's notation of an application: '(a, b)' of a function, 'a.(b)' of a method.
func kindsOf(signature string) []string {
	signature = strings.NewReplacer(".(", ", ", "(", "", ")", "").Replace(signature)
	var kinds []string
	for kind := range strings.SplitSeq(signature, ", ") {
		if kind != "" {
			kinds = append(kinds, spokenType(kind))
		}
	}
	return kinds
}

// spokenType names a CEL type for people.
func spokenType(kind string) string {
	switch name, _, _ := strings.Cut(kind, "("); name {
	case "int", "uint":
		return "a whole number"
	case "double":
		return "a number"
	case "string":
		return "a text"
	case "bool":
		return "a yes or no"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a duration"
	case "list":
		return "a list"
	case "map":
		return "an object"
	case eventTypeName, messageEventTypeName, triggerTypeName:
		return "the whole event"
	case "dyn":
		return "a value from data"
	}
	return kind
}

var syntaxHints = []struct {
	found *regexp.Regexp
	hint  string
}{
	{regexp.MustCompile(`===`), `write == to compare`},
	{regexp.MustCompile(`<>`), `write != for "is not"`},
	{regexp.MustCompile(`(?i)\b(and)\b`), `write && for "and"`},
	{regexp.MustCompile(`(?i)\b(or)\b`), `write || for "or"`},
	{regexp.MustCompile(`(?i)\b(not)\b`), `write ! for "not"`},
	{regexp.MustCompile(`(^|[^=!<>])=($|[^=])`), `write == to compare`},
	{regexp.MustCompile(`(^|[^&])&($|[^&])`), `write && for "and"`},
	{regexp.MustCompile(`(^|[^|])\|($|[^|])`), `write || for "or"`},
	{regexp.MustCompile("[“”„«»‘’]"), `write straight quotes, ' or "`},
}

var quoted = regexp.MustCompile(`'[^']*'|"[^"]*"`)

func explainSyntax(source, message string) string {
	bare := quoted.ReplaceAllString(source, "")
	for _, h := range syntaxHints {
		if h.found.MatchString(bare) {
			return "cannot be read: " + h.hint
		}
	}
	if strings.Count(bare, "(") != strings.Count(bare, ")") {
		return "cannot be read: the parentheses do not match"
	}
	if strings.ContainsAny(bare, `'"`) {
		return "cannot be read: a quote is not closed"
	}
	if strings.Contains(message, "'<EOF>'") {
		return "cannot be read: something is missing at the end"
	}
	if strings.HasPrefix(message, "mismatched input") || strings.HasPrefix(message, "extraneous input") || strings.HasPrefix(message, "no viable alternative") {
		return "cannot be read: it does not belong here"
	}
	return "cannot be read: " + message
}

// rest gives the source from a place on.
func rest(source string, line, column int) string {
	lines := strings.Split(source, "\n")
	if line > len(lines) {
		return ""
	}
	characters := []rune(lines[line-1])
	if column > len(characters) {
		return ""
	}
	return string(characters[column-1:])
}

// shorten keeps error messages to a readable length.
func shorten(text string) string {
	if characters := []rune(text); len(characters) > 40 {
		return string(characters[:40]) + "…"
	}
	return text
}

// Nearest gives the word that an author most likely meant by a name that nobody knows, and nothing when none is like it.
func Nearest(name string, words []string) string { return nearest(name, words) }

// nearest gives the candidate that is at most two slips away from the name, and at most a third of its length.
func nearest(name string, candidates []string) string {
	best, fewest := "", min(2, (len(name)+2)/3)
	for _, c := range candidates {
		if d := slips(strings.ToLower(name), c); d <= fewest && (best == "" || d < slips(strings.ToLower(name), best)) {
			best = c
		}
	}
	return best
}

// slips counts the letters to add, drop, change or swap with their neighbour to get from a to b.
func slips(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
