// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
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
	// Signals are those of drop-offs, see signalLines, and Stale is how many come too late for one.
	Signals string `json:"signals"`
	Stale   int64  `json:"stale"`
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
			if _, asked := x.Funnel["triggerMaxAge"]; asked {
				signals, stale := truth.Signals(log, 0)
				compareSignals(t, x, signals, stale)
			}
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
			p.play(x.records(t))
			p.checkSignals()
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

// page reads the chapter about funnels.
func page(t *testing.T) (base map[string]any, examples []example) {
	t.Helper()
	return examplesOf[example](t, chapter(t, "", scenarioChapter))
}

// blocks gives what is fenced on a page.
func blocks(t *testing.T, text string) (all []string) {
	t.Helper()
	for _, rest := range strings.Split(text, "\n```yaml\n")[1:] {
		block, _, closed := strings.Cut(rest, "\n```\n")
		if !closed {
			t.Fatalf("a block is not closed: %q", rest)
		}
		all = append(all, block)
	}
	return all
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
	f, _, errs := definition.FromFunnel(&fn, &ws, nil)
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
// of 2 November 2026, or of another day with "10-25" before them; a "+" adds a microsecond. "?b" is a visitor; "12:00 ann identify ?b"
// says that ann is, and "12:00 ann alias bob" that ann is bob.
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
	e := event.Event{Contact: contactOf(words[1]), Type: words[2], Source: "test", ID: fmt.Sprintf("%03d", number), Time: when, Received: when}
	said := event.Statement{Type: e.Type}
	for _, word := range words[3:] {
		switch id, isID := strings.CutPrefix(word, "id="); {
		case isID:
			e.ID = id
		case word == "clamped":
			e.Flags |= event.Clamped
		case strings.HasPrefix(word, "?"):
			said.AnonymousID = word[1:]
		case e.Type == event.AliasType:
			said.PreviousID = word
		default:
			t.Fatalf("%q is nothing that a line may hold", word)
		}
	}
	if hasData {
		if e.Data, err = yaml.YAMLToJSON([]byte("{" + data)); err != nil {
			t.Fatal(err)
		}
	}
	chunk := event.Append(nil, &e)
	told, _ := event.Relate(&e, said, true)
	for i := range told {
		chunk = event.Append(chunk, &told[i])
	}
	return record.Record{Kind: record.Events, Chunk: chunk}
}

func contactOf(word string) string {
	if id, visitor := strings.CutPrefix(word, "?"); visitor {
		return event.Anonymous(id)
	}
	return word
}
