// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/texts"
	"github.com/waymark-dev/waymark/internal/definition"
)

// Kinds of what scenarios name in their namespace.
const (
	channelKind   = definition.KindChannel
	funnelKind    = definition.KindFunnel
	scenarioKind  = definition.KindScenario
	segmentKind   = definition.KindSegment
	journeyKind   = definition.KindJourney
	configMapKind = "ConfigMap"
)

// References are what a scenario names, as kind/name, each once and sorted.
func References(scenario *v1alpha1.NurtureScenario) []string {
	var all []string
	add := func(kind, name string) { all = append(all, kind+"/"+name) }
	if drop := scenario.Spec.Trigger.FunnelDrop; drop != nil {
		add(funnelKind, drop.FunnelRef.Name)
	}
	if segment := scenario.Spec.Trigger.Segment; segment != nil && segment.SegmentRef != nil {
		add(segmentKind, segment.SegmentRef.Name)
	}
	if ref := scenario.Spec.SegmentRef; ref != nil {
		add(segmentKind, ref.Name)
	}
	for i := range scenario.Spec.Steps {
		switch step := &scenario.Spec.Steps[i]; {
		case step.Send != nil:
			add(channelKind, step.Send.ChannelRef.Name)
			if survey := step.Send.Survey; survey != nil {
				add(journeyKind, survey.JourneyRef.Name)
			}
			for _, ref := range templates(step.Send) {
				add(configMapKind, ref.Name)
			}
		case step.Webhook != nil:
			add(channelKind, step.Webhook.ChannelRef.Name)
		case step.Task != nil:
			add(channelKind, step.Task.ChannelRef.Name)
		case step.Enter != nil:
			add(scenarioKind, step.Enter.ScenarioRef.Name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// templates are the texts that a message names: its own, and those of its variants and languages.
func templates(send *v1alpha1.SendStep) []v1alpha1.TemplateReference {
	var all []v1alpha1.TemplateReference
	add := func(ref *v1alpha1.TemplateReference) {
		if ref != nil {
			all = append(all, *ref)
		}
	}
	add(send.TemplateRef)
	for i := range send.Languages {
		add(send.Languages[i].TemplateRef)
	}
	for i := range send.Variants {
		add(send.Variants[i].TemplateRef)
		for j := range send.Variants[i].Languages {
			add(send.Variants[i].Languages[j].TemplateRef)
		}
	}
	return all
}

// referenced is what a scenario names, as far as it exists.
type referenced struct {
	definition.References
	// foreign are the Segments of other workspaces.
	foreign []string
	// version identifies all of it.
	version string
}

// observeReferences reads what a scenario names. What belongs to another workspace counts as missing: it is not there for this one.
func (r *Reconciler) observeReferences(ctx context.Context, scenario *v1alpha1.NurtureScenario, workspace *v1alpha1.Workspace) (referenced, error) {
	found := referenced{References: definition.References{
		Channels:  map[string]definition.Medium{},
		Scenarios: map[string]bool{},
		Funnels:   map[string][]string{},
		Segments:  map[string]bool{},
		Journeys:  map[string]bool{},
		Units:     map[string]bool{},
		Texts:     map[string]map[string]string{},
		Topics:    topics(workspace),
		Templates: r.Templates,
	}}
	var versions []string
	for _, reference := range References(scenario) {
		kind, name, _ := strings.Cut(reference, "/")
		at := types.NamespacedName{Namespace: scenario.Namespace, Name: name}
		version, err := r.observeReference(ctx, kind, at, client.ObjectKeyFromObject(workspace), &found)
		if err != nil {
			return found, err
		}
		versions = append(versions, reference+"="+version)
	}
	found.version = strings.Join(versions, " ")
	return found, nil
}

func topics(workspace *v1alpha1.Workspace) []string {
	if workspace.Spec.Policy == nil || workspace.Spec.Policy.Consent == nil {
		return nil
	}
	var names []string
	for _, topic := range workspace.Spec.Policy.Consent.Topics {
		names = append(names, topic.Name)
	}
	return names
}

// observeReference gives what identifies the object as it is; empty when there is none for this workspace.
func (r *Reconciler) observeReference(ctx context.Context, kind string, name, workspace types.NamespacedName, found *referenced) (version string, err error) {
	switch kind {
	case channelKind:
		channel := &v1alpha1.MessageChannel{}
		version, err = r.get(ctx, name, channel)
		if version = within(version, channel.Spec.WorkspaceRef, name.Namespace, workspace); version != "" {
			found.Channels[name.Name] = deliveryset.MediumOf(channel)
		}
	case funnelKind:
		funnel := &v1alpha1.Funnel{}
		version, err = r.get(ctx, name, funnel)
		if version = within(version, funnel.Spec.WorkspaceRef, name.Namespace, workspace); version != "" {
			found.Funnels[name.Name], found.Units[name.Name] = stages(funnel), funnel.Spec.Unit != nil
		}
	case segmentKind:
		segment := &v1alpha1.Segment{}
		version, err = r.get(ctx, name, segment)
		if of := roster.WorkspaceOf(segment.Spec.WorkspaceRef, name.Namespace); version != "" && of != workspace {
			found.foreign = append(found.foreign, name.Name)
		} else if version != "" {
			found.Segments[name.Name] = true
		}
	case journeyKind:
		journey := &v1alpha1.Journey{}
		version, err = r.get(ctx, name, journey)
		if version = within(version, journey.Spec.WorkspaceRef, name.Namespace, workspace); version != "" {
			found.Journeys[name.Name] = definition.AskedBy(journey) != nil
		}
	case scenarioKind:
		other := &v1alpha1.NurtureScenario{}
		version, err = r.get(ctx, name, other)
		if version = within(version, other.Spec.WorkspaceRef, name.Namespace, workspace); version != "" {
			enter := other.Spec.Trigger.Enter
			found.Scenarios[name.Name] = enter != nil && *enter
		}
	case configMapKind:
		var content texts.Texts
		var is bool
		if content, is, err = r.Texts.Read(ctx, name); is {
			found.Texts[name.Name], version = content.Data, content.Version
		}
	}
	return version, err
}

// within gives the version of an object that is of a workspace, and nothing of another's.
func within(version string, of v1alpha1.WorkspaceReference, namespace string, workspace types.NamespacedName) string {
	if roster.WorkspaceOf(of, namespace) != workspace {
		return ""
	}
	return version
}

// stages are those of a funnel where people can drop off.
func stages(funnel *v1alpha1.Funnel) []string {
	var names []string
	for i := range funnel.Spec.Stages {
		if funnel.Spec.Stages[i].Aggregate == nil {
			names = append(names, funnel.Spec.Stages[i].Name)
		}
	}
	return names
}

// get gives the UID and generation of an object that exists and stays; else nothing.
func (r *Reconciler) get(ctx context.Context, name types.NamespacedName, into client.Object) (version string, err error) {
	if err := r.Client.Get(ctx, name, into); err != nil {
		if apierrors.IsNotFound(err) {
			return "", nil
		}
		return "", fmt.Errorf("read %T %s: %w", into, name, err)
	}
	if !into.GetDeletionTimestamp().IsZero() {
		return "", nil
	}
	return fmt.Sprintf("%s@%d", into.GetUID(), into.GetGeneration()), nil
}
