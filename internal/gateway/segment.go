// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"time"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// segmentReader reads the calls of one request of the Segment HTTP Tracking API.
type segmentReader struct {
	source   string       // of the events: the feed's key
	received event.Time   // when the request came
	sentAt   event.Time   // when the sender's clock says that it was sent; 0 is unknown
	context  gjson.Result // of a batch: what its calls have in common
}

// read reads the body of a path's call: one call, or a batch of them.
func (s *segmentReader) read(path call, body gjson.Result) (messages []message, ps problems) {
	if !body.IsObject() {
		p := malformed("", "the body is not a JSON object")
		p.Hint = "send a call, such as {\"userId\": ..., \"event\": ...}, or {\"batch\": [...]} to /v1/batch"
		return nil, one(p)
	}
	s.sentAt, _ = segmentTime(body.Get("sentAt"))
	if path != callBatch {
		m, problem := s.call(path, body)
		if problem != nil {
			return nil, one(problem)
		}
		m.index = -1
		return []message{m}, ps
	}
	batch := body.Get("batch")
	if !batch.IsArray() {
		p := malformed("batch", "batch is missing or not an array")
		p.Hint = `send {"batch": [...]} with one call an item`
		return nil, one(p)
	}
	s.context = body.Get("context")
	index := 0
	batch.ForEach(func(_, item gjson.Result) bool {
		m, problem := s.call(call(item.Get("type").Str), item)
		m.index = index
		if problem == nil {
			messages = append(messages, m)
		} else {
			ps.add(problem.at(index))
		}
		index++
		return index <= MaxEvents
	})
	if index > MaxEvents {
		return nil, one(tooManyEvents())
	}
	return messages, ps
}

// call reads one call. The event's type is what a track call names, and for the others the name of the call.
func (s *segmentReader) call(kind call, item gjson.Result) (m message, problem *Problem) {
	if !item.IsObject() {
		p := malformed("", "the call is not a JSON object")
		p.Hint = "send a call, such as {\"type\": \"track\", \"userId\": ..., \"event\": ...}"
		return m, p
	}
	userID, problem := identifier(item, "userId")
	if problem != nil {
		return m, problem
	}
	anonymousID, problem := identifier(item, "anonymousId")
	if problem != nil {
		return m, problem
	}
	stated, problem := statedTime(item)
	if problem != nil {
		return m, problem
	}
	m.body = bytesOf(item.Raw)
	m.event = event.Event{Source: s.source, Contact: userID, ID: item.Get("messageId").String(), Time: s.correct(stated)}
	m.said = event.Statement{Type: string(kind), AnonymousID: anonymousID}
	if kind == callAlias {
		if m.said.PreviousID, problem = identifier(item, "previousId"); problem != nil {
			return m, problem
		}
	}
	if m.event.ID == "" && stated != 0 {
		m.event.ID = bodyID(m.body, stated) // by the stated time, as the corrected one differs when the call is sent again
	}
	problem = s.setTypeAndData(&m.event, kind, item, member{"userId", userID}, member{"anonymousId", anonymousID})
	return m, problem
}

// setTypeAndData gives the event its type and, as data, what funnels ask for: the properties of a call as they are, and
// beside them its context, its ids and what else the call has, each where the properties do not use its name.
func (s *segmentReader) setTypeAndData(e *event.Event, kind call, item gjson.Result, userID, anonymousID member) *Problem {
	data := newObject()
	e.Type = string(kind)
	switch kind {
	case callTrack:
		e.Type = item.Get("event").Str
		data.addAll(item.Get("properties"))
	case callPage, callScreen:
		data.addAll(item.Get("properties"))
		data.addRaw("name", item.Get("name"))
		data.addRaw("category", item.Get("category"))
	case callIdentify:
		data.addRaw("traits", item.Get("traits"))
	case callGroup:
		data.addRaw("groupId", item.Get("groupId"))
		data.addRaw("traits", item.Get("traits"))
	case callAlias:
		data.addRaw("previousId", item.Get("previousId"))
	case callBatch, callMetrics, noCall:
		fallthrough
	default:
		p := malformed("type", "the call is none of track, identify, page, screen, group and alias")
		p.Value = shorten(string(kind))
		p.Hint = "send type with every call of a batch"
		return p
	}
	data.addText(userID)
	data.addText(anonymousID)
	data.addRaw("context", s.withBatchContext(item.Get("context")))
	e.Data = data.bytes()
	return nil
}

// withBatchContext completes a call's context with what its batch has in common.
func (s *segmentReader) withBatchContext(own gjson.Result) gjson.Result {
	if !s.context.IsObject() {
		return own
	}
	if !own.IsObject() {
		return s.context
	}
	both := newObject()
	both.addAll(own)
	both.addAll(s.context)
	return gjson.ParseBytes(both.bytes())
}

// correct takes a sender's wrong clock out of a time: what it calls sentAt was, but for the way, when the request came.
func (s *segmentReader) correct(stated event.Time) event.Time {
	if stated == 0 || s.sentAt == 0 {
		return stated
	}
	return s.received - (s.sentAt - stated)
}

// identifier reads an id. Some senders give numbers.
func identifier(item gjson.Result, name string) (string, *Problem) {
	switch v := item.Get(name); v.Type {
	case gjson.Null: // also when it is not there
		return "", nil
	case gjson.String:
		return v.Str, nil
	case gjson.Number:
		return v.Raw, nil
	default:
		p := malformed(name, "%s is not a string", name)
		p.Hint = "send it as a JSON string"
		return "", p
	}
}

// statedTime reads when a call says that it happened; 0 when it does not say.
func statedTime(item gjson.Result) (event.Time, *Problem) {
	field := "timestamp"
	value := item.Get(field)
	if !value.Exists() {
		field = "originalTimestamp"
		value = item.Get(field)
	}
	if value.Type == gjson.Null || value.Type == gjson.String && value.Str == "" {
		return 0, nil
	}
	t, ok := segmentTime(value)
	if !ok {
		return 0, invalidTime(field, value.Str, field+" is not in the form of RFC 3339")
	}
	if t < earliest {
		return 0, invalidTime(field, value.Str, "the time lies before 1970")
	}
	return t, nil
}

// segmentTimeLayouts are the forms that Segment's libraries write times in; one without a zone is in UTC.
var segmentTimeLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"}

func segmentTime(value gjson.Result) (event.Time, bool) {
	if value.Type != gjson.String {
		return 0, false
	}
	for _, layout := range segmentTimeLayouts {
		if t, err := time.Parse(layout, value.Str); err == nil {
			return event.At(t), true
		}
	}
	return 0, false
}

// segmentKey is the write key in a body, or empty. Segment's libraries for browsers send it there.
func segmentKey(body gjson.Result) string {
	if key := body.Get("writeKey").Str; key != "" {
		return key
	}
	return body.Get("batch.0.writeKey").Str
}

// member is a named text of an object.
type member struct{ name, text string }

// object builds a JSON object in which the first of several members with one name stays.
type object struct {
	raw   []byte
	names map[string]bool
}

func newObject() *object {
	return &object{raw: []byte{'{'}, names: make(map[string]bool, 8)}
}

// addAll adds the members of another object; of anything else, none.
func (o *object) addAll(from gjson.Result) {
	if !from.IsObject() {
		return
	}
	from.ForEach(func(name, value gjson.Result) bool {
		o.addRaw(name.Str, value)
		return true
	})
}

func (o *object) addRaw(name string, value gjson.Result) {
	if value.Type != gjson.Null && o.start(name) {
		o.raw = append(o.raw, value.Raw...)
	}
}

func (o *object) addText(m member) {
	if m.text != "" && o.start(m.name) {
		o.raw = gjson.AppendJSONString(o.raw, m.text)
	}
}

// start begins a member, unless there is one of that name.
func (o *object) start(name string) bool {
	if o.names[name] {
		return false
	}
	o.names[name] = true
	if len(o.raw) > 1 {
		o.raw = append(o.raw, ',')
	}
	o.raw = append(gjson.AppendJSONString(o.raw, name), ':')
	return true
}

// bytes is the object's JSON; nil when it has no members.
func (o *object) bytes() []byte {
	if len(o.raw) == 1 {
		return nil
	}
	return append(o.raw, '}')
}
