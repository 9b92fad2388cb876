// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// SendStep sends a message. What it says is written here, or in several
// languages, or in several variants.
//
// +kubebuilder:validation:XValidation:rule="[has(self.subject) || has(self.preheader) || has(self.text) || has(self.html) || has(self.fromName) || has(self.payload) || has(self.templateRef) || has(self.buttons), has(self.languages), has(self.variants)].exists_one(x, x)",message="say what is sent in exactly one way: here (subject, html, text, payload, templateRef, buttons), in languages, or in variants"
// +kubebuilder:validation:XValidation:rule="!has(self.topic) || !has(self.purpose) || self.purpose != 'Transactional'",fieldPath=".topic",message="nobody agrees to what they are owed: remove topic, or write purpose: Marketing"
// +kubebuilder:validation:XValidation:rule="!has(self.winner) || has(self.variants)",fieldPath=".winner",message="winner decides between variants: write variants, or remove winner"
// +kubebuilder:validation:XValidation:rule="has(self.fallback) == (has(self.languages) || (has(self.variants) && self.variants.exists(v, has(v.languages))))",fieldPath=".fallback",message="fallback names the language for people whose own there is no text in: write it beside languages, and only there"
// +kubebuilder:validation:XValidation:rule="!has(self.fallback) || !has(self.languages) || self.languages.exists(l, l.language == self.fallback)",fieldPath=".fallback",message="fallback names one of languages: correct it"
// +kubebuilder:validation:XValidation:rule="!has(self.fallback) || !has(self.variants) || self.variants.all(v, has(v.languages) && v.languages.exists(l, l.language == self.fallback))",fieldPath=".fallback",message="every variant needs a text in the language of fallback: add it, or correct fallback"
type SendStep struct {
	// channelRef names the MessageChannel that the message leaves by.
	// +required
	ChannelRef MessageChannelReference `json:"channelRef"`

	// purpose of the message. Marketing needs consent, keeps quiet hours and counts
	// for the cap. Transactional is what the person is owed, such as an order's
	// confirmation.
	// +optional
	// +default="Marketing"
	Purpose MessagePurpose `json:"purpose,omitempty"`

	// topic that the person must have agreed to receive, of
	// spec.policy.consent.topics of the workspace.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Topic string `json:"topic,omitempty"`

	// to gives the address, such as "trigger.data.email". Without it that of the
	// channel.
	// +optional
	To Expression `json:"to,omitempty"`

	// subject of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject,omitempty"`

	// preheader is what mail programs show beside the subject.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Preheader string `json:"preheader,omitempty"`

	// text of the message. Of a mail with html it is the part for programs that
	// show none; without it one is made of the html.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Text string `json:"text,omitempty"`

	// html of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=24000
	HTML string `json:"html,omitempty"`

	// fromName replaces the channel's name of the sender.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	FromName string `json:"fromName,omitempty"`

	// payload is the JSON object that a webhook is given.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// templateRef names a text in a ConfigMap that takes the place of html, text or
	// payload.
	// +optional
	TemplateRef *TemplateReference `json:"templateRef,omitempty"`

	// buttons under a bot's message, row by row.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinItems=1
	// +kubebuilder:validation:items:MaxItems=4
	Buttons [][]MessageButton `json:"buttons,omitempty"`

	// languages are the texts in several languages, of which each person is sent
	// theirs.
	// +optional
	// +listType=map
	// +listMapKey=language
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Languages []MessageInLanguage `json:"languages,omitempty"`

	// language gives the person's language, such as "contact.attributes.lang".
	// Without it as the workspace's policy says.
	// +optional
	Language Expression `json:"language,omitempty"`

	// fallback is the language for people in whose own there is no text.
	// +optional
	Fallback LanguageTag `json:"fallback,omitempty"`

	// variants of the message, of which each person is sent one.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=2
	// +kubebuilder:validation:MaxItems=4
	Variants []MessageVariant `json:"variants,omitempty"`

	// winner sends everybody the best variant as soon as it is known.
	// +optional
	Winner *VariantWinner `json:"winner,omitempty"`

	// window in which the message may leave, in the person's zone.
	// +optional
	Window *SendWindow `json:"window,omitempty"`

	// expireAfter is how long the message may be put off, by quiet hours, caps or
	// outages, before it is not sent at all.
	// +optional
	ExpireAfter Duration `json:"expireAfter,omitempty"`

	// adMark is the line that marks advertising where the law asks for one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	AdMark string `json:"adMark,omitempty"`

	// survey lets the message ask why the person left: survey.url and survey.answers
	// in its templates are links that answer.
	// +optional
	Survey *MessageSurvey `json:"survey,omitempty"`
}

// MessageSurvey asks a question in a message.
type MessageSurvey struct {
	// journeyRef names the Journey that asks. The answers are its barriers with a
	// signal answer: true.
	// +required
	JourneyRef JourneyReference `json:"journeyRef"`
}

// MessagePurpose says by what right a message is sent.
//
// +kubebuilder:validation:Enum=Marketing;Transactional
type MessagePurpose string

// Purposes of messages.
const (
	// PurposeMarketing needs consent, keeps quiet hours and counts for the cap.
	PurposeMarketing MessagePurpose = "Marketing"
	// PurposeTransactional is owed to the person.
	PurposeTransactional MessagePurpose = "Transactional"
)

// LanguageTag is a language such as "ru" or "pt-BR".
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=35
// +kubebuilder:validation:Pattern=`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`
type LanguageTag string

// MessageButton is a button under a bot's message: it opens an address, or
// comes back as the event waymark.message.pressed.
//
// +kubebuilder:validation:XValidation:rule="has(self.url) != has(self.data)",message="set exactly one of url and data"
type MessageButton struct {
	// text on the button.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Text string `json:"text"`

	// url that it opens.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	URL string `json:"url,omitempty"`

	// data that comes back as data.press of the event.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Data string `json:"data,omitempty"`
}

// MessageInLanguage is what a message says in one language.
type MessageInLanguage struct {
	// language of the texts.
	// +required
	Language LanguageTag `json:"language"`

	// subject of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject,omitempty"`

	// preheader is what mail programs show beside the subject.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Preheader string `json:"preheader,omitempty"`

	// text of the message. Of a mail with html it is the part for programs that
	// show none; without it one is made of the html.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Text string `json:"text,omitempty"`

	// html of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=24000
	HTML string `json:"html,omitempty"`

	// fromName replaces the channel's name of the sender.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	FromName string `json:"fromName,omitempty"`

	// payload is the JSON object that a webhook is given.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// templateRef names a text in a ConfigMap that takes the place of html, text or
	// payload.
	// +optional
	TemplateRef *TemplateReference `json:"templateRef,omitempty"`

	// buttons under a bot's message, row by row.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinItems=1
	// +kubebuilder:validation:items:MaxItems=4
	Buttons [][]MessageButton `json:"buttons,omitempty"`
}

// MessageVariant is one of several messages.
//
// +kubebuilder:validation:XValidation:rule="(has(self.subject) || has(self.preheader) || has(self.text) || has(self.html) || has(self.fromName) || has(self.payload) || has(self.templateRef) || has(self.buttons)) != has(self.languages)",message="say what the variant says in exactly one way: here (subject, html, text, payload, templateRef, buttons), or in languages"
type MessageVariant struct {
	// name of the variant.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// weight of the variant among all. Without it 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Weight int32 `json:"weight,omitempty"`

	// subject of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject,omitempty"`

	// preheader is what mail programs show beside the subject.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Preheader string `json:"preheader,omitempty"`

	// text of the message. Of a mail with html it is the part for programs that
	// show none; without it one is made of the html.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Text string `json:"text,omitempty"`

	// html of a mail.
	// +optional
	// +kubebuilder:validation:MaxLength=24000
	HTML string `json:"html,omitempty"`

	// fromName replaces the channel's name of the sender.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	FromName string `json:"fromName,omitempty"`

	// payload is the JSON object that a webhook is given.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// templateRef names a text in a ConfigMap that takes the place of html, text or
	// payload.
	// +optional
	TemplateRef *TemplateReference `json:"templateRef,omitempty"`

	// buttons under a bot's message, row by row.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinItems=1
	// +kubebuilder:validation:items:MaxItems=4
	Buttons [][]MessageButton `json:"buttons,omitempty"`

	// languages are the texts in several languages, of which each person is sent
	// theirs.
	// +optional
	// +listType=map
	// +listMapKey=language
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Languages []MessageInLanguage `json:"languages,omitempty"`
}

// VariantWinner says when a variant is the best.
type VariantWinner struct {
	// by what the variants are compared.
	// +required
	By WinnerCriterion `json:"by"`

	// sample is how many messages of each variant must have been sent first.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000000
	Sample int64 `json:"sample"`
}

// WinnerCriterion is what variants are compared by.
//
// +kubebuilder:validation:Enum=Clicks;Conversions
type WinnerCriterion string

// Criteria of winners.
const (
	// WinnerByClicks is the share in which people clicked.
	WinnerByClicks WinnerCriterion = "Clicks"
	// WinnerByConversions is the share that reached the goal.
	WinnerByConversions WinnerCriterion = "Conversions"
)

// SendWindow says when messages may leave.
//
// +kubebuilder:validation:XValidation:rule="has(self.from) == has(self.to)",message="write both from and to, or neither"
// +kubebuilder:validation:XValidation:rule="!has(self.from) || !has(self.to) || self.from != self.to",message="from and to are the same time: write when messages may leave, such as 10:00 to 19:00, or remove both"
type SendWindow struct {
	// weekdays on which messages may leave. Without them all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=7
	Weekdays []Weekday `json:"weekdays,omitempty"`

	// from is when it opens, such as "10:00".
	// +optional
	From TimeOfDay `json:"from,omitempty"`

	// to is when it closes, such as "19:00". It may pass midnight.
	// +optional
	To TimeOfDay `json:"to,omitempty"`

	// skipHolidays leaves out the holidays of the workspace's policy.
	// +optional
	SkipHolidays bool `json:"skipHolidays,omitempty"`
}
