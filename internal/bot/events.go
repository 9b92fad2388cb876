// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package bot hears what people do with the bots of a workspace and makes events of it.
//
// Who talks to a bot is the contact "telegram:" and the chat's id from the first word on, so that it can be answered at once. A start link that
// we made for a contact joins the two; a plain payload joins nobody, for anybody can guess it: it is only told.
package bot

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/channel/telegram"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/sender"
)

// Types of events that only bots have.
const (
	// Started: the person pressed Start. Data.start is what the link carried.
	Started = "bot.started"
	// Left: the person blocked the bot.
	Left = "bot.left"
)

const (
	// contactPrefix begins the contacts that are chats.
	contactPrefix = "telegram:"
	// sourcePrefix begins the source of a bot's events; the channel's namespace and name follow.
	sourcePrefix = "waymark/telegram/"
	// maxText bounds what is kept of a text, in bytes.
	maxText = 8 << 10
)

// chatTraits are the attributes that a chat gives its contact.
type chatTraits struct {
	Traits struct {
		Chat     string `json:"telegram_chat"`
		Name     string `json:"telegram_name,omitempty"`
		Language string `json:"telegram_language,omitempty"`
	} `json:"traits"`
}

// startedData is the data of Started.
type startedData struct {
	Start   string `json:"start,omitempty"`
	Channel string `json:"channel"`
}

// Channel says whose bot it is.
type Channel struct{ Namespace, Name string }

func (c Channel) key() string { return definition.Key(definition.KindChannel, c.Namespace, c.Name) }

// Events gives what an update tells, for the log. The same update always gives the same events, as far as the keys are the same. Keys read the
// start links that are ours; nil: none is.
func Events(c Channel, u *telegram.Update, keys *link.Keys, now event.Time) ([]event.Event, error) {
	m := maker{channel: c, update: u, now: now}
	switch {
	case u.Started:
		m.started(keys)
	case u.Left:
		m.add(m.chat(), Left, startedData{Channel: c.key()})
	case u.Pressed:
		effect, data := sender.ReadPress(u.Data)
		m.add(m.chat(), event.MessagePressed, event.MessageData{Effect: effect, Channel: c.key(), Press: data})
	default:
		m.add(m.chat(), event.MessageReplied, event.MessageData{Channel: c.key(), Text: cut(u.Text, maxText)})
	}
	return m.events, m.err
}

// maker collects the events of one update.
type maker struct {
	channel Channel
	update  *telegram.Update
	now     event.Time
	events  []event.Event
	err     error
}

func (m *maker) chat() string { return contactPrefix + m.update.ChatID }

// add adds an event; what it is about is part of its id, as one update has several.
func (m *maker) add(contact, kind string, data any) *event.Event {
	encoded, err := json.Marshal(data)
	if err != nil {
		m.err = fmt.Errorf("encode the data of %s: %w", kind, err)
	}
	e := event.Event{
		Contact: contact, Type: kind, Source: sourcePrefix + m.channel.Namespace + "/" + m.channel.Name,
		ID:   strconv.FormatInt(m.update.ID, 10) + "/" + strconv.Itoa(len(m.events)),
		Time: event.At(m.update.Time), Received: m.now, Data: encoded,
	}
	e.Clamp()
	m.events = append(m.events, e)
	return &m.events[len(m.events)-1]
}

// started lets the chat be answered, and joins it to the contact that its link was made for.
func (m *maker) started(keys *link.Keys) {
	var traits chatTraits
	traits.Traits.Chat, traits.Traits.Name, traits.Traits.Language = m.update.ChatID, m.update.FirstName, m.update.LanguageCode
	m.add(m.chat(), event.Identify, traits)
	known := ""
	if keys != nil && !m.group() {
		known, _ = keys.OpenStart(m.update.Start)
	}
	told := startedData{Start: m.update.Start, Channel: m.channel.key()}
	if known != "" {
		told.Start = "" // it did its work, and is nobody else's to read
	}
	if known != "" && known != m.chat() {
		m.add(known, event.Identify, traits)
		statement := event.Statement{Type: event.AliasType, PreviousID: m.chat()}
		alias := m.add(known, event.AliasType, map[string]string{"previousId": m.chat()})
		joined, _ := event.Relate(alias, statement, true)
		m.events = append(m.events, joined...)
	}
	m.add(m.chat(), Started, told)
}

// group says whether several people may be in the chat, so that it is nobody's own.
func (m *maker) group() bool { return strings.HasPrefix(m.update.ChatID, "-") }

// cut keeps at most n bytes of a text, of whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}
