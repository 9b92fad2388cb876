// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package stats says how far numbers can be relied on: intervals, tests and the sizes that they need. Its functions are pure, and each
// names the source of its method. What they give are floats: they are rounded to what a reader sees before they are stored.
package stats

import "math"

// Z95 is the quantile of the standard normal distribution that 95 % of its values do not exceed in magnitude.
const Z95 = 1.959963984540054

// Interval is a range of values, both ends included.
type Interval struct{ Low, High float64 }

// Wilson gives the score interval of a share of which successes of trials were seen, at the level of the normal quantile z. Both may
// be fractions, as where trials that are not independent count as fewer. Without trials it is everything from 0 to 1.
//
// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); method 3 of
// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998).
func Wilson(successes, trials, z float64) Interval {
	if trials <= 0 {
		return Interval{0, 1}
	}
	p, square := successes/trials, z*z
	middle := p + square/(2*trials)
	reach := z * math.Sqrt(max(p*(1-p), 0)/trials+square/(4*trials*trials))
	scale := 1 + square/trials
	return Interval{max((middle-reach)/scale, 0), min((middle+reach)/scale, 1)}
}
