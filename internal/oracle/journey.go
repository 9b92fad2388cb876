// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Journey knows one journey.
type Journey struct {
	programs
	meaning definition.Journey
}

// NewJourney gives the oracle of a journey. The error is that of compiling it.
func NewJourney(meaning definition.Journey) (*Journey, error) {
	form, _, err := meaning.Canonical()
	if err != nil {
		return nil, fmt.Errorf("write down the journey: %w", err)
	}
	program, err := new(definition.Compiler).CompileJourney(form)
	if err != nil {
		return nil, fmt.Errorf("compile the journey: %w", err)
	}
	o := &Journey{programs{program: program.Program, members: program.Segment(), journey: program}, program.Journey()}
	if by := meaning.Funnel.CorrelateBy; by != "" {
		if o.unitOf, err = expression.NewText(expression.OnEvent, by); err != nil {
			return nil, fmt.Errorf("compile correlateBy: %w", err)
		}
	}
	return o, nil
}

// EvaluateAll gives the numbers of the journey's funnel and what a journey has besides, of all partitions of a workspace together, at the time
// asOf, which is no earlier than any log's last tick: as if each knew of the others' events at once.
func (o *Journey) EvaluateAll(logs [][]Record, asOf event.Time) (aggregate.Funnel, aggregate.Journey) {
	t := traveller{judge: o.judge(asOf), meaning: o.meaning}
	contacts := t.readAll(logs)
	t.countAll(contacts)
	t.begin()
	notes := t.noteAll(logs)
	for contact := range notes {
		if contacts[contact] == nil {
			contacts[contact] = []*happening{}
		}
	}
	for _, contact := range slices.Sorted(maps.Keys(contacts)) {
		t.follow(contacts[contact], notes[contact])
	}
	t.cutTypes()
	return t.result, t.found
}

// traveller goes with everybody through the journey and notes what is found.
type traveller struct {
	*judge
	meaning definition.Journey
	found   aggregate.Journey
}

// begin makes room for the numbers.
func (t *traveller) begin() {
	stages := len(t.funnel.Stages) - 1
	t.found.Stages = make([]aggregate.StageEvidence, stages)
	for i := range t.found.Stages {
		t.found.Stages[i].Probes = make([]aggregate.Sight, len(t.probesAt(i)))
	}
	if len(t.meaning.Beyond) > 0 {
		t.found.Beyond = make([]aggregate.BeyondCount, len(t.meaning.Beyond))
	}
	if t.meaning.Survey != nil {
		t.found.Survey = make([]aggregate.SurveyCount, stages)
	}
	if t.meaning.Purchase != nil {
		t.found.Loyalty = &aggregate.Loyalty{}
	}
}

// probesAt gives the indices of the probes of a stage.
func (t *traveller) probesAt(stage int) (probes []int) {
	for i, p := range t.meaning.Probes {
		if p.Stage == stage {
			probes = append(probes, i)
		}
	}
	return probes
}

// follow adds what one contact contributes.
func (t *traveller) follow(events, notes []*happening) {
	units, acts := t.units(events), actsOf(events)
	for _, u := range t.within(units, t.spans.current) {
		a := t.representative(u.attempts, acts)
		for _, s := range t.stays(u.value, a, acts, notes) {
			t.addStay(s)
			t.addAnswer(s, notes)
		}
		t.goBeyond(a, ofUnit(u.value, notes))
	}
	t.addDays(units, acts, notes)
	t.addLoyalty(units, notes)
}

// addDays counts who saw what of those who started on a day.
func (t *traveller) addDays(units []unit, acts []event.Time, notes []*happening) {
	starts := map[int64]bool{}
	for _, u := range units {
		for _, a := range u.attempts {
			starts[t.day(a.start().time)] = true
		}
	}
	for day := range starts {
		if !t.spans.cohorts.hold(day) {
			continue
		}
		for _, u := range t.within(units, days{day, day}) {
			for _, s := range t.stays(u.value, t.representative(u.attempts, acts), acts, notes) {
				for _, probe := range t.probesAt(s.at.stage) {
					if _, seen := s.sees(t.meaning.Probes[probe], t.signs(probe)); seen {
						t.addToDay(day, probe)
					}
				}
			}
		}
	}
}

func (t *traveller) addToDay(day int64, probe int) {
	if t.found.Days == nil {
		t.found.Days = map[int64][]int64{}
	}
	if t.found.Days[day] == nil {
		t.found.Days[day] = make([]int64, len(t.meaning.Probes))
	}
	t.found.Days[day][probe]++
}
