// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/expression"
)

// meanings are what events of one type may mean to a funnel. Each list is in the order of the spec.
type meanings struct {
	sums       []sum
	ways       []way
	refunds    []int // stages that such an event may take money from
	exclusions []exclusion
	// acts and breaks are as in Match.
	acts, breaks bool
	// asks is set when some condition depends on the contact's attributes.
	asks bool
}

// condition is a question about an event; nil is always true.
type condition struct {
	*expression.Condition
	field string
}

// amount is a number that an event brings.
type amount struct {
	*expression.Amount
	field string
}

// property is a text that an event brings.
type property struct {
	*expression.Value
	field string
}

// sum is what an event adds to an aggregate stage.
type sum struct {
	aggregate int
	where     condition
	amount    amount
}

// way is one way to fill a stage.
type way struct {
	stage int
	where condition
}

// exclusion is one way to end an attempt.
type exclusion struct {
	index int
	where condition
}

// stageAmount is what a stage counts: what its events bring, and what refunds take away. The keys are of the one and the other.
type stageAmount struct {
	value, refund amount
	key           property
}

// builder fills a program and collects what does not compile.
type builder struct {
	program *Program
	// prefix begins the paths of all fields, where they stand in another resource.
	prefix string
	// scope is that of conditions which may depend on the contact's attributes.
	scope    expression.Scope
	problems []error
}

func (b *builder) build() {
	p, f := b.program, &b.program.funnel
	p.byType = map[string]*meanings{}
	types, _ := f.Types()
	for _, t := range types {
		p.byType[t] = b.typed(t)
	}
	for _, t := range f.Ignore { // no others: they break nothing
		if p.byType[t] == nil {
			p.byType[t] = b.typed(t)
		}
	}
	p.others.acts = f.WatchesActs()
	p.others.breaks = f.Order == Strict
	for i := range f.Aggregates {
		b.aggregate(i)
	}
	p.amounts = make([]stageAmount, len(f.Stages))
	for i := range f.Stages {
		b.stage(i)
	}
	if f.CorrelateBy != "" {
		unit := b.text(b.prefix+"spec.correlateBy", f.CorrelateBy)
		p.correlateBy = &unit
	}
	if f.UnitBy != "" {
		unit := b.text(b.prefix+"spec.unit.by", f.UnitBy)
		p.unitBy = &unit
	}
	for i := range f.Breakdowns {
		p.breakdowns = append(p.breakdowns, b.text(fmt.Sprintf("%sspec.breakdowns[%d].by", b.prefix, i), f.Breakdowns[i].By))
	}
	for i := range f.Exclusions {
		b.exclusion(i)
	}
}

// typed says what events of a type mean by their type alone.
func (b *builder) typed(t string) *meanings {
	f := &b.program.funnel
	acts := f.WatchesActs() && !isOwn(t)
	return &meanings{acts: acts, breaks: acts && f.Order == Strict && !slices.Contains(f.Ignore, t)}
}

func (b *builder) aggregate(i int) {
	a, field := &b.program.funnel.Aggregates[i], fmt.Sprintf("%sspec.stages[%d].aggregate", b.prefix, i)
	m := b.program.byType[a.Event]
	where := b.condition(field+".where", a.Where)
	m.sums = append(m.sums, sum{i, where, b.amount(field+".sum", a.Sum)})
}

func (b *builder) stage(i int) {
	p := b.program
	s, field := &p.funnel.Stages[i], fmt.Sprintf("%sspec.stages[%d]", b.prefix, i+len(p.funnel.Aggregates))
	for j, match := range s.Matches {
		where := field + ".where" // a stage with one event has it beside the event
		if len(s.Matches) > 1 || s.AnyOf {
			where = fmt.Sprintf("%s.anyOf[%d].where", field, j)
		}
		m := p.byType[match.Event]
		m.ways = append(m.ways, way{i, b.ask(m, where, match.Where)})
	}
	p.amounts[i].value = b.amount(field+".value", s.Value)
	if s.Refund != nil {
		p.amounts[i].refund = b.amount(field+".refund.amount", s.Refund.Amount)
		p.amounts[i].key = b.text(field+".refund.matchBy", s.Refund.MatchBy)
		m := p.byType[s.Refund.Event]
		m.refunds = append(m.refunds, i)
	}
}

func (b *builder) exclusion(i int) {
	x := &b.program.funnel.Exclusions[i]
	m := b.program.byType[x.Event]
	m.exclusions = append(m.exclusions, exclusion{i, b.ask(m, fmt.Sprintf("%sspec.exclusions[%d].where", b.prefix, i), x.Where)})
}

func (b *builder) condition(field, source string) condition {
	if source == "" {
		return condition{}
	}
	compiled, err := expression.NewCondition(expression.OnEvent, source)
	b.note(field, source, err)
	return condition{compiled, field}
}

// ask compiles a condition that may depend on the contact's attributes.
func (b *builder) ask(m *meanings, field, source string) condition {
	if source == "" {
		return condition{}
	}
	compiled, err := expression.NewCondition(b.scope, source)
	b.note(field, source, err)
	if err == nil && compiled.ReadsContact() {
		m.asks = true
	}
	return condition{compiled, field}
}

func (b *builder) amount(field, source string) amount {
	if source == "" {
		return amount{}
	}
	compiled, err := expression.NewAmount(expression.OnEvent, source)
	b.note(field, source, err)
	return amount{compiled, field}
}

func (b *builder) text(field, source string) property {
	compiled, err := expression.NewText(expression.OnEvent, source)
	b.note(field, source, err)
	return property{compiled, field}
}

func (b *builder) note(field, source string, err error) {
	b.problems = append(b.problems, expressionError(field, source, err))
}
