// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/plane"
)

// guarding says whether a version is held back because of how many people it would reach at once.
type guarding struct {
	// decided is false while that cannot be said.
	decided bool
	held    bool
	version string
	reach   *int64
	above   int64
}

// guard judges the version that the spec means. A version that runs anywhere was let go before, and is not held again.
func guard(o observation) guarding {
	policy := o.workspace.Spec.Policy
	if policy == nil || policy.Approval == nil || o.scenario.Spec.ApprovedVersion == o.meaning.version {
		return guarding{decided: true}
	}
	if o.view.State != plane.Connected {
		return guarding{}
	}
	g := guarding{decided: true, held: true, version: o.meaning.version, above: policy.Approval.Above}
	reach, counted := int64(0), 0
	for i := range o.view.Partitions {
		s := o.view.Partitions[i].Scenario(o.key())
		switch {
		case s == nil:
		case s.Version == g.version:
			return guarding{decided: true}
		case s.Pending == g.version && s.Reach != nil:
			reach += *s.Reach
			counted++
		}
	}
	if counted < o.view.PartitionCount || counted == 0 {
		return g
	}
	if reach <= g.above {
		return guarding{decided: true}
	}
	g.reach = &reach
	return g
}

// condition is Held; nil while nothing is.
func (g guarding) condition() *metav1.Condition {
	if !g.held {
		return nil
	}
	condition := &metav1.Condition{Type: v1alpha1.ConditionHeld, Status: metav1.ConditionTrue}
	if g.reach == nil {
		condition.Reason = v1alpha1.ReasonCountingReach
		condition.Message = "it is being counted how many people this version would let in or move at once"
		return condition
	}
	condition.Reason = v1alpha1.ReasonAwaitingApproval
	condition.Message = fmt.Sprintf(
		"this version would let in or move %d people at once, and the workspace's policy wants an approval above %d: write spec.approvedVersion: %s",
		*g.reach, g.above, g.version)
	return condition
}

func (g guarding) approval() *v1alpha1.ScenarioApproval {
	if !g.held {
		return nil
	}
	return &v1alpha1.ScenarioApproval{Version: g.version, Reach: g.reach, Above: g.above}
}
