// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// table is the numbers of a small table: by the name of a row, then by that of a column.
type table map[string]map[string]string

func readTable(t *testing.T, text string) table {
	t.Helper()
	rows := table{}
	var columns []string
	for line := range strings.Lines(text) {
		cells := strings.Fields(line)
		if columns == nil {
			columns = cells[1:] // the first says what the rows are
			continue
		}
		if len(cells) != len(columns)+1 {
			t.Fatalf("%q has not a cell for each of %v", line, columns)
		}
		rows[cells[0]] = map[string]string{}
		for n, column := range columns {
			rows[cells[0]][column] = cells[n+1]
		}
	}
	return rows
}

// compare holds the numbers against the example's tables.
func compare(t *testing.T, x example, f definition.Funnel, got aggregate.Funnel) {
	t.Helper()
	sameTable(t, "stages", x.Stages, stagesTable(f, got))
	sameTable(t, "aggregate stages", x.Aggregates, aggregatesTable(f, got))
	if x.Breakdown != "" {
		sameTable(t, "groups", x.Breakdown, breakdownTable(got))
	}
	if x.Days != "" {
		sameTable(t, "days", x.Days, daysTable(f, got))
	}
	if x.Compared != "" {
		sameTable(t, "compared days", x.Compared, comparedTable(got))
	}
	if x.Hours != "" {
		sameTable(t, "hours", x.Hours, hoursTable(f, got))
	}
	also := map[string]int64{"tooLate": got.TooLate, "clamped": got.Clamped, "errors": got.Errors, "saturated": got.Saturated}
	if _, listed := x.Also["completed"]; listed {
		also["completed"] = got.Completed
	}
	maps.DeleteFunc(also, func(name string, n int64) bool { return n == 0 && x.Also[name] == 0 })
	if diff := cmp.Diff(x.Also, also, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("counters differ (-want +got):\n%s", diff)
	}
}

// sameTable compares what a table lists. What it leaves out must be zero, but for columns that need not be said.
func sameTable(t *testing.T, what, text string, got table) {
	t.Helper()
	want := readTable(t, text)
	columns := map[string]bool{}
	for _, row := range want {
		for column := range row {
			columns[column] = true
		}
	}
	for name, row := range got {
		maps.DeleteFunc(row, func(column, value string) bool {
			return !columns[column] && (value == "0" || strings.HasPrefix(column, "mature") || strings.HasPrefix(column, "sum-"))
		})
		empty := true
		for _, value := range row {
			empty = empty && value == "0"
		}
		if _, listed := want[name]; !listed && empty {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s differ (-want +got):\n%s", what, diff)
	}
}

func decimal(m aggregate.Micros) string {
	return strconv.FormatFloat(float64(m)/1e6, 'f', -1, 64)
}

func row(numbers ...any) map[string]string {
	cells := map[string]string{}
	for i := 0; i < len(numbers); i += 2 {
		cells[numbers[i].(string)] = fmt.Sprint(numbers[i+1])
	}
	return cells
}

func stagesTable(f definition.Funnel, got aggregate.Funnel) table {
	rows := table{}
	for i, s := range got.Stages {
		rows[f.Stages[i].Name] = row("entered", s.Entered, "converted", s.Converted, "inProgress", s.InProgress, "dropped", s.Dropped,
			"excluded", s.Excluded, "recovered", s.Recovered, "matureEntered", s.MatureEntered, "matureConverted", s.MatureConverted,
			"value", decimal(s.Value), "valueEvents", s.ValueEvents, "refunded", decimal(s.Refunded))
	}
	return rows
}

func aggregatesTable(f definition.Funnel, got aggregate.Funnel) table {
	rows := table{}
	for i, a := range got.Aggregates {
		rows[f.Aggregates[i].Name] = row("sum", decimal(a.Sum), "events", a.Events)
	}
	return rows
}

func breakdownTable(got aggregate.Funnel) table {
	rows := table{}
	for label, g := range got.Breakdowns[0].Groups {
		rows[label] = row("entered", g.Entered, "completed", g.Completed)
	}
	return rows
}

func daysTable(f definition.Funnel, got aggregate.Funnel) table {
	rows := table{}
	for day, c := range got.Cohorts {
		cells := row("completed", c.Completed)
		for i := range c.Entered {
			cells[f.Stages[i].Name] = fmt.Sprint(c.Entered[i])
		}
		rows[definition.Date(day)] = cells
	}
	return rows
}

func comparedTable(got aggregate.Funnel) table {
	rows := table{}
	for name, c := range map[string]aggregate.Comparison{"recent": got.Recent, "before": got.Before} {
		rows[name] = row("entered", c.Entered, "completed", c.Completed, "sum-entered²", c.EnteredSquared, "sum-entered·completed", c.Cross, "sum-completed²", c.CompletedSquared)
	}
	return rows
}

func hoursTable(f definition.Funnel, got aggregate.Funnel) table {
	rows := table{}
	for hour, counts := range got.Rates {
		cells := row()
		for i, n := range counts {
			cells[f.Stages[i].Name] = fmt.Sprint(n)
		}
		rows[time.Unix(hour*3600, 0).UTC().Format("2006-01-02T15")] = cells
	}
	return rows
}
