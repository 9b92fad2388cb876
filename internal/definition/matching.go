// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// Match says what an event means to the funnel. The result is the caller's until the next call.
func (p *Program) Match(e *event.Event) *Match {
	p.reset()
	m := p.byType[e.Type]
	if m == nil {
		if !p.others.acts || isOwn(e.Type) {
			return &p.match
		}
		m = &p.others
	}
	p.scratch.Load(e)
	p.match.Acts, p.match.Breaks = m.acts, m.breaks
	for i := range m.sums {
		p.add(&m.sums[i])
	}
	for i := range m.ways {
		p.fill(&m.ways[i])
	}
	for _, stage := range m.refunds {
		p.refund(stage)
	}
	for i := range m.exclusions {
		if x := &m.exclusions[i]; p.holds(x.where) {
			p.match.Exclusions |= 1 << x.index
		}
	}
	if p.correlateBy != nil && p.match.Matters() {
		p.match.Unit = p.key(*p.correlateBy)
	}
	if p.unitBy != nil && p.match.Matters() {
		p.match.Entity = p.key(*p.unitBy)
	}
	if p.match.Stages != 0 {
		p.label()
	}
	if p.match.Asks = m.asks && p.match.Matters(); p.match.Asks && !p.as {
		kept := event.Event{Type: e.Type, Source: e.Source, ID: e.ID, Time: e.Time, Received: e.Received, Data: e.Data}
		p.match.Event = string(event.Append(nil, &kept))
	}
	return &p.match
}

// MatchAs says what an event means to the funnel for an attempt that starts when the contact's attributes are these, a JSON object. What
// fails on the attributes is not among the failures: it reads as false. The result is the caller's until the next call.
func (p *Program) MatchAs(e *event.Event, attributes []byte) *Match {
	p.as = true
	p.scratch.LoadContact(attributes)
	match := p.Match(e)
	p.as = false
	p.scratch.LoadContact(nil)
	return match
}

// reset empties the match and keeps its memory. It is asked of each funnel for each event, so it writes only what it must: most matches
// have no texts, and a list that is cut keeps its place.
func (p *Program) reset() {
	m := &p.match
	m.Stages, m.Exclusions, m.Acts, m.Breaks, m.Asks = 0, 0, false, false, false
	if m.Event != "" || m.Unit != "" || m.Entity != "" {
		m.Event, m.Unit, m.Entity = "", "", ""
	}
	m.Amounts, m.Refunds, m.Labels, m.Sums, m.Failures = m.Amounts[:0], m.Refunds[:0], m.Labels[:0], m.Sums[:0], m.Failures[:0]
}

func (p *Program) add(s *sum) {
	if !p.holds(s.where) {
		return
	}
	if micros, ok := p.number(s.amount); ok {
		p.match.Sums = append(p.match.Sums, Amount{Stage: s.aggregate, Amount: micros})
	}
}

func (p *Program) fill(w *way) {
	bit := uint32(1) << w.stage
	if p.match.Stages&bit != 0 || !p.holds(w.where) { // another way may have filled the stage
		return
	}
	p.match.Stages |= bit
	a := &p.amounts[w.stage]
	if a.value.Amount == nil {
		return
	}
	micros, ok := p.number(a.value)
	if !ok {
		return
	}
	brought := Amount{Stage: w.stage, Amount: micros}
	if a.key.Value != nil {
		brought.Key = p.key(a.key)
	}
	p.match.Amounts = append(p.match.Amounts, brought)
}

func (p *Program) refund(stage int) {
	a := &p.amounts[stage]
	micros, ok := p.number(a.refund)
	if !ok {
		return
	}
	if key := p.key(a.key); key != "" {
		p.match.Refunds = append(p.match.Refunds, Amount{Stage: stage, Amount: micros, Key: key})
	}
}

// label asks for the properties of the stages that the event may fill.
func (p *Program) label() {
	for i := range p.breakdowns {
		if p.match.Stages&(1<<p.funnel.Breakdowns[i].Stage) != 0 {
			p.match.Labels = append(p.match.Labels, Label{i, p.labels.intern(labelOf(p.text(p.breakdowns[i])))})
		}
	}
}

// holds answers a condition; one that fails is noted and does not hold.
func (p *Program) holds(c condition) bool {
	if c.Condition == nil {
		return true
	}
	if c.ReadsContact() {
		if !p.as {
			return true
		}
		holds, _ := c.Holds(p.scratch)
		return holds
	}
	holds, fault := c.Holds(p.scratch)
	p.note(c.field, fault)
	return holds
}

func (p *Program) number(a amount) (micros aggregate.Micros, present bool) {
	micros, present, fault := a.Micros(p.scratch)
	p.note(a.field, fault)
	return micros, present
}

// text gives a text, which holds until the next one, and is empty when there is none.
func (p *Program) text(t property) []byte {
	buffer, _, fault := t.AppendText(p.buffer[:0], p.scratch)
	p.buffer = buffer
	p.note(t.field, fault)
	return buffer
}

// key gives a text that is only ever compared.
func (p *Program) key(t property) string { return keyOf(p.text(t)) }

// keyOf bounds a text that is only ever compared. Nobody reads it, so a hash may stand for a long one.
func keyOf(found []byte) string {
	if len(found) <= MaxKey {
		return string(found)
	}
	sum := sha256.Sum256(found)
	return hex.EncodeToString(sum[:]) // MaxKey bytes
}

func (p *Program) note(field string, fault *expression.Fault) {
	if fault != nil {
		p.match.Failures = append(p.match.Failures, Failure{field, fault.Message})
	}
}

// labelOf makes a property one that can be shown: text of bounded length.
func labelOf(found []byte) []byte {
	if len(found) == 0 {
		return noLabel
	}
	if !utf8.Valid(found) {
		found = []byte(strings.ToValidUTF8(string(found), string(utf8.RuneError)))
	}
	if len(found) <= MaxLabel {
		return found
	}
	end := MaxLabel
	for !utf8.RuneStart(found[end]) {
		end--
	}
	return found[:end]
}

var noLabel = []byte(NoLabel)

// interner gives equal texts the same memory, as long as there are not too many of them.
type interner map[string]string

const maxInterned = 4096

func (in *interner) intern(found []byte) string {
	if known, ok := (*in)[string(found)]; ok {
		return known
	}
	if len(*in) >= maxInterned || *in == nil {
		*in = interner{}
	}
	known := string(found)
	(*in)[known] = known
	return known
}
