// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/status"
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
	if d.verdict = status.Unadmitted(o.funnel, o.workspaceName, o.workspace); d.verdict != nil {
		d.fresh = &report.Freshness{Unreachable: true}
		return d
	}
	if d.verdict = status.Invalid(o.meaning.errors, goesOn(o)); d.verdict == nil {
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

// goesOn ends a message about a spec that does not come into force.
func goesOn(o observation) string {
	if o.funnel.Status.ActiveVersion == "" {
		return ""
	}
	return "; the last valid version goes on counting"
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
	rollout := status.Rollout{
		Workspace: o.workspaceName, View: o.view, Key: o.key(), Version: o.meaning.version,
		Active: activePartitions(o), Does: "count by this version",
	}
	if o.funnel.Spec.Suspend {
		rollout.Suspended = "spec.suspend keeps the numbers as they are; events go on being stored"
	}
	return rollout.Verdict(o.funnel)
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
