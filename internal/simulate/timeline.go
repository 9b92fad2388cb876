// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// timeline holds the events of one partition in memory until all are known, and then gives them in the order of their times. An
// event takes its encoded length and 16 bytes.
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
	l.events = append(l.events, position{e.Time, uint32(last), uint32(len(l.blocks[last]))})
	l.blocks[last] = append(l.blocks[last], l.encoded...)
}

// chunks gives the events in the order of their times, those of equal times in the order in which they came. A chunk holds until
// the next one.
func (l *timeline) chunks(use func(chunk []byte, events int) error) error {
	byTime := func(a, b position) int { return cmp.Compare(a.time, b.time) }
	if !slices.IsSortedFunc(l.events, byTime) {
		slices.SortStableFunc(l.events, byTime)
	}
	var chunk []byte
	events := 0
	for i, p := range l.events {
		stored := l.blocks[p.block][p.offset:]
		var e event.Event
		rest, err := event.Next(stored, &e)
		if err != nil {
			return fmt.Errorf("take an event out of the timeline: %w", err)
		}
		chunk = append(chunk, stored[:len(stored)-len(rest)]...)
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
