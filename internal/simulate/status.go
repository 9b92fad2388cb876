// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// name identifies a resource.
type name struct{ kind, namespace, name string }

func nameOf(object *unstructured.Unstructured) name {
	return name{object.GetKind(), object.GetNamespace(), object.GetName()}
}

// statusesOf gives the status that each resource would have once its controller is done with it. What only a cluster knows, such as
// addresses and the use of storage, is absent.
func statusesOf(p *plan, reports map[*workspace][]aggregate.Partition, asOf event.Time) (map[name]any, error) {
	statuses := map[name]any{}
	now := metav1.NewTime(asOf.UTC())
	add := func(kind string, object metav1.Object, status any) error {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
		if err != nil {
			return fmt.Errorf("write the status of %s %s: %w", kind, object.GetName(), err)
		}
		statuses[name{kind, object.GetNamespace(), object.GetName()}] = content
		return nil
	}
	for _, w := range p.workspaces {
		if err := add("Workspace", &w.resource, workspaceStatus(w, now)); err != nil {
			return nil, err
		}
	}
	for _, f := range p.feeds {
		if err := add("EventFeed", &f.resource, feedStatus(f, now)); err != nil {
			return nil, err
		}
	}
	for _, c := range p.channels {
		status, err := channelStatus(c, reports[c.workspace], asOf)
		if err != nil {
			return nil, err
		}
		if err := add("MessageChannel", &c.resource, status); err != nil {
			return nil, err
		}
	}
	for _, s := range p.segments {
		status, err := segmentStatus(s, reports[s.workspace], asOf)
		if err != nil {
			return nil, err
		}
		if err := add("Segment", &s.resource, status); err != nil {
			return nil, err
		}
	}
	for _, s := range p.scenarios {
		status, err := scenarioStatus(s, reports[s.workspace], asOf)
		if err != nil {
			return nil, err
		}
		if err := add("NurtureScenario", &s.resource, status); err != nil {
			return nil, err
		}
		s.resource.Status = *status // the maps that name it look at it
	}
	for _, f := range p.funnels {
		status, err := funnelStatus(f, reports[f.workspace], asOf)
		if err != nil {
			return nil, err
		}
		if err := add("Funnel", &f.resource, status); err != nil {
			return nil, err
		}
	}
	for _, j := range p.journeys {
		status, err := journeyStatus(j, reports[j.workspace], asOf)
		if err != nil {
			return nil, err
		}
		if err := add("Journey", &j.resource, status); err != nil {
			return nil, err
		}
	}
	return statuses, nil
}

func workspaceStatus(w *workspace, now metav1.Time) *v1alpha1.WorkspaceStatus {
	feeds, funnels := int32(w.feeds), int32(len(w.funnels))
	s := &v1alpha1.WorkspaceStatus{
		ObservedGeneration: w.resource.Generation,
		Log:                "Embedded",
		Partitions:         fmt.Sprintf("%d/%d", w.partitions(), w.partitions()),
		Feeds:              &feeds,
		Funnels:            &funnels,
	}
	if scenarios, channels := int32(len(w.scenarios)), int32(len(w.channels)); scenarios+channels > 0 {
		s.Scenarios, s.Channels = &scenarios, &channels
	}
	if segments, journeys := int32(len(w.segments)), int32(len(w.journeys)); segments+journeys > 0 {
		s.Segments, s.Journeys = &segments, &journeys
	}
	if w.resource.Spec.EventLog.NATS != nil {
		s.Log = "NATS"
	}
	ready(&s.Conditions, w.resource.Generation, now, fmt.Sprintf("events are taken in, and all %d partitions run", w.partitions()))
	return s
}

func feedStatus(f *feed, now metav1.Time) *v1alpha1.EventFeedStatus {
	s := &v1alpha1.EventFeedStatus{ObservedGeneration: f.resource.Generation, Source: "HTTP"}
	if f.counts.Accepted+f.counts.Rejected+f.counts.Dropped > 0 {
		s.Events = &f.counts
	}
	if f.refusal == nil {
		ready(&s.Conditions, f.resource.Generation, now, "events are taken in")
		return s
	}
	s.Source = "Kafka"
	if f.resource.Spec.NATS != nil {
		s.Source = "NATS"
	}
	message := f.refusal.Field + ": " + f.refusal.Detail
	set(&s.Conditions, f.resource.Generation, now, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNotSupported, Message: message})
	set(&s.Conditions, f.resource.Generation, now, metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonNotSupported, Message: message})
	return s
}

func funnelStatus(f *funnel, reports []aggregate.Partition, asOf event.Time) (*v1alpha1.FunnelStatus, error) {
	numbers, err := report.MergeFunnel(f.key, f.workspace.partitions(), reports)
	if err != nil {
		return nil, err
	}
	if !numbers.HoldAt(asOf) {
		return nil, fmt.Errorf("the numbers of %s do not hold at %s: this is a mistake in Waymark", f.key, asOf.UTC())
	}
	if len(f.workspace.scenarios) == 0 {
		numbers.Funnel.Signals = aggregate.Signals{} // what is replayed gives no signal, so none can be stale
	}
	setting := f.workspace.setting()
	s, err := report.FunnelStatus(&f.resource, setting, &numbers, asOf)
	if err != nil {
		return nil, err
	}
	report.SetData(&s, report.Freshness{})
	generation, now := f.resource.Generation, metav1.NewTime(asOf.UTC())
	s.ObservedGeneration = generation
	counted(&s.Conditions, f.workspace, generation, now)
	for _, verdict := range []*metav1.Condition{report.OnTarget(&s), report.DataSuspect(&s)} {
		if verdict != nil {
			set(&s.Conditions, generation, now, *verdict)
		}
	}
	return &s, nil
}

func ready(conditions *[]metav1.Condition, generation int64, now metav1.Time, message string) {
	set(conditions, generation, now, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: message,
	})
}

func set(conditions *[]metav1.Condition, generation int64, now metav1.Time, c metav1.Condition) {
	c.ObservedGeneration, c.LastTransitionTime = generation, now
	meta.SetStatusCondition(conditions, c)
}

func scenarioStatus(s *scenario, reports []aggregate.Partition, asOf event.Time) (*v1alpha1.NurtureScenarioStatus, error) {
	numbers, err := report.MergeScenario(s.key, s.workspace.partitions(), reports)
	if err != nil {
		return nil, err
	}
	outline := report.OutlineOf(&s.meaning)
	status := report.ScenarioStatus(&outline, nil, &numbers, asOf)
	generation, now := s.resource.Generation, metav1.NewTime(asOf.UTC())
	status.ObservedGeneration = generation
	ready(&status.Conditions, generation, now, fmt.Sprintf("all %d partitions run this version", s.workspace.partitions()))
	if s.standing.Suspended {
		set(&status.Conditions, generation, now, metav1.Condition{
			Type: v1alpha1.ConditionSuspended, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended, Message: "nobody enters or moves, and nothing is sent",
		})
	}
	return &status, nil
}

func channelStatus(c *messageChannel, reports []aggregate.Partition, asOf event.Time) (*v1alpha1.MessageChannelStatus, error) {
	status := v1alpha1.MessageChannelStatus{}
	if len(c.workspace.scenarios) > 0 { // else nothing was run
		numbers, err := report.MergeChannel(c.key, c.workspace.partitions(), reports)
		if err != nil {
			return nil, err
		}
		status = report.ChannelStatus(&numbers, asOf)
	}
	generation, now := c.resource.Generation, metav1.NewTime(asOf.UTC())
	status.ObservedGeneration, status.Medium, status.ActiveVersion = generation, string(c.meaning.Medium), c.version
	ready(&status.Conditions, generation, now, "messages would leave: a simulation takes them all and sends none")
	return &status, nil
}
