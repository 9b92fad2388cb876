// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/internal/controller/children"
)

// growAgain is how long after a volume could not grow it is tried again: a storage class can be changed to allow it.
const growAgain = 5 * time.Minute

// NotExpandableError says that a volume cannot grow.
type NotExpandableError struct {
	// Claim is the volume claim's name.
	Claim string
	// Wanted is the size that it should have.
	Wanted resource.Quantity
	// Cause is the API server's answer.
	Cause error
}

// Error says what to do.
func (e *NotExpandableError) Error() string {
	return fmt.Sprintf("volume claim %s cannot grow to %s: write the old size, or use a storage class with allowVolumeExpansion: %v",
		e.Claim, e.Wanted.String(), e.Cause)
}

// Unwrap gives the API server's answer.
func (e *NotExpandableError) Unwrap() error { return e.Cause }

// tooSmall names the claims that ask for less than the spec. A claim can grow once it has a volume.
func tooSmall(o observation) []string {
	wanted := o.workspace.Spec.EventLog.Embedded.Storage
	var names []string
	for i := range o.claims {
		asked := o.claims[i].Spec.Resources.Requests[corev1.ResourceStorage]
		if o.claims[i].DeletionTimestamp.IsZero() && o.claims[i].Status.Phase == corev1.ClaimBound && asked.Cmp(wanted) < 0 {
			names = append(names, o.claims[i].Name)
		}
	}
	slices.Sort(names)
	return names
}

// isResizing says whether a volume has not reached the size that its claim asks for.
func isResizing(o observation) bool {
	return slices.ContainsFunc(o.claims, func(claim corev1.PersistentVolumeClaim) bool {
		asked, has := claim.Spec.Resources.Requests[corev1.ResourceStorage], claim.Status.Capacity[corev1.ResourceStorage]
		return claim.Status.Phase == corev1.ClaimBound && has.Cmp(asked) < 0
	})
}

// templateSize is the size of the volumes that a StatefulSet makes.
func templateSize(set *appsv1.StatefulSet) (resource.Quantity, bool) {
	if set == nil || len(set.Spec.VolumeClaimTemplates) == 0 {
		return resource.Quantity{}, false
	}
	size, found := set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests[corev1.ResourceStorage]
	return size, found
}

// growClaims asks for larger volumes. The error is a *NotExpandableError where the API server says that one cannot grow.
func (r *Reconciler) growClaims(ctx context.Context, o *observation, claims []string) error {
	wanted := o.workspace.Spec.EventLog.Embedded.Storage
	patch, err := json.Marshal(map[string]any{
		"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": wanted.String()}}},
	})
	if err != nil {
		return fmt.Errorf("encode size %s: %w", wanted.String(), err)
	}
	for _, name := range claims {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: o.workspace.Namespace, Name: name}}
		err := r.Client.Patch(ctx, claim, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(children.FieldManager))
		switch {
		case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
			return &NotExpandableError{Claim: name, Wanted: wanted, Cause: err}
		case err != nil:
			return fmt.Errorf("grow volume claim %s: %w", name, client.IgnoreNotFound(err))
		}
	}
	return nil
}

// replaceStatefulSet removes a StatefulSet whose volume template has another size, as a template cannot change, and leaves its pods
// and volumes for the one that is made next. It says whether the StatefulSet is on its way out.
func (r *Reconciler) replaceStatefulSet(ctx context.Context, o *observation) (leaving bool, err error) {
	if o.statefulSet == nil {
		return false, nil
	}
	if !o.statefulSet.DeletionTimestamp.IsZero() {
		return true, nil
	}
	size, found := templateSize(o.statefulSet)
	if !found || size.Cmp(o.workspace.Spec.EventLog.Embedded.Storage) == 0 {
		return false, nil
	}
	precondition := client.Preconditions{UID: &o.statefulSet.UID}
	err = r.Client.Delete(ctx, o.statefulSet, client.PropagationPolicy(metav1.DeletePropagationOrphan), precondition)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("replace StatefulSet %s: %w", o.statefulSet.Name, err)
	}
	return true, nil
}
