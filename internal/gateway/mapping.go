// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// Message is what a feed's mapping sees of one message.
type Message struct {
	// Body is the message's JSON: a CloudEvent, a Segment call, or a webhook's object or form. It must not be changed.
	Body []byte
	// Headers are the request's, in lower case, without those that carry keys.
	Headers map[string]string
	// Query are the request's query parameters, without the write key.
	Query map[string]string
}

// Mapper gives an event the attributes that a feed's mapping states.
type Mapper interface {
	// Map overrides what the mapping names in e, which holds the protocol's own values, and tells whether to drop the
	// message. An error says which expression failed and why, without the message's values.
	Map(m Message, e *event.Event) (drop bool, err error)
}

// CompileMapping makes the mappers of one feed. A Mapper is used by one goroutine at a time; the function that is returned
// may be called from many.
type CompileMapping func(f definition.Feed) (newMapper func() (Mapper, error), err error)

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
