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

// ownership is the right to append the partition's own records.
type ownership struct {
	eventlog.Owner
	// last is the offset of the owner's last record that it knows of but for claims; see caughtUp.
	last uint64
	// lost is set when the outcome of an append is not known; the partition is then taken over again.
	lost bool
	// tryAfter is when to try again after an append failed.
	tryAfter time.Time
}

// retryAppend is the pause after the log refused a record of the owner's.
const retryAppend = time.Second

// append adds a record of the owner's. It gives false, and no error, when the log cannot take it now. It waits for the log's answer even when
// the context ends, for the owner must know its last record; the log bounds that wait.
func (l *life) append(ctx context.Context, r *record.Record) (appended bool, err error) {
	if !l.mayAppend() {
		return false, nil
	}
	offset, err := l.owner.Append(context.WithoutCancel(ctx), r)
	if err == nil {
		l.owner.last = offset
		return true, nil
	}
	return false, l.appendFailed(err)
}

// appended is what became of a record of the owner's.
type appended struct {
	offset uint64
	err    error
}

// appendAhead appends a record of the owner's while the fold goes on.
func (l *life) appendAhead(ctx context.Context, r *record.Record) <-chan appended {
	answer, owner := make(chan appended, 1), l.owner.Owner
	go func() {
		offset, err := owner.Append(context.WithoutCancel(ctx), r)
		answer <- appended{offset, err}
	}()
	return answer
}

// awaitAppends waits until it is known what became of all that is being appended.
func (l *life) awaitAppends() error {
	var ticked, claimed error
	if l.ticking != nil {
		ticked = l.tickAnswered(<-l.ticking)
	}
	if l.claiming.note != nil {
		claimed = l.answered(<-l.claiming.answer)
	}
	return errors.Join(ticked, claimed)
}

// mayAppend says whether the owner's records can be appended now.
func (l *life) mayAppend() bool {
	return !l.owner.lost && !time.Now().Before(l.owner.tryAfter) && l.opts.scarce() == nil
}

// appendFailed gives the error if the life must end by it.
func (l *life) appendFailed(err error) error {
	if errors.Is(err, eventlog.ErrFenced) || errors.Is(err, eventlog.ErrClosed) {
		return err
	}
	l.owner.lost = !errors.Is(err, eventlog.ErrTooLarge)
	l.owner.tryAfter = time.Now().Add(retryAppend)
	l.logger.Warn("the owner's record was not appended", "error", err.Error())
	return nil
}

// ownAgain takes the partition over again after an append whose outcome is not known.
func (l *life) ownAgain(ctx context.Context) error {
	if !l.owner.lost || time.Now().Before(l.owner.tryAfter) || l.opts.scarce() != nil {
		return nil
	}
	if err := l.takeOver(ctx); err != nil {
		return l.appendFailed(err)
	}
	return nil
}

// takeOver opens an epoch of this runner's.
func (l *life) takeOver(ctx context.Context) error {
	if err := l.awaitAppends(); err != nil {
		return err
	}
	owner, err := l.opts.Log.TakeOver(ctx, l.number, record.EpochRecord{
		Epoch: l.folded.Epoch() + 1, Engine: engine.Version, TimeZoneData: l.opts.TimeZoneData, Time: l.clock.believed(),
	})
	if err != nil {
		return fmt.Errorf("take over: %w", err)
	}
	l.owner = ownership{Owner: owner, last: owner.Opened()}
	l.desk.Opened(owner.Opened())
	return nil
}
