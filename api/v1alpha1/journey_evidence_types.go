// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Outcome counts those to whom something happened, by what became of them.
type Outcome struct {
	// dropped is how many of them left.
	// +required
	Dropped int64 `json:"dropped"`

	// converted is how many of them went on.
	// +required
	Converted int64 `json:"converted"`
}

// Estimate is what data say about a number, with a 95 % interval. An end that
// has no bound is absent.
type Estimate struct {
	// estimate is the most likely value.
	// +optional
	// +kubebuilder:validation:MaxLength=14
	Estimate Decimal `json:"estimate,omitempty"`

	// low end of the interval.
	// +optional
	// +kubebuilder:validation:MaxLength=14
	Low Decimal `json:"low,omitempty"`

	// high end of the interval.
	// +optional
	// +kubebuilder:validation:MaxLength=14
	High Decimal `json:"high,omitempty"`
}

// Association says whether those to whom something happened at a stage leave
// more often than others who stayed as long without it.
type Association struct {
	// with counts those to whom it happened while they were at the stage.
	// +required
	With Outcome `json:"with"`

	// without counts the others.
	// +required
	Without Outcome `json:"without"`

	// share of those who left to whom it happened.
	// +optional
	Share *Rate `json:"share,omitempty"`

	// relativeRisk is how many times as often those to whom it happened leave, two
	// decimals. It compares people who were at the stage for the same time.
	// +optional
	RelativeRisk *Estimate `json:"relativeRisk,omitempty"`

	// p is the chance of such numbers if it had nothing to do with leaving, adjusted
	// for how many were looked at, four decimals.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	P string `json:"p,omitempty"`

	// attributable is how many of the drop-offs would not have been without it, if
	// it is their cause, one decimal.
	// +optional
	Attributable *Estimate `json:"attributable,omitempty"`

	// revenue is what those would have brought, in the currency of the workspace.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	Revenue Decimal `json:"revenue,omitempty"`
}

// BarrierStatus says what is known of a barrier.
type BarrierStatus struct {
	// stage at which it is.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// name of the barrier.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// state to read: "those who meet it leave more often", "the difference may be
	// chance", "not enough data yet (12 of 40)", or why nothing is counted.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[-a-zA-Z0-9,():. ]+$`
	State string `json:"state"`

	// significant says that those who met it leave more often, and that chance does
	// not explain it.
	// +required
	Significant bool `json:"significant"`

	// association with leaving. It is absent where the barrier has no signal that
	// can be counted.
	// +optional
	Association *Association `json:"association,omitempty"`

	// declared is how many people or cases spec.stages[].barriers[].evidence tells
	// of. No number here depends on it.
	// +optional
	Declared int32 `json:"declared,omitempty"`
}

// SuggestedBarrier is an event that those who leave meet more often than others
// who stayed as long.
type SuggestedBarrier struct {
	// stage at which it comes.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// event by its type.
	// +required
	Event EventType `json:"event"`

	// with counts those to whom it happened while they were at the stage.
	// +required
	With Outcome `json:"with"`

	// share of those who left to whom it happened.
	// +optional
	Share *Rate `json:"share,omitempty"`

	// relativeRisk is how many times as often those to whom it happened leave, two
	// decimals.
	// +optional
	RelativeRisk *Estimate `json:"relativeRisk,omitempty"`

	// p is the chance of such numbers, adjusted for how many were looked at, four
	// decimals.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	P string `json:"p,omitempty"`

	// attributable is how many of the drop-offs go with it, one decimal.
	// +optional
	Attributable *Estimate `json:"attributable,omitempty"`
}

// MetKind says what people met or showed.
//
// +kubebuilder:validation:Enum=Touchpoint;Behaviour
type MetKind string

// What people meet or show.
const (
	// MetTouchpoint is a touchpoint.
	MetTouchpoint MetKind = "Touchpoint"
	// MetBehaviour is a behaviour.
	MetBehaviour MetKind = "Behaviour"
)

// MetStatus says how many met a touchpoint or showed a behaviour at a stage, of
// those who are no longer in progress there.
type MetStatus struct {
	// stage at which they were.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// kind of what it is.
	// +required
	Kind MetKind `json:"kind"`

	// name of the touchpoint or the behaviour.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// with counts those who did.
	// +required
	With Outcome `json:"with"`

	// reached is their share of all who were at the stage.
	// +optional
	Reached *Rate `json:"reached,omitempty"`
}

// ImprovementVerdict says whether an improvement helped.
//
// +kubebuilder:validation:Enum=Collecting;Improved;NoChange;Worse
type ImprovementVerdict string

// Verdicts on improvements.
const (
	// VerdictCollecting means that not all days are there that are to be compared.
	VerdictCollecting ImprovementVerdict = "Collecting"
	// VerdictImproved means that the metric is better than before.
	VerdictImproved ImprovementVerdict = "Improved"
	// VerdictNoChange means that the difference may be chance.
	VerdictNoChange ImprovementVerdict = "NoChange"
	// VerdictWorse means that the metric is worse than before.
	VerdictWorse ImprovementVerdict = "Worse"
)

// ImprovementStatus compares the days after an improvement with as many before,
// with the same weekdays, of which everybody's time is over. It says that
// something changed, and not why.
type ImprovementStatus struct {
	// stage at which it was made.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// name of the improvement.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// verdict on it. It is given once, when all days are there.
	// +required
	Verdict ImprovementVerdict `json:"verdict"`

	// until is the day on which the verdict is due, while it is Collecting.
	// +optional
	Until Date `json:"until,omitempty"`

	// before is the metric before.
	// +optional
	Before *Rate `json:"before,omitempty"`

	// after is the metric after.
	// +optional
	After *Rate `json:"after,omitempty"`

	// difference in percentage points, two decimals. It is absent before the
	// verdict.
	// +optional
	Difference *Estimate `json:"difference,omitempty"`

	// holdout is what the scenarios of the stage bring against those who were held
	// out, such as "abandoned-cart +7.1pp ±1.9". That is causal.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[-+a-zA-Z0-9±,. ]+$`
	Holdout string `json:"holdout,omitempty"`
}

// WayBackStatus says what a scenario that leads people back brings.
type WayBackStatus struct {
	// stage at which people left.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// scenario by its name.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Scenario string `json:"scenario"`

	// entered is how many entries the scenario has had.
	// +optional
	Entered *int64 `json:"entered,omitempty"`

	// converted is how many of them reached its goal after a message.
	// +optional
	Converted *int64 `json:"converted,omitempty"`

	// value that its goals brought, in the currency of the workspace.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	Value Decimal `json:"value,omitempty"`

	// uplift against those who were held out, such as "+7.1pp ±1.9", or "unclear"
	// while too few were.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[-+a-z0-9±. ]+$`
	Uplift string `json:"uplift,omitempty"`
}

// CoverageGap is something that the map leaves open.
type CoverageGap struct {
	// stage that it is about.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Stage string `json:"stage"`

	// behaviour at the stage that it is about; absent where it is the stage itself.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Behaviour string `json:"behaviour,omitempty"`

	// missing says what the map does not name, such as "owner, way back".
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z, ]+$`
	Missing string `json:"missing"`

	// lost is how many drop off there.
	// +optional
	Lost *int64 `json:"lost,omitempty"`

	// lostValue is what they would have brought, as at the stage.
	// +optional
	// +kubebuilder:validation:MaxLength=24
	LostValue Decimal `json:"lostValue,omitempty"`
}
