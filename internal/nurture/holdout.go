// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// owes says whether the version sends something that people are owed: then those held out take its steps too.
func (v *Version) owes() bool {
	return slices.ContainsFunc(v.Program.Steps, func(step definition.StepProgram) bool {
		return step.Send != nil && step.Send.Purpose == definition.Transactional
	})
}

// withheld says whether the step is left out for those held out: tasks and messages that nobody is owed.
func (p *place) withheld() bool {
	step := p.step()
	return p.e.control && (step.Task != nil || step.Send != nil && step.Send.Purpose != definition.Transactional)
}

// count counts at a step who came or went, but not those held out, who are nowhere counted as active.
func (p *place) count(step *aggregate.Step, by int64) {
	if !p.e.control {
		step.Active += by
	}
}

// withdraw ends the steps of an enrolment that was held out. It stays until the time for its goal has passed.
func (w *World) withdraw(s *Subject, sc *Scenario, e *enrolment) {
	e.status = held
	if e.maturity() == 0 {
		w.conclude(s, sc, e)
	}
}

// conclude ends an enrolment that was held out and takes no steps.
func (w *World) conclude(s *Subject, sc *Scenario, e *enrolment) {
	s.State.ended(e, s.Now)
	e.status = left
	if e.maturity() == 0 {
		w.forget(sc, e)
	}
}
