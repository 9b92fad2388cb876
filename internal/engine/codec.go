// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// stateFormat is the version of the stored form of all that this file encodes. State of another version is refused.
const stateFormat = 2

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

func (r *reader) byte() byte {
	b := r.bytes(1)
	if r.bad {
		return 0
	}
	return b[0]
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

func (c *contribution) append(b []byte) []byte {
	b = append(b, byte(c.depth+1))
	if c.depth >= 0 {
		b = append(b, byte(c.status))
		b = appendBool(b, c.mature)
		b = binary.AppendUvarint(b, uint64(c.recovered))
		for _, bucket := range c.toNext {
			b = binary.AppendUvarint(b, uint64(bucket))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.values)))
	for i := range c.values {
		b = c.values[i].append(b)
	}
	return b
}

func (r *reader) contribution() contribution {
	c := contribution{depth: int8(r.uvarint()) - 1}
	if c.depth >= definition.MaxStages {
		r.fail()
		c.depth = -1
	}
	if c.depth >= 0 {
		c.status = status(r.uvarint())
		c.mature = r.bool()
		c.recovered = uint32(r.uvarint())
		c.toNext = make([]uint16, c.depth)
		for i := range c.toNext {
			c.toNext[i] = uint16(r.uvarint())
		}
	}
	n := r.count(2)
	if n > definition.MaxStages {
		r.fail()
		return contribution{depth: -1}
	}
	for range n {
		c.values = append(c.values, r.value())
	}
	return c
}

func (v *value) append(b []byte) []byte {
	b = binary.AppendVarint(b, v.events)
	if v.events == 0 && v.sum == (sum{}) {
		return b
	}
	b = binary.AppendVarint(b, v.sum.high)
	return binary.LittleEndian.AppendUint64(b, v.sum.low)
}

func (r *reader) value() (v value) {
	if v.events = r.varint(); v.events == 0 {
		return v
	}
	v.sum.high = r.varint()
	v.sum.low = r.uint64()
	return v
}

func (t *tally) append(b []byte) []byte {
	for _, n := range []int64{t.tooLate, t.clamped, t.saturated, t.errors} {
		b = binary.AppendVarint(b, n)
	}
	b = appendString(b, t.firstError.Field)
	b = appendString(b, t.firstError.Message)
	b = binary.AppendUvarint(b, uint64(t.firstError.Partition))
	b = binary.AppendUvarint(b, t.firstError.Offset)
	for i := range t.stages {
		s := &t.stages[i]
		for _, n := range s.numbers() {
			b = binary.AppendVarint(b, *n)
		}
		b = s.value.append(b)
		b = s.appendDurations(b)
	}
	return b
}

func (s *stageTally) numbers() [7]*int64 {
	return [...]*int64{&s.entered, &s.converted, &s.inProgress, &s.dropped, &s.recovered, &s.matureEntered, &s.matureConverted}
}

func (s *stageTally) appendDurations(b []byte) []byte {
	used := 0
	for _, n := range s.toNext {
		if n != 0 {
			used++
		}
	}
	b = binary.AppendUvarint(b, uint64(used))
	for bucket, n := range s.toNext {
		if n != 0 {
			b = binary.AppendUvarint(b, uint64(bucket))
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

func (r *reader) tally(stages int) tally {
	t := newTally(stages)
	for _, n := range []*int64{&t.tooLate, &t.clamped, &t.saturated, &t.errors} {
		*n = r.varint()
	}
	t.firstError = aggregate.Failure{Field: r.string(), Message: r.string(), Partition: int(r.uvarint()), Offset: r.uvarint()}
	for i := range t.stages {
		s := &t.stages[i]
		for _, n := range s.numbers() {
			*n = r.varint()
		}
		s.value = r.value()
		for range r.count(2) {
			bucket := r.uvarint()
			if bucket > math.MaxUint16 {
				r.fail()
				return t
			}
			s.addDuration(int(bucket), r.varint())
		}
	}
	return t
}
