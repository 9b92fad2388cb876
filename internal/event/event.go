// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package event defines the one shape that everything which happened to a contact takes inside Waymark, and the
// compact form in which chunks of events lie in the event log.
package event

import (
	"hash/fnv"
	"time"
)

// Time is an instant in microseconds since the Unix epoch, UTC. It is finer than any source that Waymark reads and,
// unlike time.Time, has one representation, so that equal instants are equal bytes on every machine.
type Time int64

// At converts t, cutting it to whole microseconds.
func At(t time.Time) Time { return Time(t.UnixMicro()) }

// UTC converts back to a time.Time in UTC.
func (t Time) UTC() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Add returns the instant d later. The part of d below a microsecond is dropped.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Microseconds()) }

// Flags are facts about an event that ingest established and the fold relies on.
type Flags uint8

const (
	// Clamped marks an event whose own time lay too far in the future and was set to its receipt.
	Clamped Flags = 1 << iota
	// Public marks an event that came through a feed whose key lives in browsers: it may not set consent nor merge
	// known contacts.
	Public

	// forwarded marks an encoded event that has an Origin. It is the chunk format's own: decoded events do not show it.
	forwarded
)

// MaxClockSkew is how far in the future of its receipt an event's time may lie. A later time is set to the receipt.
const MaxClockSkew = 5 * time.Minute

// Event is one thing that happened to one contact. (Source, ID) is its identity: the first in the log wins.
//
// An Event that was decoded from a chunk shares memory with that chunk: copy what outlives it.
type Event struct {
	// Contact is who it happened to: a known contact's id, or what Anonymous makes of a visitor's. Never empty in the log.
	Contact string
	// Origin is set on a copy that was forwarded to Contact's partition, because Origin may be the same person: it is the contact
	// that the event happened to first. Empty for an event that arrived for Contact itself.
	Origin string
	// Type says what happened, such as order.completed. Never empty in the log.
	Type string
	// Source is the system that tells of it; with ID it identifies the event.
	Source string
	// ID is unique within Source.
	ID string
	// Time is when it happened.
	Time Time
	// Received is when ingest accepted it.
	Received Time
	// Flags are facts that ingest established.
	Flags Flags
	// KeyID names the key that Data is encrypted with, so that a contact is erased by destroying its key; 0 is none.
	KeyID uint32
	// Data is the event's JSON object, or empty.
	Data []byte
}

// Clamp sets a time that lies more than MaxClockSkew after receipt to the receipt, and marks the event.
func (e *Event) Clamp() {
	if e.Time > e.Received.Add(MaxClockSkew) {
		e.Time = e.Received
		e.Flags |= Clamped
	}
}

// Partition says which of n partitions holds a contact's events. It is part of the stored format: a contact's events
// must meet in one fold, so the function never changes.
func Partition(contact string, n int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(contact)) // never fails, by hash.Hash
	return int(h.Sum64() % uint64(n))
}
