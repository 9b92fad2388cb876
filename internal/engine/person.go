// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"slices"
	"strings"

	"github.com/waymark-dev/waymark/internal/event"
)

// Who is who. A contact is one of these:
//
//   - an anonymous one without links: its events count for itself.
//   - an anonymous one with links: each of its events belongs to one of the known contacts that the links name. It forwards all that it
//     knows to all of them; they find out which of it is theirs, since they know all of its links.
//   - a known one whose aliases name a lesser one: the least of all that are one person is the canonical one, which counts for all. The
//     others forward to it all that they know, and what was forwarded to them. What aliases a contact knows it tells those that its own
//     aliases name, so that in the end all know all.
//   - any other known one: what it has itself, and what was forwarded to it as far as that is its own, counts as one history.
//
// All knowledge only grows and does not depend on the order in which it came, so when nothing is left to deliver the numbers are those
// of all events at once. What is forwarded is an event of the receiver's log with an origin; it may come twice.

// maxRelatives bounds the contacts that are joined to one: those whose events were forwarded to it, and those that its aliases name.
const maxRelatives = 100

// person is what a contact's partition knows of who else the contact is. Most contacts have none.
type person struct {
	// last is the place of the contact's newest event.
	last place
	// links are an anonymous contact's own.
	links links
	// origins are the contacts whose events were forwarded to this one, in the order in which they first came. A moment's id names its
	// origin; see foreign.
	origins []origin
	// aliases are all that the contact knows of the known contacts that it is joined to, in the order in which they came.
	aliases []alias
	// members are those that the aliases join to the contact, with itself, in their order; nil when it is alone.
	members []string
	// hidden is set once the contact counts for nobody by itself. It stays so.
	hidden bool
	// targets are those that the contact forwards to.
	targets []target
	// queued is set while there is something to forward, storedQueued as it lies in the store.
	queued, storedQueued bool
	// ignored counts what was left out because of maxRelatives.
	ignored int64
}

// origin is a contact whose events were forwarded to another.
type origin struct {
	name  string
	links links // when it is anonymous
}

// foreignMark begins the part of a moment's id that names its origin. No id has it: a zero byte is escaped otherwise.
const foreignMark = "\x00\x02"

// foreign gives the id of a moment that was forwarded, by the position of its origin.
func foreign(id string, origin int) string { return id + foreignMark + string([]byte{byte(origin)}) }

// domestic takes a moment's id apart; the origin is -1 for one that arrived for the contact itself.
func domestic(id string) (own string, origin int) {
	const tail = len(foreignMark) + 1
	if n := len(id) - tail; n >= 0 && id[n:n+len(foreignMark)] == foreignMark {
		return id[:n], int(id[len(id)-1])
	}
	return id, -1
}

// bytes is about how much memory the person takes up.
func (p *person) bytes() int {
	if p == nil {
		return 0
	}
	const perPerson, perOrigin, perLink, perAlias = 300, 64, 100, 100
	n := perPerson + perLink*len(p.links) + perAlias*(len(p.aliases)+len(p.targets))
	for i := range p.origins {
		n += perOrigin + perLink*len(p.origins[i].links)
	}
	return n
}

// isHidden says whether the contact counts for nobody by itself.
func (c *contact) isHidden() bool { return c.person != nil && c.person.hidden }

// concernsPersons says whether an event says who is who, or is there because of that.
func concernsPersons(e *event.Event) bool {
	return e.Origin != "" || e.Type == event.Linked || e.Type == event.Aliased
}

// learn takes in what a new event of the contact's log says about who it is.
func (f *Fold) learn(c *contact, e *event.Event, at place) {
	if c.person == nil {
		if !concernsPersons(e) {
			return
		}
		c.person = &person{}
	}
	p := c.person
	p.last = at
	if e.Origin != "" {
		p.meet(e.Origin)
	}
	changed := false
	switch e.Type {
	case event.Linked:
		changed = c.learnLink(e)
	case event.Aliased:
		changed = c.learnAlias(e)
	}
	if changed {
		f.regard(c)
	}
	f.enqueue(c)
}

func (c *contact) learnLink(e *event.Event) bool {
	to, ok := event.LinkedTo(e)
	if !ok {
		return false
	}
	of := &c.person.links
	if e.Origin != "" {
		at := c.person.origin(e.Origin)
		if at < 0 {
			return false
		}
		of = &c.person.origins[at].links
	} else if _, anonymous := event.AnonymousID(c.name); !anonymous {
		return false
	}
	*of = of.add(link{e.Time, identity(e), strings.Clone(to)})
	return true
}

func (c *contact) learnAlias(e *event.Event) bool {
	p := c.person
	a, b, ok := event.Aliases(e)
	if _, anonymous := event.AnonymousID(c.name); !ok || anonymous {
		return false
	}
	added := aliasOf(a, b)
	if slices.Contains(p.aliases, added) {
		return false
	}
	more := append(slices.Clip(p.aliases), added)
	if len(reach(c.name, more)) > maxRelatives || len(more) > maxRelatives {
		p.ignored++
		return false
	}
	p.aliases = more
	return true
}

// meet takes in an origin, unless there are too many or the contact only forwards.
func (p *person) meet(name string) {
	switch {
	case p.hidden || p.origin(name) >= 0:
	case len(p.origins) == maxRelatives:
		p.ignored++
	default:
		p.origins = append(p.origins, origin{name: strings.Clone(name)})
	}
}

// origin gives the position of an origin, or -1.
func (p *person) origin(name string) int {
	return slices.IndexFunc(p.origins, func(o origin) bool { return o.name == name })
}

// regard works out anew who the contact is, after links or aliases came.
func (f *Fold) regard(c *contact) {
	p := c.person
	p.members = nil
	if len(p.aliases) > 0 {
		p.members = reach(c.name, p.aliases)
	}
	p.aim(c.name)
	hidden := len(p.links) > 0 || len(p.members) > 0 && p.members[0] != c.name
	if hidden && !p.hidden {
		p.hidden = true
		f.hide(c)
	}
	for _, u := range c.units {
		u.stale = true
	}
	f.spoil(c)
	f.touch(c)
}

// hide lets go of all that the contact counted itself.
func (f *Fold) hide(c *contact) {
	c.purge(f.drops)
	for _, u := range slices.Backward(c.units) {
		s := u.slot
		if s.tally.add(&u.contribution, -1); s.evidence != nil {
			u.retract()
		}
		if u.saturated {
			s.tally.saturated--
		}
		s.changed = true
		c.letGo(u)
	}
	c.person.origins, c.writes, c.rewritten = nil, nil, true
}

// segments gives what a unit's moments mean.
func (f *Fold) segments(c *contact, u *unit) []segment {
	marks := f.joined(&f.mask, c, u.marks)
	if u.slot.plan.segment != nil {
		return f.admitted(c, u, marks)
	}
	return f.meant(c, u, marks)
}

// meant gives what a unit's moments mean by when an attempt starts, whoever starts it.
func (f *Fold) meant(c *contact, u *unit, marks []uint32) []segment {
	if u.slot.asks != nil {
		return f.asked(c, u, marks)
	}
	return append(f.segmented[:0], segment{math.MinInt64, marks})
}

// joined gives what a unit's moments mean as far as they are the contact's: an anonymous contact's may be another's, and an identity that
// several of those who are joined have counts once, at its earliest.
func (f *Fold) joined(buffer *[]uint32, c *contact, marks []uint32) []uint32 {
	if c.person == nil || len(c.person.origins) == 0 {
		return marks
	}
	mask := append((*buffer)[:0], marks...)
	*buffer = mask
	first := map[string]int{}
	for i := range c.moments {
		if mask[i] == 0 {
			continue
		}
		m := &c.moments[i]
		id, from := domestic(m.id)
		if from >= 0 && !c.owns(from, m.time) {
			mask[i] = 0
			continue
		}
		before, again := first[id]
		switch {
		case !again:
			first[id] = i
		case c.moments[before].time == m.time && c.originName(from) < c.originOf(before):
			mask[before], first[id] = 0, i
		default:
			mask[i] = 0
		}
	}
	return mask
}

func (c *contact) originOf(moment int) string {
	_, from := domestic(c.moments[moment].id)
	return c.originName(from)
}

// originName is the contact that an origin's position stands for.
func (c *contact) originName(at int) string {
	if at < 0 {
		return c.name
	}
	return c.person.origins[at].name
}

// owns says whether what happened to an origin at an instant is the contact's.
func (c *contact) owns(origin int, t event.Time) bool {
	o := &c.person.origins[origin]
	if _, anonymous := event.AnonymousID(o.name); !anonymous {
		return true
	}
	owner := o.links.owner(t)
	return owner == c.name || slices.Contains(c.person.members, owner)
}
