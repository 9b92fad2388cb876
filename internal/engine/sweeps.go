// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// Budgets bound how many contacts a sweep comes to in one record.
const (
	tickSweeps   = 256
	eventsSweeps = 64
)

// sweepKind says what a sweep does to each contact.
type sweepKind uint8

const (
	// sweepMeet lets in those who match already, and sets timers for dates of contacts.
	sweepMeet sweepKind = iota + 1
	// sweepMove leads enrolments to the version in force.
	sweepMove
	// sweepResume lets those go on whose scenario had stood still.
	sweepResume
	// sweepFire lets in a schedule's audience.
	sweepFire
	// sweepDrop leads everybody out.
	sweepDrop
	// sweepReach counts whom a version would concern that is held.
	sweepReach
)

// sweep comes to each contact once. It acts there as of when it began, and before anything else does: a contact of which something is heard
// meanwhile has its turn at once. So it makes no difference how long it takes.
type sweep struct {
	number   uint64
	kind     sweepKind
	scenario *hosted
	// at is the clock when it began.
	at event.Time
	// instant is the schedule's; since when the scenario had stood still, and catchUp what becomes of what was due meanwhile; version the
	// number of the one that lets in, or of the one that is held.
	instant, since event.Time
	catchUp        definition.CatchUp
	version        uint32
	// count is how many would be concerned.
	count int64
	// running is set once it goes through the contacts; it has come to all up to cursor, in the order of their names.
	running bool
	cursor  string
	// unstored are contacts that differed from the store when it began to go through them.
	unstored []string
}

// begin starts a sweep.
func (f *Fold) begin(s *sweep) {
	n := &f.nursery
	n.lastSweep++
	s.number, s.at = n.lastSweep, f.clock
	n.sweeps = append(n.sweeps, s)
}

// unstored gives the contacts, in the order of their names, that may differ from the store in what a scenario can look at; with everybody also
// those of which only events are known.
func (f *Fold) unstored(everybody bool) (names []string) {
	if f.options.Store != nil {
		for _, c := range f.changed {
			if c.isSomebody() || everybody && len(c.units) > 0 {
				names = append(names, c.name)
			}
		}
	} else {
		for name, c := range f.contacts {
			if c.isSomebody() || everybody && len(c.units) > 0 {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// isSomebody says whether something is known of the contact that a scenario can look at.
func (c *contact) isSomebody() bool { return len(c.writes) > 0 || c.story.state() != nil }

// sweepOn lets sweeps come to more contacts. Those that began meanwhile go together once the present ones are through.
func (f *Fold) sweepOn(budget int) error {
	n := &f.nursery
	for len(n.sweeps) > 0 && budget > 0 {
		running := f.running()
		names, err := f.nextSwept(running)
		if err != nil {
			return err
		}
		for _, name := range names {
			c, err := f.contact(name)
			if err != nil {
				return err
			}
			if f.sweepContact(c, running) {
				budget--
			}
			for _, s := range running {
				s.cursor = c.name
			}
			if budget == 0 {
				return nil
			}
		}
		if len(names) == 0 {
			f.endSweeps(running)
		}
	}
	return nil
}

// running gives the sweeps that go through the contacts now. Those that begin to do so note what is not in the store then: a contact that changes
// later has its turn by that.
func (f *Fold) running() []*sweep {
	n := &f.nursery
	first := 0
	for first < len(n.sweeps) && n.sweeps[first].running {
		first++
	}
	if first > 0 {
		return n.sweeps[:first]
	}
	names := f.unstored(slices.ContainsFunc(n.sweeps, (*sweep).everybody))
	for _, s := range n.sweeps {
		s.running, s.unstored = true, names
	}
	return n.sweeps
}

// sweepContact lets the sweeps act on a contact that did not have its turn. What of it counts for the budget depends on nothing but the contact,
// wherever it lies.
func (f *Fold) sweepContact(c *contact, sweeps []*sweep) (acted bool) {
	for _, s := range sweeps {
		if s.number > c.swept && s.concerns(c) {
			f.sweep(s, c)
			acted = true
		}
	}
	return acted
}

// stateful says whether the sweep looks only at contacts that scenarios know.
func (s *sweep) stateful() bool {
	return s.kind == sweepMove || s.kind == sweepResume || s.kind == sweepDrop
}

func (s *sweep) concerns(c *contact) bool {
	return c.story.state() != nil || !s.stateful() && c.isSomebody() || len(c.units) > 0 && s.everybody()
}

// catchUp gives a contact its turn in all sweeps that have not come to it, and rings its timers that are due. It gives how often something was
// done.
func (f *Fold) catchUp(c *contact, now event.Time) (acted int) {
	n := &f.nursery
	if c.swept != n.lastSweep {
		for _, s := range n.sweeps {
			if s.number > c.swept && s.cursor < c.name && s.concerns(c) {
				f.sweep(s, c)
				acted++
			}
		}
		c.swept = n.lastSweep
		f.touch(c)
	}
	if f.wake(c, now) {
		acted++
	}
	return acted
}

// hosting lets sweeps that a definition began come to the first contacts at once.
func (f *Fold) hosting(err error) error {
	if err != nil {
		return err
	}
	return f.sweepOn(tickSweeps)
}

// sweep acts on one contact.
func (f *Fold) sweep(s *sweep, c *contact) {
	sc := s.scenario.scenario
	f.wake(c, s.at)
	w, subject := f.enter(c, s.at)
	switch s.kind {
	case sweepMeet:
		s.as(sc, func() { w.Meet(subject, sc) })
	case sweepMove:
		w.Move(subject, sc)
	case sweepFire:
		s.as(sc, func() { w.Fire(subject, sc, s.instant) })
	case sweepDrop:
		w.Drop(subject, sc)
	case sweepResume:
		standing, since, resumed := sc.Standing, sc.SuspendedAt, sc.ResumedAt
		sc.Standing.Suspended, sc.Standing.CatchUp = false, s.catchUp
		sc.SuspendedAt, sc.ResumedAt = s.since, s.at
		w.Move(subject, sc)
		sc.Standing, sc.SuspendedAt, sc.ResumedAt = standing, since, resumed
	case sweepReach:
		if v := sc.Versions[s.version]; v != nil && v.Program != nil && w.Reaches(subject, sc, v) {
			s.count++
		}
	}
	f.leave(c)
}

// as does something with the version in force that was when the sweep began.
func (s *sweep) as(sc *nurture.Scenario, do func()) {
	if v := sc.Versions[s.version]; v != nil && v.Program != nil {
		active := sc.Active
		sc.Active = v
		defer func() { sc.Active = active }()
	}
	do()
}

// needs says whether a sweep is still to let in by a version.
func (n *nursery) needs(v *nurture.Version) bool {
	return slices.ContainsFunc(n.sweeps, func(s *sweep) bool { return s.version == v.Number })
}

// endSweeps lets go of sweeps that came to everybody.
func (f *Fold) endSweeps(ended []*sweep) {
	n := &f.nursery
	for _, s := range ended {
		h := s.scenario
		switch {
		case s.kind == sweepDrop:
			f.forgetHosted(h)
		case s.kind == sweepReach && h.scenario.Pending != nil && h.scenario.Pending.Number == s.version:
			count := s.count
			h.reach, h.changed = &count, true
		}
		if f.options.Store != nil {
			n.swept = append(n.swept, s.number)
		}
	}
	n.sweeps = slices.Clone(n.sweeps[len(ended):])
	if slices.ContainsFunc(ended, func(s *sweep) bool { return s.kind == sweepDrop }) {
		n.arrange()
	}
}

// sweptAtOnce is how many contacts are looked up at a time.
const sweptAtOnce = 256

// nextSwept gives the next contacts behind the sweeps' cursor, in the order of their names: of whom something is known, and who were there when
// the sweeps began. Others may be among them.
func (f *Fold) nextSwept(sweeps []*sweep) ([]string, error) {
	cursor := sweeps[0].cursor
	var names []string
	stateful := true // all sweeps look at contacts that scenarios know
	for _, s := range sweeps {
		stateful = stateful && s.stateful()
	}
	unstored := sweeps[0].unstored // as of all
	from, found := slices.BinarySearch(unstored, cursor)
	if found {
		from++
	}
	names = append(names, unstored[from:min(len(unstored), from+sweptAtOnce)]...)
	prefixes := []byte{storyPrefix, attributePrefix}
	switch {
	case stateful:
		prefixes = prefixes[:1]
	case slices.ContainsFunc(sweeps, (*sweep).everybody):
		prefixes = []byte{contactPrefix} // all that is stored of contacts has a head there
	}
	for _, prefix := range prefixes {
		if f.options.Store == nil {
			break
		}
		found := 0
		lower := append(append([]byte{prefix}, cursor...), 0)
		err := f.options.Store.Scan(lower, []byte{prefix + 1}, func(key, _ []byte) (bool, error) {
			names = append(names, string(key[1:]))
			found++
			return found < sweptAtOnce, nil
		})
		if err != nil {
			return nil, wrapRead(err)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), sweptAtOnce)], nil
}
