// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package report turns what the partitions of a workspace report into what people read in a Funnel's status. It is pure:
// equal input gives equal output, every number is an integer until it is written down as text, and nothing here knows the
// time but through its arguments.
package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Numbers is what all partitions together say about one funnel.
type Numbers struct {
	// Version is the version of the definition that Funnel holds the numbers of.
	Version string
	// Funnel is the sum over all partitions.
	Funnel aggregate.Funnel
	// ExactSince is the latest instant from which on every partition still has all events that count; 0 while none lacks any.
	ExactSince event.Time
	// Recomputing is set while some partition computes another version from history.
	Recomputing bool
	// LastEvent is the latest event time of any partition; 0 before the first event.
	LastEvent event.Time
	// Span is when the numbers are true.
	Span
}

// IncompleteError says why the reports at hand cannot be added up. It is a passing state: some partition has not reported yet,
// or has not activated the version that the others run.
type IncompleteError struct {
	// Key is the definition's, Funnel/namespace/name.
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

// Merge adds up what the partitions 0 to count-1 report about the definition named key. The order of the reports does not
// matter; of two reports of one partition the one of the later epoch, and then of the later offset, counts. The error is an
// *IncompleteError, and then there are no numbers: a sum over some partitions, or over two versions, would be a wrong answer.
func Merge(key string, count int, reports []aggregate.Partition) (Numbers, error) {
	latest, missing := latestReports(count, reports)
	incomplete := &IncompleteError{Key: key, Missing: missing, Versions: map[string][]int{}}
	for _, p := range latest {
		if active := p.Funnels[key].Active; active == "" {
			incomplete.Without = append(incomplete.Without, p.Partition)
		} else {
			incomplete.Versions[active] = append(incomplete.Versions[active], p.Partition)
		}
	}
	if len(incomplete.Missing) > 0 || len(incomplete.Without) > 0 || len(incomplete.Versions) != 1 {
		return Numbers{}, incomplete
	}
	var sum Numbers
	for i, p := range latest {
		d := p.Funnels[key]
		if i == 0 {
			sum.Version, sum.Funnel = d.Active, emptyLike(&d.Funnel)
		}
		if held, more := shapeOf(&sum.Funnel), shapeOf(&d.Funnel); held != more {
			return Numbers{}, fmt.Errorf("add up %s: partition %d reports %s and partition %d reports %s for one version",
				key, latest[0].Partition, held, p.Partition, more)
		}
		addFunnel(&sum.Funnel, &d.Funnel)
		sum.ExactSince = max(sum.ExactSince, d.ExactSince)
		sum.Recomputing = sum.Recomputing || d.Pending != ""
		sum.LastEvent = max(sum.LastEvent, p.LastEvent)
		sum.narrow(p)
	}
	return sum, nil
}

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

func earliest(a, b event.Time) event.Time {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Backfill says how far a new version of a definition is computed from history.
type Backfill struct {
	// Version is the one that is being computed; empty when no partition computes any.
	Version string
	// Percent is how much of the log has been read, from 0 to 99 while any partition reads.
	Percent int
}

// BackfillOf gives the progress over all partitions, also while Merge has no numbers yet. A partition that has not reported,
// or that does not know the definition yet, counts as one that has not begun; one that is done counts as a whole.
func BackfillOf(key string, count int, reports []aggregate.Partition) Backfill {
	latest, missing := latestReports(count, reports)
	var b Backfill
	var done int // in ten thousandths of a partition
	for _, p := range latest {
		d, known := p.Funnels[key]
		switch {
		case d.Pending != "":
			b.Version = max(b.Version, d.Pending)
			done += share(d.Done, d.Target)
		case known && d.Active != "":
			done += 10_000
		}
	}
	if b.Version == "" {
		return Backfill{}
	}
	b.Percent = min(done/(len(latest)+len(missing))/100, 99)
	return b
}

// share gives done of target in ten thousandths.
func share(done, target uint64) int {
	switch {
	case done >= target:
		return 10_000
	case done > math.MaxUint64/10_000:
		return int(done / (target / 10_000))
	}
	return int(done * 10_000 / target)
}
