// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Kind is what a Scalar is.
type Kind uint8

// Kinds of scalars. Their numbers are stored.
const (
	// Unknown is no value: comparisons with it do not hold.
	Unknown Kind = iota
	// Text is a text.
	Text
	// Number is a number, as JSON has them.
	Number
	// YesNo is a yes, of which Number is 1, or a no.
	YesNo
	// Instant is a time.
	Instant
)

// Scalar is one value of a kind that is known only when it is there. The zero Scalar is unknown.
type Scalar struct {
	Kind Kind
	// Text is the one of a Text, Number that of a Number or a YesNo, and Time that of an Instant; the others are zero.
	Text   string
	Number float64
	Time   event.Time
}

// NumberOf is a number.
func NumberOf(n float64) Scalar { return Scalar{Kind: Number, Number: n} }

// AmountOf is a number in millionths.
func AmountOf(m aggregate.Micros) Scalar { return NumberOf(float64(m) / microsPerUnit) }

// InstantOf is a time.
func InstantOf(at event.Time) Scalar { return Scalar{Kind: Instant, Time: at} }

// Micros gives a number in millionths, and of a time the microseconds since 1970; nothing else has any, and no number beyond 10^12.
func (v Scalar) Micros() (aggregate.Micros, bool) {
	switch v.Kind {
	case Number:
		micros, known, _ := microsOfDouble(v.Number)
		return micros, known
	case Instant:
		return aggregate.Micros(v.Time), true
	}
	return 0, false
}

func (v Scalar) value() ref.Val {
	switch v.Kind {
	case Text:
		return types.String(v.Text)
	case Number:
		return types.Double(v.Number)
	case YesNo:
		return types.Bool(v.Number != 0)
	case Instant:
		return types.Timestamp{Time: v.Time.UTC()}
	}
	return types.NullValue
}

// NewScalar compiles an expression for a text, a number, a yes or no or a time. The error is a *Problem.
func NewScalar(scope Scope, source string) (*Value, error) {
	c, err := compile(scope, source, wantScalar)
	if err != nil {
		return nil, err
	}
	return &Value{code: c}, nil
}

// Scalar gives the value; it is unknown when it is missing.
func (v *Value) Scalar(s *Scratch) (Scalar, *Fault) {
	value, fault := v.code.value(s)
	switch value := value.(type) {
	case nil:
		return Scalar{}, fault
	case types.String:
		return Scalar{Kind: Text, Text: string(value)}, nil
	case types.Double:
		if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
			return Scalar{}, faultNoScalar
		}
		return NumberOf(float64(value)), nil
	case types.Int:
		return NumberOf(float64(value)), nil
	case types.Uint:
		return NumberOf(float64(value)), nil
	case types.Bool:
		yes := Scalar{Kind: YesNo}
		if value {
			yes.Number = 1
		}
		return yes, nil
	case types.Timestamp:
		at, _, fault := instant(value.Time)
		if fault != nil {
			return Scalar{}, fault
		}
		return InstantOf(at), nil
	}
	return Scalar{}, faultNoScalar
}

// NewSegmentCondition compiles a condition on contact.attributes and contact.traits, of which these are the names. The error is a *Problem.
func NewSegmentCondition(source string, traits []string) (*Condition, error) {
	c, err := compile(OnSegment, source, wantCondition)
	if err != nil {
		return nil, err
	}
	if err := checkTraits(c.ast, traits); err != nil {
		return nil, err
	}
	return &Condition{code: c, asks: true}, nil
}

// checkTraits refuses a trait that there is not: it would never be known, so that nobody would ever be a member.
func checkTraits(tree *checkedAST, known []string) error {
	var problem error
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		name, asks := traitOf(e)
		if !asks || problem != nil || slices.Contains(known, name) {
			return
		}
		advice := "add it to traits"
		switch near := Nearest(name, known); {
		case near != "":
			advice = fmt.Sprintf("did you mean %q?", near)
		case len(known) > 0:
			advice = "write one of " + strings.Join(known, ", ") + ", or add it to traits"
		}
		at := tree.SourceInfo().GetStartLocation(e.ID())
		problem = &Problem{at.Line(), at.Column() + 1, name, "is no trait of this segment: " + advice}
	}))
	return problem
}

// traitOf recognises contact.traits.name and contact.traits['name'].
func traitOf(e ast.Expr) (name string, ok bool) {
	switch e.Kind() {
	case ast.SelectKind:
		return e.AsSelect().FieldName(), isTraits(e.AsSelect().Operand())
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || !isTraits(call.Args()[0]) || call.Args()[1].Kind() != ast.LiteralKind {
			return "", false
		}
		text, isText := call.Args()[1].AsLiteral().(types.String)
		return string(text), isText
	}
	return "", false
}

func isTraits(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "traits" &&
		e.AsSelect().Operand().Kind() == ast.IdentKind && e.AsSelect().Operand().AsIdent() == "contact"
}

// LoadSegment makes a contact's attributes, a JSON object, and its traits what expressions see until the next load. The values belong to the
// names in the same order; without one for a name it is unknown.
func (s *Scratch) LoadSegment(attributes []byte, names []string, values []Scalar) {
	s.event, s.trigger, s.message = &noEvent, &noEvent, nil
	s.contact = attributes
	s.traits = traitMap{names, values}
}

// traitMap is the traits of a contact as a CEL map. Those that are unknown are not in it.
type traitMap struct {
	names  []string
	values []Scalar
}

var _ traits.Mapper = (*traitMap)(nil)

// Find implements traits.Mapper.
func (m *traitMap) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	i := slices.Index(m.names, string(name))
	if i < 0 || i >= len(m.values) || m.values[i].Kind == Unknown {
		return nil, false
	}
	return m.values[i].value(), true
}

// Get implements traits.Indexer.
func (m *traitMap) Get(key ref.Val) ref.Val {
	if v, found := m.Find(key); found {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Contains implements traits.Container.
func (m *traitMap) Contains(key ref.Val) ref.Val {
	_, found := m.Find(key)
	return types.Bool(found)
}

func (m *traitMap) keys() []ref.Val {
	var keys []ref.Val
	for i, name := range m.names {
		if i < len(m.values) && m.values[i].Kind != Unknown {
			keys = append(keys, types.String(name))
		}
	}
	return keys
}

// Size implements traits.Sizer.
func (m *traitMap) Size() ref.Val { return types.Int(len(m.keys())) }

// Iterator implements traits.Iterable, in the order of the segment.
func (m *traitMap) Iterator() traits.Iterator {
	return types.NewRefValList(adapter{}, m.keys()).Iterator()
}

// Equal implements ref.Val: nothing is compared with all traits at once.
func (m *traitMap) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(m)) }

// ConvertToType implements ref.Val.
func (m *traitMap) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return m
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("type conversion error from map to %s", t.TypeName())
}

// ConvertToNative implements ref.Val.
func (m *traitMap) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("traits cannot be converted to %v", t)
}

// Type implements ref.Val.
func (m *traitMap) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (m *traitMap) Value() any { return m.values }
