// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// mapEvent gives the event what the feed's mapping states, and tells whether the mapping drops the message.
func (f *feed) mapEvent(view definition.Message, e *event.Event) (drop bool, problem *Problem) {
	view.Event = *e
	mapped, drop, err := f.mapper.Map(&view)
	if err != nil {
		return false, mapProblem(err)
	}
	if f.Mapping.Data == "" {
		mapped.Data = e.Data // the protocol's, even where it has none
	}
	*e = mapped
	return drop, nil
}

// mapProblem tells a message that lacks something from a mapping that fails.
func mapProblem(err error) *Problem {
	p := &Problem{
		Reason: MappingFailed, Error: fmt.Sprintf("the feed's mapping failed: %v", err), status: http.StatusUnprocessableEntity,
		Hint: "send the fields that the mapping reads, or correct spec.mapping of the EventFeed",
	}
	var fault *definition.MapError
	if !errors.As(err, &fault) || !fault.Missing {
		return p
	}
	p.Field = "mapping." + fault.Field
	p.Reason = MissingType
	p.Error = "the message does not say what happened: neither the protocol nor the feed's mapping gives a type"
	if fault.Field == "contact" {
		p.Reason = MissingContact
		p.Error = "the message does not say who did it: neither the protocol nor the feed's mapping gives a contact"
	}
	p.Hint = "send what " + p.Field + " of the EventFeed reads, or leave such messages out with mapping.drop"
	return p
}

// secretHeaders never reach a mapping, so that no key can end up in an event.
var secretHeaders = map[string]bool{"authorization": true, "x-waymark-key": true, "cookie": true, "proxy-authorization": true}

// mappingView gives the parts of a request that mappings see.
func mappingView(r *http.Request) (headers, query map[string]string) {
	headers = make(map[string]string, len(r.Header))
	for name, values := range r.Header {
		if name = strings.ToLower(name); !secretHeaders[name] {
			headers[name] = values[0]
		}
	}
	parameters, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		parameters = nil // a broken query is none
	}
	query = make(map[string]string, len(parameters))
	for name, values := range parameters {
		if name != "writeKey" {
			query[name] = values[0]
		}
	}
	return headers, query
}
