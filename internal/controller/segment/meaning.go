// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// meaning is what a spec means in its workspace, or why it means nothing.
type meaning struct {
	form    json.RawMessage
	version string
	zone    *time.Location
	errors  field.ErrorList
}

// accepted is the spec of the version whose numbers were shown last. While a later spec is wrong, or is computed from history, the numbers that
// still come are of this one.
type accepted struct {
	version string
	spec    v1alpha1.SegmentSpec
	zone    *time.Location
}

func compile(segment *v1alpha1.Segment, workspace *v1alpha1.Workspace) meaning {
	compiled, errs := segments.Compile(segment, workspace)
	if len(errs) > 0 {
		return meaning{errors: errs}
	}
	form, version, err := compiled.Canonical()
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("spec"), err)}}
	}
	zone, err := zoneinfo.Load(compiled.TimeZone)
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("workspace", "spec", "timeZone"), err)}}
	}
	return meaning{form: form, version: version, zone: zone}
}

// source is what a version was compiled from, as the runners keep it: when the spec that exists now is wrong, an operator that has just started
// learns from it how to write down the numbers of the version that goes on.
type source struct {
	Spec     v1alpha1.SegmentSpec `json:"spec"`
	TimeZone string               `json:"timeZone"`
}

func sourceOf(o observation) json.RawMessage {
	encoded, err := json.Marshal(source{Spec: o.segment.Spec, TimeZone: o.workspace.Spec.TimeZone})
	if err != nil {
		return nil // only a restart of the operator would miss it
	}
	return encoded
}

// acceptedFrom gives the spec of a version that runs; nil when it cannot be known.
func acceptedFrom(kept control.Definition) *accepted {
	var from source
	if len(kept.Source) == 0 || json.Unmarshal(kept.Source, &from) != nil {
		return nil
	}
	zone, err := zoneinfo.Load(from.TimeZone)
	if err != nil {
		return nil
	}
	return &accepted{version: kept.Version, spec: from.Spec, zone: zone}
}
