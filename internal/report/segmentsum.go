// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// SegmentNumbers is what all partitions together say about one segment.
type SegmentNumbers struct {
	// Version is the version of the definition that Segment holds the numbers of.
	Version string
	// Segment is the sum over all partitions.
	Segment aggregate.Segment
	// ExactSince is the latest instant from which on every partition still has all events that count; 0 while none lacks any.
	ExactSince event.Time
	// Recomputing is set while some partition computes another version from history.
	Recomputing bool
	// Span is when the numbers are true.
	Span
}

// MergeSegment adds up what the partitions 0 to count-1 report about the segment named key, as MergeFunnel does.
func MergeSegment(key string, count int, reports []aggregate.Partition) (SegmentNumbers, error) {
	common, err := MergeFunnel(key, count, reports)
	if err != nil {
		return SegmentNumbers{}, err
	}
	sum := SegmentNumbers{Version: common.Version, ExactSince: common.ExactSince, Recomputing: common.Recomputing, Span: common.Span}
	latest, _ := latestReports(count, reports)
	for _, p := range latest {
		segment := p.Funnels[key].Segment
		if segment == nil {
			return SegmentNumbers{}, fmt.Errorf("add up %s: partition %d reports no segment", key, p.Partition)
		}
		addSegment(&sum.Segment, segment)
	}
	return sum, nil
}

func addSegment(sum, s *aggregate.Segment) {
	sum.Size += s.Size
	sum.Entered += s.Entered
	sum.Left += s.Left
	for trait, counts := range s.Values {
		if sum.Values == nil {
			sum.Values = map[string]map[int]int64{}
		}
		if sum.Values[trait] == nil {
			sum.Values[trait] = make(map[int]int64, len(counts))
		}
		for bucket, n := range counts {
			sum.Values[trait][bucket] += n
		}
	}
	sum.Signals.Given += s.Signals.Given
	sum.Signals.Retracted += s.Signals.Retracted
	sum.Signals.Stale += s.Signals.Stale
	sum.TooLate += s.TooLate
	sum.Saturated += s.Saturated
	if sum.Errors == 0 && s.Errors > 0 {
		sum.FirstError = s.FirstError // partitions come in their order, so this is the lowest one's
	}
	sum.Errors += s.Errors
}
