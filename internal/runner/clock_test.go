// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// setClock is a clock whose wall time can be set.
type setClock struct {
	since time.Duration
	ahead time.Duration
}

func (c *setClock) Wall() time.Time          { return time.Unix(0, int64(c.since+c.ahead)) }
func (c *setClock) Monotonic() time.Duration { return c.since }

func TestTheWallClockIsBelievedUntilItJumps(t *testing.T) {
	t.Parallel()
	type look struct {
		after time.Duration // monotonic time that passes
		set   time.Duration // how the wall clock is set in it
		want  bool          // whether it is believed then
	}
	tests := map[string][]look{
		"a steady clock":                     {{after: time.Hour, want: true}},
		"corrections of a minute":            {{set: time.Minute, want: true}, {set: time.Minute, want: true}, {set: -time.Minute, want: true}},
		"a jump forward":                     {{set: time.Minute + 1}, {after: time.Second}},
		"a jump back":                        {{set: -time.Minute - 1}, {after: time.Second}},
		"a jump that is put right":           {{set: time.Hour}, {set: -time.Hour, want: true}},
		"nearly put right":                   {{set: time.Hour}, {set: -time.Hour + time.Minute, want: true}},
		"a jump that stays for five minutes": {{set: time.Hour}, {after: trustAfter - 1}, {after: 1, want: true}, {after: time.Second, want: true}},
		"a second jump starts the wait anew": {{set: time.Hour}, {after: trustAfter - 1}, {set: time.Hour}, {after: trustAfter - 1}, {after: 1, want: true}},
	}
	for name, looks := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &setClock{ahead: time.Duration(1_800_000_000) * time.Second}
			watched := newWatchedClock(clock)
			for i, l := range looks {
				clock.since += l.after
				clock.ahead += l.set
				now, err := watched.now()
				if got := !errors.Is(err, errClockSuspect); got != l.want {
					t.Fatalf("look %d: believed %v, want %v (error %v)", i, got, l.want, err)
				}
				if l.want && now != event.At(clock.Wall()) {
					t.Errorf("look %d: time is %v, want the wall clock's", i, now)
				}
			}
		})
	}
}

func TestASuspectClockStillHasABelievedTime(t *testing.T) {
	t.Parallel()
	clock := &setClock{ahead: 1000 * time.Hour}
	watched := newWatchedClock(clock)
	clock.since, clock.ahead = time.Minute, 2000*time.Hour
	if got, want := watched.believed(), event.At(time.Unix(0, int64(1000*time.Hour+time.Minute))); got != want {
		t.Errorf("believed time is %v, want %v", got.UTC(), want.UTC())
	}
}
