// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
)

// readAsNo is the function that the compiler puts around what must be yes or no: a missing field becomes no. No author can
// write its name.
const readAsNo = "@read_as_no"

// ifPresent is the function that the compiler puts around the values of a map that becomes an object: an entry whose value is
// missing is left out.
const ifPresent = "@if_present"

const (
	eventTypeName        = "log event"
	messageEventTypeName = "message event"
	triggerTypeName      = "trigger event"
	contactTypeName      = "event contact"
	memberTypeName       = "segment contact"
)

// fieldGetters are the fields of `event`. They take the Scratch, which is what the activation gives for that name.
var fieldGetters = map[string]struct {
	kind *types.Type
	get  func(*Scratch) any
}{
	"id":      {types.StringType, func(s *Scratch) any { return presentText(s, s.event.ID) }},
	"source":  {types.StringType, func(s *Scratch) any { return presentText(s, s.event.Source) }},
	"type":    {types.StringType, func(s *Scratch) any { return presentText(s, s.event.Type) }},
	"contact": {types.StringType, func(s *Scratch) any { return presentText(s, s.event.Contact) }},
	"time": {types.TimestampType, func(s *Scratch) any {
		if s.event.Time == 0 && s.mayLack() {
			return nil
		}
		return types.Timestamp{Time: s.event.Time.UTC()}
	}},
	"data": {types.DynType, func(s *Scratch) any {
		root, ok := s.data.parse(s.event.Data)
		if !ok {
			return types.WrapErr(errNotJSON)
		}
		return valueOfJSON(root)
	}},
}

// attributes is a field of `contact`, and where no segment is asked its only one.
var attributes = &types.FieldType{
	Type:  types.DynType,
	IsSet: func(any) bool { return true },
	GetFrom: func(target any) (any, error) {
		s, ok := target.(*Scratch)
		if !ok {
			return nil, fmt.Errorf("contact.attributes is read from %T", target)
		}
		root, ok := s.attributes.parse(s.contact)
		if !ok {
			return nil, errNotJSON
		}
		return valueOfJSON(root), nil
	},
}

// computedTraits is the other field of `contact` in the condition of a segment.
var computedTraits = &types.FieldType{
	Type:  types.DynType,
	IsSet: func(any) bool { return true },
	GetFrom: func(target any) (any, error) {
		s, ok := target.(*Scratch)
		if !ok {
			return nil, fmt.Errorf("contact.traits is read from %T", target)
		}
		return &s.traits, nil
	},
}

// triggerGetters are the fields of `trigger`.
var triggerGetters = map[string]struct {
	kind *types.Type
	get  func(*Scratch) any
}{
	"id":     {types.StringType, func(s *Scratch) any { return triggerText(s, s.trigger.ID) }},
	"source": {types.StringType, func(s *Scratch) any { return triggerText(s, s.trigger.Source) }},
	"type":   {types.StringType, func(s *Scratch) any { return triggerText(s, s.trigger.Type) }},
	"time": {types.TimestampType, func(s *Scratch) any {
		if s.trigger == &noEvent {
			return nil
		}
		return types.Timestamp{Time: s.trigger.Time.UTC()}
	}},
	"data": {types.DynType, func(s *Scratch) any {
		parsed := &s.triggerData
		if s.trigger == s.event {
			parsed = &s.data // parsed once for both names
		}
		root, ok := parsed.parse(s.trigger.Data)
		if !ok {
			return types.WrapErr(errNotJSON)
		}
		return valueOfJSON(root)
	}},
}

func triggerText(s *Scratch, text string) any {
	if s.trigger == &noEvent {
		return nil
	}
	return types.String(text)
}

// mayLack says whether the event may be without fields that every event in the log has.
func (s *Scratch) mayLack() bool { return s.message != nil || s.event == &noEvent }

// presentText is a text, or nothing when a message does not bring it. In the log every event has all of them.
func presentText(s *Scratch, text string) any {
	if text == "" && s.mayLack() {
		return nil
	}
	return types.String(text)
}

// provider tells CEL the types of `event`, so that a misspelt field is found before any event comes.
type provider struct{ *types.Registry }

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	switch name {
	case eventTypeName, messageEventTypeName, triggerTypeName, contactTypeName, memberTypeName:
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	switch name {
	case eventTypeName, triggerTypeName:
		return []string{"id", "source", "type", "time", "data"}, true
	case messageEventTypeName:
		return []string{"id", "source", "type", "contact", "time", "data"}, true
	case contactTypeName:
		return []string{"attributes"}, true
	case memberTypeName:
		return []string{"attributes", "traits"}, true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	switch {
	case name == contactTypeName, name == memberTypeName && field != "traits":
		return attributes, field == "attributes"
	case name == memberTypeName:
		return computedTraits, true
	}
	getters := fieldGetters
	switch name {
	case eventTypeName, messageEventTypeName:
	case triggerTypeName:
		getters = triggerGetters
	default:
		return p.Registry.FindStructFieldType(name, field)
	}
	getter, ok := getters[field]
	if !ok || field == "contact" && name == eventTypeName {
		return nil, false
	}
	return &types.FieldType{
		Type: getter.kind,
		IsSet: func(target any) bool {
			s, ok := target.(*Scratch)
			return ok && getter.get(s) != nil
		},
		GetFrom: func(target any) (any, error) {
			s, ok := target.(*Scratch)
			if !ok {
				return nil, fmt.Errorf("%s of an event is read from %T", field, target)
			}
			switch v := getter.get(s).(type) {
			case nil:
				return nil, fmt.Errorf("no such key: %s", field)
			case *types.Err:
				return nil, v
			default:
				return v, nil
			}
		},
	}, true
}

var environments = map[Scope]func() (*cel.Env, error){
	OnEvent:   sync.OnceValues(func() (*cel.Env, error) { return newEnvironment(eventVariable) }),
	OnContact: sync.OnceValues(func() (*cel.Env, error) { return newEnvironment(eventVariable, contactVariable) }),
	OnMessage: sync.OnceValues(func() (*cel.Env, error) { return newEnvironment(messageVariables...) }),
	OnEnrolment: sync.OnceValues(func() (*cel.Env, error) {
		return newEnvironment(eventVariable, contactVariable,
			cel.Variable("trigger", cel.ObjectType(triggerTypeName)), cel.Variable("vars", cel.DynType))
	}),
	OnPerson: sync.OnceValues(func() (*cel.Env, error) { return newEnvironment(contactVariable) }),
	OnUnit:   sync.OnceValues(func() (*cel.Env, error) { return newEnvironment(eventVariable) }),
	OnSegment: sync.OnceValues(func() (*cel.Env, error) {
		return newEnvironment(cel.Variable("contact", cel.ObjectType(memberTypeName)))
	}),
}

var (
	eventVariable   = cel.Variable("event", cel.ObjectType(eventTypeName))
	contactVariable = cel.Variable("contact", cel.ObjectType(contactTypeName))
)

var messageVariables = []cel.EnvOption{
	cel.Variable("event", cel.ObjectType(messageEventTypeName)),
	cel.Variable("body", cel.DynType),
	cel.Variable("headers", cel.MapType(cel.StringType, cel.StringType)),
	cel.Variable("query", cel.MapType(cel.StringType, cel.StringType)),
}

func newEnvironment(variables ...cel.EnvOption) (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("make CEL type registry: %w", err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(provider{registry}),
		cel.CustomTypeAdapter(adapter{}),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.OptionalTypes(),
		ext.Strings(),
		cel.ParserExpressionSizeLimit(maxSourceBytes),
		cel.ParserRecursionLimit(50),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateDurationLiterals(),
			cel.ValidateComprehensionNestingLimit(2)),
		cel.Function(readAsNo, cel.Overload(readAsNo, []*cel.Type{cel.DynType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(missingReadsAsNo))),
		cel.Function(wallClock, cel.Overload(wallClock, []*cel.Type{cel.TimestampType, cel.StringType}, cel.TimestampType,
			cel.BinaryBinding(readWallClock))),
		cel.Function(ifPresent, cel.Overload(ifPresent, []*cel.Type{cel.DynType}, cel.OptionalType(cel.DynType),
			cel.OverloadIsNonStrict(), cel.UnaryBinding(missingReadsAsNone))),
	}
	env, err := cel.NewEnv(append(options, variables...)...)
	if err != nil {
		return nil, fmt.Errorf("make CEL environment: %w", err)
	}
	return env, nil
}

func missingReadsAsNo(v ref.Val) ref.Val {
	switch v := v.(type) {
	case types.Bool:
		return v
	case *types.Err:
		if isMissing(v) {
			return types.False
		}
		return v
	}
	return types.NewErr("not a condition")
}

func missingReadsAsNone(v ref.Val) ref.Val {
	switch v := v.(type) {
	case *types.Err:
		if isMissing(v) {
			return types.OptionalNone
		}
		return v
	case *types.Optional:
		return v
	}
	if v == types.NullValue {
		return types.OptionalNone
	}
	return types.OptionalOf(v)
}
