// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
	"github.com/waymark-dev/waymark/internal/record"
)

// An entity is what a definition with a unit of its own counts, such as a deal: a contact of the log that is no person. It has no events of
// its own but copies of those that tell of it, whoever they happened to. Only slots with its unit see it; scenarios, attributes and who is
// who know nothing of it. Those slots see people's events too, where they arrived, but only to count what does not depend on units.

// uniter is a program that can count units of its own.
type uniter interface {
	UnitOf(e *event.Event) (value string, tells bool)
}

// unitOf gives the unit that a contact is an entity of; empty for people.
func unitOf(contact string) string {
	unit, _, _ := event.EntityOf(contact)
	return unit
}

// isShown says whether an event is shown to the slot. Unit is that of its contact.
func (s *slot) isShown(e *event.Event, unit string) bool {
	return s.unit == unit || unit == "" && e.Origin == ""
}

// entityMark begins the part of an entity's moment's id that names who the event happened to, so that events are told apart by that too. No
// id has it: see foreignMark.
const entityMark = "\x00\x03"

// entityMomentID names the moment of an entity's event; false for one that is no copy, which nothing appends.
func entityMomentID(e *event.Event) (id string, keeps bool) {
	if e.Origin == "" {
		return "", false
	}
	var b strings.Builder
	b.Grow(identityLength(e) + len(entityMark) + len(e.Origin))
	writeIdentity(&b, e)
	b.WriteString(entityMark)
	writeEscaped(&b, e.Origin)
	return b.String(), true
}

// awaitHistory keeps what an entity's slot knows for as long as an event may still be handed on to it, where it depends on the attempts
// before whether a start opens one: these are then not closed for good before all that is older is there. An event is handed on while the
// log retains it, and was no older than the lateness when it came.
func (p *plan) awaitHistory(retention time.Duration) {
	switch {
	case !p.chained:
	case retention == 0:
		p.days.kept, p.days.forever = math.MinInt64, true
	default:
		p.waits = p.lateness + micros(retention)
		p.days.kept -= p.waits
	}
}

// Handing is what a partition owes the entities of one unit: copies of the events of its log that tell of them.
type Handing struct {
	// Unit is the unit's name, see definition.UnitName.
	Unit string
	// Through is the offset of the last record that was handed on, so far as the fold knows; 0 is none.
	Through uint64
	// Target is the offset that Through must reach before the numbers of all definitions with the unit are complete.
	Target uint64
}

// Handings gives the units that definitions in force, or being computed, count by, in the order of their names.
func (f *Fold) Handings() []Handing {
	var all []Handing
	for _, d := range f.sorted() {
		for _, s := range d.handed() {
			at, found := slices.BinarySearchFunc(all, s.unit, func(h Handing, unit string) int { return cmp.Compare(h.Unit, unit) })
			if !found {
				all = slices.Insert(all, at, Handing{Unit: s.unit, Through: f.units[s.unit]})
			}
			all[at].Target = max(all[at].Target, s.target)
		}
	}
	return all
}

// handed gives the slots of a definition, unless it is withdrawn, that count units of their own.
func (d *defined) handed() (slots []*slot) {
	for _, s := range []*slot{d.active, d.pending} {
		if s != nil && s.unit != "" && !d.removed {
			slots = append(slots, s)
		}
	}
	return slots
}

// isHanding says whether events of this partition that the definition's numbers need were not handed on yet.
func (f *Fold) isHanding(d *defined) bool {
	s := cmp.Or(d.active, d.pending)
	return s != nil && s.unit != "" && f.units[s.unit] < s.target
}

// HandOn gives the copies of a folded record's events for the entities of a unit, to be appended to their partitions. Once those of all
// records up to one are durable, a record.Handed tells the fold. What is handed on again is known by who it happened to and its identity.
func (f *Fold) HandOn(unit string, offset uint64, r *record.Record) ([]event.Event, error) {
	if f.err != nil || r.Kind != record.Events {
		return nil, f.err
	}
	program := f.programOf(unit)
	if program == nil {
		return nil, nil
	}
	var copies []event.Event
	var e event.Event
	for n, chunk := 0, r.Chunk; len(chunk) > 0; n++ {
		var err error
		if chunk, err = event.Next(chunk, &e); err != nil {
			return nil, fmt.Errorf("hand on event %d of record %d: %w", n, offset, err)
		}
		if concernsPersons(&e) || unitOf(e.Contact) != "" {
			continue
		}
		value, tells := program.UnitOf(&e)
		if !tells {
			continue
		}
		if first, err := f.isFirst(&e, offset, n); err != nil {
			return nil, err
		} else if !first {
			continue
		}
		event.Forward(&e, event.Entity(unit, value))
		copies = append(copies, e)
	}
	return copies, nil
}

// isFirst says whether an event that was folded is the first of its identity, as far as that is remembered.
func (f *Fold) isFirst(e *event.Event, offset uint64, index int) (bool, error) {
	at, err := placeOf(offset, index)
	if err != nil {
		return false, err
	}
	c, err := f.contact(e.Contact)
	if err == nil {
		err = f.complete(&c.known, c.name)
	}
	if err != nil {
		f.err = fmt.Errorf("find what is to be handed on: %w", err)
		return false, f.err
	}
	var hash uint64
	hash, f.buffer = identityHash(e, f.buffer)
	first, found := c.known.find(hash)
	return !found || first == at, nil
}

// programOf gives a program that knows the entities of a unit; nil when no definition counts them.
func (f *Fold) programOf(unit string) uniter {
	for _, d := range f.sorted() {
		for _, s := range d.handed() {
			if program, is := s.program.(uniter); is && s.unit == unit {
				return program
			}
		}
	}
	return nil
}

// handedOn notes what was handed on.
func (f *Fold) handedOn(r *record.HandedRecord) {
	if len(r.Unit) == event.UnitLength && r.Through > f.units[r.Unit] {
		f.units[r.Unit], f.unitsChanged = r.Through, true
	}
}

func unitKey(unit string) []byte { return append([]byte{unitPrefix}, unit...) }

// writeUnits stores how far was handed on. There are few units.
func (f *Fold) writeUnits(w Writer) error {
	if !f.unitsChanged {
		return nil
	}
	for _, unit := range slices.Sorted(maps.Keys(f.units)) {
		if err := w.Set(unitKey(unit), binary.AppendUvarint(nil, f.units[unit])); err != nil {
			return err
		}
	}
	return nil
}

// restoreUnits reads what writeUnits stored.
func (f *Fold) restoreUnits() error {
	prefix := unitKey("")
	return wrapRead(f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		r := reader{Reader: packing.Read(value)}
		f.units[string(key[len(prefix):])] = r.Uvarint()
		return true, r.done("what was handed on")
	}))
}
