// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// observation is all that a decision on a NurtureScenario depends on.
type observation struct {
	scenario      *v1alpha1.NurtureScenario
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	meaning       meaning             // zero without a workspace
	outline       *report.Outline     // of the last spec that was valid; nil when none is known
	view          plane.View
	now           time.Time
}

func (o *observation) key() string { return plane.ScenarioKey(client.ObjectKeyFromObject(o.scenario)) }

// decision is what is to be done about a NurtureScenario.
type decision struct {
	// offer is the definition for the runners; nil leaves them what they have.
	offer *control.Definition
	// verdict is nil while there is nothing new to say, as in the seconds after the operator started.
	verdict *status.Verdict
	// held is the condition Held, nil while nothing is held; approval what stands beside it. Both are of use only if guarded.
	held     *metav1.Condition
	approval *v1alpha1.ScenarioApproval
	guarded  bool
	// numbers are to be written; nil leaves those that are there.
	numbers *v1alpha1.NurtureScenarioStatus
}

// decide says what is to be done about a NurtureScenario. It is pure.
func decide(o observation) decision {
	var d decision
	if d.verdict = status.Unadmitted(o.scenario, o.workspaceName, o.workspace); d.verdict != nil {
		return d
	}
	counted, countErr := report.MergeScenario(o.key(), o.view.PartitionCount, o.view.Partitions)
	known := o.view.State == plane.Connected && countErr == nil
	winners := wonBefore(o.scenario)
	if known && o.outline != nil {
		winners = report.Winners(o.outline, counted.Scenario.Steps, winners)
		status := report.ScenarioStatus(o.outline, winners, &counted, counted.Nearest(o.view.AsOf))
		d.numbers = &status
	}
	switch {
	case len(o.meaning.errors) > 0:
		d.verdict = status.Invalid(o.meaning.errors, goesOn(o))
	case len(o.meaning.missing) > 0:
		d.verdict = status.Missing(o.meaning.missing, goesOn(o))
	default:
		g := guard(o)
		d.held, d.approval, d.guarded = g.condition(), g.approval(), g.decided
		d.offer = offer(o, g, winners)
		d.verdict = standing(o, g)
	}
	return d
}

// goesOn ends a message about a spec that does not come into force.
func goesOn(o observation) string {
	if o.scenario.Status.ActiveVersion == "" {
		return ""
	}
	return "; the last valid version goes on"
}

// offer is nil while it is not known whether the version has to be held: it was offered before, or is when the runners have answered.
func offer(o observation, g guarding, winners map[string]string) *control.Definition {
	if !g.decided {
		return nil
	}
	told := definition.StandingOf(o.scenario)
	told.Held, told.Winners = g.held, winners
	standing, err := json.Marshal(told)
	if err != nil {
		return nil // texts and booleans always encode
	}
	return &control.Definition{
		Key:        o.key(),
		Version:    o.meaning.version,
		UID:        string(o.scenario.UID),
		Generation: o.scenario.Generation,
		Meaning:    o.meaning.form,
		Source:     sourceOf(&o.meaning.outline),
		Standing:   standing,
	}
}

// standing says how far the runners are with a valid spec. Nil keeps what was said about this generation before.
func standing(o observation, g guarding) *status.Verdict {
	rollout := status.Rollout{
		Workspace: o.workspaceName, View: o.view, Key: o.key(), Version: o.meaning.version,
		Active: report.ActiveIn(o.key(), o.meaning.version, o.view.PartitionCount, o.view.Partitions),
		Does:   "run this version", Held: g.condition(),
	}
	if o.scenario.Spec.Suspend {
		rollout.Suspended = "spec.suspend keeps everybody where they are; nothing is sent"
	}
	return rollout.Verdict(o.scenario)
}
