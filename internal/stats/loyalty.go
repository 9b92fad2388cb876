// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "gonum.org/v1/gonum/stat/distuv"

// RepeatRate gives the share of buyers that bought again, with a 95 % interval: Wilson's, as buyers are independent. False without buyers.
func RepeatRate(repeated, buyers int64) (rate float64, interval Interval, known bool) {
	if buyers <= 0 {
		return 0, Interval{0, 1}, false
	}
	return float64(repeated) / float64(buyers), Wilson(float64(repeated), float64(buyers), Z95), true
}

// MedianShares gives the shares between 0 and 1 of a sorted sample between which its median lies, with at least 95 %: the quantiles to look up.
// Values are how many independent ones there are; of those that repeat, such as the times between purchases of one buyer, count one each, which is
// cautious. False with fewer than six: then even the least and the largest do not hold the median so often.
//
// Source: the sign test's interval, W. R. Thompson, Annals of Mathematical Statistics 7 (1936); W. J. Conover, "Practical Nonparametric Statistics"
// (3rd ed. 1999), section 3.2.
func MedianShares(values int64) (low, high float64, known bool) {
	const fewest = 6
	if values < fewest {
		return 0, 1, false
	}
	n := float64(values)
	outside := func(rank int64) bool { // the median lies below this rank with more than 2.5 %
		return distuv.Binomial{N: n, P: 0.5}.CDF(float64(rank-1)) > 0.025
	}
	from, to := int64(1), values/2 // the rank before to is the largest that is not outside
	for from < to {
		if middle := (from + to + 1) / 2; outside(middle) {
			to = middle - 1
		} else {
			from = middle
		}
	}
	return float64(from-1) / (n - 1), float64(values-from) / (n - 1), true
}
