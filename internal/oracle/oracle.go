// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle computes the numbers of a Funnel, a Segment or a Journey from a whole log at once, in the plainest way that the rules can be written
// down. It is slow and keeps everything in memory. It exists to be obviously right: the engine must give the same numbers.
//
// It shares the compiled expressions (package definition) and the shape of the results (package aggregate) with the engine, and
// nothing else. The rules are docs/semantics.md; its files follow them: read.go says which events count and to whom, ways.go and
// any.go what one start leads to, entries.go which starts count, outcome.go what became of them, days.go on which days, and
// count.go how often; membership.go and segment.go say who is a member when; journey.go, notes.go, evidence.go and afterwards.go what a
// journey finds out.
package oracle

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Record is one thing in the log of a partition: an event, or a tick of the clock.
type Record struct {
	// Offset is that of the log record that holds it; a chunk's events share one.
	Offset uint64
	// Event is nil for a tick.
	Event *event.Event
	// Tick is the time of a tick or of an owner's epoch.
	Tick event.Time
}

// Oracle knows one funnel.
type Oracle struct{ programs }

// programs say what events mean.
type programs struct {
	program *definition.Program
	// members is nil when the funnel has no segment, and journey unless it is a journey's. Of that, unitOf is what belongs together; nil is
	// nothing.
	members *definition.SegmentProgram
	journey *definition.JourneyProgram
	unitOf  *expression.Value
}

// New gives the oracle of a funnel. The error is that of compiling it.
func New(f definition.Funnel) (*Oracle, error) {
	program, err := definition.Compile(f)
	if err != nil {
		return nil, fmt.Errorf("compile the funnel: %w", err)
	}
	return &Oracle{programs{program: program, members: program.Segment()}}, nil
}

// Evaluate gives the funnel's numbers at the time asOf, which is no earlier than the log's last tick. Signals are not among them.
func (o *Oracle) Evaluate(log []Record, asOf event.Time) aggregate.Funnel {
	return o.EvaluateAll([][]Record{log}, asOf)
}

// EvaluateAll gives the funnel's numbers of all partitions of a workspace together, as if each knew of the others' events at once: what
// they forward to each other is passed over.
func (o *Oracle) EvaluateAll(logs [][]Record, asOf event.Time) aggregate.Funnel {
	j := o.judge(asOf)
	j.countAll(j.readAll(logs))
	return j.result
}

func (p programs) judge(asOf event.Time) *judge {
	j := &judge{programs: p, funnel: p.program.Funnel(), calendar: calendar{p.program.Location()}, asOf: asOf}
	j.spans = j.spansOf(j.day(asOf))
	j.result.Stages = make([]aggregate.Stage, len(j.funnel.Stages))
	j.result.Aggregates = make([]aggregate.Total, len(j.funnel.Aggregates))
	j.result.Breakdowns = make([]aggregate.Breakdown, len(j.funnel.Breakdowns))
	return j
}

// judge holds what is fixed for one evaluation, and the numbers so far.
type judge struct {
	calendar
	programs
	funnel definition.Funnel
	asOf   event.Time
	spans  spans
	result aggregate.Funnel
}
