// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package record defines what a partition of the event log holds: chunks of events from ingest, and the owner's own records
// (epochs, ticks, definitions). Together they are all that the fold ever sees.
package record

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
)

// Format is the version of the stored form. A reader refuses a record of a version that it does not know.
const Format = 1

// ErrCorrupt is wrapped by every error that decoding gives.
var ErrCorrupt = errors.New("corrupt log record")

// Kind says what a record is.
type Kind uint8

const (
	// Events is a chunk of events, in the order of their acceptance (package event).
	Events Kind = 1
	// Epoch is an owner's first record: it fences every earlier owner and states with what it folds.
	Epoch Kind = 2
	// Tick moves the partition's clock. Nothing else does, but for Epoch, which carries a tick of its own.
	Tick Kind = 3
	// Apply brings a new or changed definition; its numbers are computed from the retained log before it is activated.
	Apply Kind = 4
	// Activate puts a definition's computed version in force from this record on.
	Activate Kind = 5
	// Remove withdraws a definition.
	Remove Kind = 6
	// Delivered says that events were forwarded to the partitions of other contacts, so that they need not be again.
	Delivered Kind = 7
	// Term says that an operator of a later term has spoken: what an earlier one still says is ignored from this record on.
	Term Kind = 8
	// Signals are copies, for others, of what the fold derived from the records before: drop-offs, and that one was disproved.
	Signals Kind = 9
	// Claims asks to send messages: the fold looks at each again and grants it or does not. Only what is granted is sent.
	Claims Kind = 10
	// Suppressions are addresses that nothing is sent to any more, or again. Every partition of a log has them all.
	Suppressions Kind = 11
	// Standing changes what a scenario is told besides its meaning.
	Standing Kind = 12
	// Pauses stop channels or let them go on.
	Pauses Kind = 13
	// Handed says up to where the events of this partition lie durably in the partitions of the units that they tell of.
	Handed Kind = 14
)

// Record is one message of the log: exactly the field that Kind names is set.
type Record struct {
	Kind      Kind
	Chunk     []byte // Events: encoded events, see event.Next
	Epoch     EpochRecord
	Tick      event.Time
	Apply     ApplyRecord
	Activate  VersionRecord
	Remove    RemoveRecord
	Delivered []Delivery
	Term      TermRecord
	Signals   []Signal
	Claims    ClaimsRecord
	// Suppressions are in the order in which they count.
	Suppressions []Suppression
	Standing     StandingRecord
	Pauses       []Pause
	Handed       HandedRecord
}

// EpochRecord opens an owner's time.
type EpochRecord struct {
	// Epoch counts owners of this partition from 1.
	Epoch uint64 `json:"epoch"`
	// Engine is the version of the fold's rules; a runner that lacks it refuses the log.
	Engine int `json:"engine"`
	// TimeZoneData is the version of the time zone rules that days are cut by.
	TimeZoneData string `json:"timeZoneData"`
	// Time is the owner's clock at the take-over; it acts as a tick.
	Time event.Time `json:"time"`
}

// ApplyRecord carries one definition.
type ApplyRecord struct {
	// Key is kind/namespace/name, the definition's identity.
	Key string `json:"key"`
	// Version is the hash of Definition's meaning.
	Version string `json:"version"`
	// UID and Generation are the resource's, and Leader the operator's term: an older one is ignored.
	UID        string `json:"uid"`
	Generation int64  `json:"generation"`
	Leader     uint64 `json:"leader"`
	// Definition is the meaning itself as canonical JSON (package definition).
	Definition json.RawMessage `json:"definition"`
	// Source is what the operator wants to be given back with the version, whatever that is.
	Source json.RawMessage `json:"source,omitempty"`
	// Standing is, of a scenario, what comes into force together with the version (a definition.Standing as canonical JSON); empty leaves
	// it as it was.
	Standing json.RawMessage `json:"standing,omitempty"`
}

// VersionRecord names one version of one definition.
type VersionRecord struct {
	Key     string `json:"key"`
	Version string `json:"version,omitempty"`
}

// Delivery says how much of one contact's events lies durably in the partition of another contact.
type Delivery struct {
	// From and To are the contacts.
	From string `json:"from"`
	To   string `json:"to"`
	// Through is the place in the log of From's last event that was forwarded (package engine); 0 is none.
	Through uint64 `json:"through,omitempty"`
	// Aliases is how many of the aliases that From knows of To was told.
	Aliases int `json:"aliases,omitempty"`
}

// RemoveRecord withdraws one definition.
type RemoveRecord struct {
	// Key is the definition's.
	Key string `json:"key"`
	// UID and Generation are those of the resource that was withdrawn: one that was created anew or edited since stays. An empty UID
	// withdraws whatever there is.
	UID        string `json:"uid,omitempty"`
	Generation int64  `json:"generation,omitempty"`
	// Leader is the operator's term: an older one is ignored.
	Leader uint64 `json:"leader"`
}

// TermRecord is an operator's first word.
type TermRecord struct {
	// Leader is its term; terms never repeat.
	Leader uint64 `json:"leader"`
}

// Signal is a contact's drop-off from a funnel, or that it was none; or that it became a member of a segment or stopped being one.
type Signal struct {
	// ID names the drop-off: by the definition's key, the stage, the contact and the event. There is one signal of an ID, and at most one
	// that it is retracted.
	ID string `json:"id"`
	// Retracted takes the signal of this ID back: an event that came late shows that the contact had gone on in time.
	Retracted bool `json:"retracted,omitempty"`
	// Key and Version are the definition's.
	Key     string `json:"key"`
	Version string `json:"version"`
	// Stage is the name of the stage where the contact stopped; of a segment, definition.SegmentEntered or SegmentLeft.
	Stage string `json:"stage"`
	// Contact, Source, Event (its id) and Time name the event with which the contact reached the stage. Of a segment, Time is the instant of the
	// change, and Source and Event name the event that brought it, or are empty where time alone did.
	Contact string     `json:"contact"`
	Source  string     `json:"source"`
	Event   string     `json:"event"`
	Time    event.Time `json:"time"`
	// Offset and Index are where the event lies in the log: in which record, and which of its events it is. Offset 0: that is not known.
	Offset uint64 `json:"offset,omitempty"`
	Index  int    `json:"index,omitempty"`
	// Due is when the signal was due; of a retraction, when it was found.
	Due event.Time `json:"due"`
	// Type and Data are the event's; empty when the log no longer had it.
	Type string          `json:"type,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

// ClaimsRecord asks to send messages.
type ClaimsRecord struct {
	// Time is the owner's clock; it acts as a tick.
	Time event.Time `json:"time"`
	// Claims are looked at in their order.
	Claims []Claim `json:"claims"`
}

// Claim asks to send one message.
type Claim struct {
	// Contact is whom it goes to, and Effect the message's id.
	Contact string `json:"contact"`
	Effect  string `json:"effect"`
	// Attempt counts the claims of the message from 1. One that does not follow the last is void.
	Attempt int `json:"attempt"`
}

// Suppression is an address that nothing is sent to.
type Suppression struct {
	// Address is a hash of the medium and the address (package nurture): the log holds no addresses.
	Address string `json:"address"`
	// Class says why: AddressInvalid, Blocked, Complaint, Manual or Imported.
	Class string     `json:"class,omitempty"`
	Time  event.Time `json:"time"`
	// Released takes the suppression back.
	Released bool `json:"released,omitempty"`
}

// StandingRecord changes what a scenario is told besides its meaning.
type StandingRecord struct {
	// Key is the scenario's.
	Key string `json:"key"`
	// Standing is a definition.Standing as canonical JSON.
	Standing json.RawMessage `json:"standing"`
	// Leader is the operator's term: an older one is ignored.
	Leader uint64 `json:"leader"`
}

// Pause stops a channel, or lets it go on.
type Pause struct {
	// Channel is its key.
	Channel string `json:"channel"`
	// Until is when it may be tried again; 0 lets it go on.
	Until event.Time `json:"until,omitempty"`
	// Reason is a PascalCase word, such as Bounces, Complaints, Policy or Credentials.
	Reason string `json:"reason,omitempty"`
}

// HandedRecord says how much was handed on to units.
type HandedRecord struct {
	// Unit names the expression that says which unit an event tells of (package definition).
	Unit string `json:"unit"`
	// Through is the offset of the last record of this partition whose events were handed on.
	Through uint64 `json:"through"`
}

// Encode gives the stored form: the format, the kind and the payload.
func (r *Record) Encode() ([]byte, error) {
	head := []byte{Format, byte(r.Kind)}
	switch r.Kind {
	case Events:
		return append(head, r.Chunk...), nil
	case Epoch:
		return appendJSON(head, r.Epoch)
	case Tick:
		return appendJSON(head, r.Tick)
	case Apply:
		return appendJSON(head, r.Apply)
	case Activate:
		return appendJSON(head, r.Activate)
	case Remove:
		return appendJSON(head, r.Remove)
	case Delivered:
		return appendJSON(head, r.Delivered)
	case Term:
		return appendJSON(head, r.Term)
	case Signals:
		return appendJSON(head, r.Signals)
	case Claims:
		return appendJSON(head, r.Claims)
	case Suppressions:
		return appendJSON(head, r.Suppressions)
	case Standing:
		return appendJSON(head, r.Standing)
	case Pauses:
		return appendJSON(head, r.Pauses)
	case Handed:
		return appendJSON(head, r.Handed)
	}
	return nil, fmt.Errorf("encode log record: unknown kind %d", r.Kind)
}

func appendJSON(head []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode log record: %w", err)
	}
	return append(head, b...), nil
}

// Decode reads the stored form. A chunk shares stored's memory.
func Decode(stored []byte) (Record, error) {
	if len(stored) < 2 {
		return Record{}, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(stored))
	}
	if stored[0] != Format {
		return Record{}, fmt.Errorf("%w: format %d, this program reads format %d", ErrCorrupt, stored[0], Format)
	}
	r := Record{Kind: Kind(stored[1])}
	body := stored[2:]
	var err error
	switch r.Kind {
	case Events:
		r.Chunk = body
	case Epoch:
		err = json.Unmarshal(body, &r.Epoch)
	case Tick:
		err = json.Unmarshal(body, &r.Tick)
	case Apply:
		err = json.Unmarshal(body, &r.Apply)
	case Activate:
		err = json.Unmarshal(body, &r.Activate)
	case Remove:
		err = json.Unmarshal(body, &r.Remove)
	case Delivered:
		err = json.Unmarshal(body, &r.Delivered)
	case Term:
		err = json.Unmarshal(body, &r.Term)
	case Signals:
		err = json.Unmarshal(body, &r.Signals)
	case Claims:
		err = json.Unmarshal(body, &r.Claims)
	case Suppressions:
		err = json.Unmarshal(body, &r.Suppressions)
	case Standing:
		err = json.Unmarshal(body, &r.Standing)
	case Pauses:
		err = json.Unmarshal(body, &r.Pauses)
	case Handed:
		err = json.Unmarshal(body, &r.Handed)
	default:
		return Record{}, fmt.Errorf("%w: unknown kind %d", ErrCorrupt, stored[1])
	}
	if err != nil {
		return Record{}, fmt.Errorf("%w: kind %d: %w", ErrCorrupt, r.Kind, err)
	}
	return r, nil
}
