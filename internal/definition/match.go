// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "github.com/waymark-dev/waymark/internal/aggregate"

// Match is what one event means to one funnel. Its slices belong to the program and hold until its next match.
type Match struct {
	// Stages has bit i set when the event may fill stage i.
	Stages uint32
	// Amounts are what the event brings at the stages that it may fill and that count a value; most events have none.
	Amounts []Amount
	// Failures are the expressions that could not be evaluated on this event, in the order of the spec.
	Failures []Failure
}

// Amount is what one event brings at one stage.
type Amount struct {
	Stage  int
	Amount aggregate.Micros
}

// Failure is one expression that could not be evaluated on one event. It reads as false, or as no amount.
type Failure struct {
	// Field is the expression's path in the resource, such as spec.stages[1].where.
	Field string
	// Message says what went wrong, without any value of the event.
	Message string
}
