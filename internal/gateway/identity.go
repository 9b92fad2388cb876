// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/waymark-dev/waymark/internal/event"
)

// name gives an event that a visitor did whom nobody knows the visitor's contact.
func (m *message) name() {
	if m.event.Contact == "" && m.said.AnonymousID != "" {
		m.event.Contact = event.Anonymous(m.said.AnonymousID)
	}
}

// relate collects what others are to be told about the event's contact.
func (a *admission) relate(m *message) *Problem {
	if m.said.Type == "" { // Segment's calls say what they are
		m.said.Type = m.event.Type
	}
	if m.said.Type != event.Identify && m.said.Type != event.AliasType {
		return nil
	}
	if m.said.Type == event.AliasType && m.said.PreviousID == "" {
		m.said.PreviousID = gjson.GetBytes(m.event.Data, "previousId").String()
	}
	if p := checkText("anonymousId", m.said.AnonymousID, MaxContactBytes); p != nil {
		return p
	}
	if p := checkText("previousId", m.said.PreviousID, MaxContactBytes); p != nil {
		return p
	}
	told, refused := event.Relate(&m.event, m.said, !a.feed.Public)
	if refused {
		return &Problem{
			Reason: NotTrusted, Field: "previousId", status: http.StatusForbidden,
			Error: "the feed's trust is Public: it cannot join two known contacts",
			Hint:  "send the alias from a server, through an EventFeed with trust Server",
		}
	}
	a.told = append(a.told, told...)
	return nil
}
