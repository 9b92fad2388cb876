// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// setting is what amounts and days are written by.
func (w *workspace) setting() report.Setting {
	return report.Setting{Currency: w.resource.Spec.Currency, Zone: w.zone}
}

// counted sets the conditions of what counts.
func counted(conditions *[]metav1.Condition, w *workspace, generation int64, now metav1.Time) {
	ready(conditions, generation, now, fmt.Sprintf("all %d partitions count by this version", w.partitions()))
	set(conditions, generation, now, metav1.Condition{
		Type: v1alpha1.ConditionDataComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonBackfillFinished, Message: "all stored events are in the numbers",
	})
}

func segmentStatus(s *segment, reports []aggregate.Partition, asOf event.Time) (*v1alpha1.SegmentStatus, error) {
	numbers, err := report.MergeSegment(s.key, s.workspace.partitions(), reports)
	if err != nil {
		return nil, err
	}
	if !numbers.HoldAt(asOf) {
		return nil, fmt.Errorf("the numbers of %s do not hold at %s: this is a mistake in Waymark", s.key, asOf.UTC())
	}
	if len(s.workspace.scenarios) == 0 {
		numbers.Segment.Signals = aggregate.Signals{} // what is replayed gives no signal, so none can be stale
	}
	status := report.SegmentStatus(&s.resource, s.workspace.setting(), &numbers, asOf)
	report.SetSegmentData(&status, report.Freshness{})
	status.ObservedGeneration = s.resource.Generation
	counted(&status.Conditions, s.workspace, s.resource.Generation, metav1.NewTime(asOf.UTC()))
	return &status, nil
}

func journeyStatus(j *journey, reports []aggregate.Partition, asOf event.Time) (*v1alpha1.JourneyStatus, error) {
	numbers, err := report.MergeJourney(j.key, j.workspace.partitions(), reports)
	if err != nil {
		return nil, err
	}
	if !numbers.HoldAt(asOf) {
		return nil, fmt.Errorf("the numbers of %s do not hold at %s: this is a mistake in Waymark", j.key, asOf.UTC())
	}
	of := report.Map{Journey: &j.resource, Funnel: j.funnel, Probes: j.meaning.Probes, Scenarios: map[string]*v1alpha1.NurtureScenarioStatus{}}
	for _, s := range j.workspace.scenarios {
		if s.resource.Namespace == j.resource.Namespace {
			of.Scenarios[s.resource.Name] = &s.resource.Status
		}
	}
	status, err := report.JourneyStatus(of, j.workspace.setting(), &numbers, asOf)
	if err != nil {
		return nil, err
	}
	report.SetJourneyData(&status, report.Freshness{})
	generation, now := j.resource.Generation, metav1.NewTime(asOf.UTC())
	status.ObservedGeneration = generation
	counted(&status.Conditions, j.workspace, generation, now)
	for _, verdict := range []*metav1.Condition{report.JourneyOnTarget(&status), report.EvidenceReady(&status), report.JourneySuspect(&status)} {
		if verdict != nil {
			set(&status.Conditions, generation, now, *verdict)
		}
	}
	return &status, nil
}
