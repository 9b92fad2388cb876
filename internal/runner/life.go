// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/waymark-dev/waymark/internal/engine"
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
	claiming    claiming
	// ticking answers what became of the tick that is being appended; nil while none is.
	ticking <-chan appended
	reports []*pendingReport
	upkept  time.Time
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

// advance folds what is there, live records and then backfills, for a slice of time each; it says whether there was anything. Before each live
// record others go first that have something short to do, like handing an answer of the log on: with more partitions than processors each of
// them would otherwise wait for a slice of the scheduler's, 10 ms, at each of its steps. Backfills make way for live records alone: what else
// they would wait for is collections and compactions, which cost them a fifth of their speed.
func (l *life) advance(ctx context.Context) (worked bool, err error) {
	for began := time.Now(); time.Since(began) < slice; worked = true {
		select {
		case read := <-l.live.out:
			runtime.Gosched()
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
	case a := <-l.ticking:
		return l.tickAnswered(a)
	case a := <-l.claiming.answer:
		return l.answered(a)
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
		l.ticks.folded, l.ticks.claimed = time.Now(), 0
	case record.Claims:
		l.ticks.claimed += len(read.record.Claims.Claims)
	case record.Apply, record.Activate, record.Remove:
		l.past.changed, l.hands.changed = true, true
	}
	l.opts.Metrics.folded(l.number, &read)
	return l.hands.follow(l, &read)
}

// caughtUp says whether all up to the owner's last record is folded; before that, the numbers are of the past.
func (l *life) caughtUp() bool { return l.ticking == nil && l.folded.Offset() >= l.owner.last }

// upkeep does what time asks for.
func (l *life) upkeep(ctx context.Context) error {
	if err := l.ticked(); err != nil {
		return err
	}
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
	err := errors.Join(l.awaitAppends(), l.commit.settle(l))
	if failed == nil && err == nil {
		err = l.commit.last(l)
	}
	return errors.Join(err, l.state.Close())
}
