// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// numbers gives what the runners count, once every partition has reported numbers of one version; else nil, and the last ones
// stay. Current says whether they are of the spec as it is now; numbers of another spec are written by that spec, if it is
// still known.
func numbers(o observation) (written *v1alpha1.FunnelStatus, current bool) {
	if o.view.State != plane.Connected {
		return nil, false
	}
	merged, err := report.Merge(o.key(), o.view.PartitionCount, o.view.Partitions)
	if err != nil {
		return nil, false // some partition is not there yet; the conditions say so
	}
	counted, zone := o.funnel, o.meaning.zone
	current = merged.Version == o.meaning.version
	if !current {
		if o.accepted == nil || o.accepted.version != merged.Version {
			return nil, false
		}
		counted = o.funnel.DeepCopy()
		counted.Spec, zone = o.accepted.spec, o.accepted.zone
	}
	setting := report.Setting{Currency: o.workspace.Spec.Currency, Zone: zone}
	result, err := report.FunnelStatus(counted, setting, &merged, instant(merged, o.view.AsOf))
	if err != nil {
		return nil, false
	}
	return &result, current
}

// instant is the one as of which numbers are true: the reports' own, or, where a partition could not follow the clock, the nearest.
func instant(n report.Numbers, asOf event.Time) event.Time {
	if n.Until != 0 && asOf >= n.Until {
		asOf = n.Until - 1
	}
	return max(asOf, n.From)
}

// untilTomorrow is how long it takes until the day changes and with it the days that a rolling period counts. The runner's clock
// decides, so this is only when to look again.
func untilTomorrow(o observation) time.Duration {
	period := o.funnel.Spec.Period
	if o.meaning.zone == nil || (period != nil && period.RollingDays == 0) {
		return 0
	}
	now := o.now.In(o.meaning.zone)
	tomorrow := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, o.meaning.zone)
	const afterTheRunner = 5 * time.Second
	return tomorrow.Sub(now) + afterTheRunner
}

// write puts a decision into the Funnel's status; before is the Funnel as it was read.
func write(funnel, before *v1alpha1.Funnel, d decision, now time.Time) {
	if d.numbers != nil {
		conditions, generation, data := funnel.Status.Conditions, funnel.Status.ObservedGeneration, dataOf(funnel)
		funnel.Status = *d.numbers
		funnel.Status.Conditions, funnel.Status.ObservedGeneration = conditions, generation
		funnel.Status.Summary.Data = data
		writeTargets(funnel, now)
	}
	if d.verdict != nil {
		d.verdict.Apply(funnel, now)
		funnel.Status.ObservedGeneration = funnel.Generation
	}
	if d.complete != nil {
		status.Set(funnel, now, *d.complete)
	}
	if d.fresh != nil && (funnel.Status.Summary != nil || !d.fresh.Unreachable) {
		report.SetData(&funnel.Status, *d.fresh)
	}
	if report.VisibleEqual(&before.Status, &funnel.Status) {
		funnel.Status.EvaluatedAt = before.Status.EvaluatedAt
	}
}

func dataOf(funnel *v1alpha1.Funnel) string {
	if funnel.Status.Summary == nil {
		return ""
	}
	return funnel.Status.Summary.Data
}

// writeTargets says whether the numbers reach the targets.
func writeTargets(funnel *v1alpha1.Funnel, now time.Time) {
	verdict := report.OnTarget(&funnel.Status)
	if verdict == nil {
		status.Remove(funnel, v1alpha1.ConditionOnTarget)
		return
	}
	condition := metav1.Condition{Type: verdict.Type, Status: verdict.Status, Reason: verdict.Reason, Message: verdict.Message}
	status.Set(funnel, now, condition)
}
