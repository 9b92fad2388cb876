// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Message is what a mapping works on: the event as a protocol gives it, or a plain body or row.
type Message = expression.Message

// Mapper is a compiled Mapping. It is safe for concurrent use.
type Mapper struct {
	contact, kind, time, id, data *expression.Value // nil keeps the protocol's own
	drop                          *expression.Condition
	zone                          *time.Location
	scratches                     sync.Pool
}

// MapError says why a message gave no event. Its text names no value of the message.
type MapError struct {
	// Field is the part of the mapping: contact, type, time, id, data or drop.
	Field string
	// Missing is set when the message has no value there, although every event needs one.
	Missing bool
	// Message says what is wrong.
	Message string
}

// Error implements error.
func (e *MapError) Error() string { return e.Field + ": " + e.Message }

// NewMapper compiles a mapping. The error joins an *ExpressionError for each expression that does not compile; their fields are
// spec.mapping.contact and so on.
func NewMapper(m Mapping) (*Mapper, error) {
	zone, err := zoneinfo.Load(m.TimeZone)
	if err != nil {
		return nil, err
	}
	mapper := &Mapper{zone: zone}
	mapper.scratches.New = func() any { return new(expression.Scratch) }
	var problems []error
	for _, part := range []struct {
		field, source string
		compile       func(expression.Scope, string) (*expression.Value, error)
		into          **expression.Value
	}{
		{"contact", m.Contact, expression.NewText, &mapper.contact},
		{"type", m.Type, expression.NewText, &mapper.kind},
		{"time", m.Time, expression.NewTime, &mapper.time},
		{"id", m.ID, expression.NewText, &mapper.id},
		{"data", m.Data, expression.NewObject, &mapper.data},
	} {
		if part.source == "" {
			continue
		}
		value, err := part.compile(expression.OnMessage, part.source)
		problems = append(problems, expressionError("spec.mapping."+part.field, part.source, err))
		*part.into = value
	}
	if m.Drop != "" {
		mapper.drop, err = expression.NewCondition(expression.OnMessage, m.Drop)
		problems = append(problems, expressionError("spec.mapping.drop", m.Drop, err))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return mapper, nil
}

// Map makes an event of a message, or says that it is to be dropped. The event's id is empty and its time zero when neither the
// mapping nor the protocol gives one: the caller then chooses them. Its source is the protocol's. The error is a *MapError.
func (m *Mapper) Map(msg *Message) (e event.Event, drop bool, err error) {
	s := m.scratches.Get().(*expression.Scratch)
	defer m.scratches.Put(s)
	s.LoadMessage(msg)
	if m.drop != nil {
		drop, fault := m.drop.Holds(s)
		if fault != nil {
			return event.Event{}, false, &MapError{Field: "drop", Message: fault.Message}
		}
		if drop {
			return event.Event{}, true, nil
		}
	}
	e = msg.Event
	for _, part := range []struct {
		field  string
		value  *expression.Value
		into   *string
		needed bool
	}{{"contact", m.contact, &e.Contact, true}, {"type", m.kind, &e.Type, true}, {"id", m.id, &e.ID, false}} {
		if err := text(s, part.field, part.value, part.into, part.needed); err != nil {
			return event.Event{}, false, err
		}
	}
	if err := m.mapTime(s, &e); err != nil {
		return event.Event{}, false, err
	}
	if err := m.mapData(s, msg, &e); err != nil {
		return event.Event{}, false, err
	}
	return e, false, nil
}

func text(s *expression.Scratch, field string, value *expression.Value, into *string, needed bool) error {
	if value != nil {
		v, _, fault := value.Text(s)
		if fault != nil {
			return &MapError{Field: field, Message: fault.Message}
		}
		*into = v
	}
	if needed && *into == "" {
		return &MapError{Field: field, Missing: true, Message: "the message has none: every event needs one"}
	}
	return nil
}

func (m *Mapper) mapTime(s *expression.Scratch, e *event.Event) error {
	if m.time == nil {
		return nil
	}
	at, _, fault := m.time.Time(s, m.zone)
	if fault != nil {
		return &MapError{Field: "time", Message: fault.Message}
	}
	e.Time = at
	return nil
}

func (m *Mapper) mapData(s *expression.Scratch, msg *Message, e *event.Event) error {
	if m.data != nil {
		data, _, fault := m.data.Object(s, nil)
		if fault != nil {
			return &MapError{Field: "data", Message: fault.Message}
		}
		e.Data = data
		return nil
	}
	switch {
	case len(e.Data) > 0:
	case msg.Row != nil:
		data, err := json.Marshal(msg.Row)
		if err != nil {
			return &MapError{Field: "data", Message: fmt.Sprintf("the row cannot be written as JSON: %v", err)}
		}
		e.Data = data
	case len(msg.Body) > 0:
		if !s.BodyIsObject() {
			return &MapError{Field: "data", Message: "the body is not a JSON object: write mapping.data"}
		}
		e.Data = msg.Body
	}
	return nil
}
