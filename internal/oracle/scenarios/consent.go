// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// statement is what a person once said about what to receive.
type statement struct {
	time      event.Time
	identity  identity
	topic     string // empty is all marketing
	given     bool
	confirmed bool
}

// agreement is what holds of all that was said.
type agreement int

const (
	silent agreement = iota
	given
	pending // until the address is confirmed
	withdrawn
)

// consent takes in what a person agrees to. What comes through a feed that anybody can use is not heard.
func (a *act) consent(e *event.Event) {
	gives := e.Type == event.ConsentGiven || e.Type == event.ConsentGivenType
	takes := e.Type == event.ConsentWithdrawn || e.Type == event.ConsentWithdrawnType
	trusted := e.Flags&event.Public == 0 || e.Type == event.ConsentGiven || e.Type == event.ConsentWithdrawn
	if !gives && !takes || !trusted {
		return
	}
	var said event.Consent
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &said) != nil {
		return
	}
	a.c.statements = append(a.c.statements, statement{e.Time, identityOf(e), said.Topic, gives, said.Confirmed})
	if takes && said.Effect != "" && e.Origin == "" {
		a.told(a.message(said.Effect), Unsubscribed)
	}
}

// agreement gives what the contact agreed to receive: of all that was said of the topic, or of everything, the last.
func (a *act) agreement(topic string) agreement {
	said := slices.DeleteFunc(slices.Clone(a.c.statements), func(s statement) bool { return s.topic != topic && s.topic != "" })
	slices.SortFunc(said, func(x, y statement) int { return cmp.Or(cmp.Compare(x.time, y.time), x.identity.compare(y.identity)) })
	holds, confirmed := silent, false
	for _, s := range said {
		switch {
		case !s.given:
			holds, confirmed = withdrawn, false
		case s.confirmed || confirmed || !a.doubleOptIn(topic):
			holds, confirmed = given, confirmed || s.confirmed
		default:
			holds = pending
		}
	}
	return holds
}

func (a *act) doubleOptIn(topic string) bool {
	for _, t := range a.policy().Meaning.Topics {
		if t.Name == topic {
			return t.DoubleOptIn
		}
	}
	return false
}
