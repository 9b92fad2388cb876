// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// persons says who is who, by all logs.
type persons struct {
	// links are what each anonymous contact was linked to, in the order of time and identity.
	links map[string][]link
	// aliases are the known contacts that each known one was joined to.
	aliases map[string][]string
}

type link struct {
	identity identity
	time     event.Time
	to       string
}

// concernsPersons says whether an event only says who is who, or is a copy that one partition sent to another.
func concernsPersons(e *event.Event) bool {
	return e.Origin != "" || e.Type == event.Linked || e.Type == event.Aliased
}

// readAll gives the events that matter, in order, by the contact that they count for, whichever they arrived for.
func (j *judge) readAll(logs [][]Record) map[string][]*happening {
	who := personsOf(logs)
	var arrived []arrival
	for _, log := range logs {
		arrived = append(arrived, j.read(log)...)
	}
	joined, writes := join(arrived, who, j.funnel.Lateness, &j.result.Saturated), writesOf(logs, who)
	for contact, events := range joined {
		ask(events, writes[contact], j.program)
		if j.members != nil {
			j.admit(events, writes[contact])
		}
	}
	return joined
}

// join gives the events that arrived, by the contact that they count for and in order, without those that came too late; of each contact
// the newest.
func join(arrived []arrival, who persons, lateness time.Duration, saturated *int64) map[string][]*happening {
	contacts := map[string][]arrival{}
	for _, a := range arrived {
		contact := who.contact(a.event)
		if contact != a.event.Contact { // by its receipt, as another partition's clock says nothing
			a.late = tooLate(a.event.Time, a.event.Received, lateness)
		}
		if !a.late {
			contacts[contact] = append(contacts[contact], a)
		}
	}
	joined := map[string][]*happening{}
	for contact, all := range contacts {
		events := once(all)
		slices.SortFunc(events, byPosition)
		if len(events) > keptEvents {
			*saturated++
			events = events[len(events)-keptEvents:]
		}
		joined[contact] = events
	}
	return joined
}

// once leaves of the events of one identity that of the least time and contact.
func once(all []arrival) []*happening {
	slices.SortFunc(all, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.event.Time, b.event.Time), cmp.Compare(a.event.Contact, b.event.Contact))
	})
	known := map[identity]bool{}
	var events []*happening
	for _, a := range all {
		if !known[a.identity] {
			known[a.identity] = true
			events = append(events, a.happening)
		}
	}
	return events
}

func personsOf(logs [][]Record) persons {
	who := persons{map[string][]link{}, map[string][]string{}}
	for _, log := range logs {
		known := map[link]bool{}
		for _, r := range log {
			e := r.Event
			if e == nil || e.Origin != "" {
				continue
			}
			if a, b, ok := event.Aliases(e); ok && e.Type == event.Aliased {
				who.aliases[a] = append(who.aliases[a], b)
				who.aliases[b] = append(who.aliases[b], a)
			}
			if to, ok := event.LinkedTo(e); ok && e.Type == event.Linked {
				l := link{identity{e.Source, e.ID}, e.Time, to}
				if first := (link{identity: l.identity, to: e.Contact}); !known[first] { // the first of an identity counts
					known[first] = true
					who.links[e.Contact] = append(who.links[e.Contact], l)
				}
			}
		}
	}
	for _, links := range who.links {
		slices.SortFunc(links, func(a, b link) int {
			return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity))
		})
	}
	return who
}

// contact gives whom an event counts for: an anonymous contact's is that of the first link at or after it, else of the last one before; of
// the known contacts that are one person it is the least.
func (p persons) contact(e *event.Event) string {
	owner := e.Contact
	for _, l := range p.links[e.Contact] {
		owner = l.to
		if l.time >= e.Time {
			break
		}
	}
	person := []string{owner}
	for i := 0; i < len(person); i++ {
		for _, other := range p.aliases[person[i]] {
			if !slices.Contains(person, other) {
				person = append(person, other)
			}
		}
	}
	return slices.Min(person)
}
