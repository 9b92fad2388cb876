// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/waymark-dev/waymark/internal/event"
)

const (
	// maxJump is how far the wall clock may move against the monotonic one between two looks before it is not believed.
	maxJump = time.Minute
	// trustAfter is how long a clock that jumped must run steadily at its new time before that is believed. It is long enough for a
	// wrong setting to be put right, and short enough that a right one does not hold ingest up for long.
	trustAfter = 5 * time.Minute
	// watchEvery is how often the clock is looked at, so that slow corrections never add up to a jump.
	watchEvery = time.Second
)

// Clock is what a runner reads time from.
type Clock interface {
	// Wall is the time of day, which people and time servers set.
	Wall() time.Time
	// Monotonic is the time since some fixed instant; nothing sets it.
	Monotonic() time.Duration
}

// SystemClock is the machine's clock. Its monotonic time goes on while the machine sleeps, so that waking up is no jump.
type SystemClock struct{}

// Wall reads the time of day.
func (SystemClock) Wall() time.Time { return time.Now() }

// Monotonic reads the time since the machine started.
func (SystemClock) Monotonic() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return time.Since(started) // a kernel without that clock
	}
	return time.Duration(t.Nano())
}

var started = time.Now()

// errClockSuspect refuses events while the time of their receipt is not known.
var errClockSuspect error = &clockSuspect{}

type clockSuspect struct{}

func (*clockSuspect) Error() string             { return "the wall clock jumped and is not believed yet" }
func (*clockSuspect) RetryAfter() time.Duration { return 10 * time.Second }

// trust is what is known about the wall clock: by how much it differed from the monotonic one when it was last believed.
type trust struct {
	// ahead is wall less monotonic, as last believed.
	ahead time.Duration
	// jumped is the difference that is not believed, and since when in monotonic time; valid while suspect.
	jumped  time.Duration
	since   time.Duration
	suspect bool
}

// look judges one reading of both clocks. A small change of the difference is followed; a jump makes the clock suspect until it
// agrees again, or has run at the new difference for trustAfter.
func (t trust) look(wall time.Time, monotonic time.Duration) trust {
	ahead := time.Duration(wall.UnixNano()) - monotonic
	if (ahead - t.ahead).Abs() <= maxJump {
		return trust{ahead: ahead}
	}
	if !t.suspect || (ahead-t.jumped).Abs() > maxJump {
		return trust{ahead: t.ahead, jumped: ahead, since: monotonic, suspect: true}
	}
	if monotonic-t.since >= trustAfter {
		return trust{ahead: ahead}
	}
	t.jumped = ahead
	return t
}

// watchedClock gives the time as long as it can be believed.
type watchedClock struct {
	clock Clock

	mu    sync.Mutex
	trust trust
}

func newWatchedClock(clock Clock) *watchedClock {
	ahead := time.Duration(clock.Wall().UnixNano()) - clock.Monotonic()
	return &watchedClock{clock: clock, trust: trust{ahead: ahead}}
}

// now gives the wall clock's time, or an error that wraps errClockSuspect.
func (c *watchedClock) now() (event.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := c.clock.Wall()
	c.trust = c.trust.look(wall, c.clock.Monotonic())
	if !c.trust.suspect {
		return event.At(wall), nil
	}
	return 0, fmt.Errorf("%w: it moved by %v against the time since the start; it is believed again when it is set back or has run on for %v",
		errClockSuspect, (c.trust.jumped - c.trust.ahead).Round(time.Second), trustAfter)
}

// believed gives the time that the wall clock would show had it not jumped.
func (c *watchedClock) believed() event.Time {
	if now, err := c.now(); !errors.Is(err, errClockSuspect) {
		return now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return event.At(time.Unix(0, int64(c.clock.Monotonic()+c.trust.ahead)))
}
