// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MessageChannelStatus says how a channel fares. A number that cannot be known
// yet is absent.
type MessageChannelStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, Reachable, and Reconciling or Stalled while
	// they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=7
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// medium by which messages leave: SMTP, Webhook or Telegram.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Medium string `json:"medium,omitempty"`

	// sent counts messages that the other side took.
	// +optional
	Sent *int64 `json:"sent,omitempty"`

	// delivered counts those that receivers said to have.
	// +optional
	Delivered *int64 `json:"delivered,omitempty"`

	// failed counts messages that will never be sent.
	// +optional
	Failed *int64 `json:"failed,omitempty"`

	// deferred counts tries that did not succeed for the moment.
	// +optional
	Deferred *int64 `json:"deferred,omitempty"`

	// inDoubt counts messages of which it was not known whether they had left.
	// +optional
	InDoubt *int64 `json:"inDoubt,omitempty"`

	// suppressed counts messages that were not sent because of their address.
	// +optional
	Suppressed *int64 `json:"suppressed,omitempty"`

	// bounced counts messages that came back.
	// +optional
	Bounced *int64 `json:"bounced,omitempty"`

	// complained counts messages that were marked as unwanted.
	// +optional
	Complained *int64 `json:"complained,omitempty"`

	// waiting counts messages that are due and not yet sent.
	// +optional
	Waiting *int64 `json:"waiting,omitempty"`

	// oldestLag is since when the first of them waits.
	// +optional
	OldestLag *Elapsed `json:"oldestLag,omitempty"`

	// pausedUntil is when messages leave again, while the breaker or the other side
	// has stopped them.
	// +optional
	PausedUntil *metav1.Time `json:"pausedUntil,omitempty"`

	// pauseReason says why they were stopped.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	PauseReason string `json:"pauseReason,omitempty"`

	// lastProbe is when it was last tried whether the other side answers, and the
	// answer was another than before.
	// +optional
	LastProbe *metav1.Time `json:"lastProbe,omitempty"`

	// activeVersion is the version of the definition that is in force.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[a-z0-9]+$`
	ActiveVersion string `json:"activeVersion,omitempty"`

	// evaluatedAt is the instant as of which the numbers are true. It moves only
	// together with a number.
	// +optional
	EvaluatedAt *metav1.Time `json:"evaluatedAt,omitempty"`
}
