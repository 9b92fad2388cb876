// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// JourneyStage is what there is to say about one stage.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.event) && has(self.anyOf))",fieldPath=".anyOf",message="write either event or anyOf"
// +kubebuilder:validation:XValidation:rule="!has(self.where) || has(self.event)",fieldPath=".where",message="where belongs to event: with anyOf write it into each entry"
// +kubebuilder:validation:XValidation:rule="has(self.within) == (has(self.event) || has(self.anyOf))",message="a stage after the funnel's has both its own event (or anyOf) and within; a stage of the funnel has neither"
type JourneyStage struct {
	// name of the stage: that of a stage of the funnel or, with event or anyOf, of
	// one after it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// event that brings a person to a stage after the funnel's, by its type, such
	// as "review.left".
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// anyOf lists several events of which each brings a person to the stage.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	AnyOf []EventMatch `json:"anyOf,omitempty"`

	// within is how long a person may take to a stage after the funnel's from the
	// stage before it, such as "14d".
	// +optional
	Within Duration `json:"within,omitempty"`

	// owner of the stage, such as a team.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Owner string `json:"owner,omitempty"`

	// action that people should take here, such as "pay online".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Action string `json:"action,omitempty"`

	// customer says how the stage looks to people.
	// +optional
	Customer *CustomerView `json:"customer,omitempty"`

	// touchpoints are where people meet the company at this stage.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(t, self.exists_one(u, u.name == t.name))",message="touchpoints of a stage need different names: give each a name of its own"
	Touchpoints []Touchpoint `json:"touchpoints,omitempty"`

	// behaviours are the different ways in which people may act here.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(b, self.exists_one(c, c.name == b.name))",message="behaviours of a stage need different names: give each a name of its own"
	Behaviours []Behaviour `json:"behaviours,omitempty"`

	// waysBack lead people back who left at this stage.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	WaysBack []JourneyResponse `json:"waysBack,omitempty"`

	// barriers are what may keep people from going on.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(b, self.exists_one(c, c.name == b.name))",message="barriers of a stage need different names: give each a name of its own"
	Barriers []Barrier `json:"barriers,omitempty"`

	// improvements are what was done to lose fewer people here.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(i, self.exists_one(j, j.name == i.name))",message="improvements of a stage need different names: give each a name of its own"
	Improvements []Improvement `json:"improvements,omitempty"`
}

// CustomerView says how a stage looks to people.
type CustomerView struct {
	// goal that people have at this stage.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Goal string `json:"goal,omitempty"`

	// questions that they ask themselves.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Questions []Statement `json:"questions,omitempty"`

	// fears that hold them back.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Fears []Statement `json:"fears,omitempty"`

	// expectations that they have.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Expectations []Statement `json:"expectations,omitempty"`

	// emotion from -2 (angry) over 0 (indifferent) to 2 (delighted).
	// +optional
	// +kubebuilder:validation:Minimum=-2
	// +kubebuilder:validation:Maximum=2
	Emotion *int32 `json:"emotion,omitempty"`
}

// Statement is something that people ask, fear or expect, in any language.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=200
type Statement string

// Touchpoint is where people meet the company.
//
// +kubebuilder:validation:XValidation:rule="!has(self.where) || has(self.event)",fieldPath=".where",message="where belongs to event: write event too, or remove where"
type Touchpoint struct {
	// name of the touchpoint, such as "checkout-page".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// medium by which they meet.
	// +required
	Medium TouchpointMedium `json:"medium"`

	// event that tells of a meeting, by its type, such as "page.viewed". It is then
	// counted how many met it at this stage, and went on or left.
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// scenarioRef names the NurtureScenario whose messages they are.
	// +optional
	ScenarioRef *NurtureScenarioReference `json:"scenarioRef,omitempty"`
}

// TouchpointMedium is where people meet the company.
//
// +kubebuilder:validation:Enum=Web;App;Search;Social;Ad;Review;Email;Messenger;SMS;Push;Phone;Chat;Meeting;Store;Document;Other
type TouchpointMedium string

// Behaviour is one way in which people may act at a stage.
type Behaviour struct {
	// name of the behaviour, such as "hesitates".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// when is the event that shows it. It is then counted how many did so at this
	// stage.
	// +optional
	When *EventMatch `json:"when,omitempty"`

	// response to it. Without one it is listed as not covered.
	// +optional
	Response *JourneyResponse `json:"response,omitempty"`
}

// JourneyResponse is what is done for a person: exactly one of scenarioRef and
// action.
//
// +kubebuilder:validation:XValidation:rule="has(self.scenarioRef) != has(self.action)",message="set exactly one of scenarioRef and action"
type JourneyResponse struct {
	// scenarioRef names the NurtureScenario that does it.
	// +optional
	ScenarioRef *NurtureScenarioReference `json:"scenarioRef,omitempty"`

	// action that people take for it, such as "a call by the manager".
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	Action string `json:"action,omitempty"`
}

// Barrier is what may keep people from going on.
type Barrier struct {
	// name of the barrier, such as "delivery-cost". Barriers of several stages may
	// have one name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language; also those who are asked why they
	// left.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// category of the barrier.
	// +required
	Category BarrierCategory `json:"category"`

	// description of what is in the way.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=500
	Description string `json:"description,omitempty"`

	// signals tell who met the barrier; any of them does. Without one there is no
	// evidence of it but what is written here.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.filter(s, has(s.answer)).size() <= 1",message="answer: true says all by being there once: remove the others"
	Signals []BarrierSignal `json:"signals,omitempty"`

	// evidence that was found outside, such as in interviews. It stands beside what
	// is counted and changes no number.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Evidence []DeclaredEvidence `json:"evidence,omitempty"`
}

// BarrierCategory says what kind of barrier it is.
//
// +kubebuilder:validation:Enum=Trust;Information;Price;Usability;Emotion;Timing;Service;Other
type BarrierCategory string

// BarrierSignal tells who met a barrier: an event, an event that does not come,
// or an answer to the survey.
//
// +kubebuilder:validation:XValidation:rule="has(self.event) != has(self.answer)",message="set exactly one of event and answer"
// +kubebuilder:validation:XValidation:rule="has(self.event) || !(has(self.where) || has(self.absentFor))",message="where and absentFor belong to event: remove them"
type BarrierSignal struct {
	// event by its type, such as "checkout.error".
	// +optional
	Event EventType `json:"event,omitempty"`

	// where says which of these events count, such as "event.data.code ==
	// 'delivery_price'".
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Where Expression `json:"where,omitempty"`

	// absentFor turns it round: the signal is that no such event came for so long
	// after the person reached the stage, such as "1h".
	// +optional
	AbsentFor Duration `json:"absentFor,omitempty"`

	// answer lets people who are asked why they left name this barrier.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self",message="write answer: true, or remove answer and name an event"
	Answer *bool `json:"answer,omitempty"`
}

// DeclaredEvidence was found outside.
type DeclaredEvidence struct {
	// kind of source.
	// +required
	Kind EvidenceKind `json:"kind"`

	// url where it can be read.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:Pattern=`^https?://[^\s<>"]+$`
	URL string `json:"url,omitempty"`

	// count says of how many people or cases.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Count int32 `json:"count,omitempty"`

	// note about it. It should name nobody.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=500
	Note string `json:"note,omitempty"`
}

// EvidenceKind is a source of evidence.
//
// +kubebuilder:validation:Enum=Interview;Survey;Ticket;Review;Call;Observation;Analytics;Other
type EvidenceKind string

// Improvement is what was done to lose fewer people.
//
// +kubebuilder:validation:XValidation:rule="!has(self.metric) || self.metric != 'BarrierShare' || has(self.barrier)",fieldPath=".barrier",message="BarrierShare is about a barrier: name it in barrier"
type Improvement struct {
	// name of the improvement, such as "free-delivery".
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title that people read, in any language.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// barrier of this stage that it is meant to remove.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Barrier string `json:"barrier,omitempty"`

	// since is when it took effect.
	// +required
	Since metav1.Time `json:"since"`

	// metric that should improve. Conversion: the share that goes on from this
	// stage. BarrierShare: the share that meets the barrier. Completion: the share
	// that reaches the end of the funnel.
	// +optional
	// +default="Conversion"
	Metric ImprovementMetric `json:"metric,omitempty"`

	// span is how long before and after are compared, in whole weeks.
	// +optional
	// +default="28d"
	Span Duration `json:"span,omitempty"`
}

// ImprovementMetric is a number that should improve.
//
// +kubebuilder:validation:Enum=Conversion;BarrierShare;Completion
type ImprovementMetric string

// Metrics of improvements.
const (
	// MetricConversion is the share that goes on from the stage.
	MetricConversion ImprovementMetric = "Conversion"
	// MetricBarrierShare is the share that meets the barrier.
	MetricBarrierShare ImprovementMetric = "BarrierShare"
	// MetricCompletion is the share that reaches the end of the funnel.
	MetricCompletion ImprovementMetric = "Completion"
)
