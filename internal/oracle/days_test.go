// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

func TestDaysBeginWhereTheZoneSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		zone, date string
		want       string
	}{
		"Greenwich":                           {"UTC", "2026-11-02", "2026-11-02T00:00:00Z"},
		"ahead of it":                         {"Europe/Moscow", "2026-11-02", "2026-11-01T21:00:00Z"},
		"the day that clocks went forward":    {"America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"},
		"midnight does not exist":             {"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"},
		"midnight comes twice":                {"Africa/Cairo", "2026-10-30", "2026-10-29T22:00:00Z"},
		"a day that was left out":             {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		"the day after one that was left out": {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := zoneinfo.Load(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			date, err := time.Parse(time.DateOnly, tt.date)
			if err != nil {
				t.Fatal(err)
			}
			if got := (calendar{zone}).startOf(number(date)).UTC().Format(time.RFC3339); got != tt.want {
				t.Errorf("the day starts at %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSpansAreThoseOfTheDefinition compares the days reckoned by dates with those that all programs share.
func TestSpansAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		today := rapid.Int64Range(0, 40_000).Draw(t, "today")
		p := drawPeriod(t, today)
		window := time.Duration(rapid.IntRange(1, 100*24).Draw(t, "window in hours")) * time.Hour
		j := judge{calendar: calendar{time.UTC}, funnel: definition.Funnel{Window: window, Period: p}}

		mature := today // the last day that had its whole window when today began, day by day
		for event.At(date(mature+1)).Add(window) > event.At(date(today)) {
			mature--
		}
		want, err := p.SpansOn(today, mature)
		if err != nil {
			t.Fatal(err)
		}
		got := j.spansOf(today)
		if got.current != daysOf(want.Current) || got.recent != daysOf(want.Recent) || got.before != daysOf(want.Before) {
			t.Fatalf("the spans are %+v, want %+v", got, want)
		}
	})
}

func daysOf(d definition.Days) days { return days{d.First, d.Last} }

func drawPeriod(t *rapid.T, today int64) definition.Period {
	switch rapid.IntRange(0, 2).Draw(t, "kind of period") {
	case 0:
		return definition.Period{RollingDays: rapid.IntRange(1, 400).Draw(t, "rolling days")}
	case 1:
		return definition.Period{Calendar: rapid.SampledFrom([]definition.Calendar{definition.Week, definition.Month, definition.Quarter, definition.Year}).Draw(t, "calendar")}
	}
	from := today + rapid.Int64Range(-100, 100).Draw(t, "from")
	return definition.Period{From: definition.Date(from), To: definition.Date(from + rapid.Int64Range(0, 100).Draw(t, "days"))}
}
