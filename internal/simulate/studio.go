// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/sender"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

// Message is one message, call or task as it would have left.
type Message struct {
	Time    time.Time `json:"time"`
	Contact string    `json:"contact"`
	// Scenario is namespace/name; Enrolment and Effect are the ids of the entry and of the message.
	Scenario  string `json:"scenario"`
	Version   string `json:"version"`
	Step      string `json:"step"`
	Variant   string `json:"variant,omitempty"`
	Language  string `json:"language,omitempty"`
	Enrolment string `json:"enrolment"`
	Effect    string `json:"effect"`
	// Kind is Send, Webhook or Task.
	Kind string `json:"kind"`
	// Channel is namespace/name, Medium how it sends, and Address whereto.
	Channel string `json:"channel"`
	Medium  string `json:"medium"`
	Address string `json:"address,omitempty"`

	Subject  string          `json:"subject,omitempty"`
	FromName string          `json:"fromName,omitempty"`
	Text     string          `json:"text,omitempty"`
	HTML     string          `json:"html,omitempty"`
	Buttons  [][]Button      `json:"buttons,omitempty"`
	Payload  json.RawMessage `json:"payload,omitempty"`
	URL      string          `json:"url,omitempty"`
	Method   string          `json:"method,omitempty"`
	// Error says why no message could be made.
	Error string `json:"error,omitempty"`

	contact string // as the log has it
	outcome virtual.Outcome
}

// Button is one button under a bot's message: it opens URL, or Data comes back as data.press of the event waymark.message.pressed.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"data,omitempty"`
}

func buttonsOf(rows [][]channel.Button) (all [][]Button) {
	for _, row := range rows {
		var buttons []Button
		for _, b := range row {
			_, data := sender.ReadPress(b.Data)
			buttons = append(buttons, Button{b.Text, b.URL, data})
		}
		all = append(all, buttons)
	}
	return all
}

// studio makes messages as a sender does. It is safe for concurrent use.
type studio struct {
	letters  sender.Letters
	delivery definition.Delivery
	channels map[string]*definition.DeliveryChannel
	answers  *answers

	mu     sync.Mutex
	failed map[string]int64
}

// linkKey signs the links in messages that nobody is sent.
var linkKey = base64.StdEncoding.EncodeToString([]byte("waymark-simulate-signs-no-secret"))

func newStudio(w *workspace, given *answers, tracked bool) *studio {
	spec := &w.resource.Spec
	s := &studio{
		delivery: definition.Delivery{
			PublicURL: spec.PublicURL, LinkKeys: []string{linkKey}, Workspace: w.resource.Name, TimeZone: w.zone.String(), Currency: spec.Currency,
			Topics: w.policy.Topics, Surveys: w.surveys(),
		},
		channels: map[string]*definition.DeliveryChannel{},
		answers:  given,
		failed:   map[string]int64{},
	}
	for _, c := range w.channels {
		by := &definition.DeliveryChannel{Channel: c.meaning}
		if !tracked {
			by.Tracking = definition.Tracking{}
		}
		s.channels[c.key] = by
	}
	return s
}

// surveys are what the journeys of a workspace ask.
func (w *workspace) surveys() []definition.AskedSurvey {
	journeys := make([]v1alpha1.Journey, 0, len(w.journeys))
	for _, j := range w.journeys {
		journeys = append(journeys, j.resource)
	}
	return definition.Surveys(journeys)
}

// make makes a message and says what becomes of it: all are taken, but for those that cannot be made and calls that are given as failing.
func (s *studio) make(g *nurture.Grant) *Message {
	id, _ := event.AnonymousID(g.Contact)
	m := &Message{
		Time: g.GrantedAt.UTC(), Contact: id, Scenario: shortKey(g.Scenario), Version: g.Version, Step: g.Step, Variant: g.Variant,
		Language: g.Language, Enrolment: g.Enrolment, Effect: g.Effect, Kind: string(g.Kind), Channel: shortKey(g.Channel), Address: g.Address,
		contact: g.Contact,
	}
	c := s.channels[g.Channel]
	if c == nil {
		return m // it writes attributes
	}
	m.Medium = string(c.Medium)
	made, err := s.letters.Render(g, &s.delivery, c)
	if err != nil {
		m.Error = err.Error()
		m.outcome = virtual.Outcome{Failed: true, Class: sender.ClassRenderFailed}
		s.mu.Lock()
		s.failed[fmt.Sprintf("of %s, step %s: %s", m.Scenario, m.Step, m.Error)]++
		s.mu.Unlock()
		return m
	}
	m.Subject, m.FromName, m.Text, m.HTML, m.URL, m.Method = made.Subject, made.FromName, made.Text, made.HTML, made.URL, made.Method
	m.Buttons = buttonsOf(made.Buttons)
	if json.Valid(made.Payload) {
		m.Payload = made.Payload
	}
	m.outcome = s.answers.of(m)
	return m
}

// failures tells which messages could not be made.
func (s *studio) failures() (told []string) {
	for _, what := range slices.Sorted(maps.Keys(s.failed)) {
		told = append(told, fmt.Sprintf("%d messages could not be made: %s", s.failed[what], what))
	}
	return told
}

// shortKey leaves the kind out of a key.
func shortKey(key string) string {
	_, name, _ := strings.Cut(key, "/")
	return name
}
