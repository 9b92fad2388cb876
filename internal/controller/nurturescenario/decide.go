// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/roster"
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
	if verdict, refused := admission(o); refused {
		d.verdict = &verdict
		return d
	}
	counted, countErr := report.MergeScenario(o.key(), o.view.PartitionCount, o.view.Partitions)
	known := o.view.State == plane.Connected && countErr == nil
	winners := wonBefore(o.scenario)
	if known && o.outline != nil {
		winners = report.Winners(o.outline, counted.Scenario.Steps, winners)
		status := report.ScenarioStatus(o.outline, winners, &counted, instant(counted, o.view.AsOf))
		d.numbers = &status
	}
	switch {
	case len(o.meaning.errors) > 0:
		verdict := invalid(o)
		d.verdict = &verdict
	case len(o.meaning.missing) > 0:
		verdict := waiting(o)
		d.verdict = &verdict
	default:
		g := guard(o)
		d.held, d.approval, d.guarded = g.condition(), g.approval(), g.decided
		d.offer = offer(o, g, winners)
		d.verdict = standing(o, g)
	}
	return d
}

// admission refuses a scenario that has no workspace to run in.
func admission(o observation) (verdict status.Verdict, refused bool) {
	switch {
	case o.workspace == nil:
		return status.Waiting(v1alpha1.ReasonWorkspaceNotFound, fmt.Sprintf(
			"Workspace %s does not exist yet: apply it, or correct spec.workspaceRef", o.workspaceName)), true
	case !roster.Admits(o.workspace, o.scenario.Namespace):
		return status.Waiting(v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf(
			"Workspace %s does not list namespace %s in spec.allowedNamespaces", o.workspaceName, o.scenario.Namespace)), true
	}
	return status.Verdict{}, false
}

// goesOn ends a message about a spec that does not come into force.
func goesOn(o observation) string {
	if o.scenario.Status.ActiveVersion == "" {
		return ""
	}
	return "; the last valid version goes on"
}

// invalid says what is wrong with the spec. What is wrong with its workspace is not the scenario's fault.
func invalid(o observation) status.Verdict {
	errs := o.meaning.errors
	messages := make([]string, len(errs))
	for i, err := range errs {
		messages[i] = err.Error()
	}
	message := strings.Join(messages, "; ")
	if strings.HasPrefix(errs[0].Field, "workspace.") {
		return status.Waiting(v1alpha1.ReasonWorkspaceNotReady, message)
	}
	return status.Refused(definition.Reason(errs), message+goesOn(o))
}

// waiting says what the spec names that does not exist. It may be applied next.
func waiting(o observation) status.Verdict {
	messages := make([]string, len(o.meaning.missing))
	for i, missing := range o.meaning.missing {
		messages[i] = missing.Error() + ": apply it, or correct the name"
	}
	return status.Waiting(v1alpha1.ReasonReferenceNotFound, strings.Join(messages, "; ")+goesOn(o))
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
	verdict := func(v status.Verdict) *status.Verdict { return &v }
	if unheard, heard := status.Unheard(o.view, o.workspaceName, o.scenario, "the runner does not answer, so the numbers are its last"); !heard {
		return unheard
	}
	if refusal, refused := o.view.Refused[o.key()]; refused && refusal.Version == o.meaning.version {
		return verdict(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner refused this version: "+refusal.Message))
	}
	active, _ := report.VersionsOf(o.key(), o.meaning.version, o.view.PartitionCount, o.view.Partitions)
	switch {
	case active == o.view.PartitionCount && o.scenario.Spec.Suspend:
		return verdict(status.Verdict{
			Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended,
			Message: "spec.suspend keeps everybody where they are; nothing is sent",
		})
	case active == o.view.PartitionCount:
		return verdict(status.Succeeded(fmt.Sprintf("all %d partitions run this version", active)))
	case o.view.Rejected != "":
		return verdict(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner takes no definitions: "+o.view.Rejected))
	case g.held:
		condition := g.condition()
		return verdict(status.Waiting(condition.Reason, condition.Message))
	}
	return verdict(status.Waiting(v1alpha1.ReasonAwaitingPartitions, fmt.Sprintf(
		"%d of %d partitions run this version", active, o.view.PartitionCount)))
}
