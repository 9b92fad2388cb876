// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "math"

// Arm is one side of an experiment: the trials of people who were drawn for it, each person's being alike.
type Arm struct {
	Clusters
	// People is over how many groups the sums of Clusters go.
	People float64
}

// designEffect is that of the clusters with the correction for few of them; known is false where nothing can be said, because all
// trials succeeded or none did.
//
// Source: the ratio estimator of J. N. K. Rao and A. J. Scott, "A simple method for the analysis of clustered binary data", Biometrics 48
// (1992).
func (a Arm) designEffect() (effect float64, known bool) {
	p := a.Rate()
	independent := a.Trials * p * (1 - p)
	if !(independent > 0) || a.People < 2 {
		return 1, false
	}
	clustered := a.SuccessesSquared - 2*p*a.Cross + p*p*a.TrialsSquared
	return max(clustered/independent*a.People/(a.People-1), 1), true
}

// NeededUpliftEvidence is how much evidence each arm needs before an uplift is told at all: independent trials times the larger variance
// of one, which for a small rate is about the number of successes.
const NeededUpliftEvidence = 5

// Uplift gives by how much the rate of those treated exceeds that of those held out, with a 95 % interval, and false when there is too
// little evidence for one. People are drawn for the arms by chance, so the arms are independent and differ by the treatment alone.
//
// Source: method 10 of Newcombe (1998), over as many independent trials in each arm as Rao and Scott's design effect leaves.
func Uplift(held, treated Arm) (difference Difference, enough bool) {
	if !(held.Trials > 0 && treated.Trials > 0) {
		return Difference{Interval: Interval{-1, 1}}, false
	}
	of, known := held.designEffect()
	by, alsoKnown := treated.designEffect()
	switch {
	case !known && alsoKnown:
		of = by // who is held out repeats as those do who are not
	case known && !alsoKnown:
		by = of
	}
	difference = newcombe(held.Clusters, treated.Clusters, of, by, Z95)
	p, q := held.Rate(), treated.Rate()
	evidence := min(held.Trials/of, treated.Trials/by) * max(p*(1-p), q*(1-q))
	return difference, evidence >= NeededUpliftEvidence
}

// newcombe is the difference of two rates, of which each has so many independent trials as its design effect leaves.
func newcombe(earlier, later Clusters, earlierEffect, laterEffect, z float64) Difference {
	p, q := earlier.Rate(), later.Rate()
	of := Wilson(earlier.Successes/earlierEffect, earlier.Trials/earlierEffect, z)
	by := Wilson(later.Successes/laterEffect, later.Trials/laterEffect, z)
	estimate := q - p
	return Difference{Estimate: estimate, Interval: Interval{
		Low:  estimate - math.Hypot(q-by.Low, of.High-p),
		High: estimate + math.Hypot(by.High-q, p-of.Low),
	}}
}

// z80 is the quantile of the standard normal distribution that 80 % of its values do not exceed.
const z80 = 0.8416212335729143

// NeededSize says how many independent trials the first of two groups needs, the second being ratio times as large, for a difference
// between the rates p and q to be found at the 95 % level in four of five experiments. It is infinite when the rates do not differ.
//
// Source: J. L. Fleiss, A. Tytun and H. K. Ury, "A simple approximation for calculating sample sizes for comparing independent
// proportions", Biometrics 36 (1980), without the correction for continuity.
func NeededSize(p, q, ratio float64) float64 {
	if p == q {
		return math.Inf(1)
	}
	mean := (p + ratio*q) / (ratio + 1)
	reach := Z95*math.Sqrt((ratio+1)*mean*(1-mean)) + z80*math.Sqrt(ratio*p*(1-p)+q*(1-q))
	return reach * reach / (ratio * (p - q) * (p - q))
}

// Needed says how many trials the arm that is held out needs until the difference that is seen now would be sure, if it is as large as
// it looks, the arms keeping their proportion; infinite where no difference is seen.
func Needed(held, treated Arm) float64 {
	if !(held.Trials > 0 && treated.Trials > 0) {
		return math.Inf(1)
	}
	of, _ := held.designEffect()
	by, _ := treated.designEffect()
	return NeededSize(held.Rate(), treated.Rate(), treated.Trials/held.Trials) * max(of, by)
}
