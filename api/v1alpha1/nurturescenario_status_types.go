// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NurtureScenarioStatus shows the numbers of a scenario, over all of its
// versions. A number that cannot be known yet is absent.
type NurtureScenarioStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Reconciling, Stalled, Held or Suspended
	// while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// entered counts entries, those held out included.
	// +optional
	Entered *int64 `json:"entered,omitempty"`

	// active counts entries that are inside.
	// +optional
	Active *int64 `json:"active,omitempty"`

	// heldOut counts entries that are sent nothing, or only what they are owed, as
	// holdout says.
	// +optional
	HeldOut *int64 `json:"heldOut,omitempty"`

	// sent counts messages that their channels took.
	// +optional
	Sent *int64 `json:"sent,omitempty"`

	// converted counts entries that reached the goal after a message.
	// +optional
	Converted *int64 `json:"converted,omitempty"`

	// conversion is converted of entered, such as "19.6%".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Conversion string `json:"conversion,omitempty"`

	// conversionBasisPoints is the same in hundredths of a percent.
	// +optional
	ConversionBasisPoints *int32 `json:"conversionBasisPoints,omitempty"`

	// value that the goals brought.
	// +optional
	Value Decimal `json:"value,omitempty"`

	// uplift compares with those who were held out.
	// +optional
	Uplift *ScenarioUplift `json:"uplift,omitempty"`

	// refused counts triggers that let nobody in, by reason.
	// +optional
	// +listType=map
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=12
	Refused []ReasonCount `json:"refused,omitempty"`

	// exited counts those who left, by reason; the most frequent ones.
	// +optional
	// +listType=map
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=16
	Exited []ReasonCount `json:"exited,omitempty"`

	// skipped counts messages that the policy or the data kept back, by reason.
	// +optional
	// +listType=map
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=12
	Skipped []ReasonCount `json:"skipped,omitempty"`

	// steps with their numbers, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Steps []ScenarioStepStatus `json:"steps,omitempty"`

	// variants of messages with their numbers, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Variants []VariantStatus `json:"variants,omitempty"`

	// ways that people went from steps with several, in the order of spec.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Ways []WayStatus `json:"ways,omitempty"`

	// versions that people entered by, the latest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=4
	Versions []ScenarioVersionStatus `json:"versions,omitempty"`

	// service says how well the scenario keeps its times.
	// +optional
	Service *ScenarioService `json:"service,omitempty"`

	// approval says what waits for spec.approvedVersion.
	// +optional
	Approval *ScenarioApproval `json:"approval,omitempty"`

	// faults count expressions and templates that failed on data, the most frequent
	// ones.
	// +optional
	// +listType=map
	// +listMapKey=field
	// +kubebuilder:validation:MaxItems=4
	Faults []FaultCount `json:"faults,omitempty"`

	// activeVersion is the version by which people enter.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	ActiveVersion string `json:"activeVersion,omitempty"`

	// evaluatedAt is the instant as of which the numbers are true. It moves only
	// together with a number.
	// +optional
	EvaluatedAt *metav1.Time `json:"evaluatedAt,omitempty"`
}

// ScenarioUplift compares those who were treated with those who were held out,
// over entries whose time for the goal has passed.
type ScenarioUplift struct {
	// text to read, such as "+7.1pp ±1.9", or "unclear" while too few entered.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Text string `json:"text"`

	// difference of the two rates in percentage points.
	// +optional
	Difference Decimal `json:"difference,omitempty"`

	// low and high bound it with 95 % confidence.
	// +optional
	Low Decimal `json:"low,omitempty"`

	// high is the upper bound.
	// +optional
	High Decimal `json:"high,omitempty"`

	// treated are those who were led through the steps.
	// +optional
	Treated *ScenarioArm `json:"treated,omitempty"`

	// held are those who were sent nothing.
	// +optional
	Held *ScenarioArm `json:"held,omitempty"`

	// neededHeld is how many entries have to be held out until a difference as large
	// as the one that is seen would be sure. It is absent where it is sure, and where
	// none is seen.
	// +optional
	NeededHeld *int64 `json:"neededHeld,omitempty"`
}

// ScenarioArm is one side of a comparison.
type ScenarioArm struct {
	// entries that were compared.
	// +required
	Entries int64 `json:"entries"`

	// reached counts those that reached the goal.
	// +required
	Reached int64 `json:"reached"`

	// rate of the one in the other.
	// +optional
	Rate *Rate `json:"rate,omitempty"`
}

// ReasonCount counts something by its reason.
type ReasonCount struct {
	// reason in one word.
	// +required
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Za-z0-9]*$`
	Reason string `json:"reason"`

	// count of it.
	// +required
	Count int64 `json:"count"`
}

// FaultCount counts failures of one expression or template.
type FaultCount struct {
	// field that it stands in.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_.\[\]-]+$`
	Field string `json:"field"`

	// count of failures.
	// +required
	Count int64 `json:"count"`
}

// ScenarioStepStatus is the numbers of one step. Those of messages are there
// for steps that send.
type ScenarioStepStatus struct {
	// name of the step.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// arrived counts visits.
	// +required
	Arrived int64 `json:"arrived"`

	// active counts those who are there.
	// +required
	Active int64 `json:"active"`

	// sent counts messages that the channel took.
	// +optional
	Sent *int64 `json:"sent,omitempty"`

	// delivered counts those that receivers said to have.
	// +optional
	Delivered int64 `json:"delivered,omitempty"`

	// failed counts those that will never be sent.
	// +optional
	Failed int64 `json:"failed,omitempty"`

	// inDoubt counts those of which it was not known whether they had left.
	// +optional
	InDoubt int64 `json:"inDoubt,omitempty"`

	// deferred counts tries that did not succeed for the moment.
	// +optional
	Deferred int64 `json:"deferred,omitempty"`

	// skipped counts those that the policy or the data kept back.
	// +optional
	Skipped int64 `json:"skipped,omitempty"`

	// opened counts messages that people opened.
	// +optional
	Opened int64 `json:"opened,omitempty"`

	// clicked counts messages that people clicked in.
	// +optional
	Clicked int64 `json:"clicked,omitempty"`

	// unsubscribed counts messages by whose link people unsubscribed.
	// +optional
	Unsubscribed int64 `json:"unsubscribed,omitempty"`

	// converted counts goals after the message.
	// +optional
	Converted int64 `json:"converted,omitempty"`

	// value that those goals brought.
	// +optional
	Value Decimal `json:"value,omitempty"`
}

// VariantStatus is the numbers of one variant of a message.
type VariantStatus struct {
	// step that sends it.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Step string `json:"step"`

	// name of the variant.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// sent counts messages.
	// +required
	Sent int64 `json:"sent"`

	// clicked counts messages that people clicked in.
	// +optional
	Clicked int64 `json:"clicked,omitempty"`

	// converted counts goals after the message.
	// +optional
	Converted int64 `json:"converted,omitempty"`

	// value that those goals brought.
	// +optional
	Value Decimal `json:"value,omitempty"`

	// winner is set when everybody is sent this variant.
	// +optional
	Winner bool `json:"winner,omitempty"`
}

// WayStatus counts who went on where.
type WayStatus struct {
	// step that people came from.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Step string `json:"step"`

	// then is the step that followed; absent for the end.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Then string `json:"then,omitempty"`

	// taken counts people.
	// +required
	Taken int64 `json:"taken"`
}

// ScenarioVersionStatus is the numbers of one version.
type ScenarioVersionStatus struct {
	// version of the definition.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	Version string `json:"version"`

	// entered counts entries by it.
	// +required
	Entered int64 `json:"entered"`

	// sent counts its messages.
	// +optional
	Sent int64 `json:"sent,omitempty"`

	// converted counts goals after them.
	// +optional
	Converted int64 `json:"converted,omitempty"`

	// value that those goals brought.
	// +optional
	Value Decimal `json:"value,omitempty"`
}

// ScenarioService says how well a scenario keeps its times.
type ScenarioService struct {
	// overdue counts people whose time has come and who have not moved yet.
	// +required
	Overdue int64 `json:"overdue"`

	// oldestLag is since when the first of them waits.
	// +optional
	OldestLag *Elapsed `json:"oldestLag,omitempty"`

	// inDoubt counts messages of which it was not known whether they had left.
	// +required
	InDoubt int64 `json:"inDoubt"`
}

// ScenarioApproval says what waits for approval.
type ScenarioApproval struct {
	// version to write into spec.approvedVersion.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	Version string `json:"version"`

	// reach is how many people it would let in or move at once; absent while they
	// are being counted.
	// +optional
	Reach *int64 `json:"reach,omitempty"`

	// above is how many need no approval.
	// +required
	Above int64 `json:"above"`
}
