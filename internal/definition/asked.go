// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// AskedSurvey is what a journey asks those who left, in its own words. "Other" is always offered besides.
type AskedSurvey struct {
	// Journey is its key.
	Journey string `json:"journey"`
	// Answers are offered in this order.
	Answers []AskedAnswer `json:"answers,omitempty"`
}

// AskedAnswer is one of the answers: the name of a barrier and what people are shown for it.
type AskedAnswer struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// OtherAnswerName is the answer of those whose reason is none of a survey's answers.
const OtherAnswerName = "other"

// Survey gives what a journey asks; nil when it asks nothing.
func (d *Delivery) Survey(journey string) *AskedSurvey {
	for i := range d.Surveys {
		if d.Surveys[i].Journey == journey {
			return &d.Surveys[i]
		}
	}
	return nil
}

// Offers says whether an answer is among those that people are shown.
func (s *AskedSurvey) Offers(answer string) bool {
	return answer == OtherAnswerName || slices.ContainsFunc(s.Answers, func(a AskedAnswer) bool { return a.Name == answer })
}

// All are the answers that are offered: other stands last, by the title given unless a barrier of that name has one.
func (s *AskedSurvey) All(other string) []AskedAnswer {
	last := AskedAnswer{Name: OtherAnswerName, Title: other}
	all := make([]AskedAnswer, 0, len(s.Answers)+1)
	for _, a := range s.Answers {
		if a.Name == OtherAnswerName {
			last = a
			continue
		}
		all = append(all, a)
	}
	return append(all, last)
}

// Surveys are what Journeys ask, in the order of their keys.
func Surveys(journeys []v1alpha1.Journey) (all []AskedSurvey) {
	for i := range journeys {
		if asked := AskedBy(&journeys[i]); asked != nil {
			all = append(all, *asked)
		}
	}
	slices.SortFunc(all, func(a, b AskedSurvey) int { return cmp.Compare(a.Journey, b.Journey) })
	return all
}

// AskedBy gives what a Journey asks those who left; nil when it asks nothing.
func AskedBy(j *v1alpha1.Journey) *AskedSurvey {
	asked := &AskedSurvey{Journey: Key(KindJourney, j.Namespace, j.Name)}
	for _, b := range answerable(&j.Spec) {
		asked.Answers = append(asked.Answers, AskedAnswer{Name: b.Name, Title: cmp.Or(b.Title, b.Name)})
	}
	if j.Spec.Survey == nil && len(asked.Answers) == 0 {
		return nil
	}
	return asked
}

// answerable are the barriers that may be answered, in the order of the stages; of several with one name the first.
func answerable(spec *v1alpha1.JourneySpec) (all []*v1alpha1.Barrier) {
	for i := range spec.Stages {
		for k := range spec.Stages[i].Barriers {
			b := &spec.Stages[i].Barriers[k]
			answers := slices.ContainsFunc(b.Signals, func(s v1alpha1.BarrierSignal) bool { return s.Answer != nil && *s.Answer })
			known := slices.ContainsFunc(all, func(other *v1alpha1.Barrier) bool { return other.Name == b.Name })
			if answers && !known {
				all = append(all, b)
			}
		}
	}
	return all
}
