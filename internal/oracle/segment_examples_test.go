// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle"
	"github.com/waymark-dev/waymark/internal/record"
)

// segmentExample is one block of the chapter about segments.
type segmentExample struct {
	// Example is the rule that it shows.
	Example string `json:"example"`
	// Segment is what it changes of the one at the top of the chapter, and Funnel of the one at the top of the page.
	Segment   map[string]any `json:"segment"`
	Funnel    map[string]any `json:"funnel"`
	Workspace map[string]any `json:"workspace"`
	Log       string         `json:"log"`
	// Counts has a row for each time at which somebody looks.
	Counts string `json:"counts"`
	// Values is, at the end, for each trait that a rank looks at how many contacts have a value.
	Values map[string]int64 `json:"values"`
	Also   map[string]int64 `json:"also"`
	// Stages is the table of a funnel that counts for the segment.
	Stages string `json:"stages"`
}

func segmentPage(t *testing.T) (base map[string]any, examples []segmentExample) {
	t.Helper()
	return examplesOf[segmentExample](t, chapter(t, segmentChapter, journeyChapter))
}

// TestSegmentRules holds the oracle to every example of the chapter.
func TestSegmentRules(t *testing.T) {
	t.Parallel()
	base, examples := segmentPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			if x.Stages != "" {
				x.checkStages(t, x.funnel(t, base))
				return
			}
			truth, err := oracle.NewSegment(x.definition(t, base))
			if err != nil {
				t.Fatal(err)
			}
			x.compare(t, func(log []oracle.Record, clock event.Time) aggregate.Segment {
				return truth.EvaluateAll([][]oracle.Record{log}, clock)
			})
		})
	}
}

// TestEngineFollowsTheSegmentRules holds the engine to the oracle in every example of the chapter, also between the records.
func TestEngineFollowsTheSegmentRules(t *testing.T) {
	t.Parallel()
	base, examples := segmentPage(t)
	for _, x := range examples {
		t.Run(x.Example, func(t *testing.T) {
			t.Parallel()
			of := segmentSubject(t, x.definition(t, base))
			if x.Stages != "" {
				of = funnelSubject(t, x.funnel(t, base))
			}
			newPartitionOf(t, of).play(x.records(t))
		})
	}
}

// play applies the definition and folds records, and checks the numbers after each.
func (p *partition) play(log []record.Record) {
	p.t.Helper()
	p.add(p.apply)
	p.backfill(1)
	for _, r := range log {
		p.add(r)
		(&world{t: p.t, partitions: []*partition{p}}).settle()
		p.check(time.Minute)
	}
}

// definition gives the meaning of the example's segment. The lateness and the zone are those that a funnel would have.
func (x *segmentExample) definition(t *testing.T, base map[string]any) definition.Segment {
	t.Helper()
	spec := maps.Clone(base)
	maps.Copy(spec, x.Segment)
	var s segmentSpec
	decode(t, spec, &s)
	f := x.plainFunnel(t)
	return s.meaning(t, f.TimeZone, f.Lateness)
}

func (x *segmentExample) plainFunnel(t *testing.T) definition.Funnel {
	t.Helper()
	sales, _ := page(t)
	return (&example{Funnel: x.Funnel, Workspace: x.Workspace}).definition(t, sales)
}

// funnel is that at the top of the page, for the example's segment.
func (x *segmentExample) funnel(t *testing.T, base map[string]any) definition.Funnel {
	t.Helper()
	f, s := x.plainFunnel(t), x.definition(t, base)
	f.Segment = &s
	return f
}

func (x *segmentExample) records(t *testing.T) []record.Record {
	t.Helper()
	return (&example{Log: x.Log}).records(t)
}

// checkStages counts the funnel at the end of the log.
func (x *segmentExample) checkStages(t *testing.T, f definition.Funnel) {
	t.Helper()
	compare(t, example{Stages: x.Stages, Also: x.Also}, f, evaluate(t, f, x.records(t)))
}

// compare holds what is counted at each look against the table.
func (x *segmentExample) compare(t *testing.T, count func(log []oracle.Record, clock event.Time) aggregate.Segment) {
	t.Helper()
	got := table{}
	var log []oracle.Record
	var last aggregate.Segment
	for i, r := range x.records(t) {
		log = append(log, seen(t, uint64(i+1), r)...)
		if r.Kind == record.Tick {
			last = count(log, r.Tick)
			got[lookAt(r.Tick)] = row("size", last.Size, "entered", last.Entered, "left", last.Left)
		}
	}
	if diff := cmp.Diff(readTable(t, x.Counts), got); diff != "" {
		t.Errorf("the counts differ (-page +got):\n%s", diff)
	}
	values := map[string]int64{}
	for trait, buckets := range last.Values {
		for _, n := range buckets {
			values[trait] += n
		}
	}
	if diff := cmp.Diff(x.Values, values, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the numbers of values differ (-page +got):\n%s", diff)
	}
	also := map[string]int64{"tooLate": last.TooLate, "errors": last.Errors}
	maps.DeleteFunc(also, func(_ string, n int64) bool { return n == 0 })
	if diff := cmp.Diff(x.Also, also, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the counters differ (-page +got):\n%s", diff)
	}
}

// lookAt writes a time as a row of a table is named.
func lookAt(t event.Time) string {
	text := strings.ReplaceAll(lineTimeOf(t), " ", "T")
	if t%1_000_000 != 0 {
		text = fmt.Sprint(text, "+")
	}
	return text
}
