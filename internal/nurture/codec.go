// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/packing"
)

// format is the version of the stored form of a contact.
const format = 1

// ErrCorrupt is wrapped when stored state cannot be read.
var ErrCorrupt = errors.New("corrupt state of scenarios")

// Append encodes the contact: equal ones give equal bytes.
func (c *Contact) Append(b []byte) []byte {
	w := &writer{append(b, format)}
	w.list(len(c.enrolments))
	for _, e := range c.enrolments {
		e.append(w)
	}
	w.list(len(c.past))
	last := event.Time(0)
	for i := range c.past {
		p := &c.past[i]
		w.id(p.id)
		w.hash(p.scenario)
		w.hash(p.key)
		w.since(p.exited, last)
		last = p.exited
	}
	w.list(len(c.flights))
	for i := range c.flights {
		c.flights[i].append(w)
	}
	w.list(len(c.messages))
	for i := range c.messages {
		c.messages[i].append(w)
	}
	w.list(len(c.consents))
	for i := range c.consents {
		s := &c.consents[i]
		w.text(s.topic)
		for _, p := range [...]*Proof{&s.given, &s.confirmed, &s.withdrawn} {
			p.append(w)
		}
	}
	w.list(len(c.claims))
	last = 0
	for _, t := range c.claims {
		w.since(t, last)
		last = t
	}
	c.appendWaiting(w)
	return w.b
}

// appendWaiting encodes what is yet to let the contact in, and the comparisons.
func (c *Contact) appendWaiting(w *writer) {
	w.list(len(c.retries))
	for i := range c.retries {
		r := &c.retries[i]
		w.hash(r.scenario)
		w.varint(int64(r.until))
		w.text(r.entry.raw)
		w.text(r.entry.identity)
		w.hash(r.entry.signal)
		w.event(r.entry.event)
	}
	w.list(len(c.armed))
	for _, a := range c.armed {
		w.hash(a.scenario)
		w.varint(int64(a.at))
		w.uvarint(flagsOf(a.frozen))
	}
	w.list(len(c.arms))
	for _, a := range c.arms {
		w.hash(a.scenario)
		w.uvarint(flagsOf(a.held))
		w.varint(a.n)
		w.varint(a.x)
	}
}

func (w *writer) event(e *event.Event) {
	w.text(e.Type)
	w.text(e.Source)
	w.text(e.ID)
	w.varint(int64(e.Time))
	w.text(string(e.Data))
}

func (p *Proof) append(w *writer) {
	w.varint(int64(p.Time))
	if p.Time == 0 {
		return
	}
	w.text(p.Identity)
	w.text(p.Method)
	w.text(p.TextHash)
}

func (m *message) append(w *writer) {
	w.id(m.effect)
	w.id(m.enrolment)
	w.hash(m.scenario)
	w.uvarint(uint64(m.version))
	w.text(m.step)
	w.text(m.variant)
	w.b = binary.LittleEndian.AppendUint32(w.b, m.channel)
	w.varint(int64(m.time))
	w.uvarint(uint64(m.marks)<<1 | flagsOf(m.address != id{}))
	if m.address != (id{}) {
		w.id(m.address)
	}
}

func (f *flight) append(w *writer) {
	f.message.append(w)
	w.varint(int64(f.claimedAt))
	w.varint(int64(f.attempt))
	w.uvarint(flagsOf(f.doubted))
	w.text(string(f.kind))
}

// flagsOf packs yes and no, the first lowest.
func flagsOf(flags ...bool) (packed uint64) {
	for i, set := range flags {
		if set {
			packed |= 1 << i
		}
	}
	return packed
}

func (e *enrolment) append(w *writer) {
	w.id(e.id)
	w.hash(e.scenario)
	w.uvarint(uint64(e.version))
	w.uvarint(uint64(e.status)<<11 | flagsOf(e.mature, e.reached, e.credited, e.frozen, e.skipping, e.doubted, e.control,
		e.signal != 0, e.window != 0, e.address != id{}, e.trigger != nil))
	w.text(e.key)
	w.varint(int64(e.entered))
	if e.signal != 0 {
		w.hash(e.signal)
	}
	if e.window != 0 {
		w.since(e.window, e.entered)
	}
	if e.reached {
		w.varint(int64(e.value))
	}
	w.varint(int64(e.step))
	if e.step != nowhere {
		w.since(e.arrived, e.entered)
		w.uvarint(uint64(e.phase))
		w.since(e.due, e.arrived)
		w.varint(int64(e.attempt))
		if e.attempt > 0 {
			w.since(e.spent, e.arrived)
			w.since(e.claimedAt, e.arrived)
		}
	}
	w.list(len(e.visits))
	for _, count := range e.visits {
		w.uvarint(uint64(count))
	}
	w.text(string(e.vars))
	if e.address != (id{}) {
		w.id(e.address)
	}
	if e.trigger != nil {
		w.event(e.trigger)
	}
}

// ReadContact decodes what Append encoded. It shares no memory with it.
func ReadContact(b []byte) (*Contact, error) {
	r := &reader{packing.Read(b)}
	if v := r.Bytes(1); r.Bad || v[0] != format {
		return nil, fmt.Errorf("%w: a contact is not of format %d", ErrCorrupt, format)
	}
	c := new(Contact)
	for range r.Count(30) {
		c.enrolments = append(c.enrolments, r.enrolment())
	}
	last := event.Time(0)
	for range r.Count(33) {
		c.past = append(c.past, past{r.id(), r.Uint64(), r.Uint64(), r.since(last)})
		last = c.past[len(c.past)-1].exited
	}
	for range r.Count(40) {
		c.flights = append(c.flights, flight{r.message(), event.Time(r.Varint()), int(r.Varint()), r.Uvarint() != 0, Kind(r.Text())})
	}
	for range r.Count(40) {
		c.messages = append(c.messages, r.message())
	}
	for range r.Count(4) {
		c.consents = append(c.consents, consent{r.Text(), r.proof(), r.proof(), r.proof()})
	}
	last = 0
	for range r.Count(1) {
		last = r.since(last)
		c.claims = append(c.claims, last)
	}
	r.waiting(c)
	if r.Bad || len(r.Left) > 0 {
		return nil, fmt.Errorf("%w: a contact cannot be decoded", ErrCorrupt)
	}
	return c, nil
}

func (r *reader) waiting(c *Contact) {
	for range r.Count(23) {
		c.retries = append(c.retries, retry{r.Uint64(), event.Time(r.Varint()), entry{
			raw: r.Text(), identity: r.Text(), signal: r.Uint64(), event: r.event(),
		}})
	}
	for range r.Count(10) {
		c.armed = append(c.armed, armed{r.Uint64(), event.Time(r.Varint()), r.Uvarint() != 0})
	}
	for range r.Count(11) {
		c.arms = append(c.arms, arm{r.Uint64(), r.Uvarint() != 0, r.Varint(), r.Varint()})
	}
}

func (r *reader) proof() Proof {
	p := Proof{Time: event.Time(r.Varint())}
	if p.Time != 0 {
		p.Identity, p.Method, p.TextHash = r.Text(), r.Text(), r.Text()
	}
	return p
}

func (r *reader) message() message {
	m := message{effect: r.id(), enrolment: r.id(), scenario: r.Uint64(), version: uint32(r.Uvarint()), step: r.Text(), variant: r.Text()}
	if channel := r.Bytes(4); !r.Bad {
		m.channel = binary.LittleEndian.Uint32(channel)
	}
	m.time = event.Time(r.Varint())
	flags := r.Uvarint()
	m.marks = mark(flags >> 1)
	if flags&1 != 0 {
		m.address = r.id()
	}
	return m
}

func (r *reader) enrolment() *enrolment {
	e := &enrolment{id: r.id(), scenario: r.Uint64(), version: uint32(r.Uvarint())}
	flags := r.Uvarint()
	is := func(bit int) bool { return flags>>bit&1 != 0 }
	e.status = status(flags >> 11)
	e.mature, e.reached, e.credited, e.frozen, e.skipping, e.doubted, e.control = is(0), is(1), is(2), is(3), is(4), is(5), is(6)
	e.key, e.entered = r.Text(), event.Time(r.Varint())
	if is(7) {
		e.signal = r.Uint64()
	}
	if is(8) {
		e.window = r.since(e.entered)
	}
	if e.reached {
		e.value = aggregate.Micros(r.Varint())
	}
	if e.step = int(r.Varint()); e.step != nowhere {
		e.arrived = r.since(e.entered)
		e.phase = phase(r.Uvarint())
		e.due = r.since(e.arrived)
		if e.attempt = int(r.Varint()); e.attempt > 0 {
			e.spent = r.since(e.arrived)
			e.claimedAt = r.since(e.arrived)
		}
	}
	for range r.Count(1) {
		e.visits = append(e.visits, uint16(r.Uvarint()))
	}
	if vars := r.Text(); vars != "" {
		e.vars = []byte(vars)
	}
	if is(9) {
		e.address = r.id()
	}
	if is(10) {
		e.trigger = r.event()
	}
	if e.step < nowhere || e.step >= len(e.visits) || e.attempt < 0 || e.phase > asked || e.status > left {
		r.Fail()
	}
	return e
}

func (r *reader) event() *event.Event {
	e := &event.Event{Type: r.Text(), Source: r.Text(), ID: r.Text(), Time: event.Time(r.Varint())}
	if data := r.Text(); data != "" {
		e.Data = []byte(data)
	}
	return e
}
