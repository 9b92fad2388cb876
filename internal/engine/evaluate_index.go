// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"sort"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// The rows of an index: one for each stage, one for each exclusion, one for what breaks a Strict attempt, one for what carries the
// value of the unit at hand, and one for what may start an attempt where only members may and any stage does.
const (
	breakRow = definition.MaxStages + definition.MaxExclusions
	ownRow   = breakRow + 1
	startRow = ownRow + 1
	rowCount = startRow + 1
	// breakBit, ownBit and startBit are those rows in a set of rows, whose bits are otherwise those of the marks.
	breakBit uint32 = 1 << breakRow
	ownBit   uint32 = 1 << ownRow
	startBit uint32 = 1 << startRow
)

// index is the events of one unit that may change an attempt, in their order, and answers where the next of a kind is.
type index struct {
	times []event.Time
	// marks are those of stages, exclusions and breaks, the latter as breakBit, ownBit and startBit.
	marks []uint32
	// positions are where the events are among the contact's moments.
	positions []int32
	// rows[r] has bit j set when event j is of row r; used are the rows that the plan needs.
	rows [rowCount][]uint64
	used uint32
	// tied is set when events share a time. Then groups[j] is the run of events of event j's time.
	tied   bool
	groups []group
}

// fill takes in the moments from a position on that have one of the marks used and are a unit's members; nil when all are.
func (x *index) fill(moments []moment, marks []uint32, from int, used uint32, members *correlation) {
	x.times, x.marks, x.positions, x.tied, x.used = x.times[:0], x.marks[:0], x.positions[:0], false, used
	wanted := used &^ (breakBit | ownBit | startBit)
	if used&breakBit != 0 {
		wanted |= breakMark
	}
	for i, m := range marks {
		if m &= wanted; m == 0 || members != nil && !members.has(from+i) {
			continue
		}
		if m&breakMark != 0 {
			m = m&^breakMark | breakBit
		}
		if used&ownBit != 0 && members.carries(int32(from+i)) {
			m |= ownBit
		}
		n := len(x.times)
		t := moments[from+i].time
		x.tied = x.tied || n > 0 && x.times[n-1] == t
		x.times = append(x.times, t)
		x.marks = append(x.marks, m)
		x.positions = append(x.positions, int32(from+i))
	}
	if used&startBit != 0 { // rare, so that it costs others nothing
		for j, at := range x.positions {
			if marks[int(at)-from]&startMark != 0 {
				x.marks[j] |= startBit
			}
		}
	}
	words := (len(x.times) + 63) / 64
	for left := used; left != 0; left &= left - 1 {
		row := bits.TrailingZeros32(left)
		x.rows[row] = zeroed(x.rows[row], words)
	}
	for j, left := range x.marks {
		for ; left != 0; left &= left - 1 {
			x.rows[bits.TrailingZeros32(left)][j/64] |= 1 << (j % 64)
		}
	}
	if x.tied {
		x.group()
	}
}

// next gives the first event of a row at or after from, or -1.
func (x *index) next(row, from int) int {
	words := x.rows[row]
	w := int(uint(from) / 64)
	if w >= len(words) {
		return -1
	}
	word := words[w] &^ (1<<(from%64) - 1)
	for word == 0 {
		if w++; w == len(words) {
			return -1
		}
		word = words[w]
	}
	return w*64 + bits.TrailingZeros64(word)
}

// last gives the last event of a row from one on and before another, or -1.
func (x *index) last(row, from, before int) int {
	words := x.rows[row]
	for w := (before - 1) / 64; before > from && w >= from/64; w-- {
		word := words[w]
		if rest := before - w*64; rest < 64 {
			word &= 1<<rest - 1
		}
		if word != 0 {
			if j := w*64 + bits.Len64(word) - 1; j >= from {
				return j
			}
			return -1
		}
	}
	return -1
}

// since gives the first event at or after a time.
func (x *index) since(t event.Time) int {
	return sort.Search(len(x.times), func(j int) bool { return x.times[j] >= t })
}

// lookahead remembers where the next events of rows are while a walk goes on: it only ever looks forward.
type lookahead struct {
	known uint32
	at    [rowCount]int32
}

// next gives the first event at or after from that is of one of the rows, or -1.
func (l *lookahead) next(x *index, rows uint32, from int) int {
	first := len(x.times)
	for left := rows & x.used; left != 0; left &= left - 1 {
		row := bits.TrailingZeros32(left)
		if l.known&(1<<row) == 0 || int(l.at[row]) < from {
			l.known |= 1 << row
			if l.at[row] = int32(len(x.times)); from < len(x.times) {
				if j := x.next(row, from); j >= 0 {
					l.at[row] = int32(j)
				}
			}
		}
		first = min(first, int(l.at[row]))
	}
	if first == len(x.times) {
		return -1
	}
	return first
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// earlier gives the earlier of two instants of which 0 is never.
func earlier(a, b event.Time) event.Time {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
