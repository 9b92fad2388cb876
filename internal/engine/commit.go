// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/waymark-dev/waymark/internal/packing"
)

// scratch is memory to encode and decode in.
type scratch struct {
	key, value []byte
	// ids are identities one after the other, and ends where each ends.
	ids  []byte
	ends []int
	// texts are shared by contacts.
	texts texts
}

// Changed counts the contacts that differ from the store: what the next commit writes.
func (f *Fold) Changed() int { return len(f.changed) }

// Commit stores all that changed since the last commit, with the offset, at once. Without sync it may be lost in a crash, together with its
// offset. After an error of the store nothing is lost and Commit can be repeated, if the store can.
func (f *Fold) Commit(sync bool) error {
	if f.err != nil {
		return f.err
	}
	f.flush()
	if f.options.Store == nil {
		return nil
	}
	for _, c := range f.changed {
		c.compact()
	}
	if err := f.options.Store.Write(sync, f.write); err != nil {
		return fmt.Errorf("commit state at record %d: %w", f.offset, err)
	}
	f.written()
	f.evict(2 * len(f.ring))
	return nil
}

func (f *Fold) write(w Writer) error {
	if err := w.Set(metaKey, f.appendMeta(nil)); err != nil {
		return err
	}
	for _, slot := range f.dropped {
		if err := deleteSlot(w, slot); err != nil {
			return err
		}
	}
	if err := f.writeDefinitions(w); err != nil {
		return err
	}
	if err := f.writeSignals(w); err != nil {
		return err
	}
	if err := f.writeUnits(w); err != nil {
		return err
	}
	if err := f.writeNursery(w); err != nil {
		return err
	}
	for _, c := range f.changed {
		if err := c.write(w, &f.scratch); err != nil {
			return err
		}
	}
	return nil
}

func deleteSlot(w Writer, slot uint32) error {
	for _, prefix := range []byte{tallyPrefix, flowPrefix, timerPrefix, evidencePrefix, typePrefix} {
		key := slotKey(nil, prefix, slot)
		if err := w.DeleteRange(key, after(key)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) writeDefinitions(w Writer) error {
	for _, key := range f.removed {
		if f.definitions[key] == nil {
			if err := w.Delete(definitionKey(key)); err != nil {
				return err
			}
		}
	}
	for _, d := range f.sorted() {
		stored, err := json.Marshal(d.stored())
		if err != nil {
			return fmt.Errorf("encode definition %s: %w", d.key, err)
		}
		if err := w.Set(definitionKey(d.key), stored); err != nil {
			return err
		}
		for _, s := range []*slot{d.active, d.pending} {
			for _, own := range s.all() {
				if err := f.writeNumbers(w, own); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// writeNumbers stores what a slot counts.
func (f *Fold) writeNumbers(w Writer, s *slot) error {
	if s.changed && s.evidence != nil {
		if err := s.evidence.tally.write(w, &f.scratch, s.id); err != nil {
			return err
		}
	}
	if s.changed {
		f.scratch.value = s.tally.append(f.scratch.value[:0])
		if err := w.Set(slotKey(nil, tallyPrefix, s.id), f.scratch.value); err != nil {
			return err
		}
	}
	if s.flows.changed {
		f.scratch.value = s.flows.append(f.scratch.value[:0])
		return w.Set(slotKey(nil, flowPrefix, s.id), f.scratch.value)
	}
	return nil
}

// written notes that all lies in the store as it is.
func (f *Fold) written() {
	var shared []alarm
	own := map[uint32][]alarm{}
	for _, c := range f.changed {
		if c.due != 0 {
			shared = append(shared, alarm{due: c.due, name: c.name})
		}
		for _, u := range c.units {
			if due := u.ownDue(); due != 0 {
				own[u.id] = append(own[u.id], alarm{due: due, name: c.name})
			}
		}
		c.written()
		f.weigh(c)
	}
	clear(f.changed)
	f.changed, f.dropped, f.removed = f.changed[:0], nil, nil
	f.storedSignal, f.sent = f.lastSignal, nil
	f.unitsChanged = false
	f.nursery.written()
	f.timers.written(f, shared)
	for id, s := range f.slots {
		s.changed, s.flows.changed = false, false
		if s.evidence != nil {
			s.evidence.tally.written()
		}
		s.timers.written(f, own[id])
	}
}

func (f *Fold) appendMeta(b []byte) []byte {
	b = append(b, stateFormat)
	b = binary.AppendUvarint(b, Version)
	b = packing.AppendText(b, f.options.TimeZoneData)
	for _, n := range []uint64{f.offset, f.first, f.epoch, f.term, uint64(f.nextSlot), f.lastSignal, f.nursery.lastSweep} {
		b = binary.AppendUvarint(b, n)
	}
	for _, n := range []int64{int64(f.clock), f.counts.events, f.counts.forwarded, f.counts.duplicates, f.counts.clamped, int64(f.counts.lastEvent), f.nursery.world.PublicConsents} {
		b = binary.AppendVarint(b, n)
	}
	return packing.AppendText(b, string(f.note))
}
