// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// drawJourney gives a journey with any of its features on any funnel, each of them in a part of the cases.
func drawJourney(t *rapid.T, s setting) definition.Journey {
	j := definition.Journey{Funnel: drawFunnel(t, s)}
	if oneIn(t, 3, "of a segment") {
		segment := drawSegment(t, s)
		segment.Lateness = j.Funnel.Lateness
		j.Funnel.Segment = &segment
	}
	if last := len(j.Funnel.Stages) - 1; last > 0 {
		for i := range rapid.IntRange(0, 4).Draw(t, "probes") {
			j.Probes = append(j.Probes, drawProbe(t, s, fmt.Sprint("p", i), rapid.IntRange(0, last-1).Draw(t, "probe's stage")))
		}
		j.Suggest = rapid.Bool().Draw(t, "suggests")
		if j.Suggest {
			j.SuggestIgnore = slices.DeleteFunc(slices.Clone(moreTypes), func(string) bool { return !oneIn(t, 4, "not suggested") })
		}
	}
	for i := range rapid.SampledFrom([]int{0, 1, 2}).Draw(t, "beyond") {
		stage := definition.BeyondStage{Name: fmt.Sprint("after", i), Within: s.span(t, 1, 6, "beyond within")}
		for range rapid.IntRange(1, 2).Draw(t, "matches beyond") {
			stage.Matches = append(stage.Matches, definition.EventMatch{
				Event: rapid.SampledFrom(moreTypes).Draw(t, "type beyond"), Where: rapid.SampledFrom(conditions).Draw(t, "where beyond"),
			})
		}
		j.Beyond = append(j.Beyond, stage)
	}
	if rapid.Bool().Draw(t, "asks why") {
		j.Survey = &definition.Survey{
			Journey: journeyKey, Answers: []string{"price", "trust"}, By: rapid.SampledFrom(append([]string{""}, properties...)).Draw(t, "survey by"),
			Within: s.span(t, 1, 6, "survey within"),
		}
	}
	if rapid.Bool().Draw(t, "purchases") {
		j.Purchase = &definition.Purchase{
			Event: rapid.SampledFrom(moreTypes).Draw(t, "purchase"), Where: rapid.SampledFrom(conditions).Draw(t, "purchase where"),
			Value: rapid.SampledFrom(values).Draw(t, "purchase value"), ChurnAfter: s.span(t, 1, 12, "churn after"),
		}
	}
	if oneIn(t, 3, "scores") {
		j.Satisfaction = &definition.Satisfaction{
			Event: rapid.SampledFrom(moreTypes).Draw(t, "score type"), Where: rapid.SampledFrom(conditions).Draw(t, "score where"), Score: "event.data.v",
		}
	}
	return j
}

func drawProbe(t *rapid.T, s setting, name string, stage int) definition.Probe {
	p := definition.Probe{
		Kind: rapid.SampledFrom([]definition.ProbeKind{definition.ProbeBarrier, definition.ProbeTouchpoint, definition.ProbeBehaviour}).Draw(t, "kind"),
		Name: name, Stage: stage, Field: "spec.stages[0]",
	}
	for range rapid.IntRange(1, 3).Draw(t, "signs") {
		sign := definition.Sign{
			Event: rapid.SampledFrom(moreTypes).Draw(t, "sign's type"), Where: rapid.SampledFrom(conditions).Draw(t, "sign's where"),
		}
		if oneIn(t, 3, "absence") {
			sign.AbsentFor = s.span(t, 1, 4, "absent for")
		}
		p.Signs = append(p.Signs, sign)
	}
	return p
}

// withAnswers makes some of the events answers to the survey.
func withAnswers(t *rapid.T, events []event.Event) []event.Event {
	for i := range events {
		if events[i].Type != event.Identify && oneIn(t, 8, "answers") {
			events[i].Type = event.SurveyAnswered
			events[i].Data = []byte(rapid.SampledFrom([]string{
				`{"journey": "` + journeyKey + `", "answer": "price"}`, `{"journey": "` + journeyKey + `", "answer": "trust"}`,
				`{"journey": "` + journeyKey + `", "answer": "weather"}`, `{"journey": "` + journeyKey + `"}`,
				`{"journey": "Journey/shop/other", "answer": "price"}`, `{"journey": 5}`,
			}).Draw(t, "answer"))
		}
	}
	return events
}
