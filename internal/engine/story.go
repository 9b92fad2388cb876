// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// story is what scenarios make of a contact. It is stored apart from what funnels do, so that neither rewrites the other's.
type story struct {
	// known is the state; nil while there is nothing to remember.
	known *nurture.Contact
	// attributes are the contact's as they are known now, once somebody asked.
	attributes []byte
	// wants are the effects that are in the index of those wanted.
	wants []want
	// stored says what the store has: whether a state and its sum, and whether effects and their sum. changed is set when either may differ.
	stored, storedWants bool
	sum, wantsSum       uint64
	changed             bool
	// nextSum and nextWantsSum are the sums of what is being written.
	nextSum, nextWantsSum uint64
	// weight is about how many bytes the state has, as it was stored last.
	weight int
}

// state gives the state; nil when there is nothing to remember.
func (s *story) state() *nurture.Contact {
	if s == nil {
		return nil
	}
	return s.known
}

// bytes is about how much memory the story takes up.
func (s *story) bytes() int {
	if s == nil {
		return 0
	}
	const perStory, perWant = 160, 96
	const unpacked = 4 // times as large as it lies in the store
	return perStory + len(s.attributes) + perWant*len(s.wants) + unpacked*s.weight
}

// due gives when time alone next changes what scenarios make of the contact; 0 is never.
func (s *story) due() event.Time {
	if s == nil || s.known == nil {
		return 0
	}
	return s.known.Due()
}

// enter begins to let scenarios act on a contact, at a time of their own. What they are given holds until leave.
func (f *Fold) enter(c *contact, now event.Time) (*nurture.World, *nurture.Subject) {
	n := &f.nursery
	if c.story == nil {
		c.story = new(story)
	}
	s := &n.subject
	*s = nurture.Subject{Name: c.name, State: c.story.known, Now: now, Attributes: f.attributesOf(c), Hidden: c.isHidden()}
	if s.State == nil {
		s.State = n.blank
	}
	return &n.world, s
}

// leave takes in what scenarios made of the contact.
func (f *Fold) leave(c *contact) {
	n := &f.nursery
	state := n.subject.State
	switch {
	case !state.Empty():
		if c.story.known == nil {
			c.story.known, n.blank = state, new(nurture.Contact)
		}
	case c.story.known == nil:
		return // as before
	default:
		c.story.known = nil
	}
	c.story.changed = true
	f.want(c)
	f.spoil(c) // its timer is set anew
	f.touch(c)
}

// wake lets scenarios do what is due for a contact.
func (f *Fold) wake(c *contact, now event.Time) (rang bool) {
	due := c.story.due()
	if due == 0 || due > now {
		return false
	}
	w, s := f.enter(c, now)
	w.Ring(s)
	f.leave(c)
	return true
}

// foldScenarios takes in what a new event says of who its contact is and of its attributes. It says whether scenarios are to act on it, and with
// which attributes before it; see narrate.
func (f *Fold) foldScenarios(c *contact, e *event.Event, at place) (concerns bool, before []byte) {
	now := max(f.clock, e.Received)
	if c.swept != f.nursery.lastSweep || c.story != nil {
		f.catchUp(c, now)
	}
	hidden := c.isHidden()
	told := e.Type
	if tellsWhose(e) && len(c.writes) > 0 {
		told = event.Identify // other attributes may be the contact's own from now on
	}
	concerns = f.listens(c, told)
	if told == event.Identify && concerns {
		if before = f.attributesOf(c); before == nil {
			before = []byte("{}")
		}
	}
	f.learn(c, e, at)
	if told != e.Type && c.story != nil {
		c.story.attributes = nil
	}
	if c.isHidden() && !hidden {
		f.withdrawStory(c, now)
	}
	if e.Type == event.Identify {
		f.learnAttributes(c, e)
	}
	return concerns, before
}

// tellsWhose says whether an event tells whose a visitor's events are.
func tellsWhose(e *event.Event) bool { return e.Type == event.Linked || e.Type == event.Aliased }

// narrate lets scenarios see a new event of a contact. Before are the contact's attributes without it if it tells of attributes.
func (f *Fold) narrate(c *contact, e *event.Event, now event.Time, before []byte) {
	if e.Origin != "" && !c.takesIn(e) || c.isHidden() && c.story.state() == nil {
		return
	}
	w, s := f.enter(c, now)
	w.Event(s, e, before)
	f.leave(c)
}

// listens says whether scenarios may make something of events of a type that happen to a contact.
func (f *Fold) listens(c *contact, eventType string) bool {
	n := &f.nursery
	return n.world.Concerns(eventType) && (eventType != event.Identify || n.attributed || c.story.state() != nil)
}

// takesIn says whether a copy is of an event that is the contact's own, as far as is known. What a visitor did is copied before the link that
// says whose it is: until a link is known it is taken for the contact's, whom one names.
func (c *contact) takesIn(e *event.Event) bool {
	if c.person == nil {
		return false
	}
	at := c.person.origin(e.Origin)
	return at >= 0 && c.mayOwn(at, e.Time)
}

// mayOwn is owns, but for an origin of which no link is known yet.
func (c *contact) mayOwn(origin int, t event.Time) bool {
	return len(c.person.origins[origin].links) == 0 || c.owns(origin, t)
}

// withdrawStory notes that the contact counts for nobody by itself any more.
func (f *Fold) withdrawStory(c *contact, now event.Time) {
	if c.story != nil {
		c.story.attributes = nil
	}
	if c.story.state() == nil {
		return
	}
	w, s := f.enter(c, now)
	w.Hide(s)
	f.leave(c)
}

// react lets scenarios see drop-offs.
func (f *Fold) react(signals []record.Signal) error {
	for i := range signals {
		c, err := f.contact(signals[i].Contact)
		if err != nil {
			return err
		}
		f.catchUp(c, f.clock)
		w, s := f.enter(c, f.clock)
		w.Signal(s, &signals[i])
		f.leave(c)
	}
	return nil
}

// claim looks at each message that is to be sent, and grants it or does not.
func (f *Fold) claim(claims []record.Claim) error {
	for i := range claims {
		c, err := f.contact(claims[i].Contact)
		if err != nil {
			return err
		}
		f.catchUp(c, f.clock)
		if c.story.state() == nil {
			continue // nothing is wanted
		}
		w, s := f.enter(c, f.clock)
		w.Claim(s, &claims[i])
		f.leave(c)
	}
	return nil
}

// attributesOf gives the contact's attributes as they are known now, as a JSON object; nil is empty.
func (f *Fold) attributesOf(c *contact) []byte {
	if len(c.writes) == 0 {
		return nil
	}
	if c.story == nil {
		c.story = new(story)
	}
	if c.story.attributes == nil {
		c.story.attributes = c.attributes()
	}
	return c.story.attributes
}

// attributes joins all that was said of the contact's attributes.
func (c *contact) attributes() []byte {
	if len(c.writes) == 1 && c.isOwn(&c.writes[0]) {
		return []byte(c.writes[0].traits)
	}
	attributes := map[string]json.RawMessage{}
	for i := range c.writes {
		if w := &c.writes[i]; c.isOwn(w) {
			apply(attributes, w.traits)
		}
	}
	return encodeAttributes(attributes)
}

// isOwn says whether a write is about this contact.
func (c *contact) isOwn(w *write) bool {
	_, origin := domestic(w.id)
	return origin < 0 || c.mayOwn(origin, w.time)
}

func storyKey(buffer []byte, contact string) []byte {
	return append(append(buffer, storyPrefix), contact...)
}

// writeStory stores what scenarios make of the contact.
func (c *contact) writeStory(w Writer, s *scratch) error {
	st := c.story
	if st == nil || !st.changed {
		return nil
	}
	if err := c.writeWants(w, s); err != nil {
		return err
	}
	s.key = storyKey(s.key[:0], c.name)
	if st.known == nil {
		if !st.stored {
			return nil
		}
		return w.Delete(s.key)
	}
	s.value = st.known.Append(s.value[:0])
	st.weight = len(s.value)
	st.nextSum = xxhash.Sum64(s.value)
	if st.stored && st.nextSum == st.sum {
		return nil
	}
	return w.Set(s.key, s.value)
}

// written notes that the story lies in the store as it is.
func (s *story) written() {
	if s == nil || !s.changed {
		return
	}
	s.stored, s.storedWants = s.known != nil, len(s.wants) > 0
	s.sum, s.wantsSum, s.changed = s.nextSum, s.nextWantsSum, false
}

// loadStory reads what writeStory stored.
func (f *Fold) loadStory(c *contact) error {
	value, found, err := f.options.Store.Get(f.buffer[:0], storyKey(nil, c.name))
	f.buffer = value
	if err != nil {
		return wrapRead(err)
	}
	if !found {
		return fmt.Errorf("%w: what scenarios know of a contact is missing", ErrCorruptState)
	}
	state, err := nurture.ReadContact(value)
	if err != nil {
		return fmt.Errorf("%w: what scenarios know of a contact: %w", ErrCorruptState, err)
	}
	c.story = &story{known: state, stored: true, sum: xxhash.Sum64(value), weight: len(value)}
	return nil
}
