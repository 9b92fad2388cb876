// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
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

// countedDays are the first and the last day that a period covers at an instant.
func countedDays(p *v1alpha1.FunnelPeriod, zone *time.Location, asOf event.Time) (from, to v1alpha1.Date, err error) {
	if days, rolling := rollingDays(p); rolling {
		if zone == nil {
			zone = time.UTC
		}
		today := asOf.UTC().In(zone)
		first := time.Date(today.Year(), today.Month(), today.Day()-days+1, 12, 0, 0, 0, time.UTC) // noon: only the date is of use
		return date(first), date(today), nil
	}
	if p.Between != nil {
		return p.Between.From, p.Between.To, nil
	}
	return "", "", fmt.Errorf("spec.period.calendar: periods of the calendar, here %q, are not counted yet: write rollingDays or between", p.Calendar)
}

func date(t time.Time) v1alpha1.Date { return v1alpha1.Date(t.Format(time.DateOnly)) }

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
	switch {
	case f.Unreachable:
		s.Data = v1alpha1.DataStale
	case f.Backfill.Version != "":
		s.Data = fmt.Sprintf("%s %d%%", v1alpha1.DataBackfilling, f.Backfill.Percent)
	case s.Entered == nil || *s.Entered == 0:
		s.Data = v1alpha1.DataNoData
	default:
		s.Data = v1alpha1.DataLive
	}
}
