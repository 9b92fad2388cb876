// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// identity tells events apart. What was forwarded has an identity for each origin, and so has what says who is who beside the event
// that it comes from.
type identity struct{ origin, told, source, id string }

func identityOf(e *event.Event) identity {
	self := identity{origin: e.Origin, source: e.Source, id: e.ID}
	if e.Type == event.Linked || e.Type == event.Aliased {
		self.told = e.Type
	}
	return self
}

func (a identity) compare(b identity) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id), cmp.Compare(a.origin, b.origin))
}

// person is who a contact is, as far as its own partition was told.
type person struct {
	// links are those of the visitor that the contact is, and of those whose events were forwarded to it, by visitor.
	links map[string][]link
	// aliases are pairs of known contacts that are one person.
	aliases [][2]string
	// hidden: the contact counts for nobody by itself any more.
	hidden bool
}

type link struct {
	time     event.Time
	identity identity
	to       string
}

func newPerson() person { return person{links: map[string][]link{}} }

// learn takes in what an event says of who the contact is, and whether it is hidden from now on.
func (c *contact) learn(e *event.Event) (hides bool) {
	p := &c.person
	_, visitor := event.AnonymousID(c.name)
	if to, ok := event.LinkedTo(e); ok && e.Type == event.Linked {
		if of := cmp.Or(e.Origin, c.name); e.Origin != "" || visitor {
			p.links[of] = append(p.links[of], link{e.Time, identityOf(e), to})
			slices.SortFunc(p.links[of], func(a, b link) int {
				return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity))
			})
		}
	}
	if a, b, ok := event.Aliases(e); ok && e.Type == event.Aliased && !visitor {
		p.aliases = append(p.aliases, [2]string{a, b})
	}
	hidden := visitor && len(p.links[c.name]) > 0 || slices.Min(p.members(c.name)) != c.name
	hides = hidden && !p.hidden
	p.hidden = p.hidden || hidden
	return hides
}

// members are all known contacts that are one person with a contact.
func (p *person) members(name string) []string {
	members := []string{name}
	for n := 0; n < len(members); n++ {
		for _, pair := range p.aliases {
			for side := range pair {
				if pair[side] == members[n] && !slices.Contains(members, pair[1-side]) {
					members = append(members, pair[1-side])
				}
			}
		}
	}
	return members
}

// owns says whether what happened to an origin at a time is the contact's: a visitor's belongs to the first link at or after it, else to
// the last one before. As long as no link is known it is taken for the contact's.
func (p *person) owns(name, origin string, t event.Time) bool {
	_, visitor := event.AnonymousID(origin)
	if !visitor || len(p.links[origin]) == 0 {
		return true
	}
	owner := ""
	for _, l := range p.links[origin] {
		owner = l.to
		if l.time >= t {
			break
		}
	}
	return slices.Contains(p.members(name), owner)
}

// write is what one event says of the contact's attributes.
type write struct {
	time     event.Time
	identity identity
	traits   map[string]json.RawMessage
}

func (c *contact) learnAttributes(e *event.Event) {
	var data struct {
		Traits map[string]json.RawMessage `json:"traits"`
	}
	if e.Type != event.Identify || json.Unmarshal(e.Data, &data) != nil || data.Traits == nil {
		return
	}
	c.writes = append(c.writes, write{e.Time, identityOf(e), data.Traits})
	slices.SortFunc(c.writes, func(a, b write) int { return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity)) })
}

// attributes gives what is known of the contact now, as a JSON object: of each attribute what was said of the latest time.
func (c *contact) attributes() []byte {
	all := map[string]json.RawMessage{}
	for _, w := range c.writes {
		if w.identity.origin == "" || c.person.owns(c.name, w.identity.origin, w.time) {
			maps.Copy(all, w.traits)
		}
	}
	if c.person.hidden {
		clear(all)
	}
	object, _ := json.Marshal(all) // its parts were read
	return object
}

// isKnown says whether schedules see the contact: there must be something to know about it.
func (c *contact) isKnown() bool {
	return !c.person.hidden && (len(c.writes) > 0 || len(c.statements) > 0 || len(c.enrolments) > 0 || len(c.hopeful) > 0)
}

// hide ends what the contact does by itself: it is known to be another one.
func (a *act) hide() {
	for _, n := range a.inOrder() {
		a.end(n, "Merged")
		n.mature = true // it counts in no comparison
	}
	a.c.hopeful = nil
	clear(a.c.dates)
}
