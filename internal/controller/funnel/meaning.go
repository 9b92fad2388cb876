// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package funnel

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// meaning is what a spec means in its workspace, or why it means nothing.
type meaning struct {
	form    json.RawMessage
	version string
	zone    *time.Location
	errors  field.ErrorList
	missing []definition.Missing
}

// accepted is the spec of the version whose numbers were shown last. While a later spec is wrong, or is computed from history,
// the numbers that still come are of this one, and are written down by its titles and targets.
type accepted struct {
	version string
	spec    v1alpha1.FunnelSpec
	zone    *time.Location
}

func acceptedOf(funnel *v1alpha1.Funnel, by meaning) accepted {
	return accepted{version: by.version, spec: *funnel.Spec.DeepCopy(), zone: by.zone}
}

func compile(funnel *v1alpha1.Funnel, workspace *v1alpha1.Workspace, named segments.Named) meaning {
	meanings := named.Meanings(workspace)
	if errs := meanings.Foreign(field.NewPath("spec", "segmentRef", "name")); len(errs) > 0 {
		return meaning{errors: errs}
	}
	compiled, missing, errs := definition.FromFunnel(funnel, workspace, meanings.Segments)
	if len(errs) > 0 || len(missing) > 0 {
		return meaning{errors: errs, missing: meanings.Explained(missing)}
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
