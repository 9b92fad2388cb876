// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
)

// Names and values in forms.
const (
	oneClickField = "List-Unsubscribe" // RFC 8058
	oneClickValue = "One-Click"
	languageField = "lang"
	scopeField    = "scope"
	scopeTopic    = "topic"
	scopeAll      = "all"
	topicPrefix   = "topic."
	keep          = "keep"
	start         = "start"
	stop          = "stop"
)

// ask shows the page of a link. It changes nothing.
func (p *Pages) ask(v *visit) {
	p.counts.add(v.link.Kind, shown)
	v.show(http.StatusOK, v.page())
}

// page gives what is asked by the link at hand.
func (v *visit) page() page {
	switch v.link.Kind {
	case link.Unsubscribe:
		return v.unsubscribePage()
	case link.Preferences:
		return v.preferencesPage()
	default:
		topic := v.titleOf(v.link.Topic)
		return page{
			Title: v.words.confirmTitle, Text: fill(v.words.confirmText, v.settings.name, topic),
			Buttons: []button{{Label: v.words.confirmButton, Name: scopeField, Value: scopeTopic}},
		}
	}
}

func (v *visit) unsubscribePage() page {
	if v.link.Topic == "" {
		return page{
			Title: v.words.stopTitle, Text: fill(v.words.stopAllText, v.settings.name, ""),
			Buttons: []button{{Label: v.words.stopAllButton, Name: scopeField, Value: scopeAll}},
		}
	}
	return page{
		Title: v.words.stopTitle, Text: fill(v.words.stopText, v.settings.name, v.titleOf(v.link.Topic)),
		Buttons: []button{
			{Label: v.words.stopButton, Name: scopeField, Value: scopeTopic}, {Label: v.words.stopAllButton, Name: scopeField, Value: scopeAll},
		},
	}
}

func (v *visit) preferencesPage() page {
	pg := page{
		Title: v.words.choiceTitle, Text: fill(v.words.choiceText, v.settings.name, ""),
		Buttons: []button{{Label: v.words.stopAllButton, Name: scopeField, Value: scopeAll}},
	}
	for _, t := range v.settings.topics {
		pg.Topics = append(pg.Topics, topic{
			Title: v.titleOf(t.Name), Field: topicPrefix + t.Name,
			Choices: []choice{{keep, v.words.keep, true}, {start, v.words.start, false}, {stop, v.words.stop, false}},
		})
	}
	if len(pg.Topics) > 0 {
		pg.Buttons = append([]button{{Label: v.words.saveButton, Name: scopeField, Value: scopeTopic}}, pg.Buttons...)
	}
	return pg
}

// titleOf gives what people call a topic.
func (v *visit) titleOf(name string) string {
	for _, t := range v.settings.topics {
		if t.Name == name && t.Title != "" {
			return t.Title
		}
	}
	if name == "" {
		return v.words.everything
	}
	return name
}

// choose takes in what a form says and acknowledges it when it is durable.
func (p *Pages) choose(v *visit) {
	if !v.takeForm() {
		return
	}
	events, done := v.choices()
	if len(events) == 0 {
		v.show(http.StatusOK, page{Title: v.words.doneTitle, Text: v.words.nothingText})
		return
	}
	if p.keep(v, events...) {
		v.show(http.StatusOK, page{Title: v.words.doneTitle, Text: done})
	}
}

// takeForm reads the form that was sent, in the language of its page; if it cannot be read it answers so.
func (v *visit) takeForm() bool {
	if err := v.readForm(); err != nil {
		status := http.StatusBadRequest
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			status = http.StatusRequestEntityTooLarge
		}
		v.show(status, page{Title: v.words.brokenTitle, Text: v.words.brokenText})
		return false
	}
	if language := v.request.PostForm.Get(languageField); language != "" {
		v.words = wordsOf(language)
	}
	return true
}

// keep makes what a person chose durable; if it cannot it answers so.
func (p *Pages) keep(v *visit, events ...event.Event) bool {
	if err := p.append(v, choicePatience, events...); err != nil {
		p.counts.add(v.link.Kind, failed)
		v.answer.Header().Set("Retry-After", retryAfter(err))
		v.show(http.StatusServiceUnavailable, page{Title: v.words.laterTitle, Text: v.words.laterText})
		return false
	}
	p.counts.add(v.link.Kind, byPerson)
	return true
}

// readForm reads a body of either type that forms have; RFC 8058 allows both.
func (v *visit) readForm() error {
	v.request.URL.RawQuery = "" // what trackers append to addresses is not the form's
	v.request.Body = http.MaxBytesReader(v.answer, v.request.Body, maxForm)
	if strings.HasPrefix(strings.ToLower(v.request.Header.Get("Content-Type")), "multipart/form-data") {
		return v.request.ParseMultipartForm(maxForm)
	}
	return v.request.ParseForm()
}

// choices gives the events of a form, and the words that acknowledge them.
func (v *visit) choices() (events []event.Event, done string) {
	form := v.request.PostForm
	switch {
	case v.link.Kind == link.Confirm:
		return []event.Event{v.consent(event.ConsentGiven, v.link.Topic, DoubleOptIn, v.page().seen())},
			fill(v.words.confirmedText, v.settings.name, v.titleOf(v.link.Topic))
	case form.Get(scopeField) == scopeAll:
		method := Page
		if v.link.Kind == link.Preferences {
			method = Preferences
		}
		return []event.Event{v.consent(event.ConsentWithdrawn, "", method, v.page().seen())}, fill(v.words.stoppedAllText, v.settings.name, "")
	case v.link.Kind == link.Preferences:
		return v.preferences(), v.words.savedText
	}
	done = fill(v.words.stoppedText, v.settings.name, v.titleOf(v.link.Topic))
	if form.Get(scopeField) == scopeTopic && form.Get(oneClickField) != oneClickValue {
		return []event.Event{v.consent(event.ConsentWithdrawn, v.link.Topic, Page, v.page().seen())}, done
	}
	// A mail program's one click. A body without its field is taken for one, too: whoever posts here wants to be left alone.
	return []event.Event{v.consent(event.ConsentWithdrawn, v.link.Topic, OneClick, "")}, done
}

// preferences gives an event for each topic that is not kept as it is.
func (v *visit) preferences() []event.Event {
	var events []event.Event
	for _, t := range v.settings.topics {
		kind, label := "", ""
		switch v.request.PostForm.Get(topicPrefix + t.Name) {
		case start:
			kind, label = event.ConsentGiven, v.words.start
		case stop:
			kind, label = event.ConsentWithdrawn, v.words.stop
		default:
			continue
		}
		seen := strings.Join([]string{v.words.choiceTitle, fill(v.words.choiceText, v.settings.name, ""), v.titleOf(t.Name), label, v.words.saveButton}, "\n")
		events = append(events, v.consent(kind, t.Name, Preferences, seen))
	}
	return events
}

// consent makes the event of one choice. Seen is the text that the person chose by; empty when there was none.
func (v *visit) consent(kind, topic, method, seen string) event.Event {
	c := event.Consent{Topic: topic, Method: method, Confirmed: method == DoubleOptIn, Effect: v.link.Effect}
	if seen != "" {
		sum := sha256.Sum256([]byte(seen))
		c.TextHash = hex.EncodeToString(sum[:])
	}
	id := v.repeatable(kind, topic)
	if method == Preferences { // choices may go to and fro
		id = rand.Text()
	}
	return v.event(kind, id, c)
}

func retryAfter(err error) string {
	var hint interface{ RetryAfter() time.Duration }
	if errors.As(err, &hint) && hint.RetryAfter() > 0 {
		return seconds(hint.RetryAfter())
	}
	return seconds(30 * time.Second)
}
