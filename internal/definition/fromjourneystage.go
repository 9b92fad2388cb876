// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// stageReader reads one stage of a journey.
type stageReader struct {
	*journeyReader
	journey *Journey
	// stage is the index in the funnel's stages that count contacts; where nobody is seen to leave it is negative and why says so.
	stage int
	why   string
}

// stagesOf reads the stages of the map.
func (r *journeyReader) stagesOf(path *field.Path, stages []v1alpha1.JourneyStage, funnel *v1alpha1.Funnel, j *Journey) {
	names := stageNames(funnel)
	last := -1 // the latest stage of the funnel that was named
	for i := range stages {
		s, path := &stages[i], path.Index(i)
		reader := stageReader{journeyReader: r, journey: j, stage: -1}
		at := slices.Index(names, s.Name)
		switch {
		case s.Event != "" || len(s.AnyOf) > 0:
			reader.beyond(path, s, at >= 0, funnel.Name)
		case at < 0:
			r.noStage(path, s.Name, funnel)
			continue
		case len(j.Beyond) > 0:
			r.fail(path.Child("name"), s.Name, "it is a stage of the funnel: put it before the stages that come after the funnel's")
		case at < last:
			r.fail(path.Child("name"), s.Name, fmt.Sprintf("in the funnel it comes before %q: put it before that one here too", names[last]))
		}
		if s.Event == "" && len(s.AnyOf) == 0 {
			last = max(last, at)
			reader.ofFunnel(at-len(j.Funnel.Aggregates), len(j.Funnel.Stages))
			if s.Within != "" {
				r.fail(path.Child("within"), string(s.Within), "the funnel says how long people may take: remove it")
			}
		}
		reader.read(path, s)
	}
}

func (r *stageReader) ofFunnel(stage, stages int) {
	switch {
	case stage < 0:
		r.why = "the stage counts no contacts"
	case stage == stages-1:
		r.why = "nobody is seen to leave after the last stage of the funnel"
	default:
		r.stage = stage
	}
}

// beyond reads a stage after the funnel's.
func (r *stageReader) beyond(path *field.Path, s *v1alpha1.JourneyStage, known bool, funnel string) {
	r.why = "nobody is seen to leave after the last stage of the funnel"
	if known {
		r.fail(path.Child("name"), s.Name, fmt.Sprintf("Funnel %q has a stage of this name, which says itself what brings people there: remove event, anyOf and within, or write another name", funnel))
	}
	if s.Event != "" && len(s.AnyOf) > 0 {
		r.fail(path.Child("anyOf"), len(s.AnyOf), "write either event or anyOf")
	}
	if s.Within == "" {
		r.errs = append(r.errs, field.Required(path.Child("within"), "say how long people may take from the stage before, such as 14d"))
	}
	b := BeyondStage{Name: s.Name, Within: r.duration(path.Child("within"), s.Within), Field: path.String()}
	if s.Event != "" {
		b.Matches = append(b.Matches, EventMatch{string(s.Event), string(s.Where)})
	}
	for _, m := range s.AnyOf {
		b.Matches = append(b.Matches, EventMatch{string(m.Event), string(m.Where)})
	}
	if len(s.AnyOf) == 1 {
		r.spell(path.Child("where"), path.Child("anyOf").Index(0).Child("where"))
	}
	r.journey.Beyond = append(r.journey.Beyond, b)
}

// read reads what there is to say about a stage.
func (r *stageReader) read(path *field.Path, s *v1alpha1.JourneyStage) {
	for i := range s.Touchpoints {
		t, path := &s.Touchpoints[i], path.Child("touchpoints").Index(i)
		r.leads(path.Child("scenarioRef"), t.ScenarioRef)
		if t.Event != "" {
			r.probe(path, path.Child("event"), Probe{Kind: ProbeTouchpoint, Name: t.Name, Signs: []Sign{{Event: string(t.Event), Where: string(t.Where)}}})
		}
	}
	for i := range s.Behaviours {
		b, path := &s.Behaviours[i], path.Child("behaviours").Index(i)
		r.response(path.Child("response"), b.Response)
		if b.When != nil {
			sign := Sign{Event: string(b.When.Event), Where: string(b.When.Where), Field: "when"}
			r.probe(path, path.Child("when"), Probe{Kind: ProbeBehaviour, Name: b.Name, Signs: []Sign{sign}})
		}
	}
	for i := range s.WaysBack {
		r.response(path.Child("waysBack").Index(i), &s.WaysBack[i])
	}
	for i := range s.Barriers {
		r.barrier(path.Child("barriers").Index(i), &s.Barriers[i])
	}
	for i := range s.Improvements {
		r.improvement(path.Child("improvements").Index(i), &s.Improvements[i], s.Barriers)
	}
}

// probe adds what is asked of events at this stage; at is where the resource names the first event.
func (r *stageReader) probe(path, at *field.Path, p Probe) {
	if r.stage < 0 {
		r.fail(at, p.Name, r.why+": what happens is only looked at where it does: remove it here")
		return
	}
	p.Stage, p.Field = r.stage, path.String()
	r.journey.Probes = append(r.journey.Probes, p)
}

func (r *stageReader) barrier(path *field.Path, b *v1alpha1.Barrier) {
	p := Probe{Kind: ProbeBarrier, Name: b.Name}
	var first *field.Path
	for k := range b.Signals {
		s, path := &b.Signals[k], path.Child("signals").Index(k)
		switch {
		case s.Answer != nil && s.Event == "":
			if r.stage < 0 {
				r.fail(path.Child("answer"), true, r.why+", so that nobody is asked: remove it here")
			}
			continue
		case s.Event == "":
			r.errs = append(r.errs, field.Required(path.Child("event"), "say which event tells of the barrier, or write answer: true"))
			continue
		}
		if first == nil {
			first = path.Child("event")
		}
		p.Signs = append(p.Signs, Sign{
			Event: string(s.Event), Where: string(s.Where), AbsentFor: r.duration(path.Child("absentFor"), s.AbsentFor),
			Field: fmt.Sprintf("signals[%d]", k),
		})
	}
	if len(p.Signs) > 0 {
		r.probe(path, first, p)
	}
}

func (r *stageReader) improvement(path *field.Path, i *v1alpha1.Improvement, barriers []v1alpha1.Barrier) {
	var names []string
	for k := range barriers {
		names = append(names, barriers[k].Name)
	}
	if i.Barrier != "" && !slices.Contains(names, i.Barrier) {
		r.fail(path.Child("barrier"), i.Barrier, "the stage has no such barrier: "+correction(i.Barrier, names, "add it to barriers, or remove it here"))
	}
	if i.Metric == v1alpha1.MetricBarrierShare {
		r.share(path, i, barriers)
	}
	if r.stage < 0 && i.Metric == v1alpha1.MetricConversion {
		r.fail(path.Child("metric"), string(i.Metric), r.why+": write metric: Completion, or put the improvement to an earlier stage")
	}
	if i.Since.IsZero() {
		r.errs = append(r.errs, field.Required(path.Child("since"), "say when it took effect, such as 2026-10-01T00:00:00Z"))
	}
	if span := r.duration(path.Child("span"), i.Span); span%week != 0 || span > maxSpan {
		r.fail(path.Child("span"), string(i.Span), "must be whole weeks, as weekdays differ, and at most 52w: write one such as 28d or 4w")
	}
}

// share demands that what an improvement should make rarer is counted.
func (r *stageReader) share(path *field.Path, i *v1alpha1.Improvement, barriers []v1alpha1.Barrier) {
	if i.Barrier == "" {
		r.errs = append(r.errs, field.Required(path.Child("barrier"), "BarrierShare is about a barrier: name it"))
		return
	}
	counted := slices.ContainsFunc(barriers, func(b v1alpha1.Barrier) bool {
		return b.Name == i.Barrier && slices.ContainsFunc(b.Signals, func(s v1alpha1.BarrierSignal) bool { return s.Event != "" })
	})
	if !counted {
		r.fail(path.Child("metric"), string(i.Metric), "no event tells of the barrier, so that it cannot be counted: add a signal to it, or write another metric")
	}
}

// response checks what is done for a person.
func (r *stageReader) response(path *field.Path, response *v1alpha1.JourneyResponse) {
	if response == nil {
		return
	}
	if (response.ScenarioRef != nil) == (response.Action != "") {
		r.fail(path, response.Action, "write exactly one of scenarioRef and action")
	}
	r.leads(path.Child("scenarioRef"), response.ScenarioRef)
}

// leads notes a scenario that is missing.
func (r *stageReader) leads(path *field.Path, ref *v1alpha1.NurtureScenarioReference) {
	if ref != nil && !r.scenarios[ref.Name] {
		r.miss(path.Child("name"), KindScenario, ref.Name)
	}
}
