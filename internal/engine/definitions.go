// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// tombstone is how long the state of a withdrawn definition stays, by the partition's clock: who restores a backup, or lets a tool
// delete and create again, finds all as it was.
const tombstone = event.Time(24 * time.Hour / time.Microsecond)

// defined is one definition, by its key: the version in force and the one that is being computed, either of which may be nil.
type defined struct {
	key             string
	uid             string
	generation      int64
	active, pending *slot
	// removed is set while the definition is withdrawn. Until then it folds on, unseen.
	removed   bool
	removedAt event.Time
	signals   signalling
}

// Defined says what the log has under one key.
type Defined struct {
	// Key is the definition's.
	Key string
	// Version is the latest: the one that is being computed, or else the one in force.
	Version string
	// UID and Generation are the resource's that brought it last.
	UID        string
	Generation int64
	// Active is the version in force, empty before the first is, and Source what was applied with it.
	Active string
	Source json.RawMessage
	// Standing is what a scenario was told last besides its meaning; nil when it was told nothing.
	Standing json.RawMessage
}

// Definitions gives all that are not withdrawn, in the order of their keys.
func (f *Fold) Definitions() []Defined {
	var all []Defined
	for _, d := range f.sorted() {
		if s := cmp.Or(d.pending, d.active); s != nil && !d.removed {
			found := Defined{Key: d.key, Version: s.version, UID: d.uid, Generation: d.generation}
			if d.active != nil {
				found.Active, found.Source = d.active.version, d.active.source
			}
			all = append(all, found)
		}
	}
	for _, h := range f.nursery.hosted {
		if !h.removed {
			all = append(all, h.defined())
		}
	}
	slices.SortFunc(all, func(a, b Defined) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// Term gives the highest term of an operator that the log tells of.
func (f *Fold) Term() uint64 { return f.term }

// heed says whether an operator may still speak: none of a later term has.
func (f *Fold) heed(leader uint64) bool {
	if leader < f.term {
		return false
	}
	f.term = leader
	return true
}

// apply brings a version of a definition. Its numbers are computed by a shadow from the log's first record on. One that was withdrawn goes
// on as if it had never been.
func (f *Fold) apply(offset uint64, r *record.ApplyRecord) error {
	d, found := f.definitions[r.Key]
	if !f.heed(r.Leader) || found && r.UID == d.uid && r.Generation < d.generation {
		return nil
	}
	f.flush() // with the rules as they were
	if !found {
		d = &defined{key: r.Key, signals: signalling{number: f.nextSlot}}
		f.nextSlot++
	}
	d.uid, d.generation, d.removed, d.removedAt = r.UID, r.Generation, false, 0
	switch {
	case d.pending != nil && d.pending.version == r.Version:
		return nil
	case d.active != nil && d.active.version == r.Version:
		f.drop(d.pending)
		d.pending, d.active.target = nil, offset // nothing was handed on while it was withdrawn
		return nil
	}
	s, err := f.compile(r.Key, f.nextSlot, r.Version, slices.Clone(r.Definition))
	if err != nil {
		return err
	}
	f.nextSlot += uint32(len(s.all()))
	s.owner, s.shadow, s.source = d, true, slices.Clone(r.Source)
	s.floor, s.cursor, s.target = f.clock, f.first, offset
	s.gap = f.first > firstOffset
	if f.counts.events+f.counts.forwarded == 0 { // there is nothing to compute from: it follows from here
		s.cursor, s.clock = offset, f.clock
		s.knowsSince(f.clock)
	}
	s.setClock(s.clock)
	s.abreast()
	f.drop(d.pending)
	d.pending = s
	f.definitions[r.Key] = d
	f.follow()
	return nil
}

func (f *Fold) compile(key string, id uint32, version string, meaning json.RawMessage) (*slot, error) {
	program, err := f.options.Compile(key, meaning)
	if err != nil {
		return nil, fmt.Errorf("compile definition %s: %w", key, err)
	}
	s, err := newSlot(id, version, meaning, program)
	if err != nil {
		return nil, fmt.Errorf("definition %s: %w", key, err)
	}
	if s.unit != "" {
		s.plan.awaitHistory(f.options.Retention)
		s.view = s.plan.at(s.view.clock)
	}
	if journey, is := program.(journeyProgram); is {
		if err := s.accompany(journey, micros(f.options.Retention)); err != nil {
			return nil, fmt.Errorf("definition %s: %w", key, err)
		}
	}
	for _, own := range s.all() {
		f.slots[own.id] = own
	}
	f.setKeep()
	return s, nil
}

// ready says whether the version that is to be activated has folded all records so far.
func (f *Fold) ready(r *record.VersionRecord) error {
	d := f.definitions[r.Key]
	if d == nil || d.pending == nil || d.pending.version != r.Version || d.pending.cursor > f.offset {
		return nil
	}
	return fmt.Errorf("%w: %s version %s wants record %d next, all up to %d are needed",
		ErrBackfillBehind, r.Key, r.Version, d.pending.cursor, f.offset)
}

// activate puts the pending version in force. A record that names no pending version says nothing new.
func (f *Fold) activate(r *record.VersionRecord) {
	d := f.definitions[r.Key]
	if d == nil || d.pending == nil || d.pending.version != r.Version {
		return
	}
	f.flush() // while the slot is a shadow
	f.drop(d.active)
	d.active, d.pending = d.pending, nil
	d.active.shadow, d.active.activated = false, f.clock
	if !d.signals.begun {
		d.signals.begun, d.signals.since = true, f.clock
	}
	d.active.setClock(f.clock) // the log may no longer hold the tick before the apply
	d.active.abreast()
	f.follow()
}

// remove withdraws a definition. What it counted stays for a while, and counts on, so that the same version can be resumed as if nothing had
// happened; what was only being computed goes at once.
func (f *Fold) remove(r *record.RemoveRecord) {
	d := f.definitions[r.Key]
	if !f.heed(r.Leader) || d == nil || d.removed {
		return
	}
	if r.UID != "" && (r.UID != d.uid || r.Generation < d.generation) {
		return
	}
	f.flush() // while it was there
	d.removed, d.removedAt = true, f.clock
	f.drop(d.pending)
	d.pending = nil
	f.follow()
}

// bury lets go of definitions that were withdrawn long enough ago.
func (f *Fold) bury() {
	for due := f.nextBurial(); due != 0 && due <= f.clock; due = f.nextBurial() {
		for _, d := range f.sorted() {
			if d.removed && d.removedAt+tombstone <= f.clock {
				f.drop(d.active)
				f.drops++ // what contacts remember of it goes too
				delete(f.definitions, d.key)
				if f.options.Store != nil {
					f.removed = append(f.removed, d.key)
				}
			}
		}
		f.follow()
	}
}

// nextBurial gives when bury has something to do; 0 is never.
func (f *Fold) nextBurial() (due event.Time) {
	for _, d := range f.definitions {
		if d.removed {
			due = earlier(due, d.removedAt+tombstone)
		}
	}
	return due
}

// drop lets go of a slot and its state.
func (f *Fold) drop(s *slot) {
	if s == nil {
		return
	}
	f.flush() // what is stale now is evaluated before, whenever that is
	for _, own := range s.all() {
		own.dropped = true
		delete(f.slots, own.id)
		if f.options.Store != nil {
			f.dropped = append(f.dropped, own.id)
		}
		own.timers, own.tally, own.evidence = timers{}, tally{}, own.evidence.emptied() // units may still point to it
	}
	f.setKeep()
	f.drops++
}

// follow finds the slots that fold the next record as it comes: those in force, and shadows that have caught up.
func (f *Fold) follow() {
	f.live, f.shadows = nil, nil
	for _, d := range f.sorted() {
		if d.active != nil {
			f.live = append(f.live, d.active.all()...)
		}
		if d.pending != nil && d.pending.cursor > f.offset {
			f.shadows = append(f.shadows, d.pending.all()...)
		}
	}
	slices.SortFunc(f.live, func(a, b *slot) int { return cmp.Compare(a.id, b.id) })
	f.route(slices.Concat(f.live, f.shadows))
}

// route finds for each event type which of the slots it may matter to.
func (f *Fold) route(slots []*slot) {
	clear(f.byType)
	f.watchers = nil
	slots = slices.DeleteFunc(slots, func(s *slot) bool { return s.evidence != nil }) // which hear by those that they are beside
	for _, s := range slots {
		for t := range s.types {
			f.byType[t] = nil
		}
		if s.watches {
			f.watchers = append(f.watchers, s)
		}
	}
	for t := range f.byType {
		for _, s := range slots {
			if s.wants(t) {
				f.byType[t] = append(f.byType[t], s)
			}
		}
	}
}

// sorted gives the definitions in the order of their keys.
func (f *Fold) sorted() []*defined {
	return slices.SortedFunc(maps.Values(f.definitions), func(a, b *defined) int { return cmp.Compare(a.key, b.key) })
}

// Backfill is a definition's version that is being computed from the log.
type Backfill struct {
	// Key and Version name it.
	Key, Version string
	// Cursor is the offset that it wants next; it wants none while that is more than the fold's own offset.
	Cursor uint64
	// Target is the offset of the record that applied it.
	Target uint64
}

// Backfills gives the versions that are being computed, in the order of their keys. One whose Cursor has passed the fold's Offset follows by
// itself and can be activated.
func (f *Fold) Backfills() []Backfill {
	var all []Backfill
	for _, d := range f.sorted() {
		if s := d.pending; s != nil {
			all = append(all, Backfill{Key: d.key, Version: s.version, Cursor: s.cursor, Target: s.target})
		}
	}
	return all
}

// StepBackfill lets a version that is being computed fold the record it wants next. A later one may be given when the log no longer has
// that: what the version then knows is exact only since the first instant that the later records tell.
func (f *Fold) StepBackfill(key, version string, offset uint64, r *record.Record) error {
	if f.err != nil {
		return f.err
	}
	d := f.definitions[key]
	if d == nil || d.pending == nil || d.pending.version != version {
		return fmt.Errorf("%w: no backfill of %s version %s", ErrOffset, key, version)
	}
	s := d.pending
	if offset < s.cursor || offset > f.offset {
		return fmt.Errorf("%w: record %d for the backfill of %s, which wants %d up to %d", ErrOffset, offset, key, s.cursor, f.offset)
	}
	f.evict(stepLooks)
	s.gap = s.gap || offset > s.cursor
	if err := f.stepShadow(s, offset, r); err != nil {
		f.err = fmt.Errorf("backfill %s with record %d: %w", key, offset, err)
		return f.err
	}
	for _, own := range s.all() {
		own.cursor = offset + 1
		own.changed = true
	}
	if s.cursor > f.offset {
		f.follow()
	}
	return nil
}

func (f *Fold) stepShadow(s *slot, offset uint64, r *record.Record) error {
	switch r.Kind {
	case record.Events:
		events, err := f.shadowEvents(s, offset, r.Chunk)
		if err != nil {
			return err
		}
		return f.drainShadows(s.all(), eventsBudget+events)
	case record.Epoch:
		return f.tickShadow(s, r.Epoch.Time, tickBudget)
	case record.Tick:
		return f.tickShadow(s, r.Tick, tickBudget)
	case record.Claims:
		return f.tickShadow(s, r.Claims.Time, claimsBudget(&r.Claims))
	}
	return nil // what concerns definitions was folded when it was new
}

// tickShadow does for one shadow what tick does for all.
func (f *Fold) tickShadow(s *slot, t event.Time, budget int) error {
	s.knowsSince(t)
	f.flush()
	for _, own := range s.all() {
		own.setClock(t)
	}
	return f.drainShadows(s.all(), budget)
}

func (f *Fold) shadowEvents(s *slot, offset uint64, chunk []byte) (n int, err error) {
	var e event.Event
	for ; len(chunk) > 0; n++ {
		if chunk, err = event.Next(chunk, &e); err != nil {
			return n, fmt.Errorf("event %d: %w", n, err)
		}
		if e.Origin == "" {
			s.knowsSince(e.Received)
		}
		if !s.wants(e.Type) || !s.isShown(&e, unitOf(e.Contact)) {
			continue
		}
		at, err := placeOf(offset, n)
		if err != nil {
			return n, err
		}
		if err := f.shadowEvent(s, &e, at); err != nil {
			return n, err
		}
	}
	return n, nil
}

// shadowEvent folds an event that was folded before when it was new: what was a duplicate then is one now.
func (f *Fold) shadowEvent(s *slot, e *event.Event, at place) error {
	c, err := f.contact(e.Contact)
	if err != nil {
		return err
	}
	if err := f.complete(&c.known, c.name); err != nil {
		return err
	}
	var hash uint64
	hash, f.buffer = identityHash(e, f.buffer)
	if first, found := c.known.find(hash); found && first != at {
		return nil
	}
	found, matters := s.offer(e, at, f.options.Partition)
	noted := s.noted(e, found.Stages, at, f.options.Partition)
	f.enlist(s, c, e)
	if !matters && noted == nil {
		return nil
	}
	id, known := f.momentID(c, e)
	if known && matters {
		f.insert(s, c, e, max(s.clock, e.Received), id, found)
	}
	if known && noted != nil {
		f.testify(s.beside, c, e, max(s.clock, e.Received), id, noted)
	}
	return nil
}

// knowsSince notes from when on the records after a gap tell all.
func (s *slot) knowsSince(t event.Time) {
	if s.gap && t > 0 {
		s.exactSince, s.gap = t, false
	}
}
