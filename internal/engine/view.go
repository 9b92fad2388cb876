// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// maxCohorts bounds the days of which cohorts are told: the newest.
const maxCohorts = 800

// roleSet is what the attempts that start on a day are about.
type roleSet uint8

const (
	currentRole roleSet = 1 << iota
	recentRole
	beforeRole
	cohortRole
)

// days are the days that a plan's numbers are about when it is today.
type days struct {
	spans  definition.Spans
	cohort definition.Days
	// first and last bound them all.
	first, last int64
}

// roles gives what a day is about.
func (d *days) roles(day int64) (roles roleSet) {
	if d.spans.Current.Holds(day) {
		roles |= currentRole
	}
	if d.spans.Recent.Holds(day) {
		roles |= recentRole
	}
	if d.spans.Before.Holds(day) {
		roles |= beforeRole
	}
	if d.cohort.Holds(day) {
		roles |= cohortRole
	}
	return roles
}

// view is a plan at one instant of the clock.
type view struct {
	clock event.Time
	today int64
	days  *days
	// from and until bound the starts that count; until is the first instant after them. A start before reach never counts again.
	from, until, reach event.Time
	// forgotten is the time before which matched events can change no number any more.
	forgotten event.Time
}

// dayPlan finds which days a plan is about.
type dayPlan struct {
	period definition.Period
	// longest is the most days that the period ever has.
	longest int64
	// kept is the time from which on events are kept for ever, when the period lies between two days; otherwise it is not set.
	kept    event.Time
	forever bool
	// on has the days by today, and latest the last view.
	on     map[int64]*days
	latest view
	// changes has for a day when its roles change next, as long as it is changesOf.
	changes   map[int64]int64
	changesOf int64
}

func (p *plan) setDays(period definition.Period) error {
	longest, err := period.Longest()
	if err != nil {
		return err
	}
	if longest < 1 {
		return errors.New("it ends before it begins")
	}
	p.days = dayPlan{period: period, longest: longest, on: map[int64]*days{}, changes: map[int64]int64{}}
	if period.RollingDays == 0 && period.Calendar == "" {
		last, err := definition.DayNumber(period.To)
		if err != nil {
			return err
		}
		spans, err := period.SpansOn(last, last)
		if err != nil {
			return err
		}
		p.days.kept, p.days.forever = p.calendar.start(spans.Before.First)-2*p.window, true
	}
	// Two periods, so that the one before can be compared; two days more, because a local day may have 25 hours. One window, since the
	// compared days are that much older, and another, so that no attempt that is still open was forgotten.
	p.horizon = max(p.lateness, event.Time(2*longest+2)*dayLength) + 2*p.window
	return nil
}

// daysOn gives the days that the plan is about on a day.
func (p *plan) daysOn(today int64) *days {
	if d, found := p.days.on[today]; found {
		return d
	}
	if len(p.days.on) > 4*maxCohorts+4*int(p.days.longest) {
		clear(p.days.on)
	}
	mature := p.calendar.day(p.calendar.start(today)-p.window) - 1
	spans, err := p.days.period.SpansOn(today, mature)
	if err != nil { // newPlan has tried it
		spans = definition.Spans{Current: definition.Days{First: 1}, Recent: definition.Days{First: 1}, Before: definition.Days{First: 1}}
	}
	d := &days{spans: spans, first: spans.Current.First, last: max(today, spans.Current.Last)}
	if spans.Before.Len() > 0 {
		d.first = min(d.first, spans.Before.First)
	}
	d.cohort = definition.Days{First: max(d.first, today-maxCohorts+1), Last: today}
	p.days.on[today] = d
	return d
}

func (p *plan) at(clock event.Time) view {
	today := p.calendar.day(clock)
	v := p.days.latest
	if v.days == nil || v.today != today {
		d := p.daysOn(today)
		v = view{today: today, days: d, from: p.calendar.start(d.first), until: p.calendar.start(d.last + 1)}
		v.reach = p.calendar.start(p.reachOn(today))
		p.days.latest = v
	}
	v.clock, v.forgotten = clock, clock-p.horizon-p.waits
	if p.days.forever {
		v.forgotten = min(v.forgotten, p.days.kept)
	}
	return v
}

// reachOn gives the first day that the plan is about or, while the calendar's period lasts, comes to be about.
func (p *plan) reachOn(today int64) int64 {
	first := p.daysOn(today).first
	if p.days.period.Calendar == "" {
		return first
	}
	for day := today + 1; day <= today+p.days.longest; day++ {
		first = min(first, p.daysOn(day).first)
	}
	return first
}

// changesAt gives when the roles of a day change next; 0 is never.
func (p *plan) changesAt(now *view, day int64) event.Time {
	if p.days.changesOf != now.today {
		clear(p.days.changes)
		p.days.changesOf = now.today
	}
	next, found := p.days.changes[day]
	if !found {
		next = p.nextChange(now, day)
		p.days.changes[day] = next
	}
	if next == 0 {
		return 0
	}
	return p.calendar.start(next)
}

func (p *plan) nextChange(now *view, day int64) int64 {
	have := now.days.roles(day)
	windowDays := int64(p.window/dayLength) + 2
	from, to := now.today+1, now.today+2*p.days.longest+windowDays+maxCohorts+2
	switch {
	case have != 0 && day > now.today:
		return day // it is in the period already, and has a cohort when it comes
	case have == 0 && day > now.today:
		from, to = max(from, day-p.days.longest), day
	case have == 0 && p.calendar.start(day) < now.reach:
		return 0
	}
	for today := from; today <= to; today++ {
		if p.daysOn(today).roles(day) != have {
			return today
		}
	}
	return 0
}

// forgetAt gives when to forget a matched event of time t, in whole days so that a unit is not visited for each; 0 is never.
func (p *plan) forgetAt(t event.Time) event.Time {
	if p.days.forever && t >= p.days.kept {
		return 0
	}
	return event.Time(floorDiv(int64(t+p.horizon+p.waits), int64(dayLength))+1) * dayLength
}
