// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

// What the best of several is judged by, fixed in advance.
const (
	// BestAlpha is the chance that one of several that are all alike is ever called the best.
	BestAlpha = 0.05
	// bestLooks are looks each time the numbers have grown by a tenth, until they are two hundred times what they were at the first:
	// 1.1^56 is 208.
	bestLooks = 57
	// bestCorrelation is that of the standardised difference at two such looks: the root of 1/1.1.
	bestCorrelation = 0.9534625892455922
)

// Best gives the index of the group whose rate is above that of every other, and false as long as that may be chance. It may be asked
// again and again while the groups grow. Every group has at least one trial.
//
// Each pair is compared by Newcombe's interval at the level that holds over all looks (CriticalValue), divided by the number of pairs
// (Bonferroni), so that of alike groups one is called the best in one of twenty cases at most.
func Best(groups []Clusters) (best int, sure bool) {
	if len(groups) < 2 {
		return 0, false
	}
	for i, group := range groups {
		if group.Rate() > groups[best].Rate() {
			best = i
		}
	}
	pairs := float64(len(groups) * (len(groups) - 1) / 2)
	z := CriticalValue(BestAlpha/pairs, bestLooks, bestCorrelation)
	for i, group := range groups {
		if i == best {
			continue
		}
		if difference := newcombe(group, groups[best], 1, 1, z); !difference.Significant() {
			return best, false
		}
	}
	return best, true
}
