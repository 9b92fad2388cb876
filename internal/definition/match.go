// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"crypto/sha256"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// Match is what one event means to one funnel. Its slices belong to the program and hold until its next match.
type Match struct {
	// Stages has bit i set when the event may fill stage i.
	Stages uint32
	// Exclusions has bit i set when the event is one of exclusion i.
	Exclusions uint32
	// Acts is set when the funnel watches every act of a contact (see Funnel.WatchesActs) and the event is one: its type is not
	// Waymark's own. Breaks is set when it also ends an attempt of a Strict funnel that does not use it.
	Acts, Breaks bool
	// Asks is set when it also depends on the contact's attributes whether the event fills the stages and is one of the exclusions: the
	// match has all that it may be, and MatchAs tells. Event is the event in its encoded form then, without the contact.
	Asks  bool
	Event string
	// Unit is the value of CorrelateBy on an event that matters, and empty when the event has none. Like the keys of amounts it is only
	// ever compared; a hash stands for one that is longer than MaxKey bytes.
	Unit string
	// Entity is the value of UnitBy on an event that matters, in the same form; empty when the event tells of no unit, or contacts are counted.
	Entity string
	// Amounts are what the event brings at the stages that it may fill and that count a value; most events have none.
	Amounts []Amount
	// Refunds are what the event takes away again, by stage.
	Refunds []Amount
	// Labels are the event's properties for the breakdowns whose stages it may fill.
	Labels []Label
	// Sums are what it adds to the aggregate stages; Stage is the index in Aggregates.
	Sums []Amount
	// Failures are the expressions that could not be evaluated on this event: of aggregate stages, stages, refunds, exclusions,
	// correlateBy, unit and breakdowns, in this order and within each in that of the spec.
	Failures []Failure
}

// Matters says whether the event matters to the attempts of a contact, so that it is kept.
func (m *Match) Matters() bool {
	return m.Stages|m.Exclusions != 0 || m.Acts || len(m.Refunds) > 0
}

// Amount is what one event brings at one stage, or takes away.
type Amount struct {
	// Stage is the index of the stage.
	Stage int
	// Amount is in millionths of the currency's unit, or of one for a number that is no money.
	Amount aggregate.Micros
	// Key is what a refund and the event that it takes back have in common; empty without a refund.
	Key string
}

// Label is a property of an event for one breakdown.
type Label struct {
	// Breakdown is its index.
	Breakdown int
	// Text is the property, at most MaxLabel bytes; NoLabel when the event has none.
	Text string
}

const (
	// MaxLabel bounds a property by which numbers are broken down, in bytes; longer ones are cut.
	MaxLabel = 64
	// MaxKey bounds what tells units apart, and refunds, in bytes.
	MaxKey = 2 * sha256.Size
	// NoLabel stands for a property that is missing or empty.
	NoLabel = "(none)"
)

// Failure is one expression that could not be evaluated on one event. It reads as false, or as no amount.
type Failure struct {
	// Field is the expression's path in the resource, such as spec.stages[1].where.
	Field string
	// Message says what went wrong, without any value of the event.
	Message string
}
