// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package engine is the fold: the pure function from a partition's log to the numbers of its definitions. It does no I/O but through
// its Store, reads no clock but the log's ticks, and gives the same state for the same log wherever it is interrupted.
//
// A Fold is not safe for concurrent use; neither are the programs that its compiler gives it.
package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// Version is the version of the fold's rules. Epoch records carry it, so that a log is never folded by other rules.
const Version = 1

// firstOffset is the offset of the first record that a log ever had.
const firstOffset = 1

// Errors that a caller can act on. Every other error of Step and StepBackfill leaves the fold unusable: open it again.
var (
	// ErrBackfillBehind is wrapped when a version is activated that has not folded all before; nothing has changed. Continue its
	// backfill, then repeat the step.
	ErrBackfillBehind = errors.New("backfill is behind")
	// ErrOffset is wrapped when a record is not one that is wanted next; nothing has changed.
	ErrOffset = errors.New("unexpected log offset")
	// ErrIncompatible is wrapped when the log or the state was made by rules that this program does not have.
	ErrIncompatible = errors.New("incompatible rules")
)

// Program is one compiled definition. It is used by one fold only, from one goroutine at a time.
type Program interface {
	// Funnel gives the definition.
	Funnel() definition.Funnel
	// Match says what an event means to the definition. The result is used before the next call.
	Match(e *event.Event) definition.Match
	// Location is the zone that days are cut in.
	Location() *time.Location
}

// Compiler makes the program of a definition from its canonical form. The same form must always give the same program.
type Compiler func(key string, meaning json.RawMessage) (Program, error)

// Options say how a Fold works.
type Options struct {
	// Partition is the partition's number, for reports.
	Partition int
	// Compile makes the programs of definitions.
	Compile Compiler
	// TimeZoneData is the version of the time zone rules that the programs use. A log with another is refused; empty: none is.
	TimeZoneData string
}

// Fold is the state of one partition.
type Fold struct {
	options Options

	offset, first uint64
	epoch         uint64
	clock         event.Time
	counts        counts
	nextSlot      uint32
	definitions   map[string]*defined
	contacts      map[string]*contact

	// live are the slots in force, in the order of their numbers; shadows are those computed from the log that have caught up, and so
	// fold each record as it comes too. byType are those of both that an event type matters to.
	live, shadows []*slot
	byType        map[string][]*slot

	// stale are the units to evaluate before the clock moves or anybody looks.
	stale     []*unit
	evaluator evaluator
	buffer    []byte
	err       error
}

// counts are the partition's own numbers.
type counts struct {
	events, duplicates, clamped int64
	lastEvent                   event.Time
}

// contact is what is known of one contact.
type contact struct {
	name  string
	known known
	units []*unit
}

// Open gives a fold of an empty log.
func Open(options Options) (*Fold, error) {
	if options.Compile == nil {
		return nil, errors.New("open fold: no compiler")
	}
	return &Fold{
		options:     options,
		nextSlot:    1,
		definitions: map[string]*defined{},
		contacts:    map[string]*contact{},
		byType:      map[string][]*slot{},
	}, nil
}

// Offset gives the offset of the last record folded; 0 before the first.
func (f *Fold) Offset() uint64 { return f.offset }

// Clock gives the time of the last tick folded.
func (f *Fold) Clock() event.Time { return f.clock }

// Epoch gives the number of the owner whose records were folded last.
func (f *Fold) Epoch() uint64 { return f.epoch }

// Step folds the next record. Offsets rise from record to record.
func (f *Fold) Step(offset uint64, r *record.Record) error {
	if f.err != nil {
		return f.err
	}
	if offset <= f.offset {
		return fmt.Errorf("%w: record %d, already folded up to %d", ErrOffset, offset, f.offset)
	}
	if r.Kind == record.Activate {
		if err := f.ready(&r.Activate); err != nil {
			return err
		}
	}
	if f.offset == 0 {
		f.first = offset
	}
	if err := f.step(offset, r); err != nil {
		f.err = fmt.Errorf("fold record %d: %w", offset, err)
		return f.err
	}
	f.offset = offset
	for _, s := range f.shadows {
		s.cursor = offset + 1
	}
	return nil
}

func (f *Fold) step(offset uint64, r *record.Record) error {
	switch r.Kind {
	case record.Events:
		events, err := f.foldEvents(offset, r.Chunk)
		if err != nil {
			return err
		}
		f.drainAll(eventsBudget + events)
	case record.Epoch:
		if err := f.checkEpoch(&r.Epoch); err != nil {
			return err
		}
		f.epoch = r.Epoch.Epoch
		f.tick(r.Epoch.Time)
	case record.Tick:
		f.tick(r.Tick)
	case record.Apply:
		return f.apply(offset, &r.Apply)
	case record.Activate:
		f.activate(&r.Activate)
	case record.Remove:
		f.remove(&r.Remove)
	default:
		return fmt.Errorf("unknown kind %d of record", r.Kind)
	}
	return nil
}

func (f *Fold) checkEpoch(e *record.EpochRecord) error {
	if e.Engine != Version {
		return fmt.Errorf("%w: the log is folded by engine version %d, this program has version %d", ErrIncompatible, e.Engine, Version)
	}
	if have := f.options.TimeZoneData; have != "" && e.TimeZoneData != have {
		return fmt.Errorf("%w: the log is folded with time zone data %q, this program has %q", ErrIncompatible, e.TimeZoneData, have)
	}
	return nil
}

// tick moves the clock. What was matched before is evaluated first, so that it does not matter who looked when.
func (f *Fold) tick(t event.Time) {
	f.flush()
	f.clock = max(f.clock, t)
	for _, s := range f.live {
		s.setClock(t)
	}
	for _, s := range f.shadows {
		s.knowsSince(t)
		s.setClock(t)
	}
	f.drainAll(tickBudget)
}

// foldEvents folds a chunk and gives how many events it holds.
func (f *Fold) foldEvents(offset uint64, chunk []byte) (n int, err error) {
	var e event.Event
	for ; len(chunk) > 0; n++ {
		if chunk, err = event.Next(chunk, &e); err != nil {
			return n, fmt.Errorf("event %d: %w", n, err)
		}
		at, err := placeOf(offset, n)
		if err != nil {
			return n, err
		}
		for _, s := range f.shadows {
			s.knowsSince(e.Received)
		}
		f.foldEvent(&e, at)
	}
	return n, nil
}

func (f *Fold) foldEvent(e *event.Event, at place) {
	c := f.contact(e.Contact)
	var hash uint64
	hash, f.buffer = identityHash(e, f.buffer)
	if _, isNew := c.known.first(hash, at); !isNew {
		f.counts.duplicates++
		return
	}
	f.counts.events++
	if f.counts.lastEvent == 0 || e.Time > f.counts.lastEvent {
		f.counts.lastEvent = e.Time
	}
	if e.Flags&event.Clamped != 0 {
		f.counts.clamped++
	}
	id := ""
	for _, s := range f.byType[e.Type] {
		if m, matters := s.offer(e, at, f.options.Partition); matters {
			if id == "" {
				id = identity(e)
			}
			m.id = id
			f.insert(s, c, m)
		}
	}
}

func (f *Fold) insert(s *slot, c *contact, m match) {
	u := c.unit(s)
	u.insert(m)
	if !u.stale {
		u.stale = true
		f.stale = append(f.stale, u)
	}
}

func (f *Fold) contact(name string) *contact {
	c, found := f.contacts[name]
	if !found {
		c = &contact{name: string([]byte(name))} // the name given lies in a chunk
		f.contacts[c.name] = c
	}
	return c
}

// unit gives the contact's unit of a slot, and lets go of those whose slots are gone.
func (c *contact) unit(s *slot) *unit {
	for i := 0; i < len(c.units); i++ {
		switch u := c.units[i]; {
		case u.slot == s:
			return u
		case u.slot.dropped:
			c.units[i] = c.units[len(c.units)-1]
			c.units = c.units[:len(c.units)-1]
			i--
		}
	}
	u := newUnit(s, c)
	c.units = append(c.units, u)
	return u
}
