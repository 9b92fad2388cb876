// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

// contact is what is in memory of one contact.
type contact struct {
	name string
	// known is empty until it is complete.
	known known
	units []*unit
	// complete is set when known was read; fresh when the store has nothing of the contact.
	complete, fresh bool
	// changed is set when something differs from the store; learned when known does.
	changed, learned bool
	// used is set when the contact was asked for since the cache last looked at it; weight is what it counted for there.
	used   bool
	weight int
}

// find gives the contact's unit of a slot if it is in memory.
func (c *contact) find(s *slot) *unit {
	for _, u := range c.units {
		if u.slot == s {
			return u
		}
	}
	return nil
}

func (c *contact) letGo(i int) {
	last := len(c.units) - 1
	c.units[i] = c.units[last]
	c.units[last] = nil
	c.units = c.units[:last]
}

// contact gives a contact, reading nothing yet.
func (f *Fold) contact(name string) *contact {
	c, found := f.contacts[name]
	if !found {
		c = &contact{name: string([]byte(name))} // the name given may lie in a chunk
		f.contacts[c.name] = c
		if f.options.Store != nil {
			f.ring = append(f.ring, c)
			f.weigh(c)
		}
	}
	c.used = true
	return c
}

// unit gives the contact's unit of a slot, reading it when it is not in memory.
func (f *Fold) unit(s *slot, c *contact) (*unit, error) {
	for i := 0; i < len(c.units); i++ {
		switch u := c.units[i]; {
		case u.slot == s:
			return u, nil
		case u.slot.dropped:
			c.letGo(i)
			i--
		}
	}
	u, err := f.readUnit(s, c)
	if err != nil {
		return nil, err
	}
	c.units = append(c.units, u)
	if f.options.Store != nil {
		f.weigh(c)
	}
	return u, nil
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
	const perContact, perUnit, perMatch, perKnown = 300, 300, 100, 16
	weight := perContact + len(c.name) + perKnown*len(c.known.hashes)
	for _, u := range c.units {
		weight += perUnit + perMatch*u.size
	}
	f.weight += weight - c.weight
	c.weight = weight
}

// evict lets go of contacts that were not used for longest, roughly, and do not differ from the store, while all together weigh more than
// the cache may. It goes around all contacts and takes those that were not used since it came by; it looks at a bounded number each time.
func (f *Fold) evict() {
	const looks = 4096
	for seen := min(2*len(f.ring), looks); seen > 0 && f.weight > f.options.CacheBytes; seen-- {
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
