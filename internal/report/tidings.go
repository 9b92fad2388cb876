// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/stats"
)

// Tiding is something about a journey that people should hear of without looking.
type Tiding struct {
	// Reason is the reason of the Kubernetes Event, and Note what it says.
	Reason, Note string
}

// Reasons of tidings.
const (
	// WeakestStageChanged says that another transition loses more than the one that was told last.
	WeakestStageChanged = "WeakestStageChanged"
	// LeadingReasonChanged says that another barrier is why most leave at the weakest transition.
	LeadingReasonChanged = "LeadingReasonChanged"
)

// Tidings says what is new since the journey's status was told last, and what is told from now on. It looks once a day of the workspace's zone,
// and only at numbers from the whole history; told is nil where nothing changes. What may be chance is no tiding: the chance that a journey
// in which nothing changes is ever told of within a year of daily looks is at most stats.ChangePromise for each of the two reasons.
func Tidings(of Map, setting Setting, n *JourneyNumbers, asOf event.Time) (tidings []Tiding, told *v1alpha1.JourneyTold, err error) {
	m, err := newMapped(of, setting, n, asOf)
	if err != nil {
		return nil, nil, fmt.Errorf("tidings of journey %s/%s: %w", of.Journey.Namespace, of.Journey.Name, err)
	}
	today := date(dayOf(asOf.UTC(), m.setting.Zone))
	before := of.Journey.Status.Told
	if n.Recomputing || n.Handing || before != nil && before.Looked == today {
		return nil, nil, nil
	}
	told = &v1alpha1.JourneyTold{}
	if before != nil {
		told = before.DeepCopy()
	}
	told.Looked = today
	if t := m.tellWeakest(told); t != nil {
		tidings = append(tidings, *t)
	}
	if t := m.tellReason(told); t != nil {
		tidings = append(tidings, *t)
	}
	return tidings, told, nil
}

// correlation is that of two daily looks at what stands in the status after each other.
func (m *mapped) correlation() float64 {
	if days, rolling := rollingDays(m.fn.Spec.Period); rolling {
		return stats.WindowCorrelation(int64(days))
	}
	return 0
}

// tellWeakest is nil while the transition that was told, or is told for the first time without saying so, may as well be the weakest.
func (m *mapped) tellWeakest(told *v1alpha1.JourneyTold) *Tiding {
	if m.weakest == nil || m.weakest.Transition == told.Weakest {
		return nil
	}
	was := told.Weakest
	standing, found := m.transitionOf(was)
	if !found { // the first one, or one that the funnel no longer has
		told.Weakest = m.weakest.Transition
		return nil
	}
	from, _ := m.indexOf(m.weakest.From)
	pairs := len(m.stages) * (len(m.stages) - 1) / 2
	difference, enough := stats.Compare(m.ended(standing), m.ended(from), stats.LastingCritical(pairs, m.correlation()))
	if !enough || !difference.Significant() || difference.Estimate <= 0 {
		return nil
	}
	told.Weakest = m.weakest.Transition
	return &Tiding{WeakestStageChanged, fmt.Sprintf("most is lost at %s now (%s), and no longer at %s", m.weakest.Transition, m.weakest.DropOff.Percent, was)}
}

// transitionOf gives the stage from which a transition leads.
func (m *mapped) transitionOf(text string) (from int, found bool) {
	for i := range len(m.specs) - 1 {
		if m.specs[i].Name+"→"+m.specs[m.nextOf(i)].Name == text {
			return i, true
		}
	}
	return 0, false
}

// ended are those who are no longer in progress at a stage, by whether they left, as so many independent ones as the design effect leaves.
func (m *mapped) ended(stage int) stats.Clusters {
	s := &m.stages[stage]
	effect := m.designEffect()
	trials, lost := float64(s.Dropped+s.Converted)/effect, float64(s.Dropped)/effect
	return stats.Clusters{Trials: trials, Successes: lost, TrialsSquared: trials, Cross: lost, SuccessesSquared: lost}
}

// tellReason is nil while the reason that was told, if any, may as well be the leading one.
func (m *mapped) tellReason(told *v1alpha1.JourneyTold) *Tiding {
	leading := m.leading()
	if leading == nil {
		return nil
	}
	name := m.specs[leading.stage].Name + "/" + leading.name
	tests := m.tests()
	if name == told.Reason || leading.association.P > stats.LastingLevel(tests, m.correlation()) {
		return nil
	}
	if was := m.judgedOf(told.Reason); was != nil && was.stage == leading.stage && was.finding.Significant {
		critical := stats.LastingCritical(tests, m.correlation())
		if !m.attribute(leading, critical).Leads(m.attribute(was, critical)) {
			return nil
		}
	}
	was := told.Reason
	told.Reason = name
	note := fmt.Sprintf("at %s those who meet %s leave more often: it was met by %d%% of those who left",
		m.specs[leading.stage].Name, leading.name, scaledShare(leading.crude.ExposedDropped, m.journey.Stages[leading.stage].All.Dropped))
	if was != "" {
		note += "; before, it was " + was
	}
	return &Tiding{LeadingReasonChanged, note}
}

// tests is how many barriers are looked at.
func (m *mapped) tests() int {
	tests := 0
	for i := range m.judged {
		if m.judged[i].association.Enough() {
			tests++
		}
	}
	return max(tests, 1)
}

func (m *mapped) attribute(j *judged, z float64) stats.Attribution {
	return stats.Attribute(j.crude, j.association.Relative, z)
}

// judgedOf finds a barrier by the name under which it was told; nil where there is none any more.
func (m *mapped) judgedOf(reason string) *judged {
	for i := range m.judged {
		if j := &m.judged[i]; m.specs[j.stage].Name+"/"+j.name == reason {
			return j
		}
	}
	return nil
}
