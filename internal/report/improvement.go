// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/stats"
)

// maxImprovements is how many improvements fit a Journey's status.
const maxImprovements = 10

const week = 7

// comparison is the days that an improvement is judged by: as many before it as after it, in whole weeks. A day on which it took effect in the middle is
// in neither.
type comparison struct {
	// before is the first day after those before, after the first of those after, and days is how many each side has when all are there.
	before, after, days int64
	// there is how many of them can be compared now, and due the day on which all can.
	there, due int64
}

// comparing gives the days of an improvement.
func (m *mapped) comparing(of *v1alpha1.Improvement) (comparison, error) {
	span := of.Span
	if span == "" {
		span = "28d"
	}
	length, err := span.Parse()
	if err != nil {
		return comparison{}, err
	}
	zone, since := m.setting.Zone, of.Since.Time
	c := comparison{before: dayOf(since, zone), days: max(int64(length/(24*time.Hour))/week, 1) * week}
	c.after = c.before
	if startOf(c.after, zone).Before(since) {
		c.after++
	}
	window, err := m.window()
	if err != nil {
		return comparison{}, err
	}
	today := dayOf(m.asOf.UTC(), zone)
	mature := min(matureDay(today, window, zone)-c.after+1, c.days)
	for c.there = max(mature, 0) / week * week; c.there > 0 && m.n.ExactSince > event.At(startOf(c.before-c.there, zone)); {
		c.there -= week // what the log no longer holds cannot be compared with
	}
	last := c.after + c.days - 1
	for c.due = max(dayOf(startOf(last+1, zone).Add(window), zone), last+1); matureDay(c.due, window, zone) < last; {
		c.due++
	}
	return c, nil
}

// window is how long an attempt may take.
func (m *mapped) window() (time.Duration, error) {
	window := m.fn.Spec.Window
	if window == "" {
		window = v1alpha1.DefaultWindow
	}
	return window.Parse()
}

// improvements are judged in the order of the map.
func (m *mapped) improvements() []v1alpha1.ImprovementStatus {
	var all []v1alpha1.ImprovementStatus
	for i := range m.Journey.Spec.Stages {
		stage := &m.Journey.Spec.Stages[i]
		for j := range stage.Improvements {
			if len(all) < maxImprovements {
				all = append(all, m.improvement(stage, &stage.Improvements[j]))
			}
		}
	}
	return all
}

func (m *mapped) improvement(stage *v1alpha1.JourneyStage, of *v1alpha1.Improvement) v1alpha1.ImprovementStatus {
	status := v1alpha1.ImprovementStatus{Stage: stage.Name, Name: of.Name, Verdict: v1alpha1.VerdictCollecting, Holdout: m.holdout(stage)}
	numbers := m.metric(stage, of)
	c, err := m.comparing(of)
	if numbers == nil || err != nil {
		return status // such as the conversion of the last stage, from which nobody goes on
	}
	complete := c.there == c.days
	if standing := m.standingVerdict(&status); !complete && standing != nil && m.asOf >= event.At(startOf(c.due, m.setting.Zone)) {
		kept := *standing // the log no longer holds the days before
		kept.Holdout = status.Holdout
		return kept
	}
	if !complete {
		status.Until = date(c.due)
	}
	before, after := daysOf(numbers, c.before-c.there, c.there), daysOf(numbers, c.after, c.there)
	status.Before, status.After = successRate(before), successRate(after)
	if !complete {
		return status
	}
	difference, verdict := stats.Improve(before, after, of.Metric == v1alpha1.MetricBarrierShare)
	status.Verdict = v1alpha1.ImprovementVerdict(verdict)
	if status.Before != nil && status.After != nil {
		status.Difference = &v1alpha1.Estimate{
			Estimate: points(difference.Estimate), Low: points(difference.Interval.Low), High: points(difference.Interval.High),
		}
	}
	return status
}

// standingVerdict is what the status says about an improvement, once it is decided; nil before.
func (m *mapped) standingVerdict(of *v1alpha1.ImprovementStatus) *v1alpha1.ImprovementStatus {
	for i := range m.Journey.Status.Improvements {
		if s := &m.Journey.Status.Improvements[i]; s.Stage == of.Stage && s.Name == of.Name && s.Verdict != v1alpha1.VerdictCollecting {
			return s
		}
	}
	return nil
}

// metric gives the trials and successes of a day; nil where the improvement's metric has no numbers at its stage.
func (m *mapped) metric(stage *v1alpha1.JourneyStage, of *v1alpha1.Improvement) func(day int64) (trials, successes int64) {
	at, found := m.indexOf(stage.Name)
	entered := func(day int64, stage int) int64 {
		if cohort := m.n.Funnel.Cohorts[day]; stage < len(cohort.Entered) {
			return cohort.Entered[stage]
		}
		return 0
	}
	switch of.Metric {
	case v1alpha1.MetricCompletion:
		return func(day int64) (int64, int64) { return entered(day, 0), m.n.Funnel.Cohorts[day].Completed }
	case v1alpha1.MetricBarrierShare:
		probe := m.probeOf(definition.ProbeBarrier, at, of.Barrier)
		if !found || probe < 0 {
			return nil
		}
		return func(day int64) (int64, int64) {
			if seen := m.journey.Days[day]; probe < len(seen) {
				return entered(day, at), min(seen[probe], entered(day, at))
			}
			return entered(day, at), 0
		}
	}
	if !found || at == len(m.stages)-1 {
		return nil
	}
	return func(day int64) (int64, int64) {
		if cohort := m.n.Funnel.Cohorts[day]; at < len(cohort.Converted) {
			return entered(day, at), cohort.Converted[at]
		}
		return entered(day, at), 0
	}
}

// probeOf finds a probe; -1 without one.
func (m *mapped) probeOf(kind definition.ProbeKind, stage int, name string) int {
	for i := range m.Probes {
		if p := &m.Probes[i]; p.Kind == kind && p.Stage == stage && p.Name == name {
			return i
		}
	}
	return -1
}

func daysOf(numbers func(int64) (int64, int64), first, count int64) []stats.Day {
	days := make([]stats.Day, count)
	for i := range days {
		days[i].Number = first + int64(i)
		days[i].Trials, days[i].Successes = numbers(days[i].Number)
	}
	return days
}

func successRate(days []stats.Day) *v1alpha1.Rate {
	var trials, successes int64
	for _, d := range days {
		trials += d.Trials
		successes += d.Successes
	}
	return rate(successes, trials)
}

// fix is the latest improvement at the weakest transition, with its verdict; empty without one.
func (m *mapped) fix(statuses []v1alpha1.ImprovementStatus) string {
	var latest *v1alpha1.Improvement
	for i := range m.Journey.Spec.Stages {
		stage := &m.Journey.Spec.Stages[i]
		for j := range stage.Improvements {
			if of := &stage.Improvements[j]; stage.Name == m.weakest.From && (latest == nil || !of.Since.Time.Before(latest.Since.Time)) {
				latest = of
			}
		}
	}
	for i := range statuses {
		if s := &statuses[i]; latest != nil && s.Stage == m.weakest.From && s.Name == latest.Name {
			return s.Name + " " + string(s.Verdict)
		}
	}
	return ""
}

// holdout is what the first scenario of a stage brings of which that is known.
func (m *mapped) holdout(stage *v1alpha1.JourneyStage) string {
	for _, name := range scenariosOf(stage) {
		if s := m.Scenarios[name]; s != nil && s.Uplift != nil && strings.Contains(s.Uplift.Text, "pp") {
			return name + " " + s.Uplift.Text
		}
	}
	return ""
}

// scenariosOf are those that a stage of the map names, in its order.
func scenariosOf(stage *v1alpha1.JourneyStage) []string {
	var names []string
	add := func(ref *v1alpha1.NurtureScenarioReference) {
		if ref != nil {
			names = append(names, ref.Name)
		}
	}
	for i := range stage.WaysBack {
		add(stage.WaysBack[i].ScenarioRef)
	}
	for i := range stage.Behaviours {
		if response := stage.Behaviours[i].Response; response != nil {
			add(response.ScenarioRef)
		}
	}
	for i := range stage.Touchpoints {
		add(stage.Touchpoints[i].ScenarioRef)
	}
	return names
}

// ScenariosOf are the NurtureScenarios that a map names, each once, in its order.
func ScenariosOf(journey *v1alpha1.Journey) []string {
	var names []string
	known := map[string]bool{}
	for i := range journey.Spec.Stages {
		for _, name := range scenariosOf(&journey.Spec.Stages[i]) {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
