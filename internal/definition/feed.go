// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"
	"strings"
)

// Feeds is all that an ingest needs to know, as one file that is replaced whole. It holds write keys, so it lies in a Secret.
type Feeds struct {
	// Version is a hash of the rest; ingest reports the one that it serves.
	Version string `json:"version"`
	// Feeds are in the order of their keys.
	Feeds []Feed `json:"feeds"`
}

// Feed is the meaning of an HTTP EventFeed.
type Feed struct {
	// Namespace and Name are the resource's; the feed is served at /{Namespace}/{Name}.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Protocols the feed accepts: CloudEvents, Segment, Webhook.
	Protocols []string `json:"protocols"`
	// WriteKeys authorise a sender, any of them. Empty means that none is asked for.
	WriteKeys []string `json:"writeKeys,omitempty"`
	// Public is set for keys that live in browsers.
	Public bool `json:"public,omitempty"`
	// AllowTypes bounds the event types; empty allows all but Waymark's own.
	AllowTypes []string `json:"allowTypes,omitempty"`
	// Mapping says how a message becomes an event.
	Mapping Mapping `json:"mapping,omitzero"`
	// AllowOrigins are the origins a browser may send from; "*" is any.
	AllowOrigins []string `json:"allowOrigins,omitempty"`
	// EventsPerSecond and Burst bound the feed's rate; 0 is unbounded.
	EventsPerSecond int `json:"eventsPerSecond,omitempty"`
	Burst           int `json:"burst,omitempty"`
	// MaxBodyBytes bounds a request's body after decompression.
	MaxBodyBytes int64 `json:"maxBodyBytes"`
}

// Allows says whether the feed takes events of a type by its AllowTypes, where one that ends in ".*" stands for all that begin like it.
func (f *Feed) Allows(eventType string) bool {
	return len(f.AllowTypes) == 0 || slices.ContainsFunc(f.AllowTypes, func(allowed string) bool {
		begin, all := strings.CutSuffix(allowed, "*")
		return allowed == eventType || all && strings.HasSuffix(begin, ".") && strings.HasPrefix(eventType, begin)
	})
}

// Mapping holds CEL expressions that turn a message into an event; an empty one keeps the protocol's own value.
// For CloudEvents and Segment they see `event` (id, source, type, contact, time, data as the protocol gives them); for plain
// webhooks and CSV rows `body`; for all of HTTP also `headers` and `query`.
type Mapping struct {
	Contact string `json:"contact,omitempty"`
	Type    string `json:"type,omitempty"`
	// Time gives a timestamp, a string (RFC 3339, or 2006-01-02 15:04:05 in TimeZone) or a number of seconds or milliseconds.
	Time string `json:"time,omitempty"`
	ID   string `json:"id,omitempty"`
	Data string `json:"data,omitempty"`
	// Drop is a condition; a message for which it is true is accepted and not kept.
	Drop string `json:"drop,omitempty"`
	// TimeZone is for times without one.
	TimeZone string `json:"timeZone,omitempty"`
}
