// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/google/cel-go/interpreter"
	"github.com/valyala/fastjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// Message is what a feed's mapping works on.
type Message struct {
	// Event is the event as the protocol gives it. Empty texts, a zero time and empty data are missing fields.
	Event event.Event
	// AnonymousID is a visitor's id that the protocol gives instead of the event's contact or beside it; empty is none.
	AnonymousID string
	// Body is the message's JSON; Row is the same for what has only texts: a form or a row of a table. One of them is set for
	// plain webhooks and tables.
	Body []byte
	Row  map[string]string
	// Headers are by lower-case name and Query by name, each the first of its values.
	Headers map[string]string
	Query   map[string]string
}

// Scratch holds the event or message that expressions are evaluated on, and what was parsed of it. It is for one goroutine.
// The zero Scratch is ready to use.
type Scratch struct {
	event   *event.Event
	message *Message
	trigger *event.Event // nil is noEvent
	contact []byte       // its attributes: a JSON object, or nothing
	stored  []byte       // a scenario's variables: a JSON object, or nothing
	data    document
	body    document
	// attributes are the contact's, triggerData is that of the event that let it in, and vars are the variables, all parsed.
	attributes, triggerData, vars document
	traits                        traitMap // of a segment
	fault                         *Fault
	number                        []byte
}

// Load makes e what expressions see. Its data is parsed when the first expression asks, and not again while the bytes stay equal.
func (s *Scratch) Load(e *event.Event) { s.event, s.message = e, nil }

// LoadContact makes attributes, a JSON object, what expressions see of the contact until the next call; nil is none at all.
func (s *Scratch) LoadContact(attributes []byte) { s.contact = attributes }

// noEvent stands for an event that there is none of: all of its fields are missing.
var noEvent event.Event

// LoadEnrolment makes all that scenarios see what expressions see, until the next load: the event at hand, where nil is the trigger; the
// trigger, where nil is none; and the attributes and the variables, JSON objects, where nil is none at all.
func (s *Scratch) LoadEnrolment(e, trigger *event.Event, attributes, vars []byte) {
	if trigger == nil {
		trigger = &noEvent
	}
	if e == nil {
		e = trigger
	}
	s.event, s.trigger, s.message = e, trigger, nil
	s.contact, s.stored = attributes, vars
}

// LoadMessage makes m what expressions see.
func (s *Scratch) LoadMessage(m *Message) { s.event, s.message = &m.Event, m }

// document is parsed JSON together with a copy of the bytes it was parsed from.
type document struct {
	parser fastjson.Parser
	raw    []byte
	root   *fastjson.Value // nil when raw is not JSON
	parsed bool
}

var emptyObject = []byte("{}")

// parse gives the root of raw, and false when raw is not JSON. Comparing the bytes costs a few nanoseconds and needs no
// protocol between those who share a Scratch.
func (d *document) parse(raw []byte) (*fastjson.Value, bool) {
	if len(raw) == 0 {
		raw = emptyObject
	}
	if d.parsed && bytes.Equal(raw, d.raw) {
		return d.root, d.root != nil
	}
	d.raw = append(d.raw[:0], raw...)
	d.parsed = true
	root, err := d.parser.ParseBytes(d.raw)
	if err != nil {
		d.root = nil
		return nil, false
	}
	d.root = root
	return root, true
}

// field walks the event's data; nil is a missing field, false data that is not JSON, with the scratch's fault set.
func (s *Scratch) field(path []string) (*fastjson.Value, bool) {
	v, ok := s.data.parse(s.event.Data)
	if !ok {
		s.fault = faultNotJSON
		return nil, false
	}
	for _, name := range path {
		if v.Type() != fastjson.TypeObject {
			return nil, true
		}
		if v = v.Get(name); v == nil {
			return nil, true
		}
	}
	if v.Type() == fastjson.TypeNull {
		return nil, true
	}
	return v, true
}

// double gives a JSON number the nearest double, the same on every machine.
func (s *Scratch) double(v *fastjson.Value) float64 {
	s.number = v.MarshalTo(s.number[:0])
	return parseDouble(s.number)
}

func parseDouble(text []byte) float64 {
	if len(text) == 0 {
		return 0
	}
	f, _ := strconv.ParseFloat(unsafe.String(&text[0], len(text)), 64) // out of range gives an infinity, which is what CEL wants
	return f
}

// BodyIsObject says whether the message's body is a JSON object.
func (s *Scratch) BodyIsObject() bool {
	root, ok := s.body.parse(s.message.Body)
	return ok && root.Type() == fastjson.TypeObject
}

// ResolveName implements CEL's activation: the scratch is itself the object behind each variable.
func (s *Scratch) ResolveName(name string) (any, bool) {
	if name == "event" {
		return s, true
	}
	if s.message == nil {
		return s.resolveOfContact(name)
	}
	switch name {
	case "body":
		if s.message.Row != nil {
			return s.message.Row, true
		}
		root, ok := s.body.parse(s.message.Body)
		if !ok {
			return errNotJSON, true
		}
		return valueOfJSON(root), true
	case "headers":
		return s.message.Headers, true
	case "query":
		return s.message.Query, true
	}
	return nil, false
}

// resolveOfContact finds what only is there for events of contacts.
func (s *Scratch) resolveOfContact(name string) (any, bool) {
	switch name {
	case "contact", "trigger":
		return s, true
	case "vars":
		root, ok := s.vars.parse(s.stored)
		if !ok {
			return errNotJSON, true
		}
		return valueOfJSON(root), true
	}
	return nil, false
}

// Parent implements CEL's activation: there is none.
func (s *Scratch) Parent() interpreter.Activation { return nil }
