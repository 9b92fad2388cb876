// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

// zone is the contact's own, if it names one that there is, else the workspace's.
func (i *Interpreter) zone(c *contact) *time.Location {
	policy := i.policy()
	name, found, _ := policy.Zone.Of(&definition.Question{Attributes: c.attributes()})
	if zone, err := zoneinfo.Load(name); found && name != "" && err == nil {
		return zone
	}
	return policy.Location
}

// day is a date of the calendar, as midnight in UTC.
type day struct{ time.Time }

func dayOf(t event.Time, zone *time.Location) day {
	y, m, d := t.UTC().In(zone).Date()
	return day{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func (d day) plus(days int) day { return day{d.AddDate(0, 0, days)} }

// weekday is 1 for Monday to 7 for Sunday.
func (d day) weekday() int { return (int(d.Weekday())+6)%7 + 1 }

// instant gives when a clock on the wall shows a time of day, as HH:MM; empty is midnight. Where it shows that twice it is the first time,
// and where it never does, as much later as the clocks are put forward.
func instant(d day, clock string, zone *time.Location) event.Time {
	of, err := time.Parse("15:04", clock)
	if err != nil {
		of = time.Time{}
	}
	shown := d.Add(time.Duration(of.Hour())*time.Hour + time.Duration(of.Minute())*time.Minute)
	var candidates []time.Time
	for hours := -30; hours <= 30; hours++ { // with every offset that is in force around then
		_, offset := shown.Add(time.Duration(hours) * time.Hour).In(zone).Zone()
		candidates = append(candidates, shown.Add(-time.Duration(offset)*time.Second))
	}
	slices.SortFunc(candidates, time.Time.Compare)
	for _, c := range candidates {
		if c.In(zone).Format("2006-01-02T15:04:05") == shown.Format("2006-01-02T15:04:05") {
			return event.At(c)
		}
	}
	return event.At(candidates[len(candidates)-1])
}

// nextTime gives the first time of day after an instant, on a day that suits.
func nextTime(after event.Time, zone *time.Location, clock string, suits func(day) bool) event.Time {
	for d := dayOf(after, zone); ; d = d.plus(1) {
		if at := instant(d, clock, zone); suits(d) && at > after {
			return at
		}
	}
}

// dateOf gives the instant that a text tells: a day, moved by whole days, at a time of day; or an instant, moved by a duration.
func dateOf(text, clock string, days int, offset time.Duration, zone *time.Location) (event.Time, bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return instant(day{t}.plus(days), clock, zone), true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return event.At(t).Add(offset), true
	}
	return 0, false
}

// nextYearly gives the first of the days that come every year which is after an instant.
func nextYearly(text string, t *definition.DateTrigger, zone *time.Location, after event.Time) (event.Time, bool) {
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		text = text[5:]
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		text = at.In(zone).Format("01-02")
	}
	born, err := time.Parse("2006-01-02", "2000-"+text)
	if err != nil {
		return 0, false
	}
	for year := after.UTC().Year() - 2; year < after.UTC().Year()+10; year++ {
		d := day{time.Date(year, born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)}
		if d.Month() != born.Month() && t.LeapDay == definition.February28 { // 1 March, as there is no 29 February
			d = d.plus(-1)
		}
		if at := instant(d.plus(int(t.OffsetDays)), t.At, zone); at > after {
			return at, true
		}
	}
	return 0, false
}

// years is how far ahead a window is looked for.
const years = 2 * 366 * 24 * time.Hour

// opening gives the first minute at or after now at which a window is open, by what clocks show; false when it never is.
func opening(w *definition.Window, holidays map[string]bool, zone *time.Location, now event.Time) (event.Time, bool) {
	allowed := func(d day) bool {
		return (len(w.Weekdays) == 0 || slices.Contains(w.Weekdays, d.weekday())) && (!w.NoHolidays || !holidays[d.Format(time.DateOnly)])
	}
	for t := now; t < now.Add(years); t = nextMinute(t) {
		d, clock := dayOf(t, zone), t.UTC().In(zone).Format("15:04")
		switch {
		case w.From == "" || w.To == "" || w.From == w.To: // the whole day
			if allowed(d) {
				return t, true
			}
		case w.From < w.To:
			if w.From <= clock && clock < w.To && allowed(d) {
				return t, true
			}
		case clock >= w.From && allowed(d), clock < w.To && allowed(d.plus(-1)): // it belongs to the day on which it opens
			return t, true
		}
	}
	return 0, false
}

func nextMinute(t event.Time) event.Time {
	return event.At(t.UTC().Truncate(time.Minute).Add(time.Minute))
}

// quietUntil says whether it is quiet now, by what clocks show, and until when.
func quietUntil(from, to string, zone *time.Location, now event.Time) (end event.Time, quiet bool) {
	if from == "" || to == "" || from == to {
		return 0, false
	}
	hours := &definition.Window{From: from, To: to}
	for end = now; ; end = nextMinute(end) {
		if opens, _ := opening(hours, nil, zone, end); opens != end {
			return end, quiet
		}
		quiet = true
	}
}

// nextFiring gives the first instant of a schedule after another.
func (i *Interpreter) nextFiring(s *scenario, zone *time.Location, after event.Time) (event.Time, bool) {
	schedule := s.active.program.Meaning.Trigger.Schedule
	if schedule.Cron == "" {
		at, ok := event.Time(0), false
		if t, err := time.Parse(time.RFC3339, schedule.Once); err == nil {
			at, ok = event.At(t), true
		} else if t, err := time.Parse("2006-01-02T15:04", schedule.Once); err == nil {
			at, ok = instant(dayOf(event.At(t), time.UTC), t.Format("15:04"), zone), true
		}
		return at, ok && at > after
	}
	first, found := event.Time(0), 0
	for d, last := dayOf(after, zone).plus(-2), dayOf(after, zone).plus(8*366); !d.After(last.Time) && found <= 2; d = d.plus(1) {
		for _, at := range firings(strings.Fields(schedule.Cron), d, zone) {
			if at > after && (first == 0 || at < first) {
				first = at
			}
		}
		if first != 0 {
			found++ // where clocks leave out a whole day, one of the next may come before
		}
	}
	return first, first != 0
}

// firings are the instants of a cron line on one day.
func firings(fields []string, d day, zone *time.Location) (all []event.Time) {
	for minute := range 24 * 60 {
		if shown := d.Add(time.Duration(minute) * time.Minute); cronSuits(fields, shown) {
			all = append(all, instant(d, shown.Format("15:04"), zone))
		}
	}
	return all
}

// cronSuits says whether a minute is one of a cron line's: minute, hour, day of the month, month, weekday. Where both days are restricted one
// of them is enough.
func cronSuits(fields []string, t time.Time) bool {
	suits := func(field, value int) bool {
		return slices.ContainsFunc(strings.Split(fields[field], ","), func(part string) bool { return partSuits(part, field, value) })
	}
	day, weekday := suits(2, t.Day()), suits(4, int(t.Weekday()))
	if !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*") {
		day = day || weekday
	} else {
		day = day && weekday
	}
	return day && suits(0, t.Minute()) && suits(1, t.Hour()) && suits(3, int(t.Month()))
}

func partSuits(part string, field, value int) bool {
	span, step, stepped := strings.Cut(part, "/")
	every, err := strconv.Atoi(step)
	if !stepped || err != nil {
		every = 1
	}
	least, most := [5]int{0, 0, 1, 1, 0}[field], [5]int{59, 23, 31, 12, 6}[field]
	if span != "*" {
		if n, _ := fmt.Sscanf(span, "%d-%d", &least, &most); n == 1 && !stepped {
			most = least
		}
	}
	return value >= least && value <= most && (value-least)%every == 0
}
