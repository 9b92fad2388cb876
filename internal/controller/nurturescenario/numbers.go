// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/report"
)

// wonBefore are the variants that have won, by step, as the status says: a winner stays one, also after a restart of the operator.
func wonBefore(scenario *v1alpha1.NurtureScenario) map[string]string {
	var winners map[string]string
	for _, variant := range scenario.Status.Variants {
		if !variant.Winner {
			continue
		}
		if winners == nil {
			winners = map[string]string{}
		}
		winners[variant.Step] = variant.Name
	}
	return winners
}

// enters says that the first contact has entered, for which whoever has just applied a scenario and sent an event waits.
func enters(before, after status.Resource) bool { return nobody(before) && !nobody(after) }

func nobody(resource status.Resource) bool {
	scenario, is := resource.(*v1alpha1.NurtureScenario)
	return is && (scenario.Status.Entered == nil || *scenario.Status.Entered == 0)
}

// write puts a decision into the scenario's status; before is the scenario as it was read.
func write(scenario, before *v1alpha1.NurtureScenario, d decision, now time.Time) {
	if d.numbers != nil {
		conditions, generation, approval := scenario.Status.Conditions, scenario.Status.ObservedGeneration, scenario.Status.Approval
		scenario.Status = *d.numbers
		scenario.Status.Conditions, scenario.Status.ObservedGeneration, scenario.Status.Approval = conditions, generation, approval
	}
	if d.guarded {
		scenario.Status.Approval = d.approval
		status.SetOrRemove(scenario, now, v1alpha1.ConditionHeld, d.held)
	}
	status.SetOrRemove(scenario, now, v1alpha1.ConditionSuspended, suspended(scenario))
	if d.verdict != nil {
		d.verdict.Apply(scenario, now)
		scenario.Status.ObservedGeneration = scenario.Generation
	}
	if report.ScenarioVisibleEqual(&before.Status, &scenario.Status) {
		scenario.Status = *before.Status.DeepCopy()
	}
}

// suspended is nil while the scenario is not.
func suspended(scenario *v1alpha1.NurtureScenario) *metav1.Condition {
	if !scenario.Spec.Suspend {
		return nil
	}
	return &metav1.Condition{
		Type: v1alpha1.ConditionSuspended, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended,
		Message: "spec.suspend keeps everybody where they are; spec.catchUp says what becomes of what is due meanwhile",
	}
}
