// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// tickWhileBusy is how old the clock may be while events come, so that whether they are late is judged by a fresh one.
	tickWhileBusy = 10 * time.Second
	// tickWhileOverdue is the pause between two ticks while more is due than one record brings up to date. In it the events are folded that
	// have come meanwhile.
	tickWhileOverdue = 20 * time.Millisecond
	// tickShare is how much longer than a tick takes from its append until it is folded that pause is at least: on a busy machine all else
	// that is on its way keeps most of the time.
	tickShare = 3
	// tickWhilePlenty is that pause while messages leave quickly and enough are wanted: at least wantingPlenty, and claimedPlenty claimed since
	// the last tick. Whoever is rung far ahead of the messages is written down, and has to be read again when their turn comes. While messages
	// leave slowly nobody waits for them.
	tickWhilePlenty = upkeepEvery
	wantingPlenty   = 2000
	claimedPlenty   = 20
)

// ticks is what the owner knows of the partition's clock.
type ticks struct {
	// unticked is set when events were folded since the last tick.
	unticked bool
	// last is when the owner last began to append a tick, and folded when that or an earlier one was folded.
	last, folded time.Time
	// claimed counts the claims folded since the last tick was.
	claimed int
	// overdue is set when something was due by the last tick: there may be more than it brings up to date.
	overdue bool
}

// due says whether a tick is to be appended: when time changes a number, or events have come for a while. While nothing happens
// there is none.
func (t ticks) due(now, clock, nextDue event.Time) bool {
	switch {
	case now <= clock: // it would move nothing
		return false
	case nextDue != 0 && nextDue <= now:
		return true
	}
	return t.unticked && time.Since(t.last) >= tickWhileBusy
}

// tickBehind is how far the clock may be behind when a definition comes, begins to count or goes.
const tickBehind = time.Second

// catchUpClock appends a tick if the clock is behind, as it is after hours in which nothing happened. What the next record begins or ends
// then does so now and not hours ago.
func (l *life) catchUpClock(ctx context.Context) error {
	now, err := l.clock.now()
	if err != nil || now <= l.folded.Clock().Add(tickBehind) {
		return nil
	}
	_, err = l.append(ctx, &record.Record{Kind: record.Tick, Tick: now})
	return err
}

// tickIfDue begins to append a tick when one is due at the wall clock's time. While that is not believed there is none.
func (l *life) tickIfDue(ctx context.Context) error {
	if l.ticking != nil || !l.mayAppend() {
		return nil
	}
	now, err := l.clock.now()
	if err != nil {
		return nil
	}
	nextDue, err := l.folded.NextDue()
	if err != nil || !l.ticks.due(now, l.folded.Clock(), nextDue) {
		return err
	}
	l.ticks = ticks{last: time.Now(), folded: l.ticks.folded, overdue: nextDue != 0 && nextDue <= now}
	l.ticking = l.appendAhead(ctx, &record.Record{Kind: record.Tick, Tick: now})
	return nil
}

// ticked takes in what became of the tick that is being appended, if that is known.
func (l *life) ticked() error {
	select {
	case a := <-l.ticking:
		return l.tickAnswered(a)
	default:
		return nil
	}
}

// tickAnswered takes in what became of a tick.
func (l *life) tickAnswered(a appended) error {
	l.ticking = nil
	if a.err != nil {
		return l.appendFailed(a.err)
	}
	l.owner.last = max(l.owner.last, a.offset)
	return nil
}

// pause is how long after a tick was folded the next one follows while more is due, given how many messages are wanted. One comes with every
// upkeep all the same.
func (t ticks) pause(wanting int) time.Duration {
	pause := tickWhileOverdue
	if wanting >= wantingPlenty && t.claimed >= claimedPlenty {
		pause = tickWhilePlenty
	}
	return max(pause, tickShare*t.folded.Sub(t.last))
}

// tickOn appends further ticks while much is due at once.
func (l *life) tickOn(ctx context.Context) error {
	if !l.ticks.overdue || !l.caughtUp() || time.Since(l.ticks.folded) < l.ticks.pause(l.folded.Wanting()) {
		return nil
	}
	l.ticks.overdue = false // unless it turns out that it is
	return l.tickIfDue(ctx)
}
