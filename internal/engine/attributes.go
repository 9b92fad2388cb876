// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

const (
	// maxTraits bounds what one event can say of a contact's attributes, in bytes of JSON. More than that is passed over.
	maxTraits = 32 << 10
	// maxWrites bounds how many writes of attributes are told apart for one contact; fewWrites is how many are not worth a look.
	maxWrites, fewWrites = 1000, 32
)

// asker is a program whose conditions may ask for the contact's attributes.
type asker interface {
	ReadsContact() bool
	MatchAs(e *event.Event, attributes []byte) *definition.Match
}

// write is what one event says of a contact's attributes: each holds until a later one says otherwise.
type write struct {
	time event.Time
	id   string // see identity and foreign
	// traits is a JSON object.
	traits string
}

func (w *write) compare(o *write) int {
	return cmp.Or(cmp.Compare(w.time, o.time), cmp.Compare(w.id, o.id))
}

// learnAttributes takes in what an event says of the contact's attributes, also when it is too late for any number: what holds later may
// rest on it.
func (f *Fold) learnAttributes(c *contact, e *event.Event) {
	id, keeps := f.momentID(c, e)
	if !keeps {
		return
	}
	traits := traitsOf(e.Data)
	if traits == "" {
		return
	}
	added := write{e.Time, id, traits}
	at, found := slices.BinarySearchFunc(c.writes, added, func(a, b write) int { return a.compare(&b) })
	if found { // its identity was forgotten and it came again
		return
	}
	c.writes = slices.Insert(c.writes, at, added)
	f.thinWrites(c)
	c.rewritten = true
	if c.story != nil {
		c.story.attributes = nil
	}
	for _, u := range c.units {
		u.stale = u.stale || u.slot != nil && u.slot.readsContact()
	}
	f.spoil(c)
	f.touch(c)
}

// traitsOf gives the attributes that an event's data tells, as a JSON object; empty when there are none.
func traitsOf(data []byte) string {
	var said struct {
		Traits json.RawMessage `json:"traits"`
	}
	if json.Unmarshal(data, &said) != nil || len(said.Traits) == 0 || said.Traits[0] != '{' || len(said.Traits) > maxTraits {
		return ""
	}
	var compact bytes.Buffer
	if json.Compact(&compact, said.Traits) != nil {
		return ""
	}
	return compact.String()
}

// thinWrites joins what one origin wrote before anything that any definition still looks at, and the oldest of what is too much.
func (f *Fold) thinWrites(c *contact) {
	if len(c.writes) <= fewWrites {
		return
	}
	boundary := event.Time(math.MinInt64)
	if f.keep > 0 {
		boundary = f.clock - f.keep
	}
	latest := map[int]int{} // the write of an origin that earlier ones are joined to
	for i := len(c.writes) - 1; i >= 0; i-- {
		w := &c.writes[i]
		tooMany := len(c.writes)-i > maxWrites
		if w.time >= boundary && !tooMany {
			continue
		}
		_, from := domestic(w.id)
		into, found := latest[from]
		if !found {
			latest[from] = i
			continue
		}
		c.writes[into].traits = overlay(w.traits, c.writes[into].traits)
		w.traits = ""
	}
	c.writes = slices.DeleteFunc(c.writes, func(w write) bool { return w.traits == "" })
}

// overlay gives the attributes of two writes together.
func overlay(earlier, later string) string {
	attributes := map[string]json.RawMessage{}
	apply(attributes, earlier)
	apply(attributes, later)
	return string(encodeAttributes(attributes))
}

func apply(attributes map[string]json.RawMessage, traits string) {
	_ = json.Unmarshal([]byte(traits), &attributes) // it was read when it came
}

func encodeAttributes(attributes map[string]json.RawMessage) []byte {
	encoded, _ := json.Marshal(attributes) // of parts that were read; names in their order
	return encoded
}

// asked gives what a unit's moments mean by when an attempt starts: the attributes are those of that instant. Marks are what they may mean.
func (f *Fold) asked(c *contact, u *unit, marks []uint32) []segment {
	first := slices.IndexFunc(marks, func(m uint32) bool { return m != 0 })
	if first < 0 {
		return append(f.segmented[:0], segment{math.MinInt64, marks})
	}
	var segments []segment
	var last []byte
	attributes := map[string]json.RawMessage{}
	from := event.Time(math.MinInt64)
	end := func() { // of the starts at or after from
		encoded := encodeAttributes(attributes)
		if len(segments) == 0 || !bytes.Equal(encoded, last) {
			segments, last = append(segments, segment{from, c.marksAs(u, marks, encoded)}), encoded
		}
	}
	for i := range c.writes {
		w := &c.writes[i]
		if _, origin := domestic(w.id); origin >= 0 && !c.owns(origin, w.time) {
			continue
		}
		if w.time > from && w.time > c.moments[first].time { // before that nothing starts
			end()
			from = w.time
		}
		apply(attributes, w.traits)
	}
	end()
	return segments
}

// marksAs gives the marks of the moments when the contact has some attributes.
func (c *contact) marksAs(u *unit, may []uint32, attributes []byte) []uint32 {
	marks := slices.Clone(may)
	var e event.Event
	for i := range marks {
		if marks[i] == 0 {
			continue
		}
		d := c.moments[i].detail(u.id, eventDetail)
		if d == nil || d.kind != eventDetail {
			continue
		}
		if _, err := event.Next([]byte(d.text), &e); err != nil {
			continue // it was encoded here
		}
		found := u.slot.asks.MatchAs(&e, attributes)
		marks[i] = marksOf(found) | marks[i]&traitMark
	}
	return marks
}

func attributesKey(buffer []byte, contact string) []byte {
	return append(append(buffer, attributePrefix), contact...)
}

// writeAttributes stores the attributes, which lie apart from the rest of a contact as most events do not change them.
func (c *contact) writeAttributes(w Writer, s *scratch) error {
	if !c.rewritten {
		return nil
	}
	s.key = attributesKey(s.key[:0], c.name)
	if len(c.writes) == 0 {
		return w.Delete(s.key)
	}
	b := binary.AppendUvarint(s.value[:0], uint64(len(c.writes)))
	last := event.Time(0)
	for i := range c.writes {
		b = binary.AppendVarint(b, int64(c.writes[i].time-last))
		b = packing.AppendText(packing.AppendText(b, c.writes[i].id), c.writes[i].traits)
		last = c.writes[i].time
	}
	s.value = b
	return w.Set(s.key, b)
}

// loadAttributes reads what writeAttributes stored.
func (f *Fold) loadAttributes(c *contact) error {
	value, found, err := f.options.Store.Get(f.buffer[:0], attributesKey(nil, c.name))
	f.buffer = value
	if err != nil {
		return wrapRead(err)
	}
	if !found {
		return fmt.Errorf("%w: the attributes of a contact are missing", ErrCorruptState)
	}
	r := reader{Reader: packing.Read(value)}
	const smallest = 3 // numbers of a write
	last := event.Time(0)
	for range r.Count(smallest) {
		c.writes = append(c.writes, write{last + r.time(), r.Text(), r.Text()})
		last = c.writes[len(c.writes)-1].time
	}
	return r.done("the attributes of a contact")
}
