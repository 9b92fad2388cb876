// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "math"

// Attribution is what part of all drop-offs is due to an exposure, if the exposure is why those exposed drop off more often.
type Attribution struct {
	// Share is the part of all who dropped off that were exposed; not a number if nobody dropped off.
	Share float64
	// Fraction is the part of all drop-offs that would not have been, without the exposure; 0 where the exposed do not drop off more often.
	Fraction float64
	// Interval is what the fraction may be in truth, from 0 to 1; multiplied with those who dropped off it is how many.
	Interval Interval
}

// Attribute gives the population attributable fraction for everybody at a stage, from the relative risk that Associate found, with an interval at the
// level of the normal quantile z.
//
// Sources: O. S. Miettinen, "Proportion of disease caused or prevented by a given exposure, trait or intervention", Am. J. Epidemiol. 99 (1974);
// the interval is that of the logarithm of what remains (S. D. Walter, "Calculation of attributable risks from epidemiological data",
// Int. J. Epidemiol. 7 (1978)), with the variance of the relative risk in it (S. Greenland, "Variance estimators for attributable fraction estimates
// consistent in both large strata and sparse data", Statistics in Medicine 6 (1987)).
func Attribute(everybody Table, relative Ratio, z float64) Attribution {
	n1, n0, m, _ := everybody.margins()
	share := float64(everybody.ExposedDropped) / m
	a := Attribution{Share: share, Interval: Interval{0, 1}}
	if !(share > 0 && relative.Estimate > 0) {
		if m > 0 && n1 > 0 && everybody.ExposedDropped == 0 {
			a.Interval.High = 0
		}
		return a
	}
	fraction := share * (1 - 1/relative.Estimate)
	a.Fraction = max(fraction, 0)
	if math.IsInf(relative.LogError, 1) || fraction >= 1 || n0 == 0 {
		return a
	}
	// How the fraction moves with the logarithms of the share and of the relative risk, and how those two move together in one sample.
	byShare, byRatio := fraction, share/relative.Estimate
	unexposed := float64(everybody.UnexposedDropped)
	ofShare := unexposed / (float64(everybody.ExposedDropped) * m)
	together := unexposed/m*float64(everybody.ExposedConverted)/(float64(everybody.ExposedDropped)*n1) + float64(everybody.UnexposedConverted)/(m*n0)
	variance := byShare*byShare*ofShare + byRatio*byRatio*relative.LogError*relative.LogError + 2*byShare*byRatio*together
	reach := math.Exp(z * math.Sqrt(max(variance, 0)) / (1 - fraction))
	a.Interval = Interval{max(1-(1-fraction)*reach, 0), max(1-(1-fraction)/reach, 0)}
	return a
}

// Leads says that more is due to one exposure than to another of the same people, surely: their intervals have nothing in common. That is
// cautious, and holds however the two depend on each other.
func (a Attribution) Leads(other Attribution) bool { return a.Interval.Low > other.Interval.High }
