// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/stats"
)

const (
	// leverPull is how far each lever is pulled: a tenth.
	leverPull = 0.1
	// maxLevers is how many are shown.
	maxLevers = 6
)

// lever is one change and what it would have brought in the period.
type lever struct {
	kind  v1alpha1.LeverKind
	stage int // at which people drop off
	// people is how many more get as far as those of whom reached did and completed of them completed.
	people             float64
	completed, reached int64
}

// gain is people times the share of them that complete: how many more complete. The interval is Wilson's for that share; how many
// people there are is known, as the question is what the change would have brought to those who were there.
func (l lever) gain(designEffect float64) (estimate float64, interval stats.Interval) {
	share := stats.Wilson(float64(l.completed)/designEffect, float64(l.reached)/designEffect, stats.Z95)
	return l.people * float64(l.completed) / float64(l.reached), stats.Interval{Low: l.people * share.Low, High: l.people * share.High}
}

// allLevers gives those that would bring anything, the best first; of equal ones the earlier. A share of fewer than neededSize is none to build on.
func (c *counted) allLevers() []lever {
	completed := c.n.Funnel.Completed
	all := []lever{{kind: v1alpha1.LeverMoreEntered, people: leverPull * float64(c.stages[0].Entered), completed: completed, reached: c.stages[0].Entered}}
	for i := range len(c.stages) - 1 {
		lost := leverPull * float64(c.stages[i].Dropped)
		all = append(all, lever{kind: v1alpha1.LeverFewerDropOffs, stage: i, people: lost, completed: completed, reached: c.reached(c.nextOf(i))})
		if !c.specs[i].Optional { // of those who pass an optional stage it is not known how many complete
			all = append(all, lever{kind: v1alpha1.LeverWinBack, stage: i, people: lost, completed: completed, reached: c.reached(i)})
		}
	}
	all = slices.DeleteFunc(all, func(l lever) bool { return l.people <= 0 || l.completed <= 0 || l.reached < neededSize })
	slices.SortStableFunc(all, func(a, b lever) int {
		gainOfA, _ := a.gain(1)
		gainOfB, _ := b.gain(1)
		return cmp.Compare(gainOfB, gainOfA)
	})
	return all
}

// levers writes down the best.
func (c *counted) levers() (statuses []v1alpha1.LeverStatus, best string) {
	all := c.allLevers()
	worth, effect := c.worth(), c.designEffect()
	for _, l := range all[:min(maxLevers, len(all))] {
		if best == "" {
			estimate, _ := l.gain(effect)
			best = c.describe(l, estimate, worth)
		}
		statuses = append(statuses, c.leverStatus(l, worth, effect))
	}
	return statuses, best
}

func (c *counted) leverStatus(l lever, worth, effect float64) v1alpha1.LeverStatus {
	estimate, interval := l.gain(effect)
	status := v1alpha1.LeverStatus{Kind: l.kind, Conversions: gainOf(estimate, interval, 1, 1)}
	if worth > 0 {
		revenue := gainOf(estimate, interval, worth, 2)
		status.Revenue = &revenue
	}
	if l.kind != v1alpha1.LeverMoreEntered {
		status.Stage = c.specs[l.stage].Name
	}
	if s := &c.stages[l.stage]; l.kind == v1alpha1.LeverWinBack && s.Recovered > 0 {
		status.Recovered = rate(s.Recovered, s.Recovered+s.Dropped)
	}
	return status
}

// worth is what one conversion brings, in units of the currency; 0 where that is not known.
func (c *counted) worth() float64 {
	stage, valued := c.valued()
	if !valued || c.n.Funnel.Completed == 0 {
		return 0
	}
	return float64(stage.Value) / microsPerUnit / float64(c.n.Funnel.Completed)
}

func gainOf(estimate float64, interval stats.Interval, worth float64, decimals int) v1alpha1.LeverGain {
	write := func(x float64) v1alpha1.Decimal {
		const most = 1e18 // beyond it no digit is of use
		return v1alpha1.Decimal(strconv.FormatFloat(min(x*worth, most), 'f', decimals, 64))
	}
	return v1alpha1.LeverGain{Estimate: write(estimate), Low: write(interval.Low), High: write(interval.High)}
}

// describe writes a lever as "10% fewer lost at cart→checkout: +299K RUB".
func (c *counted) describe(l lever, gain, worth float64) string {
	var what string
	switch l.kind {
	case v1alpha1.LeverMoreEntered:
		what = "10% more enter"
	case v1alpha1.LeverFewerDropOffs:
		what = fmt.Sprintf("10%% fewer lost at %s→%s", c.specs[l.stage].Name, c.specs[c.nextOf(l.stage)].Name)
	case v1alpha1.LeverWinBack:
		what = "return 10% of " + c.specs[l.stage].Name
	}
	if worth > 0 {
		amount := compact(microsOf(gain * worth))
		if c.setting.Currency != "" {
			amount += " " + c.setting.Currency
		}
		return what + ": +" + amount
	}
	if gain < 1000 {
		return what + ": +" + strconv.FormatFloat(gain, 'f', 1, 64)
	}
	return what + ": +" + compact(microsOf(gain))
}

// microsOf rounds to millionths, and stops at the largest amount.
func microsOf(x float64) aggregate.Micros {
	if x *= microsPerUnit; x < math.MaxInt64 {
		return aggregate.Micros(math.Round(x))
	}
	return math.MaxInt64
}
