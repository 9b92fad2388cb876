// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// UnitProgram tells of which unit an event is (see Funnel.UnitBy). It is not safe for concurrent use.
type UnitProgram struct {
	by      property
	scratch *expression.Scratch
	buffer  []byte
}

// CompileUnit compiles an expression for a unit. The error is an *ExpressionError.
func (c *Compiler) CompileUnit(by string) (*UnitProgram, error) {
	return c.compileUnit("spec.unit.by", by)
}

func (c *Compiler) compileUnit(field, by string) (*UnitProgram, error) {
	value, err := expression.NewText(expression.OnUnit, by)
	if err != nil {
		return nil, expressionError(field, by, err)
	}
	return &UnitProgram{by: property{value, field}, scratch: &c.scratch}, nil
}

// Of gives the unit that an event tells of, and false when it tells of none: the value is missing, empty or no text, number or yes or no. It is
// only ever compared; a hash stands for one that is longer than MaxKey bytes.
func (p *UnitProgram) Of(e *event.Event) (value string, ok bool) {
	p.scratch.Load(e)
	buffer, _, _ := p.by.AppendText(p.buffer[:0], p.scratch)
	p.buffer = buffer
	if len(buffer) == 0 {
		return "", false
	}
	return keyOf(buffer), true
}
