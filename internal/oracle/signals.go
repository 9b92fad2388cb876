// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"maps"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// Signal is a drop-off that is told, or told to have been none.
type Signal struct {
	// Stage is the name of the stage where Contact stopped, with the event of a Source and an id.
	Stage, Contact, Source, Event string
	// Retracted says that it was none.
	Retracted bool
	// Due is when the signal was due; of a retraction, when it was found.
	Due event.Time
}

// grace is how long after an event was appended its contact cannot be told to have dropped off there.
const grace = 5 * time.Minute

// drop is what a signal is about.
type drop struct {
	stage, contact string
	identity
}

// signalling replays a log, tick by tick.
type signalling struct {
	truth *Oracle
	// since is the clock when the funnel began to count.
	since event.Time
	// appended says when the first event of an identity came.
	appended map[drop]event.Time
	settled  map[drop]bool
	given    map[drop]bool
	signals  []Signal
	stale    int64
}

// Signals gives all signals of a log in which the funnel was activated behind the first records, as many as live says, and how many
// drop-offs were too old for one. They are found when the clock moves.
func (o *Oracle) Signals(log []Record, live int) (signals []Signal, stale int64) {
	s := signalling{truth: o, appended: map[drop]event.Time{}, settled: map[drop]bool{}, given: map[drop]bool{}}
	clock := event.Time(0)
	for n, r := range log {
		if n == live {
			s.since = clock
		}
		switch {
		case r.Event != nil:
			self := drop{contact: r.Event.Contact, identity: identity{r.Event.Source, r.Event.ID}}
			if _, known := s.appended[self]; !known {
				s.appended[self] = max(clock, r.Event.Received)
			}
		case r.Tick > clock:
			if clock = r.Tick; n >= live {
				s.look(log[:n], clock)
			}
		}
	}
	return s.signals, s.stale
}

// look settles what is due at a time.
func (s *signalling) look(log []Record, clock event.Time) {
	j := s.truth.judge(clock)
	contacts := j.readAll([][]Record{log})
	for _, contact := range slices.Sorted(maps.Keys(contacts)) {
		events := contacts[contact]
		acts := actsOf(events)
		var counted []attempt
		for _, u := range j.within(j.units(events), j.spans.current) {
			counted = append(counted, slices.DeleteFunc(j.counted(u, acts), attempt.excluded)...)
		}
		s.contact(j, contact, counted, acts)
	}
}

// contact looks at the attempts of one that count.
func (s *signalling) contact(j *judge, contact string, attempts []attempt, acts []event.Time) {
	about := func(at step) drop { return drop{j.funnel.Stages[at.stage].Name, contact, at.event.identity} }
	stands := map[drop]bool{}
	for _, a := range attempts {
		last := a.steps[len(a.steps)-1]
		stands[about(last)] = stands[about(last)] || !j.complete(a.depth())
		if j.outcome(a, acts) == dropped {
			s.dropOff(j, about(last), j.deadline(a, acts))
		}
	}
	for _, a := range attempts {
		for i, at := range a.steps[:len(a.steps)-1] {
			// it went on in time, and no other attempt stands there
			if d := about(at); s.given[d] && !stands[d] && !j.recovered(a, i, acts) {
				s.given[d] = false
				s.tell(d, true, j.asOf)
			}
		}
	}
}

func (s *signalling) dropOff(j *judge, d drop, deadline event.Time) {
	ripe := s.appended[drop{contact: d.contact, identity: d.identity}].Add(grace)
	due := max(deadline, ripe)
	switch {
	case s.settled[d], j.asOf < ripe, due <= s.since:
		return
	case deadline <= j.asOf.Add(-j.funnel.SignalMaxAge):
		s.stale++
	default:
		s.given[d] = true
		s.tell(d, false, due)
	}
	s.settled[d] = true
}

func (s *signalling) tell(d drop, retracted bool, due event.Time) {
	s.signals = append(s.signals, Signal{d.stage, d.contact, d.source, d.id, retracted, due})
}
