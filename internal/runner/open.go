// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
)

// open brings a partition's state and log together, and takes the partition over.
func (p *partition) open(ctx context.Context) (l *life, err error) {
	if err := p.opts.scarce(); err != nil {
		return nil, err
	}
	state, err := p.opts.OpenState(p.number)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	l = &life{partition: p, state: state, timer: time.NewTimer(longestWait)}
	defer func() {
		if err != nil {
			err = errors.Join(err, state.Close())
		}
	}()
	l.folded, err = engine.Open(engine.Options{
		Partition: p.number, Store: state, Compile: p.opts.NewCompiler(), TimeZoneData: p.opts.TimeZoneData,
		CacheBytes: p.opts.CacheBytes, Retention: p.opts.Retention.Age,
	})
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	from, err := l.checkAgainstLog(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.takeOver(ctx); err != nil {
		return nil, err
	}
	l.commit.made = durableOf(l)
	l.past.changed, l.hands.changed = true, true
	l.live = startPump(p.opts.Log, p.number, from)
	p.logger.Info("partition opened", "epoch", l.owner.Epoch(), "offset", l.folded.Offset(), "last", l.owner.last)
	return l, nil
}

// checkAgainstLog refuses to fold a log that is not the one the state was folded from, before anything is written. It gives the offset
// from which to fold; where there is no state that is the oldest that the log has.
func (l *life) checkAgainstLog(ctx context.Context) (from uint64, err error) {
	bounds, err := l.opts.Log.Bounds(ctx, l.number)
	if err != nil {
		return 0, err
	}
	offset := l.folded.Offset()
	if offset == 0 {
		l.anchor = anchor{Nonce: bounds.Nonce}
		return max(bounds.First, 1), nil
	}
	if l.anchor, err = readAnchor(l.folded.Note()); err != nil {
		return 0, fmt.Errorf("%w: %w", engine.ErrCorruptState, err)
	}
	if err := l.anchor.fits(l.number, offset, bounds); err != nil {
		return 0, err
	}
	if offset < bounds.First {
		return offset + 1, nil // the record itself was purged; the one after it is there
	}
	entry, err := l.opts.Log.Get(ctx, l.number, offset)
	if err != nil {
		return 0, fmt.Errorf("read offset %d: %w", offset, err)
	}
	if !l.anchor.covers(entry.Stored) {
		return 0, diverged(l.number, "its record %d is not the one that the state was computed from", offset)
	}
	return offset + 1, nil
}

// errBehind is wrapped by errors of a partition that has not folded its owner's last record yet.
var errBehind = errors.New("it is behind")

// errCatchingUp is the answer of a partition whose numbers are of the past.
func errCatchingUp(l *life) error {
	return fmt.Errorf("%w: partition %d folds what came before, %d of %d: %w", control.ErrUnavailable, l.number, l.folded.Offset(), l.owner.last,
		errBehind)
}
