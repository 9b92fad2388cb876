// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

func TestSketchQuantileIsWithinOnePercent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(rapid.Int64Range(0, 400*24*3600*1000), 1, 200).Draw(t, "milliseconds")
		permille := rapid.Int64Range(1, 1000).Draw(t, "permille")
		var s aggregate.Sketch
		for _, v := range ms {
			s.Add(aggregate.Bucket(time.Duration(v)*time.Millisecond), 1)
		}
		got, ok := s.Quantile(permille)
		if !ok {
			t.Fatal("no quantile of a sketch that is not empty")
		}
		slices.Sort(ms)
		want := time.Duration(ms[(int64(len(ms))*permille+999)/1000-1]) * time.Millisecond
		if diff := (got - want).Abs(); diff > want/100 {
			t.Fatalf("quantile %d/1000 of %d durations is %v, want %v within 1 %%", permille, len(ms), got, want)
		}
	})
}

func TestSketchBucketsAreContiguous(t *testing.T) {
	t.Parallel()
	last := -1
	for ms := range 1 << 14 {
		b := aggregate.Bucket(time.Duration(ms) * time.Millisecond)
		if b != last && b != last+1 {
			t.Fatalf("%d ms falls into bucket %d, right after bucket %d", ms, b, last)
		}
		last = b
	}
}

func TestSketchMergeAndRemove(t *testing.T) {
	t.Parallel()
	var a, b aggregate.Sketch
	a.Add(7, 2)
	b.Add(7, -2)
	b.Add(9, 1)
	a.Merge(b)
	if got := a.Count(); got != 1 {
		t.Errorf("count after the merge is %d, want 1", got)
	}
	if _, held := a.Counts[7]; held {
		t.Error("an empty bucket is still held")
	}
}
