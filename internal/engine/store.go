// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"

	"github.com/waymark-dev/waymark/internal/event"
)

// Store keeps a fold's state. It is used by one fold, from one goroutine at a time, but may work on in the background.
type Store interface {
	// Get appends the key's value to buffer; found is false when the store has no such key.
	Get(buffer, key []byte) (value []byte, found bool, err error)
	// Scan visits the keys from lower on and before upper in their order, until visit gives false or an error. What visit is given holds
	// only during the call.
	Scan(lower, upper []byte, visit func(key, value []byte) (more bool, err error)) error
	// Write calls fill and stores all that it writes at once, or nothing when an error is given. What was written without sync may be
	// lost in a crash, but then so is all that was written later.
	Write(sync bool, fill func(w Writer) error) error
}

// Writer collects what is stored at once. Keys and values may change after a call.
type Writer interface {
	Set(key, value []byte) error
	Delete(key []byte) error
	// DeleteRange deletes the keys from lower on and before upper.
	DeleteRange(lower, upper []byte) error
}

// The first byte of a key says what is stored under it.
const (
	metaPrefix       = 'm' // one key: offset, clock and counts
	definitionPrefix = 'd' // key of the definition
	tallyPrefix      = 'a' // slot
	flowPrefix       = 'f' // slot
	timerPrefix      = 't' // slot, or 0 for what the slots in force share, due time, contact
	contactPrefix    = 'c' // contact
	knownPrefix      = 'k' // contact behind its length, number of the page
	attributePrefix  = 'w' // contact
	outboxPrefix     = 'o' // contact
	signalPrefix     = 's' // number of the signal
	unitPrefix       = 'b' // name of the unit
	momentPrefix     = 'e' // contact behind its length, time and hash of the first moment

	hostedPrefix      = 'h' // number of a scenario, channel or policy
	countsPrefix      = 'j' // number of a scenario or channel
	storyPrefix       = 'n' // contact
	wantsPrefix       = 'x' // contact
	suppressionPrefix = 'u' // hash of an address
	sweepPrefix       = 'g' // number of the sweep

	evidencePrefix = 'v' // slot
	typePrefix     = 'y' // slot, number of the type of events
)

var metaKey = []byte{metaPrefix}

func definitionKey(key string) []byte { return append([]byte{definitionPrefix}, key...) }

func slotKey(buffer []byte, prefix byte, slot uint32) []byte {
	return binary.BigEndian.AppendUint32(append(buffer, prefix), slot)
}

func contactKey(buffer []byte, contact string) []byte {
	return append(append(buffer, contactPrefix), contact...)
}

const timerHead = 1 + 4 + 8 // prefix, slot, due time

func timerKey(buffer []byte, slot uint32, due event.Time, contact string) []byte {
	buffer = slotKey(buffer, timerPrefix, slot)
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(due)^1<<63) // the sign turned, so that keys sort as times do
	return append(buffer, contact...)
}

func parseTimerKey(key []byte) (due event.Time, contact string, ok bool) {
	if len(key) < timerHead {
		return 0, "", false
	}
	return event.Time(binary.BigEndian.Uint64(key[5:]) ^ 1<<63), string(key[timerHead:]), true
}

// after gives the end of the keys that begin with prefix; a prefix never ends in all ones here.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
