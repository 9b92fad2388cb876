// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/simulate/manifest"
)

type segment struct {
	applied
	resource  v1alpha1.Segment
	origin    manifest.Origin
	workspace *workspace
	meaning   definition.Segment
}

type journey struct {
	applied
	resource  v1alpha1.Journey
	origin    manifest.Origin
	workspace *workspace
	meaning   definition.Journey
	funnel    *v1alpha1.Funnel // whose stages the map is of
}

func (p *plan) addSegment(r *manifest.Resource) field.ErrorList {
	s := &segment{origin: r.Origin}
	if errs := typed(r.Object, &s.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(s.resource.Spec.WorkspaceRef, s.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	s.workspace = w
	w.segments = append(w.segments, s)
	p.segments = append(p.segments, s)
	return nil
}

// compile finds out what the segment means, with the cuts of its ranks as far as they are known.
func (s *segment) compile() field.ErrorList {
	cuts, err := report.Cuts(&s.resource)
	if err != nil {
		return field.ErrorList{field.InternalError(field.NewPath("status", "cuts"), err)}
	}
	meaning, errs := definition.FromSegment(&s.resource, &s.workspace.resource, cuts)
	if len(errs) > 0 {
		return errs
	}
	applied, problem := appliedAs(definition.Key(definition.KindSegment, s.resource.Namespace, s.resource.Name), &meaning)
	if problem != nil {
		return field.ErrorList{problem}
	}
	s.meaning, s.applied = meaning, applied
	return nil
}

// ranks says whether the segment divides contacts into groups, so that its meaning depends on what all of them did.
func (s *segment) ranks() bool {
	return slices.ContainsFunc(s.resource.Spec.Traits, func(t v1alpha1.SegmentTrait) bool { return t.Function == v1alpha1.TraitRank })
}

// segmentsIn are the meanings of the workspace's segments in a namespace, by name; those that are wrong have none.
func (w *workspace) segmentsIn(namespace string) map[string]definition.Segment {
	meanings := map[string]definition.Segment{}
	for _, s := range w.segments {
		if s.resource.Namespace == namespace && s.key != "" {
			meanings[s.resource.Name] = s.meaning
		}
	}
	return meanings
}

// isWrongSegment says of what seems to be missing in a namespace whether it is a Segment that is there and means nothing.
func (w *workspace) isWrongSegment(namespace string) func(*definition.Missing) bool {
	return func(m *definition.Missing) bool {
		return m.Kind == definition.KindSegment && slices.ContainsFunc(w.segments, func(s *segment) bool {
			return s.resource.Namespace == namespace && s.resource.Name == m.Name
		})
	}
}

func (p *plan) addJourney(r *manifest.Resource) field.ErrorList {
	j := &journey{origin: r.Origin}
	if errs := typed(r.Object, &j.resource); errs != nil {
		return errs
	}
	w, err := p.workspaceOf(j.resource.Spec.WorkspaceRef, j.resource.Namespace)
	if err != nil {
		return field.ErrorList{err}
	}
	j.workspace = w
	w.journeys = append(w.journeys, j)
	p.journeys = append(p.journeys, j)
	return nil
}

// compile finds out what the map means, once the funnels and the segments are known.
func (j *journey) compile() field.ErrorList {
	namespace := j.resource.Namespace
	refs := definition.JourneyReferences{
		Funnels: map[string]*v1alpha1.Funnel{}, Segments: j.workspace.segmentsIn(namespace), Scenarios: map[string]bool{},
	}
	for _, f := range j.workspace.funnels {
		if f.resource.Namespace == namespace {
			refs.Funnels[f.resource.Name] = &f.resource
		}
	}
	for _, s := range j.workspace.scenarios {
		if s.resource.Namespace == namespace {
			refs.Scenarios[s.resource.Name] = true
		}
	}
	meaning, missing, errs := definition.FromJourney(&j.resource, &j.workspace.resource, refs)
	if errs = append(errs, absent(missing, namespace, j.workspace.isWrongSegment(namespace))...); len(errs)+len(missing) > 0 {
		return errs
	}
	applied, problem := appliedAs(definition.Key(definition.KindJourney, namespace, j.resource.Name), &meaning)
	if problem != nil {
		return field.ErrorList{problem}
	}
	j.meaning, j.applied, j.funnel = meaning, applied, refs.Funnels[j.resource.Spec.FunnelRef.Name]
	return nil
}

// cut finds out where the groups of ranks part as of an instant, by a pass over the events of its own, and compiles all that depends on it
// anew. What messages bring about is not known yet, so it does not count for ranks.
func (p *plan) cut(ctx context.Context, in *intake, asOf event.Time) error {
	var found bool
	for _, w := range p.workspaces {
		ranked := *w
		ranked.funnels, ranked.journeys, ranked.scenarios = nil, nil, nil
		ranked.segments = slices.DeleteFunc(slices.Clone(w.segments), func(s *segment) bool { return !s.ranks() })
		if len(ranked.segments) == 0 {
			continue
		}
		found = true
		reports, err := fold(ctx, &ranked, in.timelines[w.partitions()], asOf, in.joins, func(int) {})
		if err != nil {
			return err
		}
		for _, s := range ranked.segments {
			numbers, err := report.MergeSegment(s.key, w.partitions(), reports)
			if err != nil {
				return err
			}
			status := report.SegmentStatus(&s.resource, w.setting(), &numbers, asOf)
			s.resource.Status.Cuts = status.Cuts
		}
	}
	if !found {
		return nil
	}
	return p.compile()
}
