// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package calendar

import (
	"errors"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// ErrNeverOpens says that a window does not open within two years.
var ErrNeverOpens = errors.New("the window never opens")

// searchDays is how far ahead an opening is looked for.
const searchDays = 2 * 366

// QuietUntil says whether t lies in the hours from one minute of the day to another, which may pass midnight, and when they end: at the first
// instant at which clocks show another time. Equal minutes are no hours at all.
func QuietUntil(t event.Time, from, to int, zone *time.Location) (end event.Time, quiet bool) {
	if from == to {
		return 0, false
	}
	for within(minuteShown(t, zone), from, to) {
		quiet = true
		t = step(t, zone, func(shown int64) int64 { return nextShown(shown, to) })
	}
	return t, quiet
}

// within says whether a minute of the day is at or after from and before to.
func within(m, from, to int) bool {
	if from < to {
		return from <= m && m < to
	}
	return m >= from || m < to
}

func minuteShown(t event.Time, zone *time.Location) int {
	_, m := DayOf(t, zone)
	return m
}

// step goes on to the instant at which clocks show what target makes of the time that they show now, or to where they jump before that.
func step(t event.Time, zone *time.Location, target func(shown int64) int64) event.Time {
	s := stretchAt(t, zone)
	next := event.Time(target(s.shown(t)) - s.offset)
	if !s.endless && next > s.until {
		return s.until
	}
	return next
}

// nextShown gives the next time after shown that is a minute of the day.
func nextShown(shown int64, minuteOfDay int) int64 {
	at := floorDiv(shown, day)*day + int64(minuteOfDay)*minute
	if at <= shown {
		at += day
	}
	return at
}

// Window is when messages may leave.
type Window struct {
	// Weekdays are 1 for Monday to 7 for Sunday; empty is all.
	Weekdays []int
	// From and To are minutes of the day; equal is the whole day. A window that passes midnight belongs to the day on which it opens.
	From, To int
	// Holidays are days on which it does not open, as 2006-01-02.
	Holidays map[string]bool
}

// Opening gives the first instant at or after t at which the window is open, or ErrNeverOpens.
func (w *Window) Opening(t event.Time, zone *time.Location) (event.Time, error) {
	first, _ := DayOf(t, zone)
	for {
		d, m := DayOf(t, zone)
		if w.open(d, m) {
			return t, nil
		}
		if d > first+searchDays {
			return 0, ErrNeverOpens
		}
		t = step(t, zone, func(shown int64) int64 { return min(nextShown(shown, w.From), nextShown(shown, 0)) })
	}
}

func (w *Window) open(d Day, m int) bool {
	switch {
	case w.From == w.To:
		return w.opens(d)
	case w.From < w.To:
		return w.From <= m && m < w.To && w.opens(d)
	case m >= w.From:
		return w.opens(d)
	}
	return m < w.To && w.opens(d-1)
}

// opens says whether the window opens on a day.
func (w *Window) opens(d Day) bool {
	if len(w.Weekdays) > 0 && !slices.Contains(w.Weekdays, d.Weekday()) {
		return false
	}
	return len(w.Holidays) == 0 || !w.Holidays[d.String()]
}
