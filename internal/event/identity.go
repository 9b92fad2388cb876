// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"strings"
)

// anonymousPrefix begins the contacts that are visitors nobody knows yet. Ingest takes no id with a control character, so that no known
// contact's id begins like that.
const anonymousPrefix = "\x01"

// Types by which ingest tells the fold who is who. Like all that begin with "waymark." nobody else can send them.
const (
	// Linked happens to an anonymous contact: from then on, or up to then, it is a known one. See Link.
	Linked = "waymark.linked"
	// Aliased happens to two known contacts that are one person. See Alias.
	Aliased = "waymark.aliased"
)

// Anonymous gives the contact of a visitor who is known by an anonymous id only.
func Anonymous(id string) (contact string) { return anonymousPrefix + id }

// AnonymousID gives the id as the sender wrote it, and whether the contact is an anonymous one.
func AnonymousID(contact string) (id string, anonymous bool) {
	return strings.CutPrefix(contact, anonymousPrefix)
}

// Types by which senders say who a contact is.
const (
	// Identify says that a known contact is a visitor; its data.traits are attributes of the contact.
	Identify = "identify"
	// AliasType says that a known contact is another one.
	AliasType = "alias"
)

// Statement is what a message says about who its contact is, beside its event.
type Statement struct {
	// Type is Identify or AliasType; any other says nothing.
	Type string
	// AnonymousID is the visitor's id, and PreviousID what an alias names; empty is none.
	AnonymousID, PreviousID string
}

// Relate gives what others are to be told of a statement about e's contact. Refused is set when that joins two known contacts and the
// sender is not trusted to.
func Relate(e *Event, s Statement, trusted bool) (told []Event, refused bool) {
	if !isKnown(e.Contact) {
		return nil, false
	}
	switch s.Type {
	case Identify:
	case AliasType:
		if s.PreviousID != "" && s.PreviousID != s.AnonymousID {
			if s.PreviousID == e.Contact {
				return nil, false
			}
			if !trusted {
				return nil, true
			}
			both := Alias(e, s.PreviousID)
			return append(both[:], Link(e, s.PreviousID)), false // servers name a visitor just so
		}
	default:
		return nil, false
	}
	if s.AnonymousID == "" {
		return nil, false
	}
	return []Event{Link(e, s.AnonymousID)}, false
}

// linkData and aliasData are the data of the two types.
type linkData struct {
	Contact string `json:"contact"`
}

type aliasData struct {
	Contacts [2]string `json:"contacts"`
}

// Link gives the event that goes to the anonymous contact when e says that it is e's known contact.
func Link(e *Event, anonymousID string) Event {
	return tell(e, Anonymous(anonymousID), Linked, linkData{e.Contact})
}

// LinkedTo gives the known contact that a Linked event names; false when it names none.
func LinkedTo(e *Event) (contact string, ok bool) {
	var data linkData
	if json.Unmarshal(e.Data, &data) != nil || !isKnown(data.Contact) {
		return "", false
	}
	return data.Contact, true
}

// Alias gives the events that go to both contacts when e says that its known contact is another known one, too.
func Alias(e *Event, other string) [2]Event {
	data := aliasData{[2]string{e.Contact, other}}
	return [2]Event{tell(e, e.Contact, Aliased, data), tell(e, other, Aliased, data)}
}

// AliasOf gives the event by which a contact is told that two others are one person.
func AliasOf(contact, origin, a, b string) Event {
	e := Event{Source: "waymark", ID: a + "\x00" + b}
	told := tell(&e, contact, Aliased, aliasData{[2]string{a, b}})
	told.Origin = origin
	return told
}

// Aliases gives the known contacts that an Aliased event joins; false when it names none.
func Aliases(e *Event) (a, b string, ok bool) {
	var data aliasData
	if json.Unmarshal(e.Data, &data) != nil || !isKnown(data.Contacts[0]) || !isKnown(data.Contacts[1]) {
		return "", "", false
	}
	return data.Contacts[0], data.Contacts[1], data.Contacts[0] != data.Contacts[1]
}

func isKnown(contact string) bool {
	_, anonymous := AnonymousID(contact)
	return contact != "" && !anonymous
}

func tell(e *Event, contact, kind string, data any) Event {
	told := *e
	told.Contact, told.Type = contact, kind
	told.Data, _ = json.Marshal(data) // texts always can be written
	return told
}

// Forward makes e a copy for another contact's partition.
func Forward(e *Event, to string) {
	if e.Origin == "" {
		e.Origin = e.Contact
	}
	e.Contact = to
}
