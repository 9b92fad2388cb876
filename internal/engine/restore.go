// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// restore reads from the store all that does not belong to single contacts.
func (f *Fold) restore() error {
	stored, found, err := f.options.Store.Get(nil, metaKey)
	if err != nil {
		return wrapRead(err)
	}
	if !found {
		return f.checkEmpty()
	}
	if err := f.readMeta(stored); err != nil {
		return err
	}
	prefix := definitionKey("")
	err = f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		d, err := f.readDefinition(string(key[len(prefix):]), value)
		if err != nil {
			return false, err
		}
		f.definitions[d.key] = d
		return true, nil
	})
	if err != nil {
		return wrapRead(err)
	}
	f.timers.complete = false
	f.follow()
	if err := f.restoreOutbox(); err != nil {
		return err
	}
	if err := f.restoreUnits(); err != nil {
		return err
	}
	if err := f.readSignals(); err != nil {
		return err
	}
	return f.restoreNursery()
}

// checkEmpty makes sure that a store without an offset is a new one.
func (f *Fold) checkEmpty() error {
	return f.options.Store.Scan([]byte{0}, []byte{0xff}, func(_, _ []byte) (bool, error) {
		return false, fmt.Errorf("%w: it has no offset", ErrCorruptState)
	})
}

func (f *Fold) readMeta(stored []byte) error {
	if len(stored) == 0 || stored[0] != stateFormat {
		return fmt.Errorf("%w: the state's format is not version %d", ErrIncompatible, stateFormat)
	}
	r := reader{Reader: packing.Read(stored[1:])}
	if v := r.Uvarint(); v != Version {
		return fmt.Errorf("%w: the state was folded by engine version %d, this program has version %d", ErrIncompatible, v, Version)
	}
	zones := r.Text()
	f.offset, f.first, f.epoch, f.term = r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Uvarint()
	f.nextSlot, f.lastSignal, f.nursery.lastSweep = uint32(r.Uvarint()), r.Uvarint(), r.Uvarint()
	f.clock = r.time()
	f.counts = counts{events: r.Varint(), forwarded: r.Varint(), duplicates: r.Varint(), clamped: r.Varint(), lastEvent: r.time()}
	f.nursery.world.PublicConsents = r.Varint()
	f.note = []byte(r.Text())
	if err := r.done("the state's offset"); err != nil {
		return err
	}
	if have := f.options.TimeZoneData; zones != have {
		return fmt.Errorf("%w: the state was folded with time zone data %q, this program has %q", ErrIncompatible, zones, have)
	}
	return nil
}

func (f *Fold) readDefinition(key string, value []byte) (*defined, error) {
	var stored storedDefinition
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, fmt.Errorf("%w: definition %s: %w", ErrCorruptState, key, err)
	}
	d := &defined{key: key, uid: stored.UID, generation: stored.Generation, removed: stored.Removed, removedAt: stored.RemovedAt, signals: stored.Signals.signalling()}
	var err error
	if d.active, err = f.readSlot(d, stored.Active, f.clock); err != nil {
		return nil, err
	}
	if stored.Pending != nil {
		if d.pending, err = f.readSlot(d, stored.Pending, stored.Pending.Clock); err != nil {
			return nil, err
		}
		d.pending.shadow = true
		d.pending.abreast()
	}
	return d, nil
}

func (f *Fold) readSlot(d *defined, stored *storedSlot, clock event.Time) (*slot, error) {
	if stored == nil {
		return nil, nil
	}
	s, err := f.compile(d.key, stored.ID, stored.Version, stored.Meaning)
	if err != nil {
		return nil, err
	}
	s.owner, s.activated, s.source = d, stored.Activated, stored.Source
	s.exactSince, s.gap, s.floor = stored.ExactSince, stored.Gap, stored.Floor
	s.cursor, s.target = stored.Cursor, stored.Target
	s.setClock(clock)
	s.abreast()
	for _, own := range s.all() {
		own.changed, own.timers.complete = false, false
		if err := f.readNumbers(own); err != nil {
			return nil, fmt.Errorf("definition %s: %w", d.key, err)
		}
	}
	return s, nil
}

// readNumbers reads what a slot counts.
func (f *Fold) readNumbers(s *slot) error {
	type part struct {
		prefix byte
		decode func(r *reader)
	}
	parts := []part{
		{tallyPrefix, func(r *reader) { s.tally = r.tally(s.plan) }},
		{flowPrefix, s.flows.read},
	}
	if s.evidence != nil {
		if err := f.readTypes(s); err != nil {
			return err
		}
		parts = append(parts, part{evidencePrefix, s.evidence.tally.read})
	}
	for _, part := range parts {
		value, found, err := f.options.Store.Get(nil, slotKey(nil, part.prefix, s.id))
		if err != nil {
			return wrapRead(err)
		}
		if !found {
			return fmt.Errorf("%w: there are no numbers", ErrCorruptState)
		}
		r := reader{Reader: packing.Read(value)}
		part.decode(&r)
		if err := r.done("what is counted"); err != nil {
			return err
		}
	}
	return nil
}
