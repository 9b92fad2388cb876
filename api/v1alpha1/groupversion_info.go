// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the resources with which customer journeys are declared: Workspace, EventFeed,
// Funnel, MessageChannel, NurtureScenario, Segment and Journey.
//
// Authors write spec. Everything that is observed stands in status. What an API server can check is checked by rules in
// the resource definitions; what it cannot (expressions, references) the controllers check and answer in conditions.
//
// +kubebuilder:object:generate=true
// +groupName=marketing.waymark.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every Waymark resource.
const GroupName = "marketing.waymark.dev"

var (
	// GroupVersion is the group and version of the resources of this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

	// SchemeBuilder collects the functions that make the types of this package known to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme makes the types of this package known to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Workspace{}, &WorkspaceList{},
		&EventFeed{}, &EventFeedList{},
		&Funnel{}, &FunnelList{},
		&MessageChannel{}, &MessageChannelList{},
		&NurtureScenario{}, &NurtureScenarioList{},
		&Segment{}, &SegmentList{},
		&Journey{}, &JourneyList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
