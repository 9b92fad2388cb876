// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package calendar_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/calendar"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

// zones are some whose clocks do something remarkable.
var zones = []string{
	"UTC", "Europe/Moscow", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tehran", "Africa/Casablanca", "Pacific/Apia",
	"America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Asia/Gaza", "Antarctica/Troll", "America/Havana",
}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := zoneinfo.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, text string) event.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return event.At(at)
}

func write(at event.Time, z *time.Location) string { return at.UTC().In(z).Format(time.RFC3339) }

func minuteOf(t *testing.T, text string) int {
	t.Helper()
	m, ok := calendar.MinuteOfDay(text)
	if !ok {
		t.Fatalf("%q is no time of day", text)
	}
	return m
}

func TestTimesThatClocksLeaveOutOrShowTwice(t *testing.T) {
	tests := map[string]struct {
		zone       string
		year       int
		month      time.Month
		day        int
		at, expect string
	}{
		"an ordinary morning":                 {"Europe/Moscow", 2026, 3, 1, "10:00", "2026-03-01T10:00:00+03:00"},
		"half past two does not exist":        {"Europe/Berlin", 2026, 3, 29, "02:30", "2026-03-29T03:30:00+02:00"},
		"half past two comes twice":           {"Europe/Berlin", 2026, 10, 25, "02:30", "2026-10-25T02:30:00+02:00"},
		"a gap of half an hour":               {"Australia/Lord_Howe", 2026, 10, 4, "02:10", "2026-10-04T02:40:00+11:00"},
		"midnight does not exist":             {"America/Havana", 2026, 3, 8, "00:15", "2026-03-08T01:15:00-04:00"},
		"a whole day was left out":            {"Pacific/Apia", 2011, 12, 30, "10:00", "2011-12-31T10:00:00+14:00"},
		"two hours at a station in the south": {"Antarctica/Troll", 2026, 3, 29, "02:30", "2026-03-29T04:30:00+02:00"},
		"the 31st of a month of 30 days":      {"UTC", 2026, 4, 31, "00:00", "2026-05-01T00:00:00Z"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			z := zone(t, test.zone)
			got := write(calendar.At(calendar.NewDay(test.year, test.month, test.day), minuteOf(t, test.at), z), z)
			if got != test.expect {
				t.Errorf("got %s, want %s", got, test.expect)
			}
		})
	}
}

func TestWhatComesNext(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := map[string]struct {
		from   string
		next   func(event.Time) event.Time
		expect string
	}{
		"10:00 tomorrow, although today's is still to come": {
			"2026-11-20T08:00:00+01:00", func(t event.Time) event.Time { return calendar.NextDayAt(t, 600, berlin) }, "2026-11-21T10:00:00+01:00",
		},
		"10:00 today": {
			"2026-11-20T08:00:00+01:00", func(t event.Time) event.Time { return calendar.NextTime(t, 600, berlin) }, "2026-11-20T10:00:00+01:00",
		},
		"10:00 at 10:00 is tomorrow's": {
			"2026-11-20T10:00:00+01:00", func(t event.Time) event.Time { return calendar.NextTime(t, 600, berlin) }, "2026-11-21T10:00:00+01:00",
		},
		"Monday, from a Friday": {
			"2026-11-20T10:00:00+01:00", func(t event.Time) event.Time { return calendar.NextWeekday(t, 1, 540, berlin) }, "2026-11-23T09:00:00+01:00",
		},
		"this Friday, later": {
			"2026-11-20T08:00:00+01:00", func(t event.Time) event.Time { return calendar.NextWeekday(t, 5, 540, berlin) }, "2026-11-20T09:00:00+01:00",
		},
		"half past two that was left out, at three": {
			"2026-03-29T03:00:00+02:00", func(t event.Time) event.Time { return calendar.NextTime(t, 150, berlin) }, "2026-03-29T03:30:00+02:00",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := write(test.next(instant(t, test.from)), berlin); got != test.expect {
				t.Errorf("got %s, want %s", got, test.expect)
			}
		})
	}
}

func TestDatesThatPeopleWrite(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	tests := map[string]struct {
		text   string
		by     calendar.Offset
		expect string // empty: it is no date
	}{
		"a day":                   {"2027-03-01", calendar.Offset{Minute: 600}, "2027-03-01T10:00:00+03:00"},
		"two days before":         {"2027-03-01", calendar.Offset{Days: -2, Minute: 600}, "2027-02-27T10:00:00+03:00"},
		"a day is not moved so":   {"2027-03-01", calendar.Offset{Duration: time.Hour}, "2027-03-01T00:00:00+03:00"},
		"an hour before a call":   {"2027-03-01T18:00:00Z", calendar.Offset{Duration: -time.Hour, Minute: 600}, "2027-03-01T20:00:00+03:00"},
		"a day without a year":    {"03-01", calendar.Offset{}, ""},
		"no such day":             {"2027-02-29", calendar.Offset{}, ""},
		"a day as others write":   {"01.03.2027", calendar.Offset{}, ""},
		"nothing":                 {"", calendar.Offset{}, ""},
		"a leap day":              {"2028-02-29", calendar.Offset{}, "2028-02-29T00:00:00+03:00"},
		"a year after a leap day": {"2028-02-29", calendar.Offset{Days: 366}, "2029-03-01T00:00:00+03:00"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if m, ok := calendar.Parse(test.text); ok {
				if at, ok := m.In(moscow, test.by); ok {
					got = write(at, moscow)
				}
			}
			if got != test.expect {
				t.Errorf("got %q, want %q", got, test.expect)
			}
		})
	}
}

func TestBirthdays(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	tests := map[string]struct {
		born, after string
		march       bool
		by          calendar.Offset
		expect      string
	}{
		"this year":                        {"1990-05-17", "2026-01-01T00:00:00Z", false, calendar.Offset{Minute: 600}, "2026-05-17T10:00:00+03:00"},
		"next year, as this one's is over": {"1990-05-17", "2026-05-17T07:00:00Z", false, calendar.Offset{Minute: 600}, "2027-05-17T10:00:00+03:00"},
		"a leap day's child in February":   {"1992-02-29", "2026-01-01T00:00:00Z", false, calendar.Offset{}, "2026-02-28T00:00:00+03:00"},
		"a leap day's child in March":      {"1992-02-29", "2026-01-01T00:00:00Z", true, calendar.Offset{}, "2026-03-01T00:00:00+03:00"},
		"a leap day's child, at last":      {"02-29", "2028-01-01T00:00:00Z", true, calendar.Offset{}, "2028-02-29T00:00:00+03:00"},
		"a week before, over new year":     {"01-03", "2026-12-20T00:00:00Z", false, calendar.Offset{Days: -7}, "2026-12-27T00:00:00+03:00"},
		"ten days after, over new year":    {"12-25", "2027-01-01T00:00:00Z", false, calendar.Offset{Days: 10}, "2027-01-04T00:00:00+03:00"},
		"an instant's day in the zone":     {"1990-05-16T22:00:00Z", "2026-01-01T00:00:00Z", false, calendar.Offset{}, "2026-05-17T00:00:00+03:00"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, ok := calendar.Parse(test.born)
			if !ok {
				t.Fatalf("%q is no date", test.born)
			}
			if got := write(m.NextYearly(instant(t, test.after), moscow, test.march, test.by), moscow); got != test.expect {
				t.Errorf("got %s, want %s", got, test.expect)
			}
		})
	}
}

func TestLocalTimesOfSchedules(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	for text, want := range map[string]string{
		"2026-12-31T10:00": "2026-12-31T10:00:00+03:00", "2026-12-31T10:00:00Z": "2026-12-31T13:00:00+03:00", "tomorrow": "",
	} {
		got := ""
		if at, ok := calendar.ParseLocal(text, moscow); ok {
			got = write(at, moscow)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestWindows(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	holidays := map[string]bool{"2027-01-01": true, "2027-01-04": true}
	tests := map[string]struct {
		window calendar.Window
		from   string
		expect string // empty: never
	}{
		"always open":                      {calendar.Window{}, "2026-11-20T03:00:00+03:00", "2026-11-20T03:00:00+03:00"},
		"open now":                         {calendar.Window{From: 540, To: 1080}, "2026-11-20T12:00:00+03:00", "2026-11-20T12:00:00+03:00"},
		"later today":                      {calendar.Window{From: 540, To: 1080}, "2026-11-20T03:00:00+03:00", "2026-11-20T09:00:00+03:00"},
		"its end is outside":               {calendar.Window{From: 540, To: 1080}, "2026-11-20T18:00:00+03:00", "2026-11-21T09:00:00+03:00"},
		"after the week end":               {calendar.Window{Weekdays: []int{1, 2, 3, 4, 5}, From: 540, To: 1080}, "2026-11-20T19:00:00+03:00", "2026-11-23T09:00:00+03:00"},
		"whole working days":               {calendar.Window{Weekdays: []int{1, 2, 3, 4, 5}}, "2026-11-21T19:00:00+03:00", "2026-11-23T00:00:00+03:00"},
		"after the holidays":               {calendar.Window{Weekdays: []int{1, 5}, From: 540, To: 1080, Holidays: holidays}, "2026-12-31T19:00:00+03:00", "2027-01-08T09:00:00+03:00"},
		"still Friday's night":             {calendar.Window{Weekdays: []int{5}, From: 1320, To: 120}, "2026-11-21T01:00:00+03:00", "2026-11-21T01:00:00+03:00"},
		"the night belongs to another day": {calendar.Window{Weekdays: []int{5}, From: 1320, To: 120}, "2026-11-20T01:00:00+03:00", "2026-11-20T22:00:00+03:00"},
		"on no day of the week":            {calendar.Window{Weekdays: []int{8}}, "2026-11-20T01:00:00+03:00", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			at, err := test.window.Opening(instant(t, test.from), moscow)
			if test.expect == "" {
				if !errors.Is(err, calendar.ErrNeverOpens) {
					t.Errorf("got %s and error %v", write(at, moscow), err)
				}
				return
			}
			if got := write(at, moscow); err != nil || got != test.expect {
				t.Errorf("got %s and error %v, want %s", got, err, test.expect)
			}
		})
	}
}

func TestTimesOfDay(t *testing.T) {
	for text, want := range map[string]int{"00:00": 0, "09:30": 570, "23:59": 1439, "24:00": -1, "9:30": -1, "09:60": -1, "0930": -1, "": -1, "ab:cd": -1} {
		got, ok := calendar.MinuteOfDay(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

// drawInstant likes the hours around a change of the clocks.
func drawInstant(t *rapid.T, z *time.Location) event.Time {
	at := time.Unix(rapid.Int64Range(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "second"), 0)
	if _, end := at.In(z).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "at a change") {
		at = end.Add(time.Duration(rapid.IntRange(-36*60, 36*60).Draw(t, "minutes off")) * time.Minute)
	}
	return event.At(at.Truncate(time.Minute))
}

func shows(at event.Time, z *time.Location) (string, int) {
	local := at.UTC().In(z)
	return local.Format(time.DateOnly), local.Hour()*60 + local.Minute()
}

func TestAtIsTheFirstMinuteThatClocksShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d, _ := calendar.DayOf(drawInstant(t, z), z)
		minute := rapid.IntRange(0, 1439).Draw(t, "minute")
		got := calendar.At(d, minute, z)
		walk := event.Time(d)*event.Time(24*time.Hour/time.Microsecond) - event.Time(30*time.Hour/time.Microsecond)
		for i := range 80 * 60 {
			at := walk.Add(time.Duration(i) * time.Minute)
			if day, m := shows(at, z); day == d.String() && m == minute {
				if at != got {
					t.Fatalf("got %s, but clocks show it at %s", write(got, z), write(at, z))
				}
				return
			}
		}
		before := got.UTC().Add(-25 * time.Hour).In(z) // never shown: by the clock before the jump
		_, offset := before.Zone()
		if day, m := shows(got.Add(time.Duration(offset)*time.Second), time.UTC); day != d.String() || m != minute {
			t.Fatalf("left out, and moved to %s", write(got, z))
		}
	})
}

func TestQuietHoursEndWhenAWalkSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := drawInstant(t, z)
		from, to := rapid.IntRange(0, 1439).Draw(t, "from"), rapid.IntRange(0, 1439).Draw(t, "to")
		quiet := func(at event.Time) bool {
			_, m := shows(at, z)
			return from < to && from <= m && m < to || from > to && (m >= from || m < to)
		}
		end, is := calendar.QuietUntil(at, from, to, z)
		if is != quiet(at) {
			t.Fatalf("quiet %v at %s", is, write(at, z))
		}
		if !is {
			return
		}
		walk := at
		for quiet(walk) {
			walk = walk.Add(time.Minute)
		}
		if walk != end {
			t.Fatalf("ends at %s, the walk says %s", write(end, z), write(walk, z))
		}
	})
}

func TestWindowsOpenWhenAWalkSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := drawInstant(t, z)
		w := calendar.Window{From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(0, 1439).Draw(t, "to")}
		w.Weekdays = rapid.SliceOfNDistinct(rapid.IntRange(1, 7), 0, 3, rapid.ID[int]).Draw(t, "weekdays")
		day, _ := calendar.DayOf(at, z)
		w.Holidays = map[string]bool{(day + calendar.Day(rapid.IntRange(0, 3).Draw(t, "holiday"))).String(): true}
		opens := func(local time.Time) bool {
			weekday := (int(local.Weekday())+6)%7 + 1
			if len(w.Weekdays) > 0 && !slices.Contains(w.Weekdays, weekday) {
				return false
			}
			return !w.Holidays[local.Format(time.DateOnly)]
		}
		open := func(at event.Time) bool {
			local := at.UTC().In(z)
			m := local.Hour()*60 + local.Minute()
			today := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
			if w.From == w.To || w.From < w.To && w.From <= m && m < w.To || w.From > w.To && m >= w.From {
				return opens(today)
			}
			return w.From > w.To && m < w.To && opens(today.AddDate(0, 0, -1))
		}
		got, err := w.Opening(at, z)
		if err != nil {
			t.Fatal(err)
		}
		walk := at
		for !open(walk) {
			walk = walk.Add(time.Minute)
		}
		if walk != got {
			t.Fatalf("opens at %s, the walk says %s", write(got, z), write(walk, z))
		}
	})
}

func TestWhatComesNextIsAfterAndFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := drawInstant(t, z)
		minute, weekday := rapid.IntRange(0, 1439).Draw(t, "minute"), rapid.IntRange(1, 7).Draw(t, "weekday")
		day, _ := calendar.DayOf(at, z)
		var time, week event.Time
		for d := day + 9; d >= day-2; d-- {
			if next := calendar.At(d, minute, z); next > at {
				time = next
				if d.Weekday() == weekday {
					week = next
				}
			}
		}
		if got := calendar.NextTime(at, minute, z); got != time {
			t.Errorf("time: got %s, want %s", write(got, z), write(time, z))
		}
		if got := calendar.NextWeekday(at, weekday, minute, z); got != week {
			t.Errorf("weekday: got %s, want %s", write(got, z), write(week, z))
		}
	})
}
