// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// rollingDays gives the number of days of a rolling period, and false when the period is of another kind.
func rollingDays(p *v1alpha1.FunnelPeriod) (int, bool) {
	if p == nil {
		return int(v1alpha1.DefaultRollingDays), true
	}
	return int(p.RollingDays), p.RollingDays > 0
}

// periodText is the PERIOD column: "30d", "Month", "2026-10-01..10-31" or, over the turn of a year, "2025-12-01..2026-01-31".
func periodText(p *v1alpha1.FunnelPeriod) string {
	if days, rolling := rollingDays(p); rolling {
		return strconv.Itoa(days) + "d"
	}
	if p.Between == nil {
		return string(p.Calendar)
	}
	from, to := string(p.Between.From), string(p.Between.To)
	const year = len("2026-")
	if len(from) > year && len(to) > year && from[:year] == to[:year] {
		to = to[year:]
	}
	return from + ".." + to
}

// spansAt gives the runs of days that a funnel's numbers are about at an instant.
func spansAt(fn *v1alpha1.Funnel, zone *time.Location, asOf event.Time) (definition.Spans, error) {
	window := fn.Spec.Window
	if window == "" {
		window = v1alpha1.DefaultWindow
	}
	length, err := window.Parse()
	if err != nil {
		return definition.Spans{}, fmt.Errorf("spec.window: %w", err)
	}
	today := dayOf(asOf.UTC(), zone)
	spans, err := periodOf(fn.Spec.Period).SpansOn(today, matureDay(today, length, zone))
	if err != nil {
		return definition.Spans{}, fmt.Errorf("spec.period: %w", err)
	}
	return spans, nil
}

func periodOf(p *v1alpha1.FunnelPeriod) definition.Period {
	if days, rolling := rollingDays(p); rolling {
		return definition.Period{RollingDays: days}
	}
	if p.Between != nil {
		return definition.Period{From: string(p.Between.From), To: string(p.Between.To)}
	}
	return definition.Period{Calendar: definition.Calendar(p.Calendar)}
}

// matureDay is the last day of which every attempt's window has passed when today begins.
func matureDay(today int64, window time.Duration, zone *time.Location) int64 {
	begins := startOf(today, zone)
	day := dayOf(begins.Add(-window), zone) // no attempt of the day before it can still be open, and of it only those of its first instant
	for startOf(day+1, zone).Add(window).After(begins) {
		day--
	}
	return day
}

// dayOf gives the number of the local day of an instant.
func dayOf(t time.Time, zone *time.Location) int64 {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
}

const secondsPerDay = 24 * 60 * 60

// startOf gives the first instant whose local date is the day or later. Where a zone changes its clocks at midnight that is not
// always 00:00.
func startOf(day int64, zone *time.Location) time.Time {
	midnight := time.Unix(day*secondsPerDay, 0).UTC()
	_, offset := midnight.In(zone).Zone()
	guess := midnight.Add(-time.Duration(offset) * time.Second)
	if dayOf(guess, zone) >= day && dayOf(guess.Add(-time.Microsecond), zone) < day {
		return guess
	}
	from := midnight.Add(-36 * time.Hour) // no zone is a day and a half away from UTC
	return from.Add(time.Duration(sort.Search(3*secondsPerDay, func(i int) bool {
		return dayOf(from.Add(time.Duration(i)*time.Second), zone) >= day
	})) * time.Second)
}

func date(day int64) v1alpha1.Date { return v1alpha1.Date(definition.Date(day)) }

// Freshness is how the numbers stand against the events.
type Freshness struct {
	// Unreachable is set while the runner does not answer, so that the numbers are the last that it gave.
	Unreachable bool
	// Backfill is how far another version is computed from history.
	Backfill Backfill
}

// SetData writes the summary's data column: Stale, "Backfilling 42%", NoData or Live, the first that is true. A summary that is
// still nil is made, because history is read before there is any number.
func SetData(status *v1alpha1.FunnelStatus, f Freshness) {
	if status.Summary == nil {
		status.Summary = &v1alpha1.FunnelSummary{}
	}
	s := status.Summary
	s.Data = f.text(s.Entered == nil || *s.Entered == 0)
}

// text is the data column; nobody says that there is no one to count yet.
func (f Freshness) text(nobody bool) string {
	switch {
	case f.Unreachable:
		return v1alpha1.DataStale
	case f.Backfill.Version != "":
		return fmt.Sprintf("%s %d%%", v1alpha1.DataBackfilling, f.Backfill.Percent)
	case nobody:
		return v1alpha1.DataNoData
	}
	return v1alpha1.DataLive
}
