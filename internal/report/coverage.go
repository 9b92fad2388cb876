// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// How much of it fits a Journey's status.
const (
	maxGaps     = 10
	maxWaysBack = 8
)

// coverage lists the stages and behaviours of which the map leaves something open, where most is lost first; of equal ones the first. Stages of the
// funnel that the map does not name are among them.
func (m *mapped) coverage() []v1alpha1.CoverageGap {
	var all []v1alpha1.CoverageGap
	for i := range m.specs {
		if m.stageOfMap(m.specs[i].Name) == nil {
			all = m.withGap(all, m.specs[i].Name, "", []string{"stage"})
		}
	}
	for i := range m.Journey.Spec.Stages {
		stage := &m.Journey.Spec.Stages[i]
		all = m.withGap(all, stage.Name, "", missing(stage, m.canLeave(stage.Name)))
		for j := range stage.Behaviours {
			if b := &stage.Behaviours[j]; b.Response == nil {
				all = m.withGap(all, stage.Name, b.Name, []string{"response"})
			}
		}
	}
	lost := func(gap v1alpha1.CoverageGap) int64 {
		if gap.Lost == nil {
			return 0
		}
		return *gap.Lost
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.CoverageGap) int {
		return cmp.Or(cmp.Compare(m.perLoss(b.Stage)*float64(lost(b)), m.perLoss(a.Stage)*float64(lost(a))), cmp.Compare(lost(b), lost(a)))
	})
	return all[:min(len(all), maxGaps)]
}

func (m *mapped) stageOfMap(name string) *v1alpha1.JourneyStage {
	for i := range m.Journey.Spec.Stages {
		if s := &m.Journey.Spec.Stages[i]; s.Name == name {
			return s
		}
	}
	return nil
}

// canLeave says whether people can be lost at a stage: at every one but the very last.
func (m *mapped) canLeave(name string) bool {
	if beyond := m.beyondSpecs(); len(beyond) > 0 {
		return beyond[len(beyond)-1].Name != name
	}
	return m.specs[len(m.specs)-1].Name != name
}

func missing(stage *v1alpha1.JourneyStage, leaves bool) []string {
	var all []string
	if len(stage.Touchpoints) == 0 {
		all = append(all, "touchpoint")
	}
	if stage.Owner == "" {
		all = append(all, "owner")
	}
	if stage.Action == "" {
		all = append(all, "action")
	}
	if leaves && len(stage.WaysBack) == 0 {
		all = append(all, "way back")
	}
	return all
}

func (m *mapped) withGap(all []v1alpha1.CoverageGap, stage, behaviour string, missing []string) []v1alpha1.CoverageGap {
	if len(missing) == 0 {
		return all
	}
	gap := v1alpha1.CoverageGap{Stage: stage, Behaviour: behaviour, Missing: strings.Join(missing, ", ")}
	if lost, known := m.lostAt(stage, behaviour); known {
		gap.Lost = &lost
		if at, ofFunnel := m.indexOf(stage); ofFunnel && at < len(m.journey.Stages) {
			gap.LostValue = m.valueOf(at, float64(lost))
		}
	}
	return append(all, gap)
}

// lostAt is how many drop off at a stage, or those of them who showed a behaviour; not known where nothing is counted.
func (m *mapped) lostAt(stage, behaviour string) (lost int64, known bool) {
	at, ofFunnel := m.indexOf(stage)
	if behaviour != "" {
		m.eachProbe(func(p *definition.Probe, sight aggregate.Sight) {
			if ofFunnel && p.Kind == definition.ProbeBehaviour && p.Stage == at && p.Name == behaviour {
				lost, known = sight.Seen.Dropped, true
			}
		})
		return lost, known
	}
	if ofFunnel && at < len(m.journey.Stages) {
		return m.stages[at].Dropped, true
	}
	next := 0 // of the stages after the funnel's; that after its last is the first
	for i, spec := range m.beyondSpecs() {
		if spec.Name == stage {
			next = i + 1
		}
	}
	if next >= len(m.journey.Beyond) {
		return 0, false
	}
	return m.journey.Beyond[next].Dropped, true
}

// perLoss is what one who is lost at a stage would have brought; 0 where that is not known.
func (m *mapped) perLoss(stage string) float64 {
	at, ofFunnel := m.indexOf(stage)
	if !ofFunnel || at >= len(m.journey.Stages) || m.reached(m.nextOf(at)) <= 0 {
		return 0
	}
	return m.worth() * float64(m.n.Funnel.Completed) / float64(m.reached(m.nextOf(at)))
}

// waysBack are what the scenarios bring that lead people back, in the order of the map.
func (m *mapped) waysBack() []v1alpha1.WayBackStatus {
	var all []v1alpha1.WayBackStatus
	for i := range m.Journey.Spec.Stages {
		stage := &m.Journey.Spec.Stages[i]
		for j := range stage.WaysBack {
			if ref := stage.WaysBack[j].ScenarioRef; ref != nil && len(all) < maxWaysBack {
				all = append(all, m.wayBack(stage.Name, ref.Name))
			}
		}
	}
	return all
}

func (m *mapped) wayBack(stage, scenario string) v1alpha1.WayBackStatus {
	way := v1alpha1.WayBackStatus{Stage: stage, Scenario: scenario}
	if s := m.Scenarios[scenario]; s != nil {
		way.Entered, way.Converted, way.Value = s.Entered, s.Converted, s.Value
		if s.Uplift != nil {
			way.Uplift = s.Uplift.Text
		}
	}
	return way
}
