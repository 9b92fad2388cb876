// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

func TestDifferenceOfDefinitions(t *testing.T) {
	t.Parallel()
	wanted := func(key, version string) control.Definition {
		return control.Definition{Key: key, Version: version, UID: "u", Generation: 2, Meaning: json.RawMessage(`{}`)}
	}
	apply := func(key, version string) record.Record {
		return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{
			Key: key, Version: version, UID: "u", Generation: 2, Leader: 9, Definition: json.RawMessage(`{}`),
		}}
	}
	remove := func(key string) record.Record {
		return record.Record{Kind: record.Remove, Remove: record.RemoveRecord{Key: key, UID: "u", Generation: 1, Leader: 9}}
	}
	tests := map[string]struct {
		have   map[string]string
		wanted []control.Definition
		want   []record.Record
	}{
		"nothing":                       {},
		"new ones":                      {wanted: []control.Definition{wanted("a", "1"), wanted("b", "1")}, want: []record.Record{apply("a", "1"), apply("b", "1")}},
		"one that is there":             {have: map[string]string{"a": "1"}, wanted: []control.Definition{wanted("a", "1")}},
		"a changed one":                 {have: map[string]string{"a": "1"}, wanted: []control.Definition{wanted("a", "2")}, want: []record.Record{apply("a", "2")}},
		"withdrawn ones":                {have: map[string]string{"b": "1", "a": "1"}, want: []record.Record{remove("a"), remove("b")}},
		"one to keep":                   {have: map[string]string{"a": "1"}, wanted: []control.Definition{{Key: "a"}}},
		"one to keep that is not there": {wanted: []control.Definition{{Key: "a"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.want == nil {
				tt.want = []record.Record{}
			}
			have := map[string]engine.Defined{}
			for key, version := range tt.have {
				have[key] = engine.Defined{Key: key, Version: version, UID: "u", Generation: 1}
			}
			got := difference(have, control.Definitions{Leader: 9, Definitions: tt.wanted})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDifferenceOfStandings(t *testing.T) {
	t.Parallel()
	const key, suspended = "NurtureScenario/sales/back", `{"suspended":true}`
	wanted := func(version, standing string) control.Definition {
		return control.Definition{Key: key, Version: version, UID: "u", Generation: 2, Meaning: json.RawMessage(`{}`), Standing: json.RawMessage(standing)}
	}
	alone := record.Record{Kind: record.Standing, Standing: record.StandingRecord{Key: key, Standing: json.RawMessage(suspended), Leader: 9}}
	for name, tt := range map[string]struct {
		have   *engine.Defined
		wanted control.Definition
		want   []record.Record
	}{
		"it comes with a version": {nil, wanted("1", suspended), []record.Record{{Kind: record.Apply, Apply: record.ApplyRecord{
			Key: key, Version: "1", UID: "u", Generation: 2, Leader: 9, Definition: json.RawMessage(`{}`), Standing: json.RawMessage(suspended),
		}}}},
		"it alone differs":            {&engine.Defined{Version: "1", Standing: json.RawMessage(`{}`)}, wanted("1", suspended), []record.Record{alone}},
		"it is as it was":             {&engine.Defined{Version: "1", Standing: json.RawMessage(suspended)}, wanted("1", suspended), []record.Record{}},
		"nothing is said":             {&engine.Defined{Version: "1", Standing: json.RawMessage(suspended)}, wanted("1", ""), []record.Record{}},
		"the version is kept":         {&engine.Defined{Version: "1"}, control.Definition{Key: key, Standing: json.RawMessage(suspended)}, []record.Record{alone}},
		"nothing is there to be told": {nil, control.Definition{Key: key, Standing: json.RawMessage(suspended)}, []record.Record{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			have := map[string]engine.Defined{}
			if tt.have != nil {
				tt.have.Key = key
				have[key] = *tt.have
			}
			got := difference(have, control.Definitions{Leader: 9, Definitions: []control.Definition{tt.wanted}})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("records differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommonInstant(t *testing.T) {
	t.Parallel()
	part := func(clock, due event.Time) aggregate.Partition {
		return aggregate.Partition{Clock: clock, NextDue: due}
	}
	tests := map[string]struct {
		parts []aggregate.Partition
		want  event.Time
	}{
		"nothing is pending":                  {parts: []aggregate.Partition{part(10, 0), part(20, 0)}, want: 100},
		"all is later":                        {parts: []aggregate.Partition{part(10, 200), part(20, 101)}, want: 100},
		"a clock moved on meanwhile":          {parts: []aggregate.Partition{part(105, 0), part(20, 0)}, want: 105},
		"a partition could not follow":        {parts: []aggregate.Partition{part(10, 60), part(20, 0)}, want: 59},
		"partitions that have no common time": {parts: []aggregate.Partition{part(10, 60), part(80, 0)}, want: 80},
		"no partition":                        {want: 100},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := commonInstant(tt.parts, 100); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestBeforeBySize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		bounds eventlog.Bounds
		want   uint64
	}{
		"small enough": {bounds: eventlog.Bounds{First: 5, Last: 14, Bytes: 100}, want: 5},
		"empty":        {bounds: eventlog.Bounds{First: 15, Last: 14, Bytes: 0}, want: 15},
		"twice as big": {bounds: eventlog.Bounds{First: 5, Last: 14, Bytes: 200}, want: 10},
		"a tenth over": {bounds: eventlog.Bounds{First: 1, Last: 1000, Bytes: 110}, want: 92},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := beforeBySize(tt.bounds, 100); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPartitionsBelongToReplicas(t *testing.T) {
	t.Parallel()
	got := [][]int{Owned(5, 0, 2), Owned(5, 1, 2), Owned(2, 0, 1), Owned(1, 1, 2)}
	if diff := cmp.Diff([][]int{{0, 2, 4}, {1, 3}, {0, 1}, {}}, got); diff != "" {
		t.Errorf("owned partitions differ (-want +got):\n%s", diff)
	}
}
