// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
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
	merged, err := report.MergeFunnel(o.key(), o.view.PartitionCount, o.view.Partitions)
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
	result, err := report.FunnelStatus(counted, setting, &merged, merged.Nearest(o.view.AsOf))
	if err != nil {
		return nil, false
	}
	return &result, current
}

// dataBegins says that the first units have entered, for which whoever has just applied a Funnel and sent an event waits.
func dataBegins(before, after status.Resource) bool {
	return noData(before) && !noData(after)
}

func noData(resource status.Resource) bool {
	funnel, is := resource.(*v1alpha1.Funnel)
	return is && dataOf(funnel) == v1alpha1.DataNoData
}

// write puts a decision into the Funnel's status; before is the Funnel as it was read.
func write(funnel, before *v1alpha1.Funnel, d decision, now time.Time) {
	if d.numbers != nil {
		conditions, generation, data := funnel.Status.Conditions, funnel.Status.ObservedGeneration, dataOf(funnel)
		funnel.Status = *d.numbers
		funnel.Status.Conditions, funnel.Status.ObservedGeneration = conditions, generation
		funnel.Status.Summary.Data = data
		status.SetOrRemove(funnel, now, v1alpha1.ConditionOnTarget, report.OnTarget(&funnel.Status))
		status.SetOrRemove(funnel, now, v1alpha1.ConditionDataSuspect, report.DataSuspect(&funnel.Status))
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
	if report.FunnelVisibleEqual(&before.Status, &funnel.Status) {
		funnel.Status.EvaluatedAt = before.Status.EvaluatedAt
	}
}

func dataOf(funnel *v1alpha1.Funnel) string {
	if funnel.Status.Summary == nil {
		return ""
	}
	return funnel.Status.Summary.Data
}
