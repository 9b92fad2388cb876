// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// readWebhook reads one JSON object, or an array of them, whose meaning the feed's mapping knows.
func readWebhook(body []byte, source string) (messages []message, ps problems) {
	value, problem := parseJSON(body)
	switch {
	case problem != nil:
		return nil, one(problem)
	case value.IsObject():
		return []message{webhookMessage(value, source, -1)}, ps
	case !value.IsArray():
		return nil, one(notObject())
	}
	index := 0
	value.ForEach(func(_, item gjson.Result) bool {
		if item.IsObject() {
			messages = append(messages, webhookMessage(item, source, index))
		} else {
			ps.add(notObject().at(index))
		}
		index++
		return index <= MaxEvents
	})
	if index > MaxEvents {
		return nil, one(tooManyEvents())
	}
	return messages, ps
}

func webhookMessage(item gjson.Result, source string, index int) message {
	raw := bytesOf(strings.TrimSpace(item.Raw))
	return message{event: event.Event{Source: source, Data: raw}, body: raw, index: index}
}

// readForm reads a URL-encoded form as an object: a field that comes once is a string, one that repeats an array.
func readForm(body []byte, source string) ([]message, problems) {
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		p := malformed("", "the body is not a URL-encoded form")
		p.Hint = "encode the form's fields as application/x-www-form-urlencoded"
		return nil, one(p)
	}
	form := make(map[string]any, len(fields))
	for name, values := range fields {
		if len(values) == 1 {
			form[name] = values[0]
		} else {
			form[name] = values
		}
	}
	raw, err := json.Marshal(form) // sorts the names, so that equal forms are equal bytes
	if err != nil {
		return nil, one(malformed("", "the form cannot be read as text"))
	}
	return []message{{event: event.Event{Source: source, Data: raw}, body: raw, index: -1}}, problems{}
}

func notObject() *Problem {
	p := malformed("", "the message is not a JSON object")
	p.Hint = "send an object, or an array of objects"
	return p
}
