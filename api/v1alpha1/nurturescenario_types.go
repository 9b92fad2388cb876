// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NurtureScenarioSpec says who is led through which steps, and what for.
//
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change: create another NurtureScenario"
// +kubebuilder:validation:XValidation:rule="!has(self.entry) || !has(self.entry.existing) || self.entry.existing == 'Skip' || has(self.trigger.segment) || has(self.trigger.date)",fieldPath=".entry.existing",message="only who matches a segment or has a date is there already: write existing: Skip, or remove it"
// +kubebuilder:validation:XValidation:rule="!has(self.entry) || !has(self.entry.key) || !(has(self.trigger.date) || has(self.trigger.schedule))",fieldPath=".entry.key",message="a date and a schedule bring no event from which a key could be taken: remove key"
// +kubebuilder:validation:XValidation:rule="!has(self.redirects) || self.redirects.all(k, self.steps.exists(s, s.name == self.redirects[k]))",fieldPath=".redirects",message="each redirect leads to a step that there is: correct the name behind the colon"
type NurtureScenarioSpec struct {
	// workspaceRef names the Workspace whose contacts the scenario is for. It
	// cannot change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// trigger says who enters.
	// +required
	Trigger ScenarioTrigger `json:"trigger"`

	// maxAge is how old an event may be and still let somebody in; of a drop-off,
	// how long ago it was due. Older ones are counted and nobody is written to.
	// +optional
	// +default="24h"
	MaxAge Duration `json:"maxAge,omitempty"`

	// audience says who of them really enters, such as
	// "contact.attributes.country == 'RU'". While a field is missing it is tried
	// again for half an hour. Variables are contact.attributes, event and trigger.
	// +optional
	Audience Expression `json:"audience,omitempty"`

	// segmentRef names a Segment to which people must belong when they enter, as in
	// audience.
	// +optional
	SegmentRef *SegmentReference `json:"segmentRef,omitempty"`

	// entry says how often one person enters.
	// +optional
	Entry *ScenarioEntry `json:"entry,omitempty"`

	// goal is the event that the scenario is for. Who reaches it leaves.
	// +optional
	Goal *ScenarioGoal `json:"goal,omitempty"`

	// exits are events after which people leave, wherever they are.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Exits []EventMatch `json:"exits,omitempty"`

	// holdout is the share of people who are sent nothing, such as "10%", so that
	// it can be told what the scenario brings. Messages with the purpose
	// Transactional are sent to them all the same: for these they are led through
	// the steps, without marketing and tasks.
	// +optional
	Holdout Percent `json:"holdout,omitempty"`

	// steps that people are led through, in order unless a step says otherwise.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(s, self.exists_one(t, t.name == s.name))",message="steps need different names: give each step a name of its own"
	// +kubebuilder:validation:XValidation:rule="self.map(s, (has(s.title) ? size(s.title) : 0) + (has(s.send) ? (has(s.send.subject) ? size(s.send.subject) : 0) + (has(s.send.preheader) ? size(s.send.preheader) : 0) + (has(s.send.text) ? size(s.send.text) : 0) + (has(s.send.html) ? size(s.send.html) : 0) + (has(s.send.fromName) ? size(s.send.fromName) : 0) + (has(s.send.payload) ? size(s.send.payload) : 0) + (has(s.send.buttons) ? s.send.buttons.map(r, r.map(b, 64 + size(b.text) + (has(b.url) ? size(b.url) : 0) + (has(b.data) ? size(b.data) : 0)).sum()).sum() : 0) + (has(s.send.languages) ? s.send.languages.map(l, 192 + (has(l.subject) ? size(l.subject) : 0) + (has(l.preheader) ? size(l.preheader) : 0) + (has(l.text) ? size(l.text) : 0) + (has(l.html) ? size(l.html) : 0) + (has(l.fromName) ? size(l.fromName) : 0) + (has(l.payload) ? size(l.payload) : 0) + (has(l.buttons) ? l.buttons.map(r, r.map(b, 64 + size(b.text) + (has(b.url) ? size(b.url) : 0) + (has(b.data) ? size(b.data) : 0)).sum()).sum() : 0)).sum() : 0) + (has(s.send.variants) ? s.send.variants.map(v, 192 + (has(v.subject) ? size(v.subject) : 0) + (has(v.preheader) ? size(v.preheader) : 0) + (has(v.text) ? size(v.text) : 0) + (has(v.html) ? size(v.html) : 0) + (has(v.fromName) ? size(v.fromName) : 0) + (has(v.payload) ? size(v.payload) : 0) + (has(v.buttons) ? v.buttons.map(r, r.map(b, 64 + size(b.text) + (has(b.url) ? size(b.url) : 0) + (has(b.data) ? size(b.data) : 0)).sum()).sum() : 0) + (has(v.languages) ? v.languages.map(l, 192 + (has(l.subject) ? size(l.subject) : 0) + (has(l.preheader) ? size(l.preheader) : 0) + (has(l.text) ? size(l.text) : 0) + (has(l.html) ? size(l.html) : 0) + (has(l.fromName) ? size(l.fromName) : 0) + (has(l.payload) ? size(l.payload) : 0) + (has(l.buttons) ? l.buttons.map(r, r.map(b, 64 + size(b.text) + (has(b.url) ? size(b.url) : 0) + (has(b.data) ? size(b.data) : 0)).sum()).sum() : 0)).sum() : 0)).sum() : 0) + (has(s.send.to) ? size(s.send.to) : 0) + (has(s.send.language) ? size(s.send.language) : 0) + (has(s.send.adMark) ? size(s.send.adMark) : 0) : 0) + (has(s.wait) && has(s.wait.until) && has(s.wait.until.date) ? size(s.wait.until.date.attribute) : 0) + (has(s.waitFor) ? (has(s.waitFor.where) ? size(s.waitFor.where) : 0) + (has(s.waitFor.condition) ? size(s.waitFor.condition) : 0) + (has(s.waitFor.anyOf) ? s.waitFor.anyOf.map(a, 192 + (has(a.where) ? size(a.where) : 0) + (has(a.condition) ? size(a.condition) : 0)).sum() : 0) : 0) + (has(s.branch) ? s.branch.cases.map(c, 32 + size(c.when)).sum() : 0) + (has(s.set) ? s.set.attributes.map(k, 64 + size(k) + size(s.set.attributes[k])).sum() : 0) + (has(s.webhook) ? (has(s.webhook.url) ? size(s.webhook.url) : 0) + (has(s.webhook.payload) ? size(s.webhook.payload) : 0) : 0) + (has(s.task) ? (has(s.task.title) ? size(s.task.title) : 0) + (has(s.task.assignee) ? size(s.task.assignee) : 0) + (has(s.task.payload) ? size(s.task.payload) : 0) + (has(s.task.done.where) ? size(s.task.done.where) : 0) : 0)).sum() <= 24000",message="the texts and expressions of the steps have more than 24000 characters together: put long texts into ConfigMaps and name them with templateRef"
	Steps []ScenarioStep `json:"steps"`

	// inFlight says what becomes of people inside when the scenario is edited. Pin:
	// they finish on the version with which they entered. Migrate: they go on at
	// the step of the same name. Drain: as Pin, and nobody enters any more.
	// +optional
	// +default="Pin"
	InFlight InFlightPolicy `json:"inFlight,omitempty"`

	// redirects lead people from steps that an edit removed, by their names, to
	// steps that there are. They belong to inFlight: Migrate; without one such
	// people leave.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 63)",message="names of steps have at most 63 characters"
	Redirects map[string]StepName `json:"redirects,omitempty"`

	// suspend keeps everybody where they are and sends nothing.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// catchUp says what happens when suspend ends. Send: what was due meanwhile
	// happens at once. Skip: people go on without the messages that were due.
	// Shift: everything is put off by as long as the scenario was suspended.
	// +optional
	// +default="Shift"
	CatchUp CatchUpPolicy `json:"catchUp,omitempty"`

	// approvedVersion lets the version that status.approval.version names reach
	// as many people as status.approval.reach says.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	ApprovedVersion string `json:"approvedVersion,omitempty"`
}

// StepName is the name of a step.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
type StepName string

// InFlightPolicy says what becomes of people inside when a scenario is edited.
//
// +kubebuilder:validation:Enum=Pin;Migrate;Drain
type InFlightPolicy string

// In-flight policies.
const (
	// InFlightPin lets them finish on the version with which they entered.
	InFlightPin InFlightPolicy = "Pin"
	// InFlightMigrate moves them to the step of the same name.
	InFlightMigrate InFlightPolicy = "Migrate"
	// InFlightDrain lets them finish and takes in nobody any more.
	InFlightDrain InFlightPolicy = "Drain"
)

// CatchUpPolicy says what becomes of what was due while a scenario was
// suspended.
//
// +kubebuilder:validation:Enum=Send;Skip;Shift
type CatchUpPolicy string

// Catch-up policies.
const (
	// CatchUpSend lets it happen at once.
	CatchUpSend CatchUpPolicy = "Send"
	// CatchUpSkip leaves out the messages.
	CatchUpSkip CatchUpPolicy = "Skip"
	// CatchUpShift puts everything off.
	CatchUpShift CatchUpPolicy = "Shift"
)

// ScenarioTrigger says who enters: exactly one of event, funnelDrop, segment,
// date, schedule and enter.
//
// +kubebuilder:validation:XValidation:rule="[has(self.event), has(self.funnelDrop), has(self.segment), has(self.date), has(self.schedule), has(self.enter)].exists_one(x, x)",message="say who enters with exactly one of event, funnelDrop, segment, date, schedule and enter"
type ScenarioTrigger struct {
	// event lets in whom it happens to.
	// +optional
	Event *EventTrigger `json:"event,omitempty"`

	// funnelDrop lets in who drops off a funnel.
	// +optional
	FunnelDrop *FunnelDropTrigger `json:"funnelDrop,omitempty"`

	// segment lets in whom a condition becomes true of, or who enters a Segment.
	// +optional
	Segment *SegmentTrigger `json:"segment,omitempty"`

	// date lets in each person around a date of their own, such as a birthday or
	// the end of a trial.
	// +optional
	Date *DateTrigger `json:"date,omitempty"`

	// schedule lets in the audience at certain times.
	// +optional
	Schedule *ScheduleTrigger `json:"schedule,omitempty"`

	// enter lets in whom other scenarios lead here, and nobody else.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self",message="write enter: true, or remove enter and name another trigger"
	Enter *bool `json:"enter,omitempty"`
}

// EventTrigger lets in whom an event happens to.
type EventTrigger struct {
	// type of the event, such as "cart.saved".
	// +required
	Type EventType `json:"type"`

	// where says which of these events count, such as "event.data.total > 0".
	// Variables are event and contact.attributes.
	// +optional
	Where Expression `json:"where,omitempty"`
}

// FunnelDropTrigger lets in who drops off a funnel.
type FunnelDropTrigger struct {
	// funnelRef names the Funnel.
	// +required
	FunnelRef FunnelReference `json:"funnelRef"`

	// stage that people do not get past. Without it any.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage,omitempty"`
}

// SegmentTrigger lets in whom a condition becomes true of, or who enters a
// Segment: exactly one of where and segmentRef.
//
// +kubebuilder:validation:XValidation:rule="has(self.where) != has(self.segmentRef)",message="set exactly one of where and segmentRef"
type SegmentTrigger struct {
	// where is the condition, such as "contact.attributes.orders >= 3".
	// +optional
	Where Expression `json:"where,omitempty"`

	// segmentRef names the Segment that people enter.
	// +optional
	SegmentRef *SegmentReference `json:"segmentRef,omitempty"`
}

// DateTrigger lets in each person around a date of their own.
//
// +kubebuilder:validation:XValidation:rule="!has(self.leapDay) || (has(self.yearly) && self.yearly)",fieldPath=".leapDay",message="leapDay belongs to yearly: true: remove it, or write yearly"
type DateTrigger struct {
	// attribute gives the date, such as "contact.attributes.birthday": a text such
	// as "1990-02-28", or an instant by RFC 3339.
	// +required
	Attribute Expression `json:"attribute"`

	// offset from the date, such as "-3d" for three days before it.
	// +optional
	Offset Offset `json:"offset,omitempty"`

	// at is the time of day in the person's zone, for dates without one. Without it
	// 10:00.
	// +optional
	At TimeOfDay `json:"at,omitempty"`

	// yearly repeats it every year, as for birthdays; the year of the date is then
	// not looked at.
	// +optional
	Yearly bool `json:"yearly,omitempty"`

	// leapDay says when a yearly date of 29 February is in other years. Without it
	// on 28 February.
	// +optional
	LeapDay LeapDay `json:"leapDay,omitempty"`
}

// LeapDay says when a yearly date of 29 February is in other years.
//
// +kubebuilder:validation:Enum=February28;March1
type LeapDay string

// Leap days.
const (
	// LeapDayFebruary28 is the day before.
	LeapDayFebruary28 LeapDay = "February28"
	// LeapDayMarch1 is the day after.
	LeapDayMarch1 LeapDay = "March1"
)

// ScheduleTrigger lets in the audience at certain times: exactly one of cron
// and at.
//
// +kubebuilder:validation:XValidation:rule="has(self.cron) != has(self.at)",message="set exactly one of cron and at"
type ScheduleTrigger struct {
	// cron has the five fields minute, hour, day, month and weekday, such as
	// "0 10 * * MON".
	// +optional
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[0-9A-Za-z*?/,-]+( +[0-9A-Za-z*?/,-]+){4}$`
	Cron string `json:"cron,omitempty"`

	// at is one time, such as "2026-12-31T10:00", or with an offset
	// "2026-12-31T10:00:00+03:00".
	// +optional
	// +kubebuilder:validation:MinLength=16
	// +kubebuilder:validation:MaxLength=25
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?$`
	At string `json:"at,omitempty"`

	// zone in which either is read: that of the workspace, or of each person.
	// +optional
	// +default="Workspace"
	Zone ScheduleZone `json:"zone,omitempty"`
}

// ScheduleZone is the zone of a schedule.
//
// +kubebuilder:validation:Enum=Workspace;Contact
type ScheduleZone string

// Zones of schedules.
const (
	// ScheduleZoneWorkspace is the workspace's.
	ScheduleZoneWorkspace ScheduleZone = "Workspace"
	// ScheduleZoneContact is each person's own.
	ScheduleZoneContact ScheduleZone = "Contact"
)

// ScenarioEntry says how often one person enters.
type ScenarioEntry struct {
	// reentry says whether a person enters again. Never: once for each key, for
	// ever. AfterExit: when not inside. Always: also while inside with another key.
	// +optional
	// +default="AfterExit"
	Reentry ReentryPolicy `json:"reentry,omitempty"`

	// cooldown is the least time between leaving and entering again.
	// +optional
	Cooldown Duration `json:"cooldown,omitempty"`

	// key gives what an entry is about, such as "event.data.cart_id"; goals and
	// exits that carry another value are then not meant. Without it each event is a
	// key of its own.
	// +optional
	Key Expression `json:"key,omitempty"`

	// existing says whether those enter who match when the scenario is applied.
	// +optional
	// +default="Skip"
	Existing ExistingPolicy `json:"existing,omitempty"`

	// onRepeat says what happens to a person inside when the trigger comes again
	// with the same key. Ignore: nothing. Restart: the first step again. Update:
	// the place stays, the event is replaced.
	// +optional
	// +default="Ignore"
	OnRepeat RepeatPolicy `json:"onRepeat,omitempty"`
}

// ReentryPolicy says whether a person enters again.
//
// +kubebuilder:validation:Enum=Never;AfterExit;Always
type ReentryPolicy string

// Re-entry policies.
const (
	// ReentryNever lets a person in once for each key.
	ReentryNever ReentryPolicy = "Never"
	// ReentryAfterExit lets a person in who is not inside.
	ReentryAfterExit ReentryPolicy = "AfterExit"
	// ReentryAlways lets a person in who is not inside with the same key.
	ReentryAlways ReentryPolicy = "Always"
)

// ExistingPolicy says whether those enter who match already.
//
// +kubebuilder:validation:Enum=Skip;Enrol
type ExistingPolicy string

// Policies for those who match already.
const (
	// ExistingSkip leaves them out.
	ExistingSkip ExistingPolicy = "Skip"
	// ExistingEnrol lets them in.
	ExistingEnrol ExistingPolicy = "Enrol"
)

// RepeatPolicy says what a trigger does to a person who is inside.
//
// +kubebuilder:validation:Enum=Ignore;Restart;Update
type RepeatPolicy string

// Repeat policies.
const (
	// RepeatIgnore does nothing.
	RepeatIgnore RepeatPolicy = "Ignore"
	// RepeatRestart begins at the first step again.
	RepeatRestart RepeatPolicy = "Restart"
	// RepeatUpdate takes over the new event.
	RepeatUpdate RepeatPolicy = "Update"
)

// ScenarioGoal is the event that a scenario is for.
type ScenarioGoal struct {
	// event by its type, such as "order.completed".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	Where Expression `json:"where,omitempty"`

	// value gives the money that the event brings, such as "event.data.total".
	// +optional
	Value Expression `json:"value,omitempty"`

	// within is how long after entry the goal counts, such as "7d".
	// +required
	Within Duration `json:"within"`
}

// NurtureScenario leads people on, or back: it takes them in by a trigger,
// sends messages with waits between them, branches by what they do, and reports
// what that brought.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=nurture,categories=waymark
// +kubebuilder:printcolumn:name="Entered",type=integer,JSONPath=`.status.entered`,description="Entries so far."
// +kubebuilder:printcolumn:name="Active",type=integer,JSONPath=`.status.active`,description="Entries that are inside."
// +kubebuilder:printcolumn:name="Sent",type=integer,JSONPath=`.status.sent`,description="Messages that were sent."
// +kubebuilder:printcolumn:name="Converted",type=integer,JSONPath=`.status.converted`,description="Entries that reached the goal after a message."
// +kubebuilder:printcolumn:name="Conversion",type=string,JSONPath=`.status.conversion`,description="Converted of those who entered."
// +kubebuilder:printcolumn:name="Uplift",type=string,JSONPath=`.status.uplift.text`,description="Difference to those who were sent nothing."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether every partition runs this version."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",message="use at most 63 lower-case letters, digits and hyphens for the name of a NurtureScenario, without dots"
type NurtureScenario struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says who is led through which steps.
	// +required
	Spec NurtureScenarioSpec `json:"spec"`

	// status shows the numbers.
	// +optional
	// +default={"observedGeneration": -1}
	Status NurtureScenarioStatus `json:"status,omitzero"`
}

// NurtureScenarioList is a list of NurtureScenarios.
//
// +kubebuilder:object:root=true
type NurtureScenarioList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []NurtureScenario `json:"items"`
}
