// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		period                  definition.Period
		today, mature           string
		current, recent, before string
	}{
		"a rolling month compares four weeks": {
			definition.Period{RollingDays: 30}, "2026-11-22", "2026-11-07",
			"2026-10-24..2026-11-22", "2026-10-11..2026-11-07", "2026-09-13..2026-10-10",
		},
		"three rolling days compare three": {
			definition.Period{RollingDays: 3}, "2026-11-22", "2026-11-21",
			"2026-11-20..2026-11-22", "2026-11-19..2026-11-21", "2026-11-16..2026-11-18",
		},
		"a month's mature part is compared": {
			definition.Period{Calendar: definition.Month}, "2026-11-22", "2026-11-12",
			"2026-11-01..2026-11-30", "2026-11-06..2026-11-12", "2026-10-30..2026-11-05",
		},
		"a month without a mature day is compared with nothing": {
			definition.Period{Calendar: definition.Month}, "2026-11-02", "2026-10-20",
			"2026-11-01..2026-11-30", "", "",
		},
		"a week begins on Monday": {
			definition.Period{Calendar: definition.Week}, "2026-11-22", "2026-11-20",
			"2026-11-16..2026-11-22", "2026-11-16..2026-11-20", "2026-11-11..2026-11-15",
		},
		"a leap year's first quarter": {
			definition.Period{Calendar: definition.Quarter}, "2028-02-29", "2028-02-28",
			"2028-01-01..2028-03-31", "2028-01-04..2028-02-28", "2027-11-09..2028-01-03",
		},
		"a year": {
			definition.Period{Calendar: definition.Year}, "2026-01-05", "2026-01-03",
			"2026-01-01..2026-12-31", "2026-01-01..2026-01-03", "2025-12-29..2025-12-31",
		},
		"fixed days are over": {
			definition.Period{From: "2026-09-01", To: "2026-09-15"}, "2026-11-22", "2026-11-07",
			"2026-09-01..2026-09-15", "2026-09-02..2026-09-15", "2026-08-19..2026-09-01",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spans, err := tt.period.SpansOn(number(t, tt.today), number(t, tt.mature))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{text(spans.Current), text(spans.Recent), text(spans.Before)}
			if diff := cmp.Diff([]string{tt.current, tt.recent, tt.before}, got); diff != "" {
				t.Errorf("current, recent and before differ (-want +got):\n%s", diff)
			}
		})
	}
}

func number(t *testing.T, date string) int64 {
	t.Helper()
	day, err := definition.DayNumber(date)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

func text(d definition.Days) string {
	if d.Len() == 0 {
		return ""
	}
	return definition.Date(d.First) + ".." + definition.Date(d.Last)
}
