// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	location, err := zoneinfo.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestCronNext(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ cron, zone, after, want string }{
		"every morning":            {"0 10 * * *", "Europe/Moscow", "2026-03-01T07:00:00Z", "2026-03-02T07:00:00Z"},
		"later today":              {"30 10 * * *", "Europe/Moscow", "2026-03-01T07:00:00Z", "2026-03-01T07:30:00Z"},
		"on workdays":              {"0 9 * * MON-FRI", "UTC", "2026-03-06T09:00:00Z", "2026-03-09T09:00:00Z"},
		"on either kind of day":    {"0 9 1 * MON", "UTC", "2026-03-30T09:00:00Z", "2026-04-01T09:00:00Z"},
		"on the day that is rare":  {"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		"a time that is left out":  {"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		"a time that comes twice":  {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		"not a second time":        {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		"in order across the gap":  {"0,30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"},
		"behind the moved time":    {"0,30 2,3 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"},
		"far east of the meridian": {"0 0 * * *", "Pacific/Kiritimati", "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cron, err := definition.ParseCron(tt.cron)
			if err != nil {
				t.Fatal(err)
			}
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			got, found := cron.Next(event.At(after), zone(t, tt.zone))
			if !found || got.UTC().Format(time.RFC3339) != tt.want {
				t.Errorf("next is %v, %v, want %s", got.UTC(), found, tt.want)
			}
		})
	}
}

func TestCronRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "* * * *", "@daily", "TZ=UTC 0 0 * * *", "TZ=", "0 0 31 2 *", "60 * * * *", "a b c d e"} {
		if _, err := definition.ParseCron(text); err == nil {
			t.Errorf("%q is taken for a schedule", text)
		}
	}
}

func TestLocalInstantIsWhatClocksShow(t *testing.T) {
	zones := []string{"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"}
	rapid.Check(t, func(t *rapid.T) {
		location, err := zoneinfo.Load(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day, minute := rapid.Int64Range(0, 40_000).Draw(t, "day"), rapid.IntRange(0, 24*60-1).Draw(t, "minute")
		at := definition.LocalInstant(day, minute, location)
		gotDay, gotMinute := definition.LocalDay(at, location)
		if gotDay == day && gotMinute == minute {
			earlier := at.Add(-time.Hour)
			if d, m := definition.LocalDay(earlier, location); d == day && m == minute {
				t.Fatalf("%v shows the same, an hour before %v", earlier, at)
			}
			return
		}
		// Clocks leave the time out: the same distance from the last one that they showed.
		shown, want := gotDay*24*60+int64(gotMinute), day*24*60+int64(minute)
		if moved := shown - want; moved <= 0 || moved > 24*60 {
			t.Fatalf("day %d minute %d is moved by %d minutes", day, minute, moved)
		}
	})
}

func FuzzParseCron(f *testing.F) {
	f.Add("0 10 * * MON-FRI")
	f.Add("*/5 1-3,7 ? JAN-DEC/2 *")
	f.Fuzz(func(t *testing.T, text string) {
		cron, err := definition.ParseCron(text)
		if err != nil {
			return
		}
		if next, found := cron.Next(0, time.UTC); !found || next <= 0 {
			t.Errorf("%q is a schedule that is never due", text)
		}
	})
}
