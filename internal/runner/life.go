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

const (
	// slice is how long live records, and then backfills, are folded before the other has its turn.
	slice = 5 * time.Millisecond
	// upkeepEvery is how often ticks are considered while there is something to fold.
	upkeepEvery = 100 * time.Millisecond
	// longestWait bounds every wait, so that a wall clock that was set is noticed.
	longestWait = 30 * time.Second
)

// life is a partition from its opening until something fails. All of it runs in one goroutine.
type life struct {
	*partition
	state  State
	folded *engine.Fold
	anchor anchor // of the last record folded
	live   *pump
	timer  *time.Timer

	owner  ownership
	ticks  ticks
	commit commits
	past   backfills
	keep   retainer
	post   post
	hands  handing
	// definitions are what the log has under each key up to the owner's last record, and term the highest of an operator; nil while
	// that has to be asked of the fold.
	definitions map[string]engine.Defined
	term        uint64
	// claiming answers what became of the claims that are being appended; nil while none are.
	claiming chan claimed
	reports  []*pendingReport
	upkept   time.Time
}

// fold is the loop of a life.
func (l *life) fold(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := l.advance(ctx)
		if err == nil {
			var more bool
			more, err = l.hands.advance(ctx, l)
			worked = worked || more
		}
		if err == nil {
			err = l.send(ctx)
		}
		if err == nil {
			err = l.upkeep(ctx)
		}
		if err == nil && !worked {
			err = l.wait(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// advance folds what is there, live records and then backfills, for a slice of time each; it says whether there was anything.
func (l *life) advance(ctx context.Context) (worked bool, err error) {
	for began := time.Now(); time.Since(began) < slice; worked = true {
		select {
		case read := <-l.live.out:
			err = l.step(ctx, read)
		case call := <-l.calls:
			call(l)
		default:
			more, err := l.past.advance(ctx, l)
			return worked || more, err
		}
		if err != nil {
			return true, err
		}
	}
	_, err = l.past.advance(ctx, l)
	return true, err
}

// wait sleeps until there is something to do.
func (l *life) wait(ctx context.Context) error {
	l.timer.Reset(l.desk.Until(l.untilUpkeep()))
	behind, old := l.hands.read(l)
	select {
	case <-ctx.Done():
	case read := <-l.live.out:
		return l.step(ctx, read)
	case read := <-old:
		return behind.takeOld(ctx, l, &read)
	case call := <-l.calls:
		call(l)
	case <-l.desk.Woken():
	case <-l.timer.C:
	}
	return nil
}

// step folds one live record.
func (l *life) step(ctx context.Context, read read) error {
	if read.err != nil {
		return read.err
	}
	err := l.folded.Step(read.offset, &read.record)
	for errors.Is(err, engine.ErrBackfillBehind) {
		if err = l.past.catchUp(ctx, l); err == nil {
			err = l.folded.Step(read.offset, &read.record)
		}
	}
	if err != nil {
		return fmt.Errorf("offset %d: %w", read.offset, err)
	}
	l.anchor = l.anchor.next(read.offset, read.stored)
	l.commit.folded(len(read.stored))
	switch read.record.Kind {
	case record.Events:
		l.ticks.unticked = true
	case record.Tick:
		l.ticks.folded = time.Now()
	case record.Apply, record.Activate, record.Remove:
		l.past.changed, l.hands.changed = true, true
	}
	l.opts.Metrics.folded(l.number, &read)
	return l.hands.follow(l, &read)
}

// caughtUp says whether all up to the owner's last record is folded; before that, the numbers are of the past.
func (l *life) caughtUp() bool { return l.folded.Offset() >= l.owner.last }

// upkeep does what time asks for.
func (l *life) upkeep(ctx context.Context) error {
	if len(l.reports) > 0 {
		l.answerReports(ctx)
	}
	if time.Since(l.upkept) < upkeepEvery {
		return l.tickOn(ctx)
	}
	l.upkept = time.Now()
	if err := l.commit.ifDue(l); err != nil {
		return err
	}
	if err := l.ownAgain(ctx); err != nil || !l.caughtUp() {
		return err
	}
	if err := l.activate(ctx); err != nil {
		return err
	}
	if err := l.deliver(ctx); err != nil {
		return err
	}
	if err := l.tickIfDue(ctx); err != nil {
		return err
	}
	if l.caughtUp() { // no note of an earlier delivery is still to be folded
		if err := l.forward(ctx); err != nil {
			return err
		}
	}
	l.opts.Metrics.handing(l.number, l.hands.behind(l))
	l.keep.purgeIfDue(ctx, l)
	return nil
}

// untilUpkeep is how long nothing needs to be done if nothing comes.
func (l *life) untilUpkeep() time.Duration {
	if l.ticks.overdue {
		return tickWhileOverdue
	}
	if len(l.reports) > 0 || l.ticks.unticked || l.owner.lost || l.past.changed || l.folded.Signalling() || l.folded.HasForwards() ||
		!l.caughtUp() || l.commit.unsettled() || l.hands.waits(l) {
		return upkeepEvery
	}
	wait := min(longestWait, l.keep.untilDue())
	due, err := l.folded.NextDue()
	if err != nil {
		return upkeepEvery // which meets the same error
	}
	if due != 0 {
		now := l.clock.believed()
		wait = min(wait, max(due.UTC().Sub(now.UTC()), upkeepEvery))
	}
	return wait
}

// close ends the life. Unless the fold failed, what was folded is committed, so that the next life begins where this one ends.
func (l *life) close(failed error) error {
	l.live.stop()
	l.past.stop()
	l.hands.stop()
	for _, r := range l.reports {
		r.done(l.unavailable())
	}
	err := errors.Join(l.awaitClaims(), l.commit.settle(l))
	if failed == nil && err == nil {
		err = l.commit.last(l)
	}
	return errors.Join(err, l.state.Close())
}

// ownership is the right to append the partition's own records.
type ownership struct {
	eventlog.Owner
	// last is the offset of the owner's last record but for claims, of which several may be on their way.
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
	if err := l.awaitClaims(); err != nil {
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
