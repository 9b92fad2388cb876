// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/expression"
)

// TimeZoneData is the version of the time zone rules that programs cut days by. It is part of the log.
const TimeZoneData = zoneinfo.Version

// Program is a compiled Funnel. It is not safe for concurrent use: a partition compiles its own.
type Program struct {
	funnel   Funnel
	location *time.Location
	scratch  *expression.Scratch
	segment  *SegmentProgram // nil is none
	// byType is what events of the types that the funnel names may mean to it; others is what all other events mean.
	byType      map[string]*meanings
	others      meanings
	amounts     []stageAmount // by stage
	correlateBy *property     // nil is nothing
	unitBy      *property     // nil counts contacts
	breakdowns  []property
	labels      interner
	match       Match
	buffer      []byte
	// as is set while the contact's attributes are known; until then a condition that asks for them may hold.
	as bool
}

// Compiler compiles the funnels of one partition. Its programs share what they parse of an event, so they all belong to one
// goroutine. The zero Compiler is ready to use.
type Compiler struct{ scratch expression.Scratch }

// Compile compiles a funnel by itself.
func Compile(f Funnel) (*Program, error) { return new(Compiler).Compile(f) }

// CompileMeaning compiles the canonical form of a funnel (see Funnel.Canonical). A field that this version does not know is an
// error: the numbers would be others than the author's.
func (c *Compiler) CompileMeaning(form json.RawMessage) (*Program, error) {
	decoder := json.NewDecoder(bytes.NewReader(form))
	decoder.DisallowUnknownFields()
	var f Funnel
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("decode funnel definition: %w", err)
	}
	return c.Compile(f)
}

// Compile compiles a funnel. The error joins an *ExpressionError for each expression that does not compile, and says what
// else is wrong.
func (c *Compiler) Compile(f Funnel) (*Program, error) { return c.compileFunnel(f, "") }

// compileFunnel compiles a funnel whose fields begin with a prefix.
func (c *Compiler) compileFunnel(f Funnel, prefix string) (*Program, error) {
	zone, err := zoneinfo.Load(f.TimeZone)
	if err := errors.Join(err, f.check()); err != nil {
		return nil, err
	}
	f = f.normal()
	p := &Program{funnel: f, location: zone, scratch: &c.scratch}
	b := builder{program: p, prefix: prefix, scope: expression.OnContact}
	if f.UnitBy != "" {
		b.scope = expression.OnUnit // a unit has no attributes
	}
	b.build()
	if f.Segment != nil {
		p.segment, err = c.compileSegment(f.Segment, segmentPath(prefix))
		b.problems = append(b.problems, err)
	}
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return p, nil
}

// Funnel is the meaning that was compiled, in its canonical form.
func (p *Program) Funnel() Funnel { return p.funnel }

// Types gives the types of events that the funnel depends on (see Funnel.Types).
func (p *Program) Types() (types []string, every bool) { return p.funnel.Types() }

// ReadsContact says whether the funnel depends on the contact's attributes.
func (p *Program) ReadsContact() bool {
	for _, m := range p.byType {
		if m.asks {
			return true
		}
	}
	return false
}

// Segment is the funnel's segment, or nil: what an event means to its traits is asked of it, beside the match. It shares what it parses with
// the funnel.
func (p *Program) Segment() *SegmentProgram { return p.segment }

// Location is the zone that days are cut in.
func (p *Program) Location() *time.Location { return p.location }

// segmentPath is where the fields of a funnel's segment stand: in a Segment, or in the Journey itself.
func segmentPath(prefix string) string {
	if prefix == funnelOfJourney {
		return "spec.segment"
	}
	return "spec.segmentRef: spec"
}

// ExpressionError is an expression that does not compile.
type ExpressionError struct {
	// Field is its path in the resource.
	Field string
	// Source is the expression.
	Source string
	// Err is an *expression.Problem.
	Err error
}

// Error implements error.
func (e *ExpressionError) Error() string { return fmt.Sprintf("%s: %v", e.Field, e.Err) }

// Unwrap gives the problem.
func (e *ExpressionError) Unwrap() error { return e.Err }

func expressionError(field, source string, err error) error {
	if err == nil {
		return nil
	}
	return &ExpressionError{field, source, err}
}
