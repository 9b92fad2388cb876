// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

const (
	// MaxSigns bounds the signs of all probes of a journey together, so that a set of them fits one word.
	MaxSigns = 64
	// MaxAnswers bounds the answers that a survey lists.
	MaxAnswers = 64
	// MaxSuggestIgnore bounds the types that are never suggested.
	MaxSuggestIgnore = 64
)

// funnelOfJourney begins the fields of a journey's funnel, which stand in another resource.
const funnelOfJourney = "spec.funnelRef: "

// Canonical gives the meaning's one stored form and its version, a hash of that form.
func (j *Journey) Canonical() (form json.RawMessage, version string, err error) {
	return canonical("journey", j.normal())
}

// normal gives the meaning with what it leaves unsaid written out, and in one order where none matters.
func (j *Journey) normal() Journey {
	n := *j
	n.Funnel = j.Funnel.normal()
	n.Funnel.SignalMaxAge = 0
	n.SuggestIgnore = nil
	if j.Suggest {
		n.SuggestIgnore = slices.DeleteFunc(slices.Clone(j.SuggestIgnore), isOwn) // Waymark's own are never suggested
		slices.Sort(n.SuggestIgnore)
		if n.SuggestIgnore = slices.Compact(n.SuggestIgnore); len(n.SuggestIgnore) == 0 {
			n.SuggestIgnore = nil
		}
	}
	if len(n.Probes) == 0 {
		n.Probes = nil
	}
	if len(n.Beyond) == 0 {
		n.Beyond = nil
	}
	if j.Survey != nil {
		survey := *j.Survey
		survey.Answers = append([]string{}, survey.Answers...)
		slices.Sort(survey.Answers)
		survey.Answers = slices.Compact(survey.Answers)
		n.Survey = &survey
	}
	return n
}

// check finds what no expression is to blame for, but for the funnel. Its errors are SpecErrors.
func (j *Journey) check() error {
	var c checker
	c.refuse(len(j.Probes) > MaxProbes, "spec.stages", "", "they ask %d things of events: at most %d barriers, touchpoints and behaviours may", len(j.Probes), MaxProbes)
	signs := 0
	for i := range j.Probes {
		signs += len(j.Probes[i].Signs)
		c.probe(&j.Probes[i], len(j.Funnel.Stages))
		again := slices.ContainsFunc(j.Probes[:i], func(p Probe) bool {
			return p.Kind == j.Probes[i].Kind && p.Stage == j.Probes[i].Stage && p.Name == j.Probes[i].Name
		})
		c.refuse(again, j.Probes[i].Field+".name", j.Probes[i].Name, "another one of this stage is called so: give each a name of its own")
	}
	c.refuse(signs > MaxSigns, "spec.stages", "", "the signals, touchpoints and behaviours name %d events: write at most %d in all", signs, MaxSigns)
	c.refuse(len(j.Beyond) > MaxBeyond, "spec.stages", "", "%d stages come after the funnel's: write at most %d", len(j.Beyond), MaxBeyond)
	for i := range j.Beyond {
		s := &j.Beyond[i]
		c.refuse(len(s.Matches) == 0, s.Field, s.Name, "no event fills the stage: write event or anyOf")
		c.refuse(slices.ContainsFunc(s.Matches, func(m EventMatch) bool { return m.Event == "" }), s.Field, s.Name, "say which event fills it")
		c.refuse(s.Within <= 0 || s.Within > maxWait, s.Field+".within", s.Within.String(), "must be longer than nothing and at most ten years")
	}
	c.refuse(len(j.SuggestIgnore) > MaxSuggestIgnore, "spec.suggest.ignore", "", "there may be at most %d types", MaxSuggestIgnore)
	c.money(j)
	return c.err()
}

func (c *checker) probe(p *Probe, stages int) {
	c.refuse(!known(p.Kind, ProbeBarrier, ProbeTouchpoint, ProbeBehaviour), p.Field, string(p.Kind), "is no kind of probe")
	c.refuse(p.Stage < 0 || p.Stage >= stages-1, p.Field, strconv.Itoa(p.Stage), "nobody leaves there: only stages of the funnel before its last are asked")
	c.refuse(len(p.Signs) == 0, p.Field, p.Name, "nothing tells of it: write an event")
	for k, s := range p.Signs {
		c.refuse(s.Event == "", p.signField(k)+".event", "", "say which event tells of it")
		c.refuse(s.AbsentFor < 0 || s.AbsentFor > maxWait, p.signField(k)+".absentFor", s.AbsentFor.String(), "must not be negative and at most ten years")
	}
}

// money checks what is known of people besides their way.
func (c *checker) money(j *Journey) {
	if s := j.Survey; s != nil {
		c.refuse(s.Journey == "", "spec.survey", "", "the journey has no key")
		c.refuse(s.Within < 0 || s.Within > maxWait, "spec.survey.within", s.Within.String(), "must not be negative and at most ten years")
		c.refuse(len(s.Answers) > MaxAnswers, "spec.stages", "", "%d barriers may be answered: write answer: true for at most %d", len(s.Answers), MaxAnswers)
	}
	if p := j.Purchase; p != nil {
		c.refuse(p.Event == "", "spec.purchase.event", "", "say which event is a purchase")
		c.refuse(p.ChurnAfter < 0 || p.ChurnAfter > maxWait, "spec.churnAfter", p.ChurnAfter.String(), "must not be negative and at most ten years")
	}
	if s := j.Satisfaction; s != nil {
		c.refuse(s.Event == "", "spec.satisfaction.event", "", "say which event gives a score")
		c.refuse(s.Score == "", "spec.satisfaction.score", "", "say where the score stands, such as event.data.score")
	}
}

// signField is the path of one of the signs in the resource.
func (p *Probe) signField(k int) string {
	if below := p.Signs[k].Field; below != "" {
		return p.Field + "." + below
	}
	return p.Field
}

// whereField is the path of the condition of one of the events in the resource.
func (s *BeyondStage) whereField(k int) string {
	if len(s.Matches) > 1 {
		return fmt.Sprintf("%s.anyOf[%d].where", s.Field, k)
	}
	return s.Field + ".where"
}
