// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package aggregate holds the additive numbers of definitions: what the fold of one partition produces, what the oracle
// produces from all events at once, and what a merge adds up. They are absolute, never deltas, so a report that is lost or
// repeated does no harm.
package aggregate

import (
	"math"

	"github.com/waymark-dev/waymark/internal/event"
)

// Micros is an amount in millionths of the currency's unit. Sums stop at the largest amount instead of wrapping.
type Micros int64

// Plus adds without wrapping.
func (m Micros) Plus(n Micros) Micros {
	sum := m + n
	switch {
	case m > 0 && n > 0 && sum < 0:
		return math.MaxInt64
	case m < 0 && n < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}

// Stage counts what happened to the units that reached one stage of a funnel, each through its representative attempt. At all
// times Entered = Converted + InProgress + Dropped + Excluded.
type Stage struct {
	// Entered counts units that reached the stage.
	Entered int64 `json:"entered"`
	// Converted counts units that reached the next stage; at the last stage, those that are there.
	Converted int64 `json:"converted"`
	// InProgress counts units that still have time to reach the next stage.
	InProgress int64 `json:"inProgress"`
	// Dropped counts units whose time to reach the next stage has passed.
	Dropped int64 `json:"dropped"`
	// Excluded counts units of which every attempt was ended by an exclusion.
	Excluded int64 `json:"excluded"`
	// Recovered counts units that converted after they had counted as dropped; they are in Converted too.
	Recovered int64 `json:"recovered"`
	// MatureEntered and MatureConverted count only units whose attempt's whole window has passed.
	MatureEntered   int64 `json:"matureEntered"`
	MatureConverted int64 `json:"matureConverted"`
	// Value is the sum over the events that fill this stage in any attempt of the period, each event once.
	Value Micros `json:"value"`
	// ValueEvents counts the events in Value.
	ValueEvents int64 `json:"valueEvents"`
	// Refunded is what refunds took away; Value is what is left.
	Refunded Micros `json:"refunded,omitempty"`
	// ToNext is how long converted units took from this stage to the next.
	ToNext Sketch `json:"toNext,omitzero"`
}

// Funnel is the numbers of one version of one Funnel.
type Funnel struct {
	// Aggregates are the stages before the contacts are known, in the order of the definition.
	Aggregates []Total `json:"aggregates,omitempty"`
	// Stages are those that count contacts, in the order of the definition.
	Stages []Stage `json:"stages"`
	// Completed counts units that reached the last stage that is not optional.
	Completed int64 `json:"completed"`
	// Breakdowns are in the order of the definition.
	Breakdowns []Breakdown `json:"breakdowns,omitempty"`
	// Recent and Before are the two runs of days that the change of the conversion compares (package definition, Spans).
	Recent Comparison `json:"recent,omitzero"`
	Before Comparison `json:"before,omitzero"`
	// Cohorts are the units of each day, by the number of the day on which they started.
	Cohorts map[int64]Cohort `json:"cohorts,omitempty"`
	// Rates are how many events came for each stage in each hour, by the number of the hour from 1970-01-01T00:00Z on; those of the
	// last RateHours hours.
	Rates map[int64][]int64 `json:"rates,omitempty"`
	// Signals counts the signals of drop-offs.
	Signals Signals `json:"signals,omitzero"`
	// TooLate counts events that matched a stage but were older than the lateness when they were appended.
	TooLate int64 `json:"tooLate"`
	// Clamped counts matched events whose time lay in the future and was set to their receipt.
	Clamped int64 `json:"clamped"`
	// Saturated counts units that had more matched events than are kept.
	Saturated int64 `json:"saturated"`
	// Errors counts expressions that failed on an event; such an expression reads as false.
	Errors int64 `json:"errors"`
	// FirstError shows one of them; zero without errors.
	FirstError Failure `json:"firstError,omitzero"`
}

// RateHours is for how many hours the rates of events are kept.
const RateHours = 8 * 24

// Total is what an aggregate stage adds up.
type Total struct {
	// Sum is in millionths.
	Sum Micros `json:"sum"`
	// Events counts the events in it.
	Events int64 `json:"events"`
}

// Breakdown holds the groups of one breakdown.
type Breakdown struct {
	// Groups are by the value of the property, the largest of the partition.
	Groups map[string]Group `json:"groups,omitempty"`
	// Rest adds up the groups that are left out.
	Rest Group `json:"rest,omitzero"`
}

// Group is the units that have one value of a property.
type Group struct {
	// Entered counts those that reached the stage whose event is asked.
	Entered int64 `json:"entered"`
	// Completed counts those of them that reached the last stage that is not optional.
	Completed int64 `json:"completed"`
}

// Comparison is the units of a run of days, each by its representative among the attempts that started in it, and what is needed for
// the variance of the rate between contacts: sums over contacts c of n_c units of which x_c completed. Excluded ones are in neither.
type Comparison struct {
	// Entered is the sum of n_c and Completed that of x_c.
	Entered   int64 `json:"entered"`
	Completed int64 `json:"completed"`
	// EnteredSquared, Cross and CompletedSquared are the sums of n_c², n_c·x_c and x_c².
	EnteredSquared   int64 `json:"enteredSquared"`
	Cross            int64 `json:"cross"`
	CompletedSquared int64 `json:"completedSquared"`
}

// Cohort is the units of one day, each by its representative among the attempts that started on it, with what became of them since.
type Cohort struct {
	// Entered and Converted are by stage.
	Entered   []int64 `json:"entered"`
	Converted []int64 `json:"converted"`
	// Completed counts those that reached the last stage that is not optional.
	Completed int64 `json:"completed"`
}

// Signals counts the signals of drop-offs, since the definition was first activated.
type Signals struct {
	// Given counts those that were given, and Retracted those of them that a late event disproved.
	Given     int64 `json:"given"`
	Retracted int64 `json:"retracted"`
	// Stale counts drop-offs that were too old for a signal when they were found.
	Stale int64 `json:"stale"`
}

// Failure is an example of an expression that failed. It names the place in the log, never the contact or the data.
type Failure struct {
	// Field is the path of the expression in the spec, such as spec.stages[1].where.
	Field string `json:"field"`
	// Message is the evaluator's, without any of the event's values.
	Message string `json:"message"`
	// Partition and Offset are where the event lies in the log.
	Partition int    `json:"partition"`
	Offset    uint64 `json:"offset"`
}

// Partition is all that one partition reports, as of its clock.
type Partition struct {
	// Partition is its number, from 0.
	Partition int `json:"partition"`
	// Epoch and Offset say by whom and up to which record this was computed.
	Epoch  uint64 `json:"epoch"`
	Offset uint64 `json:"offset"`
	// Clock is the time of the last tick. The numbers hold at every instant from Clock on and before NextDue.
	Clock event.Time `json:"clock"`
	// NextDue is when time alone next changes a number; 0 is never.
	NextDue event.Time `json:"nextDue,omitempty"`
	// LastEvent is the latest event time folded; 0 before the first.
	LastEvent event.Time `json:"lastEvent,omitempty"`
	// Events, Duplicates and Clamped count the partition's accepted events, those dropped as known, and those clamped.
	Events     int64 `json:"events"`
	Duplicates int64 `json:"duplicates"`
	Clamped    int64 `json:"clamped"`
	// Funnels are by key, Funnel/namespace/name; Segments and Journeys, which are computed from the log like Funnels, are among them.
	Funnels map[string]Definition `json:"funnels"`
	// Scenarios and Channels are in the order of their keys.
	Scenarios []Scenario `json:"scenarios,omitempty"`
	Channels  []Channel  `json:"channels,omitempty"`
	// Suppressed counts the addresses that nothing is sent to.
	Suppressed int64 `json:"suppressed,omitempty"`
}

// Scenario finds the numbers of a scenario by its key; nil when the partition does not know it.
func (p *Partition) Scenario(key string) *Scenario {
	for i := range p.Scenarios {
		if p.Scenarios[i].Key == key {
			return &p.Scenarios[i]
		}
	}
	return nil
}

// Definition is the state of one definition in one partition.
type Definition struct {
	// Active is the version whose numbers Funnel holds; empty before the first is computed.
	Active string `json:"active,omitempty"`
	// Pending is the version that is being computed from the log; empty when none is.
	Pending string `json:"pending,omitempty"`
	// Done and Target are the log offsets the pending computation has reached and must reach.
	Done   uint64 `json:"done,omitempty"`
	Target uint64 `json:"target,omitempty"`
	// ExactSince is set when the log no longer had all history that Active needed: earlier times are incomplete.
	ExactSince event.Time `json:"exactSince,omitempty"`
	// Funnel is the numbers of Active; of a Segment empty.
	Funnel Funnel `json:"funnel,omitzero"`
	// Segment is those of a Segment, and Journey what a Journey has besides its Funnel; nil for other kinds.
	Segment *Segment `json:"segment,omitempty"`
	Journey *Journey `json:"journey,omitempty"`
	// Handing is set while this partition has not handed on all events that a definition with a unit of its own needs; see
	// definition.Funnel.UnitBy.
	Handing bool `json:"handing,omitempty"`
}
