// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// handAtOnce is how many events are collected at most before they are appended to other partitions, handLinger for how long at most.
	handAtOnce = 2000
	handLinger = 200 * time.Millisecond
	// noteEvery is after how many records it is noted that nothing in them was to be handed on, so that they are not read again.
	noteEvery = 10_000
)

// handing copies events to the entities that they tell of, in whatever partition those are, for each unit that a definition counts by. It
// first reads what the log has, in between live records, and then takes each record as it was folded. What was appended elsewhere and not yet
// noted here when a runner dies is appended again; the receiver knows it.
type handing struct {
	// changed is set when the units may not be those of the last look.
	changed bool
	tails   []*tail
	// tryAfter is when to try again after it failed.
	tryAfter time.Time
}

// tail is how far this partition was handed on for one unit.
type tail struct {
	unit string
	// next is the offset of the record that is read next, and noted of the last that the log knows to be handed on. No definition is complete
	// before target is.
	next, noted, target uint64
	// parcels are copies of records from pending on, of which the first were collected at since.
	parcels *parcels
	pending uint64
	since   time.Time
	// reader reads records that were folded before; nil while the tail follows the fold.
	reader *pump
}

// look finds out which units there are. What is noted in the log is known once all of it is folded.
func (h *handing) look(l *life) {
	if !h.changed || !l.caughtUp() {
		return
	}
	h.changed = false
	before := h.tails
	h.tails = nil
	for _, owed := range l.folded.Handings() {
		at := slices.IndexFunc(before, func(t *tail) bool { return t.unit == owed.Unit })
		if at < 0 {
			h.tails = append(h.tails, &tail{unit: owed.Unit, next: owed.Through + 1, noted: owed.Through, target: owed.Target, parcels: newParcels(l)})
			continue
		}
		before[at].target = owed.Target
		h.tails = append(h.tails, before[at])
		before = slices.Delete(before, at, at+1)
	}
	for _, t := range before {
		t.stop()
	}
}

func (h *handing) stop() {
	for _, t := range h.tails {
		t.stop()
	}
}

// follow takes a record that was just folded along.
func (h *handing) follow(l *life, read *read) error {
	for _, t := range h.tails {
		if t.reader == nil && t.next == read.offset && !t.isFull() {
			if err := t.take(l, read); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance hands on for a slice of time; it says whether there is more to do at once.
func (h *handing) advance(ctx context.Context, l *life) (more bool, err error) {
	h.look(l)
	for _, t := range h.tails {
		read, err := t.advance(ctx, l)
		if err == nil && t.isDue() {
			err = h.send(ctx, l, t)
		}
		if err != nil {
			return false, err
		}
		more = more || read
	}
	return more, nil
}

// send appends what a tail has collected, and notes it in the log.
func (h *handing) send(ctx context.Context, l *life, t *tail) error {
	if time.Now().Before(h.tryAfter) || !l.mayAppend() {
		return nil
	}
	if err := t.parcels.send(ctx); err != nil {
		return h.failed(l, err)
	}
	through := t.next - 1
	r := record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: t.unit, Through: through}}
	appended, err := l.append(ctx, &r)
	if appended {
		l.opts.Metrics.handedOn(l.number, t.parcels.events)
		t.noted, t.parcels, t.pending = through, newParcels(l), 0
	}
	return err
}

// failed puts the rest off. What the log refuses now it takes later.
func (h *handing) failed(l *life, err error) error {
	if errors.Is(err, eventlog.ErrClosed) {
		return err
	}
	h.tryAfter = time.Now().Add(retryAppend)
	l.logger.Warn("events were not handed on to other partitions", "error", err.Error())
	return nil
}

// waits says whether something is to be done soon.
func (h *handing) waits(l *life) bool {
	return h.changed || slices.ContainsFunc(h.tails, func(t *tail) bool { return t.pending > 0 || t.isBehind(l) })
}

// read is where the next record comes from that somebody is behind with; nil when nobody is.
func (h *handing) read(l *life) (t *tail, out <-chan read) {
	for _, t := range h.tails {
		if t.reader != nil && t.isBehind(l) && !t.isFull() {
			return t, t.reader.out
		}
	}
	return nil, nil
}

// from is the oldest offset whose events may not lie where they are handed on to; what lies before may be forgotten.
func (h *handing) from(l *life) uint64 {
	from := ^uint64(0)
	if h.changed {
		for _, owed := range l.folded.Handings() {
			from = min(from, owed.Through+1)
		}
	}
	for _, t := range h.tails {
		from = min(from, t.from())
	}
	return from
}

// behind is how many folded records are not handed on.
func (h *handing) behind(l *life) uint64 {
	if next := l.folded.Offset() + 1; h.from(l) < next {
		return next - h.from(l)
	}
	return 0
}

func (t *tail) from() uint64 {
	if t.pending > 0 {
		return t.pending
	}
	return t.next
}

func (t *tail) isBehind(l *life) bool { return t.next <= l.folded.Offset() }

func (t *tail) isFull() bool { return t.parcels.events >= handAtOnce }

// isDue says whether to append what was collected, or to note that there was nothing.
func (t *tail) isDue() bool {
	through := t.next - 1
	switch {
	case t.pending > 0:
		return t.isFull() || time.Since(t.since) >= handLinger
	case t.noted < t.target:
		return through >= t.target
	}
	return through-t.noted >= noteEvery
}

func (t *tail) stop() {
	if t.reader != nil {
		t.reader.stop()
		t.reader = nil
	}
}

// advance reads what was folded before, for a slice of time; it says whether it read anything.
func (t *tail) advance(ctx context.Context, l *life) (took bool, err error) {
	for began := time.Now(); t.isBehind(l) && !t.isFull() && time.Since(began) < slice; took = true {
		if t.reader == nil {
			t.reader = startPump(l.opts.Log, l.number, t.next)
		}
		select {
		case read := <-t.reader.out:
			if err := t.takeOld(ctx, l, &read); err != nil {
				return false, err
			}
		default:
			return took, nil
		}
	}
	if !t.isBehind(l) {
		t.stop()
	}
	return took, nil
}

// takeOld takes a record along that was read again. What the log no longer has is passed over.
func (t *tail) takeOld(ctx context.Context, l *life, read *read) error {
	if !errors.Is(read.err, eventlog.ErrGap) {
		if read.err != nil {
			return fmt.Errorf("hand on: %w", read.err)
		}
		return t.take(l, read)
	}
	bounds, err := l.opts.Log.Bounds(ctx, l.number)
	if err != nil {
		return fmt.Errorf("hand on: %w", err)
	}
	if bounds.First <= t.next {
		return fmt.Errorf("hand on: %w: offset %d, though the log begins at %d", eventlog.ErrGap, t.next, bounds.First)
	}
	t.stop()
	t.next = bounds.First
	return nil
}

// take collects the copies of a record's events.
func (t *tail) take(l *life, read *read) error {
	copies, err := l.folded.HandOn(t.unit, read.offset, &read.record)
	if err != nil {
		return err
	}
	if len(copies) > 0 && t.pending == 0 {
		t.pending, t.since = read.offset, time.Now()
	}
	for i := range copies {
		t.parcels.put(&copies[i])
	}
	t.next = read.offset + 1
	return nil
}
