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
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// TimeZoneData is the version of the time zone rules that programs cut days by. It is part of the log.
const TimeZoneData = zoneinfo.Version

// Program is a compiled Funnel. It is not safe for concurrent use: a partition compiles its own.
type Program struct {
	funnel   Funnel
	location *time.Location
	byType   map[string][]way
	values   []value
	scratch  *expression.Scratch
	match    Match
}

// way is one way to fill a stage.
type way struct {
	stage int
	where *expression.Condition // nil is always true
	field string
}

// value is what a stage counts.
type value struct {
	amount *expression.Amount // nil is nothing
	field  string
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
func (c *Compiler) Compile(f Funnel) (*Program, error) {
	zone, err := zoneinfo.Load(f.TimeZone)
	if err := errors.Join(err, f.check()); err != nil {
		return nil, err
	}
	p := &Program{funnel: f, location: zone, byType: map[string][]way{}, values: make([]value, len(f.Stages)), scratch: &c.scratch}
	var problems []error
	for i := range f.Stages {
		problems = append(problems, p.compileStage(i))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Program) compileStage(i int) error {
	stage := &p.funnel.Stages[i]
	var problems []error
	for j, m := range stage.Matches {
		w := way{stage: i, field: whereField(stage, i, j)}
		if m.Where != "" {
			condition, err := expression.NewCondition(expression.OnEvent, m.Where)
			problems = append(problems, expressionError(w.field, m.Where, err))
			w.where = condition
		}
		p.byType[m.Event] = append(p.byType[m.Event], w)
	}
	if stage.Value != "" {
		field := fmt.Sprintf("spec.stages[%d].value", i)
		amount, err := expression.NewAmount(expression.OnEvent, stage.Value)
		problems = append(problems, expressionError(field, stage.Value, err))
		p.values[i] = value{amount, field}
	}
	return errors.Join(problems...)
}

// whereField is the path of a condition in the resource. A stage with one event has it beside the event.
func whereField(stage *Stage, i, j int) string {
	if len(stage.Matches) == 1 && !stage.AnyOf {
		return fmt.Sprintf("spec.stages[%d].where", i)
	}
	return fmt.Sprintf("spec.stages[%d].anyOf[%d].where", i, j)
}

// Funnel is the meaning that was compiled.
func (p *Program) Funnel() Funnel { return p.funnel }

// Location is the zone that days are cut in.
func (p *Program) Location() *time.Location { return p.location }

// Match says what an event means to the funnel. The result holds until the next call.
func (p *Program) Match(e *event.Event) Match {
	ways := p.byType[e.Type]
	if len(ways) == 0 {
		return Match{}
	}
	p.scratch.Load(e)
	p.match = Match{Amounts: p.match.Amounts[:0], Failures: p.match.Failures[:0]}
	for i := range ways {
		p.try(&ways[i])
	}
	return p.match
}

func (p *Program) try(w *way) {
	bit := uint32(1) << w.stage
	if p.match.Stages&bit != 0 {
		return // another way has filled the stage
	}
	if w.where != nil {
		holds, fault := w.where.Holds(p.scratch)
		if fault != nil {
			p.match.Failures = append(p.match.Failures, Failure{w.field, fault.Message})
		}
		if !holds {
			return
		}
	}
	p.match.Stages |= bit
	v := &p.values[w.stage]
	if v.amount == nil {
		return
	}
	micros, present, fault := v.amount.Micros(p.scratch)
	if fault != nil {
		p.match.Failures = append(p.match.Failures, Failure{v.field, fault.Message})
	}
	if present {
		p.match.Amounts = append(p.match.Amounts, Amount{Stage: w.stage, Amount: micros})
	}
}

// check finds what no expression is to blame for.
func (f *Funnel) check() error {
	var problems []error
	if n := len(f.Stages); n < 2 || n > MaxStages {
		problems = append(problems, fmt.Errorf("a funnel has 2 to %d stages, not %d", MaxStages, n))
	}
	if f.Window <= 0 {
		problems = append(problems, fmt.Errorf("the window is %v: it must be longer than nothing", f.Window))
	}
	if f.Lateness < 0 {
		problems = append(problems, fmt.Errorf("the lateness is %v: it cannot be negative", f.Lateness))
	}
	if f.Order != Ordered {
		problems = append(problems, fmt.Errorf("order %q is not supported", f.Order))
	}
	if f.EntryPolicy != LatestStart && f.EntryPolicy != FirstStart {
		problems = append(problems, fmt.Errorf("entryPolicy %q is not supported", f.EntryPolicy))
	}
	problems = append(problems, f.Period.check())
	names := map[string]bool{}
	for i := range f.Stages {
		s := &f.Stages[i]
		if names[s.Name] {
			problems = append(problems, fmt.Errorf("two stages are called %q", s.Name))
		}
		names[s.Name] = true
		if len(s.Matches) == 0 {
			problems = append(problems, fmt.Errorf("no event fills stage %q", s.Name))
		}
		if s.DropAfter < 0 {
			problems = append(problems, fmt.Errorf("dropAfter of stage %q is negative", s.Name))
		}
	}
	return errors.Join(problems...)
}

func (p Period) check() error {
	between := p.From != "" || p.To != ""
	if between == (p.RollingDays != 0) {
		return errors.New("a period is either rolling days or the days between two")
	}
	if !between {
		if p.RollingDays < 0 {
			return fmt.Errorf("rollingDays is %d: it must be at least 1", p.RollingDays)
		}
		return nil
	}
	for _, day := range []string{p.From, p.To} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("%q is no day: write one such as 2026-01-31", day)
		}
	}
	if p.From > p.To {
		return fmt.Errorf("the period ends on %s, before it begins on %s", p.To, p.From)
	}
	return nil
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
