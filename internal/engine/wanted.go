// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/google/btree"

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
	// claimed is set while its result is awaited, ended when nobody waits for that any more.
	claimed, ended bool
}

// wantedBy is a want with whose it is, without what its queue says.
type wantedBy struct {
	notBefore event.Time
	contact   string
	effect    [16]byte
	ended     bool
}

func (a wantedBy) before(b wantedBy) bool {
	return cmp.Or(cmp.Compare(a.notBefore, b.notBefore), cmp.Compare(a.contact, b.contact), slices.Compare(a.effect[:], b.effect[:])) < 0
}

// wanted is the index of all wants. It has a queue for each scenario of each channel, so that a scenario that stands still costs nothing, and
// a channel that does hides no other.
type wanted struct {
	queues map[string]map[string]*queue
	frozen map[string]bool
}

// queue is what one scenario wants through one channel.
type queue struct {
	*btree.BTreeG[wantedBy]
	// ended counts those of contacts that have left.
	ended int
}

func newWanted() wanted {
	return wanted{queues: map[string]map[string]*queue{}, frozen: map[string]bool{}}
}

const queueDegree = 32

func (w *wanted) add(contact string, x *want) {
	queues := w.queues[x.channel]
	if queues == nil {
		queues = map[string]*queue{}
		w.queues[x.channel] = queues
	}
	q := queues[x.scenario]
	if q == nil {
		q = &queue{BTreeG: btree.NewG(queueDegree, wantedBy.before)}
		queues[x.scenario] = q
	}
	q.ReplaceOrInsert(wantedBy{x.notBefore, contact, x.effect, x.ended})
	if x.ended {
		q.ended++
	}
}

func (w *wanted) remove(contact string, x *want) {
	queues := w.queues[x.channel]
	q := queues[x.scenario]
	if q == nil {
		return
	}
	q.Delete(wantedBy{notBefore: x.notBefore, contact: contact, effect: x.effect})
	if x.ended {
		q.ended--
	}
	if q.Len() > 0 {
		return
	}
	if delete(queues, x.scenario); len(queues) == 0 {
		delete(w.queues, x.channel)
	}
}

// freeze hides what a scenario wants, or shows it again.
func (w *wanted) freeze(scenario string, frozen bool) {
	if frozen {
		w.frozen[scenario] = true
	} else {
		delete(w.frozen, scenario)
	}
}

// waiting counts what a channel's scenarios want for contacts inside, and gives since when the first is; 0 is never.
func (w *wanted) waiting(channel string) (count int64, oldest event.Time) {
	for scenario, q := range w.queues[channel] {
		if w.frozen[scenario] {
			continue
		}
		count += int64(q.Len() - q.ended)
		q.Ascend(func(x wantedBy) bool {
			if !x.ended {
				oldest = earlier(oldest, x.notBefore)
			}
			return x.ended
		})
	}
	return count, oldest
}

// shows says whether a scenario that does not stand still wants something of a channel.
func (w *wanted) shows(channel string) bool {
	for scenario := range w.queues[channel] {
		if !w.frozen[scenario] {
			return true
		}
	}
	return false
}

// first gives the first effects of a channel, in their order, but for those to be left out.
func (w *wanted) first(channel string, most int, skip func(effect string) bool) []wantedBy {
	var all []wantedBy
	for _, scenario := range slices.Sorted(maps.Keys(w.queues[channel])) {
		if w.frozen[scenario] {
			continue
		}
		found := 0
		w.queues[channel][scenario].Ascend(func(x wantedBy) bool {
			if found == most {
				return false
			}
			if skip == nil || !skip(hex.EncodeToString(x.effect[:])) {
				all = append(all, x)
				found++
			}
			return true
		})
	}
	slices.SortFunc(all, func(a, b wantedBy) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return all[:min(len(all), most)]
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
			x := want{channel: e.Channel, scenario: e.Scenario, notBefore: e.NotBefore, claimed: e.Claimed, ended: e.Ended}
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
	if f.err != nil {
		return nil
	}
	var effects []nurture.Effect
	for _, x := range f.nursery.wanted.first(channel, most, skip) {
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
		b = appendBool(appendBool(append(b, x.effect[:]...), x.claimed), x.ended)
	}
	s.value = b
	st.nextWantsSum = xxhash.Sum64(b)
	if st.storedWants && st.nextWantsSum == st.wantsSum {
		return nil
	}
	return w.Set(s.key, b)
}

func (r *reader) wants() (all []want) {
	const smallest = 2 + 1 + 16 + 2 // bytes of a want
	for range r.Count(smallest) {
		x := want{channel: r.label(), scenario: r.label(), notBefore: r.time()}
		copy(x.effect[:], r.Bytes(len(x.effect)))
		x.claimed, x.ended = r.bool(), r.bool()
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
