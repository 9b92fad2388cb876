// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

func TestValueOfIsTheLeastOfItsBucket(t *testing.T) {
	t.Parallel()
	for v, want := range map[aggregate.Micros]aggregate.Micros{
		0: 0, 1: 1, 127: 127, 128: 128, 255: 255, 256: 256, 257: 256, 1_000_000: 999_424,
		-1: -1, -127: -127, -257: -257, -256: -257, -1_000_000: -1_003_519,
		math.MaxInt64: 0x7f80_0000_0000_0000, math.MinInt64: -math.MaxInt64, // the last bucket begins below what can be told
	} {
		if got := aggregate.ValueOf(aggregate.ValueBucket(v)); got != want {
			t.Errorf("the bucket of %d begins at %d, want %d", v, got, want)
		}
	}
}

func TestBucketsAreNarrowAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := aggregate.Micros(rapid.Int64Range(-math.MaxInt64/2, math.MaxInt64/2).Draw(t, "value"))
		bucket := aggregate.ValueBucket(v)
		from, to := aggregate.ValueOf(bucket), aggregate.ValueOf(bucket+1)
		if v < from || v >= to {
			t.Fatalf("%d is not in bucket %d from %d to %d", v, bucket, from, to)
		}
		if width := to - from; width > 1 && float64(width) > math.Abs(float64(v))/127 {
			t.Fatalf("bucket %d of %d is %d wide", bucket, v, width)
		}
	})
}

func TestTimesHaveBucketsOfSixHours(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := event.Time(rapid.Int64Range(-1e16, 1e17).Draw(t, "time"))
		const quarter = 6 * 3600 * 1_000_000
		bucket := aggregate.TimeBucket(at)
		if from := event.Time(aggregate.ValueOf(bucket)); at < from || at >= from+quarter {
			t.Fatalf("%d is in bucket %d, which begins at %d", at, bucket, from)
		}
	})
}
