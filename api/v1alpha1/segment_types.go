// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SegmentSpec says who belongs to a segment.
//
// +kubebuilder:validation:XValidation:rule="self.workspaceRef == oldSelf.workspaceRef",fieldPath=".workspaceRef",message="workspaceRef cannot change: create another Segment, or delete this one and apply it again"
type SegmentSpec struct {
	// workspaceRef names the Workspace whose contacts are meant. It cannot change.
	// +required
	WorkspaceRef WorkspaceReference `json:"workspaceRef"`

	// title that people read, in any language, such as "Loyal customers".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// where is the condition of which people belong to the segment as long as it
	// holds, such as "contact.attributes.country == 'RU' && contact.traits.orders
	// >= 2". Variables are contact.attributes and contact.traits.
	// +required
	Where Expression `json:"where"`

	// traits are computed from people's events, for the condition. They change with
	// time too: an event that becomes older than a trait looks back no longer
	// counts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.name == t.name))",message="traits need different names: give each trait a name of its own"
	// +kubebuilder:validation:XValidation:rule="self.all(t, t.function != 'Rank' || !has(t.of) || self.exists(u, u.name == t.of && u.function != 'Rank'))",message="a Rank looks at another trait that is no Rank: correct its name in of"
	Traits []SegmentTrait `json:"traits,omitempty"`

	// periodDays is over how many days, today included, it is counted how many
	// entered and left.
	// +optional
	// +default=30
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=366
	PeriodDays int32 `json:"periodDays,omitempty"`

	// triggerMaxAge is how long ago somebody may have entered or left the segment
	// and still start a scenario. What is older is counted as stale and nobody is
	// written to.
	// +optional
	// +default="1h"
	TriggerMaxAge Duration `json:"triggerMaxAge,omitempty"`
}

// SegmentTrait is something that is computed from a person's events.
//
// +kubebuilder:validation:XValidation:rule="has(self.event) == (self.function != 'Rank')",message="name in event what the trait is computed from; only a Rank has none, as it looks at another trait"
// +kubebuilder:validation:XValidation:rule="self.function != 'Rank' || !(has(self.where) || has(self.within))",message="a Rank looks at another trait: write where and within into that one"
// +kubebuilder:validation:XValidation:rule="!(self.function in ['Sum', 'Distinct', 'Rank']) || has(self.of)",fieldPath=".of",message="say in of what is added up or told apart, such as event.data.total, or for a Rank the name of another trait"
// +kubebuilder:validation:XValidation:rule="self.function != 'Count' || !has(self.of)",fieldPath=".of",message="Count asks nothing of its events: remove of, or write function: Sum or Distinct"
// +kubebuilder:validation:XValidation:rule="has(self.ranks) == (self.function == 'Rank')",fieldPath=".ranks",message="ranks belongs to function: Rank, which needs it: write into how many groups people are divided"
type SegmentTrait struct {
	// name by which the condition asks for it: "orders" is contact.traits.orders.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z]([a-z0-9_]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="!(self in ['in', 'true', 'false', 'null'])",message="expressions have another use for this word: write another name"
	Name string `json:"name"`

	// function says what is made of the events. Count: how many there were. Sum:
	// of adds up. First, Last: of on the earliest or latest, without of its time.
	// Distinct: how many different values of has. Rank: in which of several equally
	// large groups another trait puts the person; 1 has the smallest values. Only
	// people for whom some event counts for that trait are in a group.
	// +required
	Function TraitFunction `json:"function"`

	// event that the trait is computed from, by its type, such as
	// "order.completed".
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count, such as "event.data.total > 0".
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// of gives the number that is added up, or the value, such as
	// "event.data.total"; an event without it does not count. Of a Rank it is the
	// name of the other trait, which comes before it.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Of Expression `json:"of,omitempty"`

	// within is how far back the trait looks, such as "90d". Without it as far as
	// the log goes.
	// +optional
	Within Duration `json:"within,omitempty"`

	// ranks is into how many groups a Rank divides people. Where the groups part is
	// found out from all who are in one, at most once a day.
	// +optional
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=10
	Ranks int32 `json:"ranks,omitempty"`
}

// TraitFunction says what a trait makes of its events.
//
// +kubebuilder:validation:Enum=Count;Sum;First;Last;Distinct;Rank
type TraitFunction string

// Functions of traits.
const (
	// TraitCount is how many there were.
	TraitCount TraitFunction = "Count"
	// TraitSum adds up a number.
	TraitSum TraitFunction = "Sum"
	// TraitFirst is a value of the earliest.
	TraitFirst TraitFunction = "First"
	// TraitLast is a value of the latest.
	TraitLast TraitFunction = "Last"
	// TraitDistinct is how many different values they have.
	TraitDistinct TraitFunction = "Distinct"
	// TraitRank is a group by the value of another trait.
	TraitRank TraitFunction = "Rank"
)

// Segment names people: those of whom a condition holds, over what is known of
// them and what happened to them. Funnels and journeys count within it, and
// scenarios start when somebody enters it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=seg,categories=waymark
// +kubebuilder:printcolumn:name="Size",type=integer,JSONPath=`.status.summary.size`,description="People who belong to it now."
// +kubebuilder:printcolumn:name="Entered",type=integer,JSONPath=`.status.summary.entered`,description="How often people entered it, in the days of the spec."
// +kubebuilder:printcolumn:name="Left",type=integer,JSONPath=`.status.summary.left`,description="How often people left it, in the days of the spec."
// +kubebuilder:printcolumn:name="Data",type=string,JSONPath=`.status.summary.data`,description="Whether the numbers keep up with the events."
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether every partition computes this version."
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why it is ready or not.",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 63",message="use at most 63 lower-case letters, digits and hyphens for the name of a Segment, without dots"
type Segment struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says who belongs to it.
	// +required
	Spec SegmentSpec `json:"spec"`

	// status shows the numbers.
	// +optional
	// +default={"observedGeneration": -1}
	Status SegmentStatus `json:"status,omitzero"`
}

// SegmentList is a list of Segments.
//
// +kubebuilder:object:root=true
type SegmentList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata of the list.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items of the list.
	Items []Segment `json:"items"`
}
