// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/waymark-dev/waymark/internal/event"
)

// Cron is a schedule in the five fields of crontab: minute, hour, day of the month, month, day of the week. When both kinds of day are
// bounded, either will do. It says when clocks show a time; of daylight saving see LocalInstant.
type Cron struct {
	minutes, hours, days, months, weekdays uint64 // bit n is value n
	anyDay, anyWeekday                     bool
}

// unbounded is the bit by which the parser marks a field that begins with an asterisk.
const unbounded = 1 << 63

var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// ParseCron reads a schedule such as "0 10 * * MON-FRI". A zone in it is an error: schedules have theirs beside them.
func ParseCron(text string) (*Cron, error) {
	if strings.ContainsAny(text, "=@") { // the parser would ask the machine for the zone's rules
		return nil, fmt.Errorf("%q is no schedule: write the five fields minute, hour, day, month and weekday, such as 0 10 * * MON-FRI", text)
	}
	parsed, err := cronParser.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no schedule, as the parser says: %w: write the five fields minute, hour, day, month and weekday, such as 0 10 * * MON-FRI", text, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("%q is a schedule without fields", text)
	}
	c := &Cron{
		minutes: fields.Minute &^ unbounded, hours: fields.Hour &^ unbounded, days: fields.Dom &^ unbounded,
		months: fields.Month &^ unbounded, weekdays: fields.Dow &^ unbounded,
		anyDay: fields.Dom&unbounded != 0, anyWeekday: fields.Dow&unbounded != 0,
	}
	if _, ok := c.Next(0, time.UTC); !ok {
		return nil, errors.New("the schedule names a day that never comes")
	}
	return c, nil
}

// searchDays is how far ahead a schedule is looked for: eight years lie between some leap days.
const searchDays = 9 * 366

// Next gives the first instant after another at which the schedule is due in a zone, and false when there is none within years.
func (c *Cron) Next(after event.Time, zone *time.Location) (event.Time, bool) {
	today, _ := LocalDay(after.UTC(), zone)
	for day := today - 1; day < today+searchDays; day++ { // a time that clocks leave out may move into the next day
		first, found := c.firstOf(day, after, zone)
		if !found {
			continue
		}
		if second, more := c.firstOf(day+1, after, zone); more {
			first = min(first, second)
		}
		return first, true
	}
	return 0, false
}

// firstOf gives the first instant of a day that lies after another.
func (c *Cron) firstOf(day int64, after event.Time, zone *time.Location) (first event.Time, found bool) {
	if !c.holdsDay(day) {
		return 0, false
	}
	for hour := range 24 {
		if c.hours&(1<<hour) == 0 {
			continue
		}
		for minute := range 60 {
			if c.minutes&(1<<minute) == 0 {
				continue
			}
			at := event.At(LocalInstant(day, hour*60+minute, zone))
			if at > after && (!found || at < first) {
				first, found = at, true
			}
		}
	}
	return first, found
}

func (c *Cron) holdsDay(day int64) bool {
	date := time.Unix(day*secondsPerDay, 0).UTC()
	if c.months&(1<<date.Month()) == 0 {
		return false
	}
	byDay, byWeekday := c.days&(1<<date.Day()) != 0, c.weekdays&(1<<date.Weekday()) != 0
	if c.anyDay || c.anyWeekday {
		return byDay && byWeekday
	}
	return byDay || byWeekday
}
