// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EventFeedStatus says how a feed fares.
type EventFeedStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, and Reconciling or Stalled while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=7
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// source is what kind of feed it is: HTTP, Kafka or NATS.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Source string `json:"source,omitempty"`

	// http says where events are sent to.
	// +optional
	HTTP *HTTPSourceStatus `json:"http,omitempty"`

	// events counts what has come in.
	// +optional
	Events *EventCounts `json:"events,omitempty"`
}

// HTTPSourceStatus says where events are sent to.
type HTTPSourceStatus struct {
	// url within the cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	URL string `json:"url,omitempty"`

	// writeKeySecretName is the Secret that holds the write key.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	WriteKeySecretName string `json:"writeKeySecretName,omitempty"`

	// writeKeySecretKey is the key of that Secret under which the write key is
	// kept.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	WriteKeySecretKey string `json:"writeKeySecretKey,omitempty"`
}

// EventCounts counts what has come in since the runner of the workspace last started.
type EventCounts struct {
	// accepted events are in the log, duplicates included.
	// +optional
	Accepted int64 `json:"accepted,omitempty"`

	// rejected events were refused, and their senders told why.
	// +optional
	Rejected int64 `json:"rejected,omitempty"`

	// dropped events were left out as the mapping's drop says.
	// +optional
	Dropped int64 `json:"dropped,omitempty"`

	// clamped events claimed a time more than five minutes in the future and were
	// given that of their arrival.
	// +optional
	Clamped int64 `json:"clamped,omitempty"`

	// rejections counts the refused events by reason.
	// +optional
	// +listType=map
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=16
	Rejections []RejectionCount `json:"rejections,omitempty"`
}

// RejectionCount counts the events that were refused for one reason.
type RejectionCount struct {
	// reason of the refusal.
	// +required
	Reason RejectionReason `json:"reason"`

	// count of events.
	// +required
	Count int64 `json:"count"`
}

// RejectionReason says why an event was refused.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
type RejectionReason string

// Reasons for which events are refused.
const (
	// RejectionMalformed is a body that cannot be read.
	RejectionMalformed RejectionReason = "Malformed"
	// RejectionMissingContact is an event that does not say who did it.
	RejectionMissingContact RejectionReason = "MissingContact"
	// RejectionMissingType is an event that does not say what happened.
	RejectionMissingType RejectionReason = "MissingType"
	// RejectionInvalidTime is an event whose time cannot be read or is out of all
	// bounds.
	RejectionInvalidTime RejectionReason = "InvalidTime"
	// RejectionReservedType is an event whose type begins with "waymark.".
	RejectionReservedType RejectionReason = "ReservedType"
	// RejectionTypeNotAllowed is an event whose type allowTypes does not list.
	RejectionTypeNotAllowed RejectionReason = "TypeNotAllowed"
	// RejectionTooLarge is a body over maxBodyBytes.
	RejectionTooLarge RejectionReason = "TooLarge"
	// RejectionUnauthorized is a request without the right write key.
	RejectionUnauthorized RejectionReason = "Unauthorized"
	// RejectionRateLimited is a request over rateLimit.
	RejectionRateLimited RejectionReason = "RateLimited"
	// RejectionMappingFailed is a body on which an expression of the mapping
	// fails.
	RejectionMappingFailed RejectionReason = "MappingFailed"
	// RejectionNotTrusted is an event that a feed of trust Public may not send.
	RejectionNotTrusted RejectionReason = "NotTrusted"
	// RejectionUnavailable is a request that came while nothing could be stored.
	RejectionUnavailable RejectionReason = "Unavailable"
)
