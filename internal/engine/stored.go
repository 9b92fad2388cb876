// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// A contact is stored under one key, its head, so that a commit writes little for each: the identities since the last full page, the units,
// and the moments, unless they are more than headMoments; then these lie in pages under keys of their own.
const headMoments = 96

// appendHead encodes the contact but for what lies in pages.
func (c *contact) appendHead(b []byte) []byte {
	b = binary.AppendVarint(b, int64(c.due))
	b = c.known.appendTail(b)
	b = c.person.append(b)
	b = binary.AppendUvarint(b, uint64(c.apart()))
	b = binary.AppendUvarint(b, c.swept)
	b = c.appendSettlements(b)
	b = binary.AppendUvarint(b, uint64(len(c.units)))
	for _, u := range c.units {
		b = binary.AppendUvarint(b, uint64(u.id))
		b = append(b, flag(saturatedFlag, u.saturated)|flag(evidenceFlag, u.testimony != nil)|flag(rememberedFlag, u.remembered))
		b = appendBool(b, u.own)
		b = u.closed.appendTo(b)
		b = binary.AppendVarint(b, int64(u.due))
		b = u.contribution.append(b)
		if u.testimony != nil {
			b = u.testimony.append(b)
		}
	}
	paged := len(c.moments) > headMoments
	if b = appendBool(b, paged); paged {
		return b
	}
	return c.appendMoments(b, 0, len(c.moments))
}

// Flags of a stored unit.
const (
	saturatedFlag = 1 << iota
	evidenceFlag
	rememberedFlag
)

// parts are what lies under keys of its own besides the head and the pages.
type parts uint8

const (
	attributesPart parts = 1 << iota
	storyPart
	wantsPart
)

// apart gives what of the contact lies under keys of its own.
func (c *contact) apart() (p parts) {
	if len(c.writes) > 0 {
		p |= attributesPart
	}
	if c.story.state() != nil {
		p |= storyPart
	}
	if c.story != nil && len(c.story.wants) > 0 {
		p |= wantsPart
	}
	return p
}

// readHead decodes what appendHead encoded, and says whether the moments lie in pages, and what else lies apart.
func (f *Fold) readHead(c *contact, stored []byte) (paged bool, apart parts, err error) {
	r := reader{Reader: packing.Read(stored), texts: f.scratch.texts}
	c.due = r.time()
	c.storedDue = c.due
	c.known.readTail(&r)
	c.person = r.person(c.name)
	apart = parts(r.Uvarint())
	c.swept = r.Uvarint()
	c.readSettlements(&r)
	c.units = c.only[:0]
	const smallest = 6 // numbers of a unit
	for range r.Count(smallest) {
		u := &unit{id: uint32(r.Uvarint())}
		flags := r.Byte()
		u.saturated, u.remembered = flags&saturatedFlag != 0, flags&rememberedFlag != 0
		u.own, u.closed, u.due = r.bool(), r.closings(), r.time()
		u.contribution = r.contribution()
		if u.slot = f.slots[u.id]; u.own && u.slot != nil {
			u.storedDue = u.due
		}
		if flags&evidenceFlag != 0 {
			u.testimony = r.testimony(u.slot)
		} else if u.slot != nil && u.slot.evidence != nil {
			r.Fail()
		}
		c.units = append(c.units, u)
	}
	if paged = r.bool(); !paged {
		c.readMoments(&r, &f.scratch)
	}
	return paged, apart, r.done("the head of a contact")
}

// load reads a contact. Its full pages of identities are left for complete.
func (f *Fold) load(c *contact) error {
	value, found, err := f.options.Store.Get(f.buffer[:0], contactKey(nil, c.name))
	f.buffer = value
	if err != nil || !found {
		return wrapRead(err)
	}
	paged, apart, err := f.readHead(c, value)
	if err == nil && apart&attributesPart != 0 {
		err = f.loadAttributes(c)
	}
	if err == nil && apart&storyPart != 0 {
		err = f.loadStory(c)
	}
	if err == nil && apart&wantsPart != 0 {
		err = f.loadWants(c)
	}
	if err != nil || !paged {
		return err
	}
	return f.loadPages(c)
}

func (f *Fold) loadPages(c *contact) error {
	prefix := packing.AppendText([]byte{momentPrefix}, c.name)
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		at := key[len(prefix):]
		if len(at) != 16 {
			return false, fmt.Errorf("%w: the key of a page of a contact", ErrCorruptState)
		}
		c.pages = append(c.pages, storedPage{
			time: event.Time(binary.BigEndian.Uint64(at) ^ 1<<63), hash: binary.BigEndian.Uint64(at[8:]), sum: xxhash.Sum64(value),
		})
		r := reader{Reader: packing.Read(value), texts: f.scratch.texts}
		c.readMoments(&r, &f.scratch)
		return true, r.done("a page of a contact")
	})
	if err == nil && len(c.moments) <= headMoments {
		err = fmt.Errorf("%w: a page of a contact is missing", ErrCorruptState)
	}
	c.order()
	return wrapRead(err)
}

// write stores the contact.
func (c *contact) write(w Writer, s *scratch) error {
	if err := c.known.writeFull(w, c.name, s); err != nil {
		return err
	}
	if err := c.writeTimers(w); err != nil {
		return err
	}
	if err := c.writeQueued(w); err != nil {
		return err
	}
	if err := c.writeAttributes(w, s); err != nil {
		return err
	}
	if err := c.writeStory(w, s); err != nil {
		return err
	}
	if err := c.writePages(w, s); err != nil {
		return err
	}
	s.key = contactKey(s.key[:0], c.name)
	if c.empty() {
		return w.Delete(s.key)
	}
	s.value = c.appendHead(s.value[:0])
	return w.Set(s.key, s.value)
}

func (c *contact) writeTimers(w Writer) error {
	if err := moveTimer(w, 0, c.name, c.storedDue, c.due); err != nil {
		return err
	}
	for _, o := range c.orphans {
		if err := moveTimer(w, o.slot, c.name, o.due, 0); err != nil {
			return err
		}
	}
	for _, u := range c.units {
		if err := moveTimer(w, u.id, c.name, u.storedDue, u.ownDue()); err != nil {
			return err
		}
	}
	return nil
}

// ownDue is what the unit's own timer is set to.
func (u *unit) ownDue() event.Time {
	if u.own && u.slot != nil && !u.slot.dropped {
		return u.due
	}
	return 0
}

func moveTimer(w Writer, slot uint32, name string, from, to event.Time) error {
	if from == to {
		return nil
	}
	if from != 0 {
		if err := w.Delete(timerKey(nil, slot, from, name)); err != nil {
			return err
		}
	}
	if to == 0 {
		return nil
	}
	return w.Set(timerKey(nil, slot, to, name), nil)
}

// written notes that the contact lies in the store as it is.
func (c *contact) written() {
	c.known.stored, c.known.doomed = c.known.count()/knownPage, nil
	c.storedDue, c.rewritten = c.due, false
	c.story.written()
	if c.person != nil {
		c.person.storedQueued = c.person.queued
	}
	for _, u := range c.units {
		u.storedDue = u.ownDue()
	}
	c.pages, c.drafts, c.orphans, c.changed = c.drafts, nil, nil, false
}

// writeFull stores the pages of identities that have become full, and deletes those that are forgotten.
func (k *known) writeFull(w Writer, name string, s *scratch) error {
	for _, number := range k.doomed {
		if err := w.Delete(knownKey(s.key[:0], name, number)); err != nil {
			return err
		}
	}
	first := k.forgotten + k.missing/knownPage // the page that the entries begin with
	for number := max(k.stored, first); number < k.count()/knownPage; number++ {
		from := (number - first) * knownPage
		s.value = k.appendRun(s.value[:0], from, from+knownPage)
		s.key = knownKey(s.key[:0], name, number)
		if err := w.Set(s.key, s.value); err != nil {
			return err
		}
	}
	return nil
}

func knownKey(buffer []byte, name string, number int) []byte {
	return binary.BigEndian.AppendUint32(packing.AppendText(append(buffer, knownPrefix), name), uint32(number))
}

// appendTail encodes all but the full pages.
func (k *known) appendTail(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(k.forgotten))
	b = binary.AppendUvarint(b, uint64(len(k.days)))
	last := int64(0)
	for _, day := range k.days {
		b = binary.AppendVarint(b, day-last)
		last = day
	}
	return k.appendRun(b, len(k.entries)-k.count()%knownPage, len(k.entries))
}

func (k *known) readTail(r *reader) {
	k.forgotten = int(r.Uvarint())
	last := int64(0)
	for range r.Count(1) {
		last += r.Varint()
		k.days = append(k.days, last)
	}
	k.readRun(r)
	pages := len(k.days)
	if len(k.entries) > 0 {
		pages-- // the last is the one that is not full
	}
	if pages < 0 || len(k.entries) >= knownPage {
		r.Fail()
		return
	}
	k.missing = pages * knownPage
	k.stored = k.forgotten + pages
}

func (k *known) appendRun(b []byte, from, to int) []byte {
	b = binary.AppendUvarint(b, uint64(to-from))
	var last place
	for _, e := range k.entries[from:to] {
		b = binary.LittleEndian.AppendUint64(b, e.hash)
		b = binary.AppendUvarint(b, uint64(e.at-last))
		last = e.at
	}
	return b
}

func (k *known) readRun(r *reader) {
	const smallest = 8 + 1 // bytes of an identity
	n := r.Count(smallest)
	k.entries = slices.Grow(k.entries, n)
	var last place
	for range n {
		hash := r.Uint64()
		last += place(r.Uvarint())
		k.entries = append(k.entries, identified{hash, last})
	}
}

// complete reads the full pages of a contact's identities, unless they are there.
func (f *Fold) complete(k *known, name string) error {
	if k.missing == 0 {
		return nil
	}
	full := known{}
	prefix := packing.AppendText([]byte{knownPrefix}, name)
	err := f.options.Store.Scan(knownKey(nil, name, k.forgotten), after(prefix), func(_, value []byte) (bool, error) {
		r := reader{Reader: packing.Read(value)}
		full.readRun(&r)
		return true, r.done("the identities of a contact")
	})
	if err == nil && len(full.entries) != k.missing {
		err = fmt.Errorf("%w: %d identities of a contact, want %d", ErrCorruptState, len(full.entries), k.missing)
	}
	k.entries, k.missing, k.index = append(full.entries, k.entries...), 0, nil
	return wrapRead(err)
}

// storedDefinition is a definition as it lies in the store.
type storedDefinition struct {
	UID        string        `json:"uid"`
	Generation int64         `json:"generation"`
	Removed    bool          `json:"removed,omitempty"`
	RemovedAt  event.Time    `json:"removedAt,omitempty"`
	Signals    storedSignals `json:"signals"`
	Active     *storedSlot   `json:"active,omitempty"`
	Pending    *storedSlot   `json:"pending,omitempty"`
}

// storedSignals is what a definition remembers of its signals, as it lies in the store.
type storedSignals struct {
	Number uint32            `json:"number"`
	Begun  bool              `json:"begun,omitempty"`
	Since  event.Time        `json:"since,omitempty"`
	Counts aggregate.Signals `json:"counts"`
}

func (s storedSignals) signalling() signalling {
	return signalling{number: s.Number, begun: s.Begun, since: s.Since, counts: s.Counts}
}

// storedSlot is a slot as it lies in the store, but for its tally. The clock, the floor and the cursor are a shadow's.
type storedSlot struct {
	ID         uint32          `json:"id"`
	Version    string          `json:"version"`
	Meaning    json.RawMessage `json:"meaning"`
	Source     json.RawMessage `json:"source,omitempty"`
	ExactSince event.Time      `json:"exactSince,omitempty"`
	Gap        bool            `json:"gap,omitempty"`
	Clock      event.Time      `json:"clock,omitempty"`
	Floor      event.Time      `json:"floor,omitempty"`
	Cursor     uint64          `json:"cursor,omitempty"`
	Target     uint64          `json:"target,omitempty"`
	Activated  event.Time      `json:"activated,omitempty"`
}

func (d *defined) stored() storedDefinition {
	stored := storedDefinition{UID: d.uid, Generation: d.generation, Removed: d.removed, RemovedAt: d.removedAt}
	stored.Signals = storedSignals{d.signals.number, d.signals.begun, d.signals.since, d.signals.counts}
	if s := d.active; s != nil {
		stored.Active = &storedSlot{ID: s.id, Version: s.version, Meaning: s.meaning, Source: s.source, ExactSince: s.exactSince, Gap: s.gap,
			Target: s.target, Activated: s.activated,
		}
	}
	if s := d.pending; s != nil {
		stored.Pending = &storedSlot{
			ID: s.id, Version: s.version, Meaning: s.meaning, Source: s.source, ExactSince: s.exactSince, Gap: s.gap,
			Clock: s.clock, Floor: s.floor, Cursor: s.cursor, Target: s.target,
		}
	}
	return stored
}

func wrapRead(err error) error {
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	return nil
}
