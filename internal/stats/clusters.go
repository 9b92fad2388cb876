// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

// Clusters sums up a share over groups of trials that belong together, such as the entries of one contact: over all groups c, of n
// trials with x successes each.
type Clusters struct {
	// Trials is the sum of n, and Successes that of x.
	Trials, Successes float64
	// TrialsSquared, Cross and SuccessesSquared are the sums of n², n·x and x².
	TrialsSquared, Cross, SuccessesSquared float64
}

// Rate is the share of all trials that succeeded; not a number without trials.
func (c Clusters) Rate() float64 { return c.Successes / c.Trials }

// DesignEffect says by how much the variance of the rate exceeds that of as many independent trials; at least 1. Where all trials
// or none succeeded nothing can be said, and it is 1.
//
// Source: the linearised variance of a ratio of two sums over clusters, W. G. Cochran, "Sampling Techniques" (3rd ed. 1977), section
// 6.3; L. Kish, "Survey Sampling" (1965), for the name.
func (c Clusters) DesignEffect() float64 {
	p := c.Rate()
	independent := c.Trials * p * (1 - p)
	if !(independent > 0) {
		return 1
	}
	clustered := c.SuccessesSquared - 2*p*c.Cross + p*p*c.TrialsSquared
	return max(clustered/independent, 1)
}

// Difference is what two rates differ by.
type Difference struct {
	// Estimate is the later rate less the earlier.
	Estimate float64
	// Interval is what it may be in truth.
	Interval Interval
}

// Margin is how far the interval reaches from the estimate towards no difference, and beyond it if the difference may be chance.
func (d Difference) Margin() float64 {
	if d.Estimate < 0 {
		return d.Interval.High - d.Estimate
	}
	return d.Estimate - d.Interval.Low
}

// Significant says that the interval does not hold a difference of nothing.
func (d Difference) Significant() bool { return d.Interval.Low > 0 || d.Interval.High < 0 }

// NeededEvidence is how much evidence both sides of a difference need: independent trials times the variance of one, which for a small
// rate is about the number of successes. Below it the intervals far out, which many looks ask for, are not to be relied on.
const NeededEvidence = 20

// Compare gives the difference of two rates with its interval at the level of the normal quantile z, and false when there is too little
// evidence for one. Whoever is on both sides is counted as if the sides were independent, which is cautious where the same people behave
// alike on both.
//
// Source: method 10 of R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
// methods", Statistics in Medicine 17 (1998), over as many independent trials as the design effect leaves. It keeps its level far out,
// and with sides of unequal size, where the textbook's standard error calls chance a difference up to five times too often.
func Compare(earlier, later Clusters, z float64) (difference Difference, enough bool) {
	if !(earlier.Trials > 0 && later.Trials > 0) {
		return Difference{Interval: Interval{-1, 1}}, false
	}
	effect := max(earlier.DesignEffect(), later.DesignEffect())
	difference = newcombe(earlier, later, effect, effect, z)
	p, q := earlier.Rate(), later.Rate()
	evidence := min(earlier.Trials, later.Trials) / effect * max(p*(1-p), q*(1-q))
	return difference, evidence >= NeededEvidence
}
