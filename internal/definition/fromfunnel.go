// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// FromFunnel gives the meaning of a Funnel in its Workspace; a nil Workspace is one without any settings. What the API server
// would default is defaulted. Segments are the meanings of those that there are, by name. The errors name the field, the value, what
// is wrong and what to write instead; see Reason. What is missing is no error. With either the meaning is of no use.
func FromFunnel(fn *v1alpha1.Funnel, ws *v1alpha1.Workspace, segments map[string]Segment) (Funnel, []Missing, field.ErrorList) {
	fn, ws = fn.DeepCopy(), defaulted(ws)
	fn.Default()
	spec, path := &fn.Spec, field.NewPath("spec")
	r := referrer{namespace: fn.Namespace}
	f := Funnel{
		Window:       r.duration(path.Child("window"), spec.Window),
		Period:       r.period(path.Child("period"), spec.Period),
		TimeZone:     ws.Spec.TimeZone,
		Order:        Order(spec.Order),
		EntryPolicy:  EntryPolicy(spec.EntryPolicy),
		Count:        Count(spec.Count),
		CorrelateBy:  string(spec.CorrelateBy),
		SignalMaxAge: r.duration(path.Child("triggerMaxAge"), spec.TriggerMaxAge),
		Lateness:     r.lateness(ws),
	}
	if spec.Unit != nil {
		f.UnitBy = string(spec.Unit.By)
	}
	f.Segment = r.meaningOf(path.Child("segmentRef"), spec.SegmentRef, segments)
	for _, t := range spec.Ignore {
		f.Ignore = append(f.Ignore, string(t))
	}
	r.stages(path.Child("stages"), spec.Stages, &f)
	for i := range spec.Breakdowns {
		f.Breakdowns = append(f.Breakdowns, r.breakdown(path.Child("breakdowns").Index(i), &spec.Breakdowns[i], &f))
	}
	for i := range spec.Exclusions {
		f.Exclusions = append(f.Exclusions, r.exclusion(path.Child("exclusions").Index(i), &spec.Exclusions[i], &f))
	}
	r.zone(ws)
	r.unit(path, spec)
	if len(r.errs) > 0 || len(r.missing) > 0 {
		return f, r.missing, r.errs
	}
	f = f.normal()
	if _, err := Compile(f); err != nil {
		return f, nil, fieldErrors(path, err)
	}
	return f, nil, nil
}

// unit refuses what is about people where something else is counted.
func (r *reader) unit(path *field.Path, spec *v1alpha1.FunnelSpec) {
	if spec.Unit == nil {
		return
	}
	if spec.CorrelateBy != "" {
		r.fail(path.Child("correlateBy"), string(spec.CorrelateBy), "unit already says what is counted: remove correlateBy")
	}
	if spec.SegmentRef != nil {
		r.fail(path.Child("segmentRef"), spec.SegmentRef.Name, "a segment is of people, and unit counts something else: remove segmentRef or unit")
	}
}

// meaningOf gives the meaning of a Segment as it is part of another definition; nil without a reference, or when it is missing.
func (r *referrer) meaningOf(path *field.Path, ref *v1alpha1.SegmentReference, segments map[string]Segment) *Segment {
	if ref == nil {
		return nil
	}
	segment, found := segments[ref.Name]
	if !found {
		r.miss(path.Child("name"), KindSegment, ref.Name)
		return nil
	}
	return segment.within()
}

// defaulted gives a copy with the API server's defaults. Without a Workspace it is one that says nothing.
func defaulted(ws *v1alpha1.Workspace) *v1alpha1.Workspace {
	if ws == nil {
		ws = &v1alpha1.Workspace{}
	}
	ws = ws.DeepCopy()
	ws.Default()
	return ws
}

// Lateness is how old an event may be on arrival in a Workspace and still count: as long as events are kept, unless the
// Workspace says less. Its error says what is wrong with the Workspace.
func Lateness(ws *v1alpha1.Workspace) (time.Duration, *field.Error) {
	var r reader
	lateness := r.lateness(defaulted(ws))
	if len(r.errs) > 0 {
		return 0, r.errs[0]
	}
	return lateness, nil
}

// stages reads the stages, those that only add up apart from those that count contacts.
func (r *reader) stages(path *field.Path, stages []v1alpha1.FunnelStage, f *Funnel) {
	for i := range stages {
		s, path := &stages[i], path.Index(i)
		if s.Aggregate == nil {
			f.Stages = append(f.Stages, r.stage(path, s))
			continue
		}
		if len(f.Stages) > 0 {
			r.fail(path.Child("aggregate"), s.Name, "it counts before contacts are known: put the stage before all that count contacts")
		}
		a := Aggregate{s.Name, string(s.Aggregate.Event), string(s.Aggregate.Where), string(s.Aggregate.Sum)}
		f.Aggregates = append(f.Aggregates, a)
	}
}

func (r *reader) stage(path *field.Path, s *v1alpha1.FunnelStage) Stage {
	stage := Stage{
		Name:          s.Name,
		Value:         string(s.Value),
		DropAfter:     r.duration(path.Child("dropAfter"), s.DropAfter),
		DropAfterIdle: r.duration(path.Child("dropAfterIdle"), s.DropAfterIdle),
		Optional:      s.Optional,
		AnyOf:         len(s.AnyOf) > 0,
	}
	if s.Event != "" {
		stage.Matches = append(stage.Matches, EventMatch{string(s.Event), string(s.Where)})
	}
	for _, m := range s.AnyOf {
		stage.Matches = append(stage.Matches, EventMatch{string(m.Event), string(m.Where)})
	}
	if len(stage.Matches) == 0 {
		r.errs = append(r.errs, field.Required(path.Child("event"), "say which event brings people to the stage"))
	}
	if s.Event != "" && len(s.AnyOf) > 0 {
		r.fail(path.Child("anyOf"), len(s.AnyOf), "write either event or anyOf")
	}
	if s.Refund != nil {
		stage.Refund = &Refund{string(s.Refund.Event), string(s.Refund.Amount), string(s.Refund.MatchBy)}
	}
	return stage
}

func (r *reader) breakdown(path *field.Path, b *v1alpha1.FunnelBreakdown, f *Funnel) Breakdown {
	return Breakdown{Name: b.Name, By: string(b.By), Stage: r.stageNamed(path.Child("at"), b.At, f)}
}

func (r *reader) exclusion(path *field.Path, x *v1alpha1.FunnelExclusion, f *Funnel) Exclusion {
	out := Exclusion{Event: string(x.Event), Where: string(x.Where), Before: len(f.Stages) - 1, Action: ExclusionAction(x.Action)}
	if x.After != "" {
		out.After = r.stageNamed(path.Child("after"), x.After, f)
	}
	if x.Before != "" {
		out.Before = r.stageNamed(path.Child("before"), x.Before, f)
	}
	switch {
	case f.Order == Any && (x.After != "" || x.Before != ""):
		r.fail(path, x.Event, "order: Any takes the stages in whatever order: remove after and before")
	case out.After < out.Before:
	case len(f.Stages) < 2:
		r.fail(path, x.Event, "there is no way between stages that it could end, as only one stage counts contacts: remove it")
	case x.After != "" && x.Before != "":
		r.fail(path.Child("after"), x.After, "it is not earlier than the stage in before: exchange the two")
	case x.After != "":
		r.fail(path.Child("after"), x.After, "nothing can end a way that has reached the last stage: name an earlier one")
	default:
		r.fail(path.Child("before"), x.Before, "nothing can end a way before its first stage: name a later one")
	}
	return out
}

// stageNamed finds a stage that counts contacts.
func (r *reader) stageNamed(path *field.Path, name string, f *Funnel) int {
	for i := range f.Stages {
		if f.Stages[i].Name == name {
			return i
		}
	}
	detail := "there is no such stage: correct the name"
	for i := range f.Aggregates {
		if f.Aggregates[i].Name == name {
			detail = "the stage counts no contacts: name one with event or anyOf"
		}
	}
	r.fail(path, name, detail)
	return 0
}
