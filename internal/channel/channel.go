// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package channel carries messages to people: by mail, to a webhook, through a bot. It knows nothing of scenarios: what it is given is
// rendered and allowed; what it gives back says what became of it.
package channel

import (
	"context"
	"time"
)

// Message is one message, ready to leave.
type Message struct {
	// ID names the message for ever: however often it is tried, it is the same. Receivers know duplicates by it.
	ID string
	// To is where it goes: a mail address, the id of a chat; of a webhook, the contact's id.
	To string
	// ToName is the person's name beside a mail address; empty is none.
	ToName string
	// Subject, Text and HTML are the content. A bot sends Text alone, a webhook all of them.
	Subject, Text, HTML string
	// From replaces the channel's sender name; empty keeps it.
	FromName string
	// Buttons are rows of buttons under a bot's message.
	Buttons [][]Button
	// Unsubscribe is the address that one-click unsubscribing posts to (RFC 8058); empty is none.
	Unsubscribe string
	// Payload is a JSON object that a webhook posts instead of the content; empty posts the content.
	Payload []byte
	// Kind names what the webhook is about, such as message, task or step.
	Kind string
	// URL, Method and Headers of a webhook step replace the channel's; empty keeps them.
	URL, Method string
	Headers     map[string]string
	// Time is when it was granted: it is the message's date.
	Time time.Time
}

// Button is one button under a bot's message.
type Button struct {
	// Text is what people see.
	Text string
	// URL is opened; or Data comes back when it is pressed, at most 64 bytes. Exactly one is set.
	URL, Data string
}

// Outcome is what became of one try.
type Outcome uint8

const (
	// Accepted is when the receiver has it.
	Accepted Outcome = iota
	// Rejected is when it will never be taken; see Class.
	Rejected
	// Deferred is when it was not taken now and certainly did not arrive; it may be tried again after RetryAfter.
	Deferred
	// InDoubt is when nobody knows whether it arrived.
	InDoubt
)

// Class says why a message was rejected or deferred.
type Class string

const (
	// AddressInvalid says that there is no such address (5.1.x, a chat that is gone, 410 of a webhook): it is suppressed.
	AddressInvalid Class = "AddressInvalid"
	// Blocked says that the person does not want to hear from the sender (a bot that was blocked): the address is suppressed.
	Blocked Class = "Blocked"
	// MailboxFull says that there is no room for now (5.2.2, 4.2.2): tried again.
	MailboxFull Class = "MailboxFull"
	// Policy says that the receiver refuses the sender (5.7.x): the channel pauses.
	Policy Class = "Policy"
	// Content says that the receiver refuses this message (too large, not accepted).
	Content Class = "Content"
	// Credentials says that the channel may not send (a wrong password or token): the channel pauses.
	Credentials Class = "Credentials"
	// Unreachable says that there is no connection, or the receiver is overloaded or broken.
	Unreachable Class = "Unreachable"
	// Throttled says that the receiver asks to wait.
	Throttled Class = "Throttled"
	// Other is any other refusal.
	Other Class = "Other"
)

// Result is what became of one try of a message.
type Result struct {
	Outcome Outcome
	// Class says why it was not accepted; in doubt it is Unreachable.
	Class Class
	// Code is the receiver's, such as 5.1.1 or 429; it holds nothing personal.
	Code string
	// RetryAfter is how long the receiver asks to wait; 0 is not said.
	RetryAfter time.Duration
	// Reference is the receiver's own id of the message; empty is none.
	Reference string
	// Answer is the JSON that a webhook answered, at most 16 KiB; empty is none.
	Answer []byte
	// Err says more, for a log, and wraps the context's where that ended; it holds nothing personal and no secret. An accepted message may have
	// one too: an answer that was not kept.
	Err error
}

// Channel sends messages. It is safe for concurrent use.
type Channel interface {
	// Send tries once. It never tries again by itself, as whoever calls it must know of each try.
	Send(ctx context.Context, m *Message) Result
	// Probe says whether messages could leave: it connects and logs in, and sends nothing. The error is a *Failure.
	Probe(ctx context.Context) error
	// Close lets go of connections.
	Close() error
}
