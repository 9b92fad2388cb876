// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
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

// observation is all that a decision on a Funnel depends on.
type observation struct {
	funnel        *v1alpha1.Funnel
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	meaning       meaning             // zero without a workspace
	accepted      *accepted           // nil when no numbers were shown since the operator started
	view          plane.View
	now           time.Time
}

func (o *observation) key() string { return plane.FunnelKey(client.ObjectKeyFromObject(o.funnel)) }

// decision is what is to be done about a Funnel.
type decision struct {
	// offer is the definition for the runners; nil leaves them what they have.
	offer *control.Definition
	// verdict is nil while there is nothing new to say, as in the seconds after the operator started.
	verdict *status.Verdict
	// complete is the condition DataComplete; nil leaves it.
	complete *metav1.Condition
	// numbers are to be written; nil leaves those that are there.
	numbers *v1alpha1.FunnelStatus
	// shown says that numbers are those of the spec as it is now.
	shown bool
	// fresh is nil while it is not known how the numbers stand against the events.
	fresh *report.Freshness
	// again is when time alone can change something; 0 is never.
	again time.Duration
}

// decide says what is to be done about a Funnel. It is pure.
func decide(o observation) decision {
	var d decision
	if verdict, refused := admission(o); refused {
		d.verdict = &verdict
		d.fresh = &report.Freshness{Unreachable: true}
		return d
	}
	if len(o.meaning.errors) > 0 {
		verdict := invalid(o)
		d.verdict = &verdict
	} else {
		d.offer = definitionOf(o)
		d.verdict = standing(o)
	}
	d.fresh = freshness(o)
	if !o.funnel.Spec.Suspend {
		d.numbers, d.shown = numbers(o)
		d.again = untilNextHour(o)
	}
	if d.offer != nil {
		d.complete = completeness(o, d)
	}
	return d
}

// admission refuses a Funnel that has no workspace to be counted in.
func admission(o observation) (verdict status.Verdict, refused bool) {
	switch {
	case o.workspace == nil:
		return status.Waiting(v1alpha1.ReasonWorkspaceNotFound, fmt.Sprintf(
			"Workspace %s does not exist yet: apply it, or correct spec.workspaceRef", o.workspaceName)), true
	case !roster.Admits(o.workspace, o.funnel.Namespace):
		return status.Waiting(v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf(
			"Workspace %s does not list namespace %s in spec.allowedNamespaces", o.workspaceName, o.funnel.Namespace)), true
	}
	return status.Verdict{}, false
}

// invalid says what is wrong with the spec. What is wrong with its workspace is not the Funnel's fault.
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
	if o.funnel.Status.ActiveVersion != "" {
		message += "; the last valid version goes on counting"
	}
	return status.Refused(definition.Reason(errs), message)
}

func definitionOf(o observation) *control.Definition {
	return &control.Definition{
		Key:        o.key(),
		Version:    o.meaning.version,
		UID:        string(o.funnel.UID),
		Generation: o.funnel.Generation,
		Meaning:    o.meaning.form,
		Source:     sourceOf(o),
	}
}

// standing says how far the runners are with a valid spec. Nil keeps what was said about this generation before.
func standing(o observation) *status.Verdict {
	verdict := func(v status.Verdict) *status.Verdict { return &v }
	if unheard, heard := status.Unheard(o.view, o.workspaceName, o.funnel, "the runner does not answer, so the numbers are its last"); !heard {
		return unheard
	}
	if refusal, refused := o.view.Refused[o.key()]; refused && refusal.Version == o.meaning.version {
		return verdict(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner refused this version: "+refusal.Message))
	}
	active := activePartitions(o)
	switch {
	case active == o.view.PartitionCount && o.funnel.Spec.Suspend:
		return verdict(status.Verdict{
			Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended,
			Message: "spec.suspend keeps the numbers as they are; events go on being stored",
		})
	case active == o.view.PartitionCount:
		return verdict(status.Succeeded(fmt.Sprintf("all %d partitions count by this version", active)))
	case o.view.Rejected != "":
		return verdict(status.Waiting(v1alpha1.ReasonRunnerRejected, "the runner takes no definitions: "+o.view.Rejected))
	}
	return verdict(status.Waiting(v1alpha1.ReasonAwaitingPartitions, fmt.Sprintf(
		"%d of %d partitions count by this version", active, o.view.PartitionCount)))
}

// activePartitions counts the partitions that run the spec as it is now.
func activePartitions(o observation) int {
	active := 0
	for i := range o.view.Partitions {
		if o.view.Partitions[i].Funnels[o.key()].Active == o.meaning.version {
			active++
		}
	}
	return active
}

// completeness says whether all history is in the numbers of the spec as it is now. Nil while that is not known.
func completeness(o observation, d decision) *metav1.Condition {
	if o.view.State != plane.Connected {
		return nil
	}
	condition := func(status metav1.ConditionStatus, reason, message string) *metav1.Condition {
		return &metav1.Condition{Type: v1alpha1.ConditionDataComplete, Status: status, Reason: reason, Message: message}
	}
	if activePartitions(o) < o.view.PartitionCount {
		percent := report.BackfillOf(o.key(), o.view.PartitionCount, o.view.Partitions).Percent
		return condition(metav1.ConditionFalse, v1alpha1.ReasonBackfillRunning, fmt.Sprintf("%d%% of the stored events are read", percent))
	}
	shown := &o.funnel.Status
	if d.shown {
		shown = d.numbers
	}
	if shown.ExactSince != nil {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonHistoryMissing, fmt.Sprintf(
			"the log holds every event since %s; earlier ones are missing from the numbers", shown.ExactSince.UTC().Format(time.RFC3339)))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonBackfillFinished, "all stored events are in the numbers")
}

// freshness is nil while the runners have not answered yet.
func freshness(o observation) *report.Freshness {
	switch o.view.State {
	case plane.Connected:
		return &report.Freshness{Backfill: report.BackfillOf(o.key(), o.view.PartitionCount, o.view.Partitions)}
	case plane.Unreachable, plane.Absent:
		return &report.Freshness{Unreachable: true}
	}
	return nil
}
