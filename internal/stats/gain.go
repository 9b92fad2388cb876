// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

// Gain is what a change would bring: conversions or money.
type Gain struct {
	Estimate float64
	// Interval is what it may be in truth.
	Interval Interval
}

// ExtraConversions says how many more complete when so many more people are at a place from which completed of reached did, with a 95 % interval.
// How many people there are is known, as the question is what would have been; uncertain is the share, Wilson's, over as many independent trials as
// the design effect, at least 1, leaves. Reached is above 0.
func ExtraConversions(people, completed, reached, designEffect float64) Gain {
	share := Wilson(completed/designEffect, reached/designEffect, Z95)
	return Gain{people * completed / reached, Interval{people * share.Low, people * share.High}}
}

// Worth is the gain in money when each brings so much, which is at least 0 and taken for known.
func (g Gain) Worth(each float64) Gain {
	return Gain{g.Estimate * each, Interval{g.Interval.Low * each, g.Interval.High * each}}
}

// NetProfit is what is left of revenue: the margin's percent of it, less what the people cost whom it takes, such as leads times what a lead costs.
// The cost is paid whoever converts, so the interval may reach below nothing. What the change itself costs is not in it.
func NetProfit(revenue Gain, marginPercent, cost float64) Gain {
	kept := revenue.Worth(marginPercent / 100)
	return Gain{kept.Estimate - cost, Interval{kept.Interval.Low - cost, kept.Interval.High - cost}}
}
