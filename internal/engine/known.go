// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

const (
	// knownPage is how many identities a stored page holds.
	knownPage = 64
	// knownIndexed is from how many identities on they are found through an index.
	knownIndexed = 48
	// placeBits is how much of a place is the index within its record.
	placeBits = 20
)

// place is where an event lies in the log: its record's offset, and its index within that record.
type place uint64

func placeOf(offset uint64, index int) (place, error) {
	if offset >= 1<<(64-placeBits) || index >= 1<<placeBits {
		return 0, fmt.Errorf("event %d of record %d lies beyond what places can name", index, offset)
	}
	return place(offset<<placeBits | uint64(index)), nil
}

// known is the identities of a contact's events in the order of the log, each with the place where it came first. It is shared
// by all definitions, also by one that is computed from the log later: an event counts only at its first place.
//
// They lie in pages of knownPage each, numbered from the contact's first; the last is not full. The oldest pages are forgotten together
// with the contact's history.
type known struct {
	// entries are those that are in memory: all but the forgotten and the missing.
	entries []identified
	// index leads from a hash to its position once there are many.
	index map[uint64]int32
	// forgotten is how many pages are, stored how many pages, with those, were full at the last commit, and doomed are the numbers of those
	// that the store still has though they are forgotten.
	forgotten, stored int
	doomed            []int
	// missing is how many identities of stored pages were not read yet.
	missing int
	// days has for each page that is not forgotten the day on which the last identity of it came; one alone lies in onlyDay.
	days    []int64
	onlyDay [1]int64
}

// identified is one identity, by its hash, and where it came first.
type identified struct {
	hash uint64
	at   place
}

// count is how many identities there ever were, counting forgotten pages as full.
func (k *known) count() int { return k.forgotten*knownPage + k.missing + len(k.entries) }

// first gives where the identity came first, noting the place and the day when it is new.
func (k *known) first(hash uint64, at place, day int64) (place, bool) {
	if p, found := k.find(hash); found {
		return p, false
	}
	if k.index != nil {
		k.index[hash] = int32(len(k.entries))
	}
	if len(k.entries) == cap(k.entries) {
		k.entries = slices.Grow(k.entries, max(4, len(k.entries)/2))
	}
	if page := k.count()/knownPage - k.forgotten; page == len(k.days) {
		if k.days == nil {
			k.days = k.onlyDay[:0]
		}
		k.days = append(k.days, day)
	} else {
		k.days[page] = max(k.days[page], day)
	}
	k.entries = append(k.entries, identified{hash, at})
	return at, true
}

// oldest gives the day by which the first page is forgotten; none when there is no page.
func (k *known) oldest() int64 {
	if len(k.days) == 0 {
		return math.MinInt64
	}
	return k.days[0]
}

// forget lets go of pages of which all came before a day, from the oldest up to the first that is to be kept.
func (k *known) forget(before int64) (forgot bool) {
	for len(k.days) > 0 && k.days[0] < before {
		if k.forgotten < k.stored {
			k.doomed = append(k.doomed, k.forgotten)
		}
		if k.missing > 0 {
			k.missing -= knownPage
		} else {
			k.entries = k.entries[min(knownPage, len(k.entries)):]
			k.index = nil
		}
		k.days = k.days[1:]
		k.forgotten++
		forgot = true
	}
	if len(k.days) == 0 { // like one that never was
		k.forgotten, k.stored = 0, 0
	}
	return forgot
}

// find gives where the identity came first.
func (k *known) find(hash uint64) (place, bool) {
	if len(k.entries) < knownIndexed {
		for i := range k.entries {
			if k.entries[i].hash == hash {
				return k.entries[i].at, true
			}
		}
		return 0, false
	}
	if k.index == nil {
		k.index = make(map[uint64]int32, 2*len(k.entries))
		for i := range k.entries {
			k.index[k.entries[i].hash] = int32(i)
		}
	}
	i, found := k.index[hash]
	if !found {
		return 0, false
	}
	return k.entries[i].at, true
}

// identityHash is a 64-bit hash of an event's (source, id). It is part of the stored form and never changes. It only has to tell one
// contact's events apart. What was forwarded has an identity for each origin, and so has what tells who is who beside the event that
// it comes from.
func identityHash(e *event.Event, buffer []byte) (hash uint64, grown []byte) {
	buffer = buffer[:0]
	if concernsPersons(e) {
		buffer = binary.AppendUvarint(buffer, apart) // longer than any source
		buffer = packing.AppendText(buffer, e.Origin)
		buffer = appendBool(buffer, e.Type == event.Linked)
		buffer = appendBool(buffer, e.Type == event.Aliased)
	}
	buffer = binary.AppendUvarint(buffer, uint64(len(e.Source)))
	buffer = append(buffer, e.Source...)
	buffer = append(buffer, e.ID...)
	return xxhash.Sum64(buffer), buffer
}

// apart begins the hashed form of events that could be taken for others of the same source and id.
const apart = 1 << 40

// identity gives an event's identity as one string; see writeIdentity.
func identity(e *event.Event) string {
	var b strings.Builder
	b.Grow(identityLength(e))
	writeIdentity(&b, e)
	return b.String()
}

// identityLength is how long an event's identity is as a string.
func identityLength(e *event.Event) int {
	return len(e.Source) + strings.Count(e.Source, "\x00") + 2 + len(e.ID) + strings.Count(e.ID, "\x00")
}

// writeIdentity writes an event's (source, id) so that it sorts as the pair does: zero bytes are escaped, and the source ends with a
// lesser escape.
func writeIdentity(b *strings.Builder, e *event.Event) {
	writeEscaped(b, e.Source)
	b.WriteString("\x00\x01")
	writeEscaped(b, e.ID)
}

func writeEscaped(b *strings.Builder, text string) {
	for zero := strings.IndexByte(text, 0); zero >= 0; zero = strings.IndexByte(text, 0) {
		b.WriteString(text[:zero])
		b.WriteString("\x00\xff")
		text = text[zero+1:]
	}
	b.WriteString(text)
}
