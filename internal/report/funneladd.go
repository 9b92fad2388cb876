// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// shape is what the numbers of one version have in common in all partitions.
type shape struct{ aggregates, stages, breakdowns int }

func shapeOf(f *aggregate.Funnel) shape {
	return shape{aggregates: len(f.Aggregates), stages: len(f.Stages), breakdowns: len(f.Breakdowns)}
}

func (s shape) String() string {
	text := fmt.Sprintf("%d stages", s.stages)
	if s.aggregates > 0 {
		text += fmt.Sprintf(" and %d aggregate stages", s.aggregates)
	}
	if s.breakdowns > 0 {
		text += fmt.Sprintf(" and %d breakdowns", s.breakdowns)
	}
	return text
}

// emptyLike gives numbers of the same shape to add to.
func emptyLike(f *aggregate.Funnel) aggregate.Funnel {
	empty := aggregate.Funnel{Stages: make([]aggregate.Stage, len(f.Stages))}
	if n := len(f.Aggregates); n > 0 {
		empty.Aggregates = make([]aggregate.Total, n)
	}
	if n := len(f.Breakdowns); n > 0 {
		empty.Breakdowns = make([]aggregate.Breakdown, n)
	}
	return empty
}

// addFunnel adds numbers of the same shape.
func addFunnel(sum, f *aggregate.Funnel) {
	for i := range f.Aggregates {
		sum.Aggregates[i].Sum = sum.Aggregates[i].Sum.Plus(f.Aggregates[i].Sum)
		sum.Aggregates[i].Events += f.Aggregates[i].Events
	}
	for i := range f.Stages {
		addStage(&sum.Stages[i], &f.Stages[i])
	}
	sum.Completed += f.Completed
	for i := range f.Breakdowns {
		addBreakdown(&sum.Breakdowns[i], &f.Breakdowns[i])
	}
	addComparison(&sum.Recent, f.Recent)
	addComparison(&sum.Before, f.Before)
	addCohorts(sum, f.Cohorts)
	addRates(sum, f.Rates)
	sum.Signals.Given += f.Signals.Given
	sum.Signals.Retracted += f.Signals.Retracted
	sum.Signals.Stale += f.Signals.Stale
	sum.TooLate += f.TooLate
	sum.Clamped += f.Clamped
	sum.Saturated += f.Saturated
	if sum.Errors == 0 && f.Errors > 0 {
		sum.FirstError = f.FirstError // partitions come in their order, so this is the lowest one's
	}
	sum.Errors += f.Errors
}

func addStage(sum, s *aggregate.Stage) {
	sum.Entered += s.Entered
	sum.Converted += s.Converted
	sum.InProgress += s.InProgress
	sum.Dropped += s.Dropped
	sum.Excluded += s.Excluded
	sum.Recovered += s.Recovered
	sum.MatureEntered += s.MatureEntered
	sum.MatureConverted += s.MatureConverted
	sum.Value = sum.Value.Plus(s.Value)
	sum.ValueEvents += s.ValueEvents
	sum.Refunded = sum.Refunded.Plus(s.Refunded)
	sum.ToNext.Merge(s.ToNext)
}

// addBreakdown adds the groups by their property. A group that is small in one partition may be in its rest and in another's groups;
// what it shows is then what is known of it, and the whole is right.
func addBreakdown(sum, b *aggregate.Breakdown) {
	for label, group := range b.Groups {
		if sum.Groups == nil {
			sum.Groups = map[string]aggregate.Group{}
		}
		sum.Groups[label] = plus(sum.Groups[label], group)
	}
	sum.Rest = plus(sum.Rest, b.Rest)
}

func plus(a, b aggregate.Group) aggregate.Group {
	return aggregate.Group{Entered: a.Entered + b.Entered, Completed: a.Completed + b.Completed}
}

func addComparison(sum *aggregate.Comparison, c aggregate.Comparison) {
	sum.Entered += c.Entered
	sum.Completed += c.Completed
	sum.EnteredSquared += c.EnteredSquared
	sum.Cross += c.Cross
	sum.CompletedSquared += c.CompletedSquared
}

func addCohorts(sum *aggregate.Funnel, cohorts map[int64]aggregate.Cohort) {
	if sum.Cohorts == nil && len(cohorts) > 0 {
		sum.Cohorts = make(map[int64]aggregate.Cohort, len(cohorts))
	}
	for day, c := range cohorts {
		held := sum.Cohorts[day]
		held.Entered = plusEach(held.Entered, c.Entered)
		held.Converted = plusEach(held.Converted, c.Converted)
		held.Completed += c.Completed
		sum.Cohorts[day] = held
	}
}

func addRates(sum *aggregate.Funnel, rates map[int64][]int64) {
	if sum.Rates == nil && len(rates) > 0 {
		sum.Rates = make(map[int64][]int64, len(rates))
	}
	for hour, events := range rates {
		sum.Rates[hour] = plusEach(sum.Rates[hour], events)
	}
}

// plusEach adds the numbers of each stage into sum, which is made where it is missing and so is never that of a report.
func plusEach(sum, more []int64) []int64 {
	if len(sum) < len(more) {
		sum = append(make([]int64, 0, len(more)), sum...)[:len(more)]
	}
	for i, n := range more {
		sum[i] += n
	}
	return sum
}
