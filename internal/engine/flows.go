// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

const hourLength = dayLength / 24

// flows are what a slot counts of events whoever they belong to: what the aggregate stages add up, by local day, and how many events
// came for each other stage, by hour. They are a function of the events and of the slot's clock, in whatever order the events came.
type flows struct {
	period   definition.Period
	calendar *calendar
	// sums is how many aggregate stages there are, stages how many others.
	sums, stages int
	// days and hours are in their order; one without any event is not there.
	days  []flowDay
	hours []flowHour
	// from and until bound the instants of the days that are kept, and firstHour is the first hour.
	from, until event.Time
	firstHour   int64
	changed     bool
}

// flowDay is what the aggregate stages add up on one day.
type flowDay struct {
	day    int64
	totals []total
}

type total struct {
	sum    sum
	events int64
}

// flowHour counts the events of one hour, by stage.
type flowHour struct {
	hour   int64
	events []int64
}

func newFlows(f *definition.Funnel, calendar *calendar) (flows, error) {
	flow := flows{
		period: f.Period, calendar: calendar, sums: len(f.Aggregates), stages: len(f.Stages), changed: true,
	}
	if _, err := f.Period.SpansOn(0, 0); err != nil {
		return flow, fmt.Errorf("period of funnel definition: %w", err)
	}
	flow.setClock(0)
	return flow, nil
}

// current gives the period's days on a local day. The period was checked when the slot was made.
func (f *flows) current(today int64) definition.Days {
	spans, err := f.period.SpansOn(today, today)
	if err != nil {
		return definition.Days{First: 1, Last: 0}
	}
	return spans.Current
}

// setClock forgets what lies before all that is reported at the clock or was on the day before it: a report can lag behind a midnight at
// which many units are due.
func (f *flows) setClock(clock event.Time) {
	f.firstHour = hourOf(clock) - aggregate.RateHours
	kept := 0
	for kept < len(f.hours) && f.hours[kept].hour < f.firstHour {
		kept++
	}
	f.hours = slices.Delete(f.hours, 0, kept)
	f.changed = f.changed || kept > 0
	if f.sums == 0 {
		return
	}
	today := f.calendar.day(clock)
	f.from = f.calendar.start(f.current(today - 1).First)
	f.until = math.MaxInt64
	if f.period.From != "" {
		f.until = f.calendar.start(f.current(today).Last + 1)
	}
	kept = 0
	for kept < len(f.days) && f.calendar.start(f.days[kept].day) < f.from {
		kept++
	}
	f.days = slices.Delete(f.days, 0, kept)
	f.changed = f.changed || kept > 0
}

// add counts an event.
func (f *flows) add(t event.Time, found *definition.Match) {
	if hour := hourOf(t); found.Stages != 0 && hour >= f.firstHour {
		events := f.hour(hour)
		for left := found.Stages; left != 0; left &= left - 1 {
			events[bits.TrailingZeros32(left)]++
		}
		f.changed = true
	}
	if len(found.Sums) == 0 || t < f.from || t >= f.until {
		return
	}
	totals := f.day(f.calendar.day(t))
	for _, a := range found.Sums {
		totals[a.Stage].sum.add(sumOf(a.Amount), 1)
		totals[a.Stage].events++
	}
	f.changed = true
}

func (f *flows) day(day int64) []total {
	if last := len(f.days) - 1; last >= 0 && f.days[last].day == day {
		return f.days[last].totals
	}
	at, found := slices.BinarySearchFunc(f.days, day, func(d flowDay, day int64) int { return cmp.Compare(d.day, day) })
	if !found {
		f.days = slices.Insert(f.days, at, flowDay{day, make([]total, f.sums)})
	}
	return f.days[at].totals
}

func (f *flows) hour(hour int64) []int64 {
	if last := len(f.hours) - 1; last >= 0 && f.hours[last].hour == hour {
		return f.hours[last].events
	}
	at, found := slices.BinarySearchFunc(f.hours, hour, func(h flowHour, hour int64) int { return cmp.Compare(h.hour, hour) })
	if !found {
		f.hours = slices.Insert(f.hours, at, flowHour{hour, make([]int64, f.stages)})
	}
	return f.hours[at].events
}

// report adds to a funnel's numbers what flows at the clock.
func (f *flows) report(funnel *aggregate.Funnel, clock event.Time) {
	for _, h := range f.hours {
		if h.hour <= hourOf(clock)-aggregate.RateHours {
			continue
		}
		if funnel.Rates == nil {
			funnel.Rates = map[int64][]int64{}
		}
		funnel.Rates[h.hour] = slices.Clone(h.events)
	}
	if f.sums == 0 {
		return
	}
	totals := make([]total, f.sums)
	current := f.current(f.calendar.day(clock))
	for _, d := range f.days {
		if !current.Holds(d.day) {
			continue
		}
		for i := range totals {
			totals[i].sum.add(d.totals[i].sum, 1)
			totals[i].events += d.totals[i].events
		}
	}
	for _, t := range totals {
		funnel.Aggregates = append(funnel.Aggregates, aggregate.Total{Sum: t.sum.micros(), Events: t.events})
	}
}

// nextDue gives when time alone next changes a total that is reported; 0 is never. (An hour that is no longer reported changes nothing
// that anybody sees.)
func (f *flows) nextDue(clock event.Time) (due event.Time) {
	if len(f.days) == 0 || f.period.From != "" {
		return 0
	}
	today := f.calendar.day(clock)
	current := f.current(today)
	for _, d := range f.days {
		switch {
		case d.day < current.First:
		case f.period.RollingDays == 0: // with the next stretch of the calendar all days leave or enter
			return f.calendar.start(current.Last + 1)
		case d.day <= today:
			due = earlier(due, f.calendar.start(d.day+int64(f.period.RollingDays)))
		default:
			due = earlier(due, f.calendar.start(d.day))
		}
	}
	return due
}

func hourOf(t event.Time) int64 { return floorDiv(int64(t), int64(hourLength)) }

func (f *flows) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(f.days)))
	last := int64(0)
	for _, d := range f.days {
		b = binary.AppendVarint(b, d.day-last)
		last = d.day
		for i := range d.totals {
			b = binary.AppendVarint(b, d.totals[i].events)
			b = appendSum(b, d.totals[i].sum)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(f.hours)))
	last = 0
	for _, h := range f.hours {
		b = binary.AppendVarint(b, h.hour-last)
		last = h.hour
		for _, n := range h.events {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

func appendSum(b []byte, s sum) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendVarint(b, s.high), s.low)
}

// read decodes what append encoded.
func (f *flows) read(r *reader) {
	last := int64(0)
	for range r.Count(1 + f.sums) {
		last += r.Varint()
		d := flowDay{last, make([]total, f.sums)}
		for i := range d.totals {
			d.totals[i] = total{events: r.Varint(), sum: sum{high: r.Varint(), low: r.Uint64()}}
		}
		f.days = append(f.days, d)
	}
	last = 0
	for range r.Count(1 + f.stages) {
		last += r.Varint()
		h := flowHour{last, make([]int64, f.stages)}
		for i := range h.events {
			h.events[i] = r.Varint()
		}
		f.hours = append(f.hours, h)
	}
	f.changed = false
}
