// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Rollout is how far a workspace's runners are with what a valid spec means. It is for kinds whose versions the partitions report.
type Rollout struct {
	// Workspace is where the resource runs, and View what its runners say.
	Workspace types.NamespacedName
	View      plane.View
	// Key and Version are those of the definition.
	Key, Version string
	// Active is how many partitions run the version.
	Active int
	// Does is what such a partition does, as it stands in messages behind "partitions": "run this version".
	Does string
	// Suspended says what spec.suspend brings about; empty while the resource is not suspended.
	Suspended string
	// Held says why the version is held back; nil while it is not.
	Held *metav1.Condition
}

// Verdict says how far the runners are. Nil keeps what was said about this generation of the resource before.
func (r *Rollout) Verdict(resource Resource) *Verdict {
	if unheard, heard := Unheard(r.View, r.Workspace, resource, "the runner does not answer, so the numbers are its last"); !heard {
		return unheard
	}
	if rejected := Rejected(r.View, r.Key, r.Version); rejected != nil {
		return rejected
	}
	everywhere := r.Active == r.View.PartitionCount
	switch {
	case everywhere && r.Suspended != "":
		return &Verdict{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended, Message: r.Suspended}
	case everywhere:
		return new(Succeeded(fmt.Sprintf("all %d partitions %s", r.Active, r.Does)))
	case r.View.Rejected != "":
		return new(Waiting(v1alpha1.ReasonRunnerRejected, "the runner takes no definitions: "+r.View.Rejected))
	case r.Held != nil:
		return new(Waiting(r.Held.Reason, r.Held.Message))
	}
	return new(Waiting(v1alpha1.ReasonAwaitingPartitions, fmt.Sprintf("%d of %d partitions %s", r.Active, r.View.PartitionCount, r.Does)))
}
