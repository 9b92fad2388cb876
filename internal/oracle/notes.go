// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// noteAll gives the events that are evidence of anything, in order, by the contact that they count for. They are kept apart from those that
// the funnel asks for, so that its numbers are those that it has without a journey.
func (t *traveller) noteAll(logs [][]Record) map[string][]*happening {
	var arrived []arrival
	for _, log := range logs {
		arrived = append(arrived, t.note(log)...)
	}
	return join(arrived, personsOf(logs), t.funnel.Lateness, &t.found.Saturated)
}

// note gives the events of one log that are evidence, and counts what fails.
func (t *traveller) note(log []Record) (arrived []arrival) {
	firsts(log, func(r Record, clock event.Time) {
		e := r.Event
		evidence := t.journey.Evidence(e, t.program.Match(e).Stages)
		late := tooLate(e.Time, clock, t.funnel.Lateness)
		if !late {
			countFailures(evidence.Failures, r.Offset, &t.found.Errors, &t.found.FirstError)
		}
		evidence.Failures = nil // they hold until the next
		if evidence.Matters() {
			h := &happening{identity: identity{e.Source, e.ID}, time: e.Time, kind: e.Type, unit: t.correlated(e), evidence: *evidence}
			arrived = append(arrived, arrival{h, e, late})
		}
	})
	return arrived
}

// correlated gives the unit of an event; one that cannot be told is none.
func (t *traveller) correlated(e *event.Event) string {
	if t.unitOf == nil {
		return ""
	}
	var scratch expression.Scratch
	scratch.Load(e)
	unit, _, _ := t.unitOf.Text(&scratch)
	if len(unit) > definition.MaxKey {
		sum := sha256.Sum256([]byte(unit))
		unit = hex.EncodeToString(sum[:]) // as the funnel's are
	}
	return unit
}
