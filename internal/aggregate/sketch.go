// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"math/bits"
	"slices"
	"time"
)

// Sketch is a histogram of durations whose quantiles are within 1 % of the true ones. It is integers only: adding, removing
// and merging give the same bytes in any order and on any machine.
//
// Buckets follow the high dynamic range layout: durations are cut to milliseconds; below 2^subBits each has a bucket of its
// own; above, each power of two is divided into 2^subBits equal buckets, so that a bucket's middle is at most 1/128 = 0.8 %
// from any value in it.
type Sketch struct {
	// Counts is how many durations fell into each bucket; a bucket that is empty is absent.
	Counts map[int]int64 `json:"counts,omitempty"`
}

const subBits = 6

// Bucket gives the bucket of a duration; a negative one counts as zero.
func Bucket(d time.Duration) int {
	ms := uint64(max(d, 0) / time.Millisecond)
	if ms < 1<<subBits {
		return int(ms)
	}
	shift := bits.Len64(ms) - subBits - 1
	return (shift+1)<<subBits + int(ms>>shift) - 1<<subBits
}

// Middle gives the duration in the middle of a bucket.
func Middle(bucket int) time.Duration {
	if bucket < 1<<subBits {
		return time.Duration(bucket) * time.Millisecond
	}
	shift := bucket>>subBits - 1
	low := uint64(bucket&(1<<subBits-1)|1<<subBits) << shift
	width := uint64(1) << shift
	return time.Duration(low+(width-1)/2) * time.Millisecond
}

// Add counts n more durations in a bucket; a negative n takes them away.
func (s *Sketch) Add(bucket int, n int64) {
	if s.Counts == nil {
		s.Counts = map[int]int64{}
	}
	if s.Counts[bucket] += n; s.Counts[bucket] == 0 {
		delete(s.Counts, bucket)
	}
}

// Merge adds all that other holds.
func (s *Sketch) Merge(other Sketch) {
	for bucket, n := range other.Counts {
		s.Add(bucket, n)
	}
}

// Count is how many durations the sketch holds.
func (s *Sketch) Count() int64 {
	var n int64
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// Quantile gives the duration that permille of 1000 parts of the durations do not exceed (500 is the median), and false when
// there are none. The nearest-rank definition is used: the smallest duration whose rank is at least permille/1000 of the count.
func (s *Sketch) Quantile(permille int64) (time.Duration, bool) {
	total := s.Count()
	if total == 0 {
		return 0, false
	}
	rank := max((total*permille+999)/1000, 1)
	for _, bucket := range slices.Sorted(maps.Keys(s.Counts)) {
		if rank -= s.Counts[bucket]; rank <= 0 {
			return Middle(bucket), true
		}
	}
	return 0, false
}
