// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package inbox stands in for the people and services that messages go to: a mail server, a webhook receiver and the Bot API, which remember
// what arrived, and can be told to misbehave.
package inbox

import (
	"net/http"
	"regexp"
	"sync"
	"time"
)

// Message is one that arrived.
type Message struct {
	// Channel is smtp, webhook or telegram.
	Channel string `json:"channel"`
	// ID is the message's: of mail, what stands before the @ of its Message-ID; of a webhook, its webhook-id; of a bot, the one given here.
	ID string `json:"id"`
	// Repeated says that one of this channel with that id had arrived before.
	Repeated bool `json:"repeated,omitempty"`
	// Dropped says that it arrived and the sender was never told so.
	Dropped bool              `json:"dropped,omitempty"`
	To      string            `json:"to"`
	Subject string            `json:"subject,omitempty"`
	Text    string            `json:"text,omitempty"`
	HTML    string            `json:"html,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Buttons are the data and addresses under a bot's message, in order.
	Buttons []string  `json:"buttons,omitempty"`
	Time    time.Time `json:"time"`
}

// Behaviour says how the sink treats what arrives. The zero value takes everything at once.
type Behaviour struct {
	// Reject is a pattern of addresses that do not exist.
	Reject string `json:"reject,omitempty"`
	// DelayMillis is how long each answer takes.
	DelayMillis int64 `json:"delayMillis,omitempty"`
	// DropEvery has every n-th message kept and its connection closed instead of an answer; 0 never.
	DropEvery int64 `json:"dropEvery,omitempty"`
	// LoseEvery is the same, but the message is not kept.
	LoseEvery int64 `json:"loseEvery,omitempty"`
	// DeferEvery has every n-th message refused for the moment (451, 503, 429).
	DeferEvery int64 `json:"deferEvery,omitempty"`
	// Password is what mail servers' users have to log in with; empty asks nobody to.
	Password string `json:"password,omitempty"`
}

// Inbox remembers messages. It is safe for concurrent use.
type Inbox struct {
	// signingKey verifies webhooks; empty accepts all.
	signingKey string

	mu       sync.Mutex
	messages []Message
	known    map[string]bool
	seen     int64
	behave   Behaviour
	reject   *regexp.Regexp
	updates  updates
}

// New makes an inbox. With a signing key, webhooks that it did not sign are answered 401.
func New(signingKey string) *Inbox {
	return &Inbox{signingKey: signingKey, known: map[string]bool{}, updates: updates{changed: make(chan struct{})}}
}

// Behave changes how messages are treated from now on. An error says that the pattern is none.
func (i *Inbox) Behave(b Behaviour) error {
	var reject *regexp.Regexp
	if b.Reject != "" {
		var err error
		if reject, err = regexp.Compile(b.Reject); err != nil {
			return err
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.behave, i.reject, i.seen = b, reject, 0
	return nil
}

// Messages are all that arrived, in order.
func (i *Inbox) Messages() []Message {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]Message{}, i.messages...)
}

// Clear forgets all messages and ids; updates that wait for a bot stay.
func (i *Inbox) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.messages, i.known = nil, map[string]bool{}
}

// unknown says whether an address is to be refused.
func (i *Inbox) unknown(address string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.reject != nil && i.reject.MatchString(address)
}

// password is what has to be logged in with.
func (i *Inbox) password() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.behave.Password
}

// fate is what becomes of a message.
type fate int

const (
	taken fate = iota
	dropped
	lost
	deferred
)

// arrive keeps a message, unless it is to be lost or refused, and says how to answer. It takes as long as the sink is told to.
func (i *Inbox) arrive(m Message) fate {
	i.mu.Lock()
	delay := time.Duration(i.behave.DelayMillis) * time.Millisecond
	i.mu.Unlock()
	time.Sleep(delay)

	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen++
	due := func(every int64) bool { return every > 0 && i.seen%every == 0 }
	switch {
	case due(i.behave.DeferEvery):
		return deferred
	case due(i.behave.LoseEvery):
		return lost
	}
	key := m.Channel + " " + m.ID
	m.Repeated, i.known[key] = i.known[key], true
	m.Dropped = due(i.behave.DropEvery)
	m.Time = time.Now().UTC()
	i.messages = append(i.messages, m)
	if m.Dropped {
		return dropped
	}
	return taken
}

// hangUp closes a request's connection without an answer.
func hangUp() { panic(http.ErrAbortHandler) }
