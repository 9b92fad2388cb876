// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/waymark-dev/waymark/internal/eventlog"
)

// purgeEvery is how often the log is looked at for what it need not keep.
const purgeEvery = time.Minute

// retainer forgets old entries of a partition.
type retainer struct {
	looked time.Time
}

func (k *retainer) untilDue() time.Duration {
	if k.looked.IsZero() {
		return upkeepEvery
	}
	return max(purgeEvery-time.Since(k.looked), upkeepEvery)
}

// purgeIfDue forgets what the workspace's retention does not ask to keep, but nothing that the durable state or a backfill still needs.
func (k *retainer) purgeIfDue(ctx context.Context, l *life) {
	if !k.looked.IsZero() && time.Since(k.looked) < purgeEvery {
		return
	}
	k.looked = time.Now()
	if _, err := l.clock.now(); err != nil {
		return // what is old is not known
	}
	if err := l.purge(ctx); err != nil {
		l.logger.Warn("the log was not purged", "error", err.Error())
	}
}

// purge waits for what is still to be forwarded or handed on, as that is read from the log; but not while the disk is nearly full, when nothing is
// forwarded and space must come from somewhere.
func (l *life) purge(ctx context.Context) error {
	if l.folded.HasForwards() && l.opts.scarce() == nil {
		return nil
	}
	bounds, err := l.opts.Log.Bounds(ctx, l.number)
	if err != nil {
		return err
	}
	l.opts.Metrics.bounds(l.number, bounds)
	before := bounds.First
	if share := l.opts.Retention.MaxBytes / uint64(l.opts.Log.Partitions()); share > 0 {
		before = max(before, beforeBySize(bounds, share))
	}
	if age := l.opts.Retention.Age; age > 0 {
		byAge, err := l.beforeByAge(ctx, bounds, l.clock.believed().UTC().Add(-age))
		if err != nil {
			return err
		}
		before = max(before, byAge)
	}
	before = min(before, l.commit.made.offset, l.commit.made.wanted, wantedFrom(l.folded.Backfills()))
	if l.opts.scarce() == nil {
		before = min(before, l.hands.from(l))
	}
	if before <= bounds.First {
		return nil
	}
	if err := l.opts.Log.Purge(ctx, l.number, before); err != nil {
		return fmt.Errorf("purge before offset %d: %w", before, err)
	}
	l.logger.Info("log purged", "first", before, "was", bounds.First, "last", bounds.Last)
	return nil
}

// beforeBySize gives the offset before which to forget so that a partition shrinks to a size, taking its entries as equally large; what
// that misses the next look corrects.
func beforeBySize(b eventlog.Bounds, size uint64) uint64 {
	entries := b.Last + 1 - b.First
	if b.Bytes <= size || entries == 0 {
		return b.First
	}
	excess := float64(b.Bytes-size) / float64(b.Bytes)
	return b.First + uint64(math.Ceil(excess*float64(entries)))
}

// beforeByAge finds the first entry that was appended at or after an instant.
func (l *life) beforeByAge(ctx context.Context, b eventlog.Bounds, since time.Time) (uint64, error) {
	low, high := b.First, b.Last+1 // all before low are older; none from high on is
	for low < high {
		middle := low + (high-low)/2
		entry, err := l.opts.Log.Get(ctx, l.number, middle)
		if err != nil {
			return 0, fmt.Errorf("read offset %d: %w", middle, err)
		}
		if entry.Appended.Before(since) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, nil
}
