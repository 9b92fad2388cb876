// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Segment knows one segment.
type Segment struct{ program *definition.SegmentProgram }

// NewSegment gives the oracle of a segment. The error is that of compiling it.
func NewSegment(s definition.Segment) (*Segment, error) {
	form, _, err := s.Canonical()
	if err != nil {
		return nil, fmt.Errorf("write down the segment: %w", err)
	}
	program, err := new(definition.Compiler).CompileSegment(form)
	if err != nil {
		return nil, fmt.Errorf("compile the segment: %w", err)
	}
	return &Segment{program}, nil
}

// EvaluateAll gives the segment's numbers of all partitions of a workspace together, at the time asOf, which is no earlier than any log's
// last tick: as if each knew of the others' events at once. Signals are not among them.
func (o *Segment) EvaluateAll(logs [][]Record, asOf event.Time) aggregate.Segment {
	var result aggregate.Segment
	var arrived []arrival
	for _, log := range logs {
		arrived = append(arrived, o.read(log, &result)...)
	}
	who, segment, zone := personsOf(logs), o.program.Segment(), calendar{o.program.Location()}
	events := join(arrived, who, segment.Lateness, &result.Saturated)
	writes := writesOf(logs, who)
	today := zone.day(asOf)
	period := days{today - int64(segment.Days) + 1, today}
	for contact := range union(events, writes) {
		c := newCandidate(o.program, writes[contact], events[contact])
		was := false
		for _, t := range c.instants() {
			if t > asOf {
				break
			}
			is := c.member(t)
			if is != was && period.hold(zone.day(t)) {
				if is {
					result.Entered++
				} else {
					result.Left++
				}
			}
			was = is
		}
		if was {
			result.Size++
		}
		if c.known(asOf) {
			c.addValues(&result, asOf)
		}
	}
	return result
}

// read gives the events of a log that bring something to the traits.
func (o *Segment) read(log []Record, result *aggregate.Segment) (arrived []arrival) {
	lateness := o.program.Segment().Lateness
	firsts(log, func(r Record, clock event.Time) {
		e := r.Event
		match := o.program.Match(e)
		late := tooLate(e.Time, clock, lateness)
		if len(match.Traits) > 0 {
			h := &happening{identity: identity{e.Source, e.ID}, time: e.Time, traits: slices.Clone(match.Traits)}
			arrived = append(arrived, arrival{h, e, late})
			if late {
				result.TooLate++
			}
		}
		if !late {
			countFailures(match.Failures, r.Offset, &result.Errors, &result.FirstError)
		}
	})
	return arrived
}

// addValues counts the contact among those with about the same values of the traits that ranks look at.
func (c candidate) addValues(result *aggregate.Segment, t event.Time) {
	values := c.traitsAt(t)
	looked := map[string]bool{} // by several ranks, maybe
	for _, trait := range c.segment.Traits {
		if trait.Function != definition.TraitRank || looked[trait.Of] {
			continue
		}
		looked[trait.Of] = true
		of := c.traitNamed(trait.Of)
		value := values[of]
		micros, known := value.Micros()
		if !known || !c.isRanked(of, t) {
			continue
		}
		bucket := aggregate.ValueBucket(micros)
		if value.Kind == expression.Instant {
			bucket = aggregate.TimeBucket(value.Time)
		}
		if result.Values == nil {
			result.Values = map[string]map[int]int64{}
		}
		if result.Values[trait.Of] == nil {
			result.Values[trait.Of] = map[int]int64{}
		}
		result.Values[trait.Of][bucket]++
	}
}

// union gives the contacts of whom anything is known.
func union(events map[string][]*happening, writes map[string][]write) map[string]bool {
	all := map[string]bool{}
	for contact := range events {
		all[contact] = true
	}
	for contact := range writes {
		all[contact] = true
	}
	return all
}
