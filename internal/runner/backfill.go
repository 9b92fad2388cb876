// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// backfills compute new versions from the retained log, in between live records. All that are under way share one reader, from the
// earliest offset that any of them wants.
type backfills struct {
	// changed is set when the fold's backfills may not be those of the last look.
	changed bool
	// wanting are those that have not caught up with the fold.
	wanting []engine.Backfill
	// waiting is set while some version has caught up and its activation is not in the log.
	waiting bool
	reader  *pump
	next    uint64 // what the reader gives next
}

// advance folds old records for a slice of time; it says whether there is more to do.
func (b *backfills) advance(ctx context.Context, l *life) (more bool, err error) {
	b.look(l)
	for began := time.Now(); len(b.wanting) > 0 && time.Since(began) < slice; {
		if ctx.Err() != nil {
			return false, nil
		}
		select {
		case read := <-b.reader.out:
			if err := b.step(ctx, l, read); err != nil {
				return false, err
			}
		default:
			return b.awaitRead(ctx, l)
		}
	}
	return len(b.wanting) > 0, nil
}

// awaitRead waits for the reader as long as nothing else is to be done.
func (b *backfills) awaitRead(ctx context.Context, l *life) (more bool, err error) {
	select {
	case read := <-b.reader.out:
		return true, b.step(ctx, l, read)
	case read := <-l.live.out:
		return true, l.step(ctx, read)
	case call := <-l.calls:
		call(l)
	case <-time.After(upkeepEvery):
	case <-ctx.Done():
	}
	return true, nil
}

// catchUp folds old records until every version that is being computed has folded all that the fold has: the next live record needs one of
// them.
func (b *backfills) catchUp(ctx context.Context, l *life) error {
	b.changed = true
	b.look(l)
	for len(b.wanting) > 0 {
		select {
		case read := <-b.reader.out:
			if err := b.step(ctx, l, read); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// look finds out who wants which records, and begins to read at the earliest.
func (b *backfills) look(l *life) {
	if !b.changed {
		return
	}
	b.changed, b.waiting, b.wanting = false, false, b.wanting[:0]
	from := l.folded.Offset() + 1
	for _, wants := range l.folded.Backfills() {
		if wants.Cursor > l.folded.Offset() {
			b.waiting = true
			continue
		}
		b.wanting = append(b.wanting, wants)
		from = min(from, wants.Cursor)
	}
	switch {
	case len(b.wanting) == 0:
		b.stop()
	case b.reader == nil || b.next != from:
		b.read(l, from)
	}
}

func (b *backfills) read(l *life, from uint64) {
	b.stop()
	b.reader, b.next = startPump(l.opts.Log, l.number, from), from
}

func (b *backfills) stop() {
	if b.reader != nil {
		b.reader.stop()
		b.reader = nil
	}
}

// step gives one old record to all that want it.
func (b *backfills) step(ctx context.Context, l *life, read read) error {
	if errors.Is(read.err, eventlog.ErrGap) {
		return b.skipGap(ctx, l)
	}
	if read.err != nil {
		return fmt.Errorf("backfill: %w", read.err)
	}
	b.next = read.offset + 1
	for i := range b.wanting {
		wants := &b.wanting[i]
		if wants.Cursor > read.offset {
			continue
		}
		if err := l.folded.StepBackfill(wants.Key, wants.Version, read.offset, &read.record); err != nil {
			return fmt.Errorf("backfill of %s at offset %d: %w", wants.Key, read.offset, err)
		}
		wants.Cursor = b.next
	}
	l.commit.folded(0)
	l.opts.Metrics.backfilled(l.number)
	if read.offset >= l.folded.Offset() {
		b.changed = true
		b.look(l)
	}
	return nil
}

// skipGap reads on from the oldest record that the log still has: what was purged meanwhile cannot be computed any more.
func (b *backfills) skipGap(ctx context.Context, l *life) error {
	bounds, err := l.opts.Log.Bounds(ctx, l.number)
	if err != nil {
		return fmt.Errorf("backfill: %w", err)
	}
	if bounds.First <= b.next {
		return fmt.Errorf("backfill: %w: offset %d, though the log begins at %d", eventlog.ErrGap, b.next, bounds.First)
	}
	b.read(l, bounds.First)
	return nil
}

// wantedFrom is the oldest offset that some version has not folded yet; what lies before may be forgotten.
func wantedFrom(versions []engine.Backfill) uint64 {
	from := ^uint64(0)
	for _, wants := range versions {
		from = min(from, wants.Cursor)
	}
	return from
}

// activate puts versions in force that have caught up.
func (l *life) activate(ctx context.Context) error {
	l.past.look(l)
	if !l.past.waiting {
		return nil
	}
	if err := l.catchUpClock(ctx); err != nil {
		return err
	}
	for _, b := range l.folded.Backfills() {
		if b.Cursor <= l.folded.Offset() {
			continue
		}
		r := record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: b.Key, Version: b.Version}}
		appended, err := l.append(ctx, &r)
		if err != nil || !appended {
			return err
		}
		l.logger.Info("definition computed from the log", "definition", b.Key, "version", b.Version, "offset", l.owner.last)
	}
	l.past.waiting = false // the records that say so will change it again
	return nil
}
