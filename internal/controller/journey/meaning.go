// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// meaning is what a map means in its workspace with all that it names, or why it means nothing yet.
type meaning struct {
	form json.RawMessage
	// accepted is what its numbers are written down by.
	accepted accepted
	missing  []definition.Missing
	errors   field.ErrorList
}

// accepted is what the numbers of a version are written down by. While a later map is wrong, or is computed from history, the numbers that still
// come are of the version that was shown last.
type accepted struct {
	version string
	journey v1alpha1.JourneySpec
	funnel  v1alpha1.FunnelSpec
	probes  []definition.Probe
	zone    *time.Location
}

func compile(journey *v1alpha1.Journey, workspace *v1alpha1.Workspace, named named) meaning {
	meanings := named.segments.Meanings(workspace)
	if errs := named.foreign(meanings, journey); len(errs) > 0 {
		return meaning{errors: errs}
	}
	references := definition.JourneyReferences{
		Funnels: map[string]*v1alpha1.Funnel{}, Segments: meanings.Segments, Scenarios: map[string]bool{},
	}
	if named.funnel != nil {
		references.Funnels[named.funnel.Name] = named.funnel
	}
	for name := range named.statuses {
		references.Scenarios[name] = true
	}
	compiled, missing, errs := definition.FromJourney(journey, workspace, references)
	if len(errs) > 0 || len(missing) > 0 {
		return meaning{errors: errs, missing: meanings.Explained(missing)}
	}
	form, version, err := compiled.Canonical()
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("spec"), err)}}
	}
	zone, err := zoneinfo.Load(compiled.Funnel.TimeZone)
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("workspace", "spec", "timeZone"), err)}}
	}
	return meaning{form: form, accepted: accepted{
		version: version, journey: *journey.Spec.DeepCopy(), funnel: *named.funnel.Spec.DeepCopy(), probes: compiled.Probes, zone: zone,
	}}
}

// source is what the runners keep beside a version: when the map that exists now is wrong, an operator that has just started learns from it
// how to write down the numbers of the version that goes on.
type source struct {
	Journey  v1alpha1.JourneySpec `json:"journey"`
	Funnel   v1alpha1.FunnelSpec  `json:"funnel"`
	Probes   []definition.Probe   `json:"probes,omitempty"`
	TimeZone string               `json:"timeZone"`
}

func sourceOf(by *accepted) json.RawMessage {
	encoded, err := json.Marshal(source{Journey: by.journey, Funnel: by.funnel, Probes: by.probes, TimeZone: by.zone.String()})
	if err != nil {
		return nil // only a restart of the operator would miss it
	}
	return encoded
}

// acceptedFrom gives what a version that runs is written down by; nil when it cannot be known.
func acceptedFrom(kept control.Definition) *accepted {
	var from source
	if len(kept.Source) == 0 || json.Unmarshal(kept.Source, &from) != nil {
		return nil
	}
	zone, err := zoneinfo.Load(from.TimeZone)
	if err != nil {
		return nil
	}
	return &accepted{version: kept.Version, journey: from.Journey, funnel: from.Funnel, probes: from.Probes, zone: zone}
}
