// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// write is what one event says of its contact's attributes.
type write struct {
	time     event.Time
	identity identity
	contact  string // that it arrived for
	traits   map[string]json.RawMessage
}

// writesOf gives what all logs say of the attributes of each contact, in the order in which they hold. None is too late.
func writesOf(logs [][]Record, who persons) map[string][]write {
	contacts := map[string][]write{}
	for _, log := range logs {
		known := map[[3]string]bool{}
		for _, r := range log {
			e := r.Event
			if e == nil || concernsPersons(e) || known[[3]string{e.Contact, e.Source, e.ID}] {
				continue
			}
			known[[3]string{e.Contact, e.Source, e.ID}] = true
			var data struct {
				Traits map[string]json.RawMessage `json:"traits"`
			}
			if e.Type == event.Identify && json.Unmarshal(e.Data, &data) == nil {
				contact := who.contact(e)
				contacts[contact] = append(contacts[contact], write{e.Time, identity{e.Source, e.ID}, e.Contact, data.Traits})
			}
		}
	}
	for _, writes := range contacts {
		slices.SortFunc(writes, func(a, b write) int {
			return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity), cmp.Compare(a.contact, b.contact))
		})
	}
	return contacts
}

// attributesAt gives a contact's attributes at an instant, as a JSON object: of each what was written last.
func attributesAt(writes []write, t event.Time) []byte {
	attributes := map[string]json.RawMessage{}
	for _, w := range writes {
		if w.time > t {
			break
		}
		maps.Copy(attributes, w.traits)
	}
	object, _ := json.Marshal(attributes) // its parts were read
	return object
}

// ask lets the events that depend on the contact's attributes be asked what they mean.
func ask(events []*happening, writes []write, program *definition.Program) {
	for _, e := range events {
		if e.asks != nil {
			e.as = func(start event.Time) *definition.Match { return program.MatchAs(e.asks, attributesAt(writes, start)) }
		}
	}
}

// asOf gives the events with what they mean to an attempt that starts at an instant.
func asOf(start event.Time, events []*happening) []*happening {
	seen := slices.Clone(events)
	for i, e := range events {
		if e.as == nil {
			continue
		}
		match, copied := e.as(start), *e
		copied.stages, copied.exclusions = match.Stages, match.Exclusions
		seen[i] = &copied
	}
	return seen
}
