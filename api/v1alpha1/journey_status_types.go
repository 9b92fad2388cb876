// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// JourneyStatus shows where people leave, why, and what helps. A number that
// cannot be known yet is absent; it is never 0 for lack of data. Counts are of
// what the funnel counts, in the segment of the journey.
type JourneyStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, OnTarget, EvidenceReady, DataComplete, and Reconciling,
	// Stalled or DataSuspect while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=6
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 192)",message="the type and the reason of a condition have at most 64 characters and its message 192"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// summary is the row of "kubectl get journeys".
	// +optional
	Summary *JourneySummary `json:"summary,omitempty"`

	// period in which those who are counted started.
	// +optional
	Period *CountedPeriod `json:"period,omitempty"`

	// stages of the funnel that count people, with their numbers, in its order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Stages []JourneyStageStatus `json:"stages,omitempty"`

	// beyond are the stages after the funnel's, in order.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Beyond []BeyondStageStatus `json:"beyond,omitempty"`

	// weakest is the transition between two stages where most is to be gained: the
	// bottleneck.
	// +optional
	Weakest *Bottleneck `json:"weakest,omitempty"`

	// barriers with what is known of them, those that take most people away first.
	// Whatever does not fit is left out.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Barriers []BarrierStatus `json:"barriers,omitempty"`

	// suggestedBarriers are events, named on the map or not, that those who leave
	// meet more often than chance explains, after a correction for how many were
	// looked through. They are where to look, and may be no cause.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	SuggestedBarriers []SuggestedBarrier `json:"suggestedBarriers,omitempty"`

	// met says of touchpoints and behaviours that name an event how many met or
	// showed them, in the order of spec. Whatever does not fit is left out.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Met []MetStatus `json:"met,omitempty"`

	// improvements with their verdicts, in the order of spec. Before and after may
	// differ for other reasons than the improvement, such as a season or a campaign:
	// that proves no cause. The uplift of a scenario with a holdout does, and stands
	// beside it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Improvements []ImprovementStatus `json:"improvements,omitempty"`

	// waysBack say what the scenarios that lead people back bring, in the order of
	// spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	WaysBack []WayBackStatus `json:"waysBack,omitempty"`

	// coverage lists what the map leaves open, where most is lost first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Coverage []CoverageGap `json:"coverage,omitempty"`

	// survey shows what those who left answer, the most frequent answers first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=6
	Survey []SurveyAnswerStatus `json:"survey,omitempty"`

	// loyalty says who buys again.
	// +optional
	Loyalty *LoyaltyStatus `json:"loyalty,omitempty"`

	// levers say what would bring how much more, the best first, as on a Funnel.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=6
	Levers []JourneyLever `json:"levers,omitempty"`

	// leverNote says why the best lever is not at the weakest transition, where it
	// is not.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[-+a-zA-Z0-9→%:;,.()… ]*$`
	LeverNote string `json:"leverNote,omitempty"`

	// told is what an Event last said, so that nothing is said twice.
	// +optional
	Told *JourneyTold `json:"told,omitempty"`

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
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	ActiveVersion string `json:"activeVersion,omitempty"`
}

// JourneySummary is the row of "kubectl get journeys".
type JourneySummary struct {
	// entered is how many entered the first stage.
	// +optional
	Entered *int64 `json:"entered,omitempty"`

	// conversion is the share of them that reached the end of the funnel, such as
	// "4.50%".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Conversion string `json:"conversion,omitempty"`

	// conversionBasisPoints is the same in hundredths of a percent: 450 is 4.50 %.
	// +optional
	ConversionBasisPoints *int32 `json:"conversionBasisPoints,omitempty"`

	// weakest is the transition where most is to be gained, such as
	// "cart→checkout".
	// +optional
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[-a-z0-9]+→[-a-z0-9]+$`
	Weakest string `json:"weakest,omitempty"`

	// why people leave there: the barrier to which most drop-offs can be attributed,
	// with the share of those who left that met it, such as "delivery-cost (38%)".
	// It is named only when chance does not explain it.
	// +optional
	// +kubebuilder:validation:MaxLength=96
	// +kubebuilder:validation:Pattern=`^[-a-z0-9%() ]+$`
	Why string `json:"why,omitempty"`

	// fix is the latest improvement there, with its verdict, such as "free-delivery
	// Improved".
	// +optional
	// +kubebuilder:validation:MaxLength=96
	// +kubebuilder:validation:Pattern=`^[-a-zA-Z0-9 ]+$`
	Fix string `json:"fix,omitempty"`

	// bestLever is what would bring most, such as "return 10% of cart: +1.1M".
	// +optional
	// +kubebuilder:validation:MaxLength=192
	// +kubebuilder:validation:Pattern=`^[-+a-zA-Z0-9→%:,. ]+$`
	BestLever string `json:"bestLever,omitempty"`

	// data says whether the numbers keep up with the events: Live; Backfilling
	// with how far the history is read; Stale while the runner does not answer;
	// NoData while nobody has entered in the period.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Data string `json:"data,omitempty"`
}

// JourneyStageStatus holds the numbers of one stage of the funnel. Of those who
// entered it each is either converted, in progress, dropped or excluded.
type JourneyStageStatus struct {
	// name of the stage.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// entered is how many reached the stage.
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

	// conversion is converted of entered.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`

	// lost is dropped of entered.
	// +optional
	Lost *Rate `json:"lost,omitempty"`

	// lostValue is what those who dropped would have brought, had they gone on to
	// the next stage and then completed like those who are there, in the currency
	// of the workspace.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	LostValue Decimal `json:"lostValue,omitempty"`

	// onTarget says whether the funnel's target for this stage is met in the segment
	// of the journey, as met does on the Funnel.
	// +optional
	OnTarget *bool `json:"onTarget,omitempty"`

	// silent says that the stage's events have stopped across all contacts although
	// they came regularly: probably they are not sent any more. The condition
	// DataSuspect is then True.
	// +optional
	Silent bool `json:"silent,omitempty"`
}

// BeyondStageStatus holds the numbers of a stage after the funnel's.
type BeyondStageStatus struct {
	// name of the stage.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// awaited is how many were at the stage before: they reached this one, may
	// still do so, or did not in time.
	// +required
	Awaited int64 `json:"awaited"`

	// reached is how many of them came to this stage.
	// +required
	Reached int64 `json:"reached"`

	// inProgress is how many may still come in time.
	// +required
	InProgress int64 `json:"inProgress"`

	// dropped is how many did not come in time.
	// +required
	Dropped int64 `json:"dropped"`

	// conversion is reached of awaited.
	// +optional
	Conversion *Rate `json:"conversion,omitempty"`
}

// SurveyAnswerStatus is one answer of those who left at a stage.
type SurveyAnswerStatus struct {
	// stage at which they left.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// answer is the name of a barrier, or "(other)".
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[-a-z0-9()]+$`
	Answer string `json:"answer"`

	// given is how many gave it.
	// +required
	Given int64 `json:"given"`

	// answered is how many gave any answer.
	// +required
	Answered int64 `json:"answered"`

	// asked is how many left, and so could be asked.
	// +required
	Asked int64 `json:"asked"`

	// share of all who left, in percent with one decimal, corrected for who answers
	// as far as spec.survey.by tells. It is absent while there are too few answers.
	// +optional
	Share *Estimate `json:"share,omitempty"`

	// bounds between which the share lies whatever those think who did not answer,
	// in percent with one decimal.
	// +optional
	Bounds *Estimate `json:"bounds,omitempty"`
}

// LoyaltyStatus says who buys again. It is about contacts, over all the time
// that the log holds.
type LoyaltyStatus struct {
	// buyers is how many bought.
	// +required
	Buyers int64 `json:"buyers"`

	// purchases is how often.
	// +required
	Purchases int64 `json:"purchases"`

	// repeat is the share of buyers that bought at least twice, in percent with one
	// decimal.
	// +optional
	Repeat *Estimate `json:"repeat,omitempty"`

	// purchasesPerBuyer, two decimals.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	PurchasesPerBuyer Decimal `json:"purchasesPerBuyer,omitempty"`

	// between is how long it takes from one purchase to the next: half of the times
	// are shorter.
	// +optional
	Between *ElapsedEstimate `json:"between,omitempty"`

	// churned is how many have not bought for longer than spec.churnAfter.
	// +optional
	Churned *int64 `json:"churned,omitempty"`

	// churn is churned of buyers.
	// +optional
	Churn *Rate `json:"churn,omitempty"`

	// value is what all purchases brought, in the currency of the workspace.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	Value Decimal `json:"value,omitempty"`

	// valuePerBuyer is what one buyer has brought so far.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	ValuePerBuyer Decimal `json:"valuePerBuyer,omitempty"`

	// retention says what share buys again in the months after the first purchase.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=12
	Retention []RetentionStatus `json:"retention,omitempty"`

	// satisfaction is the average score that people gave.
	// +optional
	Satisfaction *SatisfactionStatus `json:"satisfaction,omitempty"`
}

// ElapsedEstimate is a length of time with a 95 % interval.
type ElapsedEstimate struct {
	// median to read, such as "12d4h", and in seconds.
	// +required
	Median Elapsed `json:"median"`

	// low end of the interval.
	// +optional
	Low *Elapsed `json:"low,omitempty"`

	// high end of the interval.
	// +optional
	High *Elapsed `json:"high,omitempty"`
}

// RetentionStatus says what share of buyers buys again in a later month.
type RetentionStatus struct {
	// month after that of the first purchase: 1 is the next.
	// +required
	Month int32 `json:"month"`

	// buyers whose month that is has passed.
	// +required
	Buyers int64 `json:"buyers"`

	// active of them bought in it.
	// +required
	Active int64 `json:"active"`

	// rate is active of buyers.
	// +optional
	Rate *Rate `json:"rate,omitempty"`
}

// SatisfactionStatus is how content people say they are.
type SatisfactionStatus struct {
	// scores that were given in the period.
	// +required
	Scores int64 `json:"scores"`

	// average of them, two decimals.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	Average Decimal `json:"average,omitempty"`
}

// JourneyLever says what one change would have brought in the period.
type JourneyLever struct {
	LeverStatus `json:",inline"`

	// profit is what is left of the revenue by spec.economics: the margin, less what
	// more leads cost. What the change itself costs is not in it.
	// +optional
	Profit *LeverGain `json:"profit,omitempty"`
}

// JourneyTold is what Events have said.
type JourneyTold struct {
	// weakest transition that was told last.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[-a-z0-9]+→[-a-z0-9]+$`
	Weakest string `json:"weakest,omitempty"`

	// reason that was told last, as stage/barrier.
	// +optional
	// +kubebuilder:validation:MaxLength=127
	// +kubebuilder:validation:Pattern=`^[-a-z0-9]+/[-a-z0-9]+$`
	Reason string `json:"reason,omitempty"`

	// looked is the last day on which it was looked, in the zone of the workspace:
	// once a day.
	// +required
	Looked Date `json:"looked"`
}
