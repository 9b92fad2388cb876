// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package calendar

import (
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// Moment is what people write for a date: a day, an instant, or a day of every year.
type Moment struct {
	// Instant is set when Exact is.
	Instant event.Time
	Exact   bool
	// Year, Month and DayOfMonth are set when it is not; Year is 0 when none was written.
	Year       int
	Month      time.Month
	DayOfMonth int
}

// Parse reads a date such as 2006-01-02, an instant by RFC 3339, or a day of every year such as 01-02. It says no to all others, such as 30
// February.
func Parse(text string) (Moment, bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil && t.Year() > 0 {
		return Moment{Year: t.Year(), Month: t.Month(), DayOfMonth: t.Day()}, true
	}
	if t, err := time.Parse("2006-01-02", "2000-"+text); err == nil { // a leap year: 02-29 is a day
		return Moment{Month: t.Month(), DayOfMonth: t.Day()}, true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil && t.Year() > 0 {
		return Moment{Instant: event.At(t), Exact: true}, true
	}
	return Moment{}, false
}

// Offset moves a moment: a day by Days and to Minute of the day, an instant by Duration.
type Offset struct {
	Days     int
	Minute   int
	Duration time.Duration
}

// In gives the instant of a moment, moved; false for a day without a year.
func (m Moment) In(zone *time.Location, by Offset) (event.Time, bool) {
	if m.Exact {
		return m.Instant.Add(by.Duration), true
	}
	if m.Year == 0 {
		return 0, false
	}
	return At(NewDay(m.Year, m.Month, m.DayOfMonth)+Day(by.Days), by.Minute, zone), true
}

// NextYearly gives the first instant after t that is the moment's day in some year, moved. Of 29 February it is, in other years, 1 March or
// the day before.
func (m Moment) NextYearly(after event.Time, zone *time.Location, march bool, by Offset) event.Time {
	month, dayOfMonth := m.Month, m.DayOfMonth
	if m.Exact {
		d, _ := DayOf(m.Instant, zone)
		_, month, dayOfMonth = d.Date()
	}
	today, _ := DayOf(after, zone)
	year, _, _ := (today - Day(by.Days)).Date()
	for year--; ; year++ {
		if at := At(inYear(year, month, dayOfMonth, march)+Day(by.Days), by.Minute, zone); at > after {
			return at
		}
	}
}

func inYear(year int, month time.Month, dayOfMonth int, march bool) Day {
	d := NewDay(year, month, dayOfMonth)
	if _, found, _ := d.Date(); found != month && !march { // 29 February became 1 March
		d--
	}
	return d
}

// ParseLocal reads an instant by RFC 3339, or a local time such as 2026-12-31T10:00 in the zone.
func ParseLocal(text string, zone *time.Location) (event.Time, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return event.At(t), true
	}
	for _, layout := range [...]string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return instant(t.UnixMicro(), zone), true
		}
	}
	return 0, false
}
