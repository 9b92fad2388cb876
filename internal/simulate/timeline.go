// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// timeline holds the events of one partition in memory until all are known, and then gives them in the order of their times. An
// event takes its encoded length and 24 bytes.
type timeline struct {
	blocks  [][]byte
	events  []position
	encoded []byte // of the event that is being added
}

// position is where an event lies.
type position struct {
	time   event.Time
	block  uint32
	offset uint32
	size   uint32
}

// blockBytes is the size of a block. Blocks never move, so that no time is lost and no memory taken twice by growing.
const blockBytes = 1 << 20

// chunkEvents and chunkBytes bound the chunks that events are folded in, as ingest bounds them.
const (
	chunkEvents = 1000
	chunkBytes  = 512 << 10
)

func (l *timeline) add(e *event.Event) {
	l.encoded = event.Append(l.encoded[:0], e)
	last := len(l.blocks) - 1
	if last < 0 || cap(l.blocks[last])-len(l.blocks[last]) < len(l.encoded) {
		l.blocks = append(l.blocks, make([]byte, 0, max(blockBytes, len(l.encoded))))
		last++
	}
	l.events = append(l.events, position{e.Time, uint32(last), uint32(len(l.blocks[last])), uint32(len(l.encoded))})
	l.blocks[last] = append(l.blocks[last], l.encoded...)
}

// sort brings the events into the order of their times.
func (l *timeline) sort() {
	byTime := func(a, b position) int { return cmp.Compare(a.time, b.time) }
	if !slices.IsSortedFunc(l.events, byTime) {
		slices.SortStableFunc(l.events, byTime)
	}
}

// at gives an event as it is encoded.
func (l *timeline) at(i int) []byte {
	p := &l.events[i]
	return l.blocks[p.block][p.offset : p.offset+p.size : p.offset+p.size]
}

// cursor goes through a timeline event by event, in the order of their times.
type cursor struct {
	timeline *timeline
	next     int
}

func (l *timeline) cursor() *cursor {
	l.sort()
	return &cursor{timeline: l}
}

// Next implements virtual.Events.
func (c *cursor) Next() (encoded []byte, at event.Time, more bool) {
	if c.next == len(c.timeline.events) {
		return nil, 0, false
	}
	c.next++
	return c.timeline.at(c.next - 1), c.timeline.events[c.next-1].time, true
}

// chunks gives the events in the order of their times, those of equal times in the order in which they came. A chunk holds until
// the next one.
func (l *timeline) chunks(use func(chunk []byte, events int) error) error {
	l.sort()
	var chunk []byte
	events := 0
	for i := range l.events {
		chunk = append(chunk, l.at(i)...)
		events++
		if events < chunkEvents && len(chunk) < chunkBytes && i < len(l.events)-1 {
			continue
		}
		if err := use(chunk, events); err != nil {
			return err
		}
		chunk, events = chunk[:0], 0
	}
	return nil
}
