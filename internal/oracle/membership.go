// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"maps"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// candidate is somebody who may be a member of a segment: what is known of the contact's attributes, and the events that bring something to
// the traits.
type candidate struct {
	program *definition.SegmentProgram
	segment definition.Segment
	writes  []write
	events  []*happening
}

func newCandidate(program *definition.SegmentProgram, writes []write, events []*happening) candidate {
	c := candidate{program: program, segment: program.Segment()}
	for _, w := range writes {
		if w.traits != nil {
			c.writes = append(c.writes, w)
		}
	}
	for _, e := range events {
		if len(e.traits) > 0 {
			c.events = append(c.events, e)
		}
	}
	return c
}

// known says whether anything had been heard of the contact at an instant.
func (c candidate) known(t event.Time) bool {
	return slices.ContainsFunc(c.writes, func(w write) bool { return w.time <= t }) ||
		slices.ContainsFunc(c.events, func(e *happening) bool { return e.time <= t })
}

// member says whether the contact is a member at an instant.
func (c candidate) member(t event.Time) bool {
	if !c.known(t) {
		return false
	}
	holds, _ := c.program.Holds(attributesAt(c.writes, t), c.traitsAt(t))
	return holds
}

// instants are those at which anything may change, in order: what happens, and what becomes too old for a trait.
func (c candidate) instants() []event.Time {
	all := map[event.Time]bool{}
	for _, w := range c.writes {
		all[w.time] = true
	}
	for _, e := range c.events {
		all[e.time] = true
		for _, brings := range e.traits {
			if within := c.segment.Traits[brings.Trait].Within; within > 0 {
				all[e.time.Add(within)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// traitsAt gives all traits at an instant, in the order of the segment; the zero scalar is one that is not known.
func (c candidate) traitsAt(t event.Time) []expression.Scalar {
	values := make([]expression.Scalar, len(c.segment.Traits))
	for i, trait := range c.segment.Traits {
		if trait.Function == definition.TraitRank {
			of := c.traitNamed(trait.Of)
			if c.isRanked(of, t) {
				values[i] = rankOf(trait, values[of])
			}
		} else {
			values[i] = valueOf(trait.Function, c.broughtTo(i, trait.Within, t))
		}
	}
	return values
}

// isRanked says whether ranks look at a trait of the contact: where any event counts for it.
func (c candidate) isRanked(trait int, t event.Time) bool {
	return len(c.broughtTo(trait, c.segment.Traits[trait].Within, t)) > 0
}

func (c candidate) traitNamed(name string) int {
	return slices.IndexFunc(c.segment.Traits, func(t definition.Trait) bool { return t.Name == name })
}

// broughtTo gives what the events that count at an instant bring to a trait, the earliest first.
func (c candidate) broughtTo(trait int, within time.Duration, t event.Time) (all []definition.TraitMatch) {
	for _, e := range c.events {
		if e.time > t || within > 0 && e.time.Add(within) <= t {
			continue
		}
		for _, brings := range e.traits {
			if brings.Trait == trait {
				all = append(all, brings)
			}
		}
	}
	return all
}

func valueOf(function definition.TraitFunction, brought []definition.TraitMatch) expression.Scalar {
	switch function {
	case definition.TraitCount:
		return expression.NumberOf(float64(len(brought)))
	case definition.TraitSum:
		sum := aggregate.Micros(0)
		for _, b := range brought {
			sum = sum.Plus(b.Amount)
		}
		return expression.AmountOf(sum)
	case definition.TraitDistinct:
		different := map[string]bool{}
		for _, b := range brought {
			different[b.Value.Text] = true
		}
		return expression.NumberOf(float64(len(different)))
	}
	switch {
	case len(brought) == 0:
		return expression.Scalar{}
	case function == definition.TraitFirst:
		return brought[0].Value
	}
	return brought[len(brought)-1].Value
}

// rankOf puts a value into its group: one higher with each cut that it reaches.
func rankOf(trait definition.Trait, value expression.Scalar) expression.Scalar {
	micros, isNumber := value.Micros()
	if !isNumber || len(trait.Cuts) == 0 {
		return expression.Scalar{}
	}
	rank := 1
	for _, cut := range trait.Cuts {
		if cut <= micros {
			rank++
		}
	}
	return expression.NumberOf(float64(rank))
}

// admit says of a contact's events which of them may start an attempt: those at whose time the contact is a member of the funnel's segment.
func (j *judge) admit(events []*happening, writes []write) {
	c := newCandidate(j.members, writes, events)
	for _, e := range events {
		e.outside = !c.member(e.time)
	}
}
