// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "time"

const (
	// MaxSteps bounds the steps of a scenario.
	MaxSteps = 64
	// MaxVariants bounds the variants of a message, and the cases of a branch or a split.
	MaxVariants = 16
	// MaxStepsAtOnce bounds how many steps one contact takes without a wait for one record.
	MaxStepsAtOnce = 16
	// MaxHops bounds how many scenarios lead into each other at one instant.
	MaxHops = 8
)

// Scenario is the meaning of a NurtureScenario with the texts of its messages: all that decides what a contact is sent. What only says
// whether it runs is its Standing.
type Scenario struct {
	// TimeZone is the workspace's, for contacts that have none.
	TimeZone string `json:"timeZone"`
	// Trigger says who enters.
	Trigger Trigger `json:"trigger"`
	// Audience is a CEL condition on the contact that enters; empty is everybody.
	Audience string `json:"audience,omitempty"`
	// Segment is the key of a Segment that the contact must be a member of to enter; empty asks for none.
	Segment string `json:"segment,omitempty"`
	// Entry says how often.
	Entry Entry `json:"entry"`
	// Goal is what the scenario is for; nil is nothing that can be counted.
	Goal *Goal `json:"goal,omitempty"`
	// Exits are events that end an enrolment.
	Exits []EventMatch `json:"exits,omitempty"`
	// Holdout is the share of contacts that is sent nothing but what is Transactional, in basis points, so that what the scenario brings is
	// known.
	Holdout int32 `json:"holdout,omitempty"`
	// Steps are taken in order unless one leads elsewhere.
	Steps []Step `json:"steps"`
	// InFlight says what becomes of enrolments on an earlier version.
	InFlight InFlight `json:"inFlight"`
	// Redirects lead, for Migrate, from the name of a step that is gone to one that is there.
	Redirects map[string]string `json:"redirects,omitempty"`
}

// InFlight says what becomes of enrolments when their scenario is edited.
type InFlight string

const (
	// Pin lets them finish on the version with which they entered.
	Pin InFlight = "Pin"
	// Migrate moves them to the step of the same name.
	Migrate InFlight = "Migrate"
	// Drain lets them finish and takes in nobody any more.
	Drain InFlight = "Drain"
)

// Trigger says who enters a scenario; exactly one of its parts is set.
type Trigger struct {
	Event      *EventMatch      `json:"event,omitempty"`
	FunnelDrop *DropTrigger     `json:"funnelDrop,omitempty"`
	Segment    *SegmentTrigger  `json:"segment,omitempty"`
	Date       *DateTrigger     `json:"date,omitempty"`
	Schedule   *ScheduleTrigger `json:"schedule,omitempty"`
	// Enter lets other scenarios lead in; with it nobody enters otherwise.
	Enter bool `json:"enter,omitempty"`
	// MaxAge is how old an event may be and still let somebody in; of a drop-off, how long ago it was due.
	MaxAge time.Duration `json:"maxAge"`
}

// DropTrigger lets in who drops off.
type DropTrigger struct {
	// Funnel is the Funnel's key, and Stage the one that people do not get past; empty is any.
	Funnel string `json:"funnel"`
	Stage  string `json:"stage,omitempty"`
}

// SegmentTrigger lets in whom a condition becomes true of.
type SegmentTrigger struct {
	// Where is a CEL condition on the contact.
	Where string `json:"where,omitempty"`
	// Segment is the key of a Segment instead, which tells who became a member.
	Segment string `json:"segment,omitempty"`
}

// LeapDay says when a yearly date of 29 February is in other years.
type LeapDay string

const (
	// February28 is the day before.
	February28 LeapDay = "February28"
	// March1 is the day after.
	March1 LeapDay = "March1"
)

// DateTrigger lets in each contact around a date of its own.
type DateTrigger struct {
	// Attribute is a CEL expression for the date: a text such as 1990-02-28 or an instant by RFC 3339.
	Attribute string `json:"attribute"`
	// OffsetDays are whole days after the date, or before it when negative; of an instant, Offset is added instead. An offset that is written
	// in whole days sets both.
	OffsetDays int32         `json:"offsetDays,omitempty"`
	Offset     time.Duration `json:"offset,omitempty"`
	// At is the time of day as HH:MM in the contact's zone, for dates without one.
	At string `json:"at"`
	// Yearly repeats it every year, as for birthdays; the year is then not looked at.
	Yearly  bool    `json:"yearly,omitempty"`
	LeapDay LeapDay `json:"leapDay,omitempty"`
}

// ScheduleTrigger lets in the audience at certain instants.
type ScheduleTrigger struct {
	// Cron has the five fields minute, hour, day, month, weekday; or Once is one instant, by RFC 3339 or as a local time 2026-12-31T10:00.
	Cron string `json:"cron,omitempty"`
	Once string `json:"once,omitempty"`
	// ContactZone reads either in each contact's zone instead of the workspace's.
	ContactZone bool `json:"contactZone,omitempty"`
}

// Reentry says whether a contact may enter again with the same key.
type Reentry string

const (
	// ReentryNever lets it in once for ever.
	ReentryNever Reentry = "Never"
	// ReentryAfterExit lets it in again when it has left.
	ReentryAfterExit Reentry = "AfterExit"
	// ReentryAlways lets it in whenever the trigger asks; there is still one active enrolment per key.
	ReentryAlways Reentry = "Always"
)

// OnRepeat says what a trigger does for a contact that is inside with the same key.
type OnRepeat string

const (
	// RepeatIgnore does nothing.
	RepeatIgnore OnRepeat = "Ignore"
	// RepeatRestart begins at the first step again, as another enrolment; the former one exits with Restarted.
	RepeatRestart OnRepeat = "Restart"
	// RepeatUpdate keeps the place and takes over the new event's data.
	RepeatUpdate OnRepeat = "Update"
)

// Entry says how often a contact enters.
type Entry struct {
	Reentry Reentry `json:"reentry"`
	// Cooldown is the least time between leaving and entering again with the same key; 0 is none.
	Cooldown time.Duration `json:"cooldown,omitempty"`
	// Key is a CEL expression on the trigger's event for what an enrolment is about; empty is the event itself.
	Key string `json:"key,omitempty"`
	// Existing lets in those who match already when the scenario is applied.
	Existing bool     `json:"existing,omitempty"`
	OnRepeat OnRepeat `json:"onRepeat"`
}

// Goal is the event that a scenario is for.
type Goal struct {
	Event string `json:"event"`
	Where string `json:"where,omitempty"`
	// Value is a CEL expression for the amount that it brings; empty is none.
	Value string `json:"value,omitempty"`
	// Within is how long after entry it counts.
	Within time.Duration `json:"within"`
}

// Step is one step; exactly one of its parts is set.
type Step struct {
	// Name identifies the step within its scenario, across versions.
	Name string `json:"name"`
	// Then is the step that follows; empty is the next in the list, and after the last the enrolment is done.
	Then    string       `json:"then,omitempty"`
	Send    *Send        `json:"send,omitempty"`
	Wait    *Wait        `json:"wait,omitempty"`
	WaitFor *WaitFor     `json:"waitFor,omitempty"`
	Branch  *Branch      `json:"branch,omitempty"`
	Split   *Split       `json:"split,omitempty"`
	Set     *Set         `json:"set,omitempty"`
	Webhook *WebhookStep `json:"webhook,omitempty"`
	Enter   *EnterStep   `json:"enter,omitempty"`
	Task    *Task        `json:"task,omitempty"`
	Exit    *ExitStep    `json:"exit,omitempty"`
}

// Purpose says by what right a message is sent.
type Purpose string

const (
	// Marketing needs consent, keeps quiet hours and counts for the cap.
	Marketing Purpose = "Marketing"
	// Transactional is owed to the person: it is bound by suppression alone.
	Transactional Purpose = "Transactional"
)

// Send sends a message.
type Send struct {
	// Channel is the MessageChannel's key.
	Channel string  `json:"channel"`
	Purpose Purpose `json:"purpose"`
	// Topic is what the person must have agreed to receive; empty asks for none.
	Topic string `json:"topic,omitempty"`
	// To is a CEL expression for the address; empty is the channel's.
	To string `json:"to,omitempty"`
	// Variants are drawn by weight for each contact, always the same one; at least one.
	Variants []Variant `json:"variants"`
	// Winner ends the draw; nil never does.
	Winner *Winner `json:"winner,omitempty"`
	// Language is a CEL expression for the contact's language, and Fallback the one for those without a text in theirs.
	Language string `json:"language,omitempty"`
	Fallback string `json:"fallback,omitempty"`
	// Window says when it may leave; nil is always.
	Window *Window `json:"window,omitempty"`
	// ExpireAfter is how long it may be put off before it is skipped; 0 is for ever.
	ExpireAfter time.Duration `json:"expireAfter,omitempty"`
	// AdMark is the line that marks advertising where the law asks for one.
	AdMark string `json:"adMark,omitempty"`
	// Survey is the key of the Journey whose question why people left the message may ask; empty is none.
	Survey string `json:"survey,omitempty"`
}

// Variant is one of several messages.
type Variant struct {
	// Name identifies it within the step; empty for the only one.
	Name string `json:"name,omitempty"`
	// Weight is its share of the sum of all weights.
	Weight int32 `json:"weight"`
	// Contents are by language; under the empty one when there is only one language.
	Contents map[string]Content `json:"contents"`
}

// Content is what a message says, in Liquid.
type Content struct {
	Subject   string     `json:"subject,omitempty"`
	Preheader string     `json:"preheader,omitempty"`
	Text      string     `json:"text,omitempty"`
	HTML      string     `json:"html,omitempty"`
	FromName  string     `json:"fromName,omitempty"`
	Buttons   [][]Button `json:"buttons,omitempty"`
	// Payload is a JSON object that a webhook is given instead.
	Payload string `json:"payload,omitempty"`
}

// Button is a button under a bot's message: it opens URL, or comes back as the event waymark.message.pressed with Data.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"data,omitempty"`
}

// WinnerBy says what decides between variants.
type WinnerBy string

const (
	// ByClicks is the share of delivered messages that people clicked in.
	ByClicks WinnerBy = "Clicks"
	// ByConversions is the share that reached the goal.
	ByConversions WinnerBy = "Conversions"
)

// Winner lets everybody have the best variant once it is known.
type Winner struct {
	By WinnerBy `json:"by"`
	// Sample is how many messages of each variant must have been sent.
	Sample int64 `json:"sample"`
}

// Window says when messages may leave, in the contact's zone.
type Window struct {
	// Weekdays are 1 for Monday to 7 for Sunday; empty is all.
	Weekdays []int `json:"weekdays,omitempty"`
	// From and To are times of day as HH:MM; equal or empty is the whole day; it may pass midnight.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// NoHolidays leaves out the policy's holidays.
	NoHolidays bool `json:"noHolidays,omitempty"`
}

// Wait waits; exactly one of For, SinceEntry, NextDay, Weekday, TimeOfDay and Date is set.
type Wait struct {
	// For counts from the arrival at the step, SinceEntry from the entry. A day is 24 hours.
	For        time.Duration `json:"for,omitempty"`
	SinceEntry time.Duration `json:"sinceEntry,omitempty"`
	// NextDay is a time of day as HH:MM on the next calendar day in the contact's zone.
	NextDay string `json:"nextDay,omitempty"`
	// Weekday, 1 for Monday to 7, is the next such day at At that is after the arrival; TimeOfDay the next such time.
	Weekday   int    `json:"weekday,omitempty"`
	TimeOfDay string `json:"timeOfDay,omitempty"`
	// Date is a CEL expression on the contact or the trigger for a date or an instant, OffsetDays and Offset as in DateTrigger.
	Date       string        `json:"date,omitempty"`
	OffsetDays int32         `json:"offsetDays,omitempty"`
	Offset     time.Duration `json:"offset,omitempty"`
	// At is the time of day as HH:MM, for Weekday and for dates without one.
	At string `json:"at,omitempty"`
	// OnPast says what becomes of a contact whose date is over on arrival.
	OnPast OnPast `json:"onPast,omitempty"`
	// Follow moves the end of the wait when the date changes.
	Follow bool `json:"follow,omitempty"`
}

// OnPast says what becomes of a contact for whom a date is over.
type OnPast string

const (
	// PastContinue goes on at once.
	PastContinue OnPast = "Continue"
	// PastSkip leaves out the step behind the wait.
	PastSkip OnPast = "Skip"
	// PastExit ends the enrolment with DatePassed.
	PastExit OnPast = "Exit"
)

// WaitFor waits until something happens or holds.
type WaitFor struct {
	// AnyOf are what it waits for: the first wins.
	AnyOf []Awaited `json:"anyOf"`
	// Timeout ends the wait, and OnTimeout is the step that follows then; empty is the one that follows anyway.
	Timeout   time.Duration `json:"timeout"`
	OnTimeout string        `json:"onTimeout,omitempty"`
}

// Awaited is an event, or a condition on the contact; exactly one of Event and Condition is set.
type Awaited struct {
	Event string `json:"event,omitempty"`
	// Where is a CEL condition on the event.
	Where string `json:"where,omitempty"`
	// Of names the step whose message the event must be about.
	Of string `json:"of,omitempty"`
	// Condition is a CEL condition on the contact, checked on arrival and whenever its attributes change.
	Condition string `json:"condition,omitempty"`
	// Then is the step that follows; empty is the one that follows anyway.
	Then string `json:"then,omitempty"`
}

// Branch goes the way of the first case that holds.
type Branch struct {
	Cases []Case `json:"cases"`
	// Else is the step otherwise; empty is the one that follows anyway.
	Else string `json:"else,omitempty"`
}

// Case is one way of a branch.
type Case struct {
	// When is a CEL condition on the contact, the trigger's event and the variables.
	When string `json:"when"`
	Then string `json:"then"`
}

// Split draws a way for each contact, always the same one.
type Split struct {
	Ways []Way `json:"ways"`
}

// Way is one way of a split.
type Way struct {
	Name string `json:"name"`
	// Weight is its share of the sum of all weights.
	Weight int32 `json:"weight"`
	// Then is the step that follows; empty is the one that follows anyway.
	Then string `json:"then,omitempty"`
}

// Set writes attributes of the contact.
type Set struct {
	// Attributes are CEL expressions by the attribute's name.
	Attributes map[string]string `json:"attributes"`
}

// WebhookStep calls an endpoint and may keep its answer.
type WebhookStep struct {
	// Channel is the key of a MessageChannel of the medium Webhook.
	Channel string `json:"channel"`
	// URL and Method replace the channel's; empty keeps them. URL is Liquid.
	URL    string `json:"url,omitempty"`
	Method string `json:"method,omitempty"`
	// Payload is a JSON object in Liquid.
	Payload string `json:"payload,omitempty"`
	// Store is the name under which the answer becomes a variable; empty forgets it.
	Store string `json:"store,omitempty"`
	// OnFailure is the step that follows a call that failed for good; empty is the one that follows anyway.
	OnFailure string `json:"onFailure,omitempty"`
}

// EnterStep lets the contact into another scenario.
type EnterStep struct {
	// Scenario is its key.
	Scenario string `json:"scenario"`
}

// Task asks a person through a webhook to do something.
type Task struct {
	// Channel is the key of a MessageChannel of the medium Webhook.
	Channel string `json:"channel"`
	// Title and Payload are Liquid; Assignee is whom the task is for.
	Title    string `json:"title"`
	Assignee string `json:"assignee,omitempty"`
	Payload  string `json:"payload,omitempty"`
	// Due is how long there is for it, from when it was asked.
	Due time.Duration `json:"due"`
	// Done is the event that says it is done; by data.task, the id that the webhook was given, where the event carries it.
	Done EventMatch `json:"done"`
	// OnOverdue is the step that follows when it is not done in time: the escalation; empty is the one that follows anyway.
	OnOverdue string `json:"onOverdue,omitempty"`
}

// ExitStep ends the enrolment.
type ExitStep struct {
	// Reason is a PascalCase word of the author's; empty is Done.
	Reason string `json:"reason,omitempty"`
}

// Standing is what a scenario is told besides its meaning; changing it makes no other version.
type Standing struct {
	// Suspended freezes it.
	Suspended bool `json:"suspended,omitempty"`
	// CatchUp says what becomes of what was due meanwhile.
	CatchUp CatchUp `json:"catchUp,omitempty"`
	// Held keeps a version from taking effect on those who match already and on those inside, until it is approved.
	Held bool `json:"held,omitempty"`
	// Winners are the variants that won, by step.
	Winners map[string]string `json:"winners,omitempty"`
}

// CatchUp says what becomes of what was due while a scenario was suspended.
type CatchUp string

const (
	// CatchUpSend acts at once.
	CatchUpSend CatchUp = "Send"
	// CatchUpSkip goes on without the messages that were due.
	CatchUpSkip CatchUp = "Skip"
	// CatchUpShift puts everything off by as long as it was suspended.
	CatchUpShift CatchUp = "Shift"
)

// Policy is the meaning of a workspace's messaging policy.
type Policy struct {
	// TimeZone is the workspace's; Zone a CEL expression for a contact's own, by its IANA name.
	TimeZone string `json:"timeZone"`
	Zone     string `json:"zone"`
	// Language is a CEL expression for a contact's language, such as ru or en-GB.
	Language string `json:"language"`
	// QuietFrom and QuietTo are times of day as HH:MM; empty: there are no quiet hours. QuietDrop skips what is due in them.
	QuietFrom string `json:"quietFrom,omitempty"`
	QuietTo   string `json:"quietTo,omitempty"`
	QuietDrop bool   `json:"quietDrop,omitempty"`
	// CapMessages at most are sent to one contact in any stretch of CapPer; 0 is unbounded. CapDrop skips what is over.
	CapMessages int32         `json:"capMessages,omitempty"`
	CapPer      time.Duration `json:"capPer,omitempty"`
	CapDrop     bool          `json:"capDrop,omitempty"`
	// Topics are those that people can agree to. ConsentExplicit: who has said nothing has not agreed.
	Topics          []Topic `json:"topics,omitempty"`
	ConsentExplicit bool    `json:"consentExplicit,omitempty"`
	// Holidays are days as YYYY-MM-DD.
	Holidays []string `json:"holidays,omitempty"`
}
