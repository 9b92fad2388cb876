// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Unheard is the verdict on a resource while the runners of its workspace have nothing to say about it. Heard is true when they have,
// and then there is no verdict here. A nil verdict without that keeps what was said about this generation before. Silence begins the
// message when the runners stopped answering.
func Unheard(view plane.View, workspace types.NamespacedName, resource Resource, silence string) (verdict *Verdict, heard bool) {
	var v Verdict
	switch view.State {
	case plane.Absent:
		v = Waiting(v1alpha1.ReasonWorkspaceNotReady, fmt.Sprintf("Workspace %s has no running pod yet", workspace))
	case plane.Connecting:
		ready := Condition(resource, v1alpha1.ConditionReady)
		if ready != nil && ready.ObservedGeneration == resource.GetGeneration() {
			return nil, false
		}
		v = Waiting(v1alpha1.ReasonProgressing, "waiting for the first report of the runner")
	case plane.Unreachable:
		v = Waiting(v1alpha1.ReasonRunnerUnreachable, silence+": "+view.Problem)
	default:
		return nil, true
	}
	return &v, false
}
