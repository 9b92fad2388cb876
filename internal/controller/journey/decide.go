// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
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

// observation is all that a decision on a Journey depends on.
type observation struct {
	journey       *v1alpha1.Journey
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	meaning       meaning             // zero without a workspace
	accepted      *accepted           // nil when no numbers were shown since the operator started
	// scenarios are the statuses of those that the map names.
	scenarios map[string]*v1alpha1.NurtureScenarioStatus
	view      plane.View
	now       time.Time
}

func (o *observation) key() string { return plane.JourneyKey(client.ObjectKeyFromObject(o.journey)) }

func (o *observation) counted() status.Counted {
	return status.Counted{View: o.view, Key: o.key(), Version: o.meaning.accepted.version}
}

// decision is what is to be done about a Journey.
type decision struct {
	// offer is the definition for the runners; nil leaves them what they have.
	offer *control.Definition
	// verdict is nil while there is nothing new to say, as in the seconds after the operator started.
	verdict *status.Verdict
	// complete is the condition DataComplete; nil leaves it.
	complete *metav1.Condition
	// numbers are to be written; nil leaves those that are there.
	numbers *v1alpha1.JourneyStatus
	// shown says that numbers are those of the spec as it is now.
	shown bool
	// tidings are to be told once the numbers are written.
	tidings []report.Tiding
	// fresh is nil while it is not known how the numbers stand against the events.
	fresh *report.Freshness
	// again is when time alone can change something; 0 is never.
	again time.Duration
}

// decide says what is to be done about a Journey. It is pure.
func decide(o observation) decision {
	var d decision
	if d.verdict = status.Unadmitted(o.journey, o.workspaceName, o.workspace); d.verdict != nil {
		d.fresh = &report.Freshness{Unreachable: true}
		return d
	}
	switch {
	case len(o.meaning.errors) > 0:
		d.verdict = status.Invalid(o.meaning.errors, status.CountsOn(o.journey.Status.ActiveVersion))
	case len(o.meaning.missing) > 0:
		d.verdict = status.Missing(o.meaning.missing, status.CountsOn(o.journey.Status.ActiveVersion))
	default:
		d.offer = definitionOf(o)
		d.verdict = standing(o)
	}
	d.fresh = o.counted().Freshness()
	n := numbers(o)
	d.numbers, d.shown, d.tidings = n.written, n.current, n.tidings
	d.again = status.UntilNextHour(o.now, o.meaning.accepted.zone)
	if d.offer != nil {
		shown := &o.journey.Status
		if d.shown {
			shown = d.numbers
		}
		d.complete = o.counted().Complete(shown.ExactSince)
	}
	return d
}

func definitionOf(o observation) *control.Definition {
	return &control.Definition{
		Key:        o.key(),
		Version:    o.meaning.accepted.version,
		UID:        string(o.journey.UID),
		Generation: o.journey.Generation,
		Meaning:    o.meaning.form,
		Source:     sourceOf(&o.meaning.accepted),
	}
}

// standing says how far the runners are with a valid spec. Nil keeps what was said about this generation before.
func standing(o observation) *status.Verdict {
	rollout := o.counted().Rollout(o.workspaceName)
	return rollout.Verdict(o.journey)
}
