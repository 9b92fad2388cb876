// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package review_test

import (
	"strings"
	"testing"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/letter/review"
)

func TestCheckNamesTheFieldAndTheText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content definition.Content
		field   string
		message string
	}{
		"an unknown variable":   {definition.Content{Subject: "Hello {{ contcat.name }}"}, "subject", "contact"},
		"an unknown filter":     {definition.Content{HTML: "<p>{{ contact.name | upcaes }}</p>"}, "html", "upcase"},
		"a block left open":     {definition.Content{Text: "{% if contact.name %}Hello"}, "text", "if"},
		"a button's address":    {definition.Content{Text: "Go", Buttons: [][]definition.Button{{{Text: "Go", URL: "https://example.com/{{ contcat.id }}"}}}}, "buttons[0][0].url", "contact"},
		"a webhook's body":      {definition.Content{Payload: `{"name": "{{ contact.name | nope }}"}`}, "payload", "nope"},
		"nothing that is wrong": {definition.Content{Subject: "Hello {{ contact.name }}", Text: "Bye"}, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := review.Templates{}.Check(definition.SMTP, tt.content)
			if tt.field == "" {
				if len(got) > 0 {
					t.Fatalf("problems are %+v, want none", got)
				}
				return
			}
			if len(got) != 1 || got[0].Field != tt.field || got[0].Line != 1 || !strings.Contains(got[0].Text+got[0].Message, tt.message) {
				t.Errorf("problems are %+v, want one of %s that tells of %q", got, tt.field, tt.message)
			}
		})
	}
}

func TestAsksKnowsTextsThatSpeakOfASurvey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"{{ survey.url }}": true,
		"{% for a in survey.answers %}{{ a.title }}: {{ a.url }}{% endfor %}": true,
		"{% if survey.url %}Why?{% endif %}":                                  true,
		"Our survey: {{ links.preferences }}":                                 false,
		"{{ survey.url | nope }}":                                             false,
	} {
		if got := (review.Templates{}).Asks(definition.Content{Text: text}); got != want {
			t.Errorf("%q asks: %v, want %v", text, got, want)
		}
	}
}

func TestCheckTextJudgesATemplateByItself(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"Call {{ contact.name }}":                        true,
		"Call {{ contcat.name }}":                        false,
		`{"name": "{{ contact.name }}"}`:                 true,
		`{"name": "{{ contcat.name }}"}`:                 false,
		"https://example.com/{{ contact.id | url_encode": false,
	} {
		if got := (review.Templates{}).CheckText(text); (len(got) == 0) != good || !good && got[0].Field != "" {
			t.Errorf("of %q the problems are %+v", text, got)
		}
	}
}
