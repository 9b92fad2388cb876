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
)

// ticks is what the owner knows of the partition's clock.
type ticks struct {
	// unticked is set when events were folded since the last tick.
	unticked bool
	// last is when the owner last appended a tick, and folded when that or an earlier one was folded.
	last, folded time.Time
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

// tickIfDue appends a tick when one is due at the wall clock's time. While that is not believed there is none.
func (l *life) tickIfDue(ctx context.Context) error {
	now, err := l.clock.now()
	if err != nil {
		return nil
	}
	nextDue, err := l.folded.NextDue()
	if err != nil || !l.ticks.due(now, l.folded.Clock(), nextDue) {
		return err
	}
	appended, err := l.append(ctx, &record.Record{Kind: record.Tick, Tick: now})
	if appended {
		l.ticks = ticks{last: time.Now(), overdue: nextDue != 0 && nextDue <= now}
	}
	return err
}

// tickOn appends further ticks while much is due at once.
func (l *life) tickOn(ctx context.Context) error {
	if !l.ticks.overdue || !l.caughtUp() || time.Since(l.ticks.folded) < tickWhileOverdue {
		return nil
	}
	l.ticks.overdue = false // unless it turns out that it is
	return l.tickIfDue(ctx)
}
