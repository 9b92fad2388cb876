// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package packing is how values lie in few bytes one behind the other: numbers that are mostly small as varints, and whatever varies in
// length behind its length. What is stored so, and its version, is up to who stores it; here are only the parts. They are appended with
// encoding/binary and AppendText.
package packing

import "encoding/binary"

// AppendText appends a text behind its length in bytes, and returns the longer b.
func AppendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// Reader takes apart what was packed. It never panics, whatever the bytes are: after the first thing that is not there it gives zeros, and
// Bad says so in the end.
type Reader struct {
	// Left are the bytes that were not read yet; none once Bad.
	Left []byte
	// Bad is set when something was not there.
	Bad bool
}

// Read begins to read b, whose memory it shares.
func Read(b []byte) Reader { return Reader{Left: b} }

// Fail gives up, as when what was read cannot be meant.
func (r *Reader) Fail() { r.Left, r.Bad = nil, true }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.Left) == 0 {
		r.Fail()
		return 0
	}
	b := r.Left[0]
	r.Left = r.Left[1:]
	return b
}

// Uvarint reads what binary.AppendUvarint wrote.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Left)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Left = r.Left[n:]
	return v
}

// Varint reads what binary.AppendVarint wrote.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Left)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Left = r.Left[n:]
	return v
}

// Uint64 reads what binary.LittleEndian.AppendUint64 wrote.
func (r *Reader) Uint64() uint64 {
	b := r.Bytes(8)
	if r.Bad {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// Count reads, as a uvarint, how many things follow, each of at least size bytes. It is never more than can follow, so that no bytes can
// make their reader ask for more memory than they are worth.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.Left)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Bytes reads n bytes. They share the memory of what is read, and cannot be appended to within it.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.Left) {
		r.Fail()
		return nil
	}
	b := r.Left[:n:n]
	r.Left = r.Left[n:]
	return b
}

// Sized reads bytes behind their length, such as AppendText wrote, as Bytes does.
func (r *Reader) Sized() []byte {
	n := r.Uvarint()
	if n > uint64(len(r.Left)) {
		r.Fail()
		return nil
	}
	b := r.Left[:n:n]
	r.Left = r.Left[n:]
	return b
}

// Text reads a copy of what AppendText wrote.
func (r *Reader) Text() string { return string(r.Sized()) }
