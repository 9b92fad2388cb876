// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Table counts people by whether something happened to them (exposed) and by how they ended. None is negative.
type Table struct {
	ExposedDropped, ExposedConverted, UnexposedDropped, UnexposedConverted int64
}

// margins gives how many were exposed and not, how many dropped, and how many there are, as floats.
func (t Table) margins() (exposed, unexposed, dropped, all float64) {
	exposed = float64(t.ExposedDropped + t.ExposedConverted)
	unexposed = float64(t.UnexposedDropped + t.UnexposedConverted)
	return exposed, unexposed, float64(t.ExposedDropped + t.UnexposedDropped), exposed + unexposed
}

// Association is what tables of the same kind of exposure say together: whether those exposed drop off more often.
type Association struct {
	// P is the chance of numbers at least as unlikely as these, in either direction, if the exposure has nothing to do with dropping off;
	// Over is the chance of at least as many drop-offs among the exposed. Both are 1 where nothing can be compared.
	P, Over float64
	// Relative is how many times as often those exposed drop off.
	Relative Ratio
	// Compared is how many exposed people could be compared, each weighed by the share of those compared with in the table; Needed is how many
	// it takes for odds of dropping off NeededOdds times as high to be found in four of five cases. Neither depends on whether there is
	// an effect.
	Compared, Needed int64
}

// Enough says that an effect, if there is a strong one, would probably be found. Otherwise there is "not enough data yet (Compared of Needed)".
func (a Association) Enough() bool { return a.Compared >= a.Needed }

// NeededOdds is the effect that an association must be able to find, in odds, to be called enough: with less data even a barrier that trebles
// the odds of dropping off would be missed in more than one of five cases, so that finding nothing means nothing.
const NeededOdds = 3

// neededVariance is the variance of the number of exposed that drop off at which odds NeededOdds times as high are found with 80 % power at the
// 95 % level: the expected excess is then about the variance times the logarithm of the odds ratio.
var neededVariance = math.Pow((Z95+z80)/math.Log(NeededOdds), 2)

// exactBelow is the variance of the number of exposed that drop off below which its exact distribution is used. It is far beyond the rule of thumb
// (expected counts of 5), as tests among hundreds look at the far tail, where the normal distribution comes late.
const exactBelow = 400

// Associate tests whether exposure and drop-off go together in tables of landmarks, in their order: of those who were still there and had not been
// exposed at the landmark before, each table has who has been exposed since, and who has not. It also estimates the common relative risk. With one
// table it is Fisher's test where numbers are small, and Pearson's with N-1 otherwise.
//
// One person is unexposed in table after table before it is exposed, so the tables are not independent. But given how each will end, who of those
// still there is exposed next is a draw that has no memory: the terms of the test are martingale differences with the same variances as if
// they were. That holds for the test alone; the error of the relative risk is added up over people.
//
// Sources: N. Mantel and W. Haenszel, J. Natl. Cancer Inst. 22 (1959), without the correction for continuity; N. Mantel, "Evaluation of survival
// data and two new rank order statistics arising in its consideration", Cancer Chemother. Rep. 50 (1966), for tables of the same people; O. O. Aalen,
// "Nonparametric inference for a family of counting processes", Annals of Statistics 6 (1978), for why it holds; J. R. Anderson, K. C. Cain and
// R. D. Gelber, "Analysis of survival by tumor response", J. Clin. Oncol. 1 (1983), for landmarks;
// J. J. Gart, "Point and interval estimation of the common odds ratio in the combination of 2×2 tables with fixed marginals", Biometrika 57 (1970),
// for the exact test.
func Associate(tables []Table) Association {
	s := compare(tables)
	a := Association{P: 1, Over: 1, Relative: followed(tables)}
	a.Compared, a.Needed = s.evidence()
	switch {
	case s.variance == 0:
	case s.variance < exactBelow:
		a.P, a.Over = exactly(tables)
	default:
		a.P, a.Over = s.approximately()
	}
	return a
}

// comparison adds up tables.
type comparison struct {
	// excess is by how much more exposed dropped off than is expected if the exposure has nothing to do with it, and variance that of their number.
	excess, variance float64
	// weight is how many exposed were compared, each weighed by the share of those compared with.
	weight float64
	// dropped of all dropped off.
	dropped, all float64
}

func compare(tables []Table) (s comparison) {
	for _, t := range tables {
		n1, n0, m, n := t.margins()
		s.dropped += m
		s.all += n
		if n1 == 0 || n0 == 0 {
			continue
		}
		s.excess += float64(t.ExposedDropped) - n1*m/n
		s.variance += n1 * n0 * m * (n - m) / (n * n * (n - 1))
		s.weight += n1 * n0 / n
	}
	return s
}

// approximately gives the chances of Associate for large numbers.
func (s comparison) approximately() (either, over float64) {
	z := s.excess / math.Sqrt(s.variance)
	return 2 * distuv.UnitNormal.Survival(math.Abs(z)), distuv.UnitNormal.Survival(z)
}

// evidence gives how many of how many are compared. Without any variance the share of all that drop off stands in for that of those compared.
func (s comparison) evidence() (compared, needed int64) {
	compared = int64(math.Round(s.weight))
	if s.variance > 0 {
		return compared, int64(math.Round(neededVariance / s.variance * s.weight))
	}
	share := (s.dropped + 0.5) / (s.all + 1)
	return compared, max(int64(math.Round(neededVariance/(share*(1-share)))), compared+1)
}
