// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// identity gives an event's identity as one string; see writeIdentity. There are as many of them as events that matter, so they lie
// several in a piece of memory: each by itself would be one more for the garbage collector to visit.
func (c *contact) identity(e *event.Event) string {
	size := identityLength(e)
	if n := len(c.moments); n == cap(c.moments) {
		c.grow(max(4, n+n/2))
	}
	b := &c.ids
	if b.Len()+size > b.Cap() {
		b.Reset() // what was given out keeps the old piece
		b.Grow(size * max(cap(c.moments)-len(c.moments), 1))
	}
	from := b.Len()
	writeIdentity(b, e)
	return b.String()[from:]
}

// texts are labels, each once, however many contacts have it. They are let go of from time to time, so that they stay few.
type texts map[string]string

const maxTexts = 4096

// share gives a match the labels that other contacts have.
func (t texts) share(found *definition.Match) {
	for i := range found.Labels {
		label := &found.Labels[i].Text
		known, shared := t[*label]
		if !shared {
			known = t.keep(*label)
		}
		*label = known
	}
}

// one gives the one string of a text.
func (t texts) one(text []byte) string {
	if known, shared := t[string(text)]; shared {
		return known
	}
	return t.keep(string(text))
}

func (t texts) keep(text string) string {
	if t == nil {
		return text
	}
	if len(t) >= maxTexts {
		clear(t)
	}
	t[text] = text
	return text
}

// appendMoments encodes the contact's moments from one position to another, and then for each unit what they mean to it.
func (c *contact) appendMoments(b []byte, from, to int) []byte {
	b = binary.AppendUvarint(b, uint64(to-from))
	var last moment
	for i := from; i < to; i++ {
		m := &c.moments[i]
		shared := commonPrefix(last.id, m.id)
		b = binary.AppendVarint(b, int64(m.time-last.time))
		b = binary.AppendUvarint(b, uint64(shared))
		b = packing.AppendText(b, m.id[shared:])
		b = binary.AppendVarint(b, int64(m.delay()-last.delay()))
		b = appendDetails(b, m.details, last.details)
		last = *m
	}
	for _, u := range c.units {
		for _, marks := range u.marks[from:to] {
			b = binary.AppendUvarint(b, packMarks(marks))
		}
	}
	return b
}

// delay is how long the event took to the log.
func (m *moment) delay() event.Time { return m.appended - m.time }

// packMarks moves the marks that are set most to where they make a short number: those of all but stages and exclusions come first.
func packMarks(marks uint32) uint64 {
	return uint64(marks&kindMarks>>kindShift | marks&listMarks<<kindCount | marks&^(kindMarks|listMarks))
}

func unpackMarks(packed uint64) uint32 {
	marks := uint32(packed)
	return marks<<kindShift&kindMarks | marks>>kindCount&listMarks | marks&^(kindMarks|listMarks)
}

const (
	listMarks = stageMarks | exclusionMarks
	kindMarks = actMark | breakMark | refundMark
	kindShift = 24 // of the first of them
	kindCount = 3
)

// appendDetails encodes a moment's details. Before are those of the moment before it: a text that is the same there is not repeated.
func appendDetails(b []byte, first, before *detail) []byte {
	n := 0
	for d := first; d != nil; d = d.next {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	slot := uint32(0)
	for d := first; d != nil; d = d.next {
		b = binary.AppendUvarint(b, uint64(d.slot-slot))
		slot = d.slot
		b = append(b, byte(d.kind), d.index)
		if d.kind.counts() {
			b = binary.AppendVarint(b, int64(d.amount))
		}
		if o := before.like(d); o != nil && o.text == d.text {
			b = binary.AppendUvarint(b, 0)
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(d.text))+1)
		b = append(b, d.text...)
	}
	return b
}

// counts says whether details of a kind have an amount.
func (k detailKind) counts() bool { return k == amountDetail || k == refundDetail || k == traitDetail }

// like gives the detail that is about the same as another, or nil.
func (d *detail) like(o *detail) *detail {
	for ; d != nil; d = d.next {
		if d.slot == o.slot && d.kind == o.kind && d.index == o.index {
			return d
		}
	}
	return nil
}

func (r *reader) details(before *detail) (first *detail) {
	const smallest = 4 // numbers of a detail
	end := &first
	slot := uint32(0)
	for range r.Count(smallest) {
		slot += uint32(r.Uvarint())
		d := &detail{slot: slot, kind: detailKind(r.Byte()), index: r.Byte()}
		if d.kind.counts() {
			d.amount = aggregate.Micros(r.Varint())
		}
		if n := r.Uvarint(); n > 0 {
			d.text = r.text(d.kind, r.Bytes(int(n-1)))
		} else if o := before.like(d); o != nil {
			d.text = o.text
		} else {
			r.Fail()
		}
		*end, end = d, &d.next
	}
	return first
}

// text gives the text of a detail; labels are the ones that many contacts share.
func (r *reader) text(kind detailKind, text []byte) string {
	if kind == labelDetail {
		return r.texts.one(text)
	}
	return string(text)
}

// readMoments decodes what appendMoments encoded at the end of what the contact has. All identities become one piece of memory.
func (c *contact) readMoments(r *reader, s *scratch) {
	const smallest = 5 // numbers of a moment
	n, from := r.Count(smallest), len(c.moments)
	c.moments = slices.Grow(c.moments, n)
	s.ids, s.ends = s.ids[:0], s.ends[:0]
	var last moment
	start := 0 // of the last moment's identity
	for range n {
		m := moment{time: last.time + r.time()}
		shared := r.Uvarint()
		rest := r.Sized()
		if shared > uint64(len(s.ids)-start) {
			r.Fail()
			return
		}
		before := s.ids[start : start+int(shared)]
		start = len(s.ids)
		s.ids = append(append(s.ids, before...), rest...)
		s.ends = append(s.ends, len(s.ids))
		m.appended = m.time + last.delay() + r.time()
		m.details = r.details(last.details)
		c.moments = append(c.moments, m)
		last = m
	}
	ids := string(s.ids)
	start = 0
	for i, end := range s.ends {
		c.moments[from+i].id = ids[start:end]
		start = end
	}
	for _, u := range c.units {
		u.marks = slices.Grow(u.marks, n)
		for range n {
			marks := unpackMarks(r.Uvarint())
			if u.marks = append(u.marks, marks); marks != 0 {
				u.count++
			}
		}
	}
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// appendTo encodes the closing and those after it.
func (c *closing) appendTo(b []byte) []byte {
	n := 0
	for o := c; o != nil; o = o.next {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	for ; c != nil; c = c.next {
		b = binary.AppendVarint(b, int64(c.end))
		b = packing.AppendText(b, c.value)
	}
	return b
}

func (r *reader) closings() (first *closing) {
	const smallest = 2 // numbers of a closing
	end := &first
	for range r.Count(smallest) {
		c := &closing{end: r.time(), value: r.Text()}
		*end, end = c, &c.next
	}
	return first
}
