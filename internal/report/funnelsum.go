// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// FunnelNumbers is what all partitions together say about one funnel.
type FunnelNumbers struct {
	// Version is the version of the definition that Funnel holds the numbers of.
	Version string
	// Funnel is the sum over all partitions.
	Funnel aggregate.Funnel
	// ExactSince is the latest instant from which on every partition still has all events that count; 0 while none lacks any.
	ExactSince event.Time
	// Recomputing is set while some partition computes another version from history.
	Recomputing bool
	// Handing is set while some partition has not handed on all events to the units that are counted.
	Handing bool
	// LastEvent is the latest event time of any partition; 0 before the first event.
	LastEvent event.Time
	// Span is when the numbers are true.
	Span
}

// MergeFunnel adds up what the partitions 0 to count-1 report about the funnel named key. The order of the reports does not
// matter; of two reports of one partition the one of the later epoch, and then of the later offset, counts. The error is an
// *IncompleteError, and then there are no numbers: a sum over some partitions, or over two versions, would be a wrong answer.
func MergeFunnel(key string, count int, reports []aggregate.Partition) (FunnelNumbers, error) {
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
		return FunnelNumbers{}, incomplete
	}
	var sum FunnelNumbers
	for i, p := range latest {
		d := p.Funnels[key]
		if i == 0 {
			sum.Version, sum.Funnel = d.Active, emptyLike(&d.Funnel)
		}
		if held, more := shapeOf(&sum.Funnel), shapeOf(&d.Funnel); held != more {
			return FunnelNumbers{}, fmt.Errorf("add up %s: partition %d reports %s and partition %d reports %s for one version",
				key, latest[0].Partition, held, p.Partition, more)
		}
		addFunnel(&sum.Funnel, &d.Funnel)
		sum.ExactSince = max(sum.ExactSince, d.ExactSince)
		sum.Recomputing = sum.Recomputing || d.Pending != ""
		sum.Handing = sum.Handing || d.Handing
		sum.LastEvent = max(sum.LastEvent, p.LastEvent)
		sum.narrow(p)
	}
	return sum, nil
}

// Backfill says how far a new version of a definition is computed from history.
type Backfill struct {
	// Version is the one that is being computed; empty when no partition computes any.
	Version string
	// Percent is how much of the log has been read, from 0 to 99 while any partition reads.
	Percent int
}

// BackfillOf gives the progress over all partitions, also while MergeFunnel has no numbers yet. A partition that has not reported,
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
