// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle computes the numbers of a Funnel from a whole log at once, in the plainest way that the rules can be written
// down. It is slow and keeps everything in memory. It exists to be obviously right: the engine must give the same numbers.
//
// It shares the compiled conditions (package definition) and the shape of the results (package aggregate) with the engine, and
// nothing else.
package oracle

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// keptEvents is how many matched events of one contact count, the newest.
const keptEvents = 10_000

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
type Oracle struct{ program *definition.Program }

// New gives the oracle of a funnel. The error is that of compiling it.
func New(f definition.Funnel) (*Oracle, error) {
	program, err := definition.Compile(f)
	if err != nil {
		return nil, fmt.Errorf("compile the funnel: %w", err)
	}
	return &Oracle{program}, nil
}

// Evaluate gives the funnel's numbers at the time asOf, which is no earlier than the log's last tick.
func (o *Oracle) Evaluate(log []Record, asOf event.Time) aggregate.Funnel {
	return o.EvaluateAll([][]Record{log}, asOf)
}

// EvaluateAll gives the funnel's numbers of all partitions of a workspace together, as if each knew of the others' events at once: what
// they forward to each other is passed over.
func (o *Oracle) EvaluateAll(logs [][]Record, asOf event.Time) aggregate.Funnel {
	j := judge{funnel: o.program.Funnel(), zone: o.program.Location(), asOf: asOf}
	j.result.Stages = make([]aggregate.Stage, len(j.funnel.Stages))
	for _, events := range j.readAll(logs, o.program) {
		j.count(events)
	}
	return j.result
}

// judge holds what is fixed for one evaluation, and the numbers so far.
type judge struct {
	funnel definition.Funnel
	zone   *time.Location
	asOf   event.Time
	result aggregate.Funnel
}

// matched is an event that may fill a stage.
type matched struct {
	identity identity
	time     event.Time
	stages   uint32
	amounts  map[int]aggregate.Micros
}

// identity tells events of one contact apart, and orders those of one time.
type identity struct{ source, id string }

func (a identity) compare(b identity) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id))
}

func (m *matched) fills(stage int) bool { return m.stages&(1<<stage) != 0 }

// read goes through a log in its order: the first event of an identity counts. It gives the matched events.
func (j *judge) read(log []Record, program *definition.Program) (arrived []arrival) {
	type seen struct {
		contact  string
		identity identity
	}
	known := map[seen]bool{}
	clock := event.Time(0)
	for _, r := range log {
		if r.Event == nil {
			clock = max(clock, r.Tick)
			continue
		}
		e := r.Event
		if concernsPersons(e) {
			continue
		}
		self := seen{e.Contact, identity{e.Source, e.ID}}
		if known[self] {
			continue
		}
		known[self] = true

		match := program.Match(e)
		late := j.tooLate(e.Time, clock)
		if late && match.Stages != 0 {
			j.result.TooLate++
		}
		if late {
			match.Failures = nil
		}
		for _, failure := range match.Failures {
			if j.result.Errors++; j.result.Errors == 1 {
				j.result.FirstError = aggregate.Failure{Field: failure.Field, Message: failure.Message, Offset: r.Offset}
			}
		}
		if match.Stages == 0 {
			continue
		}
		if e.Flags&event.Clamped != 0 && !late {
			j.result.Clamped++
		}
		m := matched{self.identity, e.Time, match.Stages, map[int]aggregate.Micros{}}
		for _, a := range match.Amounts {
			m.amounts[a.Stage] = a.Amount
		}
		arrived = append(arrived, arrival{e, late, m})
	}
	return arrived
}

// count adds what one contact contributes.
func (j *judge) count(events []matched) {
	slices.SortFunc(events, func(a, b matched) int {
		return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity))
	})
	if len(events) > keptEvents {
		j.result.Saturated++
		events = events[len(events)-keptEvents:]
	}
	var inPeriod []attempt
	for _, a := range j.attempts(events) {
		if j.countsToday(a.start()) {
			inPeriod = append(inPeriod, a)
		}
	}
	if len(inPeriod) == 0 {
		return
	}
	j.addContact(j.representative(inPeriod))
	j.addValues(inPeriod)
}

// countsToday says whether an attempt that started at t belongs to the period: by its day in the funnel's zone.
func (j *judge) countsToday(t event.Time) bool {
	day := j.day(t)
	period := j.funnel.Period
	if period.RollingDays == 0 {
		return period.From <= day && day <= period.To
	}
	today := j.day(j.asOf)
	first, _ := time.Parse(time.DateOnly, today) // a day that was just formatted
	return first.AddDate(0, 0, 1-period.RollingDays).Format(time.DateOnly) <= day && day <= today
}

// day is the local date, which sorts as text.
func (j *judge) day(t event.Time) string { return t.UTC().In(j.zone).Format(time.DateOnly) }

// addContact counts a contact by its representative attempt.
func (j *judge) addContact(a attempt) {
	mature := j.asOf > j.windowEnd(a.start())
	for i := range a {
		stage := &j.result.Stages[i]
		stage.Entered++
		if mature {
			stage.MatureEntered++
		}
		switch j.outcome(a, i) {
		case converted:
			stage.Converted++
			if mature {
				stage.MatureConverted++
			}
		case inProgress:
			stage.InProgress++
		case dropped:
			stage.Dropped++
		}
		if i == len(a)-1 {
			continue
		}
		stage.ToNext.Add(aggregate.Bucket(a[i+1].time.UTC().Sub(a[i].time.UTC())), 1)
		if after := j.funnel.Stages[i].DropAfter; after > 0 && a[i+1].time > a[i].time.Add(after) {
			stage.Recovered++
		}
	}
}

// addValues counts what the events brought that fill a stage in any of the attempts, each event once per stage.
func (j *judge) addValues(attempts []attempt) {
	for i := range j.funnel.Stages {
		counted := map[identity]bool{}
		for _, a := range attempts {
			if i >= len(a) || counted[a[i].identity] {
				continue
			}
			counted[a[i].identity] = true
			if amount, present := a[i].amounts[i]; present {
				stage := &j.result.Stages[i]
				stage.Value = stage.Value.Plus(amount)
				stage.ValueEvents++
			}
		}
	}
}
