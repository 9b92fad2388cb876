// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// act is what one record does to one contact.
type act struct {
	*Interpreter
	c   *contact
	now event.Time
	// hops says by how many scenarios an enrolment was led into in this act, taken how many steps it took.
	hops, taken map[*enrolment]int
	led         []hop
	// moved are the enrolments that took a step in this act: what happens now was not awaited there.
	moved map[*enrolment]bool
}

func (i *Interpreter) begin(c *contact, now event.Time) *act {
	return &act{Interpreter: i, c: c, now: now, hops: map[*enrolment]int{}, taken: map[*enrolment]int{}, moved: map[*enrolment]bool{}}
}

// inOrder gives the contact's enrolments in the order in which they act: by the scenario's key and by their own id. It is a copy.
func (a *act) inOrder() []*enrolment {
	all := slices.Clone(a.c.enrolments)
	slices.SortFunc(all, func(x, y *enrolment) int {
		return cmp.Or(cmp.Compare(x.scenario.key, y.scenario.key), cmp.Compare(x.id, y.id))
	})
	return all
}

// note writes down what happened to an enrolment, at the step where it is unless the fact says otherwise.
func (a *act) note(n *enrolment, f Fact) {
	f.At, f.Contact, f.Scenario, f.Enrolment, f.Version = a.now, a.c.name, n.scenario.key, n.id, cmp.Or(f.Version, n.version.id)
	ch := a.channels[f.Channel]
	f.Gone = ch == nil || ch.program == nil
	a.facts = append(a.facts, f)
}

func (a *act) refuse(s *scenario, reason string) {
	a.facts = append(a.facts, Fact{What: Refused, At: a.now, Contact: a.c.name, Scenario: s.key, Detail: reason})
}

// question is what expressions are asked about.
func (a *act) question(e, trigger *event.Event, vars map[string]string) *definition.Question {
	q := &definition.Question{Event: e, Trigger: trigger, Attributes: a.c.attributes()}
	if len(vars) > 0 {
		object := map[string]json.RawMessage{}
		for name, value := range vars {
			object[name] = json.RawMessage(value)
		}
		q.Vars, _ = json.Marshal(object) // its parts are JSON
	}
	return q
}

// asked is the question of a step that looks at no event but the trigger.
func (a *act) asked(n *enrolment) *definition.Question {
	return a.question(n.trigger, n.trigger, n.vars)
}

// holds reads a condition that fails as no.
func holds(p *definition.Predicate, q *definition.Question) bool {
	yes, fault := p.Holds(q)
	return yes && fault == nil
}

// digest is the SHA-256 of texts, each behind its length.
func digest(parts ...string) [sha256.Size]byte {
	var all []byte
	for _, p := range parts {
		all = append(binary.AppendUvarint(all, uint64(len(p))), p...)
	}
	return sha256.Sum256(all)
}

// hashed gives the id that some texts make.
func hashed(parts ...string) string {
	sum := digest(parts...)
	return hex.EncodeToString(sum[:16])
}

// bucket draws one of n, always the same one for the same texts.
func bucket(n uint64, parts ...string) uint64 {
	sum := digest(parts...)
	return binary.BigEndian.Uint64(sum[:8]) % n
}

// plainHash is the id that one text makes by itself.
func plainHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
