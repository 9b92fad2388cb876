// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// id names an enrolment, a message or an address, in the state; people see it in hex.
type id [16]byte

func (i id) String() string { return hex.EncodeToString(i[:]) }

func parseID(text string) (i id, ok bool) {
	if len(text) != 2*len(i) {
		return i, false
	}
	_, err := hex.Decode(i[:], []byte(text))
	return i, err == nil
}

// digest hashes parts, each after its length. All ids and draws rest on it: it never changes.
func digest(parts ...string) [sha256.Size]byte {
	var space [256]byte
	b := space[:0]
	for _, part := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	return sha256.Sum256(b)
}

func idOf(parts ...string) (i id) {
	sum := digest(parts...)
	copy(i[:], sum[:])
	return i
}

func hash64(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.BigEndian.Uint64(sum[:])
}

func hash32(text string) uint32 { return uint32(hash64(text) >> 32) }

// draw is the number that all random choices are made by: always the same one for the same parts.
func draw(parts ...string) uint64 {
	sum := digest(parts...)
	return binary.BigEndian.Uint64(sum[:])
}

// heldOut says whether a contact is among the share, in basis points, that a scenario sends nothing but what is owed to them.
func heldOut(scenario, contact string, share int32) bool {
	return share > 0 && draw(scenario, contact, "holdout")%10000 < uint64(share)
}

// pick gives the index that a draw falls on when each has a weight; -1 when all are 0.
func pick(drawn uint64, weights func(i int) int32, count int) int {
	sum := uint64(0)
	for i := range count {
		sum += uint64(max(weights(i), 0))
	}
	if sum == 0 {
		return -1
	}
	left := drawn % sum
	for i := range count {
		weight := uint64(max(weights(i), 0))
		if left < weight {
			return i
		}
		left -= weight
	}
	return -1
}

func enrolmentID(scenario, rawContact, key, identity string) id {
	return idOf(scenario, rawContact, key, identity)
}

func effectID(scenario string, enrolment id, step string, visit uint64) id {
	return idOf(scenario, enrolment.String(), step, strconv.FormatUint(visit, 10))
}

// identityOf names an event as what let somebody in.
func identityOf(e *event.Event) string { return e.Source + "\x00" + e.ID }

// AddressHash gives what stands for an address where nothing personal may lie: suppressions are by it.
func AddressHash(medium definition.Medium, address string) string {
	return addressID(medium, address).String()
}

func addressID(medium definition.Medium, address string) (i id) {
	address = strings.TrimSpace(address)
	if medium == definition.SMTP {
		address = strings.ToLower(address)
	}
	sum := sha256.Sum256([]byte(string(medium) + ":" + address))
	copy(i[:], sum[:])
	return i
}
