// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SegmentStatus shows how many people belong to a segment. A number that cannot
// be known yet is absent; it is never 0 for lack of data.
type SegmentStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, DataComplete, and Reconciling or Stalled while they are
	// true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=6
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// summary is the row of "kubectl get segments".
	// +optional
	Summary *SegmentSummary `json:"summary,omitempty"`

	// cuts say where the groups of each Rank part. They change at most once a day.
	// +optional
	// +listType=map
	// +listMapKey=trait
	// +kubebuilder:validation:MaxItems=16
	Cuts []SegmentCuts `json:"cuts,omitempty"`

	// counters tell of events that did not count as they came.
	// +optional
	Counters *FunnelCounters `json:"counters,omitempty"`

	// exactSince is the instant from which on the log still holds every event that
	// counts. It is absent where none that the segment looks at is gone.
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

// SegmentSummary is the row of "kubectl get segments".
type SegmentSummary struct {
	// size is how many people belong to it now.
	// +optional
	Size *int64 `json:"size,omitempty"`

	// entered is how often people entered it in the days of spec.periodDays.
	// +optional
	Entered *int64 `json:"entered,omitempty"`

	// left is how often people left it in these days.
	// +optional
	Left *int64 `json:"left,omitempty"`

	// data says whether the numbers keep up with the events: Live; Backfilling
	// with how far the history is read; Stale while the runner does not answer;
	// NoData while nobody belongs to it, and nobody has entered or left.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Data string `json:"data,omitempty"`
}

// SegmentCuts say where the groups of a Rank part.
type SegmentCuts struct {
	// trait is the name of the Rank.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z]([a-z0-9_]*[a-z0-9])?$`
	Trait string `json:"trait"`

	// values are the least of the groups from the second on; of times the seconds
	// since 1970. There is none while nobody has a value.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=9
	// +kubebuilder:validation:items:MaxLength=24
	Values []Decimal `json:"values,omitempty"`

	// decided is the day on which they were found out, in the zone of the workspace.
	// +required
	Decided Date `json:"decided"`
}
