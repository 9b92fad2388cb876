// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MessageChannelSpec says how messages leave: exactly one of smtp, webhook and
// telegram.
//
// +kubebuilder:validation:XValidation:rule="[has(self.smtp), has(self.webhook), has(self.telegram)].exists_one(x, x)",message="set exactly one of smtp, webhook and telegram"
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change: create another MessageChannel"
// +kubebuilder:validation:XValidation:rule="has(self.smtp) == has(oldSelf.smtp) && has(self.webhook) == has(oldSelf.webhook) && has(self.telegram) == has(oldSelf.telegram)",message="a channel stays smtp, webhook or telegram, as addresses would no longer fit: create another MessageChannel"
type MessageChannelSpec struct {
	// workspaceRef names the Workspace whose messages leave. It cannot change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// smtp sends mail.
	// +optional
	SMTP *SMTPChannel `json:"smtp,omitempty"`

	// webhook posts to an HTTP endpoint, such as that of a provider of short
	// messages, or your own.
	// +optional
	Webhook *WebhookChannel `json:"webhook,omitempty"`

	// telegram talks through a bot.
	// +optional
	Telegram *TelegramChannel `json:"telegram,omitempty"`

	// address gives where a contact is reached. Without it
	// contact.attributes.email of mail, contact.attributes.telegram_chat of a bot,
	// and the contact's id of a webhook.
	// +optional
	Address Expression `json:"address,omitempty"`

	// guarantee says what is done about a message of which it is not known whether
	// it left. AtLeastOnce: it is sent again, with the same id. AtMostOnce: it is
	// not. Without it AtLeastOnce for a webhook, as it can tell by the id, and
	// AtMostOnce otherwise.
	// +optional
	Guarantee DeliveryGuarantee `json:"guarantee,omitempty"`

	// limits bound how fast messages leave.
	// +optional
	Limits *ChannelLimits `json:"limits,omitempty"`

	// breaker stops the channel when too much goes wrong.
	// +optional
	Breaker *ChannelBreaker `json:"breaker,omitempty"`

	// feedback lists events by which others tell what became of messages, such as
	// bounces that come later.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Feedback []ChannelFeedback `json:"feedback,omitempty"`

	// tracking says whether opens and clicks are counted. It needs publicURL of the
	// workspace.
	// +optional
	Tracking *ChannelTracking `json:"tracking,omitempty"`
}

// DeliveryGuarantee says what is done about a message in doubt.
//
// +kubebuilder:validation:Enum=AtLeastOnce;AtMostOnce
type DeliveryGuarantee string

// Guarantees.
const (
	// GuaranteeAtLeastOnce sends it again.
	GuaranteeAtLeastOnce DeliveryGuarantee = "AtLeastOnce"
	// GuaranteeAtMostOnce does not.
	GuaranteeAtMostOnce DeliveryGuarantee = "AtMostOnce"
)

// SMTPChannel sends mail.
//
// +kubebuilder:validation:XValidation:rule="!has(self.auth) || !has(self.encryption) || self.encryption != 'None'",fieldPath=".encryption",message="a password never goes over a connection in the clear: write encryption: StartTLS or TLS, or remove auth"
type SMTPChannel struct {
	// host of the mail server.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9.:-]+$`
	Host string `json:"host"`

	// port of the mail server. Without it 587, or 465 with encryption: TLS.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`

	// encryption of the connection. StartTLS begins in the clear and goes on only
	// with TLS, TLS begins with it, None never uses it.
	// +optional
	// +default="StartTLS"
	Encryption SMTPEncryption `json:"encryption,omitempty"`

	// from is the sender's address.
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^\s@<>"&\\,;]+@[^\s@<>"&\\,;]+$`
	From string `json:"from"`

	// fromName beside the address.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	FromName string `json:"fromName,omitempty"`

	// replyTo is where answers go. Without it to from.
	// +optional
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^\s@<>"&\\,;]+@[^\s@<>"&\\,;]+$`
	ReplyTo string `json:"replyTo,omitempty"`

	// auth logs in to the server. Without it nobody logs in.
	// +optional
	Auth *SMTPAuth `json:"auth,omitempty"`

	// caSecretRef names the key of a Secret with certificates in PEM that the
	// server's is checked against. Without it the well-known ones.
	// +optional
	CASecretRef *SecretKeyReference `json:"caSecretRef,omitempty"`

	// dkim signs mail for a domain.
	// +optional
	DKIM *DKIMSigning `json:"dkim,omitempty"`

	// connections that are open at a time at most.
	// +optional
	// +default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Connections int32 `json:"connections,omitempty"`
}

// SMTPEncryption says how a connection to a mail server is protected.
//
// +kubebuilder:validation:Enum=StartTLS;TLS;None
type SMTPEncryption string

// Kinds of encryption.
const (
	// SMTPStartTLS begins in the clear and goes on only with TLS.
	SMTPStartTLS SMTPEncryption = "StartTLS"
	// SMTPTLS begins with TLS.
	SMTPTLS SMTPEncryption = "TLS"
	// SMTPPlain never uses TLS.
	SMTPPlain SMTPEncryption = "None"
)

// SMTPAuth logs in to a mail server.
type SMTPAuth struct {
	// usernameSecretRef names the key of a Secret that holds the user's name.
	// +required
	UsernameSecretRef SecretKeyReference `json:"usernameSecretRef"`

	// passwordSecretRef names the key of a Secret that holds the password.
	// +required
	PasswordSecretRef SecretKeyReference `json:"passwordSecretRef"`
}

// DKIMSigning signs mail for a domain.
type DKIMSigning struct {
	// domain whose name servers show the public key.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9.:-]+$`
	Domain string `json:"domain"`

	// selector of the key in the domain.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Selector string `json:"selector"`

	// privateKeySecretRef names the key of a Secret with the private key in PEM:
	// RSA or Ed25519.
	// +required
	PrivateKeySecretRef SecretKeyReference `json:"privateKeySecretRef"`
}

// WebhookChannel posts to an HTTP endpoint.
type WebhookChannel struct {
	// url of the endpoint.
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s<>"@\\]+$`
	URL string `json:"url"`

	// headers that are sent along.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Headers []WebhookHeader `json:"headers,omitempty"`

	// signingSecretRefs name keys of Secrets that calls are signed with by the
	// Standard Webhooks scheme, with each of them, so that they can be rotated.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4
	SigningSecretRefs []SecretKeyReference `json:"signingSecretRefs,omitempty"`

	// timeout of a call.
	// +optional
	// +default="10s"
	Timeout Duration `json:"timeout,omitempty"`

	// concurrency is how many calls are made at a time at most.
	// +optional
	// +default=8
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	Concurrency int32 `json:"concurrency,omitempty"`
}

// WebhookHeader is sent along with calls.
//
// +kubebuilder:validation:XValidation:rule="has(self.value) != has(self.valueSecretRef)",message="set exactly one of value and valueSecretRef"
type WebhookHeader struct {
	// name of the header.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9-]+$`
	Name string `json:"name"`

	// value of the header.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^[ -~]+$`
	Value string `json:"value,omitempty"`

	// valueSecretRef names the key of a Secret that holds the value.
	// +optional
	ValueSecretRef *SecretKeyReference `json:"valueSecretRef,omitempty"`
}

// TelegramChannel talks through a bot.
type TelegramChannel struct {
	// tokenSecretRef names the key of a Secret that holds the bot's token.
	// +required
	TokenSecretRef SecretKeyReference `json:"tokenSecretRef"`

	// apiURL of the Bot API. Without it Telegram's own.
	// +optional
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s<>"&@\\]+$`
	APIURL string `json:"apiURL,omitempty"`

	// updates makes events of what people write to the bot and of the buttons that
	// they press. Only one channel may ask for a bot's updates.
	// +optional
	Updates bool `json:"updates,omitempty"`
}

// ChannelLimits bound how fast messages leave.
//
// +kubebuilder:validation:XValidation:rule="has(self.messages) == has(self.per)",message="write both messages and per, such as messages: 10 and per: 1s, or neither"
type ChannelLimits struct {
	// messages that leave at most in any stretch of per.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	Messages int64 `json:"messages,omitempty"`

	// per is the stretch of time, such as "1s".
	// +optional
	Per Duration `json:"per,omitempty"`

	// warmUp begins with fewer messages a day and grows, so that receivers come to
	// know a new sender.
	// +optional
	WarmUp *ChannelWarmUp `json:"warmUp,omitempty"`

	// retries is how often a message that failed for the moment is tried again.
	// +optional
	// +default=8
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Retries *int32 `json:"retries,omitempty"`

	// retryFor is for how long.
	// +optional
	// +default="24h"
	RetryFor Duration `json:"retryFor,omitempty"`
}

// ChannelWarmUp begins with fewer messages a day and grows.
//
// +kubebuilder:validation:XValidation:rule="self.until >= self.first",fieldPath=".until",message="the warm-up ends with at least as many messages a day as it begins with: exchange first and until"
type ChannelWarmUp struct {
	// since is the first day.
	// +required
	Since Date `json:"since"`

	// first is how many messages leave on that day at most.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	First int64 `json:"first"`

	// growthPercent is each day's bound as a percentage of the day before's.
	// +optional
	// +default=150
	// +kubebuilder:validation:Minimum=101
	// +kubebuilder:validation:Maximum=1000
	GrowthPercent int32 `json:"growthPercent,omitempty"`

	// until is the bound at which the warm-up is over.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	Until int64 `json:"until"`
}

// ChannelBreaker stops a channel when too much goes wrong, and lets a message
// through after a pause to try.
//
// +kubebuilder:validation:XValidation:rule="has(self.bounces) || has(self.complaints)",message="say what stops the channel: write bounces, complaints or both"
type ChannelBreaker struct {
	// bounces is the share of messages to addresses that do not exist above which
	// it stops, such as "5%".
	// +optional
	Bounces Percent `json:"bounces,omitempty"`

	// complaints is the share of messages marked as unwanted above which it stops,
	// such as "0.3%".
	// +optional
	Complaints Percent `json:"complaints,omitempty"`

	// of is how many of the latest messages are looked at.
	// +optional
	// +default=200
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=10000
	Of int32 `json:"of,omitempty"`

	// pause is how long nothing leaves.
	// +optional
	// +default="1h"
	Pause Duration `json:"pause,omitempty"`
}

// ChannelFeedback is an event that tells what became of a message.
type ChannelFeedback struct {
	// event by its type, such as "mail.bounced".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// kind is what it tells.
	// +required
	Kind FeedbackKind `json:"kind"`

	// message gives the message's id, such as "event.data.message_id". Without it
	// the latest message to that contact is meant.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Message Expression `json:"message,omitempty"`
}

// FeedbackKind is what an event tells of a message or an address.
//
// +kubebuilder:validation:Enum=HardBounce;SoftBounce;Complaint;Delivered
type FeedbackKind string

// Kinds of feedback.
const (
	// FeedbackHardBounce says that the address does not exist.
	FeedbackHardBounce FeedbackKind = "HardBounce"
	// FeedbackSoftBounce says that the message did not arrive for now.
	FeedbackSoftBounce FeedbackKind = "SoftBounce"
	// FeedbackComplaint says that the message was marked as unwanted.
	FeedbackComplaint FeedbackKind = "Complaint"
	// FeedbackDelivered says that the message arrived.
	FeedbackDelivered FeedbackKind = "Delivered"
)

// ChannelTracking says what is counted about messages that arrived.
type ChannelTracking struct {
	// clicks leads links through Waymark.
	// +optional
	Clicks bool `json:"clicks,omitempty"`

	// opens adds a picture that cannot be seen.
	// +optional
	Opens bool `json:"opens,omitempty"`
}

// MessageChannel is a way for messages to leave: mail, a webhook or a bot.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=mch,categories=waymark
// +kubebuilder:printcolumn:name="Medium",type=string,JSONPath=`.status.medium`,description="How messages leave."
// +kubebuilder:printcolumn:name="Sent",type=integer,JSONPath=`.status.sent`,description="Messages that the other side took.",priority=1
// +kubebuilder:printcolumn:name="Delivered",type=integer,JSONPath=`.status.delivered`,description="Messages that receivers said to have."
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.failed`,description="Messages that will never be sent."
// +kubebuilder:printcolumn:name="In Doubt",type=integer,JSONPath=`.status.inDoubt`,description="Messages of which it was not known whether they had left."
// +kubebuilder:printcolumn:name="Reachable",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].status`,description="Whether the other side answers."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether messages can leave."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",message="use at most 63 lower-case letters, digits and hyphens for the name of a MessageChannel, without dots"
type MessageChannel struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says how messages leave.
	// +required
	Spec MessageChannelSpec `json:"spec"`

	// status says how the channel fares.
	// +optional
	// +default={"observedGeneration": -1}
	Status MessageChannelStatus `json:"status,omitzero"`
}

// MessageChannelList is a list of MessageChannels.
//
// +kubebuilder:object:root=true
type MessageChannelList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []MessageChannel `json:"items"`
}
