// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

// contact gives a contact as the store has it.
func (f *Fold) contact(name string) (*contact, error) {
	c, found := f.contacts[name]
	if found {
		c.used = true
		return c, nil
	}
	c = &contact{name: string([]byte(name)), used: true, purged: -1} // the name given may lie in a chunk
	if f.options.Store != nil {
		if err := f.load(c); err != nil {
			return nil, err
		}
		f.ring = append(f.ring, c)
		f.weigh(c)
	}
	f.contacts[c.name] = c
	return c, nil
}

// touch notes that the contact differs from the store.
func (f *Fold) touch(c *contact) {
	if !c.changed && f.options.Store != nil {
		c.changed = true
		f.changed = append(f.changed, c)
	}
}

// weigh counts the contact's memory anew, roughly.
func (f *Fold) weigh(c *contact) {
	weight := c.bytes()
	f.weight += weight - c.weight
	c.weight = weight
}

// bytes is about how much memory the contact takes up. Labels are shared and count for nothing.
func (c *contact) bytes() int {
	const perContact, perUnit, perMoment, perDetail, perKnown, perSettled = 440, 250, 48, 48, 24, 32
	n := perContact + len(c.name) + perSettled*len(c.settlements) + perKnown*len(c.known.entries) + perUnit*len(c.units) + (perMoment+4*len(c.units))*cap(c.moments)
	for _, u := range c.units {
		if u.testimony != nil {
			n += perUnit/4 + cap(u.testimony.given)
		}
	}
	for i := range c.moments {
		m := &c.moments[i]
		n += len(m.id)
		for d := m.details; d != nil; d = d.next {
			n += perDetail
			if d.kind != labelDetail {
				n += len(d.text)
			}
		}
	}
	for i := range c.writes {
		n += perDetail + len(c.writes[i].id) + len(c.writes[i].traits)
	}
	return n + c.person.bytes() + c.story.bytes()
}

// evict lets go of contacts that were not used for longest, roughly, and do not differ from the store, while all together weigh more than
// the cache may. It goes around all contacts and takes those that were not used since it came by; it takes at most so many looks.
func (f *Fold) evict(looks int) {
	for ; looks > 0 && len(f.ring) > 0 && f.weight > f.options.CacheBytes; looks-- {
		if f.hand >= len(f.ring) {
			f.hand = 0
		}
		c := f.ring[f.hand]
		if c.used || c.changed {
			c.used = false
			f.hand++
			continue
		}
		last := len(f.ring) - 1
		f.ring[f.hand] = f.ring[last]
		f.ring[last] = nil
		f.ring = f.ring[:last]
		delete(f.contacts, c.name)
		f.weight -= c.weight
	}
}

// forgetKnown lets go of the contact's identities that came too long ago to matter.
func (f *Fold) forgetKnown(c *contact) (forgot bool) {
	if f.keep <= 0 {
		return false
	}
	before := floorDiv(int64(f.clock-f.keep), int64(dayLength))
	forgot = c.forgetSettled(before)
	return c.known.forget(before) || forgot
}

// setKeep finds how long identities are kept: as long as the longest history of any definition, and at least as long as the options say.
func (f *Fold) setKeep() {
	if f.keep = micros(f.options.Retention); f.keep == 0 {
		return
	}
	for _, s := range f.slots {
		f.keep = max(f.keep, s.plan.history())
	}
}
