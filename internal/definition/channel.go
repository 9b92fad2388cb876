// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "time"

// Medium is how a channel's messages leave.
type Medium string

const (
	// SMTP sends mail.
	SMTP Medium = "SMTP"
	// Webhook posts to an HTTP endpoint.
	Webhook Medium = "Webhook"
	// Telegram sends through a bot.
	Telegram Medium = "Telegram"
)

// Guarantee says what is done about a message of which it is not known whether it left: the process died, or the connection broke, between
// its handing over and the answer. Either way it is counted as in doubt.
type Guarantee string

const (
	// AtLeastOnce tries again, with the same id: nobody is left out, and a receiver that does not know the id may have it twice.
	AtLeastOnce Guarantee = "AtLeastOnce"
	// AtMostOnce does not: nobody has it twice, and somebody may not have it at all.
	AtMostOnce Guarantee = "AtMostOnce"
)

// Channel is the meaning of a MessageChannel: all that deciding about a message and sending it depends on, but for the secrets. The fold
// looks at Medium, Address, Guarantee, Limits and Feedback; the rest is the sender's.
type Channel struct {
	// Namespace and Name are the resource's.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Medium says which of SMTP, Webhook and Telegram is set.
	Medium Medium `json:"medium"`
	// Address is a CEL expression for where a contact is reached: contact.attributes.email for SMTP, contact.attributes.telegram_chat for
	// Telegram, unless the resource says otherwise. Empty for a webhook that needs none; then the contact's id stands for it.
	Address string `json:"address,omitempty"`
	// Guarantee is what becomes of a message in doubt.
	Guarantee Guarantee `json:"guarantee"`
	// Limits bound how fast and when messages leave.
	Limits   Limits           `json:"limits,omitzero"`
	SMTP     *SMTPSettings    `json:"smtp,omitempty"`
	Webhook  *WebhookSettings `json:"webhook,omitempty"`
	Telegram *BotSettings     `json:"telegram,omitempty"`
	// Breaker stops the channel when too much goes wrong; nil never does.
	Breaker *Breaker `json:"breaker,omitempty"`
	// Feedback are events of others that tell what became of a message: bounces and complaints that come later.
	Feedback []Feedback `json:"feedback,omitempty"`
	// Tracking says whether opens and clicks are counted.
	Tracking Tracking `json:"tracking,omitzero"`
}

// Limits bound how fast messages leave.
type Limits struct {
	// Messages at most leave in any stretch of Per, over all partitions and replicas; 0 is unbounded.
	Messages int64         `json:"messages,omitempty"`
	Per      time.Duration `json:"per,omitempty"`
	// WarmUp begins with fewer messages a day and grows; nil is none.
	WarmUp *WarmUp `json:"warmUp,omitempty"`
	// Retries is how often a message that failed for the moment is tried again, and RetryFor for how long; then it has failed.
	Retries  int32         `json:"retries"`
	RetryFor time.Duration `json:"retryFor"`
}

// WarmUp lets a new sender's volume grow: on day n from Since on, counted from 0 in the workspace's zone, at most First * Growth^n / 100^n
// messages leave, until that is Until or more.
type WarmUp struct {
	// Since is the first day, as YYYY-MM-DD.
	Since string `json:"since"`
	// First is the bound on that day.
	First int64 `json:"first"`
	// GrowthPercent is each day's bound as a percentage of the day before's, such as 150.
	GrowthPercent int32 `json:"growthPercent"`
	// Until is the bound at which the warm-up is over.
	Until int64 `json:"until"`
}

// Breaker stops a channel whose share of hard bounces or complaints, over the last Of messages, is above a bound. It lets a message through
// after Pause to try.
type Breaker struct {
	// Bounces and Complaints are bounds in basis points; 0 is none.
	Bounces    int32 `json:"bounces,omitempty"`
	Complaints int32 `json:"complaints,omitempty"`
	// Of is how many of the latest messages are looked at; fewer are never judged.
	Of int32 `json:"of"`
	// Pause is how long nothing leaves.
	Pause time.Duration `json:"pause"`
}

// FeedbackKind is what an event tells of a message or an address.
type FeedbackKind string

const (
	// HardBounce says that the address does not exist: it is suppressed.
	HardBounce FeedbackKind = "HardBounce"
	// SoftBounce says that the message did not arrive for now.
	SoftBounce FeedbackKind = "SoftBounce"
	// Complaint says that the person marked the message as unwanted: the address is suppressed.
	Complaint FeedbackKind = "Complaint"
	// Arrived says that the message was delivered.
	Arrived FeedbackKind = "Delivered"
)

// Feedback is an event that tells what became of a message.
type Feedback struct {
	// Event is its type, and Where a CEL condition on it; empty is always true.
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// Kind is what it tells.
	Kind FeedbackKind `json:"kind"`
	// Message is a CEL expression on it for the message's id; empty: the latest message of the channel to that contact.
	Message string `json:"message,omitempty"`
}

// Tracking says what is counted about a message that arrived. Both need the workspace's public URL.
type Tracking struct {
	// Clicks leads links through Waymark, Opens adds a picture.
	Clicks bool `json:"clicks,omitempty"`
	Opens  bool `json:"opens,omitempty"`
}

// Encryption says how a connection to a mail server is protected.
type Encryption string

const (
	// StartTLS begins in the clear and refuses to go on without TLS.
	StartTLS Encryption = "StartTLS"
	// ImplicitTLS begins with TLS.
	ImplicitTLS Encryption = "ImplicitTLS"
	// NoEncryption never uses TLS.
	NoEncryption Encryption = "None"
)

// SMTPSettings say how mail leaves.
type SMTPSettings struct {
	// Host and Port are the server's.
	Host string `json:"host"`
	Port int32  `json:"port"`
	// Encryption of the connection.
	Encryption Encryption `json:"encryption"`
	// From is the sender's address, FromName the name beside it, and ReplyTo where answers go; empty is From.
	From     string `json:"from"`
	FromName string `json:"fromName,omitempty"`
	ReplyTo  string `json:"replyTo,omitempty"`
	// DKIM signs mail; nil does not.
	DKIM *DKIM `json:"dkim,omitempty"`
	// Connections at most are open at a time.
	Connections int32 `json:"connections"`
}

// DKIM signs mail for a domain. The key is a secret.
type DKIM struct {
	// Domain and Selector are where the public key lies in the DNS.
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
}

// WebhookSettings say where messages are posted.
type WebhookSettings struct {
	// URL of the endpoint.
	URL string `json:"url"`
	// Headers are sent along; secret ones are among the secrets.
	Headers map[string]string `json:"headers,omitempty"`
	// Timeout of a call.
	Timeout time.Duration `json:"timeout"`
	// Concurrency is how many calls are made at a time at most.
	Concurrency int32 `json:"concurrency"`
}

// BotSettings say how a bot talks.
type BotSettings struct {
	// APIURL is the Bot API's address; empty is Telegram's own.
	APIURL string `json:"apiURL,omitempty"`
	// Updates says whether the bot listens: replies and presses of buttons become events.
	Updates bool `json:"updates,omitempty"`
}

// ChannelSecrets are what a channel's sender must know and nothing else may.
type ChannelSecrets struct {
	// Username and Password log in to a mail server; both empty: nobody logs in.
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	// CA are certificates in PEM that a server's is checked against; empty are the well-known ones.
	CA string `json:"ca,omitempty"`
	// DKIMKey is a private key in PEM: RSA or Ed25519.
	DKIMKey string `json:"dkimKey,omitempty"`
	// SigningKeys sign webhooks by the Standard Webhooks scheme ("whsec_" and base64): with each of them, so that they can be rotated.
	SigningKeys []string `json:"signingKeys,omitempty"`
	// Headers are secret headers of a webhook.
	Headers map[string]string `json:"headers,omitempty"`
	// Token is a bot's.
	Token string `json:"token,omitempty"`
}

// Delivery is what a workspace's sender works with: every channel with its secrets, and where messages really go. It reaches the runner as a
// file of a Secret, as feeds do.
type Delivery struct {
	// Version is a hash of all the rest.
	Version string `json:"version"`
	// Mode is Live, Redirect or DryRun; To is where Redirect leads.
	Mode string `json:"mode"`
	To   string `json:"to,omitempty"`
	// PublicURL begins the links in messages; empty: there are none.
	PublicURL string `json:"publicURL,omitempty"`
	// LinkKeys sign those links: the first signs, all are accepted. Each has 32 bytes or more, in base64.
	LinkKeys []string `json:"linkKeys,omitempty"`
	// Workspace, in messages, is its name, Title what people call it.
	Workspace string `json:"workspace"`
	Title     string `json:"title,omitempty"`
	// TimeZone and Currency are the workspace's.
	TimeZone string `json:"timeZone"`
	Currency string `json:"currency,omitempty"`
	// Topics are those that people can agree to, for the preference page.
	Topics []Topic `json:"topics,omitempty"`
	// Surveys are what journeys ask those who left, in the order of the journeys' keys.
	Surveys []AskedSurvey `json:"surveys,omitempty"`
	// Channels are in the order of their keys.
	Channels []DeliveryChannel `json:"channels,omitempty"`
}

// DeliveryChannel is a channel with what it needs to send.
type DeliveryChannel struct {
	Channel
	Secrets ChannelSecrets `json:"secrets,omitzero"`
}

// Topic is something that people can agree to receive.
type Topic struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// DoubleOptIn asks for a confirmation by a link before anything is sent.
	DoubleOptIn bool `json:"doubleOptIn,omitempty"`
}
