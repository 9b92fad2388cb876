// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/binary"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// writer appends the stored form. Numbers that are mostly small are variable in length, and times are told from one nearby.
type writer struct{ b []byte }

func (w *writer) uvarint(v uint64)         { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) varint(v int64)           { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) since(t, from event.Time) { w.varint(int64(t - from)) }
func (w *writer) id(i id)                  { w.b = append(w.b, i[:]...) }
func (w *writer) hash(h uint64)            { w.b = binary.LittleEndian.AppendUint64(w.b, h) }
func (w *writer) text(s string)            { w.b = packing.AppendText(w.b, s) }

// list writes how many things follow.
func (w *writer) list(n int) { w.uvarint(uint64(n)) }

// reader takes apart what was encoded.
type reader struct{ packing.Reader }

func (r *reader) since(from event.Time) event.Time { return from + event.Time(r.Varint()) }

func (r *reader) id() (i id) {
	copy(i[:], r.Bytes(len(i)))
	return i
}
