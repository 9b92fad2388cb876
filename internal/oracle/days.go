// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"sort"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// calendar cuts time into the days of a zone. A day is known by how many days its date is after 1970-01-01.
type calendar struct{ zone *time.Location }

func (c calendar) day(t event.Time) int64 {
	year, month, day := t.UTC().In(c.zone).Date()
	return number(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// startOf is the first instant of a day. Where the zone leaves the day out, or its midnight, it is the first instant after that.
func (c calendar) startOf(day int64) event.Time {
	early := event.At(date(day).AddDate(0, 0, -2))
	fourDays := int(4 * 24 * time.Hour / time.Microsecond)
	return early + event.Time(sort.Search(fourDays, func(i int) bool { return c.day(early+event.Time(i)) >= day }))
}

// date is midnight of a day in UTC, for reckoning with dates.
func date(day int64) time.Time { return time.Unix(0, 0).UTC().AddDate(0, 0, int(day)) }

// number is the day of a midnight in UTC.
func number(midnight time.Time) int64 { return midnight.Unix() / int64(24*time.Hour/time.Second) }

// days are the days from first to last, both included; none when last is before first.
type days struct{ first, last int64 }

func (d days) hold(day int64) bool { return d.first <= day && day <= d.last }

var noDays = days{1, 0}

// spans are the days that the numbers are about.
type spans struct{ current, recent, before, cohorts days }

// mostCohorts is for how many days at most there are daily numbers.
const mostCohorts = 800

func (j *judge) spansOf(today int64) spans {
	current := j.period(today)
	s := spans{current: current, recent: noDays, before: noDays, cohorts: days{current.first, today}}

	// The last day on which all that started had its whole window before today began: the day before the one that lies a window back.
	mature := min(j.day(j.startOf(today).Add(-j.funnel.Window))-1, current.last)
	length := current.last - current.first + 1
	if j.funnel.Period.Calendar != "" {
		length = mature - current.first + 1 // what has gone by of the month is compared with as many days before it
	}
	if length > 7 {
		length = length / 7 * 7 // whole weeks
	}
	if length >= 1 {
		s.recent = days{mature - length + 1, mature}
		s.before = days{mature - 2*length + 1, mature - length}
		s.cohorts.first = min(s.cohorts.first, s.before.first)
	}
	s.cohorts.first = max(s.cohorts.first, today-mostCohorts+1)
	return s
}

// period gives the days of the funnel's period when today is the given day.
func (j *judge) period(today int64) days {
	p := j.funnel.Period
	year, month, day := date(today).Date()
	first := func(m time.Month) time.Time { return time.Date(year, m, 1, 0, 0, 0, 0, time.UTC) }
	until := func(first, next time.Time) days { return days{number(first), number(next) - 1} }
	switch p.Calendar {
	case definition.Week:
		monday := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		for monday.Weekday() != time.Monday {
			monday = monday.AddDate(0, 0, -1)
		}
		return until(monday, monday.AddDate(0, 0, 7))
	case definition.Month:
		return until(first(month), first(month+1))
	case definition.Quarter:
		begin := []time.Month{time.January, time.April, time.July, time.October}[(month-1)/3]
		return until(first(begin), first(begin+3))
	case definition.Year:
		return until(first(time.January), first(13))
	}
	if p.RollingDays > 0 {
		return days{today - int64(p.RollingDays) + 1, today}
	}
	from, _ := time.Parse(time.DateOnly, p.From) // compiling the funnel has checked them
	to, _ := time.Parse(time.DateOnly, p.To)
	return days{number(from), number(to)}
}
