// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// appendHead encodes a unit but for its pages, unless it has only one.
func (u *unit) appendHead(b []byte) []byte {
	b = appendBool(b, u.saturated)
	b = binary.AppendVarint(b, int64(u.closed))
	b = binary.AppendVarint(b, int64(u.due))
	b = u.contribution.append(b)
	b = binary.AppendUvarint(b, uint64(u.nextPage))
	b = binary.AppendUvarint(b, uint64(len(u.pages)))
	for i := range u.pages {
		b = binary.AppendUvarint(b, uint64(u.pages[i].number))
	}
	if len(u.pages) == 1 {
		b = appendMatches(b, u.pages[0].matches)
	}
	return b
}

// readHead decodes what appendHead encoded; the pages of a unit with several are read apart.
func (u *unit) readHead(stored []byte) error {
	r := reader{left: stored}
	u.saturated = r.bool()
	u.closed = r.time()
	u.due = r.time()
	u.storedDue = u.due
	u.contribution = r.contribution(u.slot.plan)
	u.nextPage = uint32(r.uvarint())
	if n := r.count(1); n != 1 {
		u.pages = make([]page, n)
	}
	for i := range u.pages {
		u.pages[i].number = uint32(r.uvarint())
	}
	if len(u.pages) == 1 {
		u.pages[0].matches = r.matches()
		u.size = len(u.pages[0].matches)
	}
	if len(u.pages) == 0 {
		r.fail()
	}
	return r.done("the head of a unit")
}

// write stores what changed since the last commit. A unit about which nothing is to be remembered is deleted.
func (u *unit) write(w Writer, s *scratch) error {
	key := unitKey(s.key[:0], u.slot.id, u.contact.name)
	s.key = key
	for _, number := range u.removed {
		if err := w.Delete(pageKey(key, number)); err != nil {
			return err
		}
	}
	if err := u.writeTimer(w); err != nil {
		return err
	}
	if u.size == 0 && !u.saturated {
		return w.Delete(key)
	}
	s.value = u.appendHead(s.value[:0])
	if err := w.Set(key, s.value); err != nil {
		return err
	}
	if len(u.pages) == 1 {
		if u.apart {
			return w.Delete(pageKey(key, u.pages[0].number))
		}
		return nil
	}
	for i := range u.pages {
		if p := &u.pages[i]; p.changed || !u.apart {
			s.value = appendMatches(s.value[:0], p.matches)
			if err := w.Set(pageKey(key, p.number), s.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unit) writeTimer(w Writer) error {
	if u.due == u.storedDue {
		return nil
	}
	if u.storedDue != 0 {
		if err := w.Delete(timerKey(nil, u.slot.id, u.storedDue, u.contact.name)); err != nil {
			return err
		}
	}
	if u.due == 0 {
		return nil
	}
	return w.Set(timerKey(nil, u.slot.id, u.due, u.contact.name), nil)
}

// written notes that the unit lies in the store as it is.
func (u *unit) written() {
	for i := range u.pages {
		u.pages[i].changed = false
	}
	u.removed = nil
	u.apart = len(u.pages) > 1
	u.storedDue = u.due
	u.changed = false
}

// readUnit loads a unit, or gives a new one when the store has none.
func (f *Fold) readUnit(s *slot, c *contact) (*unit, error) {
	u := newUnit(s, c)
	if f.options.Store == nil || c.fresh {
		return u, nil
	}
	key := unitKey(nil, s.id, c.name)
	var found bool
	var err error
	if f.buffer, found, err = f.options.Store.Get(f.buffer[:0], key); err != nil || !found {
		return u, wrapRead(err)
	}
	if err := u.readHead(f.buffer); err != nil {
		return nil, err
	}
	if len(u.pages) > 1 {
		return u, f.readPages(u, key)
	}
	return u, nil
}

func (f *Fold) readPages(u *unit, key []byte) error {
	u.apart = true
	byNumber := map[uint32]*page{}
	for i := range u.pages {
		byNumber[u.pages[i].number] = &u.pages[i]
	}
	err := f.options.Store.Scan(pageKey(key, 0), after(key), func(k, value []byte) (bool, error) {
		p := byNumber[binary.BigEndian.Uint32(k[len(key):])]
		if p == nil {
			return false, fmt.Errorf("%w: a unit has a page that its head does not know", ErrCorruptState)
		}
		r := reader{left: value}
		p.matches = r.matches()
		u.size += len(p.matches)
		return true, r.done("a page of a unit")
	})
	for i := range u.pages {
		if err == nil && len(u.pages[i].matches) == 0 {
			err = fmt.Errorf("%w: a page of a unit is missing", ErrCorruptState)
		}
	}
	return wrapRead(err)
}

// write stores what changed in the contact's known identities.
func (k *known) write(w Writer, name string, s *scratch) error {
	s.key = contactKey(s.key[:0], name)
	full := len(k.hashes) / knownPage
	for p := k.stored; p < full; p++ {
		s.value = k.appendRun(s.value[:0], p*knownPage, (p+1)*knownPage)
		if err := w.Set(pageKey(s.key, uint32(p)), s.value); err != nil {
			return err
		}
	}
	s.value = binary.AppendUvarint(s.value[:0], uint64(full))
	s.value = k.appendRun(s.value, full*knownPage, len(k.hashes))
	return w.Set(s.key, s.value)
}

func (k *known) appendRun(b []byte, from, to int) []byte {
	b = binary.AppendUvarint(b, uint64(to-from))
	var last place
	for i := from; i < to; i++ {
		b = binary.LittleEndian.AppendUint64(b, k.hashes[i])
		b = binary.AppendUvarint(b, uint64(k.places[i]-last))
		last = k.places[i]
	}
	return b
}

func (k *known) readRun(r *reader) {
	const smallest = 8 + 1
	n := r.count(smallest)
	k.hashes, k.places = slices.Grow(k.hashes, n), slices.Grow(k.places, n)
	var last place
	for range n {
		k.hashes = append(k.hashes, r.uint64())
		last += place(r.uvarint())
		k.places = append(k.places, last)
	}
}

// readKnown loads a contact's known identities, unless they are there.
func (f *Fold) readKnown(c *contact) error {
	if c.complete {
		return nil
	}
	c.complete = true
	if f.options.Store == nil {
		return nil
	}
	key := contactKey(nil, c.name)
	var found bool
	var err error
	if f.buffer, found, err = f.options.Store.Get(f.buffer[:0], key); err != nil || !found {
		c.fresh = err == nil
		return wrapRead(err)
	}
	head := reader{left: f.buffer}
	c.known.stored = int(head.uvarint())
	if c.known.stored > 0 {
		err := f.options.Store.Scan(pageKey(key, 0), after(key), func(_, value []byte) (bool, error) {
			r := reader{left: value}
			c.known.readRun(&r)
			return true, r.done("a page of a contact")
		})
		if err != nil {
			return wrapRead(err)
		}
		if len(c.known.hashes) != c.known.stored*knownPage {
			return fmt.Errorf("%w: a page of a contact is missing", ErrCorruptState)
		}
	}
	c.known.readRun(&head)
	return head.done("the head of a contact")
}

// storedDefinition is a definition as it lies in the store.
type storedDefinition struct {
	UID        string      `json:"uid"`
	Generation int64       `json:"generation"`
	Leader     uint64      `json:"leader"`
	Active     *storedSlot `json:"active,omitempty"`
	Pending    *storedSlot `json:"pending,omitempty"`
}

// storedSlot is a slot as it lies in the store, but for its tally. The cursor and all before it are a shadow's.
type storedSlot struct {
	ID         uint32          `json:"id"`
	Version    string          `json:"version"`
	Meaning    json.RawMessage `json:"meaning"`
	ExactSince event.Time      `json:"exactSince,omitempty"`
	Gap        bool            `json:"gap,omitempty"`
	Clock      event.Time      `json:"clock,omitempty"`
	Floor      event.Time      `json:"floor,omitempty"`
	Cursor     uint64          `json:"cursor,omitempty"`
	Target     uint64          `json:"target,omitempty"`
}

func (d *defined) stored() storedDefinition {
	stored := storedDefinition{UID: d.uid, Generation: d.generation, Leader: d.leader}
	if s := d.active; s != nil {
		stored.Active = &storedSlot{ID: s.id, Version: s.version, Meaning: s.meaning, ExactSince: s.exactSince, Gap: s.gap}
	}
	if s := d.pending; s != nil {
		stored.Pending = &storedSlot{
			ID: s.id, Version: s.version, Meaning: s.meaning, ExactSince: s.exactSince, Gap: s.gap,
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
