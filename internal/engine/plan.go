// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// plan is a funnel's definition with all durations in microseconds and all days as numbers: what evaluate works from.
type plan struct {
	slot      uint32
	stages    int
	window    event.Time
	dropAfter []event.Time
	// valued has bit i set when stage i counts a value; values is how many such stages there are.
	valued uint32
	// names are the stages'; signalMaxAge is how old a drop-off may be and still give a signal, 0 gives none.
	names        []string
	signalMaxAge event.Time
	// firstStart is the entry policy: a start inside an open attempt opens none.
	firstStart bool
	// rollingDays is the length of a rolling period in days; 0 when the period lies between from and to, both inclusive.
	rollingDays int64
	from, to    int64
	lateness    event.Time
	// horizon is how long a matched event is kept.
	horizon  event.Time
	calendar *calendar
}

func newPlan(slot uint32, f *definition.Funnel, zone *time.Location) (*plan, error) {
	if n := len(f.Stages); n < 1 || n > definition.MaxStages {
		return nil, fmt.Errorf("funnel definition has %d stages, want 1 to %d", n, definition.MaxStages)
	}
	if f.Order != definition.Ordered {
		return nil, fmt.Errorf("funnel definition has order %q, this engine folds only %q", f.Order, definition.Ordered)
	}
	p := &plan{
		slot:        slot,
		stages:      len(f.Stages),
		window:      micros(f.Window),
		firstStart:  f.EntryPolicy == definition.FirstStart,
		rollingDays: int64(f.Period.RollingDays),
		lateness:    micros(f.Lateness),
		calendar:    newCalendar(zone),

		signalMaxAge: micros(f.SignalMaxAge),
	}
	for i, stage := range f.Stages {
		p.names = append(p.names, stage.Name)
		p.dropAfter = append(p.dropAfter, micros(stage.DropAfter))
		if stage.Value != "" {
			p.valued |= 1 << i
		}
	}
	if p.rollingDays == 0 {
		if err := p.setDays(f.Period); err != nil {
			return nil, err
		}
	}
	// Two periods, so that the one before can be compared; two days more, because a local day may have 25 hours.
	p.horizon = max(p.lateness, event.Time(2*p.rollingDays+2)*dayLength) + p.window
	return p, nil
}

func (p *plan) setDays(period definition.Period) error {
	for _, end := range []struct {
		text string
		day  *int64
	}{{period.From, &p.from}, {period.To, &p.to}} {
		date, err := time.Parse(time.DateOnly, end.text)
		if err != nil {
			return fmt.Errorf("period of funnel definition: %w", err)
		}
		*end.day = floorDiv(date.Unix(), 24*3600)
	}
	if p.to < p.from {
		return errors.New("period of funnel definition ends before it begins")
	}
	return nil
}

// view is a plan at one instant of the clock: which starts lie in the period now.
type view struct {
	clock event.Time
	// from and until bound the period's instants; until is the first after it.
	from, until event.Time
	// forgotten is the time before which matched events can change no number any more.
	forgotten event.Time
}

func (p *plan) at(clock event.Time) view {
	v := view{clock: clock, forgotten: clock - p.horizon}
	if p.rollingDays == 0 {
		v.from, v.until = p.calendar.start(p.from), p.calendar.start(p.to+1)
		v.forgotten = min(v.forgotten, v.from)
		return v
	}
	today := p.calendar.day(clock)
	v.from, v.until = p.calendar.start(today-p.rollingDays+1), p.calendar.start(today+1)
	return v
}

// tooLate says whether an event is older than the lateness allows when it is appended at the clock. Before the first tick
// nothing is.
func (p *plan) tooLate(t, clock event.Time) bool {
	return clock > 0 && t < clock-p.lateness
}

// forgetAt gives when to forget a matched event of time t, in whole days so that a unit is not visited for each; 0 is never.
func (p *plan) forgetAt(t event.Time) event.Time {
	if p.rollingDays == 0 && t >= p.calendar.start(p.from) {
		return 0
	}
	return event.Time(floorDiv(int64(t+p.horizon), int64(dayLength))+1) * dayLength
}

func micros(d time.Duration) event.Time { return event.Time(d.Microseconds()) }
