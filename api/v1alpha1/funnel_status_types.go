// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FunnelStatus shows the numbers of a funnel. A number that cannot be known
// yet is absent; it is never 0 for lack of data. Counts are of contacts, or of
// entries where spec.count says so.
type FunnelStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, OnTarget, DataComplete, and Reconciling, Stalled or
	// DataSuspect while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=7
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// summary is the row of "kubectl get funnels".
	// +optional
	Summary *FunnelSummary `json:"summary,omitempty"`

	// period that was counted.
	// +optional
	Period *CountedPeriod `json:"period,omitempty"`

	// stages with their numbers, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Stages []StageStatus `json:"stages,omitempty"`

	// bottleneck is the transition between two stages where most is to be gained.
	// +optional
	Bottleneck *Bottleneck `json:"bottleneck,omitempty"`

	// targets with what was reached, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=15
	Targets []TargetStatus `json:"targets,omitempty"`

	// previous compares with the period of the same length before.
	// +optional
	Previous *PreviousPeriod `json:"previous,omitempty"`

	// breakdowns show the numbers by a property, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=3
	Breakdowns []BreakdownStatus `json:"breakdowns,omitempty"`

	// counters tell of events that did not count as they came.
	// +optional
	Counters *FunnelCounters `json:"counters,omitempty"`

	// exactSince is the instant from which on the log still holds every event that
	// counts. It is absent while the whole period is exact.
	// +optional
	ExactSince *metav1.Time `json:"exactSince,omitempty"`

	// evaluatedAt is the instant as of which the numbers are true. It moves only
	// together with a number.
	// +optional
	EvaluatedAt *metav1.Time `json:"evaluatedAt,omitempty"`

	// activeVersion is the version of the definition that the numbers are of.
	// While an edit is computed from history, or is invalid, it is the version
	// before.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ActiveVersion string `json:"activeVersion,omitempty"`
}

// FunnelSummary is the row of "kubectl get funnels".
type FunnelSummary struct {
	// period that was counted, such as "30d", "Month" or "2026-10-01..10-31".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Period string `json:"period,omitempty"`

	// entered is how many entered the first stage.
	// +optional
	Entered *int64 `json:"entered,omitempty"`

	// converted is how many reached the last stage.
	// +optional
	Converted *int64 `json:"converted,omitempty"`

	// conversion is converted of entered, such as "4.50%".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Conversion string `json:"conversion,omitempty"`

	// conversionBasisPoints is the same in hundredths of a percent: 450 is 4.50 %.
	// +optional
	ConversionBasisPoints *int32 `json:"conversionBasisPoints,omitempty"`

	// bottleneck is the transition where most is to be gained, such as
	// "cart→checkout".
	// +optional
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[-a-z0-9]+→[-a-z0-9]+$`
	Bottleneck string `json:"bottleneck,omitempty"`

	// lost is the share that drops off at the bottleneck, such as "61.2%".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Lost string `json:"lost,omitempty"`

	// change of the conversion against the period before, such as "+0.42pp", or
	// "+0.4pp ±0.9" while that may be chance.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Change string `json:"change,omitempty"`

	// revenue is the value of the last stage that has one, such as "1.96M RUB".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Revenue string `json:"revenue,omitempty"`

	// data says whether the numbers keep up with the events: Live; Backfilling
	// with how far the history is read; Stale while the runner does not answer;
	// NoData before the first event.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Data string `json:"data,omitempty"`
}

// What summary.data says. While history is read it says DataBackfilling
// followed by a blank and a percentage.
const (
	// DataLive means that the numbers keep up with the events.
	DataLive = "Live"
	// DataBackfilling means that history is still read; how far follows, as in
	// "Backfilling 42%".
	DataBackfilling = "Backfilling"
	// DataStale means that the runner does not answer and the numbers are the last
	// that it gave.
	DataStale = "Stale"
	// DataNoData means that nobody has entered in the period.
	DataNoData = "NoData"
)

// CountedPeriod is the range of days on which those who are counted started.
type CountedPeriod struct {
	// from is the first day in the zone of the workspace.
	// +required
	From Date `json:"from"`

	// to is the last day in the zone of the workspace.
	// +required
	To Date `json:"to"`
}

// StageStatus holds the numbers of one stage. Of those who entered it each is
// either converted, in progress, dropped or excluded.
type StageStatus struct {
	// name of the stage.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// title of the stage.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Title string `json:"title,omitempty"`

	// entered is how many reached the stage.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the next stage; at the last stage all
	// are converted.
	// +required
	Converted int64 `json:"converted"`

	// inProgress is how many may still reach the next stage in time.
	// +required
	InProgress int64 `json:"inProgress"`

	// dropped is how many are lost: they did not reach the next stage in time.
	// +required
	Dropped int64 `json:"dropped"`

	// excluded is how many were taken out of the count by an exclusion.
	// +required
	Excluded int64 `json:"excluded"`

	// recovered is how many were already lost and reached the next stage after
	// all. They are among the converted.
	// +required
	Recovered int64 `json:"recovered"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`

	// matureConversion is the conversion of those alone whose time is over.
	// +optional
	MatureConversion *Rate `json:"matureConversion,omitempty"`

	// value is the money that the stage's events brought, in the currency of the
	// workspace.
	// +optional
	Value *StageValue `json:"value,omitempty"`

	// timeToConvert is how long those who converted took to the next stage.
	// +optional
	TimeToConvert *TimeToConvert `json:"timeToConvert,omitempty"`

	// aggregate is the sum of an aggregate stage, which counts no contacts.
	// +optional
	Aggregate Decimal `json:"aggregate,omitempty"`
}

// StageValue is the money that a stage's events brought.
type StageValue struct {
	// sum over all events, less refunds.
	// +required
	Sum Decimal `json:"sum"`

	// events that carried a value.
	// +required
	Events int64 `json:"events"`

	// average per event: the average order value.
	// +optional
	Average Decimal `json:"average,omitempty"`

	// refunded is what refunds took away.
	// +optional
	Refunded Decimal `json:"refunded,omitempty"`
}

// TimeToConvert is how long people take from one stage to the next, to within
// one percent.
type TimeToConvert struct {
	// median: half of the people take less.
	// +required
	Median Elapsed `json:"median"`

	// p90: nine out of ten take less.
	// +required
	P90 Elapsed `json:"p90"`
}

// BottleneckBasis says how the bottleneck was found.
//
// +kubebuilder:validation:Enum=Target;DropOff
type BottleneckBasis string

// Bases of a bottleneck.
const (
	// BottleneckByTarget is the transition that falls shortest of its target,
	// relative to the target.
	BottleneckByTarget BottleneckBasis = "Target"
	// BottleneckByDropOff is the transition that loses the largest share.
	BottleneckByDropOff BottleneckBasis = "DropOff"
)

// Bottleneck is the transition between two stages where most is to be gained.
type Bottleneck struct {
	// from is the stage that people leave.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	From string `json:"from"`

	// to is the stage that they do not reach.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	To string `json:"to"`

	// transition to read, such as "cart→checkout".
	// +required
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[-a-z0-9]+→[-a-z0-9]+$`
	Transition string `json:"transition"`

	// lost is how many dropped off between the two. Whoever may still come in time
	// is not lost.
	// +required
	Lost int64 `json:"lost"`

	// dropOff is lost of those who entered from.
	// +required
	DropOff Rate `json:"dropOff"`

	// basis says how it was found: Target, if there are targets, or DropOff.
	// +required
	Basis BottleneckBasis `json:"basis"`

	// shortfall is what is missing to the target, as a share of the target.
	// +optional
	Shortfall *Rate `json:"shortfall,omitempty"`
}

// TargetStatus says how far a target was reached.
type TargetStatus struct {
	// stage to be reached.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// target is the share that should reach it.
	// +required
	Target Percent `json:"target"`

	// actual is the share that did. It is absent while nobody entered the stage
	// before.
	// +optional
	Actual *Rate `json:"actual,omitempty"`

	// met says whether the target is reached. It is absent while actual is.
	// +optional
	Met *bool `json:"met,omitempty"`

	// shortfall is what is missing, as a share of the target. It is absent where
	// the target is met.
	// +optional
	Shortfall *Rate `json:"shortfall,omitempty"`
}

// PreviousPeriod compares a period with the one of the same length before.
type PreviousPeriod struct {
	// from is the first day of the earlier period.
	// +required
	From Date `json:"from"`

	// to is the last day of the earlier period.
	// +required
	To Date `json:"to"`

	// entered is how many entered the first stage then.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the last stage.
	// +required
	Converted int64 `json:"converted"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`

	// change of the conversion since then, of those alone whose time is over.
	// +optional
	Change *RateChange `json:"change,omitempty"`
}

// RateChange is the difference of two rates.
type RateChange struct {
	// text to read, such as "+0.42pp", or "+0.4pp ±0.9" while that may be chance.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Text string `json:"text"`

	// basisPoints of difference: 42 is 0.42 percentage points.
	// +required
	BasisPoints int32 `json:"basisPoints"`

	// marginBasisPoints around it that chance explains, at 95 %.
	// +optional
	MarginBasisPoints *int32 `json:"marginBasisPoints,omitempty"`

	// significant says that chance does not explain the difference.
	// +required
	Significant bool `json:"significant"`
}

// BreakdownStatus shows the numbers by a property.
type BreakdownStatus struct {
	// name of the breakdown.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// values of the property, the largest groups first, and "(other)" for the
	// rest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=11
	Values []BreakdownValue `json:"values,omitempty"`
}

// BreakdownValue holds the numbers of those who have one value of a property.
type BreakdownValue struct {
	// value of the property, shortened if need be.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Value string `json:"value"`

	// entered is how many of them entered the first stage.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the last stage.
	// +required
	Converted int64 `json:"converted"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`
}

// FunnelCounters tell of events that did not count as they came, since this
// version of the funnel is computed.
type FunnelCounters struct {
	// tooLate events came after the workspace's lateness and were not counted.
	// +optional
	TooLate int64 `json:"tooLate,omitempty"`

	// clamped events claimed a time more than five minutes in the future and
	// counted at that of their arrival.
	// +optional
	Clamped int64 `json:"clamped,omitempty"`

	// saturated is how many contacts have more than 10,000 events of the funnel;
	// only their newest are counted.
	// +optional
	Saturated int64 `json:"saturated,omitempty"`

	// stale drop-offs were older than spec.triggerMaxAge when they were found and
	// started no scenario.
	// +optional
	Stale int64 `json:"stale,omitempty"`

	// evaluationErrors is how many times an expression failed on an event. Each
	// reads as false, or as no value.
	// +optional
	EvaluationErrors int64 `json:"evaluationErrors,omitempty"`

	// evaluationErrorExample is one of them.
	// +optional
	EvaluationErrorExample *EvaluationError `json:"evaluationErrorExample,omitempty"`
}

// EvaluationError says where an expression failed. It holds nothing of the
// event itself, which may be personal.
type EvaluationError struct {
	// field of spec that holds the expression, such as "spec.stages[1].where".
	// +required
	// +kubebuilder:validation:MaxLength=128
	Field string `json:"field"`

	// message says what went wrong.
	// +required
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message"`

	// partition of the log that holds the event.
	// +required
	Partition int32 `json:"partition"`

	// offset of the event in that partition.
	// +required
	Offset int64 `json:"offset"`
}
