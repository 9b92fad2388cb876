// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Map is a Journey with all that its numbers are read with.
type Map struct {
	// Journey is the resource. What its status says already matters only to verdicts that stay.
	Journey *v1alpha1.Journey
	// Funnel is the one that it names. Its status does not matter: the journey has numbers of its own, for its segment.
	Funnel *v1alpha1.Funnel
	// Probes are those of the meaning that the numbers are of, in its order.
	Probes []definition.Probe
	// Scenarios are the statuses of the scenarios that the map names, by name; whatever is missing brings nothing.
	Scenarios map[string]*v1alpha1.NurtureScenarioStatus
}

// mapped is a journey together with its numbers.
type mapped struct {
	*counted
	Map
	journey *aggregate.Journey
	silent  []bool
	// weakest is nil while nobody is lost.
	weakest *v1alpha1.Bottleneck
	// judged are the barriers that have a signal, in the order of the probes.
	judged []judged
}

// JourneyStatus writes the numbers of a journey, as of an instant, into a status: all of it but the summary's data column (see
// SetJourneyData), what was told, the conditions and observedGeneration, which are the controller's. The numbers must be of the stages and
// probes that the map names, or else the error says how they differ.
func JourneyStatus(of Map, setting Setting, n *JourneyNumbers, asOf event.Time) (v1alpha1.JourneyStatus, error) {
	m, err := newMapped(of, setting, n, asOf)
	if err == nil {
		var status v1alpha1.JourneyStatus
		if status, err = m.status(n); err == nil {
			return status, nil
		}
	}
	return v1alpha1.JourneyStatus{}, fmt.Errorf("status of journey %s/%s: %w", of.Journey.Namespace, of.Journey.Name, err)
}

func newMapped(of Map, setting Setting, n *JourneyNumbers, asOf event.Time) (*mapped, error) {
	c, err := newCounted(asFunnel(of), setting, &n.FunnelNumbers, asOf)
	if err != nil {
		return nil, err
	}
	m := &mapped{counted: c, Map: of, journey: &n.Journey}
	if err := m.fits(); err != nil {
		return nil, err
	}
	m.silent = m.silences()
	m.weakest = m.bottleneck(m.silent)
	m.judged = m.judge()
	return m, nil
}

// asFunnel is the journey's funnel with what the journey's status says of stages and targets, which verdicts that stay go on from.
func asFunnel(of Map) *v1alpha1.Funnel {
	fn := of.Funnel.DeepCopy()
	fn.Status = v1alpha1.FunnelStatus{}
	for i := range of.Journey.Status.Stages {
		s := &of.Journey.Status.Stages[i]
		fn.Status.Stages = append(fn.Status.Stages, v1alpha1.StageStatus{Name: s.Name, Silent: s.Silent})
		for _, t := range fn.Spec.Targets {
			if t.Stage == s.Name && s.OnTarget != nil {
				fn.Status.Targets = append(fn.Status.Targets, v1alpha1.TargetStatus{Stage: t.Stage, Target: t.Conversion, Met: s.OnTarget})
			}
		}
	}
	return fn
}

// fits refuses evidence that is not of the stages and probes of the map.
func (m *mapped) fits() error {
	if len(m.journey.Stages) != len(m.stages)-1 {
		return fmt.Errorf("version %s has evidence of %d stages, the funnel has %d that people can leave", m.n.Version, len(m.journey.Stages), len(m.stages)-1)
	}
	if beyond := m.beyondSpecs(); len(beyond) != len(m.journey.Beyond) {
		return fmt.Errorf("version %s has numbers of %d stages after the funnel's, the map has %d", m.n.Version, len(m.journey.Beyond), len(beyond))
	}
	probes := make([]int, len(m.journey.Stages))
	for _, p := range m.Probes {
		if p.Stage < 0 || p.Stage >= len(probes) {
			return fmt.Errorf("version %s: a probe is at stage %d of %d", m.n.Version, p.Stage, len(probes))
		}
		probes[p.Stage]++
	}
	for i := range m.journey.Stages {
		if have := len(m.journey.Stages[i].Probes); have != probes[i] {
			return fmt.Errorf("version %s has numbers of %d probes at stage %s, the map has %d", m.n.Version, have, m.specs[i].Name, probes[i])
		}
	}
	return nil
}

// beyondSpecs are the stages of the map that come after the funnel's.
func (m *mapped) beyondSpecs() []*v1alpha1.JourneyStage {
	var beyond []*v1alpha1.JourneyStage
	for i := range m.Journey.Spec.Stages {
		if s := &m.Journey.Spec.Stages[i]; s.Within != "" {
			beyond = append(beyond, s)
		}
	}
	return beyond
}

func (m *mapped) status(n *JourneyNumbers) (status v1alpha1.JourneyStatus, err error) {
	targets, err := m.targets(m.silent)
	if err != nil {
		return status, err
	}
	status = v1alpha1.JourneyStatus{
		Period:            &v1alpha1.CountedPeriod{From: date(m.spans.Current.First), To: date(m.spans.Current.Last)},
		Stages:            m.stageStatuses(targets),
		Beyond:            m.beyond(),
		Weakest:           m.weakest,
		Barriers:          m.barriers(),
		SuggestedBarriers: m.suggestions(),
		Met:               m.met(),
		Improvements:      m.improvements(),
		WaysBack:          m.waysBack(),
		Coverage:          m.coverage(),
		Survey:            m.survey(),
		Loyalty:           m.loyalty(),
		Counters:          m.counters(),
		EvaluatedAt:       evaluatedAt(&n.Span, m.asOf),
		ActiveVersion:     n.Version,
	}
	if n.ExactSince > event.At(startOf(m.spans.Current.First, m.setting.Zone)) {
		status.ExactSince = metaTime(n.ExactSince)
	}
	status.Summary = m.summary(&status)
	status.Levers, status.Summary.BestLever, status.LeverNote = m.levers()
	return status, nil
}

// JourneyVisibleEqual says whether a reader sees no difference between two statuses, as FunnelVisibleEqual does.
func JourneyVisibleEqual(a, b *v1alpha1.JourneyStatus) bool {
	withoutTimes := func(s *v1alpha1.JourneyStatus) *v1alpha1.JourneyStatus {
		s = s.DeepCopy()
		s.EvaluatedAt = nil
		clearTransitions(s.Conditions)
		return s
	}
	return equality.Semantic.DeepEqual(withoutTimes(a), withoutTimes(b))
}

// SetJourneyData writes the summary's data column, as SetData does.
func SetJourneyData(status *v1alpha1.JourneyStatus, f Freshness) {
	if status.Summary == nil {
		status.Summary = &v1alpha1.JourneySummary{}
	}
	status.Summary.Data = f.text(status.Summary.Entered == nil || *status.Summary.Entered == 0)
}

func (m *mapped) stageStatuses(targets []v1alpha1.TargetStatus) []v1alpha1.JourneyStageStatus {
	stages := make([]v1alpha1.JourneyStageStatus, len(m.stages))
	for i := range m.stages {
		s := &m.stages[i]
		stages[i] = v1alpha1.JourneyStageStatus{
			Name:       m.specs[i].Name,
			Entered:    s.Entered,
			Converted:  s.Converted,
			InProgress: s.InProgress,
			Dropped:    s.Dropped,
			Excluded:   s.Excluded,
			Conversion: rate(s.Converted, s.Entered),
			Silent:     m.silent[i],
		}
		if i < len(m.stages)-1 {
			stages[i].Lost = rate(s.Dropped, s.Entered)
			stages[i].LostValue = m.valueOf(i, float64(s.Dropped))
		}
		for _, t := range targets {
			if t.Stage == stages[i].Name {
				stages[i].OnTarget = t.Met
			}
		}
	}
	return stages
}

// valueOf is what so many of those who left at a stage would have brought, had they gone on to the next like those who are there; empty where that
// is not known.
func (m *mapped) valueOf(stage int, people float64) v1alpha1.Decimal {
	reached, worth := m.reached(m.nextOf(stage)), m.worth()
	if reached <= 0 || worth <= 0 {
		return ""
	}
	return money(people * float64(m.n.Funnel.Completed) / float64(reached) * worth)
}

func (m *mapped) beyond() []v1alpha1.BeyondStageStatus {
	var stages []v1alpha1.BeyondStageStatus
	awaited := m.n.Funnel.Completed
	for i, spec := range m.beyondSpecs() {
		b := m.journey.Beyond[i]
		stages = append(stages, v1alpha1.BeyondStageStatus{
			Name: spec.Name, Awaited: awaited, Reached: b.Converted, InProgress: b.InProgress, Dropped: b.Dropped,
			Conversion: rate(b.Converted, awaited),
		})
		awaited = b.Converted
	}
	return stages
}

// counters adds what is counted of the evidence to what is counted of the funnel.
func (m *mapped) counters() *v1alpha1.FunnelCounters {
	of := m.n.Funnel
	of.Saturated = max(of.Saturated, m.journey.Saturated)
	if of.Errors == 0 {
		of.FirstError = m.journey.FirstError
	}
	of.Errors += m.journey.Errors
	return counters(&of)
}

// summary is the row of "kubectl get journeys", but for its lever.
func (m *mapped) summary(status *v1alpha1.JourneyStatus) *v1alpha1.JourneySummary {
	entered, completed := m.stages[0].Entered, m.n.Funnel.Completed
	s := &v1alpha1.JourneySummary{Entered: &entered}
	if overall := rate(completed, entered); overall != nil {
		s.Conversion, s.ConversionBasisPoints = overall.Percent, &overall.BasisPoints
	}
	if m.weakest == nil {
		return s
	}
	s.Weakest = m.weakest.Transition
	if b := m.leading(); b != nil {
		s.Why = fmt.Sprintf("%s (%d%%)", b.name, scaledShare(b.sight.Seen.Dropped, m.journey.Stages[b.stage].All.Dropped))
	}
	s.Fix = m.fix(status.Improvements)
	return s
}
