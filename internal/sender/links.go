// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"errors"
	"fmt"
	"strings"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/letter"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/pages"
)

// links are the addresses of one message; empty ones are not there.
type links struct {
	unsubscribe, preferences, confirm string
	// start is what a link to a bot carries.
	start string
	// survey are those that answer the message's question; nil when it has none.
	survey *letter.Survey
	// oneClick is what mail programs post to by themselves.
	oneClick string
	// base is what they all say, and address makes one of them.
	base    link.Link
	address func(l link.Link) (string, error)
}

// linksOf makes the links of a message. Without a public URL there are none.
func (r *Letters) linksOf(g *nurture.Grant, d *definition.Delivery) (*links, error) {
	l := &links{}
	if d.PublicURL == "" || len(d.LinkKeys) == 0 || g.Kind != nurture.KindSend {
		return l, nil
	}
	keys, err := r.keysOf(d)
	if err != nil {
		return nil, err
	}
	l.address = func(one link.Link) (string, error) { return keys.URL(d.PublicURL, one) }
	l.base = link.Link{
		Contact: g.Contact, Effect: g.Effect, Scenario: g.Scenario, Version: g.Version, Enrolment: g.Enrolment, Step: g.Step,
		Variant: g.Variant, Channel: g.Channel, Topic: g.Topic, Issued: g.GrantedAt.UTC(),
	}
	for _, one := range []struct {
		kind link.Kind
		into *string
	}{{link.Unsubscribe, &l.unsubscribe}, {link.Preferences, &l.preferences}, {link.Confirm, &l.confirm}} {
		if *one.into, err = l.make(one.kind, ""); err != nil {
			return nil, fmt.Errorf("make links: %w", err)
		}
	}
	if l.start, err = keys.SealStart(g.Contact); err != nil && !errors.Is(err, link.ErrStartTooLong) {
		return nil, fmt.Errorf("make links: %w", err)
	}
	if g.Purpose == definition.Marketing {
		l.oneClick = l.unsubscribe
	}
	if asked := d.Survey(g.Meaning.Send.Survey); asked != nil {
		if l.survey, err = l.ask(asked, g.Language); err != nil {
			return nil, fmt.Errorf("make links: %w", err)
		}
	}
	return l, nil
}

// ask makes a link for each answer to a question, and one without.
func (l *links) ask(asked *definition.AskedSurvey, language string) (*letter.Survey, error) {
	one := l.base
	one.Kind, one.Journey = link.Survey, asked.Journey
	page, err := l.address(one)
	if err != nil {
		return nil, err
	}
	survey := &letter.Survey{URL: page}
	for _, a := range asked.All(pages.OtherTitle(language, asked.Answers)) {
		one.Answer = a.Name
		address, err := l.address(one)
		if err != nil {
			return nil, err
		}
		survey.Answers = append(survey.Answers, letter.Answer{Name: a.Name, Title: a.Title, URL: address})
	}
	return survey, nil
}

// own are the links that are not led through a click: what they do is told anyway.
func (l *links) own() []string {
	all := []string{l.unsubscribe, l.preferences, l.confirm}
	if l.survey != nil {
		all = append(all, l.survey.URL)
		for _, a := range l.survey.Answers {
			all = append(all, a.URL)
		}
	}
	return all
}

// keysOf gives the keys of a delivery, which are made once.
func (r *Letters) keysOf(d *definition.Delivery) (*link.Keys, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == d {
		return r.keys, nil
	}
	keys, err := link.NewKeys(d.LinkKeys)
	if err != nil {
		return nil, err
	}
	r.keys, r.of = keys, d
	return keys, nil
}

func (l *links) make(kind link.Kind, target string) (string, error) {
	one := l.base
	one.Kind, one.Target = kind, target
	return l.address(one)
}

// apply adds what a channel counts and what mail programs look for.
func (l *links) apply(m *channel.Message, c *definition.DeliveryChannel) {
	m.Unsubscribe = l.oneClick
	if l.address == nil {
		return
	}
	t := letter.Tracking{Wrap: func(address string) string { return address }, Keep: l.own()}
	if c.Tracking.Opens {
		if pixel, err := l.make(link.Open, ""); err == nil {
			t.Pixel = pixel
		}
	}
	if c.Tracking.Clicks {
		t.Wrap = func(address string) string {
			wrapped, err := l.make(link.Click, address)
			if err != nil {
				return address // such as one that is too long: better uncounted than broken
			}
			return wrapped
		}
		m.Text = t.Text(m.Text)
		for _, row := range m.Buttons {
			for i := range row {
				if strings.HasPrefix(row[i].URL, "http") {
					row[i].URL = t.Text(row[i].URL)
				}
			}
		}
	}
	if m.HTML != "" && (c.Tracking.Clicks || c.Tracking.Opens) {
		m.HTML = t.HTML(m.HTML)
	}
}
