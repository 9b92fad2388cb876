// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// append encodes the person; one byte when there is none.
func (p *person) append(b []byte) []byte {
	if b = appendBool(b, p != nil); p == nil {
		return b
	}
	b = binary.AppendUvarint(b, uint64(p.last))
	b = appendBool(b, p.hidden)
	b = appendBool(b, p.queued)
	b = binary.AppendVarint(b, p.ignored)
	b = p.links.append(b)
	b = binary.AppendUvarint(b, uint64(len(p.origins)))
	for i := range p.origins {
		b = packing.AppendText(b, p.origins[i].name)
		b = p.origins[i].links.append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.aliases)))
	for _, a := range p.aliases {
		b = packing.AppendText(packing.AppendText(b, a.a), a.b)
	}
	b = binary.AppendUvarint(b, uint64(len(p.targets)))
	for i := range p.targets {
		t := &p.targets[i]
		b = appendBool(packing.AppendText(b, t.name), t.all)
		b = binary.AppendUvarint(b, uint64(t.through))
		b = binary.AppendUvarint(b, uint64(t.told))
	}
	return b
}

func (l links) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(l)))
	last := event.Time(0)
	for i := range l {
		b = binary.AppendVarint(b, int64(l[i].time-last))
		b = packing.AppendText(packing.AppendText(b, l[i].id), l[i].to)
		last = l[i].time
	}
	return b
}

// person decodes what append encoded, for the contact of a name.
func (r *reader) person(name string) *person {
	if !r.bool() {
		return nil
	}
	p := &person{last: place(r.Uvarint()), hidden: r.bool(), queued: r.bool(), ignored: r.Varint()}
	p.storedQueued = p.queued
	p.links = r.links()
	const smallest = 2 // numbers of whatever is in a list
	for range r.Count(smallest) {
		p.origins = append(p.origins, origin{name: r.Text(), links: r.links()})
	}
	for range r.Count(smallest) {
		p.aliases = append(p.aliases, alias{r.Text(), r.Text()})
	}
	if len(p.aliases) > 0 {
		p.members = reach(name, p.aliases)
	}
	for range r.Count(smallest) {
		p.targets = append(p.targets, target{name: r.Text(), all: r.bool(), through: place(r.Uvarint()), told: int(r.Uvarint())})
	}
	return p
}

func (r *reader) links() links {
	const smallest = 3 // numbers of a link
	var l links
	last := event.Time(0)
	for range r.Count(smallest) {
		l = append(l, link{last + r.time(), r.Text(), r.Text()})
		last = l[len(l)-1].time
	}
	return l
}

// outboxKey is set while a contact has something to forward.
func outboxKey(buffer []byte, contact string) []byte {
	return append(append(buffer, outboxPrefix), contact...)
}

// writeQueued stores whether the contact has something to forward.
func (c *contact) writeQueued(w Writer) error {
	p := c.person
	switch {
	case p == nil || p.queued == p.storedQueued:
		return nil
	case p.queued:
		return w.Set(outboxKey(nil, c.name), nil)
	}
	return w.Delete(outboxKey(nil, c.name))
}

// restoreOutbox reads who has something to forward.
func (f *Fold) restoreOutbox() error {
	prefix := []byte{outboxPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, _ []byte) (bool, error) {
		if len(key) == len(prefix) {
			return false, fmt.Errorf("%w: a key of the outbox", ErrCorruptState)
		}
		f.senders = append(f.senders, string(key[len(prefix):]))
		return true, nil
	})
	return wrapRead(err)
}
