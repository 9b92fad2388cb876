// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Question is what the expressions of scenarios, policies and channels are asked on. What is not there has no fields: conditions on it do
// not hold, and values of it are none.
type Question struct {
	// Event is the event at hand; nil is the trigger's.
	Event *event.Event
	// Trigger is the event that let the contact in; nil when none did.
	Trigger *event.Event
	// Attributes are the contact's and Vars what the scenario stored: JSON objects, of which nil is the empty one.
	Attributes, Vars []byte
}

// Fault says that an expression could not be evaluated. It holds no value of the event or the contact.
type Fault struct {
	// Field is the expression's path in the resource, such as spec.steps[1].branch.cases[0].when.
	Field string
	// Err says what went wrong.
	Err *expression.Fault
}

// Error implements error.
func (f *Fault) Error() string { return fmt.Sprintf("%s: %v", f.Field, f.Err) }

// Unwrap gives what went wrong.
func (f *Fault) Unwrap() error { return f.Err }

// asked is what all expressions have in common. They share what they parse with all others of their Compiler.
type asked struct {
	field   string
	scratch *expression.Scratch
}

func (a *asked) load(q *Question) *expression.Scratch {
	a.scratch.LoadEnrolment(q.Event, q.Trigger, q.Attributes, q.Vars)
	return a.scratch
}

func (a *asked) fault(err *expression.Fault) *Fault {
	if err == nil {
		return nil
	}
	return &Fault{a.field, err}
}

// Predicate is a compiled condition. The zero Predicate is always true.
type Predicate struct {
	asked
	condition *expression.Condition
}

// Holds answers it; with a fault it does not hold.
func (p *Predicate) Holds(q *Question) (bool, *Fault) {
	if p.condition == nil {
		return true, nil
	}
	holds, err := p.condition.Holds(p.load(q))
	return holds, p.fault(err)
}

// Always says whether it is true whatever it is asked on.
func (p *Predicate) Always() bool { return p.condition == nil }

// Text is a compiled expression whose value is written as text. The zero Text gives none.
type Text struct {
	asked
	value *expression.Value
}

// Of gives the text, numbers and yes or no in JSON's spelling, and false when there is none.
func (t *Text) Of(q *Question) (string, bool, *Fault) {
	if t.value == nil {
		return "", false, nil
	}
	text, present, err := t.value.Text(t.load(q))
	return text, present, t.fault(err)
}

// None says whether there is no expression.
func (t *Text) None() bool { return t.value == nil }

// AmountOf is a compiled expression for a number. The zero AmountOf gives none.
type AmountOf struct {
	asked
	amount *expression.Amount
}

// Of gives the amount, in millionths, and false when there is none.
func (a *AmountOf) Of(q *Question) (aggregate.Micros, bool, *Fault) {
	if a.amount == nil {
		return 0, false, nil
	}
	micros, present, err := a.amount.Micros(a.load(q))
	return micros, present, a.fault(err)
}

// JSONValue is a compiled expression for any value. The zero JSONValue gives none.
type JSONValue struct {
	asked
	value *expression.Value
}

// Of gives the value as JSON, in memory of its own, and false when there is none.
func (v *JSONValue) Of(q *Question) ([]byte, bool, *Fault) {
	if v.value == nil {
		return nil, false, nil
	}
	out, present, err := v.value.JSON(v.load(q), nil)
	return out, present, v.fault(err)
}
