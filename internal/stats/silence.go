// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import "gonum.org/v1/gonum/stat/distuv"

// FewerThan gives the chance of seeing at most count events while the rate of events is at least share of the rate at which reference
// events were seen: the exact one-sided test of two Poisson rates, given how many events there were in all. Exposure is how much longer
// the reference was watched than the count, above 0. Without any event at all the chance is 1.
//
// Source: J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940).
func FewerThan(count, reference int64, exposure, share float64) float64 {
	if count+reference <= 0 {
		return 1
	}
	mine := share / (share + exposure)
	return distuv.Binomial{N: float64(count + reference), P: mine}.CDF(float64(count))
}
