// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// slot is one version of one definition with all its state. It is numbered, and no number is used twice, so that its state is
// deleted as one range. A slot is live when its numbers are reported; otherwise it is a shadow, which follows the log with a
// cursor of its own until it is activated.
type slot struct {
	id      uint32
	version string
	meaning json.RawMessage
	program Program
	plan    *plan
	types   map[string]bool

	// clock is the time of the last tick before cursor. floor is the partition's clock when the definition was applied: a shadow
	// judges lateness by its clock, but evaluates no unit at an earlier time than this, since nobody sees those numbers.
	clock, floor event.Time
	view         view
	// shadow is set until the version is activated. cursor is the next offset that a shadow wants, target that of the record that applied
	// it.
	shadow         bool
	cursor, target uint64
	exactSince     event.Time
	// gap is set when the log began later than the state, until a time is known from which on it is complete.
	gap bool

	tally   tally
	timers  timers
	changed bool
	dropped bool
}

func newSlot(id uint32, version string, meaning json.RawMessage, program Program) (*slot, error) {
	funnel := program.Funnel()
	p, err := newPlan(id, &funnel, program.Location())
	if err != nil {
		return nil, err
	}
	s := &slot{id: id, version: version, meaning: meaning, program: program, plan: p, types: map[string]bool{}}
	for _, stage := range funnel.Stages {
		for _, m := range stage.Matches {
			s.types[m.Event] = true
		}
	}
	s.tally, s.changed = newTally(p.stages), true
	s.timers = timers{slot: s, complete: true} // a new slot has nothing stored
	s.view = p.at(0)
	return s, nil
}

// setClock moves the slot's clock; it never goes back.
func (s *slot) setClock(t event.Time) {
	s.clock = max(s.clock, t)
	if now := max(s.clock, s.floor); now != s.view.clock {
		s.view = s.plan.at(now)
	}
}

// catchingUp says whether a shadow is still at records from before it was applied.
func (s *slot) catchingUp() bool { return s.clock < s.floor }

// offer shows an accepted event to the slot. It gives the match when the event matters to a unit; it holds until the next.
func (s *slot) offer(e *event.Event, at place, partition int) (found definition.Match, matters bool) {
	found = s.program.Match(e)
	forwarded := e.Origin != ""                  // it was counted where it came from, and whether it came in time there is told by its receipt
	found.Stages &= uint32(1)<<s.plan.stages - 1 // for 32 stages the shift gives 0, less 1 is all ones
	judgedAt := s.clock
	if forwarded {
		judgedAt = e.Received
	}
	if s.plan.tooLate(e.Time, judgedAt) {
		if found.Stages != 0 && !forwarded {
			s.tally.tooLate++
			s.changed = true
		}
		return found, false
	}
	for _, failure := range found.Failures {
		if forwarded {
			break
		}
		if s.tally.errors == 0 {
			s.tally.firstError = aggregate.Failure{
				Field: failure.Field, Message: failure.Message, Partition: partition, Offset: uint64(at >> placeBits),
			}
		}
		s.tally.errors++
		s.changed = true
	}
	if found.Stages == 0 {
		return found, false
	}
	if e.Flags&event.Clamped != 0 && !forwarded {
		s.tally.clamped++
		s.changed = true
	}
	// A shadow need not keep what it would forget at once.
	return found, s.plan.firstStart || e.Time >= s.view.forgotten
}
