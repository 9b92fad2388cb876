// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package packing

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// values are one of each.
type values struct {
	Byte    byte
	Uvarint uint64
	Varint  int64
	Uint64  uint64
	Text    string
	List    []int64
}

func (v *values) pack() []byte {
	b := append([]byte(nil), v.Byte)
	b = binary.AppendUvarint(b, v.Uvarint)
	b = binary.AppendVarint(b, v.Varint)
	b = binary.LittleEndian.AppendUint64(b, v.Uint64)
	b = AppendText(b, v.Text)
	b = binary.AppendUvarint(b, uint64(len(v.List)))
	for _, n := range v.List {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func read(r *Reader) (v values) {
	v = values{Byte: r.Byte(), Uvarint: r.Uvarint(), Varint: r.Varint(), Uint64: r.Uint64(), Text: r.Text()}
	for range r.Count(1) {
		v.List = append(v.List, r.Varint())
	}
	return v
}

func draw(t *rapid.T) values {
	v := values{
		Byte: rapid.Byte().Draw(t, "byte"), Uvarint: rapid.Uint64().Draw(t, "uvarint"), Varint: rapid.Int64().Draw(t, "varint"),
		Uint64: rapid.Uint64().Draw(t, "uint64"), Text: rapid.String().Draw(t, "text"),
	}
	if list := rapid.SliceOf(rapid.Int64()).Draw(t, "list"); len(list) > 0 {
		v.List = list
	}
	return v
}

func TestWhatIsPackedIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		r := Read(want.pack())
		if diff := cmp.Diff(want, read(&r)); diff != "" || r.Bad || len(r.Left) > 0 {
			t.Fatalf("bad: %v, %d bytes left (-want +got):\n%s", r.Bad, len(r.Left), diff)
		}
	})
}

func TestWhatIsCutShortIsBad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		whole := v.pack()
		r := Read(whole[:rapid.IntRange(0, len(whole)-1).Draw(t, "length")])
		read(&r)
		if !r.Bad || len(r.Left) > 0 {
			t.Fatalf("bad: %v, %d bytes left", r.Bad, len(r.Left))
		}
		if after := read(&r); !cmp.Equal(after, values{}) {
			t.Fatalf("after what is not there come %+v, want zeros", after)
		}
	})
}

func TestACountIsNeverMoreThanCanFollow(t *testing.T) {
	r := Read(append(binary.AppendUvarint(nil, 3), make([]byte, 11)...))
	if n := r.Count(4); n != 0 || !r.Bad {
		t.Errorf("three things of 4 bytes are counted as %d in 11 bytes", n)
	}
	r = Read([]byte("abc"))
	if b := r.Bytes(-1); b != nil || !r.Bad {
		t.Errorf("less than nothing is read as %v", b)
	}
}
