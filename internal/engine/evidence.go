// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"strings"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// A Journey has two slots. The first is its funnel's and knows nothing of the second, so that its numbers are exactly what a Funnel would give.
// The second keeps evidence: a unit of it notes what else happened to a contact, and holds what that, together with the attempts of
// the first slot's unit, adds to the evidence.

// journeyProgram is a program that also says what events are evidence of.
type journeyProgram interface {
	Program
	Journey() definition.Journey
	// Signs are the signs of all probes by their numbers.
	Signs() []definition.SignAt
	// Types are those that the journey depends on by name; with every it depends on every act too.
	Types() (types []string, every bool)
	// Evidence says what an event tells besides its match, which gave the stages. The result is used before the next call.
	Evidence(e *event.Event, stages uint32) *definition.Evidence
}

// The marks of a moment in a unit that keeps evidence say what it is evidence of. The lowest bits are the number of its type, 0 for one that
// is not counted.
const (
	typeMarks uint32 = 1<<16 - 1
	// beyondShift is where the bits begin for the stages beyond the funnel that it may fill.
	beyondShift        = 16
	beyondMarks uint32 = (1<<definition.MaxBeyond - 1) << beyondShift
	// signMark says that it has signs, labelMark that it has a property for the survey.
	signMark  uint32 = 1 << 24
	labelMark uint32 = 1 << 25
	// purchaseMark, answerMark and scoreMark say that it is one.
	purchaseMark uint32 = 1 << 26
	answerMark   uint32 = 1 << 27
	scoreMark    uint32 = 1 << 28
)

// The amounts of a moment in such a unit, by their index.
const (
	purchaseAmount uint8 = iota
	scoreAmount
	answerAmount // the index of the answer and 1; 0 is one that is not listed
	signsAmount  // signs as bits
)

// maxEventTypes is how many types of events a partition tells apart in a journey.
const maxEventTypes = int(typeMarks)

// evidence is what a slot has that keeps a journey's evidence.
type evidence struct {
	// of is the slot of the journey's funnel.
	of      *slot
	program journeyProgram
	journey definition.Journey
	// retention is how long purchases count; 0 is for ever.
	retention event.Time
	probes    []probe
	// absent are the signs that are the lack of an event, as bits by their numbers.
	absent uint64
	// atStage has for each stage of the funnel the indices of its probes.
	atStage [][]int
	within  []event.Time // of the stages beyond
	tally   evidenceTally
	numbers map[string]uint32 // of types of events; see evidenceTally.types
}

// probe is a probe in the form that is quick to ask.
type probe struct {
	stage int
	signs uint64
	// patience is by the number of a sign; 0 for one that is an event.
	patience map[int]event.Time
}

// accompany gives a journey's slot another that keeps its evidence.
func (s *slot) accompany(program journeyProgram, retention event.Time) error {
	funnel := s.program.Funnel()
	flow, err := newFlows(&funnel, s.plan.calendar)
	if err != nil {
		return err
	}
	ev := &evidence{
		of: s, program: program, journey: program.Journey(), retention: retention,
		atStage: make([][]int, s.plan.stages), numbers: map[string]uint32{},
	}
	for i, p := range ev.journey.Probes {
		ev.probes = append(ev.probes, probe{stage: p.Stage, patience: map[int]event.Time{}})
		ev.atStage[p.Stage] = append(ev.atStage[p.Stage], i)
	}
	for number, at := range program.Signs() {
		p, bit := &ev.probes[at.Probe], uint64(1)<<number
		p.signs |= bit
		if patience := ev.journey.Probes[at.Probe].Signs[at.Sign].AbsentFor; patience > 0 {
			p.patience[number] = micros(patience)
			ev.absent |= bit
		}
	}
	for i := range ev.journey.Beyond {
		ev.within = append(ev.within, micros(ev.journey.Beyond[i].Within))
	}
	ev.tally = newEvidenceTally(ev)
	s.beside = &slot{
		id: s.id + 1, version: s.version, program: s.program, asks: s.asks, plan: s.plan, flows: flow,
		evidence: ev, tally: newTally(s.plan), changed: true,
	}
	s.beside.timers = timers{slot: s.beside, complete: true}
	s.beside.view = s.plan.at(0)
	types, every := program.Types()
	for _, t := range types {
		s.types[t] = true
	}
	s.watches = s.watches || every
	return nil
}

// all are the slots that a definition's version has.
func (s *slot) all() []*slot {
	switch {
	case s == nil:
		return nil
	case s.beside == nil:
		return []*slot{s}
	}
	return []*slot{s, s.beside}
}

// abreast makes the slot that keeps evidence stand where the funnel's does.
func (s *slot) abreast() {
	b := s.beside
	if b == nil {
		return
	}
	b.owner, b.shadow, b.activated = s.owner, s.shadow, s.activated
	b.floor, b.cursor, b.target = s.floor, s.cursor, s.target
	b.setClock(s.clock)
}

// noted is notes for the slot of a funnel: nothing where none is kept beside it.
func (s *slot) noted(e *event.Event, stages uint32, at place, partition int) *definition.Evidence {
	if s.beside == nil {
		return nil
	}
	return s.beside.notes(e, stages, at, partition)
}

// notes says what an accepted event is evidence of, until the next; nil where it is not to be kept for that. Like what fills stages, what an
// entity is told of is only ever a copy.
func (s *slot) notes(e *event.Event, stages uint32, at place, partition int) *definition.Evidence {
	of, appended, asked := s.evidence.of, s.clock, e
	if e.Origin != "" { // by its receipt it came in time where it came from, or not
		appended = e.Received
	}
	if s.plan.tooLate(e.Time, appended) {
		return nil
	}
	if of.unit != "" && e.Origin != "" { // it is asked about as it happened
		was := *e
		was.Contact, was.Origin = e.Origin, ""
		asked = &was
	}
	found := s.evidence.program.Evidence(asked, stages)
	if e.Origin == "" {
		s.note(found.Failures, at, partition)
		if of.unit != "" {
			return nil
		}
	}
	keeps := found.Purchased && e.Time >= s.purchasesFrom()
	if e.Time >= s.view.forgotten {
		keeps = found.Matters() || found.Label != ""
	}
	if !keeps {
		return nil
	}
	return found
}

// marks gives the marks of an event in the unit that keeps evidence. A type that is new gets a number.
func (ev *evidence) marks(found *definition.Evidence, eventType string) uint32 {
	marks := found.Beyond << beyondShift & beyondMarks
	for _, m := range [...]struct {
		set  bool
		mark uint32
	}{
		{found.Signs != 0, signMark}, {found.Label != "", labelMark},
		{found.Purchased, purchaseMark}, {found.Answered, answerMark}, {found.Scored, scoreMark},
	} {
		if m.set {
			marks |= m.mark
		}
	}
	if found.Suggests {
		marks |= ev.number(eventType)
	}
	return marks
}

// number gives the number of a type of events; 0 when there are too many.
func (ev *evidence) number(eventType string) uint32 {
	n, known := ev.numbers[eventType]
	if !known && len(ev.numbers) < maxEventTypes {
		n = uint32(len(ev.numbers)) + 1
		eventType = strings.Clone(eventType)
		ev.numbers[eventType] = n
		ev.tally.addType(eventType)
	}
	return n
}

// testify notes all that an event is evidence of besides its marks.
func (m *moment) testify(slot uint32, found *definition.Evidence, unit string) {
	amount := func(index uint8, n aggregate.Micros) {
		m.bring(detail{slot: slot, kind: amountDetail, index: index, amount: n})
	}
	if found.Purchased && found.Valued {
		amount(purchaseAmount, found.Value)
	}
	if found.Scored {
		amount(scoreAmount, found.Score)
	}
	if found.Answered {
		amount(answerAmount, aggregate.Micros(found.Answer)+1)
	}
	if found.Signs != 0 {
		amount(signsAmount, aggregate.Micros(found.Signs))
	}
	if found.Label != "" {
		m.bring(detail{slot: slot, kind: labelDetail, text: found.Label})
	}
	if unit != "" {
		m.bring(detail{slot: slot, kind: unitDetail, text: unit})
	}
}

// amountOf gives an amount of a moment in such a unit; false when it has none.
func (m *moment) amountOf(slot uint32, index uint8) (aggregate.Micros, bool) {
	for d := m.detail(slot, amountDetail); d != nil && d.slot == slot && d.kind == amountDetail; d = d.next {
		if d.index == index {
			return d.amount, true
		}
	}
	return 0, false
}

// testify keeps an event for what it is evidence of.
func (f *Fold) testify(s *slot, c *contact, e *event.Event, appended event.Time, id string, found *definition.Evidence) {
	u := c.unit(s)
	label, unit := found.Label, found.Unit
	if label != "" {
		found.Label = f.scratch.texts.one([]byte(label))
	}
	if at := c.keep(u, e.Time, appended, id, s.evidence.marks(found, e.Type)); at >= 0 {
		c.moments[at].testify(s.id, found, unit)
		c.bound(u)
	}
	f.disturb(c, u)
}

// disturb notes that a unit does not know all any more.
func (f *Fold) disturb(c *contact, u *unit) {
	u.stale = true
	if b := u.slot.beside; b != nil { // what is evidence depends on the attempts
		c.unit(b).stale = true
	}
	f.spoil(c)
	f.touch(c)
}
