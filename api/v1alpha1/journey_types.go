// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// JourneySpec is the map of a journey: which stages people pass, what they meet
// and want there, what keeps them from going on, and what is done about it.
//
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change: create another Journey, or delete this one and apply it again"
// +kubebuilder:validation:XValidation:rule="!(has(self.segment) && has(self.segmentRef))",fieldPath=".segmentRef",message="write one of segment (a condition of its own) and segmentRef (the name of a Segment)"
type JourneySpec struct {
	// workspaceRef names the Workspace whose events are looked at. It cannot
	// change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// title that people read, in any language, such as "First purchase".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// segment says whose journey it is by a condition of its own. It is looked at
	// when a person starts.
	// +optional
	Segment *JourneySegment `json:"segment,omitempty"`

	// segmentRef names the Segment whose journey it is. Without it and without
	// segment it is everybody's.
	// +optional
	SegmentRef *SegmentReference `json:"segmentRef,omitempty"`

	// funnelRef names the Funnel that counts the stages. Several journeys may share
	// one.
	// +required
	FunnelRef FunnelReference `json:"funnelRef"`

	// purchase is what loyalty is counted by: who buys again, how often and for how
	// much.
	// +optional
	Purchase *JourneyPurchase `json:"purchase,omitempty"`

	// churnAfter is after how long without a purchase a buyer counts as lost.
	// +optional
	// +default="90d"
	ChurnAfter Duration `json:"churnAfter,omitempty"`

	// satisfaction is a score that people give.
	// +optional
	Satisfaction *JourneySatisfaction `json:"satisfaction,omitempty"`

	// economics lets levers be told in profit.
	// +optional
	Economics *JourneyEconomics `json:"economics,omitempty"`

	// survey asks people who left for the reason. Which reasons they may name say
	// barriers with the signal answer: true.
	// +optional
	Survey *JourneySurvey `json:"survey,omitempty"`

	// suggest says which events are looked through for barriers that nobody has
	// thought of. Without it all are.
	// +optional
	Suggest *JourneySuggestions `json:"suggest,omitempty"`

	// stages of the map, in order: those of the funnel that there is something to
	// say about, then those that come after it.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=24
	// +kubebuilder:validation:XValidation:rule="self.all(s, self.exists_one(t, t.name == s.name))",message="stages need different names: give each stage a name of its own"
	// +kubebuilder:validation:XValidation:rule="self.map(s, has(s.within) ? 1 : 0).isSorted() && self.filter(s, has(s.within)).size() <= 8",message="stages with events of their own come after the funnel's: put them last, and write at most 8"
	// +kubebuilder:validation:XValidation:rule="self.map(s, (has(s.barriers) ? s.barriers.size() : 0)).sum() <= 64 && self.map(s, (has(s.touchpoints) ? s.touchpoints.size() : 0)).sum() <= 64 && self.map(s, (has(s.behaviours) ? s.behaviours.size() : 0)).sum() <= 64 && self.map(s, (has(s.improvements) ? s.improvements.size() : 0)).sum() <= 32",message="a journey has at most 64 barriers, 64 touchpoints, 64 behaviours and 32 improvements in all: make another Journey for the rest"
	// +kubebuilder:validation:XValidation:rule="self.map(s, (has(s.touchpoints) ? s.touchpoints.filter(t, has(t.event)).size() : 0) + (has(s.behaviours) ? s.behaviours.filter(b, has(b.when)).size() : 0) + (has(s.barriers) ? s.barriers.map(b, (has(b.signals) ? b.signals.filter(g, has(g.event)).size() : 0)).sum() : 0)).sum() <= 64",message="signals, touchpoints and behaviours name more than 64 events in all: remove event where it need not be counted"
	// +kubebuilder:validation:XValidation:rule="self.map(s, (has(s.title) ? size(s.title) : 0) + (has(s.where) ? size(s.where) : 0) + (has(s.owner) ? size(s.owner) : 0) + (has(s.action) ? size(s.action) : 0) + (has(s.anyOf) ? s.anyOf.map(m, 96 + (has(m.where) ? size(m.where) : 0)).sum() : 0) + (has(s.customer) ? (has(s.customer.goal) ? size(s.customer.goal) : 0) + (has(s.customer.questions) ? s.customer.questions.map(q, 1 + size(q)).sum() : 0) + (has(s.customer.fears) ? s.customer.fears.map(q, 1 + size(q)).sum() : 0) + (has(s.customer.expectations) ? s.customer.expectations.map(q, 1 + size(q)).sum() : 0) : 0) + (has(s.touchpoints) ? s.touchpoints.map(t, 128 + (has(t.title) ? size(t.title) : 0) + (has(t.where) ? size(t.where) : 0)).sum() : 0) + (has(s.behaviours) ? s.behaviours.map(b, 128 + (has(b.title) ? size(b.title) : 0) + (has(b.when) && has(b.when.where) ? size(b.when.where) : 0) + (has(b.response) && has(b.response.action) ? size(b.response.action) : 0)).sum() : 0) + (has(s.waysBack) ? s.waysBack.map(w, 32 + (has(w.action) ? size(w.action) : 0)).sum() : 0) + (has(s.barriers) ? s.barriers.map(b, 48 + (has(b.title) ? size(b.title) : 0) + (has(b.description) ? size(b.description) : 0) + (has(b.signals) ? b.signals.map(g, 96 + (has(g.where) ? size(g.where) : 0)).sum() : 0) + (has(b.evidence) ? b.evidence.map(e, 32 + (has(e.url) ? size(e.url) : 0) + (has(e.note) ? size(e.note) : 0)).sum() : 0)).sum() : 0) + (has(s.improvements) ? s.improvements.map(i, 64 + (has(i.title) ? size(i.title) : 0)).sum() : 0)).sum() <= 24000",message="the map says more than 24000 characters in all, where each thing in a list counts as 32 to 128: shorten its texts, or make another Journey for a part of it"
	Stages []JourneyStage `json:"stages"`
}

// JourneySegment says whose journey it is.
type JourneySegment struct {
	// where is the condition, such as "contact.attributes.orders < 1".
	// +required
	Where Expression `json:"where"`
}

// JourneyPurchase is what loyalty is counted by.
type JourneyPurchase struct {
	// event by its type, such as "order.completed".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// value gives the money that the event brings, such as "event.data.total".
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Value Expression `json:"value,omitempty"`
}

// JourneySatisfaction is a score that people give.
type JourneySatisfaction struct {
	// event by its type, such as "score.given".
	// +required
	Event EventType `json:"event"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// score gives the number, such as "event.data.score".
	// +required
	// +kubebuilder:validation:MaxLength=256
	Score Expression `json:"score"`
}

// JourneyEconomics lets levers be told in profit.
type JourneyEconomics struct {
	// leadCost is what one more person at the first stage costs, in the currency of
	// the workspace, such as "120".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,6})?$`
	LeadCost Decimal `json:"leadCost,omitempty"`

	// marginPercent is how much of the revenue remains, before the costs of leads.
	// Without it all of it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MarginPercent *int32 `json:"marginPercent,omitempty"`
}

// JourneySurvey asks people who left for the reason.
type JourneySurvey struct {
	// by gives a property of the event of the stage where a person stopped, such as
	// "event.data.device", in which those who answer may differ from those who do
	// not; the answers are then weighted by it.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	By Expression `json:"by,omitempty"`

	// within is how long after a person left an answer counts.
	// +optional
	// +default="30d"
	Within Duration `json:"within,omitempty"`
}

// JourneySuggestions says which events are looked through for barriers that
// nobody has thought of.
type JourneySuggestions struct {
	// disabled looks through none.
	// +optional
	Disabled bool `json:"disabled,omitempty"`

	// ignore lists types of events that are no barriers, such as a heartbeat.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Ignore []EventType `json:"ignore,omitempty"`
}

// Journey joins the map of a journey to the numbers of its funnel: where people
// leave, why, what was done about it and whether it helped, and which lever
// would bring most.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=jrn,categories=waymark
// +kubebuilder:printcolumn:name="Conversion",type=string,JSONPath=`.status.summary.conversion`,description="Share that reaches the end of the funnel."
// +kubebuilder:printcolumn:name="Weakest",type=string,JSONPath=`.status.summary.weakest`,description="Transition where most is to be gained."
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.status.summary.why`,description="Barrier that takes most people away there."
// +kubebuilder:printcolumn:name="Fix",type=string,JSONPath=`.status.summary.fix`,description="What was done about it, and whether it helped."
// +kubebuilder:printcolumn:name="Best lever",type=string,JSONPath=`.status.summary.bestLever`,description="What would bring most."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether every partition computes this version."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",message="use at most 63 lower-case letters, digits and hyphens for the name of a Journey, without dots"
type Journey struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the map.
	// +required
	Spec JourneySpec `json:"spec"`

	// status shows the numbers.
	// +optional
	// +default={"observedGeneration": -1}
	Status JourneyStatus `json:"status,omitzero"`
}

// JourneyList is a list of Journeys.
//
// +kubebuilder:object:root=true
type JourneyList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []Journey `json:"items"`
}
