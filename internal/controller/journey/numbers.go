// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// counted is what the runners found out, written down.
type counted struct {
	// written is nil while there is nothing to write, and the last numbers stay.
	written *v1alpha1.JourneyStatus
	// current says whether they are of the map as it is now.
	current bool
	tidings []report.Tiding
}

// numbers gives what the runners found out, once every partition has reported numbers of one version. Numbers of another map are written by that, if
// it is still known.
func numbers(o observation) counted {
	if o.view.State != plane.Connected {
		return counted{}
	}
	merged, err := report.MergeJourney(o.key(), o.view.PartitionCount, o.view.Partitions)
	if err != nil {
		return counted{} // some partition is not there yet; the conditions say so
	}
	by := &o.meaning.accepted
	current := merged.Version == by.version
	if !current {
		if by = o.accepted; by == nil || by.version != merged.Version {
			return counted{}
		}
	}
	journey := o.journey.DeepCopy()
	journey.Spec = by.journey
	of := report.Map{Journey: journey, Funnel: &v1alpha1.Funnel{Spec: by.funnel}, Probes: by.probes, Scenarios: o.scenarios}
	setting := report.Setting{Currency: o.workspace.Spec.Currency, Zone: by.zone}
	asOf := merged.Nearest(o.view.AsOf)
	result, err := report.JourneyStatus(of, setting, &merged, asOf)
	if err != nil {
		return counted{}
	}
	result.Told = o.journey.Status.Told
	tidings, told, err := report.Tidings(of, setting, &merged, asOf)
	if err == nil && told != nil && current {
		result.Told = told
		return counted{written: &result, current: true, tidings: tidings}
	}
	return counted{written: &result, current: current}
}

// dataBegins says that the first units have entered, for which whoever has just applied a Journey and sent an event waits.
func dataBegins(before, after status.Resource) bool { return noData(before) && !noData(after) }

func noData(resource status.Resource) bool {
	journey, is := resource.(*v1alpha1.Journey)
	return is && dataOf(journey) == v1alpha1.DataNoData
}

// write puts a decision into the Journey's status; before is the Journey as it was read.
func write(journey, before *v1alpha1.Journey, d decision, now time.Time) {
	if d.numbers != nil {
		conditions, generation, data := journey.Status.Conditions, journey.Status.ObservedGeneration, dataOf(journey)
		journey.Status = *d.numbers
		journey.Status.Conditions, journey.Status.ObservedGeneration = conditions, generation
		journey.Status.Summary.Data = data
		status.SetOrRemove(journey, now, v1alpha1.ConditionOnTarget, report.JourneyOnTarget(&journey.Status))
		status.SetOrRemove(journey, now, v1alpha1.ConditionDataSuspect, report.JourneySuspect(&journey.Status))
		status.Set(journey, now, *report.EvidenceReady(&journey.Status))
	}
	if d.verdict != nil {
		d.verdict.Apply(journey, now)
		journey.Status.ObservedGeneration = journey.Generation
	}
	if d.complete != nil {
		status.Set(journey, now, *d.complete)
	}
	if d.fresh != nil && (journey.Status.Summary != nil || !d.fresh.Unreachable) {
		report.SetJourneyData(&journey.Status, *d.fresh)
	}
	shorten(journey)
	if report.JourneyVisibleEqual(&before.Status, &journey.Status) {
		journey.Status.EvaluatedAt = before.Status.EvaluatedAt
	}
}

func dataOf(journey *v1alpha1.Journey) string {
	if journey.Status.Summary == nil {
		return ""
	}
	return journey.Status.Summary.Data
}

// shorten cuts the messages of conditions to what fits the status of a Journey.
func shorten(journey *v1alpha1.Journey) {
	for i := range journey.Status.Conditions {
		c := &journey.Status.Conditions[i]
		if characters := []rune(c.Message); len(characters) > v1alpha1.MaxJourneyMessageLength {
			c.Message = string(characters[:v1alpha1.MaxJourneyMessageLength-1]) + "…"
		}
	}
}
