// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

func dayOf(t *testing.T, date string) int64 {
	t.Helper()
	day, err := definition.DayNumber(date)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// A day's attempts are about the period, the days that are compared, and their own cohort; what of it changes with the days.
func TestRolesOfADay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		period definition.Period
		window time.Duration
		zone   string
		today  string
		day    string
		want   string
		// changes is the day on which that changes next, and to its first instant.
		changes string
		to      string
	}{
		"today is in the period": {
			period: definition.Period{RollingDays: 7}, today: "2026-11-20", day: "2026-11-20", want: "current cohort",
			changes: "2026-11-22", to: "2026-11-22T00:00:00Z",
		},
		"a day is compared once all its windows have passed": {
			period: definition.Period{RollingDays: 7}, today: "2026-11-22", day: "2026-11-20", want: "current recent cohort",
			changes: "2026-11-27", to: "2026-11-27T00:00:00Z",
		},
		"it leaves the period before it leaves the comparison": {
			period: definition.Period{RollingDays: 7}, today: "2026-11-27", day: "2026-11-20", want: "recent cohort",
			changes: "2026-11-29", to: "2026-11-29T00:00:00Z",
		},
		"then it is what is compared with": {
			period: definition.Period{RollingDays: 7}, today: "2026-11-29", day: "2026-11-20", want: "before cohort",
			changes: "2026-12-06", to: "2026-12-06T00:00:00Z",
		},
		"and then it is over": {
			period: definition.Period{RollingDays: 7}, today: "2026-12-06", day: "2026-11-20", want: "",
		},
		"tomorrow is not there yet": {
			period: definition.Period{RollingDays: 7}, today: "2026-11-20", day: "2026-11-21", want: "",
			changes: "2026-11-21", to: "2026-11-21T00:00:00Z",
		},
		"tomorrow is in a calendar's period, without a cohort": {
			period: definition.Period{Calendar: definition.Month}, today: "2026-11-20", day: "2026-11-21", want: "current",
			changes: "2026-11-21", to: "2026-11-21T00:00:00Z",
		},
		"a day of last month is over while nothing is compared": {
			period: definition.Period{Calendar: definition.Month}, today: "2026-11-02", day: "2026-10-31", want: "",
			changes: "2026-11-03", to: "2026-11-03T00:00:00Z",
		},
		"and then comes to be compared with": {
			period: definition.Period{Calendar: definition.Month}, today: "2026-11-03", day: "2026-10-31", want: "before cohort",
			changes: "2026-12-01", to: "2026-12-01T00:00:00Z",
		},
		"the month ends": {
			period: definition.Period{Calendar: definition.Month}, today: "2026-11-30", day: "2026-11-01", want: "current recent cohort",
			changes: "2026-12-01", to: "2026-12-01T00:00:00Z",
		},
		"between two days the cohort of a day stays for 800 days": {
			period: definition.Period{From: "2026-11-01", To: "2026-11-07"}, today: "2026-12-01", day: "2026-11-01", want: "current recent cohort",
			changes: "2029-01-09", to: "2029-01-09T00:00:00Z",
		},
		"days begin where the zone says, also when a clock goes back": {
			period: definition.Period{RollingDays: 1}, zone: "Europe/Berlin", today: "2026-10-25", day: "2026-10-25", want: "current cohort",
			changes: "2026-10-26", to: "2026-10-25T23:00:00Z",
		},
		"a window of a day has not passed after a day of 23 hours": {
			period: definition.Period{RollingDays: 1}, window: 24 * time.Hour, zone: "Europe/Berlin", today: "2026-03-30", day: "2026-03-28",
			want: "cohort", changes: "2026-03-31", to: "2026-03-30T22:00:00Z",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			f := definition.Funnel{Stages: make([]definition.Stage, 2), Order: definition.Ordered, Window: max(tt.window, 24*time.Hour), Period: tt.period}
			p, err := newPlan(1, &f, zone)
			if err != nil {
				t.Fatal(err)
			}
			now := p.at(p.calendar.start(dayOf(t, tt.today)))
			if got := rolesWritten(now.days.roles(dayOf(t, tt.day))); got != tt.want {
				t.Errorf("it is about %q, want %q", got, tt.want)
			}
			changes, want := p.changesAt(&now, dayOf(t, tt.day)), event.Time(0)
			if tt.to != "" {
				at, err := time.Parse(time.RFC3339, tt.to)
				if err != nil {
					t.Fatal(err)
				}
				want = event.At(at)
			}
			if changes != want || tt.changes != "" && p.calendar.day(changes) != dayOf(t, tt.changes) {
				t.Errorf("that changes at %v, want %v on %s", changes.UTC(), want.UTC(), tt.changes)
			}
		})
	}
}

func rolesWritten(roles roleSet) string {
	var all []string
	for i, name := range []string{"current", "recent", "before", "cohort"} {
		if roles&(1<<i) != 0 {
			all = append(all, name)
		}
	}
	return strings.Join(all, " ")
}

// A contact comes on several days: each has its cohort, and the weeks that are compared take the best of theirs.
func TestComparedDaysAndCohorts(t *testing.T) {
	t.Parallel()
	const day = 24.0
	did := fmt.Sprint("0 v | 1 c | ", 2*day, " v | ", 2*day+1, " c | ", 2*day+2, " k | ", 2*day+3, " o | ", 3*day, " v | ", 8*day, " v")
	tests := map[string]struct {
		count definition.Count
		want  aggregate.Funnel
	}{
		"a contact counts once in each run of days": {
			count: definition.Contacts,
			want: aggregate.Funnel{
				Recent: aggregate.Comparison{Entered: 1, EnteredSquared: 1},
				Before: aggregate.Comparison{Entered: 1, Completed: 1, EnteredSquared: 1, Cross: 1, CompletedSquared: 1},
			},
		},
		"with every entry": {
			count: definition.Entries,
			want: aggregate.Funnel{
				Recent: aggregate.Comparison{Entered: 1, EnteredSquared: 1},
				Before: aggregate.Comparison{Entered: 3, Completed: 1, EnteredSquared: 9, Cross: 3, CompletedSquared: 1},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			example := rule{change: []func(*definition.Funnel){func(f *definition.Funnel) { f.Count = tt.count }}}
			p := example.plan(t)
			moments, marks := history(t, p, did)
			var c contribution
			now := p.at(later(15 * 24 * time.Hour)) // the 17th: Tuesday the 3rd up to Sunday the 15th have passed, two weeks from the 2nd on
			new(evaluator).evaluate(p, now, moments, []segment{{math.MinInt64, marks}}, nil, &c)
			got := newTally(p)
			got.add(&c, 1)
			f := got.funnel()
			want := tt.want
			first := dayOf(t, "2026-11-02")
			want.Cohorts = map[int64]aggregate.Cohort{
				first:     {Entered: []int64{1, 1, 0, 0}, Converted: []int64{1, 0, 0, 0}},
				first + 2: {Entered: []int64{1, 1, 1, 1}, Converted: []int64{1, 1, 1, 1}, Completed: 1},
				first + 3: {Entered: []int64{1, 0, 0, 0}, Converted: []int64{0, 0, 0, 0}},
				first + 8: {Entered: []int64{1, 0, 0, 0}, Converted: []int64{0, 0, 0, 0}},
			}
			want.Stages = make([]aggregate.Stage, 4)
			if diff := cmp.Diff(want, f); diff != "" {
				t.Errorf("numbers differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A breakdown tells the property of the event that filled its stage, for whoever reached that.
func TestBreakdowns(t *testing.T) {
	t.Parallel()
	p := (&rule{change: []func(*definition.Funnel){func(f *definition.Funnel) {
		f.Breakdowns = []definition.Breakdown{{Name: "source", Stage: 0}}
	}}}).plan(t)
	tally := newTally(p)
	for _, did := range []string{"0 v=ads | 1 c | 2 k | 3 o", "0 v=mail | 1 v=ads", "0 v", "0 c=ads"} {
		moments, marks := history(t, p, did)
		var c contribution
		new(evaluator).evaluate(p, p.at(hours(4)), moments, []segment{{math.MinInt64, marks}}, nil, &c)
		tally.add(&c, 1)
	}
	want := []aggregate.Breakdown{{Groups: map[string]aggregate.Group{"ads": {Entered: 2, Completed: 1}, definition.NoLabel: {Entered: 1}}}}
	if diff := cmp.Diff(want, tally.funnel().Breakdowns); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
}

// A partition reports the largest groups, and the rest in one.
func TestOnlyTheLargestGroupsAreReported(t *testing.T) {
	t.Parallel()
	groups := map[string]share{"large": {entered: 3, completed: 2}}
	for i := range maxGroups + 4 {
		groups[fmt.Sprintf("%04d", i)] = share{entered: 1, completed: 1}
	}
	got := reportGroups(groups)
	if len(got.Groups) != maxGroups || got.Groups["large"] != (aggregate.Group{Entered: 3, Completed: 2}) {
		t.Errorf("%d groups are reported, the largest as %+v", len(got.Groups), got.Groups["large"])
	}
	if want := (aggregate.Group{Entered: 5, Completed: 5}); got.Rest != want {
		t.Errorf("the rest is %+v, want %+v", got.Rest, want)
	}
	if _, first := got.Groups["0000"]; !first {
		t.Error("of equal groups the first is left out")
	}
}
