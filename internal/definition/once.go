// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// onceLocal is how one instant of a schedule is written that has no zone.
const onceLocal = "2006-01-02T15:04"

// At gives the one instant of a schedule in a zone, and false when it has none.
func (t *ScheduleTrigger) At(zone *time.Location) (event.Time, bool) {
	at, absolute, err := t.once()
	switch {
	case t.Once == "" || err != nil:
		return 0, false
	case absolute:
		return event.At(at), true
	}
	day, minute := LocalDay(at, time.UTC)
	return event.At(LocalInstant(day, minute, zone)), true
}

// once reads the one instant; unless it is absolute, what clocks show then is given as if they showed UTC.
func (t *ScheduleTrigger) once() (at time.Time, absolute bool, err error) {
	if at, err = time.Parse(time.RFC3339, t.Once); err == nil {
		return at, true, nil
	}
	if at, err = time.Parse(onceLocal, t.Once); err == nil {
		return at, false, nil
	}
	if at, err = time.Parse(onceLocal+":05", t.Once); err == nil {
		return at, false, nil
	}
	return time.Time{}, false, fmt.Errorf("%q is no instant", t.Once)
}
