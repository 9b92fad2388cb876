// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

const key = "Funnel/default/shop"

// partition makes a report about one funnel.
func partition(number int, d aggregate.Definition) aggregate.Partition {
	return aggregate.Partition{Partition: number, Epoch: 1, Offset: 10, Funnels: map[string]aggregate.Definition{key: d}}
}

func twoStages(entered, converted int64) aggregate.Funnel {
	return aggregate.Funnel{Stages: []aggregate.Stage{
		{Entered: entered, Converted: converted, Dropped: entered - converted, ToNext: aggregate.Sketch{Counts: map[int]int64{7: converted}}},
		{Entered: converted, Converted: converted, Value: aggregate.Micros(converted) * 1_500_000, ValueEvents: converted},
	}}
}

func TestMergeAddsUpAllPartitions(t *testing.T) {
	t.Parallel()
	first := partition(0, aggregate.Definition{Active: "v1", Funnel: twoStages(10, 4), ExactSince: 300})
	first.Clock, first.NextDue, first.LastEvent = 1000, 0, 700
	second := partition(1, aggregate.Definition{Active: "v1", Funnel: twoStages(5, 1), ExactSince: 200})
	second.Clock, second.NextDue, second.LastEvent = 1200, 5000, 650
	second.Funnels[key].Funnel.Stages[0].Recovered = 1
	failed := second.Funnels[key]
	failed.Funnel.TooLate, failed.Funnel.Clamped, failed.Funnel.Saturated, failed.Funnel.Errors = 2, 3, 1, 4
	failed.Funnel.FirstError = aggregate.Failure{Field: "spec.stages[1].where", Message: "no such overload", Partition: 1, Offset: 8}
	second.Funnels[key] = failed

	got, err := report.MergeFunnel(key, 2, []aggregate.Partition{second, first})
	if err != nil {
		t.Fatal(err)
	}
	want := report.FunnelNumbers{Version: "v1", ExactSince: 300, LastEvent: 700, Span: report.Span{From: 1200, Until: 5000}, Funnel: twoStages(15, 5)}
	want.Funnel.Stages[0].Recovered = 1
	want.Funnel.TooLate, want.Funnel.Clamped, want.Funnel.Saturated, want.Funnel.Errors = 2, 3, 1, 4
	want.Funnel.FirstError = failed.Funnel.FirstError
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sum differs (-want +got):\n%s", diff)
	}
	for asOf, hold := range map[int64]bool{1199: false, 1200: true, 4999: true, 5000: false} {
		if got.HoldAt(event.Time(asOf)) != hold {
			t.Errorf("numbers hold at %d: %v, want %v", asOf, !hold, hold)
		}
	}
	for asOf, nearest := range map[event.Time]event.Time{1199: 1200, 1200: 1200, 4999: 4999, 5000: 4999} {
		if at := got.Nearest(asOf); at != nearest {
			t.Errorf("nearest to %d numbers hold at %d, want %d", asOf, at, nearest)
		}
	}
}

// everything is a report that has something to add up everywhere.
func everything() aggregate.Funnel {
	return aggregate.Funnel{
		Aggregates: []aggregate.Total{{Sum: 5_000_000, Events: 2}},
		Stages:     []aggregate.Stage{{Entered: 9, Converted: 4, Excluded: 1, Refunded: 250_000}},
		Completed:  4,
		Breakdowns: []aggregate.Breakdown{{Groups: map[string]aggregate.Group{"ads": {Entered: 5, Completed: 2}}, Rest: aggregate.Group{Entered: 4, Completed: 2}}},
		Recent:     aggregate.Comparison{Entered: 9, Completed: 4, EnteredSquared: 11, Cross: 5, CompletedSquared: 4},
		Before:     aggregate.Comparison{Entered: 7, Completed: 3, EnteredSquared: 9, Cross: 4, CompletedSquared: 3},
		Cohorts:    map[int64]aggregate.Cohort{20_000: {Entered: []int64{9, 4}, Converted: []int64{4, 4}, Completed: 4}},
		Rates:      map[int64][]int64{480_000: {12, 3}},
		Signals:    aggregate.Signals{Given: 5, Retracted: 1, Stale: 2},
	}
}

func TestMergeAddsUpEverything(t *testing.T) {
	t.Parallel()
	other := everything()
	other.Breakdowns[0].Groups = map[string]aggregate.Group{"ads": {Entered: 1}, "mail": {Entered: 8, Completed: 4}}
	other.Cohorts = map[int64]aggregate.Cohort{20_000: {Entered: []int64{1, 0}, Converted: []int64{0, 0}}, 20_001: {Entered: []int64{2, 1}, Converted: []int64{1, 1}, Completed: 1}}
	other.Rates = map[int64][]int64{480_000: {1, 1}, 480_001: {2, 0}}
	reports := []aggregate.Partition{
		partition(0, aggregate.Definition{Active: "v1", Funnel: everything()}),
		partition(1, aggregate.Definition{Active: "v1", Funnel: other, Pending: "v2"}),
	}
	want := report.FunnelNumbers{Version: "v1", Recomputing: true, Funnel: aggregate.Funnel{
		Aggregates: []aggregate.Total{{Sum: 10_000_000, Events: 4}},
		Stages:     []aggregate.Stage{{Entered: 18, Converted: 8, Excluded: 2, Refunded: 500_000}},
		Completed:  8,
		Breakdowns: []aggregate.Breakdown{{
			Groups: map[string]aggregate.Group{"ads": {Entered: 6, Completed: 2}, "mail": {Entered: 8, Completed: 4}},
			Rest:   aggregate.Group{Entered: 8, Completed: 4},
		}},
		Recent:  aggregate.Comparison{Entered: 18, Completed: 8, EnteredSquared: 22, Cross: 10, CompletedSquared: 8},
		Before:  aggregate.Comparison{Entered: 14, Completed: 6, EnteredSquared: 18, Cross: 8, CompletedSquared: 6},
		Cohorts: map[int64]aggregate.Cohort{20_000: {Entered: []int64{10, 4}, Converted: []int64{4, 4}, Completed: 4}, 20_001: {Entered: []int64{2, 1}, Converted: []int64{1, 1}, Completed: 1}},
		Rates:   map[int64][]int64{480_000: {13, 4}, 480_001: {2, 0}},
		Signals: aggregate.Signals{Given: 10, Retracted: 2, Stale: 4},
	}}
	for range 2 { // a report that is read again is as it was
		got, err := report.MergeFunnel(key, 2, reports)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("sum differs (-want +got):\n%s", diff)
		}
	}
}

func TestMergeRefusesWhatIsIncomplete(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		reports []aggregate.Partition
		want    string
	}{
		"no report at all": {
			want: "add up Funnel/default/shop: no report from partitions 0, 1, 2",
		},
		"a partition has not reported": {
			reports: []aggregate.Partition{partition(0, aggregate.Definition{Active: "v1"}), partition(2, aggregate.Definition{Active: "v1"})},
			want:    "add up Funnel/default/shop: no report from partition 1",
		},
		"a partition still computes its first version": {
			reports: []aggregate.Partition{
				partition(0, aggregate.Definition{Active: "v1"}), partition(1, aggregate.Definition{Pending: "v1"}), {Partition: 2},
			},
			want: "add up Funnel/default/shop: no numbers yet in partitions 1, 2",
		},
		"one partition is a version ahead": {
			reports: []aggregate.Partition{
				partition(0, aggregate.Definition{Active: "v2"}), partition(1, aggregate.Definition{Active: "v1"}), partition(2, aggregate.Definition{Active: "v1"}),
			},
			want: "add up Funnel/default/shop: different versions: v1 in partitions 1, 2, v2 in partition 0",
		},
		"one version with different stages": {
			reports: []aggregate.Partition{
				partition(0, aggregate.Definition{Active: "v1", Funnel: twoStages(1, 1)}), partition(1, aggregate.Definition{Active: "v1"}), partition(2, aggregate.Definition{Active: "v1"}),
			},
			want: "add up Funnel/default/shop: partition 0 reports 2 stages and partition 1 reports 0 stages for one version",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := report.MergeFunnel(key, 3, tt.reports)
			if err == nil {
				t.Fatalf("merged into %+v, want an error", got)
			}
			if err.Error() != tt.want {
				t.Errorf("error is %q, want %q", err, tt.want)
			}
		})
	}
}

func TestMergeIncompleteErrorCanBeExamined(t *testing.T) {
	t.Parallel()
	_, err := report.MergeFunnel(key, 2, []aggregate.Partition{partition(1, aggregate.Definition{Active: "v1"})})
	var incomplete *report.IncompleteError
	if !errors.As(err, &incomplete) {
		t.Fatalf("error is %v, want an IncompleteError", err)
	}
	if diff := cmp.Diff([]int{0}, incomplete.Missing); diff != "" {
		t.Errorf("missing partitions differ (-want +got):\n%s", diff)
	}
}

func TestMergeTakesTheLatestReportOfAPartition(t *testing.T) {
	t.Parallel()
	old := partition(0, aggregate.Definition{Active: "v1", Funnel: twoStages(9, 9)})
	old.Epoch, old.Offset = 1, 99
	latest := partition(0, aggregate.Definition{Active: "v1", Funnel: twoStages(2, 1)})
	latest.Epoch, latest.Offset = 2, 5
	for name, order := range map[string][]aggregate.Partition{"latest last": {old, latest}, "latest first": {latest, old}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := report.MergeFunnel(key, 1, order)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(twoStages(2, 1), got.Funnel); diff != "" {
				t.Errorf("numbers differ from those of the latest report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeDoesNotDependOnTheOrderOfReports(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 5).Draw(t, "partitions")
		reports := make([]aggregate.Partition, count)
		var entered int64
		for i := range reports {
			converted := rapid.Int64Range(0, 100).Draw(t, "converted")
			d := aggregate.Definition{Active: "v1", Funnel: twoStages(converted+rapid.Int64Range(0, 100).Draw(t, "dropped"), converted)}
			d.Funnel.Errors = rapid.Int64Range(0, 1).Draw(t, "errors")
			d.Funnel.FirstError = aggregate.Failure{Partition: i}
			entered += d.Funnel.Stages[0].Entered
			reports[i] = partition(i, d)
		}
		want, err := report.MergeFunnel(key, count, reports)
		if err != nil {
			t.Fatal(err)
		}
		if got := want.Funnel.Stages[0].Entered; got != entered {
			t.Fatalf("%d entered, want %d", got, entered)
		}
		shuffled := rapid.Permutation(reports).Draw(t, "order")
		got, err := report.MergeFunnel(key, count, shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("another order gives another sum (-want +got):\n%s", diff)
		}
	})
}

func TestMergeLeavesTheReportsAlone(t *testing.T) {
	t.Parallel()
	reports := []aggregate.Partition{
		partition(0, aggregate.Definition{Active: "v1", Funnel: twoStages(3, 2)}),
		partition(1, aggregate.Definition{Active: "v1", Funnel: twoStages(3, 2)}),
	}
	for range 2 {
		if _, err := report.MergeFunnel(key, 2, reports); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(twoStages(3, 2), reports[0].Funnels[key].Funnel); diff != "" {
		t.Errorf("a report changed by being merged (-want +got):\n%s", diff)
	}
}

func TestBackfillOf(t *testing.T) {
	t.Parallel()
	reading := func(done, target uint64) aggregate.Definition {
		return aggregate.Definition{Pending: "v2", Active: "v1", Done: done, Target: target}
	}
	tests := map[string]struct {
		reports []aggregate.Partition
		want    report.Backfill
	}{
		"nothing is computed":         {reports: []aggregate.Partition{partition(0, aggregate.Definition{Active: "v1"}), partition(1, aggregate.Definition{Active: "v1"})}},
		"both read":                   {reports: []aggregate.Partition{partition(0, reading(1, 4)), partition(1, reading(3, 4))}, want: report.Backfill{Version: "v2", Percent: 50}},
		"one is done":                 {reports: []aggregate.Partition{partition(0, aggregate.Definition{Active: "v2"}), partition(1, reading(0, 4))}, want: report.Backfill{Version: "v2", Percent: 50}},
		"one has not reported":        {reports: []aggregate.Partition{partition(1, reading(4, 5))}, want: report.Backfill{Version: "v2", Percent: 40}},
		"read, but not yet in force":  {reports: []aggregate.Partition{partition(0, reading(4, 4)), partition(1, reading(4, 4))}, want: report.Backfill{Version: "v2", Percent: 99}},
		"an empty log has no history": {reports: []aggregate.Partition{partition(0, reading(0, 0)), partition(1, reading(0, 0))}, want: report.Backfill{Version: "v2", Percent: 99}},
		"offsets near the end of the range": {
			reports: []aggregate.Partition{partition(0, reading(1<<63, 1<<64-1)), partition(1, reading(1<<63, 1<<64-1))},
			want:    report.Backfill{Version: "v2", Percent: 50},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, report.BackfillOf(key, 2, tt.reports)); diff != "" {
				t.Errorf("backfill differs (-want +got):\n%s", diff)
			}
		})
	}
}
