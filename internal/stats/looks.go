// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// CriticalValue gives the number c of standard errors for which, over so many looks at a difference that is none, the chance that it
// ever exceeds c in magnitude is at most alpha. Correlation is that of the standardised difference at two looks after each other;
// its sign does not matter, and 0 is right, if cautious, for every kind of looks. Looks are at least 1, and alpha lies between 0 and 1.
//
// Of the looks at which the difference exceeds c there is a first one: either the first of all, or one right after a look that did not
// exceed it. The chance of the latter follows from the normal distribution of two, and adding up over all looks bounds the whole.
// Every further look at old data that is not repeated here, such as one that is skipped, can only lower it.
//
// Source: the bound of D. Hunter, "An upper bound for the probability of a union", J. Appl. Prob. 13 (1976), with the chain of looks as
// its tree; K. J. Worsley, "An improved Bonferroni inequality and applications", Biometrika 69 (1982).
func CriticalValue(alpha float64, looks int, correlation float64) float64 {
	of := asked{alpha, looks, correlation}
	if known, found := critical.Load(of); found {
		return known.(float64)
	}
	c := criticalValue(alpha, looks, correlation)
	critical.Store(of, c)
	return c
}

// critical remembers what was computed, as it takes a while. There are as many values as lengths of a compared span, which are few.
var critical sync.Map

type asked struct {
	alpha       float64
	looks       int
	correlation float64
}

func criticalValue(alpha float64, looks int, correlation float64) float64 {
	ever := func(c float64) float64 {
		return 2*distuv.UnitNormal.Survival(c) + float64(looks-1)*crossing(c, math.Abs(correlation))
	}
	low, high := 0.0, 40.0
	for range 60 {
		if middle := (low + high) / 2; ever(middle) > alpha {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// crossing is the chance that of two standard normal values of a correlation the one exceeds c in magnitude and the other does not.
func crossing(c, correlation float64) float64 {
	rest := math.Sqrt(1 - correlation*correlation)
	inside := func(x float64) float64 {
		if rest == 0 {
			return 0
		}
		return distuv.UnitNormal.CDF((c-correlation*x)/rest) - distuv.UnitNormal.CDF((-c-correlation*x)/rest)
	}
	const far = 12 // beyond c+12 there is nothing that a float can hold
	const points = 128
	return 2 * quad.Fixed(func(x float64) float64 { return distuv.UnitNormal.Prob(x) * inside(x) }, c, c+far, points, quad.Legendre{}, 0)
}

// SlidingCorrelation is the correlation of two looks after each other at the difference between the last so many days and as many days
// before them, when a look is taken every day and days are alike. One day enters, one leaves, and one changes sides: of the 2·days
// terms of the difference three change, by 1, 2 and 1, so that the squared distance of two looks is 6 of 4·days.
func SlidingCorrelation(days int64) float64 {
	if days < 1 {
		return 0
	}
	return 1 - 3/(2*float64(days))
}

// What a change of a rate is judged by, fixed in advance.
const (
	// ChangePromise is what is promised: the chance that a rate which does not change is ever said to change, at any of ChangeLooks looks.
	ChangePromise = 0.05
	// ChangeAlpha is what the critical value is taken for. The rest of the promise is held back for what no such value knows of: people
	// who are on both sides and behave otherwise on the second, such as those who do not buy again at once.
	ChangeAlpha = 0.04
	// ChangeLooks is a look a day for a year. A bound that stays cannot hold for ever: spans that slide on forget what they held, so that
	// sooner or later every bound is crossed by chance. With every year a new chance begins.
	ChangeLooks = 365
)
