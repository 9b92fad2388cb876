// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"time"
)

// Days is a run of local days, both ends included, each numbered by its date from 1970-01-01 on. It is empty when Last lies before First.
type Days struct{ First, Last int64 }

// Holds says whether a day is one of the run.
func (d Days) Holds(day int64) bool { return d.First <= day && day <= d.Last }

// Len is how many days the run has.
func (d Days) Len() int64 { return max(d.Last-d.First+1, 0) }

// Spans are the runs of days that a funnel's numbers are about.
type Spans struct {
	// Current is the period itself.
	Current Days
	// Recent and Before are of equal length, one right before the other, and in both every attempt had its whole window: they are what the
	// change of the conversion compares. Both are empty while the period has no such day yet.
	Recent, Before Days
}

// SpansOn gives the spans on a local day. Mature is the last day of which every attempt's window had passed when today began.
//
// The compared runs are as long as the period, or as that part of a calendar's period which is mature; where that is more than a
// week, whole weeks, so that both have the same weekdays.
func (p Period) SpansOn(today, mature int64) (Spans, error) {
	current, err := p.current(today)
	if err != nil {
		return Spans{}, err
	}
	last := min(mature, current.Last)
	length := current.Len()
	if p.Calendar != "" {
		length = last - current.First + 1
	}
	if week := int64(7); length > week {
		length -= length % week
	}
	s := Spans{Current: current, Recent: Days{1, 0}, Before: Days{1, 0}}
	if length > 0 {
		s.Recent = Days{last - length + 1, last}
		s.Before = Days{last - 2*length + 1, last - length}
	}
	return s, nil
}

// Longest is the greatest number of days that the period ever has.
func (p Period) Longest() (int64, error) {
	switch p.Calendar {
	case Week:
		return 7, nil
	case Month:
		return 31, nil
	case Quarter:
		return 92, nil
	case Year:
		return 366, nil
	}
	current, err := p.current(0)
	return current.Len(), err
}

func (p Period) current(today int64) (Days, error) {
	if p.RollingDays > 0 {
		return Days{today - int64(p.RollingDays) + 1, today}, nil
	}
	date := time.Unix(today*secondsPerDay, 0).UTC()
	year, month, _ := date.Date()
	switch p.Calendar {
	case Week:
		sinceMonday := (int64(date.Weekday()) + 6) % 7
		return Days{today - sinceMonday, today - sinceMonday + 6}, nil
	case Month:
		return daysFrom(year, month, 1), nil
	case Quarter:
		return daysFrom(year, month-(month-1)%3, 3), nil
	case Year:
		return daysFrom(year, time.January, 12), nil
	}
	from, err := DayNumber(p.From)
	if err != nil {
		return Days{}, err
	}
	to, err := DayNumber(p.To)
	if err != nil {
		return Days{}, err
	}
	return Days{from, to}, nil
}

func daysFrom(year int, month time.Month, months int) Days {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return Days{first.Unix() / secondsPerDay, first.AddDate(0, months, 0).Unix()/secondsPerDay - 1}
}

const secondsPerDay = 24 * 60 * 60

// DayNumber gives the number of a date written as 2006-01-02.
func DayNumber(date string) (int64, error) {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, fmt.Errorf("%q is no day: write one such as 2026-01-31", date)
	}
	return t.Unix() / secondsPerDay, nil
}

// Date writes the number of a day as 2006-01-02.
func Date(day int64) string { return time.Unix(day*secondsPerDay, 0).UTC().Format(time.DateOnly) }
