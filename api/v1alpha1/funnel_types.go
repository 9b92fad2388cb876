// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FunnelSpec says which way people go, stage by stage, and how they are
// counted.
//
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change: create another Funnel, or delete this one and apply it again"
// +kubebuilder:validation:XValidation:rule="!has(self.ignore) || (has(self.order) && self.order == 'Strict')",fieldPath=".ignore",message="ignore belongs to order: Strict, as other events may come between the stages otherwise: remove ignore"
// +kubebuilder:validation:XValidation:rule="!has(self.targets) || self.targets.all(t, self.stages.exists(s, s.name == t.stage) && t.stage != self.stages[0].name)",fieldPath=".targets",message="each target names a stage of this funnel after the first one: correct the name in stage"
// +kubebuilder:validation:XValidation:rule="!has(self.breakdowns) || self.breakdowns.all(b, self.stages.exists(s, s.name == b.at && !has(s.aggregate)))",fieldPath=".breakdowns",message="at names a stage of this funnel that counts contacts: correct the name in at"
// +kubebuilder:validation:XValidation:rule="!has(self.exclusions) || self.exclusions.all(x, (!has(x.after) || self.stages.exists(s, s.name == x.after && !has(s.aggregate))) && (!has(x.before) || self.stages.exists(s, s.name == x.before && !has(s.aggregate))))",fieldPath=".exclusions",message="after and before name stages of this funnel that count contacts: correct the names"
// +kubebuilder:validation:XValidation:rule="!has(self.exclusions) || self.exclusions.all(x, !has(x.after) || !has(x.before) || (x.after != x.before && self.stages.filter(s, s.name == x.after || s.name == x.before)[0].name == x.after))",fieldPath=".exclusions",message="after must name an earlier stage than before: exchange the two"
// +kubebuilder:validation:XValidation:rule="!has(self.exclusions) || self.exclusions.all(x, !has(x.after) || x.after != self.stages[self.stages.size() - 1].name)",fieldPath=".exclusions",message="nothing takes out whoever has reached the last stage: name an earlier one in after, or remove the exclusion"
// +kubebuilder:validation:XValidation:rule="!has(self.exclusions) || self.stages.filter(s, !has(s.aggregate)).size() > 1",fieldPath=".exclusions",message="there is no way that an exclusion could end where only one stage counts contacts: remove exclusions"
// +kubebuilder:validation:XValidation:rule="!has(self.exclusions) || self.exclusions.all(x, !has(x.before) || self.stages.filter(s, !has(s.aggregate))[0].name != x.before)",fieldPath=".exclusions",message="nothing takes out whoever has not reached the first stage: name a later one in before, or remove the exclusion"
// +kubebuilder:validation:XValidation:rule="!has(self.order) || self.order != 'Any' || !has(self.exclusions) || self.exclusions.all(x, !has(x.after) && !has(x.before))",fieldPath=".exclusions",message="order: Any takes the stages in whatever order, so that none comes after or before: remove after and before"
// +kubebuilder:validation:XValidation:rule="!has(self.order) || self.order != 'Any' || self.stages.all(s, !has(s.optional) || !s.optional)",fieldPath=".stages",message="order: Any knows no stage that is skipped, as it counts how many are reached: remove optional"
// +kubebuilder:validation:XValidation:rule="!has(self.unit) || !has(self.correlateBy)",fieldPath=".correlateBy",message="unit already says what is counted: remove correlateBy"
// +kubebuilder:validation:XValidation:rule="!has(self.unit) || !has(self.segmentRef)",fieldPath=".segmentRef",message="a segment is of people, and unit counts something else: remove segmentRef or unit"
type FunnelSpec struct {
	// workspaceRef names the Workspace whose events are counted. It cannot change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// segmentRef names a Segment: only ways count whose person belonged to it at
	// their start. Without it everybody's count.
	// +optional
	SegmentRef *SegmentReference `json:"segmentRef,omitempty"`

	// stages in the order in which people pass them, from the first visit to, say,
	// the purchase. A person enters the funnel with the first stage's event.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=2
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(s, self.exists_one(t, t.name == s.name))",message="stages need different names: give each stage a name of its own"
	// +kubebuilder:validation:XValidation:rule="!has(self[0].optional) || !self[0].optional",message="the first stage cannot be optional, as people enter the funnel with it: remove optional from it"
	// +kubebuilder:validation:XValidation:rule="!has(self[self.size() - 1].dropAfter) && !has(self[self.size() - 1].dropAfterIdle)",message="nobody drops off after the last stage: remove dropAfter and dropAfterIdle from it"
	// +kubebuilder:validation:XValidation:rule="self.map(s, has(s.aggregate) ? 0 : 1).isSorted() && self.exists(s, !has(s.aggregate))",message="aggregate stages count before contacts are known: put them all first, and at least one stage with event or anyOf after them"
	Stages []FunnelStage `json:"stages"`

	// window is how long a person may take from the first stage to the last, such
	// as "14d".
	// +optional
	// +default="30d"
	Window Duration `json:"window,omitempty"`

	// period says which days are counted: those on which people started. Without
	// it the last 30 days.
	// +optional
	Period *FunnelPeriod `json:"period,omitempty"`

	// order says how strictly the stages follow each other. Ordered: one after the
	// other, whatever comes between. Strict: nothing may come between, except the
	// types in ignore and Waymark's own. Any: the stages count in whatever order;
	// a stage's numbers are then those of people who reached that many stages.
	// +optional
	// +default="Ordered"
	Order FunnelOrder `json:"order,omitempty"`

	// ignore lists types of events that may come between stages although order is
	// Strict.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ignore []EventType `json:"ignore,omitempty"`

	// entryPolicy says from which event of the first stage a person's way is
	// counted. LatestStart: from whichever leads furthest, so that a second visit
	// that ends in a purchase counts. FirstStart: from the first one; later ones
	// only count when the window of the first is over.
	// +optional
	// +default="LatestStart"
	EntryPolicy EntryPolicy `json:"entryPolicy,omitempty"`

	// count says what is counted. Contacts: each person once per period, with the
	// way that led furthest. Entries: every way that somebody started; what starts
	// while one is open is part of it.
	// +optional
	// +default="Contacts"
	Count FunnelCount `json:"count,omitempty"`

	// correlateBy gives what belongs together besides the person, such as
	// "event.data.cart_id": each cart is then a way of its own. An event without
	// the value belongs to all of the person's ways. The value is a text, a number
	// or yes/no.
	// +optional
	CorrelateBy Expression `json:"correlateBy,omitempty"`

	// unit counts something else than people, such as deals or companies, whoever's
	// events tell of it. Conditions then see events only.
	// +optional
	Unit *FunnelUnit `json:"unit,omitempty"`

	// breakdowns show the same numbers by a property, such as where people came
	// from.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=3
	// +kubebuilder:validation:XValidation:rule="self.all(b, self.exists_one(c, c.name == b.name))",message="breakdowns need different names: give each breakdown a name of its own"
	Breakdowns []FunnelBreakdown `json:"breakdowns,omitempty"`

	// minGroup is the smallest number of people that a breakdown shows by itself.
	// Smaller groups are added to "(other)", so that nobody can be recognised.
	// +optional
	// +default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	MinGroup int32 `json:"minGroup,omitempty"`

	// exclusions take people out of the count when something happens on their way,
	// such as a cancelled order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Exclusions []FunnelExclusion `json:"exclusions,omitempty"`

	// targets say which share should get from a stage's predecessor to the stage.
	// They decide what the bottleneck is.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=15
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.stage == t.stage))",message="there is more than one target for the same stage: keep one of them"
	Targets []FunnelTarget `json:"targets,omitempty"`

	// triggerMaxAge is how old a drop-off may be and still start a scenario. Older
	// ones are counted as stale and nobody is written to.
	// +optional
	// +default="1h"
	TriggerMaxAge Duration `json:"triggerMaxAge,omitempty"`

	// suspend keeps the numbers as they are and starts no scenarios. Events go on
	// being stored, and counting takes them in when suspend ends.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// FunnelUnit is what is counted instead of people.
type FunnelUnit struct {
	// by gives what an event tells of, such as "event.data.deal_id": a text, a
	// number or yes/no. An event without the value tells of none.
	// +required
	By Expression `json:"by"`
}

// FunnelStage is one step of the way, such as "cart". Which event brings a
// person there is said by exactly one of event, anyOf and aggregate.
//
// +kubebuilder:validation:XValidation:rule="[has(self.event), has(self.anyOf), has(self.aggregate)].exists_one(x, x)",message="say what brings people to the stage with exactly one of event, anyOf and aggregate"
// +kubebuilder:validation:XValidation:rule="!has(self.where) || has(self.event)",fieldPath=".where",message="where belongs to event: with anyOf write it into each entry, with aggregate inside of it"
// +kubebuilder:validation:XValidation:rule="!has(self.aggregate) || !(has(self.value) || has(self.refund) || has(self.optional) || has(self.dropAfter) || has(self.dropAfterIdle))",fieldPath=".aggregate",message="an aggregate stage counts no contacts: remove value, refund, optional, dropAfter and dropAfterIdle from it"
// +kubebuilder:validation:XValidation:rule="!(has(self.dropAfter) && has(self.dropAfterIdle))",fieldPath=".dropAfterIdle",message="write one of dropAfter (counted from the stage's event) and dropAfterIdle (counted from the person's last event)"
// +kubebuilder:validation:XValidation:rule="!has(self.refund) || has(self.value)",fieldPath=".refund",message="refund takes away from value: write value too, or remove refund"
type FunnelStage struct {
	// name of the stage, such as "cart". Other resources and the results name it
	// so.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language, such as "Cart" or "Корзина".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// event that brings a person to the stage, by its type, such as
	// "product.added".
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count, such as "event.data.price > 0".
	// Variables are event (type, time, source, data) and contact.attributes, as
	// they were when the person started.
	// +optional
	Where Expression `json:"where,omitempty"`

	// anyOf lists several events of which each brings a person to the stage.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	AnyOf []EventMatch `json:"anyOf,omitempty"`

	// aggregate adds up a number that events carry, such as impressions of an ad,
	// where the people are not known.
	// +optional
	Aggregate *StageAggregate `json:"aggregate,omitempty"`

	// optional lets people pass on without this stage; that is then no drop-off.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// value gives the money that the event brings, such as "event.data.total", as
	// a number. It adds up to the stage's value and, per event, to the average
	// order value.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Value Expression `json:"value,omitempty"`

	// refund takes money away again when an order is returned.
	// +optional
	Refund *StageRefund `json:"refund,omitempty"`

	// dropAfter is how long after this stage a person counts as lost without
	// reaching the next, such as "1h". Whoever comes later after all is also
	// counted as recovered. Without it a person is lost when the window is over.
	// +optional
	DropAfter Duration `json:"dropAfter,omitempty"`

	// dropAfterIdle is the same, counted from the last event of any kind that the
	// person caused.
	// +optional
	DropAfterIdle Duration `json:"dropAfterIdle,omitempty"`
}

// EventMatch is one of several events that bring a person to a stage.
type EventMatch struct {
	// event by its type, such as "product.added".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count, such as "event.data.price > 0".
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`
}

// StageAggregate adds up a number that events carry, over the days of the
// period.
type StageAggregate struct {
	// event that carries the number, by its type, such as "ad.impressions".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// sum gives the number to add up, such as "event.data.impressions".
	// +required
	// +kubebuilder:validation:MaxLength=256
	Sum Expression `json:"sum"`
}

// StageRefund takes money away from a stage's value when an order is returned.
type StageRefund struct {
	// event that says so, by its type, such as "order.refunded".
	// +required
	Event EventType `json:"event"`

	// amount gives the money to take away, such as "event.data.total".
	// +required
	// +kubebuilder:validation:MaxLength=128
	Amount Expression `json:"amount"`

	// matchBy gives what the two events have in common, such as
	// "event.data.order_id". What matches no counted event takes nothing away.
	// +required
	// +kubebuilder:validation:MaxLength=128
	MatchBy Expression `json:"matchBy"`
}

// FunnelPeriod says which days are counted, in the time zone of the workspace:
// exactly one of rollingDays, calendar and between.
//
// +kubebuilder:validation:XValidation:rule="[has(self.rollingDays), has(self.calendar), has(self.between)].exists_one(x, x)",message="set exactly one of rollingDays, calendar and between"
type FunnelPeriod struct {
	// rollingDays counts today and the days before it, so many in all.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1095
	RollingDays int32 `json:"rollingDays,omitempty"`

	// calendar counts the week, month, quarter or year that today is part of.
	// +optional
	Calendar CalendarPeriod `json:"calendar,omitempty"`

	// between counts fixed days.
	// +optional
	Between *DateRange `json:"between,omitempty"`
}

// CalendarPeriod is a stretch of the calendar. Weeks begin on Monday.
//
// +kubebuilder:validation:Enum=Week;Month;Quarter;Year
type CalendarPeriod string

// Calendar periods.
const (
	// CalendarWeek is Monday to Sunday.
	CalendarWeek CalendarPeriod = "Week"
	// CalendarMonth is a month.
	CalendarMonth CalendarPeriod = "Month"
	// CalendarQuarter is three months from January, April, July or October.
	CalendarQuarter CalendarPeriod = "Quarter"
	// CalendarYear is a year.
	CalendarYear CalendarPeriod = "Year"
)

// DateRange is a range of days, both ends included.
//
// +kubebuilder:validation:XValidation:rule="self.from <= self.to",message="from is after to: exchange them"
type DateRange struct {
	// from is the first day, such as "2026-10-01".
	// +required
	From Date `json:"from"`

	// to is the last day, such as "2026-10-31".
	// +required
	To Date `json:"to"`
}

// FunnelOrder says how strictly stages follow each other.
//
// +kubebuilder:validation:Enum=Ordered;Strict;Any
type FunnelOrder string

// Orders of stages.
const (
	// OrderOrdered lets other events come between the stages.
	OrderOrdered FunnelOrder = "Ordered"
	// OrderStrict lets no other events come between the stages.
	OrderStrict FunnelOrder = "Strict"
	// OrderAny counts stages in whatever order.
	OrderAny FunnelOrder = "Any"
)

// EntryPolicy says from which event of the first stage a person's way is
// counted.
//
// +kubebuilder:validation:Enum=LatestStart;FirstStart
type EntryPolicy string

// Entry policies.
const (
	// EntryLatestStart lets every event of the first stage be a start.
	EntryLatestStart EntryPolicy = "LatestStart"
	// EntryFirstStart lets only an event outside of an open way be a start.
	EntryFirstStart EntryPolicy = "FirstStart"
)

// FunnelCount says what is counted.
//
// +kubebuilder:validation:Enum=Contacts;Entries
type FunnelCount string

// What is counted.
const (
	// CountContacts counts each person once per period.
	CountContacts FunnelCount = "Contacts"
	// CountEntries counts every way that somebody started.
	CountEntries FunnelCount = "Entries"
)

// FunnelBreakdown shows the numbers by a property.
type FunnelBreakdown struct {
	// name of the breakdown, such as "source".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// by gives the property, such as "event.data.utm_source": a text, a number or
	// yes/no, of which the first 64 bytes are shown. Without one it is "(none)".
	// +required
	// +kubebuilder:validation:MaxLength=256
	By Expression `json:"by"`

	// at names the stage whose event is asked. Whoever did not reach it is in no
	// group.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	At string `json:"at"`

	// limit is how many values are shown; the rest is "(other)".
	// +optional
	// +default=10
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Limit int32 `json:"limit,omitempty"`
}

// FunnelExclusion takes people out of the count when something happens on
// their way, within the window.
type FunnelExclusion struct {
	// event that takes a person out, by its type, such as "order.cancelled".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// after names the stage from which on it counts. Without it from the first.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	After string `json:"after,omitempty"`

	// before names the stage up to which it counts. Without it up to the last.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Before string `json:"before,omitempty"`

	// action on the person's way. Discard takes it out of the count at every stage
	// that it reached. End leaves it at the stage where it was.
	// +optional
	// +default="Discard"
	Action ExclusionAction `json:"action,omitempty"`
}

// ExclusionAction says what becomes of a way that is excluded.
//
// +kubebuilder:validation:Enum=Discard;End
type ExclusionAction string

// Exclusion actions.
const (
	// ExclusionDiscard takes the way out of the count.
	ExclusionDiscard ExclusionAction = "Discard"
	// ExclusionEnd leaves the way at the stage where it was.
	ExclusionEnd ExclusionAction = "End"
)

// FunnelTarget is the share of people that should reach a stage from the one
// before it.
type FunnelTarget struct {
	// stage to be reached; any but the first.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Stage string `json:"stage"`

	// conversion from the stage before it, such as "40%".
	// +required
	Conversion Percent `json:"conversion"`
}

// Funnel says which stages people pass, from the first visit to the purchase
// and beyond, and reports how many reach each, where they leave and what that
// costs.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=fn,categories=waymark
// +kubebuilder:printcolumn:name="Period",type=string,JSONPath=`.status.summary.period`,description="Days that are counted."
// +kubebuilder:printcolumn:name="Entered",type=integer,JSONPath=`.status.summary.entered`,description="People who entered the first stage."
// +kubebuilder:printcolumn:name="Converted",type=integer,JSONPath=`.status.summary.converted`,description="People who reached the last stage."
// +kubebuilder:printcolumn:name="Conversion",type=string,JSONPath=`.status.summary.conversion`,description="Converted of those who entered."
// +kubebuilder:printcolumn:name="Bottleneck",type=string,JSONPath=`.status.summary.bottleneck`,description="Transition where most is to be gained."
// +kubebuilder:printcolumn:name="Lost",type=string,JSONPath=`.status.summary.lost`,description="Share that drops off at the bottleneck."
// +kubebuilder:printcolumn:name="Change",type=string,JSONPath=`.status.summary.change`,description="Change of the conversion against the period before."
// +kubebuilder:printcolumn:name="Revenue",type=string,JSONPath=`.status.summary.revenue`,description="Value of the last stage that has one."
// +kubebuilder:printcolumn:name="Data",type=string,JSONPath=`.status.summary.data`,description="Whether the numbers keep up with the events."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether every partition computes this version."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Best lever",type=string,JSONPath=`.status.summary.bestLever`,description="What would bring most.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",message="use at most 63 lower-case letters, digits and hyphens for the name of a Funnel, without dots"
type Funnel struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says which way people go and how they are counted.
	// +required
	Spec FunnelSpec `json:"spec"`

	// status shows the numbers.
	// +optional
	// +default={"observedGeneration": -1}
	Status FunnelStatus `json:"status,omitzero"`
}

// FunnelList is a list of Funnels.
//
// +kubebuilder:object:root=true
type FunnelList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []Funnel `json:"items"`
}
