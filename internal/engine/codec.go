// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
)

// stateFormat is the version of the stored form of all that this file encodes. State of another version is refused.
const stateFormat = 3

// ErrCorruptState is wrapped when stored state cannot be read. It is rebuilt from the log by starting from an empty store.
var ErrCorruptState = errors.New("corrupt state")

// reader takes apart what was encoded. After the first thing that is not there it gives zeros, and says so in the end.
type reader struct {
	left []byte
	bad  bool
	// texts are those that what is read shares with others.
	texts texts
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
func (r *reader) label() string  { return r.texts.one(r.bytes(r.count(1))) }
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
