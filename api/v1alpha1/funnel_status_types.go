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
	// +kubebuilder:validation:MaxItems=6
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

	// levers say what would bring how much more, the best first: more people at the
	// start, fewer losses between two stages, more of the lost who return. The best
	// lever need not be at the bottleneck, as what is widened early is lost again
	// later.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=6
	Levers []LeverStatus `json:"levers,omitempty"`

	// counters tell of events that did not count as they came.
	// +optional
	Counters *FunnelCounters `json:"counters,omitempty"`

	// exactSince is the instant from which on the log still holds every event that
	// counts. It is absent where it is before the period, which is then exact.
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

	// converted is how many reached the last stage that is not optional.
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
	// "+0.4pp ±0.9" while that may be chance, or "unclear" while too few came.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Change string `json:"change,omitempty"`

	// revenue is the value of the last stage that has one, such as "1.96M RUB".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Revenue string `json:"revenue,omitempty"`

	// bestLever is what would bring most, such as "10% fewer lost at
	// cart→checkout: +299K RUB".
	// +optional
	// +kubebuilder:validation:MaxLength=192
	// +kubebuilder:validation:Pattern=`^[-+a-zA-Z0-9→%:,. ]+$`
	BestLever string `json:"bestLever,omitempty"`

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

	// entered is how many reached the stage. At an aggregate stage, which counts no
	// contacts, it is 0, and so are the other counts.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them went on to a later stage; at the last stage all
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

	// conversion is converted of entered. At an aggregate stage it is how many
	// entered the next stage, or what that adds up to, of aggregate.
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

	// aggregate is what an aggregate stage adds up, such as impressions.
	// +optional
	Aggregate Decimal `json:"aggregate,omitempty"`

	// silent says that the stage's events have stopped across all contacts although
	// they came regularly: probably they are not sent any more. The condition
	// DataSuspect is then True.
	// +optional
	Silent bool `json:"silent,omitempty"`
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

	// to is the stage that they do not reach: the next that is not optional.
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

	// met says whether the target is reached, by those whose time is over as far as
	// they are enough. It changes only when chance does not explain that they are
	// above or below it, and keeps its value in between and while a stage on the way
	// is silent. It is absent while too few came for the first verdict.
	// +optional
	Met *bool `json:"met,omitempty"`

	// shortfall is what actual lacks, as a share of the target. It is absent where
	// actual lacks nothing.
	// +optional
	Shortfall *Rate `json:"shortfall,omitempty"`
}

// PreviousPeriod compares the latest days on which everybody's time is over
// with as many days right before. They are as many as the period has, in whole
// weeks where that is more than one, so that both sides have the same weekdays.
type PreviousPeriod struct {
	// from is the first of the earlier days.
	// +required
	From Date `json:"from"`

	// to is the last of the earlier days.
	// +required
	To Date `json:"to"`

	// entered is how many entered the first stage then. Those who were taken out by
	// an exclusion are not among them.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the last stage that is not optional.
	// +required
	Converted int64 `json:"converted"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`

	// recent are the later days, which change is about.
	// +optional
	Recent *ComparedDays `json:"recent,omitempty"`

	// change of the conversion from the earlier days to the later.
	// +optional
	Change *RateChange `json:"change,omitempty"`
}

// ComparedDays are days that are compared with as many earlier ones.
type ComparedDays struct {
	// from is the first day.
	// +required
	From Date `json:"from"`

	// to is the last day.
	// +required
	To Date `json:"to"`

	// entered is how many entered the first stage. Those who were taken out by an
	// exclusion are not among them.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the last stage that is not optional.
	// +required
	Converted int64 `json:"converted"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`
}

// RateChange is the difference of two rates.
type RateChange struct {
	// text to read, such as "+0.42pp", or "+0.4pp ±0.9" while that may be chance, or
	// "unclear" while too few came to say.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Text string `json:"text"`

	// basisPoints of difference: 42 is 0.42 percentage points.
	// +required
	BasisPoints int32 `json:"basisPoints"`

	// marginBasisPoints around it that chance explains. Over a year of daily looks,
	// 19 of 20 funnels that do not change never leave it. It is absent while too
	// few came.
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

	// entered is how many of them entered the stage whose event is asked.
	// +required
	Entered int64 `json:"entered"`

	// converted is how many of them reached the last stage that is not optional.
	// +required
	Converted int64 `json:"converted"`

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`
}

// LeverKind says what is changed to get more out of a funnel.
//
// +kubebuilder:validation:Enum=MoreEntered;FewerDropOffs;WinBack
type LeverKind string

// Kinds of levers.
const (
	// LeverMoreEntered is a tenth more people at the start, who go on like those who
	// are there.
	LeverMoreEntered LeverKind = "MoreEntered"
	// LeverFewerDropOffs is a tenth fewer drop-offs at a stage. Whoever is not lost
	// reaches the next stage and goes on like those who do.
	LeverFewerDropOffs LeverKind = "FewerDropOffs"
	// LeverWinBack is a tenth of those who dropped off at a stage back at it. They go
	// on like those who reach it.
	LeverWinBack LeverKind = "WinBack"
)

// LeverStatus says what one change would have brought in the period.
type LeverStatus struct {
	// kind of the change.
	// +required
	Kind LeverKind `json:"kind"`

	// stage at which people drop off. It is absent where more enter.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage,omitempty"`

	// conversions are how many more would have reached the last stage that is not
	// optional.
	// +required
	Conversions LeverGain `json:"conversions"`

	// revenue is what those bring at the value that a conversion brings now, in the
	// currency of the workspace.
	// +optional
	Revenue *LeverGain `json:"revenue,omitempty"`

	// recovered is which share of those who were lost at the stage returns already.
	// It is absent while nobody does.
	// +optional
	Recovered *Rate `json:"recovered,omitempty"`
}

// LeverGain is what is gained, with a 95 % interval for the share that goes on.
type LeverGain struct {
	// estimate of the gain.
	// +required
	// +kubebuilder:validation:MaxLength=24
	Estimate Decimal `json:"estimate"`

	// low end of the interval.
	// +required
	// +kubebuilder:validation:MaxLength=24
	Low Decimal `json:"low"`

	// high end of the interval.
	// +required
	// +kubebuilder:validation:MaxLength=24
	High Decimal `json:"high"`
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
