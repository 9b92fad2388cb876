// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package expression evaluates what people write about events: conditions, amounts and the mappings of feeds. The language is
// CEL, with one change that runs through all of it: a field that is missing is no error. Where a yes or no is needed it reads
// as no, and so does every comparison with it; where a value is needed, there is none. A JSON null is a missing field, and so
// is a field of anything that is not an object.
//
// Everything else that goes wrong on an event, such as comparing a text with a number, is a Fault: the caller counts it.
// JSON numbers are doubles; comparisons and arithmetic between them and whole numbers just work.
//
// Expressions are compiled once and shared by any number of goroutines. What changes from event to event lives in a
// Scratch, one per goroutine: it parses an event's JSON at most once for all expressions that look at it.
package expression

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// Scope says which variables an expression sees.
type Scope int

const (
	// OnEvent is for conditions and amounts of funnels: event.id, source, type, time and data. The contact is left out: it is
	// personal data and numbers do not depend on it.
	OnEvent Scope = iota
	// OnContact is for conditions that also depend on who it is: besides the event they see contact.attributes.
	OnContact
	// OnMessage is for mappings of feeds: event as the protocol gives it (with event.contact), body, headers and query.
	OnMessage
	// OnEnrolment is for scenarios: the event at hand or, where there is none, the one that let the contact in; trigger, which always is
	// the latter; contact.attributes; and vars, what the scenario has stored. Where somebody entered without an event, the fields of
	// both events are missing.
	OnEnrolment
	// OnPerson is for what is asked about a contact alone: contact.attributes and nothing else.
	OnPerson
	// OnSegment is for the condition of a segment: contact.attributes and contact.traits (see NewSegmentCondition).
	OnSegment
	// OnUnit is for conditions of funnels that count something else than contacts: what OnEvent sees.
	OnUnit
)

// truth is the result of evaluating a condition.
type truth uint8

const (
	no truth = iota
	yes
	absent // a field is missing
	failed // the scratch's fault says why
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// Condition is a compiled yes-or-no question.
type Condition struct {
	code *code
	fast predicate // nil when only CEL can tell
	// asks is set when the condition looks at the contact.
	asks bool
}

// ReadsContact says whether the condition depends on the contact's attributes.
func (c *Condition) ReadsContact() bool { return c.asks }

// NewCondition compiles a condition. The error is a *Problem.
func NewCondition(scope Scope, source string) (*Condition, error) {
	c, err := compile(scope, source, wantCondition)
	if err != nil {
		return nil, err
	}
	condition := &Condition{code: c, asks: scope == OnContact && mentions(c.ast.Expr(), "contact")}
	if scope != OnMessage { // a message may lack what every event in the log has, so the translation does not hold for it
		condition.fast = fastPredicate(c, scope)
	}
	return condition, nil
}

// mentions says whether a variable is part of an expression.
func mentions(root ast.Expr, name string) bool {
	found := false
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.IdentKind && e.AsIdent() == name
	}))
	return found
}

// Holds says whether the condition is true of what the scratch holds. With a fault it is false.
func (c *Condition) Holds(s *Scratch) (bool, *Fault) {
	var t truth
	if c.fast != nil {
		t = c.fast(s)
	} else {
		t = c.code.truth(s)
	}
	if t == failed {
		return false, s.fault
	}
	return t == yes, nil
}

// Amount is a compiled expression for a number.
type Amount struct {
	code *code
	path []string // set when the expression is nothing but a field of event.data
	fast number   // nil when only CEL can tell
}

// NewAmount compiles an expression for an amount: a number, or a text that holds one. The error is a *Problem.
func NewAmount(scope Scope, source string) (*Amount, error) {
	c, err := compile(scope, source, wantAmount)
	if err != nil {
		return nil, err
	}
	a := &Amount{code: c}
	if scope == OnEvent || scope == OnEnrolment {
		a.path, _ = dataPath(c.ast.Expr())
		a.fast = fastNumber(c.ast.Expr())
	}
	return a, nil
}

// Micros gives the amount, and false when there is none: a field is missing, or an empty text.
func (a *Amount) Micros(s *Scratch) (aggregate.Micros, bool, *Fault) {
	if a.path != nil {
		v, ok := s.field(a.path)
		if !ok {
			return 0, false, s.fault
		}
		if v == nil {
			return 0, false, nil
		}
		return s.microsOfJSON(v)
	}
	if a.fast != nil {
		if f, ok := a.fast(s); ok {
			return microsOfDouble(f)
		}
	}
	v, fault := a.code.value(s)
	if v == nil {
		return 0, false, fault
	}
	return microsOf(v)
}

// Value is a compiled expression for anything.
type Value struct {
	code *code
	path []string // set when the expression is nothing but a field of event.data, whose text needs no CEL
}

// NewText compiles an expression whose value is written as text: a text, a number or a yes/no. The error is a *Problem.
func NewText(scope Scope, source string) (*Value, error) {
	c, err := compile(scope, source, wantText)
	if err != nil {
		return nil, err
	}
	v := &Value{code: c}
	if scope == OnEvent || scope == OnEnrolment {
		v.path, _ = dataPath(c.ast.Expr())
	}
	return v, nil
}

// NewTime compiles an expression for an instant: a timestamp, a text or a number. The error is a *Problem.
func NewTime(scope Scope, source string) (*Value, error) {
	c, err := compile(scope, source, wantTime)
	if err != nil {
		return nil, err
	}
	return &Value{code: c}, nil
}

// NewObject compiles an expression for a JSON object. An entry of a map whose value is missing is left out. The error is a
// *Problem.
func NewObject(scope Scope, source string) (*Value, error) {
	c, err := compile(scope, source, wantObject)
	if err != nil {
		return nil, err
	}
	return &Value{code: c}, nil
}

// NewJSON compiles an expression for any value that JSON has. An entry of a map whose value is missing is left out. The error is a
// *Problem.
func NewJSON(scope Scope, source string) (*Value, error) {
	c, err := compile(scope, source, wantJSON)
	if err != nil {
		return nil, err
	}
	return &Value{code: c}, nil
}

// Mentions says whether the condition looks at a variable, such as trigger.
func (c *Condition) Mentions(variable string) bool { return mentions(c.code.ast.Expr(), variable) }

// Mentions says whether the amount looks at a variable, such as trigger.
func (a *Amount) Mentions(variable string) bool { return mentions(a.code.ast.Expr(), variable) }

// Mentions says whether the value looks at a variable, such as trigger.
func (v *Value) Mentions(variable string) bool { return mentions(v.code.ast.Expr(), variable) }

// code is a checked expression and its CEL program.
type code struct {
	source  string
	ast     *checkedAST
	program cel.Program
	faults  map[int64]*Fault // by node
	unknown *Fault
}

// value evaluates with CEL; nil without a fault is a missing field.
func (c *code) value(s *Scratch) (ref.Val, *Fault) {
	v, _, err := c.program.Eval(s)
	if err != nil {
		return nil, c.fault(err)
	}
	if opt, ok := v.(*types.Optional); ok {
		if !opt.HasValue() {
			return nil, nil
		}
		v = opt.GetValue()
	}
	if v == types.NullValue {
		return nil, nil
	}
	return v, nil
}

func (c *code) truth(s *Scratch) truth {
	v, fault := c.value(s)
	switch {
	case fault != nil:
		s.fault = fault
		return failed
	case v == nil:
		return absent
	}
	b, ok := v.(types.Bool)
	if !ok {
		s.fault = c.faults[c.ast.Expr().ID()]
		return failed
	}
	return truthOf(bool(b))
}
