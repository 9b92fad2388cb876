// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// SignificanceAlpha is the level at which an adjusted chance is called significant.
const SignificanceAlpha = 0.05

// Finding is what one of several associations is worth.
type Finding struct {
	// Adjusted is the chance of the association, adjusted for how many were looked at; 1 for one without enough data.
	Adjusted float64
	// Significant says that those exposed drop off more often, and that this is no chance.
	Significant bool
}

// Judge tells which of several barriers, in their order, those who drop off really met more often. Only those with enough data are tested and
// counted. The chance is in either direction, as a barrier may be none, or the contrary of one.
func Judge(barriers []Association) []Finding {
	return judge(barriers, func(a Association) float64 { return a.P })
}

// Suggest does the same for whatever was looked at without anybody having asked for it: a search among many for what those who drop off met more
// often, and not for the contrary. The one-sided chance counts twice, so that what is suggested would be significant as a barrier too.
func Suggest(candidates []Association) []Finding {
	return judge(candidates, func(a Association) float64 { return min(2*a.Over, 1) })
}

func judge(associations []Association, chance func(Association) float64) []Finding {
	findings := make([]Finding, len(associations))
	var tested []int
	var chances []float64
	for i, a := range associations {
		findings[i].Adjusted = 1
		if a.Enough() {
			tested, chances = append(tested, i), append(chances, chance(a))
		}
	}
	for k, adjusted := range Adjusted(chances) {
		i := tested[k]
		findings[i] = Finding{adjusted, adjusted <= SignificanceAlpha && associations[i].Relative.Estimate > 1}
	}
	return findings
}

// Adjusted gives for each of several tests, in their order, the smallest share of false finds among all finds at which the test is one. If none of
// them has anything to find, the chance that any is at most SignificanceAlpha is at most that. Every chance lies between 0 and 1.
//
// Source: Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate: a practical and powerful approach to multiple testing", JRSS B 57 (1995);
// Y. Benjamini and D. Yekutieli, Annals of Statistics 29 (2001), for tests that rise together.
func Adjusted(chances []float64) []float64 {
	order := make([]int, len(chances))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case chances[i] < chances[j]:
			return -1
		case chances[i] > chances[j]:
			return 1
		}
		return 0
	})
	adjusted, least := make([]float64, len(chances)), 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, chances[i]*(float64(len(chances))/float64(rank)))
		adjusted[i] = least
	}
	return adjusted
}

// WindowCorrelation is the correlation of two looks after each other at the sum over the last so many days, when a look is taken every day and
// days are alike: all days but one are the same. It is 0, which is right for every kind of looks, for less than a day.
func WindowCorrelation(days int64) float64 {
	if days < 1 {
		return 0
	}
	return 1 - 1/float64(days)
}

// LastingCritical gives the number of standard errors beyond which one of so many tests may be announced, when all are looked at every day: the
// chance that any of them is ever announced within a year although there is nothing to find is at most ChangePromise. Correlation is that
// of two looks after each other, 0 if it is not known. Tests are at least 1.
//
// The bound is that of CriticalValue over the looks, divided by the number of tests (Bonferroni), so that the tests may depend on each other as they like.
func LastingCritical(tests int, correlation float64) float64 {
	return CriticalValue(ChangeAlpha/float64(tests), ChangeLooks, correlation)
}

// LastingLevel is LastingCritical as a chance in either direction: Association.P of something that may be announced is at most that.
func LastingLevel(tests int, correlation float64) float64 {
	return 2 * distuv.UnitNormal.Survival(math.Abs(LastingCritical(tests, correlation)))
}
