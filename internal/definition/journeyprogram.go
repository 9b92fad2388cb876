// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// JourneyProgram is a compiled Journey: that of its funnel, and what events are evidence of. It is not safe for concurrent use: a partition
// compiles its own.
type JourneyProgram struct {
	*Program
	journey   Journey
	signs     []SignAt
	byType    map[string]*evidenceWays
	types     []string
	surveyBy  *property // nil is none
	purchase  purchaseWay
	score     scoreWay
	unnatural map[string]bool // types that are suggested by nobody
	evidence  Evidence
}

// SignAt is one sign of a journey. Signs are numbered through all probes, in the order of the probes and within each in that of its signs.
type SignAt struct {
	// Probe is the index in Journey.Probes, and Sign the one in its Signs.
	Probe, Sign int
}

type evidenceWays struct {
	signs      []eventWay
	beyond     []eventWay
	answers    bool
	purchases  bool
	scores     bool
	suggestion bool
}

// eventWay is one event that counts as something.
type eventWay struct {
	index int
	where condition
}

type purchaseWay struct {
	where condition
	value amount
}

type scoreWay struct {
	where condition
	score amount
}

// OtherAnswer is the index of an answer that the definition does not list.
const OtherAnswer = -1

// Evidence is what one event tells of a journey, besides what it means to the funnel.
type Evidence struct {
	// Signs has bit i set when the event matches sign i; for a sign that is an absence it is the event that must not come.
	Signs uint64
	// Beyond has bit i set when the event may fill stage i of Journey.Beyond.
	Beyond uint32
	// Answered is set when it answers the survey, by Answer: an index in Survey.Answers, or OtherAnswer.
	Answered bool
	Answer   int
	// Label is the event's property for the survey, as for breakdowns. It is set where the event may fill a stage of the funnel and
	// the survey asks for one, and empty otherwise.
	Label string
	// Purchased is set when it is a purchase; Valued, when that brought Value.
	Purchased bool
	Valued    bool
	Value     aggregate.Micros
	// Scored is set when it gives Score, in millionths.
	Scored bool
	Score  aggregate.Micros
	// Unit is the value of CorrelateBy on an event that is kept as evidence, and empty when the event has none; see Match.Unit.
	Unit string
	// Suggests is set when the event's type is counted because it came at a stage.
	Suggests bool
	// Failures are the expressions that could not be evaluated on this event: of probes, stages beyond, survey, purchase and satisfaction. They
	// belong to the program and hold until its next evidence.
	Failures []Failure
}

// Matters says whether the event is kept for what it is evidence of.
func (v *Evidence) Matters() bool {
	return v.Signs != 0 || v.Beyond != 0 || v.Answered || v.Purchased || v.Scored || v.Suggests
}

// CompileJourney compiles the canonical form of a journey (see Journey.Canonical). The error joins an *ExpressionError for each expression
// that does not compile and a *SpecError for whatever else is wrong, and says what else it is. Fields of the funnel begin with
// spec.funnelRef.
func (c *Compiler) CompileJourney(form json.RawMessage) (*JourneyProgram, error) {
	var j Journey
	if err := decode("journey", form, &j); err != nil {
		return nil, err
	}
	return c.compileJourney(&j)
}

func (c *Compiler) compileJourney(j *Journey) (*JourneyProgram, error) {
	meaning := j.normal()
	if err := meaning.check(); err != nil {
		return nil, err
	}
	program, err := c.compileFunnel(meaning.Funnel, funnelOfJourney)
	if err != nil {
		return nil, err
	}
	p := &JourneyProgram{Program: program, journey: meaning, byType: map[string]*evidenceWays{}, unnatural: map[string]bool{}}
	b := journeyBuilder{builder: builder{program: program, scope: expression.OnEvent}, journey: p}
	b.build()
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return p, nil
}

type journeyBuilder struct {
	builder
	journey *JourneyProgram
}

// typed gives the ways of a type of events.
func (b *journeyBuilder) typed(eventType string) *evidenceWays {
	p := b.journey
	if p.byType[eventType] == nil {
		p.byType[eventType] = &evidenceWays{suggestion: p.suggests(eventType)}
		p.types = append(p.types, eventType)
	}
	return p.byType[eventType]
}

func (b *journeyBuilder) build() {
	p, j := b.journey, &b.journey.journey
	for i := range j.Funnel.Stages {
		for _, m := range j.Funnel.Stages[i].Matches {
			p.unnatural[m.Event] = true
		}
	}
	for _, t := range j.SuggestIgnore {
		p.unnatural[t] = true
	}
	for i := range j.Probes {
		for k, s := range j.Probes[i].Signs {
			ways := b.typed(s.Event)
			where := b.condition(fmt.Sprintf("%s.where", j.Probes[i].signField(k)), s.Where)
			ways.signs = append(ways.signs, eventWay{len(p.signs), where})
			p.signs = append(p.signs, SignAt{i, k})
		}
	}
	for i := range j.Beyond {
		s := &j.Beyond[i]
		for k, m := range s.Matches {
			ways := b.typed(m.Event)
			ways.beyond = append(ways.beyond, eventWay{i, b.condition(s.whereField(k), m.Where)})
		}
	}
	b.survey(j.Survey)
	if u := j.Purchase; u != nil {
		b.typed(u.Event).purchases = true
		p.purchase = purchaseWay{b.condition("spec.purchase.where", u.Where), b.amount("spec.purchase.value", u.Value)}
	}
	if s := j.Satisfaction; s != nil {
		b.typed(s.Event).scores = true
		p.score = scoreWay{b.condition("spec.satisfaction.where", s.Where), b.amount("spec.satisfaction.score", s.Score)}
	}
	own, _ := p.Program.Types()
	p.types = append(p.types, own...)
	slices.Sort(p.types)
	p.types = slices.Compact(p.types)
}

func (b *journeyBuilder) survey(s *Survey) {
	if s == nil {
		return
	}
	b.typed(event.SurveyAnswered).answers = true
	if s.By != "" {
		by := b.text("spec.survey.by", s.By)
		b.journey.surveyBy = &by
	}
}

// suggests says whether events of a type are counted at the stages at which they come.
func (p *JourneyProgram) suggests(eventType string) bool {
	return p.journey.Suggest && !isOwn(eventType) && !p.unnatural[eventType]
}

// Journey is the meaning that was compiled, in its canonical form.
func (p *JourneyProgram) Journey() Journey { return p.journey }

// Signs are all signs by their numbers, at most MaxSigns.
func (p *JourneyProgram) Signs() []SignAt { return p.signs }

// Types gives the types of events that the numbers depend on by name, sorted, each once. With every they depend on every act too, whatever
// its type.
func (p *JourneyProgram) Types() (types []string, every bool) {
	_, every = p.Program.Types()
	return p.types, every || p.journey.Suggest
}

// Evidence says what an event tells of the journey, until the next call; stages are those that it may fill, as Match says.
func (p *JourneyProgram) Evidence(e *event.Event, stages uint32) *Evidence {
	p.evidence = Evidence{Failures: p.evidence.Failures[:0]}
	ways := p.byType[e.Type]
	labelled := p.surveyBy != nil && stages != 0
	if ways == nil && !labelled && (p.correlateBy == nil || !p.suggests(e.Type)) {
		p.evidence.Suggests = p.suggests(e.Type)
		return &p.evidence
	}
	p.scratch.Load(e)
	if ways != nil {
		p.collect(ways, e)
	} else {
		p.evidence.Suggests = p.suggests(e.Type)
	}
	if labelled {
		text, _, fault := p.surveyBy.AppendText(p.buffer[:0], p.scratch)
		p.buffer = text
		p.fail(p.surveyBy.field, fault)
		p.evidence.Label = p.labels.intern(labelOf(text))
	}
	if p.correlateBy != nil && (p.evidence.Matters() || labelled) {
		text, _, fault := p.correlateBy.AppendText(p.buffer[:0], p.scratch)
		if p.buffer = text; stages == 0 { // otherwise its match may have told
			p.fail(p.correlateBy.field, fault)
		}
		p.evidence.Unit = keyOf(text)
	}
	return &p.evidence
}

func (p *JourneyProgram) collect(ways *evidenceWays, e *event.Event) {
	v := &p.evidence
	v.Suggests = ways.suggestion
	for i := range ways.signs {
		if w := &ways.signs[i]; p.matches(w.where) {
			v.Signs |= 1 << w.index
		}
	}
	for i := range ways.beyond {
		if w := &ways.beyond[i]; v.Beyond&(1<<w.index) == 0 && p.matches(w.where) {
			v.Beyond |= 1 << w.index
		}
	}
	if ways.answers {
		p.answer(e)
	}
	if ways.purchases && p.matches(p.purchase.where) {
		v.Purchased = true
		if p.purchase.value.Amount != nil {
			v.Value, v.Valued = p.measure(p.purchase.value)
		}
	}
	if ways.scores && p.matches(p.score.where) {
		v.Score, v.Scored = p.measure(p.score.score)
	}
}

func (p *JourneyProgram) answer(e *event.Event) {
	var given event.SurveyAnswer
	if json.Unmarshal(e.Data, &given) != nil || given.Journey != p.journey.Survey.Journey {
		return
	}
	p.evidence.Answered, p.evidence.Answer = true, OtherAnswer
	if i, found := slices.BinarySearch(p.journey.Survey.Answers, given.Answer); found {
		p.evidence.Answer = i
	}
}

func (p *JourneyProgram) matches(c condition) bool {
	if c.Condition == nil {
		return true
	}
	holds, fault := c.Holds(p.scratch)
	p.fail(c.field, fault)
	return holds
}

func (p *JourneyProgram) measure(a amount) (aggregate.Micros, bool) {
	micros, present, fault := a.Micros(p.scratch)
	p.fail(a.field, fault)
	return micros, present
}

func (p *JourneyProgram) fail(field string, fault *expression.Fault) {
	if fault != nil {
		p.evidence.Failures = append(p.evidence.Failures, Failure{field, fault.Message})
	}
}
