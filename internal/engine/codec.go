// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// stateFormat is the version of the stored form of all that this file encodes. State of another version is refused.
const stateFormat = 1

// ErrCorruptState is wrapped when stored state cannot be read. It is rebuilt from the log by starting from an empty store.
var ErrCorruptState = errors.New("corrupt state")

// reader takes apart what was encoded. After the first thing that is not there it gives zeros, and says so in the end.
type reader struct {
	left []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.left)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.left = r.left[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.left)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.left = r.left[n:]
	return v
}

func (r *reader) time() event.Time { return event.Time(r.varint()) }

// count reads how many things follow, each of at least size bytes.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.left)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.left) {
		r.fail()
		return nil
	}
	b := r.left[:n:n]
	r.left = r.left[n:]
	return b
}

func (r *reader) uint64() uint64 {
	b := r.bytes(8)
	if r.bad {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *reader) string() string { return string(r.bytes(r.count(1))) }
func (r *reader) bool() bool     { return r.uvarint() != 0 }
func (r *reader) fail()          { r.left, r.bad = nil, true }

// done gives an error unless all was read and nothing was missing.
func (r *reader) done(what string) error {
	if r.bad || len(r.left) > 0 {
		return fmt.Errorf("%w: %s cannot be decoded", ErrCorruptState, what)
	}
	return nil
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendMoments encodes the contact's moments from one position to another, and then for each unit what they mean to it.
func (c *contact) appendMoments(b []byte, from, to int) []byte {
	b = binary.AppendUvarint(b, uint64(to-from))
	var last moment
	for i := from; i < to; i++ {
		m := &c.moments[i]
		shared := commonPrefix(last.id, m.id)
		b = binary.AppendVarint(b, int64(m.time-last.time))
		b = binary.AppendUvarint(b, uint64(shared))
		b = appendString(b, m.id[shared:])
		b = m.appendDetails(b)
		last = *m
	}
	for _, u := range c.units {
		for _, marks := range u.marks[from:to] {
			b = binary.AppendUvarint(b, uint64(marks))
		}
	}
	return b
}

func (m *moment) appendDetails(b []byte) []byte {
	n := 0
	for d := m.details; d != nil; d = d.next {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	for d := m.details; d != nil; d = d.next {
		b = binary.AppendUvarint(b, uint64(d.slot))
		b = append(b, byte(d.kind), d.index)
		b = binary.AppendVarint(b, int64(d.amount))
		b = appendString(b, d.text)
	}
	return b
}

func (r *reader) details() (first *detail) {
	const smallest = 5 // numbers of a detail
	end := &first
	for range r.count(smallest) {
		d := &detail{slot: uint32(r.uvarint()), kind: detailKind(r.uvarint()), index: uint8(r.uvarint())}
		d.amount, d.text = aggregate.Micros(r.varint()), r.string()
		*end, end = d, &d.next
	}
	return first
}

// readMoments decodes what appendMoments encoded at the end of what the contact has.
func (c *contact) readMoments(r *reader) {
	const smallest = 4 // numbers of a moment
	n := r.count(smallest)
	c.moments = slices.Grow(c.moments, n)
	var last moment
	for range n {
		m := moment{time: last.time + r.time()}
		shared := r.uvarint()
		rest := r.bytes(r.count(1))
		if shared > uint64(len(last.id)) {
			r.fail()
			return
		}
		m.id = last.id[:shared] + string(rest)
		m.details = r.details()
		c.moments = append(c.moments, m)
		last = m
	}
	for _, u := range c.units {
		u.marks = slices.Grow(u.marks, n)
		for range n {
			marks := uint32(r.uvarint())
			if u.marks = append(u.marks, marks); marks != 0 {
				u.count++
			}
		}
	}
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// appendTo encodes the closing and those after it.
func (c *closing) appendTo(b []byte) []byte {
	n := 0
	for o := c; o != nil; o = o.next {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	for ; c != nil; c = c.next {
		b = binary.AppendVarint(b, int64(c.end))
		b = appendString(b, c.value)
	}
	return b
}

func (r *reader) closings() (first *closing) {
	const smallest = 2 // numbers of a closing
	end := &first
	for range r.count(smallest) {
		c := &closing{end: r.time(), value: r.string()}
		*end, end = c, &c.next
	}
	return first
}
