// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// MaxTraitText bounds a text that a trait takes from an event, in bytes; longer ones are cut.
const MaxTraitText = 256

// SegmentProgram is a compiled Segment. It is not safe for concurrent use: a partition compiles its own.
type SegmentProgram struct {
	segment  Segment
	location *time.Location
	scratch  *expression.Scratch
	field    string // of the condition
	where    *expression.Condition
	names    []string
	byType   map[string][]traitWay
	types    []string
	match    SegmentMatch
	buffer   []byte
	labels   interner
}

// traitWay is how an event may belong to a trait. Which expression gives its value depends on the trait's function.
type traitWay struct {
	trait    int
	function TraitFunction
	where    condition
	sum      amount
	of       property
}

// SegmentMatch is what one event means to a segment. Its slices belong to the program and hold until its next match.
type SegmentMatch struct {
	// Traits are those that the event belongs to, in their order. An event without the value that a Sum, First, Last or Distinct asks for
	// belongs to none of these.
	Traits []TraitMatch
	// Failures are the expressions that could not be evaluated on this event, in the order of the traits.
	Failures []Failure
}

// TraitMatch is what an event brings to one trait.
type TraitMatch struct {
	// Trait is its index.
	Trait int
	// Amount is what a Sum adds up.
	Amount aggregate.Micros
	// Value is the one of a First or Last, at most MaxTraitText bytes, where without Of it is the event's time. Of a Distinct it is a text that
	// is only ever compared: a hash stands for one that is longer than MaxKey bytes. Others have none.
	Value expression.Scalar
}

// CompileSegment compiles the canonical form of a segment (see Segment.Canonical). The error joins an *ExpressionError for each expression
// that does not compile and a *SpecError for whatever else is wrong, and says what else it is.
func (c *Compiler) CompileSegment(form json.RawMessage) (*SegmentProgram, error) {
	var s Segment
	if err := decode("segment", form, &s); err != nil {
		return nil, err
	}
	return c.compileSegment(&s, "spec")
}

// compileSegment compiles a segment whose fields stand in the resource below a path.
func (c *Compiler) compileSegment(s *Segment, path string) (*SegmentProgram, error) {
	meaning := s.normal()
	zone, err := zoneinfo.Load(meaning.TimeZone)
	if err := errors.Join(err, meaning.check(path)); err != nil {
		return nil, err
	}
	p := &SegmentProgram{segment: meaning, location: zone, scratch: &c.scratch, field: path + ".where", byType: map[string][]traitWay{}}
	b := builder{scope: expression.OnEvent}
	for i := range meaning.Traits {
		t := &meaning.Traits[i]
		p.names = append(p.names, t.Name)
		if t.Function != TraitRank {
			p.byType[t.Event] = append(p.byType[t.Event], b.trait(i, t, fmt.Sprintf("%s.traits[%d]", path, i)))
			p.types = append(p.types, t.Event)
		}
	}
	slices.Sort(p.types)
	p.types = slices.Compact(p.types)
	p.where, err = expression.NewSegmentCondition(meaning.Where, p.names)
	b.note(p.field, meaning.Where, err)
	if err := errors.Join(b.problems...); err != nil {
		return nil, err
	}
	return p, nil
}

func (b *builder) trait(i int, t *Trait, field string) traitWay {
	w := traitWay{trait: i, function: t.Function, where: b.condition(field+".where", t.Where)}
	switch {
	case t.Function == TraitSum:
		w.sum = b.amount(field+".of", t.Of)
	case t.Function == TraitDistinct:
		w.of = b.text(field+".of", t.Of)
	case t.Of != "": // First or Last
		value, err := expression.NewScalar(expression.OnEvent, t.Of)
		b.note(field+".of", t.Of, err)
		w.of = property{value, field + ".of"}
	}
	return w
}

// Segment is the meaning that was compiled, in its canonical form.
func (p *SegmentProgram) Segment() Segment { return p.segment }

// Location is the zone that days are cut in.
func (p *SegmentProgram) Location() *time.Location { return p.location }

// Types gives the types of events that the traits are computed from, sorted, each once.
func (p *SegmentProgram) Types() []string { return p.types }

// Match says what an event means to the segment. The result holds until the next call.
func (p *SegmentProgram) Match(e *event.Event) SegmentMatch {
	ways := p.byType[e.Type]
	if len(ways) == 0 {
		return SegmentMatch{}
	}
	p.scratch.Load(e)
	p.match = SegmentMatch{Traits: p.match.Traits[:0], Failures: p.match.Failures[:0]}
	for i := range ways {
		p.add(&ways[i], e)
	}
	return p.match
}

func (p *SegmentProgram) add(w *traitWay, e *event.Event) {
	if w.where.Condition != nil {
		holds, fault := w.where.Holds(p.scratch)
		p.note(w.where.field, fault)
		if !holds {
			return
		}
	}
	found := TraitMatch{Trait: w.trait}
	switch w.function {
	case TraitSum:
		micros, present, fault := w.sum.Micros(p.scratch)
		p.note(w.sum.field, fault)
		if !present {
			return
		}
		found.Amount = micros
	case TraitDistinct:
		text, present, fault := w.of.AppendText(p.buffer[:0], p.scratch)
		p.buffer = text
		p.note(w.of.field, fault)
		if !present {
			return
		}
		found.Value = expression.Scalar{Kind: expression.Text, Text: p.labels.intern([]byte(keyOf(text)))}
	case TraitFirst, TraitLast:
		found.Value = expression.InstantOf(e.Time)
		if w.of.Value == nil {
			break
		}
		value, fault := w.of.Scalar(p.scratch)
		p.note(w.of.field, fault)
		if value.Kind == expression.Unknown {
			return
		}
		value.Text = bounded(value.Text, MaxTraitText)
		found.Value = value
	}
	p.match.Traits = append(p.match.Traits, found)
}

func (p *SegmentProgram) note(field string, fault *expression.Fault) {
	if fault != nil {
		p.match.Failures = append(p.match.Failures, Failure{field, fault.Message})
	}
}

// Holds says whether a contact with these attributes, a JSON object of which nil is the empty one, and these traits is a member. The traits are in
// the order of the segment; those that are not known are zero. With a fault it is none.
func (p *SegmentProgram) Holds(attributes []byte, traits []expression.Scalar) (bool, *Fault) {
	p.scratch.LoadSegment(attributes, p.names, traits)
	holds, err := p.where.Holds(p.scratch)
	p.scratch.LoadContact(nil)
	if err != nil {
		return false, &Fault{p.field, err}
	}
	return holds, nil
}

// Rank gives the group of a value, from 1, and false while there are no cuts or the value is no number and no time.
func (t *Trait) Rank(value expression.Scalar) (int, bool) {
	micros, known := value.Micros()
	if !known || len(t.Cuts) == 0 {
		return 0, false
	}
	rank, exact := slices.BinarySearch(t.Cuts, micros)
	for exact && rank < len(t.Cuts) && t.Cuts[rank] == micros { // a cut is the least value of its group
		rank++
	}
	return rank + 1, true
}

// bounded cuts a text that is too long, between characters, and makes it valid UTF-8.
func bounded(text string, limit int) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if len(text) <= limit {
		return strings.Clone(text)
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return strings.Clone(text[:limit])
}
