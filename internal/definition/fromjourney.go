// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// week is what the spans of improvements are counted in, as weekdays differ.
const week = 7 * 24 * time.Hour

// maxSpan bounds how long before and after an improvement are compared.
const maxSpan = 52 * week

// JourneyReferences are what a Journey may name, by name, within its namespace and its workspace.
type JourneyReferences struct {
	// Funnels are Funnels as they are.
	Funnels map[string]*v1alpha1.Funnel
	// Segments are the meanings of Segments.
	Segments map[string]Segment
	// Scenarios are the names of NurtureScenarios.
	Scenarios map[string]bool
}

// FromJourney gives the meaning of a Journey in its Workspace; a nil Workspace is one without any settings. What the API server would default
// is defaulted. The errors name the field, the value, what is wrong and what to write instead; see Reason. What is missing, or means nothing
// itself, is no error. With either the meaning is of no use.
func FromJourney(jr *v1alpha1.Journey, ws *v1alpha1.Workspace, refs JourneyReferences) (Journey, []Missing, field.ErrorList) {
	jr, ws = jr.DeepCopy(), defaulted(ws)
	jr.Default()
	spec, path := &jr.Spec, field.NewPath("spec")
	r := journeyReader{scenarioReader: scenarioReader{referrer: referrer{namespace: jr.Namespace}}, scenarios: refs.Scenarios}
	j := Journey{Suggest: spec.Suggest == nil || !spec.Suggest.Disabled}
	if spec.Suggest != nil {
		for _, t := range spec.Suggest.Ignore {
			j.SuggestIgnore = append(j.SuggestIgnore, string(t))
		}
	}
	j.Purchase, j.Satisfaction = r.loyalty(path, spec)
	funnel := r.funnelOf(path, spec, ws, &refs, &j)
	if funnel != nil {
		r.segments(path, spec, ws, &refs, &j)
		r.stagesOf(path.Child("stages"), spec.Stages, funnel, &j)
	}
	j.Survey = r.survey(path, Key(KindJourney, jr.Namespace, jr.Name), spec)
	if j.Survey != nil && j.Funnel.UnitBy != "" {
		r.fail(path.Child("survey"), field.OmitValueType{}, fmt.Sprintf(
			"answers are people's, and Funnel %q counts something else by unit: remove survey and every signal answer: true", spec.FunnelRef.Name))
	}
	r.zone(ws)
	if len(r.errs) > 0 || len(r.missing) > 0 {
		return j, r.missing, r.errs
	}
	j = j.normal()
	if _, err := new(Compiler).compileJourney(&j); err != nil {
		return j, nil, r.written(fieldErrors(path, err))
	}
	return j, nil, nil
}

// journeyReader reads a journey.
type journeyReader struct {
	scenarioReader
	scenarios map[string]bool
}

// funnelOf reads the funnel; nil when there is none that means anything.
func (r *journeyReader) funnelOf(path *field.Path, spec *v1alpha1.JourneySpec, ws *v1alpha1.Workspace, refs *JourneyReferences, j *Journey) *v1alpha1.Funnel {
	path = path.Child("funnelRef", "name")
	funnel, found := refs.Funnels[spec.FunnelRef.Name]
	if !found || funnel == nil {
		r.miss(path, KindFunnel, spec.FunnelRef.Name)
		return nil
	}
	meaning, missing, errs := FromFunnel(funnel, ws, refs.Segments)
	switch {
	case len(errs) > 0:
		r.missing = append(r.missing, Missing{Kind: KindFunnel, Name: funnel.Name, Field: path.String(), Why: errs[0].Error()})
		return nil
	case len(missing) > 0:
		r.missing = append(r.missing, Missing{Kind: KindFunnel, Name: funnel.Name, Field: path.String(), Why: missing[0].Error()})
		return nil
	}
	meaning.SignalMaxAge = 0
	j.Funnel = meaning
	return funnel
}

// segments puts the journey's segment into its funnel, beside the one that the funnel has.
func (r *journeyReader) segments(path *field.Path, spec *v1alpha1.JourneySpec, ws *v1alpha1.Workspace, refs *JourneyReferences, j *Journey) {
	at, own := path.Child("segment"), (*Segment)(nil)
	switch {
	case spec.Segment != nil && spec.SegmentRef != nil:
		r.fail(path.Child("segmentRef"), spec.SegmentRef.Name, "write one of segment and segmentRef")
		return
	case spec.Segment != nil:
		own = &Segment{TimeZone: ws.Spec.TimeZone, Where: string(spec.Segment.Where), Lateness: r.lateness(ws)}
		if _, err := new(Compiler).compileSegment(own, at.String()); err != nil {
			r.errs = append(r.errs, fieldErrors(at, err)...)
			return
		}
	case spec.SegmentRef != nil:
		at = path.Child("segmentRef")
		own = r.meaningOf(at, spec.SegmentRef, refs.Segments)
	}
	if own == nil {
		return
	}
	if j.Funnel.UnitBy != "" {
		r.fail(at, field.OmitValueType{}, fmt.Sprintf("a segment is of people, and Funnel %q counts something else by unit: remove it", spec.FunnelRef.Name))
		return
	}
	both, clash := j.Funnel.Segment.and(own)
	if clash != "" {
		r.fail(at, clash, fmt.Sprintf("Funnel %q counts within a Segment that computes another trait of this name: rename one of them", spec.FunnelRef.Name))
		return
	}
	j.Funnel.Segment = both
}

// and gives the segment of those who belong to both. Clash is the name of a trait that the two compute in different ways.
func (s *Segment) and(other *Segment) (both *Segment, clash string) {
	if s == nil || s.Where == other.Where && equalTraits(s.Traits, other.Traits) {
		return other, ""
	}
	n := *s
	n.Where = "(" + s.Where + "\n) && (" + other.Where + "\n)" // each may end in a comment
	n.Traits = slices.Clone(s.Traits)
	for _, t := range other.Traits {
		i := slices.IndexFunc(s.Traits, func(known Trait) bool { return known.Name == t.Name })
		switch {
		case i < 0:
			n.Traits = append(n.Traits, t)
		case !equalTraits(s.Traits[i:i+1], []Trait{t}):
			return nil, t.Name
		}
	}
	return &n, ""
}

func equalTraits(a, b []Trait) bool {
	return slices.EqualFunc(a, b, func(x, y Trait) bool {
		cuts := slices.Equal(x.Cuts, y.Cuts)
		x.Cuts, y.Cuts = nil, nil
		return cuts && fmt.Sprint(x) == fmt.Sprint(y)
	})
}

// loyalty reads what is known of people besides their way.
func (r *journeyReader) loyalty(path *field.Path, spec *v1alpha1.JourneySpec) (*Purchase, *Satisfaction) {
	var purchase *Purchase
	var satisfaction *Satisfaction
	churn := r.duration(path.Child("churnAfter"), spec.ChurnAfter)
	if p := spec.Purchase; p != nil {
		purchase = &Purchase{Event: string(p.Event), Where: string(p.Where), Value: string(p.Value), ChurnAfter: churn}
	}
	if s := spec.Satisfaction; s != nil {
		satisfaction = &Satisfaction{Event: string(s.Event), Where: string(s.Where), Score: string(s.Score)}
	}
	return purchase, satisfaction
}

// survey reads what people are asked: there is something to ask when a barrier may be answered.
func (r *journeyReader) survey(path *field.Path, key string, spec *v1alpha1.JourneySpec) *Survey {
	var answers []string
	for _, b := range answerable(spec) {
		answers = append(answers, b.Name)
	}
	if spec.Survey == nil && len(answers) == 0 {
		return nil
	}
	survey := &Survey{Journey: key, Answers: answers, Within: r.duration(path.Child("survey", "within"), v1alpha1.DefaultSurveyWithin)}
	if spec.Survey != nil {
		survey.By = string(spec.Survey.By)
		survey.Within = r.duration(path.Child("survey", "within"), spec.Survey.Within)
	}
	return survey
}

// stageNames are the names of all stages of a funnel, in order.
func stageNames(funnel *v1alpha1.Funnel) []string {
	var names []string
	for i := range funnel.Spec.Stages {
		names = append(names, funnel.Spec.Stages[i].Name)
	}
	return names
}

// noStage says that a stage is neither one of the funnel nor one after it.
func (r *journeyReader) noStage(path *field.Path, name string, funnel *v1alpha1.Funnel) {
	stages := stageNames(funnel)
	advice := correction(name, stages, fmt.Sprintf("write one of its stages (%s), or event and within for a stage after them", strings.Join(stages, ", ")))
	if strings.HasPrefix(advice, "did you mean") {
		advice = fmt.Sprintf("%s Its stages are %s", advice, strings.Join(stages, ", "))
	}
	r.fail(path.Child("name"), name, fmt.Sprintf("Funnel %q has no such stage: %s", funnel.Name, advice))
}
