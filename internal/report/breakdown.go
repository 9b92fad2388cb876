// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

const (
	// other is what the groups that are not shown are called together. A property that says just that is one of them.
	other = "(other)"
	// maxValue is how many characters of a property are shown.
	maxValue = 32
)

// breakdowns shows the largest groups of each breakdown, and the rest in one.
func (c *counted) breakdowns() []v1alpha1.BreakdownStatus {
	var all []v1alpha1.BreakdownStatus
	for i, spec := range c.fn.Spec.Breakdowns {
		status := v1alpha1.BreakdownStatus{Name: spec.Name}
		if i < len(c.n.Funnel.Breakdowns) {
			status.Values = breakdownValues(&c.n.Funnel.Breakdowns[i], c.minGroup(), limitOf(spec))
		}
		all = append(all, status)
	}
	return all
}

func (c *counted) minGroup() int64 {
	if c.fn.Spec.MinGroup > 0 {
		return int64(c.fn.Spec.MinGroup)
	}
	return int64(v1alpha1.DefaultMinGroup)
}

func limitOf(spec v1alpha1.FunnelBreakdown) int {
	if spec.Limit > 0 {
		return int(spec.Limit)
	}
	return int(v1alpha1.DefaultBreakdownLimit)
}

// breakdownValues gives at most limit groups of at least minGroup units, the largest first, and after them the rest if there is any.
// Properties that look alike once they are shortened are one group.
func breakdownValues(b *aggregate.Breakdown, minGroup int64, limit int) []v1alpha1.BreakdownValue {
	shown, rest := map[string]aggregate.Group{}, b.Rest
	for label, group := range b.Groups {
		if label = bounded(label, maxValue); label == other {
			rest = plus(rest, group)
		} else {
			shown[label] = plus(shown[label], group)
		}
	}
	values := make([]v1alpha1.BreakdownValue, 0, len(shown)+1)
	for label, group := range shown {
		if group.Entered < minGroup {
			rest = plus(rest, group)
			continue
		}
		values = append(values, breakdownValue(label, group))
	}
	slices.SortFunc(values, func(a, b v1alpha1.BreakdownValue) int {
		return cmp.Or(cmp.Compare(b.Entered, a.Entered), cmp.Compare(a.Value, b.Value))
	})
	for _, v := range values[min(limit, len(values)):] {
		rest = plus(rest, aggregate.Group{Entered: v.Entered, Completed: v.Converted})
	}
	values = values[:min(limit, len(values))]
	if rest.Entered > 0 {
		values = append(values, breakdownValue(other, rest))
	}
	return slices.Clip(values)
}

func breakdownValue(label string, g aggregate.Group) v1alpha1.BreakdownValue {
	return v1alpha1.BreakdownValue{Value: label, Entered: g.Entered, Converted: g.Completed, Conversion: rate(g.Completed, g.Entered)}
}
