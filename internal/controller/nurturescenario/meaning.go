// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurturescenario

import (
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/report"
)

// meaning is what a spec means in its workspace with all that it names, or why it means nothing yet.
type meaning struct {
	form    json.RawMessage
	version string
	outline report.Outline
	missing []definition.Missing
	errors  field.ErrorList
}

// valid says whether the spec means something.
func (m *meaning) valid() bool { return m.version != "" }

func compile(scenario *v1alpha1.NurtureScenario, workspace *v1alpha1.Workspace, found *referenced) meaning {
	if len(found.foreign) > 0 {
		return meaning{errors: foreign(scenario, found.foreign)}
	}
	compiled, missing, errs := definition.FromScenario(scenario, workspace, found.References)
	if len(errs) > 0 || len(missing) > 0 {
		return meaning{missing: missing, errors: errs}
	}
	form, version, err := compiled.Canonical()
	if err != nil {
		return meaning{errors: field.ErrorList{field.InternalError(field.NewPath("spec"), err)}}
	}
	return meaning{form: form, version: version, outline: report.OutlineOf(&compiled)}
}

// foreign gives an error for each reference to a Segment of another workspace: it can never mean anything.
func foreign(scenario *v1alpha1.NurtureScenario, names []string) field.ErrorList {
	var errs field.ErrorList
	check := func(path *field.Path, ref *v1alpha1.SegmentReference) {
		if ref != nil && slices.Contains(names, ref.Name) {
			errs = append(errs, field.Invalid(path.Child("segmentRef", "name"), ref.Name,
				"the Segment belongs to another Workspace: name one of this scenario's own"))
		}
	}
	path := field.NewPath("spec")
	check(path, scenario.Spec.SegmentRef)
	if segment := scenario.Spec.Trigger.Segment; segment != nil {
		check(path.Child("trigger", "segment"), segment.SegmentRef)
	}
	return errs
}
