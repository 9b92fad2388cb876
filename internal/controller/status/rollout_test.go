// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/plane"
)

func TestRollout(t *testing.T) {
	const key = "Funnel/sales/cart"
	held := &metav1.Condition{Reason: v1alpha1.ReasonAwaitingApproval, Message: "too many people"}
	tests := map[string]struct {
		change func(*Rollout)
		want   Verdict
	}{
		"everywhere": {
			change: func(*Rollout) {},
			want:   Succeeded("all 3 partitions run this version"),
		},
		"not everywhere yet": {
			change: func(r *Rollout) { r.Active = 2 },
			want:   Waiting(v1alpha1.ReasonAwaitingPartitions, "2 of 3 partitions run this version"),
		},
		"suspended everywhere": {
			change: func(r *Rollout) { r.Suspended = "everybody stays" },
			want:   Verdict{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended, Message: "everybody stays"},
		},
		"held back": {
			change: func(r *Rollout) { r.Active, r.Held = 0, held },
			want:   Waiting(v1alpha1.ReasonAwaitingApproval, "too many people"),
		},
		"held back by a runner that takes nothing": {
			change: func(r *Rollout) { r.Active, r.Held, r.View.Rejected = 0, held, "no room" },
			want:   Waiting(v1alpha1.ReasonRunnerRejected, "the runner takes no definitions: no room"),
		},
		"refused": {
			change: func(r *Rollout) {
				r.View.Refused = map[string]control.Refusal{key: {Version: "2", Message: "not known here"}}
			},
			want: Waiting(v1alpha1.ReasonRunnerRejected, "the runner refused this version: not known here"),
		},
		"an earlier version was refused": {
			change: func(r *Rollout) { r.View.Refused = map[string]control.Refusal{key: {Version: "1"}} },
			want:   Succeeded("all 3 partitions run this version"),
		},
		"no pod": {
			change: func(r *Rollout) { r.View.State = plane.Absent },
			want:   Waiting(v1alpha1.ReasonWorkspaceNotReady, "Workspace sales/shop has no running pod yet"),
		},
		"silence": {
			change: func(r *Rollout) { r.View.State, r.View.Problem = plane.Unreachable, "refused" },
			want:   Waiting(v1alpha1.ReasonRunnerUnreachable, "the runner does not answer, so the numbers are its last: refused"),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			rollout := Rollout{
				Workspace: types.NamespacedName{Namespace: "sales", Name: "shop"},
				View:      plane.View{State: plane.Connected, PartitionCount: 3},
				Key:       key, Version: "2", Active: 3, Does: "run this version",
			}
			tc.change(&rollout)
			if diff := cmp.Diff(&tc.want, rollout.Verdict(&v1alpha1.Funnel{})); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsWrongWithTheWorkspaceIsNotTheFaultOfItsResources(t *testing.T) {
	own := field.ErrorList{field.Required(field.NewPath("spec", "stages"), "write two"), field.Required(field.NewPath("spec", "goal"), "write one")}
	want := Refused(v1alpha1.ReasonInvalidSpec, "spec.stages: Required value: write two; spec.goal: Required value: write one; the last goes on")
	if diff := cmp.Diff(&want, Invalid(own, "; the last goes on")); diff != "" {
		t.Errorf("errors of its own (-want +got):\n%s", diff)
	}
	others := field.ErrorList{field.Required(field.NewPath("workspace", "spec", "timeZone"), "write one")}
	want = Waiting(v1alpha1.ReasonWorkspaceNotReady, "workspace.spec.timeZone: Required value: write one")
	if diff := cmp.Diff(&want, Invalid(others, "; the last goes on")); diff != "" {
		t.Errorf("errors of the workspace (-want +got):\n%s", diff)
	}
	if verdict := Invalid(nil, "; the last goes on"); verdict != nil {
		t.Errorf("a spec without errors is judged: %+v", verdict)
	}
}
