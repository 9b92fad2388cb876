// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// originTemplate marks the errors of templates.
const originTemplate = "template"

func (r *scenarioReader) send(path *field.Path, s *v1alpha1.SendStep) *Send {
	key, medium := r.channel(path, s.ChannelRef.Name)
	r.topic(path.Child("topic"), s.Topic)
	out := &Send{
		Channel: key, Purpose: Purpose(s.Purpose), Topic: s.Topic, To: string(s.To), Language: string(s.Language),
		Fallback: string(s.Fallback), ExpireAfter: r.duration(path.Child("expireAfter"), s.ExpireAfter), AdMark: s.AdMark,
		Survey: r.survey(path.Child("survey"), s.Survey),
	}
	if s.Winner != nil {
		out.Winner = &Winner{WinnerBy(s.Winner.By), s.Winner.Sample}
	}
	if w := s.Window; w != nil {
		out.Window = &Window{From: string(w.From), To: string(w.To), NoHolidays: w.SkipHolidays}
		for i, day := range w.Weekdays {
			out.Window.Weekdays = append(out.Window.Weekdays, r.weekday(path.Child("window", "weekdays").Index(i), day))
		}
	}
	if len(s.Variants) == 0 {
		r.spell(path.Child("variants").Index(0), path)
		inline := inlineContent{s.Subject, s.Preheader, s.Text, s.HTML, s.FromName, s.Payload, s.TemplateRef, s.Buttons}
		out.Variants = []Variant{{Weight: 1, Contents: r.contents(path, medium, inline, s.Languages)}}
	}
	for i := range s.Variants {
		v, path := &s.Variants[i], path.Child("variants").Index(i)
		inline := inlineContent{v.Subject, v.Preheader, v.Text, v.HTML, v.FromName, v.Payload, v.TemplateRef, v.Buttons}
		out.Variants = append(out.Variants, Variant{v.Name, max(v.Weight, 1), r.contents(path, medium, inline, v.Languages)})
	}
	if s.Survey == nil && r.asks(out) {
		r.errs = append(r.errs, field.Required(path.Child("survey"), "a text speaks of survey: say whose it is by survey: {journeyRef: {name: …}}"))
	}
	return out
}

// asks says whether a message's texts speak of a survey.
func (r *scenarioReader) asks(s *Send) bool {
	if r.refs.Templates == nil {
		return false
	}
	for i := range s.Variants {
		for _, content := range s.Variants[i].Contents {
			if r.refs.Templates.Asks(content) {
				return true
			}
		}
	}
	return false
}

// inlineContent is what a message says, as messages, variants and languages spell it alike.
type inlineContent struct {
	subject, preheader, text, html, fromName, payload string
	template                                          *v1alpha1.TemplateReference
	buttons                                           [][]v1alpha1.MessageButton
}

func (r *scenarioReader) contents(path *field.Path, medium Medium, inline inlineContent, languages []v1alpha1.MessageInLanguage) map[string]Content {
	if len(languages) == 0 {
		return map[string]Content{"": r.content(path, medium, inline)}
	}
	contents := make(map[string]Content, len(languages))
	for i := range languages {
		l := &languages[i]
		inline := inlineContent{l.Subject, l.Preheader, l.Text, l.HTML, l.FromName, l.Payload, l.TemplateRef, l.Buttons}
		contents[string(l.Language)] = r.content(path.Child("languages").Index(i), medium, inline)
	}
	return contents
}

func (r *scenarioReader) content(path *field.Path, medium Medium, in inlineContent) Content {
	c := Content{
		Subject: in.subject, Preheader: in.preheader, Text: in.text, HTML: in.html, FromName: in.fromName, Payload: in.payload,
	}
	for _, row := range in.buttons {
		var buttons []Button
		for _, b := range row {
			buttons = append(buttons, Button{b.Text, b.URL, b.Data})
		}
		c.Buttons = append(c.Buttons, buttons)
	}
	before := len(r.missing)
	from := r.template(path, medium, in.template, &c)
	if medium == "" || len(r.missing) > before {
		return c // what the message lacks is not known yet
	}
	r.fits(path, medium, &c)
	if r.refs.Templates != nil {
		for _, problem := range r.refs.Templates.Check(medium, c) {
			at := path.Child(problem.Field)
			if from != "" && problem.Field == from {
				at = path.Child("templateRef")
			}
			r.errs = append(r.errs, templateError(at, problem))
		}
	}
	return c
}

// template fills in the text of a ConfigMap and says which field it is.
func (r *scenarioReader) template(path *field.Path, medium Medium, ref *v1alpha1.TemplateReference, c *Content) (filled string) {
	if ref == nil {
		return ""
	}
	into, filled := &c.HTML, "html"
	switch {
	case medium == Telegram || strings.HasSuffix(ref.Key, ".txt"):
		into, filled = &c.Text, "text"
	case strings.HasSuffix(ref.Key, ".json"):
		into, filled = &c.Payload, "payload"
	}
	path = path.Child("templateRef")
	if *into != "" {
		r.fail(path, ref.Key, fmt.Sprintf("it takes the place of %s, which is written here too: remove one of the two", filled))
	}
	*into = r.text(path, ref.Name, ref.Key)
	return filled
}

// fits finds what a medium cannot send, and what it needs.
func (r *scenarioReader) fits(path *field.Path, medium Medium, c *Content) {
	refuse := func(found bool, name, advice string) {
		if found {
			r.fail(path.Child(name), field.OmitValueType{}, advice)
		}
	}
	require := func(missing bool, name, advice string) {
		if missing {
			r.errs = append(r.errs, field.Required(path.Child(name), advice))
		}
	}
	switch medium {
	case SMTP:
		require(c.Subject == "", "subject", "a mail needs a subject")
		require(c.Text == "" && c.HTML == "", "html", "a mail needs html or text")
		refuse(len(c.Buttons) > 0, "buttons", "only a bot's message has buttons: write links into html")
		refuse(c.Payload != "", "payload", "only a webhook is given a payload: write html or text")
	case Telegram:
		require(c.Text == "", "text", "a bot's message needs text")
		refuse(c.Subject != "", "subject", "a bot's message has no subject: remove it")
		refuse(c.Preheader != "", "preheader", "a bot's message has no preheader: remove it")
		refuse(c.HTML != "", "html", "a bot's message has text and no html: write text")
		refuse(c.FromName != "", "fromName", "a bot's name cannot be replaced: remove it")
		refuse(c.Payload != "", "payload", "only a webhook is given a payload: write text")
	case Webhook:
		require(c.Payload == "" && c.Text == "" && c.HTML == "", "payload", "a webhook needs payload, text or html")
	}
}

// templates checks templates by their fields.
func (r *scenarioReader) templates(path *field.Path, texts map[string]string) {
	if r.refs.Templates == nil {
		return
	}
	for _, name := range names(texts) {
		for _, problem := range r.refs.Templates.CheckText(texts[name]) {
			r.errs = append(r.errs, templateError(path.Child(name), problem))
		}
	}
}

func templateError(path *field.Path, problem TemplateError) *field.Error {
	detail := problem.Message
	if problem.Line > 0 {
		detail = fmt.Sprintf("line %d: %s", problem.Line, detail)
	}
	var value any = problem.Text
	if problem.Text == "" {
		value = field.OmitValueType{}
	}
	return &field.Error{Type: field.ErrorTypeInvalid, Field: path.String(), BadValue: value, Detail: detail, Origin: originTemplate}
}
