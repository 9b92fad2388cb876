// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Bounds of a request. They keep one sender from filling what all share.
const (
	// MaxEvents is how many messages one request may hold.
	MaxEvents = 10_000
	// MaxEventBytes bounds an event: its attributes and its data together.
	MaxEventBytes = 256 << 10
	// MaxContactBytes, MaxTypeBytes, MaxIDBytes and MaxSourceBytes bound an event's attributes.
	MaxContactBytes = 255
	MaxTypeBytes    = 255
	MaxIDBytes      = 255
	MaxSourceBytes  = 1024
)

// reservedPrefix begins the types that only Waymark itself may use.
const reservedPrefix = "waymark."

// The span of times that Waymark can mean. Earlier ones come from clocks that were never set.
var (
	earliest = event.At(time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC)) // zero is what unset clocks say
	latest   = event.At(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
)

// message is one message of a request between being read and being admitted.
type message struct {
	event event.Event // as the protocol says it; a time or id that it lacks is zero
	said  event.Statement
	body  []byte // the message's JSON, for mappings
	index int    // in the batch, or -1 where there is only one
}

// admission turns the messages of one request into events.
type admission struct {
	feed     *feed
	request  *http.Request
	received event.Time
	segment  bool // the messages are Segment's, and problems name its fields

	events   []event.Event
	told     []event.Event // to others, about the contacts of events
	dropped  int
	clamped  int
	problems problems
}

// admit maps, checks and collects the messages.
func (a *admission) admit(messages []message) {
	if a.feed.fault != nil {
		a.problems.add(&Problem{
			Reason: MappingFailed, Error: "the feed's mapping does not compile", status: http.StatusServiceUnavailable,
			Hint: "correct spec.mapping of the EventFeed: its Ready condition says what is wrong", retryAfter: time.Minute,
		})
		return
	}
	var view definition.Message
	if a.feed.mapper != nil {
		view.Headers, view.Query = mappingView(a.request)
	}
	a.events = make([]event.Event, 0, len(messages))
	for i := range messages {
		m := &messages[i]
		view.Body = m.body
		keep, problem := a.complete(view, m)
		switch {
		case problem != nil && m.index >= 0:
			a.problems.add(problem.at(m.index))
		case problem != nil:
			a.problems.add(problem)
		case keep:
			a.events = append(a.events, m.event)
		default:
			a.dropped++
		}
	}
}

// complete makes m.event whole, or says what is wrong with it.
func (a *admission) complete(view definition.Message, m *message) (keep bool, problem *Problem) {
	e := &m.event
	m.name()
	if a.feed.mapper != nil {
		drop, problem := a.feed.mapEvent(view, e)
		if drop || problem != nil {
			return false, problem
		}
	}
	e.Received = a.received
	stated := e.Time != 0
	if !stated {
		e.Time = a.received
	}
	if e.ID == "" {
		e.ID = bodyID(m.body, e.Time)
	}
	if problem = a.check(e); problem != nil {
		return false, problem
	}
	if id, anonymous := event.AnonymousID(e.Contact); anonymous && id != m.said.AnonymousID {
		return false, notText(a.contactField()) // somebody wrote what only ingest may
	}
	e.Clamp()
	if e.Flags&event.Clamped != 0 {
		a.clamped++
	}
	if a.feed.Public {
		e.Flags |= event.Public
	}
	return true, a.relate(m)
}

// bodyID identifies a message that has no id by its content and time. Where the message states its time, a repetition
// is the same event; where it does not, the time is that of its arrival and a repetition is another.
func bodyID(body []byte, t event.Time) string {
	h := sha256.New()
	_, _ = h.Write(strconv.AppendInt(nil, int64(t), 10)) // never fails, by hash.Hash
	_, _ = h.Write([]byte{' '})
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// check holds an event against Waymark's rules and the feed's.
func (a *admission) check(e *event.Event) *Problem {
	if p := a.checkType(e.Type); p != nil {
		return p
	}
	contact, _ := event.AnonymousID(e.Contact)
	if contact == "" {
		return a.missingContact()
	}
	for _, attribute := range [...]struct {
		field, value string
		limit        int
	}{
		{a.contactField(), contact, MaxContactBytes},
		{"type", e.Type, MaxTypeBytes},
		{"id", e.ID, MaxIDBytes},
		{"source", e.Source, MaxSourceBytes},
	} {
		if p := checkText(attribute.field, attribute.value, attribute.limit); p != nil {
			return p
		}
	}
	if e.Time < earliest || e.Time > latest {
		return invalidTime("time", e.Time.UTC().Format(time.RFC3339), "the time lies before 1970 or after 9999")
	}
	if len(e.Data) > 0 && !isObject(e.Data) {
		p := malformed("data", "data is %s, not a JSON object", kindOf(e.Data))
		p.Hint = "send an object as data, or make one with mapping.data"
		p.status = http.StatusUnprocessableEntity
		return p
	}
	if size := len(e.Contact) + len(e.Type) + len(e.ID) + len(e.Source) + len(e.Data); size > MaxEventBytes {
		return tooLarge("data", "send less data with the event", "the event has %d bytes, more than %d", size, MaxEventBytes)
	}
	return nil
}

func checkText(field, value string, limit int) *Problem {
	if len(value) > limit {
		p := malformed(field, "%s has %d bytes, more than %d", field, len(value), limit)
		p.Hint = "send a shorter " + field
		return p
	}
	if strings.ContainsFunc(value, isControl) || !utf8.ValidString(value) {
		return notText(field)
	}
	return nil
}

func notText(field string) *Problem {
	p := malformed(field, "%s contains a control character or is not valid UTF-8", field)
	p.Hint = "send text without control characters, encoded as UTF-8"
	return p
}

func (a *admission) checkType(t string) *Problem {
	if strings.TrimSpace(t) == "" {
		field := "type"
		if a.segment {
			field = "event"
		}
		return &Problem{
			Reason: MissingType, Field: field, status: http.StatusUnprocessableEntity,
			Error: field + " is missing: the message does not say what happened",
			Hint:  "send " + field + ", such as order.completed",
		}
	}
	if strings.HasPrefix(t, reservedPrefix) {
		return &Problem{
			Reason: ReservedType, Field: "type", Value: shorten(t), status: http.StatusUnprocessableEntity,
			Error: "types that begin with waymark. are Waymark's own", Hint: "choose another type",
		}
	}
	if !a.feed.Allows(t) {
		return &Problem{
			Reason: TypeNotAllowed, Field: "type", Value: shorten(t), status: http.StatusForbidden,
			Error: "the feed does not take this type", Hint: "add it to spec.allowTypes of the EventFeed, or do not send it",
		}
	}
	return nil
}

func (a *admission) contactField() string {
	if a.segment {
		return "userId"
	}
	return "subject"
}

func (a *admission) missingContact() *Problem {
	p := &Problem{
		Reason: MissingContact, Field: "subject", status: http.StatusUnprocessableEntity,
		Error: "subject is missing: the event does not say who did it",
		Hint:  "send the contact's id as subject, or a visitor's as anonymousid, or name another place with mapping.contact of the EventFeed",
	}
	if a.segment {
		p.Field, p.Error = "userId", "userId and anonymousId are both missing: the call does not say who did it"
		p.Hint = "send userId or anonymousId"
	}
	return p
}

func invalidTime(field, value, problem string) *Problem {
	return &Problem{
		Reason: InvalidTime, Field: field, Value: shorten(value), Error: problem, status: http.StatusUnprocessableEntity,
		Hint: "send a time of RFC 3339, such as 2026-11-02T09:30:00Z",
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7F }

// kindOf names the kind of a raw JSON value for people.
func kindOf(raw []byte) string {
	switch v := gjson.ParseBytes(raw); {
	case v.IsArray():
		return "an array"
	case v.Type == gjson.String:
		return "a string"
	case v.Type == gjson.Number:
		return "a number"
	case v.IsBool():
		return "true or false"
	default:
		return "null"
	}
}

// appendProblems adds what was dropped or refused to an answer that reports success.
func (a *admission) appendProblems(answer []byte) []byte {
	if a.dropped > 0 {
		answer = strconv.AppendInt(append(answer, `,"dropped":`...), int64(a.dropped), 10)
	}
	if a.problems.total == 0 {
		return answer
	}
	answer = strconv.AppendInt(append(answer, `,"refused":`...), int64(a.problems.total), 10)
	listed, err := json.Marshal(a.problems.listed)
	if err != nil {
		return answer // cannot be: problems are plain text
	}
	return append(append(answer, `,"problems":`...), listed...)
}
