// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkspaceStatus says how the data plane fares.
type WorkspaceStatus struct {
	// observedGeneration is the generation of spec that this status is about; -1
	// before the first look.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready, StorageAvailable, and Reconciling or Stalled while they
	// are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=7
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.type.size() <= 64 && c.reason.size() <= 64 && c.message.size() <= 512)",message="the type and the reason of a condition have at most 64 characters and its message 512"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// log is where events are kept: Embedded or NATS.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Log string `json:"log,omitempty"`

	// ingestURL takes in events within the cluster. A feed's own address is in the
	// feed's status.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	IngestURL string `json:"ingestURL,omitempty"`

	// partitions that run, of all: "4/4".
	// +optional
	// +kubebuilder:validation:MaxLength=16
	Partitions string `json:"partitions,omitempty"`

	// storage that is used, such as "42% of 10Gi".
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Storage string `json:"storage,omitempty"`

	// feeds is how many EventFeeds use the workspace.
	// +optional
	Feeds *int32 `json:"feeds,omitempty"`

	// funnels is how many Funnels use the workspace.
	// +optional
	Funnels *int32 `json:"funnels,omitempty"`

	// scenarios is how many NurtureScenarios use the workspace.
	// +optional
	Scenarios *int32 `json:"scenarios,omitempty"`

	// segments is how many Segments use the workspace.
	// +optional
	Segments *int32 `json:"segments,omitempty"`

	// journeys is how many Journeys use the workspace.
	// +optional
	Journeys *int32 `json:"journeys,omitempty"`

	// channels is how many MessageChannels use the workspace.
	// +optional
	Channels *int32 `json:"channels,omitempty"`

	// runner tells about the pods.
	// +optional
	Runner *RunnerStatus `json:"runner,omitempty"`
}

// RunnerStatus tells about the pods of a workspace.
type RunnerStatus struct {
	// replicas that there should be.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// readyReplicas that can store events durably.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// version of Waymark that they run.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`
}
