// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package event

// entityPrefix begins the contacts that are no people but what their events tell of, such as a deal. Like anonymousPrefix it is a control
// character, which ingest takes in no id.
const entityPrefix = "\x02"

// UnitLength is how long the name of a unit is, in bytes: a unit is a rule by which events tell of entities, see definition.UnitName.
const UnitLength = 16

// Entity gives the contact that stands for one entity: what the events have in common that have this value by this unit. It is part of the
// stored format and never changes.
func Entity(unit, value string) (contact string) { return entityPrefix + unit + value }

// EntityOf takes the contact of an entity apart; false for the contact of a person.
func EntityOf(contact string) (unit, value string, entity bool) {
	const head = len(entityPrefix) + UnitLength
	if len(contact) < head || contact[:len(entityPrefix)] != entityPrefix {
		return "", "", false
	}
	return contact[len(entityPrefix):head], contact[head:], true
}
