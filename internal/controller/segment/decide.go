// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package segment

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

// observation is all that a decision on a Segment depends on.
type observation struct {
	segment       *v1alpha1.Segment
	workspaceName types.NamespacedName
	workspace     *v1alpha1.Workspace // nil when there is none
	meaning       meaning             // zero without a workspace
	accepted      *accepted           // nil when no numbers were shown since the operator started
	view          plane.View
	now           time.Time
}

func (o *observation) key() string { return plane.SegmentKey(client.ObjectKeyFromObject(o.segment)) }

func (o *observation) counted() status.Counted {
	return status.Counted{View: o.view, Key: o.key(), Version: o.meaning.version}
}

// decision is what is to be done about a Segment.
type decision struct {
	// offer is the definition for the runners; nil leaves them what they have.
	offer *control.Definition
	// verdict is nil while there is nothing new to say, as in the seconds after the operator started.
	verdict *status.Verdict
	// complete is the condition DataComplete; nil leaves it.
	complete *metav1.Condition
	// numbers are to be written; nil leaves those that are there.
	numbers *v1alpha1.SegmentStatus
	// shown says that numbers are those of the spec as it is now.
	shown bool
	// fresh is nil while it is not known how the numbers stand against the events.
	fresh *report.Freshness
	// again is when time alone can change something; 0 is never.
	again time.Duration
}

// decide says what is to be done about a Segment. It is pure.
func decide(o observation) decision {
	var d decision
	if d.verdict = status.Unadmitted(o.segment, o.workspaceName, o.workspace); d.verdict != nil {
		d.fresh = &report.Freshness{Unreachable: true}
		return d
	}
	if d.verdict = status.Invalid(o.meaning.errors, status.CountsOn(o.segment.Status.ActiveVersion)); d.verdict == nil {
		d.offer = definitionOf(o)
		d.verdict = standing(o)
	}
	d.fresh = o.counted().Freshness()
	d.numbers, d.shown = numbers(o)
	d.again = status.UntilNextHour(o.now, o.meaning.zone)
	if d.offer != nil {
		shown := &o.segment.Status
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
		Version:    o.meaning.version,
		UID:        string(o.segment.UID),
		Generation: o.segment.Generation,
		Meaning:    o.meaning.form,
		Source:     sourceOf(o),
	}
}

// standing says how far the runners are with a valid spec. Nil keeps what was said about this generation before.
func standing(o observation) *status.Verdict {
	rollout := o.counted().Rollout(o.workspaceName)
	return rollout.Verdict(o.segment)
}

// numbers gives what the runners count, once every partition has reported numbers of one version; else nil, and the last ones stay. Current
// says whether they are of the spec as it is now; cuts are decided only from those.
func numbers(o observation) (written *v1alpha1.SegmentStatus, current bool) {
	if o.view.State != plane.Connected {
		return nil, false
	}
	merged, err := report.MergeSegment(o.key(), o.view.PartitionCount, o.view.Partitions)
	if err != nil {
		return nil, false // some partition is not there yet; the conditions say so
	}
	counted, zone := o.segment, o.meaning.zone
	if current = merged.Version == o.meaning.version; !current {
		if o.accepted == nil || o.accepted.version != merged.Version {
			return nil, false
		}
		counted = o.segment.DeepCopy()
		counted.Spec, zone = o.accepted.spec, o.accepted.zone
	}
	result := report.SegmentStatus(counted, report.Setting{Zone: zone}, &merged, merged.Nearest(o.view.AsOf))
	if !current {
		result.Cuts = o.segment.Status.Cuts
	}
	return &result, current
}

// dataBegins says that there are the first members, for which whoever has just applied a Segment and sent an event waits.
func dataBegins(before, after status.Resource) bool { return noData(before) && !noData(after) }

func noData(resource status.Resource) bool {
	segment, is := resource.(*v1alpha1.Segment)
	return is && dataOf(segment) == v1alpha1.DataNoData
}

// write puts a decision into the Segment's status; before is the Segment as it was read.
func write(segment, before *v1alpha1.Segment, d decision, now time.Time) {
	if d.numbers != nil {
		conditions, generation, data := segment.Status.Conditions, segment.Status.ObservedGeneration, dataOf(segment)
		segment.Status = *d.numbers
		segment.Status.Conditions, segment.Status.ObservedGeneration = conditions, generation
		segment.Status.Summary.Data = data
	}
	if d.verdict != nil {
		d.verdict.Apply(segment, now)
		segment.Status.ObservedGeneration = segment.Generation
	}
	if d.complete != nil {
		status.Set(segment, now, *d.complete)
	}
	if d.fresh != nil && (segment.Status.Summary != nil || !d.fresh.Unreachable) {
		report.SetSegmentData(&segment.Status, *d.fresh)
	}
	if report.SegmentVisibleEqual(&before.Status, &segment.Status) {
		segment.Status.EvaluatedAt = before.Status.EvaluatedAt
	}
}

func dataOf(segment *v1alpha1.Segment) string {
	if segment.Status.Summary == nil {
		return ""
	}
	return segment.Status.Summary.Data
}
