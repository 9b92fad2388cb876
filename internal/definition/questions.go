// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"regexp"

	"github.com/waymark-dev/waymark/internal/expression"
)

// questions compiles expressions that share a scratch and collects what does not compile. An empty one is the zero value of its kind.
type questions struct {
	scratch  *expression.Scratch
	problems []error
}

func (q *questions) note(field, source string, err error) asked {
	q.problems = append(q.problems, expressionError(field, source, err))
	return asked{field, q.scratch}
}

func (q *questions) predicate(scope expression.Scope, field, source string) Predicate {
	if source == "" {
		return Predicate{}
	}
	compiled, err := expression.NewCondition(scope, source)
	return Predicate{q.note(field, source, err), compiled}
}

func (q *questions) text(scope expression.Scope, field, source string) Text {
	if source == "" {
		return Text{}
	}
	compiled, err := expression.NewText(scope, source)
	return Text{q.note(field, source, err), compiled}
}

func (q *questions) amount(field, source string) AmountOf {
	if source == "" {
		return AmountOf{}
	}
	compiled, err := expression.NewAmount(expression.OnEnrolment, source)
	return AmountOf{q.note(field, source, err), compiled}
}

func (q *questions) json(field, source string) JSONValue {
	if source == "" {
		return JSONValue{}
	}
	compiled, err := expression.NewJSON(expression.OnEnrolment, source)
	return JSONValue{q.note(field, source, err), compiled}
}

// inTags finds the variables event and trigger in what a Liquid template computes. A text in quotes may be taken for one, which only keeps
// data that is not needed.
var inTags = regexp.MustCompile(`(?s)\{\{.*?\b(event|trigger)\b.*?\}\}|\{%.*?\b(event|trigger)\b.*?%\}`)

func templateReadsEvent(template string) bool { return inTags.MatchString(template) }

// texts are all templates of a content.
func (c *Content) texts() []string {
	texts := []string{c.Subject, c.Preheader, c.Text, c.HTML, c.FromName, c.Payload}
	for _, row := range c.Buttons {
		for _, b := range row {
			texts = append(texts, b.Text, b.URL, b.Data)
		}
	}
	return texts
}
