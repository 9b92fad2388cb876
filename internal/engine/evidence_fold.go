// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// weighEvidence brings a unit that keeps evidence up to all events and its slot's clock.
func (f *Fold) weighEvidence(c *contact, u *unit) {
	s, w, v := u.slot, &f.witness, &f.evaluator
	ev := s.evidence
	w.begin(s, c.moments, f.joined(&f.masked, c, u.marks))
	funnel := c.find(ev.of.id)
	due := c.evidenceEnds(u)
	if funnel != nil {
		v.count.traces, v.count.witness = false, w
		due = earlier(due, v.evaluate(s.plan, s.view, c.moments, f.segments(c, funnel), funnel.closed, &f.passed))
		v.count.witness = nil
	}
	if w.hears() {
		began, started := event.Time(math.MinInt64), true
		if ev.journey.Funnel.Segment != nil {
			began, started = f.firstStart(c, funnel, u)
		}
		if started {
			w.loyalty(began)
			w.satisfaction()
		}
	}
	if !bytes.Equal(u.testimony.given, w.out.b) {
		ev.tally.add(u.testimony.given, -1)
		u.testimony.given = bytes.Clone(w.out.b)
		ev.tally.add(u.testimony.given, 1)
	}
	f.evaluated(c, u, earlier(due, w.due))
}

// hears says whether the contact has anything that does not depend on its attempts.
func (w *witness) hears() bool { return len(w.purchases)+len(w.scores) > 0 }

// emptied is what is left of evidence when its slot is dropped.
func (ev *evidence) emptied() *evidence {
	if ev == nil {
		return nil
	}
	left := *ev
	left.tally, left.numbers = evidenceTally{}, nil
	return &left
}

// reportEvidence gives a journey's evidence in the form that is reported.
func (s *slot) reportEvidence() *aggregate.Journey {
	j := s.evidence.report()
	j.Saturated, j.Errors, j.FirstError = s.tally.saturated, s.tally.errors, s.tally.firstError
	return j
}

// readTypes reads what is counted of types of events.
func (f *Fold) readTypes(s *slot) error {
	prefix, ev := slotKey(nil, typePrefix, s.id), s.evidence
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		r := reader{Reader: packing.Read(value)}
		number := key[len(prefix):]
		if len(number) != 4 || int(binary.BigEndian.Uint32(number)) != len(ev.tally.types) {
			return false, fmt.Errorf("%w: the number of a type of events", ErrCorruptState)
		}
		ev.tally.readType(&r)
		if err := r.done("what is counted of a type of events"); err != nil {
			return false, err
		}
		ev.numbers[ev.tally.types[len(ev.tally.types)-1].name] = uint32(len(ev.tally.types))
		return true, nil
	})
	return wrapRead(err)
}
