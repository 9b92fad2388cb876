// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Data is what a letter is rendered with.
type Data struct {
	// ContactID is the contact's, and Contact its attributes as a JSON object.
	ContactID string
	Contact   []byte
	// Event let the contact in; nil is none.
	Event *Event
	// Scenario and Workspace say whose letter it is.
	Scenario  Scenario
	Workspace Workspace
	// Vars are what steps stored, as a JSON object.
	Vars []byte
	// Links are for the contact alone; empty ones render to nothing.
	Links Links
	// Survey asks why the contact left; nil asks nothing and renders to nothing.
	Survey *Survey
	// MessageID is the message's for ever.
	MessageID string
	// AdMark is the line that marks advertising; where the body does not show it, it is added at its end. Empty is none.
	AdMark string
	// Now is when the message was granted; there is no other clock.
	Now time.Time
	// Zone is the contact's; nil is UTC.
	Zone *time.Location
	// Language is that in which numbers and dates are written, such as ru or en-GB.
	Language string
}

// Event is the event that let a contact in.
type Event struct {
	ID, Type, Source string
	Time             time.Time
	// Data is a JSON object.
	Data []byte
}

// Scenario is what templates see of theirs.
type Scenario struct{ Name, Title, Step, Version string }

// Workspace is what templates see of theirs.
type Workspace struct{ Name, Title, Currency, TimeZone, PublicURL string }

// Links are the addresses of a contact's own pages; Start is what a link to a bot carries, as in https://t.me/bot?start={{ links.start }}, so
// that the bot knows the contact.
type Links struct{ Unsubscribe, Preferences, Confirm, Start string }

// Survey is a question. URL is the page that asks; Answers have a link each.
type Survey struct {
	URL     string
	Answers []Answer
}

// Answer is one of a survey's. Name is the same in every language, Title what people read.
type Answer struct{ Name, Title, URL string }

// Rendered is a letter for one contact. Texts have at most MaxBytes each.
type Rendered struct {
	// Subject and FromName have one line each.
	Subject, FromName string
	Text, HTML        string
	Buttons           [][]Button
	// Payload is a JSON object, or empty.
	Payload []byte
	URL     string
}

// Render makes the letter for one contact: equal data gives equal bytes. The error is a *RenderError and quotes nothing of the data.
func (l *Letter) Render(d Data) (Rendered, error) {
	r, err := newRun(&d)
	if err != nil {
		return Rendered{}, err
	}
	parts := make(map[string]string, len(l.parts))
	for name, t := range l.parts { // in any order: no part sees another
		if parts[name], err = r.render(name, t); err != nil {
			return Rendered{}, l.firstError(r)
		}
	}
	out := Rendered{Subject: line(parts["subject"]), FromName: line(parts["fromName"])}
	out.Text, out.HTML = body(parts, l.parts["text"] != nil, d.AdMark)
	if len(out.Text) > MaxBytes || len(out.HTML) > MaxBytes {
		return Rendered{}, &RenderError{Part: "text", Err: ErrTooLarge}
	}
	if out.Payload, err = payload(parts["payload"]); err != nil {
		return Rendered{}, err
	}
	if out.URL, err = webAddress("url", parts["url"]); err != nil {
		return Rendered{}, err
	}
	out.Buttons, err = l.renderButtons(parts)
	return out, err
}

// line makes one line of a part that is one: the template itself may have several, or trust a text that has.
func line(text string) string { return strings.TrimSpace(oneLine(text)) }

// firstError renders the parts in the order of their names, so that equal data gives an equal error.
func (l *Letter) firstError(r *run) error {
	for _, name := range sortedParts(l.parts) {
		if _, err := r.render(name, l.parts[name]); err != nil {
			return err
		}
	}
	return nil
}

func newRun(d *Data) (*run, error) {
	contact, err := decode(d.Contact)
	if err != nil {
		return nil, &RenderError{Part: "contact", Err: err}
	}
	vars, err := decode(d.Vars)
	if err != nil {
		return nil, &RenderError{Part: "vars", Err: err}
	}
	event := map[string]any{}
	if d.Event != nil {
		data, err := decode(d.Event.Data)
		if err != nil {
			return nil, &RenderError{Part: "event", Err: err}
		}
		event = map[string]any{
			"id": d.Event.ID, "type": d.Event.Type, "source": d.Event.Source, "time": d.Event.Time.UTC().Format(time.RFC3339Nano), "data": data,
		}
	}
	trigger := newObject(event)
	r := &run{now: d.Now, zone: d.Zone, locale: localeOf(d.Language), currency: d.Workspace.Currency}
	if r.zone == nil {
		r.zone = time.UTC
	}
	r.bindings = map[string]any{
		runName:   r,
		"contact": contactObject(contact, d.ContactID), "event": trigger, "trigger": trigger, "vars": vars,
		"scenario": texts("name", d.Scenario.Name, "title", d.Scenario.Title, "step", d.Scenario.Step, "version", d.Scenario.Version),
		"workspace": texts("name", d.Workspace.Name, "title", d.Workspace.Title, "currency", d.Workspace.Currency,
			"timeZone", d.Workspace.TimeZone, "publicURL", d.Workspace.PublicURL),
		"links": texts("unsubscribe", d.Links.Unsubscribe, "preferences", d.Links.Preferences, "confirm", d.Links.Confirm,
			"start", d.Links.Start),
		"survey":  surveyObject(d.Survey),
		"message": texts("id", d.MessageID),
		"adMark":  d.AdMark,
		"now":     d.Now.UTC().Format(time.RFC3339Nano),
	}
	return r, nil
}

// contactObject lets attributes be named with and without "attributes" before them.
func contactObject(attributes *object, id string) *object {
	fields := make(map[string]any, len(attributes.fields)+2)
	for _, name := range attributes.names {
		fields[name] = attributes.fields[name]
	}
	fields["attributes"], fields["id"] = attributes, id
	return &object{names: attributes.names, fields: fields} // the two are no attributes: loops pass over them
}

func surveyObject(s *Survey) *object {
	if s == nil {
		return newObject(nil)
	}
	answers := make([]any, len(s.Answers))
	for i, a := range s.Answers {
		answers[i] = texts("name", a.Name, "title", a.Title, "url", a.URL)
	}
	survey := texts("url", s.URL)
	survey.fields["answers"] = answers
	return newObject(survey.fields)
}

func texts(pairs ...string) *object {
	fields := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" { // as if it were not there, so that default and if work
			fields[pairs[i]] = pairs[i+1]
		}
	}
	return newObject(fields)
}

func payload(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &members)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line := 1 + strings.Count(text[:min(int(syntax.Offset), len(text))], "\n")
		return nil, &RenderError{Part: "payload", Line: line, Err: fmt.Errorf("it is no JSON at byte %d", syntax.Offset)}
	}
	if err != nil || members == nil {
		return nil, &RenderError{Part: "payload", Err: errNoObject}
	}
	return []byte(text), nil
}

var errNoWebAddress = errors.New("it is no address that begins with http:// or https://")

func webAddress(part, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", &RenderError{Part: part, Err: errNoWebAddress}
	}
	return text, nil
}

func (l *Letter) renderButtons(parts map[string]string) ([][]Button, error) {
	rows := make([][]Button, 0, len(l.buttons))
	for i, row := range l.buttons {
		var buttons []Button
		for j := range row {
			part := buttonPart(i, j)
			b := Button{
				Text: line(parts[part+".text"]), URL: strings.TrimSpace(parts[part+".url"]), Data: line(parts[part+".data"]),
			}
			if b.Text == "" { // as by an {% if %} around all of it
				continue
			}
			if len(b.Data) > MaxButtonData {
				return nil, &RenderError{Part: part + ".data", Err: errors.New("it is longer than " + strconv.Itoa(MaxButtonData) + " bytes")}
			}
			if err := buttonAddress(part+".url", b.URL); err != nil {
				return nil, err
			}
			buttons = append(buttons, b)
		}
		if len(buttons) > 0 {
			rows = append(rows, buttons)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return rows, nil
}

// buttonAddress lets bots open pages and their own messenger.
func buttonAddress(part, text string) error {
	if strings.HasPrefix(text, "tg://") {
		return nil
	}
	_, err := webAddress(part, text)
	return err
}
