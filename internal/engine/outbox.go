// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"
	"sort"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// target is a contact that another one forwards to.
type target struct {
	name string
	// all says that every event is forwarded; otherwise only the aliases are told.
	all bool
	// through is the place of the last event that was delivered, told how many aliases were.
	through place
	told    int
}

// aim finds out who is forwarded to. A target that stays keeps what was delivered to it.
func (p *person) aim(name string) {
	var wanted []target
	want := func(to string, all bool) {
		known := func(t target) bool { return t.name == to && (t.all || !all) }
		if slices.ContainsFunc(wanted, known) {
			return
		}
		if at := slices.IndexFunc(p.targets, func(t target) bool { return t.name == to && t.all == all }); at >= 0 {
			wanted = append(wanted, p.targets[at])
			return
		}
		wanted = append(wanted, target{name: to, all: all})
	}
	if len(p.members) > 0 && p.members[0] != name {
		want(p.members[0], true)
	}
	for _, l := range p.links {
		want(l.to, true)
	}
	for _, a := range p.aliases {
		if other, names := a.other(name); names {
			want(other, false)
		}
	}
	p.targets = wanted
}

// waits says whether something is to be delivered.
func (p *person) waits() bool {
	return slices.ContainsFunc(p.targets, func(t target) bool { return t.waits(p) })
}

func (t *target) waits(p *person) bool {
	if t.all {
		return t.through < p.last
	}
	return t.told < len(p.aliases)
}

// enqueue notes that a contact has something to forward.
func (f *Fold) enqueue(c *contact) {
	if p := c.person; !p.queued && p.waits() {
		p.queued = true
		f.senders = append(f.senders, c.name)
	}
}

// Forward is what is to be appended to the partition of another contact.
type Forward struct {
	// To is that contact.
	To string
	// Copies are the places of events in this partition's log, which go there as event.Forward makes them. One that the log no longer
	// has is lost.
	Copies []Place
	// Told are events that are appended as they are.
	Told []event.Event
	// Delivery is to be appended to this partition once all of that is durable. Until then it is given again.
	Delivery record.Delivery
}

// Place is where an event lies in the log.
type Place struct {
	// Offset is its record's, Index its position within that record.
	Offset uint64
	Index  int
}

// HasForwards says whether something is to be forwarded.
func (f *Fold) HasForwards() bool { return len(f.senders) > 0 }

// Forwards gives what is to be forwarded next, of about so many events at most; none when nothing is.
func (f *Fold) Forwards(most int) ([]Forward, error) {
	if f.err != nil {
		return nil, f.err
	}
	var all []Forward
	for _, name := range f.senders {
		c, err := f.contact(name)
		if err == nil {
			err = f.complete(&c.known, c.name)
		}
		if err != nil {
			f.err = fmt.Errorf("find what is to be forwarded: %w", err)
			return nil, f.err
		}
		for i := range c.person.targets {
			t := &c.person.targets[i]
			if !t.waits(c.person) {
				continue
			}
			if most <= 0 {
				return all, nil
			}
			forward := c.forward(t, most)
			most -= 1 + len(forward.Copies) + len(forward.Told)
			all = append(all, forward)
		}
	}
	return all, nil
}

func (c *contact) forward(t *target, most int) Forward {
	forward := Forward{To: t.name, Delivery: record.Delivery{From: c.name, To: t.name}}
	if !t.all {
		for _, a := range c.person.aliases[t.told:] {
			forward.Told = append(forward.Told, event.AliasOf(t.name, c.name, a.a, a.b))
		}
		forward.Delivery.Aliases = len(c.person.aliases)
		return forward
	}
	entries := c.known.entries
	entries = entries[sort.Search(len(entries), func(i int) bool { return entries[i].at > t.through }):]
	through := c.person.last
	if len(entries) > most {
		entries = entries[:most]
		through = entries[most-1].at
	}
	for _, e := range entries {
		forward.Copies = append(forward.Copies, Place{uint64(e.at >> placeBits), int(e.at & (1<<placeBits - 1))})
	}
	forward.Delivery.Through = uint64(through)
	return forward
}

// forwarded notes what was delivered.
func (f *Fold) forwarded(deliveries []record.Delivery) error {
	for i := range deliveries {
		d := &deliveries[i]
		c, err := f.contact(d.From)
		if err != nil {
			return err
		}
		if c.person == nil {
			continue
		}
		for j := range c.person.targets {
			if t := &c.person.targets[j]; t.name == d.To {
				t.through = max(t.through, place(d.Through))
				t.told = min(max(t.told, d.Aliases), len(c.person.aliases))
			}
		}
		if c.person.queued && !c.person.waits() {
			c.person.queued = false
			if at := slices.Index(f.senders, c.name); at >= 0 {
				f.senders = slices.Delete(f.senders, at, at+1)
			}
		}
		f.touch(c)
	}
	return nil
}
