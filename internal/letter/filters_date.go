// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package letter

import (
	"math"
	"strings"
	"time"
)

// moment is a date or an instant that a template was given.
type moment struct {
	time time.Time // in the contact's zone
	// whole is set for a date without a time of day, which is the same everywhere.
	whole bool
}

// Forms in which times are read, beside RFC 3339. Those without a zone are the contact's.
var timeForms = []string{
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05-0700",
}

func (r *run) momentOf(v any) (moment, bool) {
	switch v := v.(type) {
	case time.Time:
		return moment{time: v.In(r.zone)}, true
	case int:
		return r.momentOf(float64(v))
	case float64: // seconds, or milliseconds since 1970
		if math.Abs(v) > 1e14 || math.IsNaN(v) {
			return moment{}, false
		}
		if math.Abs(v) >= 1e11 {
			return moment{time: time.UnixMilli(int64(v)).In(r.zone)}, true
		}
		return moment{time: time.Unix(int64(v), 0).In(r.zone)}, true
	}
	text := strings.TrimSpace(textOf(v))
	if text == "now" || text == "today" {
		return moment{time: r.now.In(r.zone)}, true
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, r.zone); err == nil {
		return moment{time: t, whole: true}, true
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return moment{time: t.In(r.zone)}, true
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, text, r.zone); err == nil {
			return moment{time: t.In(r.zone)}, true
		}
	}
	return moment{}, false
}

func dateFilter(r *run, v any, args []any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	m, ok := r.momentOf(v)
	if !ok {
		return nil, complain("date", "the value is no date; write YYYY-MM-DD or RFC 3339")
	}
	form := "long"
	if len(args) > 0 {
		form = textOf(args[0])
	}
	l := r.locale
	switch form {
	case "long":
		form = l.long
	case "short":
		form = l.short
	case "day":
		form = l.day
	case "time":
		form = l.clock
	case "weekday":
		form = "%A"
	case "datetime":
		form = l.long + ", " + l.clock
	default:
		if !strings.Contains(form, "%") {
			return nil, complain("date", "the form is none of long, short, day, time, weekday, datetime, nor a pattern such as %d.%m.%Y")
		}
	}
	text, known := l.strftime(m.time, form)
	if !known {
		return nil, complain("date", "the pattern has a letter that is not known")
	}
	return text, nil
}

// daysUntilFilter counts midnights in the contact's zone; it is negative when the day is over.
func daysUntilFilter(r *run, v any, _ []any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	m, ok := r.momentOf(v)
	if !ok {
		return nil, complain("days_until", "the value is no date; write YYYY-MM-DD or RFC 3339")
	}
	return dayNumber(m.time) - dayNumber(r.now.In(r.zone)), nil
}

func dayNumber(t time.Time) int {
	year, month, day := t.Date()
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}
