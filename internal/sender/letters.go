// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/letter"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// mostLetters bounds how many compiled letters are kept. A scenario has a few for each of its versions.
const mostLetters = 4096

// Letters is the Renderer: it fills in scenarios' templates and adds the links. It is safe for concurrent use.
type Letters struct {
	mu       sync.Mutex
	compiled map[letterKey]*letter.Letter
	// keys are those of the delivery that they were made from.
	keys *link.Keys
	of   *definition.Delivery
}

// letterKey names a content: one version's never changes.
type letterKey struct{ scenario, version, step, variant, language string }

var _ Renderer = (*Letters)(nil)

// Render makes a message; see Renderer.
func (r *Letters) Render(g *nurture.Grant, d *definition.Delivery, c *definition.DeliveryChannel) (channel.Message, error) {
	content, language, err := contentOf(g)
	if err != nil {
		return channel.Message{}, err
	}
	l, err := r.letter(g, content, language)
	if err != nil {
		return channel.Message{}, err
	}
	links, err := r.linksOf(g, d)
	if err != nil {
		return channel.Message{}, err
	}
	rendered, err := l.Render(dataOf(g, d, links))
	if err != nil {
		return channel.Message{}, err
	}
	m := channel.Message{
		Subject: rendered.Subject, FromName: rendered.FromName, Text: rendered.Text, HTML: rendered.HTML, Payload: rendered.Payload,
		URL: rendered.URL,
	}
	m.Buttons = buttonsOf(rendered.Buttons, g, c.Medium)
	if c.Medium == definition.Telegram && !l.Reads().Survey {
		m.Buttons = append(m.Buttons, answersOf(links.survey)...)
	}
	if g.Kind == nurture.KindSend {
		links.apply(&m, c)
		return m, nil
	}
	return m, callOf(&m, g)
}

// letter gives the compiled content.
func (r *Letters) letter(g *nurture.Grant, content letter.Content, language string) (*letter.Letter, error) {
	key := letterKey{g.Scenario, g.Version, g.Step, g.Variant, language}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.compiled[key]; l != nil {
		return l, nil
	}
	l, err := letter.Compile(content)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if r.compiled == nil || len(r.compiled) >= mostLetters {
		r.compiled = map[letterKey]*letter.Letter{}
	}
	r.compiled[key] = l
	return l, nil
}

var errNoContent = errors.New("the step has no content for the variant and language")

// contentOf gives the templates of what was granted, and the language that they are in.
func contentOf(g *nurture.Grant) (content letter.Content, language string, err error) {
	switch {
	case g.Meaning.Send != nil:
		for i := range g.Meaning.Send.Variants {
			if v := &g.Meaning.Send.Variants[i]; v.Name == g.Variant {
				return inLanguage(v, g.Language, g.Meaning.Send.Fallback)
			}
		}
	case g.Meaning.Webhook != nil:
		return letter.Content{Payload: g.Meaning.Webhook.Payload, URL: g.Meaning.Webhook.URL}, "", nil
	case g.Meaning.Task != nil:
		return letter.Content{Subject: g.Meaning.Task.Title, Payload: g.Meaning.Task.Payload}, "", nil
	}
	return letter.Content{}, "", errNoContent
}

func inLanguage(v *definition.Variant, wanted, fallback string) (letter.Content, string, error) {
	language, found := letter.Choose(slices.Sorted(maps.Keys(v.Contents)), wanted, fallback)
	if !found {
		return letter.Content{}, "", errNoContent
	}
	content := v.Contents[language]
	return lettered(&content), language, nil
}

func lettered(c *definition.Content) letter.Content {
	l := letter.Content{
		Subject: c.Subject, Preheader: c.Preheader, FromName: c.FromName, Text: c.Text, HTML: c.HTML, Payload: c.Payload,
	}
	for _, row := range c.Buttons {
		var buttons []letter.Button
		for _, b := range row {
			buttons = append(buttons, letter.Button(b))
		}
		l.Buttons = append(l.Buttons, buttons)
	}
	return l
}

func dataOf(g *nurture.Grant, d *definition.Delivery, links *links) letter.Data {
	data := letter.Data{
		ContactID: g.Contact, Contact: g.Attributes, Vars: g.Vars, MessageID: g.Effect, Now: g.GrantedAt.UTC(), Zone: zoneOf(g, d),
		Language: g.Language,
		Scenario: letter.Scenario{Name: nameOf(g.Scenario), Title: nameOf(g.Scenario), Step: g.Step, Version: g.Version},
		Workspace: letter.Workspace{
			Name: d.Workspace, Title: d.Title, Currency: d.Currency, TimeZone: d.TimeZone, PublicURL: d.PublicURL,
		},
		Survey: links.survey,
		Links: letter.Links{
			Unsubscribe: links.unsubscribe, Preferences: links.preferences, Confirm: links.confirm, Start: links.start,
		},
	}
	if g.Meaning.Send != nil {
		data.AdMark = g.Meaning.Send.AdMark
	}
	if t := &g.Trigger; t.Type != "" {
		data.Event = &letter.Event{ID: t.ID, Type: t.Type, Source: t.Source, Time: t.Time.UTC(), Data: t.Data}
	}
	return data
}

func zoneOf(g *nurture.Grant, d *definition.Delivery) *time.Location {
	for _, name := range []string{g.Zone, d.TimeZone} {
		if zone, err := zoneinfo.Load(name); err == nil && name != "" {
			return zone
		}
	}
	return time.UTC
}

// nameOf gives the name in a key such as NurtureScenario/sales/back.
func nameOf(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

// call is what a webhook is posted for a step or a task. It never changes but by added members.
type call struct {
	// Kind is step or task; ID is the same however often it is posted.
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Task is ID again: whoever reports that the task is done says so in the event's data.task.
	Task      string          `json:"task,omitempty"`
	Contact   string          `json:"contact"`
	Scenario  string          `json:"scenario"`
	Step      string          `json:"step"`
	Enrolment string          `json:"enrolment"`
	Title     string          `json:"title,omitempty"`
	Assignee  string          `json:"assignee,omitempty"`
	Due       *time.Time      `json:"due,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// callOf makes the message of a webhook step or a task. The payload of a webhook step, where there is one, is posted as it is; a task's is the
// data within the task.
func callOf(m *channel.Message, g *nurture.Grant) error {
	c := call{Kind: kindOf(g), ID: g.Effect, Contact: g.Contact, Scenario: g.Scenario, Step: g.Step, Enrolment: g.Enrolment}
	if w := g.Meaning.Webhook; w != nil {
		m.Method = w.Method
		if len(m.Payload) > 0 {
			return nil
		}
	}
	if t := g.Meaning.Task; t != nil {
		due := g.GrantedAt.Add(t.Due).UTC()
		c.Task, c.Title, c.Assignee, c.Due, c.Data = g.Effect, m.Subject, t.Assignee, &due, m.Payload
	}
	payload, err := json.Marshal(&c)
	if err != nil {
		return fmt.Errorf("encode a %s: %w", c.Kind, err)
	}
	m.Payload, m.Subject = payload, ""
	return nil
}

// answersOf are buttons that answer a message's question, under a text that does not do so itself.
func answersOf(survey *letter.Survey) (rows [][]channel.Button) {
	if survey == nil {
		return nil
	}
	for _, a := range survey.Answers {
		rows = append(rows, []channel.Button{{Text: a.Title, URL: a.URL}})
	}
	return rows
}

func buttonsOf(rows [][]letter.Button, g *nurture.Grant, medium definition.Medium) (all [][]channel.Button) {
	for _, row := range rows {
		var buttons []channel.Button
		for _, b := range row {
			if medium == definition.Telegram && b.URL == "" {
				b.Data = PressData(g.Effect, b.Data)
			}
			buttons = append(buttons, channel.Button(b))
		}
		all = append(all, buttons)
	}
	return all
}
