// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"maps"
	"slices"
)

// append encodes a share; there is nothing to encode of none.
func (m *memberShare) append(b []byte) []byte {
	if m == nil {
		return b
	}
	b = appendBool(b, m.member)
	b = binary.AppendVarint(b, m.entered)
	b = binary.AppendVarint(b, m.left)
	b = binary.AppendUvarint(b, uint64(len(m.buckets)))
	for _, bucket := range m.buckets {
		b = append(b, bucket.ranked)
		b = binary.AppendVarint(b, int64(bucket.bucket))
	}
	return b
}

func (r *reader) memberShare() memberShare {
	m := memberShare{member: r.bool(), entered: r.varint(), left: r.varint()}
	const smallest = 2 // bytes of a bucket
	for range r.count(smallest) {
		m.buckets = append(m.buckets, traitBucket{r.byte(), int32(r.varint())})
	}
	return m
}

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
	t.size, t.entered, t.left = r.varint(), r.varint(), r.varint()
	for _, counts := range t.values {
		const smallest = 2 // numbers of a bucket
		for range r.count(smallest) {
			counts[int32(r.varint())] = r.varint()
		}
	}
}
