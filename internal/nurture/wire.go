// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/binary"

	"github.com/waymark-dev/waymark/internal/event"
)

// writer appends the stored form. Numbers that are mostly small are variable in length, and times are told from one nearby.
type writer struct{ b []byte }

func (w *writer) uvarint(v uint64)         { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) varint(v int64)           { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) since(t, from event.Time) { w.varint(int64(t - from)) }
func (w *writer) id(i id)                  { w.b = append(w.b, i[:]...) }
func (w *writer) hash(h uint64)            { w.b = binary.LittleEndian.AppendUint64(w.b, h) }
func (w *writer) text(s string)            { w.uvarint(uint64(len(s))); w.b = append(w.b, s...) }

// list writes how many things follow.
func (w *writer) list(n int) { w.uvarint(uint64(n)) }

// reader takes apart what was encoded. After the first thing that is not there it gives zeros.
type reader struct {
	left []byte
	bad  bool
}

func (r *reader) fail() { r.left, r.bad = nil, true }

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.left) {
		r.fail()
		return nil
	}
	b := r.left[:n:n]
	r.left = r.left[n:]
	return b
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

func (r *reader) since(from event.Time) event.Time { return from + event.Time(r.varint()) }

func (r *reader) hash() uint64 {
	b := r.bytes(8)
	if r.bad {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *reader) id() (i id) {
	copy(i[:], r.bytes(len(i)))
	return i
}

// list reads how many things follow, each of at least size bytes.
func (r *reader) list(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.left)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string { return string(r.bytes(r.list(1))) }
