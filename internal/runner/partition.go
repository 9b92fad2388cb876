// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/sender"
	"github.com/waymark-dev/waymark/internal/state"
)

const (
	// firstRetry and lastRetry bound the pause before a partition that failed is opened again.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
	// retryAfterGap is the pause before a partition is opened again that another runner took, or whose state does not fit its log: people
	// have to change that.
	retryAfterGap = 15 * time.Second
)

// partition is one partition that this runner owns. It lives through as many lives as failures need.
type partition struct {
	number int
	opts   *Options
	clock  *watchedClock
	logger *slog.Logger
	// desk is the sender's, which outlives lives; nil sends nothing.
	desk *sender.Desk

	// calls are what others want done to the life, in its goroutine.
	calls chan func(*life)
	// fault is what keeps the partition from running; nil while it runs.
	fault atomic.Pointer[fault]
}

// fault is a state in which a partition does not run.
type fault struct {
	reason string // a PascalCase word
	err    error
	// stopsIngest is set when what is appended now might be lost or make things worse.
	stopsIngest bool
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// RetryAfter is how long a sender waits.
func (f *fault) RetryAfter() time.Duration { return retryAfterGap }

func newPartition(number int, opts *Options, clock *watchedClock, desk *sender.Desk) *partition {
	p := &partition{
		number: number, opts: opts, clock: clock, desk: desk,
		logger: opts.Logger.With("partition", number),
		calls:  make(chan func(*life)),
	}
	p.fault.Store(&fault{reason: ReasonStarting, err: fmt.Errorf("partition %d is being opened", number), stopsIngest: true})
	return p
}

// run lives until the context ends.
func (p *partition) run(ctx context.Context) {
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		began := time.Now()
		err := p.live(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastRetry {
			retry = firstRetry
		}
		pause := retry
		failed := faultOf(p.number, err)
		switch {
		case failed.stopsIngest, failed.reason == ReasonFenced:
			pause = retryAfterGap
		case errors.Is(err, eventlog.ErrFull), errors.Is(err, eventlog.ErrUnavailable):
			pause = min(pause, retryAppend) // it passes by itself
		}
		p.fault.Store(failed)
		p.logger.Error("partition stopped; it is opened again", "reason", failed.reason, "error", err.Error(), "pause", pause.String())
		if !p.idle(ctx, pause) {
			return
		}
	}
}

// faultOf gives a failure the word that the operator shows.
func faultOf(number int, err error) *fault {
	if f, is := errors.AsType[*fault](err); is {
		return f
	}
	reason := ReasonFoldFailed
	switch {
	case errors.Is(err, engine.ErrCorruptState), errors.Is(err, state.ErrCorrupt):
		reason = ReasonStateCorrupt
	case errors.Is(err, engine.ErrIncompatible):
		reason = ReasonIncompatible
	case errors.Is(err, eventlog.ErrFenced):
		reason = ReasonFenced
	case errors.Is(err, eventlog.ErrFull):
		reason = ReasonStorageFull
	case errors.Is(err, eventlog.ErrUnavailable):
		reason = ReasonLogUnavailable
	}
	return &fault{reason: reason, err: fmt.Errorf("partition %d: %w", number, err)}
}

// idle answers calls without a life for a while; false when the context ended.
func (p *partition) idle(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case call := <-p.calls:
			call(nil)
		}
	}
}

// live opens the partition and folds until something fails or the context ends.
func (p *partition) live(ctx context.Context) (err error) {
	l, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close(err)) }()
	p.fault.Store(nil)
	return l.fold(ctx)
}

// do runs a call in the partition's goroutine, with nil while the partition has no life, and waits until it says that it is done.
func (p *partition) do(ctx context.Context, call func(l *life, done func(error))) error {
	result := make(chan error, 1)
	done := func(err error) { result <- err }
	select {
	case p.calls <- func(l *life) { call(l, done) }:
	case <-ctx.Done():
		return fmt.Errorf("%w: partition %d is busy: %w", control.ErrUnavailable, p.number, ctx.Err())
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: partition %d: %w", control.ErrUnavailable, p.number, ctx.Err())
	}
}

// unavailable is the answer of a partition without a life.
func (p *partition) unavailable() error {
	if f := p.fault.Load(); f != nil {
		return fmt.Errorf("%w: %s: %w", control.ErrUnavailable, f.reason, f)
	}
	return fmt.Errorf("%w: partition %d is being opened", control.ErrUnavailable, p.number)
}
