// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"
	"math/bits"

	"github.com/waymark-dev/waymark/internal/event"
)

// Buckets of values, by which contacts are ranked. Numbers have buckets that are at most 1/128 of a value wide, as exact to the millionth below 128
// millionths; times, whose distance from 1970 says nothing, have buckets of six hours each. Buckets of numbers are in the order of the
// numbers and those of times in the order of the times; the buckets of times come behind all others.
const (
	valueBits   = 7
	timeBuckets = 1 << 26
	timeBucket  = 6 * 3600 * 1_000_000 // microseconds
)

// ValueBucket gives the bucket of a number.
func ValueBucket(v Micros) int {
	if v < 0 {
		return -magnitude(uint64(-(v + 1)) + 1)
	}
	return magnitude(uint64(v))
}

// TimeBucket gives the bucket of a time.
func TimeBucket(at event.Time) int {
	quarter := int64(at) / timeBucket
	if int64(at)%timeBucket < 0 {
		quarter--
	}
	const most = timeBuckets / 2
	return timeBuckets + int(min(max(quarter, -most), most))
}

// ValueOf gives the least value of a bucket; of a bucket of times in microseconds since 1970.
func ValueOf(bucket int) Micros {
	if bucket >= timeBuckets/2 {
		return Micros(bucket-timeBuckets) * timeBucket
	}
	if bucket < 0 {
		return -Micros(min(least(1-bucket)-1, math.MaxInt64))
	}
	return Micros(min(least(bucket), math.MaxInt64))
}

func magnitude(v uint64) int {
	if v < 1<<valueBits {
		return int(v)
	}
	shift := bits.Len64(v) - valueBits - 1
	return (shift+1)<<valueBits + int(v>>shift) - 1<<valueBits
}

// least is the least number of a magnitude.
func least(magnitude int) uint64 {
	if magnitude < 1<<valueBits {
		return uint64(magnitude)
	}
	shift := magnitude>>valueBits - 1
	if shift > 64-valueBits-1 {
		return math.MaxUint64
	}
	return uint64(magnitude&(1<<valueBits-1)|1<<valueBits) << shift
}
