// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"slices"
	"testing"

	"github.com/waymark-dev/waymark/internal/definition"
)

const journeyKey = "Journey/shop/checkout"

// journeySpec is a Journey as the page writes it, with its Segment inside.
type journeySpec struct {
	Segment *segmentSpec       `json:"segment"`
	Stages  []journeyStageSpec `json:"stages"`
	Suggest *struct {
		Ignore []string `json:"ignore"`
	} `json:"suggest"`
	Survey *struct {
		By     string `json:"by"`
		Within string `json:"within"`
	} `json:"survey"`
	Purchase *struct {
		Event string `json:"event"`
		Where string `json:"where"`
		Value string `json:"value"`
	} `json:"purchase"`
	ChurnAfter   string                   `json:"churnAfter"`
	Satisfaction *definition.Satisfaction `json:"satisfaction"`
}

type journeyStageSpec struct {
	Name        string                  `json:"name"`
	Event       string                  `json:"event"`
	AnyOf       []definition.EventMatch `json:"anyOf"`
	Within      string                  `json:"within"`
	Touchpoints []struct {
		Name  string `json:"name"`
		Event string `json:"event"`
		Where string `json:"where"`
	} `json:"touchpoints"`
	Behaviours []struct {
		Name string                `json:"name"`
		When definition.EventMatch `json:"when"`
	} `json:"behaviours"`
	Barriers []struct {
		Name    string       `json:"name"`
		Signals []signalSpec `json:"signals"`
	} `json:"barriers"`
}

type signalSpec struct {
	Event     string `json:"event"`
	Where     string `json:"where"`
	AbsentFor string `json:"absentFor"`
	Answer    bool   `json:"answer"`
}

func (s *journeySpec) meaning(t *testing.T, f definition.Funnel) definition.Journey {
	t.Helper()
	m := definition.Journey{Funnel: f, Suggest: s.Suggest != nil, Satisfaction: s.Satisfaction}
	if s.Segment != nil {
		segment := s.Segment.meaning(t, f.TimeZone, f.Lateness)
		m.Funnel.Segment = &segment
	}
	if s.Suggest != nil {
		m.SuggestIgnore = s.Suggest.Ignore
	}
	var answers []string
	for _, stage := range s.Stages {
		at := slices.IndexFunc(f.Stages, func(other definition.Stage) bool { return other.Name == stage.Name })
		if at < 0 {
			matches := stage.AnyOf
			if stage.Event != "" {
				matches = []definition.EventMatch{{Event: stage.Event}}
			}
			m.Beyond = append(m.Beyond, definition.BeyondStage{Name: stage.Name, Matches: matches, Within: span(t, stage.Within)})
			continue
		}
		m.Probes = append(m.Probes, stage.probes(t, at)...)
		for _, b := range stage.Barriers {
			if slices.ContainsFunc(b.Signals, func(x signalSpec) bool { return x.Answer }) {
				answers = append(answers, b.Name)
			}
		}
	}
	if s.Survey != nil {
		slices.Sort(answers)
		m.Survey = &definition.Survey{Journey: journeyKey, Answers: answers, By: s.Survey.By, Within: span(t, s.Survey.Within)}
	}
	if p := s.Purchase; p != nil {
		m.Purchase = &definition.Purchase{Event: p.Event, Where: p.Where, Value: p.Value, ChurnAfter: span(t, s.ChurnAfter)}
	}
	return m
}

// probes gives those of a stage that is the funnel's with a number.
func (s *journeyStageSpec) probes(t *testing.T, at int) (probes []definition.Probe) {
	t.Helper()
	add := func(kind definition.ProbeKind, name string, signs ...definition.Sign) {
		if len(signs) > 0 {
			probes = append(probes, definition.Probe{Kind: kind, Name: name, Stage: at, Signs: signs})
		}
	}
	for _, p := range s.Touchpoints {
		add(definition.ProbeTouchpoint, p.Name, definition.Sign{Event: p.Event, Where: p.Where})
	}
	for _, b := range s.Behaviours {
		add(definition.ProbeBehaviour, b.Name, definition.Sign{Event: b.When.Event, Where: b.When.Where})
	}
	for _, b := range s.Barriers {
		var signs []definition.Sign
		for _, x := range b.Signals {
			if !x.Answer {
				signs = append(signs, definition.Sign{Event: x.Event, Where: x.Where, AbsentFor: span(t, x.AbsentFor)})
			}
		}
		add(definition.ProbeBarrier, b.Name, signs...)
	}
	return probes
}
