// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// SegmentStatus writes the numbers of a segment, as of an instant, into a status: all of it but the summary's data column (see
// SetSegmentData), the conditions and observedGeneration, which are the controller's. The cuts of its ranks are decided anew if those that
// stand were not decided on the day of the instant, and else stay.
func SegmentStatus(segment *v1alpha1.Segment, setting Setting, n *SegmentNumbers, asOf event.Time) v1alpha1.SegmentStatus {
	size, entered, left := n.Segment.Size, n.Segment.Entered, n.Segment.Left
	status := v1alpha1.SegmentStatus{
		Summary: &v1alpha1.SegmentSummary{Size: &size, Entered: &entered, Left: &left},
		Cuts:    cuts(segment, setting, n, asOf),
		Counters: counters(&aggregate.Funnel{
			TooLate: n.Segment.TooLate, Saturated: n.Segment.Saturated, Signals: n.Segment.Signals,
			Errors: n.Segment.Errors, FirstError: n.Segment.FirstError,
		}),
		EvaluatedAt:   evaluatedAt(&n.Span, asOf),
		ActiveVersion: n.Version,
	}
	if n.ExactSince > 0 {
		status.ExactSince = metaTime(n.ExactSince)
	}
	return status
}

// SegmentVisibleEqual says whether a reader sees no difference between two statuses, as FunnelVisibleEqual does.
func SegmentVisibleEqual(a, b *v1alpha1.SegmentStatus) bool {
	withoutTimes := func(s *v1alpha1.SegmentStatus) *v1alpha1.SegmentStatus {
		s = s.DeepCopy()
		s.EvaluatedAt = nil
		clearTransitions(s.Conditions)
		return s
	}
	return equality.Semantic.DeepEqual(withoutTimes(a), withoutTimes(b))
}

func clearTransitions(conditions []metav1.Condition) {
	for i := range conditions {
		conditions[i].LastTransitionTime = metav1.Time{}
	}
}

// SetSegmentData writes the summary's data column, as SetData does.
func SetSegmentData(status *v1alpha1.SegmentStatus, f Freshness) {
	if status.Summary == nil {
		status.Summary = &v1alpha1.SegmentSummary{}
	}
	s := status.Summary
	nobody := s.Size == nil || *s.Size == 0 && *s.Entered == 0 && *s.Left == 0
	s.Data = f.text(nobody)
}

// cuts decides where the groups of each rank part, in the order of the spec. Whatever was decided on the same day stays: with every other cut all
// that uses the segment is computed anew. A rank whose trait has no value yet has none.
func cuts(segment *v1alpha1.Segment, setting Setting, n *SegmentNumbers, asOf event.Time) []v1alpha1.SegmentCuts {
	zone := setting.Zone
	if zone == nil {
		zone = time.UTC
	}
	today := date(dayOf(asOf.UTC(), zone))
	var all []v1alpha1.SegmentCuts
	for i := range segment.Spec.Traits {
		trait := &segment.Spec.Traits[i]
		if trait.Function != v1alpha1.TraitRank {
			continue
		}
		standing := standingCuts(segment, trait)
		values := n.Segment.Values[string(trait.Of)]
		switch decided := cutsOf(values, trait.Ranks); {
		case standing != nil && (n.Recomputing || len(decided) == 0 || standing.Decided == today || slices.Equal(standing.Values, decided)):
			all = append(all, *standing)
		case len(decided) > 0:
			all = append(all, v1alpha1.SegmentCuts{Trait: trait.Name, Values: decided, Decided: today})
		}
	}
	return all
}

// standingCuts are those of the status, if the spec still asks for as many groups.
func standingCuts(segment *v1alpha1.Segment, trait *v1alpha1.SegmentTrait) *v1alpha1.SegmentCuts {
	for i := range segment.Status.Cuts {
		if c := &segment.Status.Cuts[i]; c.Trait == trait.Name && len(c.Values) == int(trait.Ranks)-1 {
			return c
		}
	}
	return nil
}

// cutsOf gives the values at which groups from the second on begin: the least of each when contacts are put in the order of their values.
func cutsOf(values map[int]int64, ranks int32) []v1alpha1.Decimal {
	var total int64
	buckets := make([]int, 0, len(values))
	for bucket, n := range values {
		total += n
		buckets = append(buckets, bucket)
	}
	if total == 0 {
		return nil
	}
	slices.Sort(buckets) // in the order of the values
	decided := make([]v1alpha1.Decimal, 0, ranks-1)
	var below int64 // how many contacts are in the buckets before
	at := 0
	for i := int64(1); i < int64(ranks); i++ {
		rank := total * i / int64(ranks)
		for below+values[buckets[at]] <= rank {
			below += values[buckets[at]]
			at++
		}
		decided = append(decided, trimmed(aggregate.ValueOf(buckets[at])))
	}
	return decided
}

// Cuts gives the cuts that stand in a segment's status, by the name of the rank, for its meaning. An error is about a status that nobody but the
// operator should have written.
func Cuts(segment *v1alpha1.Segment) (map[string][]aggregate.Micros, error) {
	var all map[string][]aggregate.Micros
	for i := range segment.Spec.Traits {
		trait := &segment.Spec.Traits[i]
		standing := standingCuts(segment, trait)
		if trait.Function != v1alpha1.TraitRank || standing == nil {
			continue
		}
		values := make([]aggregate.Micros, len(standing.Values))
		for j, value := range standing.Values {
			micros, err := microsIn(value)
			if err != nil {
				return nil, fmt.Errorf("cuts of %s in the status of segment %s/%s: %w", trait.Name, segment.Namespace, segment.Name, err)
			}
			values[j] = micros
		}
		if all == nil {
			all = map[string][]aggregate.Micros{}
		}
		all[trait.Name] = values
	}
	return all, nil
}

// microsIn reads an amount that trimmed wrote.
func microsIn(value v1alpha1.Decimal) (aggregate.Micros, error) {
	exact, ok := new(big.Rat).SetString(string(value))
	if ok {
		exact.Mul(exact, big.NewRat(microsPerUnit, 1))
		ok = exact.IsInt() && exact.Num().IsInt64()
	}
	if !ok {
		return 0, fmt.Errorf("%q is no number in millionths", value)
	}
	return aggregate.Micros(exact.Num().Int64()), nil
}
