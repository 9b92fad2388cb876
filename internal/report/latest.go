// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package report turns what the partitions of a workspace report into what people read in the status of a Funnel, a NurtureScenario or a
// MessageChannel. It is pure: equal input gives equal output, every number is an integer until it is written down as text, and nothing
// here knows the time but through its arguments.
//
// Of each kind there is a sum over all partitions (MergeFunnel, MergeScenario, MergeChannel), what is written of it (FunnelStatus and so on),
// and whether a reader would see that anything changed (FunnelVisibleEqual and so on).
package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// latestReports gives one report per partition, in the order of the partitions, and the partitions that have none.
func latestReports(count int, reports []aggregate.Partition) (latest []*aggregate.Partition, missing []int) {
	byNumber := make([]*aggregate.Partition, count)
	for i := range reports {
		p := &reports[i]
		if p.Partition < 0 || p.Partition >= count {
			continue // of another shape of this workspace, such as one that was deleted and made anew
		}
		if held := byNumber[p.Partition]; held == nil || held.Epoch < p.Epoch || held.Epoch == p.Epoch && held.Offset <= p.Offset {
			byNumber[p.Partition] = p
		}
	}
	for number, p := range byNumber {
		if p == nil {
			missing = append(missing, number)
		} else {
			latest = append(latest, p)
		}
	}
	return latest, missing
}

// IncompleteError says why the reports at hand cannot be added up. It is a passing state: some partition has not reported yet,
// or has not activated the version that the others run.
type IncompleteError struct {
	// Key is the definition's, such as Funnel/namespace/name.
	Key string
	// Missing are the partitions that have not reported at all.
	Missing []int
	// Without are the partitions that have reported and hold no numbers of the definition yet.
	Without []int
	// Versions are the partitions by the version whose numbers they hold. More than one version cannot be mixed.
	Versions map[string][]int
}

// Error names the partitions.
func (e *IncompleteError) Error() string {
	var why []string
	if len(e.Missing) > 0 {
		why = append(why, "no report from "+partitions(e.Missing))
	}
	if len(e.Without) > 0 {
		why = append(why, "no numbers yet in "+partitions(e.Without))
	}
	if len(e.Versions) > 1 {
		mixed := make([]string, 0, len(e.Versions))
		for version, in := range e.Versions {
			mixed = append(mixed, version+" in "+partitions(in))
		}
		slices.Sort(mixed)
		why = append(why, "different versions: "+strings.Join(mixed, ", "))
	}
	return fmt.Sprintf("add up %s: %s", e.Key, strings.Join(why, "; "))
}

func partitions(numbers []int) string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = strconv.Itoa(n)
	}
	if len(names) == 1 {
		return "partition " + names[0]
	}
	return "partitions " + strings.Join(names, ", ")
}
