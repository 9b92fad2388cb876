// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "encoding/json"

// Types of events that tell what became of a message, and of what people agreed to. Like all that begin with "waymark." nobody else can send
// them; funnels may have them as stages.
const (
	// MessageSent: the channel took it. The first of its effect moves the enrolment on.
	MessageSent = "waymark.message.sent"
	// MessageFailed: it will never be sent.
	MessageFailed = "waymark.message.failed"
	// MessageDeferred: a try did not succeed for now.
	MessageDeferred = "waymark.message.deferred"
	// MessageInDoubt: nobody knows whether it arrived, and it is not tried again.
	MessageInDoubt = "waymark.message.indoubt"
	// MessageDelivered, MessageBounced and MessageComplained are told later, by whoever received it.
	MessageDelivered  = "waymark.message.delivered"
	MessageBounced    = "waymark.message.bounced"
	MessageComplained = "waymark.message.complained"
	// MessageOpened and MessageClicked are what the person, or a machine, did with it.
	MessageOpened  = "waymark.message.opened"
	MessageClicked = "waymark.message.clicked"
	// MessageReplied and MessagePressed are what the person answered to a bot: a text or a button.
	MessageReplied = "waymark.message.replied"
	MessagePressed = "waymark.message.pressed"
	// ConsentGiven and ConsentWithdrawn are what the person chose by a link of ours.
	ConsentGiven     = "waymark.consent.given"
	ConsentWithdrawn = "waymark.consent.withdrawn"
)

// SurveyAnswered is what the person answered by a link or a page of ours to the question why they left. Its data is a SurveyAnswer.
const SurveyAnswered = "waymark.survey.answered"

// SurveyAnswer is the data of an answer.
type SurveyAnswer struct {
	// Journey is the journey's key, and Answer the name of one of its barriers, or "other".
	Journey string `json:"journey"`
	Answer  string `json:"answer"`
	// Effect is the message that the question was in.
	Effect string `json:"effect,omitempty"`
}

// Types by which senders say what a person agreed to; only a trusted feed is heard. Their data has the form of Consent.
const (
	ConsentGivenType     = "consent.given"
	ConsentWithdrawnType = "consent.withdrawn"
)

// MessageData is the data of an event about a message.
type MessageData struct {
	// Effect is the message's id (package nurture).
	Effect string `json:"effect,omitempty"`
	// Scenario is the scenario's key, and Version, Enrolment, Step, Variant and Channel (a key) say which message of it.
	Scenario  string `json:"scenario,omitempty"`
	Version   string `json:"version,omitempty"`
	Enrolment string `json:"enrolment,omitempty"`
	Step      string `json:"step,omitempty"`
	Variant   string `json:"variant,omitempty"`
	Channel   string `json:"channel,omitempty"`
	// Kind is Send, Webhook, Task or Set.
	Kind string `json:"kind,omitempty"`
	// Attempt counts the claims of the message from 1.
	Attempt int `json:"attempt,omitempty"`
	// Class is why it was not sent (package channel), and Code the receiver's.
	Class string `json:"class,omitempty"`
	Code  string `json:"code,omitempty"`
	// RetryAt is, of a deferred one, when it may be tried again.
	RetryAt Time `json:"retryAt,omitempty"`
	// Answer is what a webhook answered.
	Answer json.RawMessage `json:"answer,omitempty"`
	// URL is what was clicked, Text what was replied, Press what the button says.
	URL   string `json:"url,omitempty"`
	Text  string `json:"text,omitempty"`
	Press string `json:"press,omitempty"`
	// Machine is set when a program and not the person opened or clicked.
	Machine bool `json:"machine,omitempty"`
}

// Consent is the data of an event by which a person agrees to receive something, or does no longer.
type Consent struct {
	// Topic is what; empty is all marketing.
	Topic string `json:"topic,omitempty"`
	// Method says how: OneClick, Page, Preferences, DoubleOptIn, or a sender's own word such as Checkbox.
	Method string `json:"method,omitempty"`
	// TextHash is the SHA-256, in hex, of the text that the person agreed to.
	TextHash string `json:"textHash,omitempty"`
	// Confirmed is set when the person proved to own the address.
	Confirmed bool `json:"confirmed,omitempty"`
	// Effect is the message that the link was in; empty is none.
	Effect string `json:"effect,omitempty"`
}
