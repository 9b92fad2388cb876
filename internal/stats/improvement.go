// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"slices"

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
	// Improved says that the rate is better than it was.
	Improved Verdict = "Improved"
	// NoChange says that the difference may be chance: the interval holds 0. That does not mean that there is none; how large it may be is what
	// the interval says.
	NoChange Verdict = "NoChange"
	// Worse says that the rate is worse than it was.
	Worse Verdict = "Worse"
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
// Sources: method 10 of Newcombe (1998), over as many independent trials as the spread leaves, which is taken with days as the clusters and corrected
// for how few they are (J. G. MacKinnon and H. White, "Some heteroskedasticity-consistent covariance matrix estimators with improved finite sample
// properties", J. Econometrics 29 (1985), their HC2).
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
// be that of its span, and as far from it as its weekday's is from the whole. What is left over is the spread of days; the more of what is expected
// of a day comes from that day itself, the more its remainder counts.
func dayEffect(before, after []Day) float64 {
	of := weekdaysOf(before, after)
	var spread, independent float64
	days := 0
	for _, span := range [...][]Day{before, after} {
		whole := sumOf(span)
		shift := whole.Rate() - of.all.Rate()
		for _, d := range span {
			if d.Trials == 0 {
				continue
			}
			days++
			n, weekday := float64(d.Trials), of.weekday[weekdayOf(d)]
			p := min(max(weekday.Rate()+shift, 0), 1)
			independent += n * p * (1 - p)
			own := n/weekday.Trials + n/whole.Trials - n/of.all.Trials
			if left := float64(d.Successes) - n*p; own < 1 {
				spread += left * left / (1 - own)
			}
		}
	}
	freedom := float64(days - of.levels)
	if !(independent > 0 && freedom > 0) {
		return 1
	}
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975) / Z95
	return max(spread/independent*student*student, 1)
}

// weekdays are the sums of two spans by weekday, and of all.
type weekdays struct {
	weekday [7]Clusters
	all     Clusters
	// levels are how many rates are taken from the days: one for each weekday that there is, and one more for the second span.
	levels int
}

func weekdaysOf(before, after []Day) (sum weekdays) {
	for _, d := range slices.Concat(before, after) {
		for _, c := range [...]*Clusters{&sum.weekday[weekdayOf(d)], &sum.all} {
			c.Trials += float64(d.Trials)
			c.Successes += float64(d.Successes)
		}
	}
	sum.levels = 1
	for _, w := range sum.weekday {
		if w.Trials > 0 {
			sum.levels++
		}
	}
	return sum
}

func weekdayOf(d Day) int64 { return (d.Number%7 + 7) % 7 }
