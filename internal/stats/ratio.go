// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "math"

// Ratio is how many times as large one share is as another.
type Ratio struct {
	// Estimate is 0 where nobody exposed dropped off, infinite where nobody but the exposed did, and not a number where neither did.
	Estimate float64
	// LogError is the standard error of its logarithm, infinite where that cannot be said.
	LogError float64
}

// Interval is what the ratio may be in truth, at the level of the normal quantile z; everything where that cannot be said.
func (r Ratio) Interval(z float64) Interval {
	if math.IsInf(r.LogError, 1) {
		return Interval{0, math.Inf(1)}
	}
	reach := math.Exp(z * r.LogError)
	return Interval{r.Estimate / reach, r.Estimate * reach}
}

// RelativeRisk is the ratio of the share of those exposed that dropped off and the share of the others. Of several tables of different people it
// is the one that they have in common.
//
// Sources: D. Katz, J. Baptista, S. P. Azen and M. C. Pike, "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34
// (1978), for one table; S. Greenland and J. M. Robins, "Estimation of a common effect parameter from sparse follow-up data", Biometrics 41 (1985).
func RelativeRisk(tables ...Table) Ratio {
	ratio, exposed, unexposed := mantelHaenszel(tables)
	if !(exposed > 0 && unexposed > 0) {
		return ratio
	}
	var spread float64
	for _, t := range tables {
		if n1, n0, m, n := t.margins(); n1 > 0 && n0 > 0 {
			spread += (m*n1*n0 - float64(t.ExposedDropped)*float64(t.UnexposedDropped)*n) / (n * n)
		}
	}
	ratio.LogError = math.Sqrt(max(spread, 0) / (exposed * unexposed))
	return ratio
}

// mantelHaenszel is the common relative risk of tables, without its error, and the two sums whose ratio it is.
func mantelHaenszel(tables []Table) (ratio Ratio, exposed, unexposed float64) {
	for _, t := range tables {
		if n1, n0, _, n := t.margins(); n1 > 0 && n0 > 0 {
			exposed += float64(t.ExposedDropped) * n0 / n
			unexposed += float64(t.UnexposedDropped) * n1 / n
		}
	}
	return Ratio{Estimate: exposed / unexposed, LogError: math.Inf(1)}, exposed, unexposed
}

// followed is the common relative risk of tables of landmarks. Each person adds to the variance of its logarithm the square of what it moves it by, over
// all tables in which it is; of one table that is the variance of Katz. Who is in which tables follows from the counts, as nobody comes back.
//
// Source: the linearised variance of a ratio (W. G. Cochran, "Sampling Techniques" (3rd ed. 1977), section 6.3) of the sums of Mantel and Haenszel, with
// people as the units; D. Y. Lin and L. J. Wei, "The robust inference for the Cox proportional hazards model", JASA 84 (1989), for the idea.
func followed(tables []Table) Ratio {
	ratio, exposed, unexposed := mantelHaenszel(tables)
	if !(exposed > 0 && unexposed > 0) {
		return ratio
	}
	var variance, dropping, converting float64 // what those unexposed so far have moved it by
	left := func(people int64, moved float64) { variance += float64(max(people, 0)) * moved * moved }
	for k, t := range tables {
		if k > 0 {
			before := tables[k-1]
			left(before.UnexposedDropped-t.UnexposedDropped-t.ExposedDropped, dropping)
			left(before.UnexposedConverted-t.UnexposedConverted-t.ExposedConverted, converting)
		}
		a, b, c, d := t.moves(exposed, unexposed)
		left(t.ExposedDropped, dropping+a)
		left(t.ExposedConverted, converting+b)
		dropping, converting = dropping+c, converting+d
	}
	last := tables[len(tables)-1]
	left(last.UnexposedDropped, dropping)
	left(last.UnexposedConverted, converting)
	ratio.LogError = math.Sqrt(variance)
	return ratio
}

// moves gives by how much the logarithm of the common relative risk moves with one more in each cell of a table: of the exposed those who dropped and
// who converted, and of the unexposed. Exposed and unexposed are the sums of all tables.
func (t Table) moves(exposed, unexposed float64) (a, b, c, d float64) {
	n1, n0, _, n := t.margins()
	if n1 == 0 || n0 == 0 {
		return 0, 0, 0, 0
	}
	of, by := float64(t.ExposedDropped)/(n*n*exposed), float64(t.UnexposedDropped)/(n*n*unexposed)
	b = -of*n0 - by*n0
	d = of*n1 + by*n1
	return b + n0/(n*exposed), b, d - n1/(n*unexposed), d
}
