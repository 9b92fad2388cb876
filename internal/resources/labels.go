// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// Labels and annotations of the objects that Waymark makes.
const (
	// ManagedByLabel with the value ManagedBy stands on every object that Waymark makes. The operator's caches hold, of the
	// kinds that it makes, only objects with it.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is Waymark's value of ManagedByLabel.
	ManagedBy = "waymark"
	// WorkspaceLabel names the workspace that an object belongs to.
	WorkspaceLabel = v1alpha1.GroupName + "/workspace"
	// MountsAnnotation on a pod says which content its mounted Secrets should have. A change of it makes the kubelet bring the
	// pod's volumes up to date at once instead of within a minute or two.
	MountsAnnotation = v1alpha1.GroupName + "/mounts"

	nameLabel      = "app.kubernetes.io/name"
	instanceLabel  = "app.kubernetes.io/instance"
	componentLabel = "app.kubernetes.io/component"
	runner         = "runner"
)

// selector is what a workspace's pods are found by. It never changes, as a StatefulSet's selector cannot.
func selector(workspace *v1alpha1.Workspace) map[string]string {
	return map[string]string{
		nameLabel:      ManagedBy,
		instanceLabel:  workspace.Name,
		componentLabel: runner,
	}
}

// labels stand on every child of a workspace.
func labels(workspace *v1alpha1.Workspace) map[string]string {
	all := maps.Clone(selector(workspace))
	all[ManagedByLabel] = ManagedBy
	all[WorkspaceLabel] = workspace.Name
	return all
}

// controlledBy makes a child go when its owner goes.
func controlledBy(owner client.Object, kind string) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind(kind).
		WithName(owner.GetName()).
		WithUID(owner.GetUID()).
		WithController(true).
		WithBlockOwnerDeletion(true)
}

func ownedBy(workspace *v1alpha1.Workspace) *metav1ac.OwnerReferenceApplyConfiguration {
	return controlledBy(workspace, "Workspace")
}

// PodSelector finds the pods of a workspace.
func PodSelector(workspace *v1alpha1.Workspace) client.MatchingLabels { return selector(workspace) }

// ManagedSelector finds everything that Waymark makes.
func ManagedSelector() metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{ManagedByLabel: ManagedBy}}
}
