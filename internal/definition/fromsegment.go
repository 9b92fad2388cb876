// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

// FromSegment gives the meaning of a Segment in its Workspace; a nil Workspace is one without any settings. What the API server would default is
// defaulted. Cuts are those found out for ranks, by the names of their traits; those that do not fit the spec any more are left out. The errors
// name the field, the value, what is wrong and what to write instead; see Reason. With errors the meaning is of no use.
func FromSegment(seg *v1alpha1.Segment, ws *v1alpha1.Workspace, cuts map[string][]aggregate.Micros) (Segment, field.ErrorList) {
	seg, ws = seg.DeepCopy(), defaulted(ws)
	seg.Default()
	spec, path := &seg.Spec, field.NewPath("spec")
	var r reader
	s := Segment{
		TimeZone:     ws.Spec.TimeZone,
		Where:        string(spec.Where),
		Days:         int(spec.PeriodDays),
		SignalMaxAge: r.duration(path.Child("triggerMaxAge"), spec.TriggerMaxAge),
		Lateness:     r.lateness(ws),
	}
	for i := range spec.Traits {
		s.Traits = append(s.Traits, r.trait(path.Child("traits").Index(i), &spec.Traits[i], cuts))
	}
	r.zone(ws)
	if s.Days < 1 {
		r.fail(path.Child("periodDays"), s.Days, "write at least 1")
	}
	if len(r.errs) > 0 {
		return s, r.errs
	}
	s = s.normal()
	if _, err := new(Compiler).compileSegment(&s, path.String()); err != nil {
		return s, fieldErrors(path, err)
	}
	return s, nil
}

func (r *reader) trait(path *field.Path, t *v1alpha1.SegmentTrait, cuts map[string][]aggregate.Micros) Trait {
	trait := Trait{
		Name: t.Name, Function: TraitFunction(t.Function), Event: string(t.Event), Where: string(t.Where), Of: string(t.Of),
		Within: r.duration(path.Child("within"), t.Within), Ranks: int(t.Ranks),
	}
	if found := cuts[t.Name]; trait.Function == TraitRank && len(found) == trait.Ranks-1 {
		trait.Cuts = found
	}
	return trait
}
