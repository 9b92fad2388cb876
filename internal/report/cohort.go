// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

// Cohort is what became of those who started on one day. Whoever started on several days is in several cohorts, so that their sum is
// more than the period's number: a trend is another question than a total.
type Cohort struct {
	// Day on which they started, in the zone of the workspace.
	Day v1alpha1.Date
	// Numbers by stage and in all, as of now.
	aggregate.Cohort
	// Conversion is those who completed of those who entered the first stage; nil without any.
	Conversion *v1alpha1.Rate
}

// Cohorts gives the cohorts of a funnel, the earliest first. A day on which nobody started is absent. They are in no status, as there
// are hundreds.
func Cohorts(n *FunnelNumbers) []Cohort {
	all := make([]Cohort, 0, len(n.Funnel.Cohorts))
	for _, day := range slices.Sorted(maps.Keys(n.Funnel.Cohorts)) {
		c := Cohort{Day: date(day), Cohort: n.Funnel.Cohorts[day]}
		if len(c.Entered) > 0 {
			c.Conversion = rate(c.Completed, c.Entered[0])
		}
		all = append(all, c)
	}
	return all
}
