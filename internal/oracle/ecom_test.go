// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

var update = flag.Bool("update", false, "write the golden numbers anew")

const ecom = "../../test/data"

func manifest[T any](t *testing.T, name string) *T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(ecom, "ecom", name))
	if err != nil {
		t.Fatal(err)
	}
	object := new(T)
	if err := yaml.UnmarshalStrict(text, object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return object
}

// clickstream reads the events of the table through the mapping of its feed. The number of a row is its id.
func clickstream(t *testing.T, ws *v1alpha1.Workspace) []event.Event {
	t.Helper()
	feed, errs := definition.FromFeed(manifest[v1alpha1.EventFeed](t, "feed.yaml"), ws)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	mapper, err := definition.NewMapper(feed.Mapping)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(ecom, "ecom.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for i, cells := range rows[1:] {
		row := map[string]string{"row": strconv.Itoa(i + 2)}
		for column, cell := range cells {
			row[rows[0][column]] = cell
		}
		e, drop, err := mapper.Map(&definition.Message{Row: row})
		if err != nil || drop {
			t.Fatalf("row %d: dropped %t, error %v", i+2, drop, err)
		}
		e.Source, e.Received = "clickstream", e.Time
		events = append(events, e)
	}
	return events
}

func checkout(t *testing.T, ws *v1alpha1.Workspace) definition.Funnel {
	t.Helper()
	f, _, errs := definition.FromFunnel(manifest[v1alpha1.Funnel](t, "funnel.yaml"), ws, nil)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	return f
}

func shuffle(events []event.Event) []event.Event {
	shuffled := slices.Clone(events)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled
}

// TestEcom counts a clickstream in which the times of a session are scrambled and many events share an instant. The golden
// numbers are the oracle's; the engine must give them in the file's order and in a random one.
func TestEcom(t *testing.T) {
	t.Parallel()
	ws := manifest[v1alpha1.Workspace](t, "workspace.yaml")
	checkout, events := checkout(t, ws), clickstream(t, ws)
	shuffled := shuffle(events)
	afterwards := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

	tests := map[string]struct {
		change func(*definition.Funnel)
		asOf   time.Time
	}{
		"checkout":    {asOf: afterwards},
		"first-start": {change: func(f *definition.Funnel) { f.EntryPolicy = definition.FirstStart }, asOf: afterwards},
		"dropping": {
			change: func(f *definition.Funnel) {
				f.Stages[0].DropAfter, f.Stages[1].DropAfterIdle = 2*time.Minute, 5*time.Minute
				f.Stages[3].Value = "double(event.data.session_id.substring(5)) / 100.0"
			},
			asOf: afterwards,
		},
		"rolling": {
			change: func(f *definition.Funnel) {
				f.Period, f.TimeZone, f.Window = definition.Period{RollingDays: 30}, "America/New_York", 7*day
			},
			asOf: time.Date(2024, 4, 1, 12, 0, 0, 0, time.UTC),
		},
		"overlapping": {
			change: func(f *definition.Funnel) {
				f.Stages[0].Matches = []definition.EventMatch{{Event: "catalog"}, {Event: "home"}}
				f.Stages[1].Matches = []definition.EventMatch{{Event: "catalog"}, {Event: "product_view"}}
				f.Stages[2].Matches = []definition.EventMatch{{Event: "product_view", Where: "event.data.platform == 'mobile'"}, {Event: "catalog"}}
			},
			asOf: afterwards,
		},
		"sessions": {
			change: func(f *definition.Funnel) {
				f.CorrelateBy = "event.data.session_id"
				f.Stages[1].Optional = true
				f.Breakdowns = []definition.Breakdown{{Name: "channel", By: "event.data.acquisition_channel"}, {Name: "platform", By: "event.data.platform", Stage: 3}}
				f.Exclusions = []definition.Exclusion{
					{Event: "promo_page", After: 0, Before: 2, Action: definition.Discard},
					{Event: "home", After: 2, Before: 3, Action: definition.End},
				}
			},
			asOf: afterwards,
		},
		"month": {
			change: func(f *definition.Funnel) {
				f.Period, f.TimeZone = definition.Period{Calendar: definition.Month}, "Europe/Moscow"
			},
			asOf: time.Date(2024, 4, 25, 12, 0, 0, 0, time.UTC),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := checkout
			f.Stages = slices.Clone(checkout.Stages)
			if tt.change != nil {
				tt.change(&f)
			}
			counted := countEcom(t, f, events, event.At(tt.asOf))
			if diff := differences(numbers{Funnel: counted}, numbers{Funnel: foldEcom(t, f, shuffled, event.At(tt.asOf)).numbers()}); diff != "" {
				t.Errorf("numbers of the shuffled events differ (-file +shuffled):\n%s", diff)
			}
			golden(t, name, counted)
		})
	}
}

// TestEcomInEveryWay counts the same clickstream by every order of stages, what is counted, and which starts count.
func TestEcomInEveryWay(t *testing.T) {
	t.Parallel()
	ws := manifest[v1alpha1.Workspace](t, "workspace.yaml")
	checkout, events := checkout(t, ws), clickstream(t, ws)
	shuffled, asOf := shuffle(events), event.At(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC))

	// How many entered each stage.
	tests := []struct {
		order   definition.Order
		count   definition.Count
		policy  definition.EntryPolicy
		entered []int64
	}{
		{definition.Ordered, definition.Contacts, definition.LatestStart, []int64{600, 498, 337, 134}},
		{definition.Ordered, definition.Contacts, definition.FirstStart, []int64{600, 498, 337, 134}},
		{definition.Ordered, definition.Entries, definition.LatestStart, []int64{3229, 1049, 485, 156}},
		{definition.Ordered, definition.Entries, definition.FirstStart, []int64{3234, 1050, 485, 156}},
		{definition.Strict, definition.Contacts, definition.LatestStart, []int64{600, 360, 74, 8}},
		{definition.Strict, definition.Contacts, definition.FirstStart, []int64{600, 360, 74, 8}},
		{definition.Strict, definition.Entries, definition.LatestStart, []int64{7318, 569, 77, 8}},
		{definition.Strict, definition.Entries, definition.FirstStart, []int64{7321, 569, 77, 8}},
		{definition.Any, definition.Contacts, definition.LatestStart, []int64{600, 522, 438, 318}},
		{definition.Any, definition.Contacts, definition.FirstStart, []int64{600, 522, 438, 318}},
		{definition.Any, definition.Entries, definition.LatestStart, []int64{3298, 1202, 785, 448}},
		{definition.Any, definition.Entries, definition.FirstStart, []int64{3319, 1214, 790, 448}},
	}
	for _, tt := range tests {
		t.Run(string(tt.order)+string(tt.count)+string(tt.policy), func(t *testing.T) {
			t.Parallel()
			f := checkout
			f.Order, f.Count, f.EntryPolicy = tt.order, tt.count, tt.policy
			if f.Order == definition.Strict {
				f.Ignore = []string{"catalog", "home", "product_view"}
			}
			counted := countEcom(t, f, events, asOf)
			var entered []int64
			for _, s := range counted.Stages {
				entered = append(entered, s.Entered)
			}
			if diff := cmp.Diff(tt.entered, entered); diff != "" {
				t.Errorf("who entered differs (-want +got):\n%s", diff)
			}
			if diff := differences(numbers{Funnel: counted}, numbers{Funnel: foldEcom(t, f, shuffled, asOf).numbers()}); diff != "" {
				t.Errorf("numbers of the shuffled events differ (-file +shuffled):\n%s", diff)
			}
		})
	}
}

// countEcom folds the events and gives the oracle's numbers, after it has compared them with the engine's.
func countEcom(t *testing.T, f definition.Funnel, events []event.Event, asOf event.Time) aggregate.Funnel {
	t.Helper()
	p := foldEcom(t, f, events, asOf)
	p.checkAt(p.report(), asOf)
	return p.oracle.Evaluate(p.seen, asOf)
}

func foldEcom(t *testing.T, f definition.Funnel, events []event.Event, asOf event.Time) *partition {
	t.Helper()
	p := newPartition(t, f)
	p.add(p.apply)
	p.backfill(1)
	for chunk := range slices.Chunk(events, 500) {
		r := record.Record{Kind: record.Events}
		for i := range chunk {
			r.Chunk = event.Append(r.Chunk, &chunk[i])
		}
		p.add(r)
	}
	for p.report().Clock < asOf { // a tick leaves work to the next one when much is due
		p.add(record.Record{Kind: record.Tick, Tick: asOf})
	}
	return p
}

// numbers are those that the engine has.
func (p *partition) numbers() aggregate.Funnel {
	p.t.Helper()
	return p.report().Funnels[key].Funnel
}

// golden compares numbers with the stored ones of a name. Those of each hour are not stored, as they are many.
func golden(t *testing.T, name string, got aggregate.Funnel) {
	t.Helper()
	got.Rates = nil
	path := filepath.Join("testdata", "ecom-"+name+".json")
	if *update {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want aggregate.Funnel
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("numbers differ (-golden +got):\n%s", diff)
	}
}
