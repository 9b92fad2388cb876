// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
)

// journeyExample is one block of the chapter about journeys.
type journeyExample struct {
	// Example is the rule that it shows.
	Example string `json:"example"`
	// Journey is what it changes of the one at the top of the chapter, and Funnel of the one at the top of the page.
	Journey   map[string]any `json:"journey"`
	Funnel    map[string]any `json:"funnel"`
	Workspace map[string]any `json:"workspace"`
	Log       string         `json:"log"`
	// Seen and the others are tables of what is found in the end; those that are left out are not compared. A column or row that is left
	// out is zero, but for landmarks, of which only some are listed.
	Seen      string `json:"seen"`
	Landmarks string `json:"landmarks"`
	Types     string `json:"types"`
	Days      string `json:"days"`
	Beyond    string `json:"beyond"`
	Survey    string `json:"survey"`
	Loyalty   string `json:"loyalty"`
	Between   string `json:"between"`
	Months    string `json:"months"`
	// Stages is the funnel's, and Errors what failed of the journey's own expressions.
	Stages string `json:"stages"`
	Errors int64  `json:"errors"`
}

func journeyPage(t *testing.T) (base map[string]any, examples []journeyExample) {
	t.Helper()
	return examplesOf[journeyExample](t, chapter(t, journeyChapter, ""))
}

// TestJourneyRules holds the oracle to every example of the chapter.
func TestJourneyRules(t *testing.T) {
	t.Parallel()
	base, examples := journeyPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			j := x.definition(t, base)
			truth, err := oracle.NewJourney(j)
			if err != nil {
				t.Fatal(err)
			}
			var log []oracle.Record
			clock := event.Time(0)
			for i, r := range x.records(t) {
				log = append(log, seen(t, uint64(i+1), r)...)
				clock = max(clock, r.Tick)
			}
			funnel, found := truth.EvaluateAll([][]oracle.Record{log}, clock)
			x.compare(t, j, funnel, found)
			if diff := cmp.Diff(evaluate(t, j.Funnel, x.records(t)), funnel); diff != "" {
				t.Errorf("the funnel's numbers are not those that it has without a journey (-funnel +journey):\n%s", diff)
			}
		})
	}
}

// TestEngineFollowsTheJourneyRules holds the engine to the oracle in every example of the chapter, also between the records.
func TestEngineFollowsTheJourneyRules(t *testing.T) {
	t.Parallel()
	base, examples := journeyPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			newPartitionOf(t, journeySubject(t, x.definition(t, base))).play(x.records(t))
		})
	}
}

// definition gives the meaning of the example's journey.
func (x *journeyExample) definition(t *testing.T, base map[string]any) definition.Journey {
	t.Helper()
	sales, _ := page(t)
	f := (&example{Funnel: x.Funnel, Workspace: x.Workspace}).definition(t, sales)
	spec := maps.Clone(base)
	maps.Copy(spec, x.Journey)
	if changed, ok := x.Journey["stages"].([]any); ok {
		spec["stages"] = mergeStages(base["stages"].([]any), changed)
	}
	var s journeySpec
	decode(t, spec, &s)
	return s.meaning(t, f)
}

func (x *journeyExample) records(t *testing.T) []record.Record {
	t.Helper()
	return (&example{Log: x.Log}).records(t)
}

// compare holds what was found against the tables.
func (x *journeyExample) compare(t *testing.T, j definition.Journey, funnel aggregate.Funnel, got aggregate.Journey) {
	t.Helper()
	for what, c := range map[string]struct {
		text string
		of   func(definition.Journey, aggregate.Journey) table
	}{
		"seen": {x.Seen, seenTable}, "types": {x.Types, typesTable}, "days": {x.Days, probeDaysTable},
		"beyond": {x.Beyond, beyondTable}, "survey": {x.Survey, surveyTable}, "loyalty": {x.Loyalty, loyaltyTable},
		"between": {x.Between, betweenTable}, "months": {x.Months, monthsTable},
	} {
		if c.text != "" {
			sameTable(t, what, c.text, c.of(j, got))
		}
	}
	if diff := cmp.Diff(readTable(t, x.Landmarks), listed(readTable(t, x.Landmarks), landmarksTable(j, got))); diff != "" {
		t.Errorf("landmarks differ (-page +got):\n%s", diff)
	}
	if x.Stages != "" {
		sameTable(t, "stages", x.Stages, stagesTable(j.Funnel, funnel))
	}
	if got.Errors != x.Errors {
		t.Errorf("%d errors, want %d", got.Errors, x.Errors)
	}
}

// listed gives the cells of a table that another one has too; what is nowhere is zero.
func listed(want, got table) table {
	cells := table{}
	for name, columns := range want {
		cells[name] = map[string]string{}
		for column := range columns {
			cells[name][column] = or(got[name][column], "0")
		}
	}
	return cells
}
