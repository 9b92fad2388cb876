// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Day counts those who began on one day, by whether it went with them as is asked.
type Day struct {
	// Number tells the day; two of them have the same weekday if they differ by whole weeks.
	Number            int64
	Trials, Successes int64
}

// Verdict is what the days after an improvement say about it.
type Verdict string

const (
	// Collecting says that nothing can be said yet.
	Collecting Verdict = "Collecting"
	// Improved and Worse say that the rate differs from what it was, and NoChange that the difference may be chance: the interval holds 0. That
	// does not mean that there is none; how large it may be is what the interval says.
	Improved Verdict = "Improved"
	NoChange Verdict = "NoChange"
	Worse    Verdict = "Worse"
)

// Improve compares the days after an improvement with as many days before it, whole weeks of them, and gives the verdict with the difference of the
// rates and its 95 % interval. It is Collecting where one side has nobody. An increase is good, unless lowerIsBetter.
//
// It is meant for one look, when all days that were planned are there: whoever looks every day until something shows errs more often than once
// in twenty.
//
// Days differ by more than chance, as by the weather. So the difference counts as many independent trials as the days' own spread leaves, after
// what weekdays have in common on both sides is taken out; with few days the spread itself is uncertain, which Student's distribution allows for.
//
// Sources: as Uplift, with days as the clusters; the spread is Pearson's statistic over its degrees of freedom (P. McCullagh and J. A. Nelder,
// "Generalized Linear Models" (2nd ed. 1989), section 4.5).
func Improve(before, after []Day, lowerIsBetter bool) (Difference, Verdict) {
	b, a := sumOf(before), sumOf(after)
	if !(b.Trials > 0 && a.Trials > 0) {
		return Difference{Interval: Interval{-1, 1}}, Collecting
	}
	effect := dayEffect(before, after)
	difference := newcombe(b, a, effect, effect, Z95)
	switch {
	case !difference.Significant():
		return difference, NoChange
	case (difference.Estimate > 0) != lowerIsBetter:
		return difference, Improved
	}
	return difference, Worse
}

func sumOf(days []Day) (sum Clusters) {
	for _, d := range days {
		sum.Trials += float64(d.Trials)
		sum.Successes += float64(d.Successes)
	}
	return sum
}

// dayEffect says by how much the variance of the rates of two spans exceeds that of independent trials; at least 1. A day's rate is expected to
// be that of its span, and as far from it as its weekday's is from the whole. What is left over is the spread of days.
func dayEffect(before, after []Day) float64 {
	var weekday [7]Clusters
	all, count := sumOf(nil), 0
	for _, span := range [...][]Day{before, after} {
		for _, d := range span {
			if d.Trials == 0 {
				continue
			}
			count++
			for _, sum := range [...]*Clusters{&weekday[weekdayOf(d)], &all} {
				sum.Trials += float64(d.Trials)
				sum.Successes += float64(d.Successes)
			}
		}
	}
	parameters := 1 // one for the span, and one for each weekday
	for _, w := range weekday {
		if w.Trials > 0 {
			parameters++
		}
	}
	if count <= parameters {
		return 1
	}
	var spread, independent float64
	for _, span := range [...][]Day{before, after} {
		shift := sumOf(span).Rate() - all.Rate()
		for _, d := range span {
			if d.Trials == 0 {
				continue
			}
			w := weekday[weekdayOf(d)].Rate()
			p := min(max(w+shift, 0), 1)
			left := float64(d.Successes) - float64(d.Trials)*p
			spread += left * left
			independent += float64(d.Trials) * p * (1 - p)
		}
	}
	if !(independent > 0) {
		return 1
	}
	freedom := float64(count - parameters)
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975) / Z95
	return max(spread/independent*float64(count)/freedom*math.Pow(student, 2), 1)
}

func weekdayOf(d Day) int64 { return (d.Number%7 + 7) % 7 }
