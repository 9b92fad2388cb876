// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// CloudEvents in JSON, alone or in batches, are read here and not by the official SDK: it takes five times as long, stops
// at an empty member name, and panics on a data_base64 that is no string. Tests hold both against each other.

// ceAttribute is a bit for each member of a CloudEvent in JSON that means something to us.
type ceAttribute uint16

const (
	ceSpecVersion ceAttribute = 1 << iota
	ceID
	ceType
	ceSource
	ceSubject
	ceTime
	ceDataContentType
	ceDataSchema
	ceData
	ceDataBase64
	ceAnonymousID
)

var ceAttributes = map[string]ceAttribute{
	"specversion": ceSpecVersion, "id": ceID, "type": ceType, "source": ceSource, "subject": ceSubject, "time": ceTime,
	"datacontenttype": ceDataContentType, "dataschema": ceDataSchema, "data": ceData, "data_base64": ceDataBase64, "anonymousid": ceAnonymousID,
}

// cloudEvent is a CloudEvent in JSON while it is read.
type cloudEvent struct {
	event       event.Event
	anonymousID string
	seen        ceAttribute
	contentType string
	data        gjson.Result
	base64      string
}

// cloudEventsReader reads the events of one request. Events of a request mostly share a source and a media type, so the
// last ones that were found valid are remembered.
type cloudEventsReader struct {
	source      string
	contentType string
	isJSON      bool
}

// readBatch reads a JSON array of CloudEvents.
func (c *cloudEventsReader) readBatch(body []byte) (messages []message, ps problems) {
	list, problem := parseJSON(body)
	if problem != nil {
		return nil, one(problem)
	}
	if !list.IsArray() {
		p := malformed("", "the batch is not a JSON array")
		p.Hint = "send an array of CloudEvents, or one event as " + cloudevents.ApplicationCloudEventsJSON
		return nil, one(p)
	}
	messages = make([]message, 0, len(body)/256)
	index := 0
	list.ForEach(func(_, item gjson.Result) bool {
		m, problem := c.read(item)
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

// readOne reads one CloudEvent in structured mode.
func (c *cloudEventsReader) readOne(body []byte) ([]message, problems) {
	item, problem := parseJSON(body)
	if problem != nil {
		return nil, one(problem)
	}
	m, problem := c.read(item)
	if problem != nil {
		return nil, one(problem)
	}
	m.index = -1
	return []message{m}, problems{}
}

func (c *cloudEventsReader) read(item gjson.Result) (m message, problem *Problem) {
	if !item.IsObject() {
		p := malformed("", "the event is not a JSON object")
		p.Hint = "send a CloudEvent, an object with specversion, id, source and type"
		return m, p
	}
	var ce cloudEvent
	item.ForEach(func(name, value gjson.Result) bool {
		problem = c.member(&ce, name.Str, value)
		return problem == nil
	})
	if problem == nil {
		problem = ce.required()
	}
	if problem == nil {
		problem = c.setData(&ce)
	}
	return message{event: ce.event, said: event.Statement{AnonymousID: ce.anonymousID}, body: bytesOf(strings.TrimSpace(item.Raw))}, problem
}

// member takes one member of the event's object.
func (c *cloudEventsReader) member(ce *cloudEvent, name string, value gjson.Result) *Problem {
	attribute, known := ceAttributes[name]
	if !known {
		return checkExtension(name, value)
	}
	if ce.seen&attribute != 0 {
		p := malformed(name, "%s is given twice", name)
		p.Hint = "send it once"
		return p
	}
	if attribute == ceData {
		ce.seen |= attribute
		ce.data = value
		return nil
	}
	if value.Type == gjson.Null {
		return nil // as if it were not there
	}
	if value.Type != gjson.String {
		p := malformed(name, "%s is not a string", name)
		p.Hint = "send it as a JSON string"
		return p
	}
	ce.seen |= attribute
	return c.attribute(ce, attribute, name, value.Str)
}

func (c *cloudEventsReader) attribute(ce *cloudEvent, attribute ceAttribute, name, value string) *Problem {
	switch attribute {
	case ceSpecVersion:
		return checkSpecVersion(value)
	case ceID:
		ce.event.ID = value
	case ceType:
		ce.event.Type = value
	case ceSource:
		ce.event.Source = value
		return c.checkSource(value)
	case ceSubject:
		ce.event.Contact = value
		if value != "" && strings.TrimSpace(value) == "" {
			return emptyAttribute(name)
		}
	case ceTime:
		return setTime(&ce.event, value)
	case ceDataContentType:
		ce.contentType = value
		return c.checkContentType(value)
	case ceDataSchema:
		if u, err := url.Parse(value); value != "" && err == nil && !u.IsAbs() {
			p := malformed(name, "dataschema is not an absolute URI")
			p.Hint = "send an absolute URI, or leave dataschema out"
			return p
		}
	case ceDataBase64:
		ce.base64 = value
	case ceAnonymousID: // an extension: a visitor's id, instead of the subject or beside it
		ce.anonymousID = value
	case ceData: // taken before, as it may be of any type
	}
	return nil
}

func (ce *cloudEvent) required() *Problem {
	switch e := &ce.event; {
	case ce.seen&ceSpecVersion == 0:
		p := malformed("specversion", "specversion is missing")
		p.Hint = `send "specversion": "1.0"`
		return p
	case strings.TrimSpace(e.ID) == "":
		return emptyAttribute("id")
	case strings.TrimSpace(e.Source) == "":
		return emptyAttribute("source")
	case strings.TrimSpace(e.Type) == "":
		p := emptyAttribute("type")
		p.Reason = MissingType
		return p
	case ce.seen&ceData != 0 && ce.seen&ceDataBase64 != 0:
		p := malformed("data", "data and data_base64 are both given")
		p.Hint = "send one of them"
		return p
	default:
		return nil
	}
}

// setData gives the event its JSON data. Text and other data that is no JSON is kept as a JSON string, for mappings.
func (c *cloudEventsReader) setData(ce *cloudEvent) *Problem {
	isJSON := ce.contentType == "" || c.isJSON
	switch {
	case ce.seen&ceDataBase64 != 0:
		return setBase64(ce, isJSON)
	case ce.seen&ceData == 0 || ce.data.Type == gjson.Null:
		return nil
	case !isJSON && ce.data.Type != gjson.String:
		p := malformed("data", "data is not a string although datacontenttype is not JSON")
		p.Value = shorten(ce.contentType)
		p.Hint = "send datacontenttype application/json"
		return p
	}
	ce.event.Data = bytesOf(ce.data.Raw)
	return nil
}

func setBase64(ce *cloudEvent, isJSON bool) *Problem {
	data, err := base64.StdEncoding.DecodeString(ce.base64)
	if err != nil {
		p := malformed("data_base64", "data_base64 is not valid base64")
		p.Hint = "encode the data with the standard alphabet and padding, or send JSON as data"
		return p
	}
	if len(data) == 0 {
		return nil
	}
	if !isJSON {
		return notJSON(ce.contentType)
	}
	value, problem := parseJSON(data)
	if problem != nil {
		problem.Field = "data_base64"
		return problem
	}
	ce.event.Data = bytesOf(strings.TrimSpace(value.Raw))
	return nil
}

// checkExtension holds a member that is no attribute of the specification against the rules for extensions. Their values
// are for mappings only.
func checkExtension(name string, value gjson.Result) *Problem {
	lower := strings.ToLower(name)
	if _, known := ceAttributes[lower]; known {
		p := malformed(lower, "the name of the attribute %s is not in lower case", lower)
		p.Hint = "write " + lower
		return p
	}
	if name == "" || strings.ContainsFunc(name, notAlphanumeric) {
		p := malformed(shorten(name), "the name of an attribute may only have letters and digits")
		p.Hint = "rename the attribute, or move it into data"
		return p
	}
	if value.IsObject() || value.IsArray() {
		p := malformed(shorten(name), "the attribute is an object or array")
		p.Hint = "move it into data"
		return p
	}
	if value.Type == gjson.Number && (value.Num > 1<<31-1 || value.Num < -1<<31) {
		p := malformed(shorten(name), "the attribute is a number of more than 32 bits")
		p.Hint = "send it as a string, or move it into data"
		return p
	}
	return nil
}

func notAlphanumeric(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

func checkSpecVersion(value string) *Problem {
	if value == cloudevents.CloudEventsVersionV1 {
		return nil
	}
	p := malformed("specversion", "the version of CloudEvents is not 1.0")
	p.Value = shorten(value)
	p.Hint = "send CloudEvents 1.0"
	return p
}

func (c *cloudEventsReader) checkSource(value string) *Problem {
	if value == c.source {
		return nil
	}
	if _, err := url.Parse(value); err != nil {
		p := malformed("source", "source is not a URI reference")
		p.Hint = "send a URI reference, such as https://shop.example.com/web"
		return p
	}
	c.source = value
	return nil
}

func (c *cloudEventsReader) checkContentType(value string) *Problem {
	if value != "" && value == c.contentType {
		return nil
	}
	media, _, err := mime.ParseMediaType(value)
	if err != nil {
		p := malformed("datacontenttype", "datacontenttype is not a media type")
		p.Value = shorten(value)
		p.Hint = "send application/json, or leave datacontenttype out"
		return p
	}
	c.contentType, c.isJSON = value, isJSONMedia(media)
	return nil
}

// isJSONMedia tells whether a media type, in lower case and without parameters, is JSON.
func isJSONMedia(media string) bool {
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

func setTime(e *event.Event, value string) *Problem {
	if value == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return invalidTime("time", value, "time is not in the form of RFC 3339")
	}
	e.Time = event.At(t)
	if e.Time < earliest {
		return invalidTime("time", value, "the time lies before 1970")
	}
	return nil
}

// readBinary reads a CloudEvent in binary mode: attributes in headers, data in the body.
func readBinary(header http.Header, body []byte) ([]message, problems) {
	m := message{index: -1}
	if p := setTime(&m.event, header.Get("Ce-Time")); p != nil {
		return nil, one(p)
	}
	ce, err := binding.ToEvent(context.Background(), cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(body))))
	if err == nil {
		err = ce.Validate()
	}
	if err != nil {
		return nil, one(binaryProblem(err))
	}
	if p := checkSpecVersion(ce.SpecVersion()); p != nil {
		return nil, one(p)
	}
	if len(body) > 0 {
		media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
		if header.Get("Content-Type") != "" && (err != nil || !isJSONMedia(media)) {
			return nil, one(notJSON(header.Get("Content-Type")))
		}
		data, problem := parseJSON(body)
		if problem != nil {
			return nil, one(problem)
		}
		m.event.Data = bytesOf(strings.TrimSpace(data.Raw))
	}
	ce.SetID(percentDecoded(ce.ID()))
	ce.SetType(percentDecoded(ce.Type()))
	if ce.Subject() != "" {
		ce.SetSubject(percentDecoded(ce.Subject()))
	}
	m.event.ID, m.event.Type, m.event.Contact, m.event.Source = ce.ID(), ce.Type(), ce.Subject(), ce.Source()
	m.said.AnonymousID = percentDecoded(header.Get("Ce-Anonymousid"))
	if m.body, err = ce.MarshalJSON(); err != nil {
		return nil, one(binaryProblem(err))
	}
	return []message{m}, problems{}
}

// binaryProblem says what the SDK found wrong, by the header's name.
func binaryProblem(err error) *Problem {
	if invalid, ok := errors.AsType[cloudevents.ValidationError](err); ok {
		for _, name := range [...]string{"specversion", "id", "source", "type", "subject", "datacontenttype", "dataschema"} {
			if invalid[name] == nil {
				continue
			}
			p := emptyAttribute(name)
			if name == "type" {
				p.Reason = MissingType
			}
			p.Hint = "send it as the header ce-" + name
			return p
		}
	}
	p := malformed("", "the headers are not a CloudEvent in binary mode")
	p.Hint = "send ce-specversion 1.0, ce-id, ce-source and ce-type, and ce-time in the form of RFC 3339"
	return p
}

// percentDecoded undoes the percent encoding that CloudEvents ask for in headers. What is none stays as it is.
func percentDecoded(value string) string {
	if !strings.Contains(value, "%") {
		return value
	}
	decoded, err := url.PathUnescape(value)
	if err != nil {
		return value
	}
	return decoded
}

func emptyAttribute(name string) *Problem {
	p := malformed(name, "%s is missing, empty or not valid", name)
	p.Hint = "send " + name + " with every event"
	return p
}

func notJSON(contentType string) *Problem {
	return unsupported("datacontenttype", contentType, "send JSON with the media type application/json", "the data is not JSON")
}

func tooManyEvents() *Problem {
	return tooLarge("", "send smaller batches", "the request holds more than %d events", MaxEvents)
}
