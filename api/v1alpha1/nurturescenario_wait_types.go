// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

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
