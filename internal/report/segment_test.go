// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// spenders are ranked into three groups by what they spent.
func spenders(cuts ...v1alpha1.SegmentCuts) *v1alpha1.Segment {
	return &v1alpha1.Segment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "spenders"},
		Spec: v1alpha1.SegmentSpec{Where: "contact.traits.m == 3", Traits: []v1alpha1.SegmentTrait{
			{Name: "spent", Function: v1alpha1.TraitSum, Event: "order.completed", Of: "event.data.total"},
			{Name: "m", Function: v1alpha1.TraitRank, Of: "spent", Ranks: 3},
		}},
		Status: v1alpha1.SegmentStatus{Cuts: cuts},
	}
}

// amounts are how many contacts have spent about how much.
func amounts(of map[aggregate.Micros]int64) map[string]map[int]int64 {
	values := map[int]int64{}
	for amount, n := range of {
		values[aggregate.ValueBucket(amount)] += n
	}
	return map[string]map[int]int64{"spent": values}
}

const rouble = 1_000_000

func TestCuts(t *testing.T) {
	t.Parallel()
	asOf := event.At(time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC)) // already the 21st in Moscow
	even := amounts(map[aggregate.Micros]int64{-64 * rouble: 3, 0: 1, 64 * rouble: 2, 128 * rouble: 3, 256 * rouble: 3})
	low := func(m aggregate.Micros) v1alpha1.Decimal { // buckets are about a percent wide
		return trimmedOf(aggregate.ValueOf(aggregate.ValueBucket(m)))
	}
	want := []v1alpha1.Decimal{low(64 * rouble), low(128 * rouble)}
	yesterday := v1alpha1.SegmentCuts{Trait: "m", Values: []v1alpha1.Decimal{"1", "2"}, Decided: "2026-11-20"}
	today := v1alpha1.SegmentCuts{Trait: "m", Values: []v1alpha1.Decimal{"1", "2"}, Decided: "2026-11-21"}
	fewer := v1alpha1.SegmentCuts{Trait: "m", Values: []v1alpha1.Decimal{"1"}, Decided: "2026-11-21"}
	same := v1alpha1.SegmentCuts{Trait: "m", Values: want, Decided: "2026-11-01"}
	decided := []v1alpha1.SegmentCuts{{Trait: "m", Values: want, Decided: "2026-11-21"}}
	tests := map[string]struct {
		segment     *v1alpha1.Segment
		values      map[string]map[int]int64
		recomputing bool
		want        []v1alpha1.SegmentCuts
	}{
		"the first are decided at once":       {segment: spenders(), values: even, want: decided},
		"nobody has a value":                  {segment: spenders(), want: nil},
		"those of yesterday are replaced":     {segment: spenders(yesterday), values: even, want: decided},
		"those of today stay":                 {segment: spenders(today), values: even, want: []v1alpha1.SegmentCuts{today}},
		"those for fewer groups do not":       {segment: spenders(fewer), values: even, want: decided},
		"equal ones keep their day":           {segment: spenders(same), values: even, want: []v1alpha1.SegmentCuts{same}},
		"while history is read they stay":     {segment: spenders(yesterday), values: even, recomputing: true, want: []v1alpha1.SegmentCuts{yesterday}},
		"while nobody has a value, they stay": {segment: spenders(yesterday), want: []v1alpha1.SegmentCuts{yesterday}},
		"everybody has the same value": {
			segment: spenders(), values: amounts(map[aggregate.Micros]int64{64 * rouble: 5}),
			want: []v1alpha1.SegmentCuts{{Trait: "m", Values: []v1alpha1.Decimal{want[0], want[0]}, Decided: "2026-11-21"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := &report.SegmentNumbers{Version: "v", Segment: aggregate.Segment{Size: 4, Values: tt.values}, Recomputing: tt.recomputing}
			status := report.SegmentStatus(tt.segment, report.Setting{Zone: moscow}, n, asOf)
			if diff := cmp.Diff(tt.want, status.Cuts); diff != "" {
				t.Fatalf("cuts (-want +got):\n%s", diff)
			}
			// What was written is read again as it was.
			tt.segment.Status = status
			read, err := report.Cuts(tt.segment)
			if err != nil {
				t.Fatal(err)
			}
			for i, value := range read["m"] {
				if got := trimmedOf(value); got != status.Cuts[0].Values[i] {
					t.Errorf("cut %d is read as %s, written as %s", i, got, status.Cuts[0].Values[i])
				}
			}
		})
	}
}

// trimmedOf writes a number that is not negative, without zeros at its end.
func trimmedOf(m aggregate.Micros) v1alpha1.Decimal {
	text := strings.TrimRight(fmt.Sprintf("%d.%06d", m/rouble, m%rouble), "0")
	return v1alpha1.Decimal(strings.TrimSuffix(text, "."))
}

func TestCutsOfAForeignHand(t *testing.T) {
	t.Parallel()
	cuts := v1alpha1.SegmentCuts{Trait: "m", Values: []v1alpha1.Decimal{"1", "many"}, Decided: "2026-11-21"}
	if read, err := report.Cuts(spenders(cuts)); err == nil {
		t.Errorf("read %v", read)
	}
}

func TestSegmentData(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		summary *v1alpha1.SegmentSummary
		fresh   report.Freshness
		want    string
	}{
		"members":          {&v1alpha1.SegmentSummary{Size: new(int64(1)), Entered: new(int64(0)), Left: new(int64(0))}, report.Freshness{}, "Live"},
		"former members":   {&v1alpha1.SegmentSummary{Size: new(int64(0)), Entered: new(int64(0)), Left: new(int64(2))}, report.Freshness{}, "Live"},
		"nobody":           {&v1alpha1.SegmentSummary{Size: new(int64(0)), Entered: new(int64(0)), Left: new(int64(0))}, report.Freshness{}, "NoData"},
		"nothing is known": {nil, report.Freshness{Backfill: report.Backfill{Version: "v", Percent: 42}}, "Backfilling 42%"},
		"no answer":        {nil, report.Freshness{Unreachable: true}, "Stale"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := v1alpha1.SegmentStatus{Summary: tt.summary}
			if report.SetSegmentData(&status, tt.fresh); status.Summary.Data != tt.want {
				t.Errorf("data is %q, want %q", status.Summary.Data, tt.want)
			}
		})
	}
}

// Partitions add up, whatever their order.
func TestMergeSegmentAndJourney(t *testing.T) {
	t.Parallel()
	const key = "Journey/default/first-purchase"
	part := func(number int, n *report.JourneyNumbers) aggregate.Partition {
		return aggregate.Partition{Partition: number, Funnels: map[string]aggregate.Definition{
			key: {Active: "v", Funnel: n.Funnel, Journey: &n.Journey, Segment: &aggregate.Segment{
				Size: 2, Entered: 3, Left: 1, Values: map[string]map[int]int64{"spent": {number: 1, 9: 2}}, Errors: 1,
			}, Handing: number == 1},
		}}
	}
	a, b := autumn(), autumn()
	journey, err := report.MergeJourney(key, 2, []aggregate.Partition{part(1, b), part(0, a)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(autumn().Journey, a.Journey); diff != "" {
		t.Errorf("merging changed a report (-want +got):\n%s", diff)
	}
	sight := journey.Journey.Stages[1].Types["promo.failed"]
	switch got := journey.Journey; {
	case !journey.Handing,
		got.Stages[1].All != aggregate.Split{Dropped: 1600, Converted: 2400},
		got.Stages[1].Probes[0].Now[0] != aggregate.Split{Dropped: 800, Converted: 534},
		sight.Seen != aggregate.Split{Dropped: 240, Converted: 40}, sight.Before[3] != sight.Seen,
		got.Stages[1].There[2] != aggregate.Split{Dropped: 1600, Converted: 2400},
		got.Beyond[0].Dropped != 760, got.Survey[1][""].Answers["trust"] != 60, got.Survey[1][""].Dropped != 1600,
		got.Loyalty.Buyers != 1000, got.Loyalty.Between.Count() != 400, got.Loyalty.Months[56*12+6].Active[1] != 100,
		got.Satisfaction.Sum != 34_000_000:
		t.Errorf("sum is %+v", got)
	}
	segment, err := report.MergeSegment(key, 2, []aggregate.Partition{part(1, b), part(0, a)})
	if err != nil {
		t.Fatal(err)
	}
	want := aggregate.Segment{Size: 4, Entered: 6, Left: 2, Errors: 2, Values: map[string]map[int]int64{"spent": {0: 1, 1: 1, 9: 4}}}
	if diff := cmp.Diff(want, segment.Segment); diff != "" {
		t.Errorf("sum (-want +got):\n%s", diff)
	}
	other := autumn()
	other.Journey.Stages[1].Probes = other.Journey.Stages[1].Probes[1:]
	if _, err := report.MergeJourney(key, 2, []aggregate.Partition{part(0, a), part(1, other)}); err == nil {
		t.Error("added up different probes")
	}
	if _, err := report.MergeJourney(key, 2, []aggregate.Partition{part(0, a)}); err == nil {
		t.Error("added up without a partition")
	}
}
