// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ScenarioStep is one step. What it does is said by exactly one of send, wait,
// waitFor, branch, split, set, webhook, enter, task and exit.
//
// +kubebuilder:validation:XValidation:rule="[has(self.send), has(self.wait), has(self.waitFor), has(self.branch), has(self.split), has(self.set), has(self.webhook), has(self.enter), has(self.task), has(self.exit)].exists_one(x, x)",message="say what the step does with exactly one of send, wait, waitFor, branch, split, set, webhook, enter, task and exit"
// +kubebuilder:validation:XValidation:rule="!has(self.exit) || !has(self.then)",fieldPath=".then",message="nothing follows an exit: remove then"
type ScenarioStep struct {
	// name of the step, such as "remind". Other steps and the results name it so,
	// and people inside are found by it after an edit.
	// +required
	Name StepName `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// send a message.
	// +optional
	Send *SendStep `json:"send,omitempty"`

	// wait for some time.
	// +optional
	Wait *WaitStep `json:"wait,omitempty"`

	// waitFor something to happen or to become true.
	// +optional
	WaitFor *WaitForStep `json:"waitFor,omitempty"`

	// branch by conditions.
	// +optional
	Branch *BranchStep `json:"branch,omitempty"`

	// split people at random, each person always the same way.
	// +optional
	Split *SplitStep `json:"split,omitempty"`

	// set attributes of the contact.
	// +optional
	Set *SetStep `json:"set,omitempty"`

	// webhook calls another system and may keep its answer.
	// +optional
	Webhook *WebhookStep `json:"webhook,omitempty"`

	// enter another scenario; this one goes on.
	// +optional
	Enter *EnterStep `json:"enter,omitempty"`

	// task asks one of your people to do something, and waits for it.
	// +optional
	Task *TaskStep `json:"task,omitempty"`

	// exit ends the scenario for the person.
	// +optional
	Exit *ExitStep `json:"exit,omitempty"`

	// then names the step that follows. Without it the next one in the list; after
	// the last the person is done.
	// +optional
	Then StepName `json:"then,omitempty"`
}

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

// WaitStep waits: exactly one of for, sinceEntry, nextDay and until.
//
// +kubebuilder:validation:XValidation:rule="[has(self.for), has(self.sinceEntry), has(self.nextDay), has(self.until)].exists_one(x, x)",message="set exactly one of for, sinceEntry, nextDay and until"
// +kubebuilder:validation:XValidation:rule="!(has(self.onPast) || has(self.follow)) || (has(self.until) && has(self.until.date))",message="onPast and follow belong to until.date: remove them"
type WaitStep struct {
	// for so long after the step was reached, such as "3d". A day is 24 hours.
	// +optional
	For Duration `json:"for,omitempty"`

	// sinceEntry ends so long after the person entered.
	// +optional
	SinceEntry Duration `json:"sinceEntry,omitempty"`

	// nextDay ends at this time of the next day in the person's zone.
	// +optional
	NextDay TimeOfDay `json:"nextDay,omitempty"`

	// until a day, a time or a date.
	// +optional
	Until *WaitUntil `json:"until,omitempty"`

	// onPast says what becomes of a person whose date is over. Continue goes on at
	// once, Skip leaves out the next step, Exit ends the scenario.
	// +optional
	OnPast OnPastPolicy `json:"onPast,omitempty"`

	// follow moves the end of the wait when the date changes.
	// +optional
	Follow bool `json:"follow,omitempty"`
}

// OnPastPolicy says what becomes of a person whose date is over.
//
// +kubebuilder:validation:Enum=Continue;Skip;Exit
type OnPastPolicy string

// Policies for dates that are over.
const (
	// OnPastContinue goes on at once.
	OnPastContinue OnPastPolicy = "Continue"
	// OnPastSkip leaves out the next step.
	OnPastSkip OnPastPolicy = "Skip"
	// OnPastExit ends the scenario for the person.
	OnPastExit OnPastPolicy = "Exit"
)

// WaitUntil is a time to wait for in the person's zone: exactly one of weekday,
// time and date.
//
// +kubebuilder:validation:XValidation:rule="[has(self.weekday), has(self.time), has(self.date)].exists_one(x, x)",message="set exactly one of weekday, time and date"
// +kubebuilder:validation:XValidation:rule="!has(self.at) || has(self.weekday)",fieldPath=".at",message="at belongs to weekday: with date write it inside of it, and with time remove it"
type WaitUntil struct {
	// weekday to wait for.
	// +optional
	Weekday Weekday `json:"weekday,omitempty"`

	// at is the time of the weekday. Without it 10:00.
	// +optional
	At TimeOfDay `json:"at,omitempty"`

	// time of day to wait for, such as "10:00": the next that comes.
	// +optional
	Time TimeOfDay `json:"time,omitempty"`

	// date to wait for.
	// +optional
	Date *WaitDate `json:"date,omitempty"`
}

// WaitDate is a date of a person or of the event that let them in.
type WaitDate struct {
	// attribute gives the date, such as "trigger.data.webinar_at": a text such as
	// "2026-10-31", or an instant by RFC 3339.
	// +required
	Attribute Expression `json:"attribute"`

	// offset from the date, such as "-1h" for an hour before it.
	// +optional
	Offset Offset `json:"offset,omitempty"`

	// at is the time of day for dates without one. Without it 10:00.
	// +optional
	At TimeOfDay `json:"at,omitempty"`
}

// Weekday is a day of the week.
//
// +kubebuilder:validation:Enum=Monday;Tuesday;Wednesday;Thursday;Friday;Saturday;Sunday
type Weekday string

// WaitForStep waits until something happens or is true: exactly one of event,
// condition and anyOf.
//
// +kubebuilder:validation:XValidation:rule="[has(self.event), has(self.condition), has(self.anyOf)].exists_one(x, x)",message="set exactly one of event, condition and anyOf"
// +kubebuilder:validation:XValidation:rule="!(has(self.where) || has(self.of)) || has(self.event)",message="where and of belong to event: with anyOf write them into each entry"
// +kubebuilder:validation:XValidation:rule="!has(self.onTimeout) || has(self.timeout)",fieldPath=".onTimeout",message="the wait never ends by itself: write timeout, or remove onTimeout"
type WaitForStep struct {
	// event to wait for, by its type, such as "waymark.message.clicked".
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count. Variables are event, trigger,
	// contact.attributes and vars.
	// +optional
	Where Expression `json:"where,omitempty"`

	// of names the step whose message the event must be about.
	// +optional
	Of StepName `json:"of,omitempty"`

	// condition to wait for, such as "contact.attributes.orders > 0". It is looked
	// at on arrival and whenever an attribute changes.
	// +optional
	Condition Expression `json:"condition,omitempty"`

	// anyOf lists several of which the first decides.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	AnyOf []Awaited `json:"anyOf,omitempty"`

	// timeout after which the person goes on anyway. Without it never.
	// +optional
	Timeout Duration `json:"timeout,omitempty"`

	// onTimeout names the step that follows then. Without it the one that follows
	// anyway.
	// +optional
	OnTimeout StepName `json:"onTimeout,omitempty"`
}

// Awaited is one of several things that a step waits for: exactly one of event
// and condition.
//
// +kubebuilder:validation:XValidation:rule="has(self.event) != has(self.condition)",message="set exactly one of event and condition"
// +kubebuilder:validation:XValidation:rule="!(has(self.where) || has(self.of)) || has(self.event)",message="where and of belong to event: remove them"
type Awaited struct {
	// event by its type.
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count.
	// +optional
	Where Expression `json:"where,omitempty"`

	// of names the step whose message the event must be about.
	// +optional
	Of StepName `json:"of,omitempty"`

	// condition on the contact.
	// +optional
	Condition Expression `json:"condition,omitempty"`

	// then names the step that follows. Without it the one that follows anyway.
	// +optional
	Then StepName `json:"then,omitempty"`
}

// BranchStep goes the way of the first case that is true.
type BranchStep struct {
	// cases in the order in which they are tried.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Cases []BranchCase `json:"cases"`

	// else names the step that follows when none is. Without it the one that
	// follows anyway.
	// +optional
	Else StepName `json:"else,omitempty"`
}

// BranchCase is one way of a branch.
type BranchCase struct {
	// when is the condition, such as "contact.attributes.orders > 3". Variables are
	// contact.attributes, trigger (the event that let the person in) and vars.
	// +required
	When Expression `json:"when"`

	// then names the step that follows.
	// +required
	Then StepName `json:"then"`
}

// SplitStep draws a way for each person, always the same one.
//
// +kubebuilder:validation:XValidation:rule="self.ways.all(w, has(w.percent)) || self.ways.all(w, !has(w.percent))",message="give every way a percent, or none of them"
type SplitStep struct {
	// ways that people are spread over.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=2
	// +kubebuilder:validation:MaxItems=4
	Ways []SplitWay `json:"ways"`
}

// SplitWay is one way of a split.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.percent) && has(self.weight))",message="set one of percent and weight"
type SplitWay struct {
	// name of the way in the results.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// percent of the people, such as "50%". All together are 100%.
	// +optional
	Percent Percent `json:"percent,omitempty"`

	// weight of the way among all. Without it and percent 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Weight int32 `json:"weight,omitempty"`

	// then names the step that follows. Without it the one that follows anyway.
	// +optional
	Then StepName `json:"then,omitempty"`
}

// SetStep writes attributes of the contact.
type SetStep struct {
	// attributes to write: by their names, expressions for their values, such as
	// "true" or "trigger.data.total".
	// +required
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() >= 1 && k.size() <= 64)",message="names of attributes have 1 to 64 characters"
	Attributes map[string]Expression `json:"attributes"`
}

// WebhookStep calls another system.
type WebhookStep struct {
	// channelRef names a MessageChannel with webhook.
	// +required
	ChannelRef MessageChannelReference `json:"channelRef"`

	// url replaces the channel's.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URL string `json:"url,omitempty"`

	// method of the call. Without it POST.
	// +optional
	// +kubebuilder:validation:Enum=POST;PUT;PATCH;GET;DELETE
	Method string `json:"method,omitempty"`

	// payload is the JSON object that is sent along.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// store keeps the answer, if it is JSON, as vars with this name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	Store string `json:"store,omitempty"`

	// onFailure names the step that follows when the call failed for good. Without
	// it the one that follows anyway.
	// +optional
	OnFailure StepName `json:"onFailure,omitempty"`
}

// EnterStep lets the person into another scenario.
type EnterStep struct {
	// scenarioRef names a NurtureScenario whose trigger is enter.
	// +required
	ScenarioRef NurtureScenarioReference `json:"scenarioRef"`
}

// TaskStep asks one of your people to do something, and waits for it.
type TaskStep struct {
	// channelRef names a MessageChannel with webhook that takes tasks.
	// +required
	ChannelRef MessageChannelReference `json:"channelRef"`

	// title of the task.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Title string `json:"title"`

	// assignee is whom the task is for.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Assignee string `json:"assignee,omitempty"`

	// payload is a JSON object with more about it.
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Payload string `json:"payload,omitempty"`

	// due is how long there is for it.
	// +required
	Due Duration `json:"due"`

	// done is the event that says that it is done.
	// +required
	Done EventMatch `json:"done"`

	// onOverdue names the step that follows when it is not done in time. Without it
	// the one that follows anyway.
	// +optional
	OnOverdue StepName `json:"onOverdue,omitempty"`
}

// ExitStep ends the scenario for the person.
type ExitStep struct {
	// reason that is counted. Without it Done.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason,omitempty"`
}
