// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/stats"
)

// levers are those of the funnel with what is left of them by the journey's economics. With economics the best is the one that leaves most, and it is
// named only if it leaves anything. Note says why it is not at the weakest transition.
func (m *mapped) levers() (statuses []v1alpha1.JourneyLever, best, note string) {
	all := m.allLevers()
	worth, effect := m.worth(), m.designEffect()
	priced := m.Journey.Spec.Economics != nil && worth > 0
	if priced {
		slices.SortStableFunc(all, func(a, b lever) int {
			return cmp.Compare(m.profit(b, worth, 1).Estimate, m.profit(a, worth, 1).Estimate)
		})
	}
	for i, l := range all[:min(maxLevers, len(all))] {
		status := v1alpha1.JourneyLever{LeverStatus: m.leverStatus(l, worth, effect)}
		estimate, _ := l.gain(effect)
		if priced {
			profit := m.profit(l, worth, effect)
			written := gainOf(profit.Estimate, profit.Interval, 1, 2)
			status.Profit = &written
			estimate = profit.Estimate
		}
		statuses = append(statuses, status)
		if i == 0 && priced && estimate > 0 {
			best = m.describe(l, estimate, 1)
		} else if i == 0 && !priced {
			best = m.describe(l, estimate, worth)
		}
	}
	if best != "" {
		note = m.whyNotWeakest(all[0])
	}
	return statuses, best, note
}

// profit is what is left of a lever's revenue: the margin, less what more leads cost.
func (m *mapped) profit(l lever, worth, effect float64) stats.Gain {
	economics := m.Journey.Spec.Economics
	margin, cost := 100.0, 0.0
	if economics.MarginPercent != nil {
		margin = float64(*economics.MarginPercent)
	}
	if l.kind == v1alpha1.LeverMoreEntered && economics.LeadCost != "" {
		if each, err := strconv.ParseFloat(string(economics.LeadCost), 64); err == nil {
			cost = each * l.people
		}
	}
	estimate, interval := l.gain(effect)
	return stats.NetProfit(stats.Gain{Estimate: estimate, Interval: interval}.Worth(worth), margin, cost)
}

// whyNotWeakest explains why the best lever is elsewhere than where the largest share is lost; empty where it is not.
func (m *mapped) whyNotWeakest(best lever) string {
	if m.weakest == nil || best.kind != v1alpha1.LeverMoreEntered && m.isWeakest(best.stage) {
		return ""
	}
	from, found := m.indexOf(m.weakest.From)
	if !found {
		return ""
	}
	next := m.nextOf(from)
	kept := rate(m.n.Funnel.Completed, m.reached(next))
	of := rate(best.completed, best.reached)
	if kept == nil || of == nil {
		return ""
	}
	where := "it adds people at the start"
	if best.kind != v1alpha1.LeverMoreEntered {
		where = "it concerns " + strconv.FormatInt(int64(best.people*10+0.5), 10) + " lost at " + m.specs[best.stage].Name
	}
	return bounded(fmt.Sprintf("%s loses most, but of those who reach %s only %s complete; the best lever is elsewhere: %s, of whom %s complete.",
		m.weakest.Transition, m.specs[next].Name, kept.Percent, where, of.Percent), 256)
}
