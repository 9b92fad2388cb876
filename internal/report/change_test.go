// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// evening is already the 21st of November 2026, a Saturday, in Moscow.
var evening = event.At(time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC))

// statusOf writes numbers down as they stand on that evening.
func statusOf(t *testing.T, fn *v1alpha1.Funnel, n *report.FunnelNumbers) v1alpha1.FunnelStatus {
	t.Helper()
	status, err := report.FunnelStatus(fn, report.Setting{Currency: "RUB", Zone: moscow}, n, evening)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// single is the comparison of people of whom each came once.
func single(entered, completed int64) aggregate.Comparison {
	return aggregate.Comparison{
		Entered: entered, Completed: completed,
		EnteredSquared: entered, Cross: completed, CompletedSquared: completed,
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	whole := aggregate.Comparison{Entered: 40_000, Completed: 2000, EnteredSquared: 800_000, Cross: 40_000, CompletedSquared: 40_000} // twenty ways each
	tests := map[string]struct {
		before, recent aggregate.Comparison
		want           string
	}{
		"better beyond chance":          {single(100_000, 4000), single(100_000, 4500), "+0.50pp"},
		"worse beyond chance":           {single(20_000, 1000), single(20_000, 700), "-1.50pp"},
		"nothing comes any more":        {single(1000, 50), single(1000, 0), "-5.00pp"},
		"it may be chance":              {single(12_480, 520), single(12_480, 561), "+0.3pp ±1.0"},
		"a little, which may be chance": {single(12_480, 520), single(12_480, 519), "+0.0pp ±0.9"},
		"too few":                       {single(100, 5), single(100, 15), "unclear"},
		"nobody before":                 {single(0, 0), single(1000, 50), ""},
		"nobody since":                  {single(1000, 50), single(0, 0), ""},
		"few people with many ways":     {whole, whole, "+0.0pp ±2.6"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := thirtyDays()
			n.Funnel.Before, n.Funnel.Recent = tt.before, tt.recent
			if got := statusOf(t, shop(), n).Summary.Change; got != tt.want {
				t.Errorf("change is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPreviousPeriodShowsBothSides(t *testing.T) {
	t.Parallel()
	n := thirtyDays()
	n.Funnel.Before, n.Funnel.Recent = single(100_000, 4000), single(90_000, 4500)
	fn := shop(func(fn *v1alpha1.Funnel) { fn.Spec.Window = "14d" })
	margin := int32(35)
	want := &v1alpha1.PreviousPeriod{ // four weeks that end a window ago, and the four weeks before
		From: "2026-09-12", To: "2026-10-09", Entered: 100_000, Converted: 4000, Conversion: &v1alpha1.Rate{Percent: "4.00%", BasisPoints: 400},
		Recent: &v1alpha1.ComparedDays{From: "2026-10-10", To: "2026-11-06", Entered: 90_000, Converted: 4500, Conversion: &v1alpha1.Rate{Percent: "5.00%", BasisPoints: 500}},
		Change: &v1alpha1.RateChange{Text: "+1.00pp", BasisPoints: 100, MarginBasisPoints: &margin, Significant: true},
	}
	if diff := cmp.Diff(want, statusOf(t, fn, n).Previous); diff != "" {
		t.Errorf("previous period (-want +got):\n%s", diff)
	}
	for exactSince, shown := range map[string]bool{"2026-09-11": true, "2026-09-12": false} {
		from, err := time.ParseInLocation(time.DateOnly, exactSince, moscow)
		if err != nil {
			t.Fatal(err)
		}
		if n.ExactSince = event.At(from.Add(time.Hour)); (statusOf(t, fn, n).Previous != nil) != shown {
			t.Errorf("exact since %s: a previous period is shown: %v, want %v", exactSince, !shown, shown)
		}
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	calendar := func(c v1alpha1.CalendarPeriod) *v1alpha1.FunnelPeriod { return &v1alpha1.FunnelPeriod{Calendar: c} }
	tests := map[string]struct {
		period *v1alpha1.FunnelPeriod
		want   string // the column, the counted days, the compared days
	}{
		"thirty days without a word": {nil, "30d: 2026-10-23..2026-11-21, 2026-10-10..2026-11-06 with 2026-09-12..2026-10-09"},
		"one day":                    {&v1alpha1.FunnelPeriod{RollingDays: 1}, "1d: 2026-11-21..2026-11-21, 2026-11-06..2026-11-06 with 2026-11-05..2026-11-05"},
		"this week":                  {calendar(v1alpha1.CalendarWeek), "Week: 2026-11-16..2026-11-22, none"},
		"this month":                 {calendar(v1alpha1.CalendarMonth), "Month: 2026-11-01..2026-11-30, 2026-11-01..2026-11-06 with 2026-10-26..2026-10-31"},
		"this quarter":               {calendar(v1alpha1.CalendarQuarter), "Quarter: 2026-10-01..2026-12-31, 2026-10-03..2026-11-06 with 2026-08-29..2026-10-02"},
		"this year":                  {calendar(v1alpha1.CalendarYear), "Year: 2026-01-01..2026-12-31, 2026-01-03..2026-11-06 with 2025-03-01..2026-01-02"},
		"fixed days": {
			&v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: "2026-10-01", To: "2026-10-10"}},
			"2026-10-01..10-10: 2026-10-01..2026-10-10, 2026-10-04..2026-10-10 with 2026-09-27..2026-10-03",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := thirtyDays()
			n.Funnel.Before, n.Funnel.Recent = single(1000, 40), single(1000, 40)
			status := statusOf(t, shop(func(fn *v1alpha1.Funnel) { fn.Spec.Window, fn.Spec.Period = "14d", tt.period }), n)
			got := fmt.Sprintf("%s: %s..%s, none", status.Summary.Period, status.Period.From, status.Period.To)
			if p := status.Previous; p != nil {
				got = strings.TrimSuffix(got, "none") + fmt.Sprintf("%s..%s with %s..%s", p.Recent.From, p.Recent.To, p.From, p.To)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A window of whole days is over when its last day is, whatever the clocks did in between.
func TestDaysAreMatureAcrossAChangeOfClocks(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		asOf time.Time
		want v1alpha1.Date // the last day that is compared
	}{
		"days of 24 hours":             {time.Date(2026, 6, 15, 12, 0, 0, 0, berlin), "2026-06-07"},
		"a day of 23 hours in between": {time.Date(2026, 3, 31, 12, 0, 0, 0, berlin), "2026-03-22"},
		"a day of 25 hours in between": {time.Date(2026, 10, 28, 12, 0, 0, 0, berlin), "2026-10-20"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := thirtyDays()
			n.Funnel.Before, n.Funnel.Recent = single(1000, 40), single(1000, 40)
			fn := shop(func(fn *v1alpha1.Funnel) { fn.Spec.Window = "7d" })
			status, err := report.FunnelStatus(fn, report.Setting{Zone: berlin}, n, event.At(tt.asOf))
			if err != nil {
				t.Fatal(err)
			}
			if got := status.Previous.Recent.To; got != tt.want {
				t.Errorf("the last day whose windows are over is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCohorts(t *testing.T) {
	t.Parallel()
	day, err := definition.DayNumber("2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	n := &report.FunnelNumbers{Funnel: aggregate.Funnel{Cohorts: map[int64]aggregate.Cohort{
		day:     {Entered: []int64{40, 10}, Converted: []int64{10, 10}, Completed: 10},
		day - 3: {Entered: []int64{30, 5}, Converted: []int64{4, 4}, Completed: 4},
	}}}
	want := []report.Cohort{
		{Day: "2026-11-17", Cohort: n.Funnel.Cohorts[day-3], Conversion: &v1alpha1.Rate{Percent: "13.33%", BasisPoints: 1333}},
		{Day: "2026-11-20", Cohort: n.Funnel.Cohorts[day], Conversion: &v1alpha1.Rate{Percent: "25.00%", BasisPoints: 2500}},
	}
	if diff := cmp.Diff(want, report.Cohorts(n)); diff != "" {
		t.Errorf("cohorts (-want +got):\n%s", diff)
	}
}
