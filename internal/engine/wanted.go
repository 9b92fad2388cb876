// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/packing"
)

// want is an effect of a contact that is to be claimed, or was and has no result.
type want struct {
	channel, scenario string
	notBefore         event.Time
	effect            [16]byte
	// claimed is set while its result is awaited, ended when nobody waits for that any more. Marketing yields to all else.
	claimed, ended, marketing bool
}

// ever is after all that is wanted. A message that an event asked for is wanted from the event's receipt on, which may be later than the clock:
// it is so all the same, for the claim brings its own time.
const ever = event.Time(math.MaxInt64)

// want brings the index up to what scenarios want for a contact.
func (f *Fold) want(c *contact) {
	st, w := c.story, &f.nursery.wanted
	var wants []want
	if st.known != nil {
		for _, e := range st.known.Wanted(&f.nursery.world, ever) {
			x := want{
				channel: e.Channel, scenario: e.Scenario, notBefore: e.NotBefore, claimed: e.Claimed, ended: e.Ended,
				marketing: e.Purpose == definition.Marketing,
			}
			if n, err := hex.Decode(x.effect[:], []byte(e.ID)); err != nil || n != len(x.effect) {
				f.err = fmt.Errorf("effect %q has no id", e.ID)
				return
			}
			wants = append(wants, x)
		}
	}
	if slices.Equal(wants, st.wants) {
		return
	}
	for i := range st.wants {
		w.remove(c.name, &st.wants[i])
	}
	for i := range wants {
		w.add(c.name, &wants[i])
	}
	st.wants = wants
}

// Wanting counts the effects that are wanted of all scenarios that do not stand still.
func (f *Fold) Wanting() int { return f.nursery.wanted.count() }

// HasWanted says whether effects are wanted: to be claimed now, or claimed and without a result.
func (f *Fold) HasWanted() bool {
	for channel := range f.nursery.wanted.queues {
		if f.nursery.wanted.shows(channel) {
			return true
		}
	}
	return false
}

// WantedChannels gives the keys of the channels that effects are wanted through, in their order; "" is that of effects which need none.
func (f *Fold) WantedChannels() []string {
	var channels []string
	for channel := range f.nursery.wanted.queues {
		if f.nursery.wanted.shows(channel) {
			channels = append(channels, channel)
		}
	}
	slices.Sort(channels)
	return channels
}

// Wanted gives the first effects that are wanted through a channel, so many at most: to be claimed now, or claimed and without a result. They
// are in the order of NotBefore, contact and id; those that skip names are left out, a nil skip names none. Those of scenarios that
// are suspended are not among them. After an error of the store it gives none, and Step gives the error.
func (f *Fold) Wanted(channel string, most int, skip func(effect string) bool) []nurture.Effect {
	return f.effects(f.nursery.wanted.first(channel, most, skip))
}

// NextWanted gives the effects that are to be claimed next through a channel, so many at most. They are those that Wanted tells of, in another
// order: what is marketing comes after all else, within each the scenarios take turns, also from one call to the next, and of one scenario the
// first comes first. So what a scenario wants for one contact does not wait for what others want for a million.
func (f *Fold) NextWanted(channel string, most int, skip func(effect string) bool) []nurture.Effect {
	return f.effects(f.nursery.wanted.next(channel, most, skip))
}

// effects gives all there is to know of what the index holds.
func (f *Fold) effects(wanted []wantedBy) []nurture.Effect {
	if f.err != nil {
		return nil
	}
	var effects []nurture.Effect
	for _, x := range wanted {
		c, err := f.contact(x.contact)
		if err != nil {
			f.err = fmt.Errorf("find what is wanted: %w", err)
			return nil
		}
		if c.story.state() == nil {
			f.err = fmt.Errorf("%w: an effect is wanted for a contact without any", ErrCorruptState)
			return nil
		}
		id := hex.EncodeToString(x.effect[:])
		for _, e := range c.story.known.Wanted(&f.nursery.world, ever) {
			if e.ID == id {
				e.Contact = c.name
				effects = append(effects, e)
			}
		}
	}
	return effects
}

// Grant gives all that it takes to send an effect that was claimed and has no result; false when there is no such effect.
func (f *Fold) Grant(contact, effect string) (nurture.Grant, bool, error) {
	if f.err != nil {
		return nurture.Grant{}, false, f.err
	}
	c, err := f.contact(contact)
	if err != nil {
		f.err = fmt.Errorf("find what was granted: %w", err)
		return nurture.Grant{}, false, f.err
	}
	if c.story.state() == nil {
		return nurture.Grant{}, false, nil
	}
	w, s := f.enter(c, f.clock)
	g, ok := c.story.known.Grant(w, s, effect)
	return g, ok, nil
}

// ClaimedToday counts the effects of a channel that were granted for the first time on a time's calendar day in the workspace's zone.
func (f *Fold) ClaimedToday(channel string, now event.Time) int64 {
	h := f.nursery.hosted[channel]
	if h == nil || h.channel == nil {
		return 0
	}
	today, _ := definition.LocalDay(now.UTC(), f.nursery.world.Policy.Location)
	return h.channel.Tally.ClaimedOn(today)
}

func wantsKey(buffer []byte, contact string) []byte {
	return append(append(buffer, wantsPrefix), contact...)
}

// writeWants stores what scenarios want for the contact: the index is made of it when the fold is opened.
func (c *contact) writeWants(w Writer, s *scratch) error {
	st := c.story
	s.key = wantsKey(s.key[:0], c.name)
	if len(st.wants) == 0 {
		if !st.storedWants {
			return nil
		}
		return w.Delete(s.key)
	}
	b := binary.AppendUvarint(s.value[:0], uint64(len(st.wants)))
	for i := range st.wants {
		x := &st.wants[i]
		b = packing.AppendText(packing.AppendText(b, x.channel), x.scenario)
		b = binary.AppendVarint(b, int64(x.notBefore))
		b = append(appendBool(append(b, x.effect[:]...), x.claimed), x.marks())
	}
	s.value = b
	st.nextWantsSum = xxhash.Sum64(b)
	if st.storedWants && st.nextWantsSum == st.wantsSum {
		return nil
	}
	return w.Set(s.key, b)
}

const (
	endedMark = 1 << iota
	marketingMark
)

// marks is ended and marketing as they are stored.
func (x *want) marks() (m byte) {
	if x.ended {
		m |= endedMark
	}
	if x.marketing {
		m |= marketingMark
	}
	return m
}

func (x *want) mark(m uint64) { x.ended, x.marketing = m&endedMark != 0, m&marketingMark != 0 }

func (r *reader) wants() (all []want) {
	const smallest = 2 + 1 + 16 + 2 // bytes of a want
	for range r.Count(smallest) {
		x := want{channel: r.label(), scenario: r.label(), notBefore: r.time()}
		copy(x.effect[:], r.Bytes(len(x.effect)))
		x.claimed = r.bool()
		x.mark(r.Uvarint())
		all = append(all, x)
	}
	return all
}

// loadWants reads what writeWants stored.
func (f *Fold) loadWants(c *contact) error {
	value, found, err := f.options.Store.Get(f.buffer[:0], wantsKey(nil, c.name))
	f.buffer = value
	if err != nil {
		return wrapRead(err)
	}
	if !found || c.story == nil {
		return fmt.Errorf("%w: what is wanted for a contact is missing", ErrCorruptState)
	}
	r := reader{Reader: packing.Read(value), texts: f.scratch.texts}
	c.story.wants, c.story.storedWants, c.story.wantsSum = r.wants(), true, xxhash.Sum64(value)
	return r.done("what is wanted for a contact")
}

// readWanted makes the index of what is stored.
func (f *Fold) readWanted() error {
	prefix := []byte{wantsPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		contact := string(key[1:])
		r := reader{Reader: packing.Read(value), texts: f.scratch.texts}
		wants := r.wants()
		for i := range wants {
			f.nursery.wanted.add(contact, &wants[i])
		}
		return true, r.done("what is wanted")
	})
	return wrapRead(err)
}
