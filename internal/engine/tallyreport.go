// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// maxGroups is how many groups of a breakdown a partition reports: the largest.
const maxGroups = 1000

// funnel gives the numbers in the form that is reported.
func (t *tally) funnel() aggregate.Funnel {
	f := aggregate.Funnel{
		Stages:    make([]aggregate.Stage, len(t.stages)),
		Completed: t.completed,
		Recent:    t.recent.report(), Before: t.before.report(),
		TooLate: t.tooLate, Clamped: t.clamped, Saturated: t.saturated, Errors: t.errors, FirstError: t.firstError,
	}
	for i := range t.stages {
		f.Stages[i] = t.stages[i].report()
	}
	for _, groups := range t.breakdowns {
		f.Breakdowns = append(f.Breakdowns, reportGroups(groups))
	}
	if len(t.cohorts) > 0 {
		f.Cohorts = make(map[int64]aggregate.Cohort, len(t.cohorts))
		for day, c := range t.cohorts {
			f.Cohorts[int64(day)] = aggregate.Cohort{
				Entered:   slices.Clone(c.entered[:len(t.stages)]),
				Converted: slices.Clone(c.converted[:len(t.stages)]),
				Completed: c.completed,
			}
		}
	}
	return f
}

func (s *stageTally) report() aggregate.Stage {
	r := aggregate.Stage{
		Entered: s.entered, Converted: s.converted, InProgress: s.inProgress, Dropped: s.dropped, Excluded: s.excluded, Recovered: s.recovered,
		MatureEntered: s.matureEntered, MatureConverted: s.matureConverted,
		Value: s.value.sum.micros(), ValueEvents: s.value.events, Refunded: s.value.refunded.micros(),
	}
	for bucket, n := range s.toNext {
		if n != 0 {
			r.ToNext.Add(bucket, n)
		}
	}
	return r
}

func (c *comparison) report() aggregate.Comparison {
	return aggregate.Comparison{
		Entered: c.entered, Completed: c.completed,
		EnteredSquared: c.enteredSquared, Cross: c.cross, CompletedSquared: c.completedSquared,
	}
}

// reportGroups gives the largest groups, of equal ones those that come first by their label, and adds up the rest.
func reportGroups(groups map[string]share) aggregate.Breakdown {
	labels := make([]string, 0, len(groups))
	for label := range groups {
		labels = append(labels, label)
	}
	slices.SortFunc(labels, func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b].entered, groups[a].entered), cmp.Compare(a, b))
	})
	var r aggregate.Breakdown
	for i, label := range labels {
		g := groups[label]
		if i >= maxGroups {
			r.Rest.Entered += g.entered
			r.Rest.Completed += g.completed
			continue
		}
		if r.Groups == nil {
			r.Groups = make(map[string]aggregate.Group, min(len(groups), maxGroups))
		}
		r.Groups[label] = aggregate.Group{Entered: g.entered, Completed: g.completed}
	}
	return r
}
