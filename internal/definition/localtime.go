// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"time"
)

// LocalInstant gives the instant at which clocks in a zone show minute of day, both counted as Date and DayNumber count days and from
// midnight on. A time that clocks leave out moves forward by what they leave out; of one that they show twice it is the first. Minutes
// beyond the day are those of the days after.
func LocalInstant(day int64, minute int, zone *time.Location) time.Time {
	shown := day*secondsPerDay + int64(minute)*60
	earlier, later := offsetAt(shown-secondsPerDay, zone), offsetAt(shown+secondsPerDay, zone)
	for _, offset := range [...]int64{max(earlier, later), min(earlier, later)} {
		if at := shown - offset; offsetAt(at, zone) == offset {
			return time.Unix(at, 0).UTC()
		}
	}
	return time.Unix(shown-earlier, 0).UTC()
}

// LocalDay gives the number of the day, and the minute of it, that clocks in a zone show at an instant.
func LocalDay(at time.Time, zone *time.Location) (day int64, minute int) {
	shown := at.Unix() + offsetAt(at.Unix(), zone)
	day = shown / secondsPerDay
	if shown%secondsPerDay < 0 {
		day--
	}
	return day, int((shown - day*secondsPerDay) / 60)
}

func offsetAt(second int64, zone *time.Location) int64 {
	_, offset := time.Unix(second, 0).In(zone).Zone()
	return int64(offset)
}

// MinuteOfDay reads a time of day such as 09:30.
func MinuteOfDay(text string) (int, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is no time of day: write one such as 09:30", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}
