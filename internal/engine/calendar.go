// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"sort"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

const (
	dayLength    = event.Time(24 * time.Hour / time.Microsecond)
	calendarBits = 8
	calendarPage = 1 << calendarBits
)

// calendar cuts time into the local days of one zone. A day is numbered by its date, counted from 1970-01-01, and starts at the
// first instant of that date; a day of 23 or 25 hours is as good as any other, and a date that a zone skipped has no length.
type calendar struct {
	zone *time.Location
	// pages hold the starts of days that were asked for, in runs of calendarPage.
	pages map[int64]*[calendarPage]event.Time
	// latest is the page that was asked for last, and number its number.
	latest *[calendarPage]event.Time
	number int64
}

func newCalendar(zone *time.Location) *calendar {
	return &calendar{zone: zone, pages: map[int64]*[calendarPage]event.Time{}}
}

// day gives the number of the local day that t lies in.
func (c *calendar) day(t event.Time) int64 {
	day := floorDiv(int64(t), int64(dayLength))
	for c.start(day) > t {
		day--
	}
	for c.start(day+1) <= t {
		day++
	}
	return day
}

// start gives the first instant of a day.
func (c *calendar) start(day int64) event.Time {
	number := day >> calendarBits
	if c.latest == nil || c.number != number {
		c.latest, c.number = c.page(number), number
	}
	return c.latest[day&(calendarPage-1)]
}

func (c *calendar) page(number int64) *[calendarPage]event.Time {
	page, found := c.pages[number]
	if !found {
		page = new([calendarPage]event.Time)
		for i := range page {
			page[i] = c.findStart(number<<calendarBits + int64(i))
		}
		c.pages[number] = page
	}
	return page
}

// findStart looks for the first instant whose local date is the day or later.
func (c *calendar) findStart(day int64) event.Time {
	midnight := event.Time(day) * dayLength // as if the zone were UTC; no zone is a day and a half away from it
	_, offset := midnight.UTC().In(c.zone).Zone()
	guess := midnight - event.Time(offset)*event.Time(time.Second/time.Microsecond)
	if c.date(guess) >= day && c.date(guess-1) < day {
		return guess
	}
	from := midnight - dayLength - dayLength/2
	return from + event.Time(sort.Search(int(3*dayLength), func(i int) bool { return c.date(from+event.Time(i)) >= day }))
}

// date gives the local date of t as a day number.
func (c *calendar) date(t event.Time) int64 {
	year, month, day := t.UTC().In(c.zone).Date()
	return floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 24*3600)
}

func floorDiv(a, b int64) int64 {
	quotient := a / b
	if a%b < 0 {
		quotient--
	}
	return quotient
}
