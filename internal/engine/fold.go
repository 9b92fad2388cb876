// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package engine is the fold: the pure function from a partition's log to the numbers of its definitions. It does no I/O but through
// its Store, reads no clock but the log's ticks, and gives the same state for the same log wherever it is interrupted.
//
// A Fold is not safe for concurrent use; neither are the programs that its compiler gives it.
package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// Version is the version of the fold's rules. Epoch records carry it, so that a log is never folded by other rules.
const Version = 1

const (
	defaultCache = 64 << 20
	// stepLooks is how many contacts a step looks at for the cache; most of what can be let go a commit finds.
	stepLooks = 1024
)

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

// Options say how a Fold works.
type Options struct {
	// Partition is the partition's number, for reports.
	Partition int
	// Compile makes the programs of definitions.
	Compile Compiler
	// Nurture makes the programs of scenarios, channels and policies; nil is a definition.Compiler of the fold's own.
	Nurture NurtureCompiler
	// Watch is told what happens to contacts in scenarios, for people to read; nil: nobody. Nothing depends on it.
	Watch func(*nurture.Note)
	// TimeZoneData is the version of the time zone rules that the programs use. A log with another is refused; empty: none is.
	TimeZoneData string
	// Retention is how long at least the identity of an event is remembered after it was appended, so that it counts only once; 0 is for
	// ever. It is longer when a definition's history is.
	Retention time.Duration
	// Store keeps the state; nil keeps all in memory, and then Commit does nothing.
	Store Store
	// CacheBytes is how much memory what lies in the Store may take up, roughly; 0 is 64 MiB. What changed since the last commit comes on top.
	CacheBytes int
}

// Fold is the state of one partition.
type Fold struct {
	options Options

	offset, first uint64
	epoch         uint64
	// term is the highest of an operator that has spoken.
	term        uint64
	clock       event.Time
	counts      counts
	nextSlot    uint32
	definitions map[string]*defined
	slots       map[uint32]*slot
	// keep is how long identities are kept; 0 is for ever.
	keep event.Time
	// drops counts the slots that were dropped since the fold was opened.
	drops    int
	contacts map[string]*contact

	// live are the slots in force, in the order of their numbers; shadows are those computed from the log that have caught up, and so
	// fold each record as it comes too. byType are those of both that an event type matters to, for each type that any of them names;
	// watchers are those that other types matter to.
	live, shadows []*slot
	byType        map[string][]*slot
	watchers      []*slot

	// timers are those that the units of all slots in force share.
	timers  timers
	domains []*timers
	// stale are the contacts to evaluate before the clock moves or anybody looks.
	stale     []*contact
	evaluator evaluator
	mask      []uint32
	witness   witness
	// masked is like mask, of units that keep evidence; passed is what becomes of their funnel's contribution.
	masked    []uint32
	passed    contribution
	segmented [1]segment
	// members and buckets are memory that membership is found in.
	members               membership
	buckets, spareBuckets []traitBucket
	// senders are the contacts that have something to forward.
	senders []string
	// units are up to where the log was handed on to the entities of each unit; see Handing.
	units        map[string]uint64
	unitsChanged bool
	buffer       []byte
	err          error

	// changed are the contacts that differ from the store, dropped the slots and removed the definitions it is to forget.
	changed []*contact
	dropped []uint32
	removed []string
	note    []byte
	scratch scratch

	// outbox are the signals that the log does not have yet, lastSignal is the number of the last there ever was, storedSignal that of the
	// last that the store knows of, and sent are those that it is to forget.
	outbox                   []numbered
	lastSignal, storedSignal uint64
	sent                     []uint64

	// nursery is what scenarios share.
	nursery nursery

	// ring are the contacts in memory, for the cache: see evict.
	ring   []*contact
	hand   int
	weight int
}

// counts are the partition's own numbers.
type counts struct {
	// events are those that arrived for a contact of this partition, forwarded those that came from others.
	events, forwarded, duplicates, clamped int64
	lastEvent                              event.Time
}

// Open gives the fold as its store has it: after the last record before the last commit that the store kept.
func Open(options Options) (*Fold, error) {
	if options.Compile == nil {
		return nil, errors.New("open fold: no compiler")
	}
	if options.Nurture == nil {
		options.Nurture = new(definition.Compiler)
	}
	if options.CacheBytes == 0 {
		options.CacheBytes = defaultCache
	}
	f := &Fold{
		options:     options,
		nextSlot:    1,
		definitions: map[string]*defined{},
		contacts:    map[string]*contact{},
		byType:      map[string][]*slot{},
		slots:       map[uint32]*slot{},
		units:       map[string]uint64{},
		timers:      timers{complete: true},
		scratch:     scratch{texts: texts{}},
	}
	f.setKeep()
	f.newNursery()
	if options.Store != nil {
		if err := f.restore(); err != nil {
			return nil, fmt.Errorf("open fold of partition %d: %w", options.Partition, err)
		}
	}
	return f, nil
}

// Offset gives the offset of the last record folded; 0 before the first.
func (f *Fold) Offset() uint64 { return f.offset }

// Clock gives the time of the last tick folded.
func (f *Fold) Clock() event.Time { return f.clock }

// Epoch gives the number of the owner whose records were folded last.
func (f *Fold) Epoch() uint64 { return f.epoch }

// Note gives what SetNote was given before the last commit; nil when it never was.
func (f *Fold) Note() []byte { return f.note }

// SetNote gives the fold a few bytes of its caller's to store with the next commit, such as what identifies the log.
func (f *Fold) SetNote(note []byte) { f.note = append([]byte(nil), note...) }

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
	f.evict(stepLooks)
	err := f.step(offset, r)
	if err == nil {
		err = f.err
	}
	if err != nil {
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
		if err := f.drainAll(eventsBudget + events); err != nil {
			return err
		}
		return f.sweepOn(eventsSweeps)
	case record.Epoch:
		if err := f.checkEpoch(&r.Epoch); err != nil {
			return err
		}
		f.epoch = r.Epoch.Epoch
		return f.tick(r.Epoch.Time, tickBudget, tickSweeps)
	case record.Tick:
		return f.tick(r.Tick, tickBudget, tickSweeps)
	case record.Apply:
		if kind := kindOf(r.Apply.Key); kind != notHosted {
			return f.hosting(f.host(&r.Apply, kind))
		}
		return f.apply(offset, &r.Apply)
	case record.Activate:
		f.activate(&r.Activate)
	case record.Remove:
		if kindOf(r.Remove.Key) != notHosted {
			f.unhost(&r.Remove)
			return nil
		}
		f.remove(&r.Remove)
	case record.Delivered:
		return f.forwarded(r.Delivered)
	case record.Term:
		f.heed(r.Term.Leader)
	case record.Signals:
		f.delivered(r.Signals)
		return f.react(r.Signals)
	case record.Claims:
		if err := f.tick(r.Claims.Time, claimsBudget(&r.Claims), eventsSweeps); err != nil {
			return err
		}
		return f.claim(r.Claims.Claims)
	case record.Suppressions:
		f.nursery.suppressed.apply(r.Suppressions)
	case record.Standing:
		return f.hosting(f.restand(&r.Standing))
	case record.Pauses:
		f.pause(r.Pauses)
	case record.Handed:
		f.handedOn(&r.Handed)
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

// tick moves the clock, and spends budgets on what is due by then and on sweeps. What was matched before is evaluated first, so that it does not
// matter who looked when.
func (f *Fold) tick(t event.Time, due, sweeps int) error {
	f.flush()
	before := f.clock
	f.clock = max(f.clock, t)
	f.bury()
	f.tend(before)
	for _, s := range f.live {
		s.setClock(t)
	}
	for _, s := range f.shadows {
		s.knowsSince(t)
		s.setClock(t)
	}
	if err := f.drainAll(due); err != nil {
		return err
	}
	return f.sweepOn(sweeps)
}

// claimsBudget is for the due units that a record of claims brings up to date: it comes often while much is sent, and is waited for.
func claimsBudget(r *record.ClaimsRecord) int { return eventsBudget + len(r.Claims) }

// drainAll renews what is due: of the slots in force together, and of each shadow by itself, as it would when it had not caught up.
func (f *Fold) drainAll(budget int) error {
	if err := f.drainLive(budget); err != nil {
		return err
	}
	return f.drainShadows(f.shadows, budget)
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
		if e.Origin == "" {
			for _, s := range f.shadows {
				s.knowsSince(e.Received)
			}
		}
		if err := f.foldEvent(&e, at); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *Fold) foldEvent(e *event.Event, at place) error {
	c, err := f.contact(e.Contact)
	if err != nil {
		return err
	}
	if f.forgetKnown(c) {
		f.spoil(c)
		f.touch(c)
	}
	if err := f.complete(&c.known, c.name); err != nil {
		return err
	}
	oldest := c.known.oldest()
	var hash uint64
	hash, f.buffer = identityHash(e, f.buffer)
	if _, isNew := c.known.first(hash, at, int64(max(f.clock, e.Received)/dayLength)); !isNew {
		if e.Origin == "" {
			f.counts.duplicates++
		}
		return nil
	}
	f.touch(c)
	if f.purge(c) || f.keep > 0 && c.known.oldest() != oldest { // so that what is due never depends on when it was found out
		f.spoil(c)
	}
	f.counts.add(e)
	unit := unitOf(c.name)
	if unit != "" {
		f.offer(c, e, at, unit)
		return nil
	}
	narrate, before := f.foldScenarios(c, e, at)
	member := f.offer(c, e, at, unit)
	if now := max(f.clock, e.Received); narrate {
		f.narrate(c, e, now, before) // it asks for segments as they are with the event
	}
	if member {
		f.retry(c, max(f.clock, e.Received))
	}
	return nil
}

// offer shows a new event to the slots, and keeps it for those that it matters to. It says whether the contact may have become a member of a
// segment by it.
func (f *Fold) offer(c *contact, e *event.Event, at place, unit string) (member bool) {
	id, keeps := "", true
	for _, s := range f.slotsFor(e.Type) {
		if !s.isShown(e, unit) {
			continue
		}
		found, matters := s.offer(e, at, f.options.Partition)
		noted := s.noted(e, found.Stages, at, f.options.Partition)
		f.enlist(s, c, e)
		if !keeps || !matters && noted == nil {
			continue
		}
		if id == "" {
			if id, keeps = f.momentID(c, e); !keeps {
				continue // others may count it without its contact
			}
		}
		if matters {
			f.insert(s, c, e, max(f.clock, e.Received), id, found)
			member = member || s.kind == segmentSlot && !s.shadow
		}
		if noted != nil {
			f.testify(s.beside, c, e, max(f.clock, e.Received), id, noted)
		}
	}
	return member
}

// slotsFor gives the slots that events of a type may matter to.
func (f *Fold) slotsFor(eventType string) []*slot {
	slots, named := f.byType[eventType]
	if !named && !ownType(eventType) {
		return f.watchers
	}
	return slots
}

// momentID names the moment of an event; false when the contact keeps none.
func (f *Fold) momentID(c *contact, e *event.Event) (id string, keeps bool) {
	switch {
	case unitOf(c.name) != "":
		return entityMomentID(e)
	case c.isHidden():
		return "", false
	case e.Origin == "":
		return c.identity(e), true
	case c.person == nil:
		return "", false
	}
	at := c.person.origin(e.Origin)
	if at < 0 {
		return "", false
	}
	return foreign(identity(e), at), true
}

// add counts a new event, unless it was counted where it came from.
func (n *counts) add(e *event.Event) {
	if e.Origin != "" {
		n.forwarded++
		return
	}
	n.events++
	if n.lastEvent == 0 || e.Time > n.lastEvent {
		n.lastEvent = e.Time
	}
	if e.Flags&event.Clamped != 0 {
		n.clamped++
	}
}

func (f *Fold) insert(s *slot, c *contact, e *event.Event, appended event.Time, id string, found *definition.Match) {
	u := c.unit(s)
	f.scratch.texts.share(found)
	c.insert(u, e.Time, appended, id, found)
	f.disturb(c, u)
}
