// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"maps"
	"slices"
)

func (t *memberTally) append(b []byte) []byte {
	for _, n := range []int64{t.size, t.entered, t.left} {
		b = binary.AppendVarint(b, n)
	}
	for _, counts := range t.values {
		b = binary.AppendUvarint(b, uint64(len(counts)))
		for _, bucket := range slices.Sorted(maps.Keys(counts)) {
			b = binary.AppendVarint(b, int64(bucket))
			b = binary.AppendVarint(b, counts[bucket])
		}
	}
	return b
}

func (r *reader) memberTally(t *memberTally) {
	t.size, t.entered, t.left = r.Varint(), r.Varint(), r.Varint()
	for _, counts := range t.values {
		const smallest = 2 // numbers of a bucket
		for range r.Count(smallest) {
			counts[int32(r.Varint())] = r.Varint()
		}
	}
}
