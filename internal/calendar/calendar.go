// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package calendar reckons with days and times of day as people in a time zone know them: when 09:00 is next, when a night's quiet hours
// end, when a birthday is. All of it is exact and depends on the zone's rules alone (package definition/zoneinfo), so that it is the same on
// every machine. A time of day that clocks leave out moves forward by what they leave out; of one that they show twice it is the first.
package calendar

import (
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

const (
	minutesPerDay = 24 * 60
	minute        = int64(time.Minute / time.Microsecond)
	day           = minutesPerDay * minute
	second        = int64(time.Second / time.Microsecond)
	// widest is more than any zone is away from UTC, local mean times included.
	widest = 17 * 60 * minute
)

// Day is a date, as the number of days since 1970-01-01.
type Day int64

// NewDay gives the day of a date; what lies beyond a month's end counts on, as in time.Date.
func NewDay(year int, month time.Month, dayOfMonth int) Day {
	return Day(floorDiv(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix(), 24*3600))
}

// Date gives the day's date.
func (d Day) Date() (year int, month time.Month, dayOfMonth int) {
	return time.Unix(int64(d)*24*3600, 0).UTC().Date()
}

// String gives the day as 2006-01-02.
func (d Day) String() string { return time.Unix(int64(d)*24*3600, 0).UTC().Format(time.DateOnly) }

// Weekday is 1 for Monday to 7 for Sunday.
func (d Day) Weekday() int {
	const thursday = 3 // 1970-01-01, counted from Monday as 0
	return int((int64(d)+thursday)%7+7)%7 + 1
}

// stretch is a time during which a zone's clocks run on without a jump: from begins it, until ends it, and offset is what they are ahead of
// UTC. All are in microseconds; from is 0 where there is no beginning.
type stretch struct {
	from, until event.Time
	offset      int64
	endless     bool
}

func stretchAt(t event.Time, zone *time.Location) stretch {
	at := t.UTC().In(zone)
	_, offset := at.Zone()
	from, until := at.ZoneBounds()
	s := stretch{offset: int64(offset) * second, endless: until.IsZero()}
	if !from.IsZero() {
		s.from = event.At(from)
	}
	if !s.endless {
		s.until = event.At(until)
	}
	return s
}

// shown is what clocks show, in microseconds since 1970-01-01 00:00 on them.
func (s *stretch) shown(t event.Time) int64 { return int64(t) + s.offset }

// instant gives the first instant at which clocks in the zone show a time, or what they would show had they not jumped over it.
func instant(shown int64, zone *time.Location) event.Time {
	s := stretchAt(event.Time(shown-widest), zone)
	for {
		t := event.Time(shown - s.offset)
		if s.endless || t < s.until {
			return t
		}
		next := stretchAt(s.until, zone)
		if event.Time(shown-next.offset) < next.from { // clocks jumped over it
			return t
		}
		s = next
	}
}

// At gives the instant of a minute of the day. Minutes beyond the day belong to those after it.
func At(d Day, minuteOfDay int, zone *time.Location) event.Time {
	return instant(int64(d)*day+int64(minuteOfDay)*minute, zone)
}

// DayOf gives the day that clocks in the zone show, and the minute of it.
func DayOf(t event.Time, zone *time.Location) (d Day, minuteOfDay int) {
	_, offset := t.UTC().In(zone).Zone()
	shown := int64(t) + int64(offset)*second
	d = Day(floorDiv(shown, day))
	return d, int((shown - int64(d)*day) / minute)
}

// NextDayAt gives a minute of the day after the one that t lies in.
func NextDayAt(t event.Time, minuteOfDay int, zone *time.Location) event.Time {
	today, _ := DayOf(t, zone)
	return At(today+1, minuteOfDay, zone)
}

// NextTime gives the first instant after t that is a minute of the day.
func NextTime(t event.Time, minuteOfDay int, zone *time.Location) event.Time {
	return nextOf(t, minuteOfDay, zone, func(Day) bool { return true })
}

// NextWeekday gives the first instant after t that is a minute of a day of the week, 1 for Monday to 7.
func NextWeekday(t event.Time, weekday, minuteOfDay int, zone *time.Location) event.Time {
	return nextOf(t, minuteOfDay, zone, func(d Day) bool { return d.Weekday() == weekday })
}

func nextOf(t event.Time, minuteOfDay int, zone *time.Location, fits func(Day) bool) event.Time {
	today, _ := DayOf(t, zone)
	for d := today - 1; ; d++ { // a time that clocks leave out may have moved from the day before
		if !fits(d) {
			continue
		}
		if at := At(d, minuteOfDay, zone); at > t {
			return at
		}
	}
}

// MinuteOfDay reads a time of day such as 09:30; false when it is none.
func MinuteOfDay(text string) (int, bool) {
	if len(text) != len("15:04") || text[2] != ':' {
		return 0, false
	}
	hours, ok := twoDigits(text[:2])
	minutes, also := twoDigits(text[3:])
	return hours*60 + minutes, ok && also && hours < 24 && minutes < 60
}

func twoDigits(text string) (int, bool) {
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func floorDiv(a, b int64) int64 {
	quotient := a / b
	if a%b < 0 {
		quotient--
	}
	return quotient
}
