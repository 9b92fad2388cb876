// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
)

// rules is the page whose examples are tested here, so that it cannot say anything else than what is counted.
const rules = "../../docs/semantics.md"

// example is one block of the page.
type example struct {
	// Example is the rule that it shows.
	Example string `json:"example"`
	// Funnel and Workspace are what it changes of those at the top of the page.
	Funnel    map[string]any `json:"funnel"`
	Workspace map[string]any `json:"workspace"`
	// Log is what happened, see parse.
	Log string `json:"log"`
	// Stages and the others are tables of the numbers that come of it. A column that is left out is zero throughout, but for mature ones.
	Stages     string           `json:"stages"`
	Aggregates string           `json:"aggregates"`
	Breakdown  string           `json:"breakdown"`
	Days       string           `json:"days"`
	Compared   string           `json:"compared"`
	Hours      string           `json:"hours"`
	Also       map[string]int64 `json:"also"`
}

// TestRules holds the oracle to every example of the page.
func TestRules(t *testing.T) {
	t.Parallel()
	base, examples := page(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			f := x.definition(t, base)
			truth, err := oracle.New(f)
			if err != nil {
				t.Fatal(err)
			}
			var log []oracle.Record
			clock := event.Time(0)
			for i, r := range x.records(t) {
				log = append(log, seen(t, uint64(i+1), r)...)
				clock = max(clock, r.Tick)
			}
			compare(t, x, f, truth.Evaluate(log, clock))
		})
	}
}

// TestEngineFollowsTheRules holds the engine to the oracle in every example of the page, also between the records.
func TestEngineFollowsTheRules(t *testing.T) {
	t.Parallel()
	base, examples := page(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			p := newPartition(t, x.definition(t, base))
			p.add(p.apply)
			p.backfill(1)
			for _, r := range x.records(t) {
				p.add(r)
				p.check(time.Minute)
			}
		})
	}
}

// records are the log of an example.
func (x *example) records(t *testing.T) (log []record.Record) {
	t.Helper()
	for i, line := range strings.FieldsFunc(x.Log, func(r rune) bool { return r == '\n' || r == ';' }) {
		log = append(log, parse(t, line, i))
	}
	return log
}

// page reads the funnel and the examples. A block that is no example is the funnel.
func page(t *testing.T) (base map[string]any, examples []example) {
	t.Helper()
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, rest := range strings.Split(string(text), "\n```yaml\n")[1:] {
		block, _, closed := strings.Cut(rest, "\n```\n")
		if !closed {
			t.Fatalf("a block is not closed: %q", rest)
		}
		if base == nil {
			if err := yaml.Unmarshal([]byte(block), &base); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var x example
		if err := yaml.UnmarshalStrict([]byte(block), &x); err != nil {
			t.Fatalf("%v in:\n%s", err, block)
		}
		examples = append(examples, x)
	}
	return base, examples
}

// definition compiles the example's funnel.
func (x *example) definition(t *testing.T, base map[string]any) definition.Funnel {
	t.Helper()
	spec := maps.Clone(base)
	maps.Copy(spec, x.Funnel)
	if changed, ok := x.Funnel["stages"].([]any); ok {
		spec["stages"] = mergeStages(base["stages"].([]any), changed)
	}
	var fn v1alpha1.Funnel
	var ws v1alpha1.Workspace
	ws.Spec.EventLog.Retention = &v1alpha1.RetentionSpec{Age: "30d"}
	decode(t, map[string]any{"spec": spec}, &fn)
	decode(t, map[string]any{"spec": x.Workspace}, &ws)
	f, errs := definition.FromFunnel(&fn, &ws)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	return f
}

func decode(t *testing.T, object map[string]any, into any) {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}

// mergeStages puts the fields of changed stages into those of the same name; stages of new names take the place of all.
func mergeStages(base, changed []any) []any {
	byName := map[any]map[string]any{}
	for _, stage := range changed {
		fields := stage.(map[string]any)
		byName[fields["name"]] = fields
	}
	var merged []any
	for _, stage := range base {
		fields := maps.Clone(stage.(map[string]any))
		for field, value := range byName[fields["name"]] {
			if fields[field] = value; value == nil {
				delete(fields, field)
			}
		}
		delete(byName, fields["name"])
		merged = append(merged, fields)
	}
	if len(byName) > 0 {
		return changed
	}
	return merged
}

// parse reads a line of a log: "12:00 clock", "12:00 ann cart", with "id=7", "{...}" as data, or "clamped" behind it. Times are those
// of 2 November 2026, or of another day with "10-25" before them; a "+" adds a microsecond.
func parse(t *testing.T, line string, number int) record.Record {
	t.Helper()
	line, data, hasData := strings.Cut(strings.TrimSpace(line), "{")
	words := strings.Fields(line)
	day := "2026-11-02"
	if strings.Contains(words[0], "-") {
		day, words = "2026-11-02"[:10-len(words[0])]+words[0], words[1:]
	}
	clock, later := strings.CutSuffix(words[0], "+")
	at, err := time.Parse("2006-01-02 15:04", day+" "+clock)
	if err != nil {
		t.Fatal(err)
	}
	when := event.At(at)
	if later {
		when++
	}
	if words[1] == "clock" {
		return record.Record{Kind: record.Tick, Tick: when}
	}
	e := event.Event{Contact: words[1], Type: words[2], Source: "test", ID: fmt.Sprintf("%03d", number), Time: when, Received: when}
	for _, word := range words[3:] {
		switch id, isID := strings.CutPrefix(word, "id="); {
		case isID:
			e.ID = id
		case word == "clamped":
			e.Flags |= event.Clamped
		default:
			t.Fatalf("%q is nothing that a line may hold", word)
		}
	}
	if hasData {
		if e.Data, err = yaml.YAMLToJSON([]byte("{" + data)); err != nil {
			t.Fatal(err)
		}
	}
	return record.Record{Kind: record.Events, Chunk: event.Append(nil, &e)}
}

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
	same := func(what, text string, got table) {
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
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s differ (-want +got):\n%s", what, diff)
		}
	}
	same("stages", x.Stages, stagesTable(f, got))
	same("aggregate stages", x.Aggregates, aggregatesTable(f, got))
	if x.Breakdown != "" {
		same("breakdown", x.Breakdown, breakdownTable(got))
	}
	if x.Days != "" {
		same("days", x.Days, daysTable(f, got))
	}
	if x.Compared != "" {
		same("compared", x.Compared, comparedTable(got))
	}
	if x.Hours != "" {
		same("hours", x.Hours, hoursTable(f, got))
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

func decimal(m aggregate.Micros) string {
	text := strconv.FormatFloat(float64(m)/1e6, 'f', -1, 64)
	return text
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
