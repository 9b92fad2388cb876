// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
)

// answerField is the chosen answer in the form.
const answerField = "answer"

// pressAfter is how long after sending no script presses a button: mail services look at what links lead to, some by browsers that tell
// nothing of it, when mail arrives. Who answers that soon presses it themselves.
const pressAfter = 5 * time.Minute

// OtherTitle is what the answer "other" is called in a language; without one, in that of the other answers.
func OtherTitle(language string, answers []definition.AskedAnswer) string {
	if language == "" {
		for _, a := range answers {
			if strings.ContainsFunc(a.Title, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				return russian.other
			}
		}
	}
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	return wordsOf(base).other
}

// survey asks why somebody left, with the answer of the link chosen, and takes in what they answer. A look changes nothing: mail scanners
// follow links, too. What a program answers is not taken in. The latest answer counts, so that none is one too many.
func (p *Pages) survey(v *visit, reads bool) {
	asked := v.settings.asked(v.link.Journey)
	if asked == nil {
		p.counts.add(v.link.Kind, shown)
		v.show(http.StatusGone, page{Title: v.words.overTitle, Text: fill(v.words.overText, v.settings.name, "")})
		return
	}
	machine := p.isMachine(v)
	if reads {
		p.counts.add(v.link.Kind, shown)
		pg := v.surveyPage(asked, v.link.Answer)
		pg.Press = !machine && v.link.Answer != "" && asked.Offers(v.link.Answer) && v.now.Sub(v.link.Issued) >= pressAfter
		v.show(http.StatusOK, pg)
		return
	}
	if !v.takeForm() {
		return
	}
	answer := v.request.PostForm.Get(answerField)
	switch {
	case !asked.Offers(answer): // nothing, or what is not offered any more
		p.counts.add(v.link.Kind, shown)
		v.show(http.StatusOK, v.surveyPage(asked, v.link.Answer))
	case machine:
		p.counts.add(v.link.Kind, byMachine)
		v.show(http.StatusOK, v.surveyPage(asked, answer))
	case p.keep(v, v.answered(answer)):
		v.show(http.StatusOK, v.thanksPage(asked, answer))
	}
}

// isMachine says whether a program is at it, as for clicks: the links of one message, an answer each, are not followed by people at once.
func (p *Pages) isMachine(v *visit) bool {
	follows := p.watch.Follows(v.link.Contact+"\x00"+v.link.Effect, v.link.Journey+"\x00"+v.link.Answer, v.now)
	return follows == link.Machine || link.Classify(v.request, v.link.Issued, v.now) == link.Machine
}

// answered makes the event. Each is one of its own: people may change their mind and change it back.
func (v *visit) answered(answer string) event.Event {
	return v.event(event.SurveyAnswered, rand.Text(), event.SurveyAnswer{Journey: v.link.Journey, Answer: answer, Effect: v.link.Effect})
}

func (v *visit) surveyPage(asked *definition.AskedSurvey, chosen string) page {
	return page{
		Title: v.words.surveyTitle, Text: fill(v.words.surveyText, v.settings.name, ""), Topics: v.answers(asked, chosen),
		Buttons: []button{{Label: v.words.answerButton, Name: scopeField, Value: answerField}},
	}
}

func (v *visit) thanksPage(asked *definition.AskedSurvey, chosen string) page {
	topics := v.answers(asked, chosen)
	pg := page{Title: v.words.thanksTitle, Topics: topics, Buttons: []button{{Label: v.words.changeButton, Name: scopeField, Value: answerField}}}
	for _, c := range topics[0].Choices {
		if c.Chosen {
			pg.Text = fill(v.words.thanksText, v.settings.name, c.Label)
		}
	}
	return pg
}

// answers are all that are offered; other is always there.
func (v *visit) answers(asked *definition.AskedSurvey, chosen string) []topic {
	t := topic{Title: v.words.answers, Field: answerField}
	for _, a := range asked.All(v.words.other) {
		t.Choices = append(t.Choices, choice{a.Name, a.Title, a.Name == chosen})
	}
	return []topic{t}
}
