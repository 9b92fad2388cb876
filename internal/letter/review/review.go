// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package review finds mistakes in the texts of scenarios before anybody is sent them.
package review

import (
	"errors"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/letter"
)

// Templates judges texts by compiling them as a sender does.
type Templates struct{}

var _ definition.Templates = Templates{}

// Check implements definition.Templates.
func (Templates) Check(_ definition.Medium, c definition.Content) []definition.TemplateError {
	return problemsOf(lettered(&c))
}

// Asks implements definition.Templates. What does not compile asks nothing.
func (Templates) Asks(c definition.Content) bool {
	l, err := letter.Compile(lettered(&c))
	return err == nil && l.Reads().Survey
}

func lettered(c *definition.Content) letter.Content {
	content := letter.Content{
		Subject: c.Subject, Preheader: c.Preheader, FromName: c.FromName, Text: c.Text, HTML: c.HTML, Payload: c.Payload,
	}
	for _, row := range c.Buttons {
		var buttons []letter.Button
		for _, b := range row {
			buttons = append(buttons, letter.Button(b))
		}
		content.Buttons = append(content.Buttons, buttons)
	}
	return content
}

// CheckText implements definition.Templates. What kind of text it is shows in how it begins.
func (Templates) CheckText(text string) []definition.TemplateError {
	content := letter.Content{Text: text}
	switch start := strings.TrimSpace(text); {
	case strings.HasPrefix(start, "{") && !strings.HasPrefix(start, "{{") && !strings.HasPrefix(start, "{%"):
		content = letter.Content{Payload: text}
	case strings.HasPrefix(start, "http"):
		content = letter.Content{URL: text}
	}
	problems := problemsOf(content)
	for i := range problems {
		problems[i].Field = ""
	}
	return problems
}

func problemsOf(content letter.Content) (found []definition.TemplateError) {
	_, err := letter.Compile(content)
	if err == nil {
		return nil
	}
	problems, ok := errors.AsType[letter.Problems](err)
	if !ok {
		return []definition.TemplateError{{Message: err.Error()}}
	}
	for _, p := range problems {
		message := p.Message
		if p.Hint != "" {
			message += ": " + p.Hint
		}
		found = append(found, definition.TemplateError{Field: p.Part, Line: p.Line, Text: p.Text, Message: message})
	}
	return found
}
