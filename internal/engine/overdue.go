// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

const (
	// lateLooks is of how many contacts that wait for their turn a report tells; lateAlarms bounds the stored timers that it looks at for that.
	lateLooks  = 1000
	lateAlarms = 4096
)

// addOverdue counts enrolments whose time has come and that have not had their turn: those of the contacts that have waited longest.
func (f *Fold) addOverdue(p *aggregate.Partition) error {
	if len(p.Scenarios) == 0 {
		return nil
	}
	late, err := f.late()
	if err != nil {
		return err
	}
	at := map[string]*aggregate.Scenario{}
	for i := range p.Scenarios {
		at[p.Scenarios[i].Key] = &p.Scenarios[i]
	}
	for i := range late {
		c, err := f.contact(late[i].name)
		if err != nil {
			return err
		}
		if c.story.state() == nil {
			continue
		}
		c.story.known.Overdue(&f.nursery.world, f.clock, func(sc *nurture.Scenario, due event.Time) {
			if r := at[sc.Key]; r != nil {
				r.Overdue++
				r.Oldest = earlier(r.Oldest, due)
			}
		})
	}
	return nil
}

// late gives the first contacts that wait for their turn.
func (f *Fold) late() ([]alarm, error) {
	t := &f.timers
	if first, ever, err := t.earliest(f); err != nil || !ever || first.due > f.clock {
		return nil, err
	}
	var all []alarm
	for _, a := range t.heap {
		if a.due <= f.clock && t.dueOf(a.contact) == a.due {
			all = append(all, alarm{due: a.due, name: a.name})
		}
	}
	if f.options.Store != nil {
		looks := 0
		lower := slotKey(nil, timerPrefix, 0)
		err := f.options.Store.Scan(lower, after(lower), func(key, _ []byte) (bool, error) {
			due, name, ok := parseTimerKey(key)
			if !ok {
				return false, fmt.Errorf("%w: a timer's key", ErrCorruptState)
			}
			if a := (alarm{due: due, name: name}); due <= f.clock && t.stands(f, &a) {
				all = append(all, a)
			}
			looks++
			return due <= f.clock && looks < lateAlarms, nil
		})
		if err != nil {
			return nil, wrapRead(err)
		}
	}
	slices.SortFunc(all, func(a, b alarm) int { return a.compare(&b) })
	all = slices.CompactFunc(all, func(a, b alarm) bool { return a.compare(&b) == 0 })
	return all[:min(len(all), lateLooks)], nil
}
