// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"math"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/expression"
)

// The first byte of a stored value says what it is. A value that is not known is empty.
const (
	textValue   = 't'
	numberValue = 'n' // and eight bytes
	yesValue    = 'y'
	noValue     = 'f'
	timeValue   = 'i' // and eight bytes
	ownTime     = 'e' // the time of the event
)

// valueText gives the form in which a value of an event that happened at a time is kept.
func valueText(v expression.Scalar, at event.Time) string {
	switch v.Kind {
	case expression.Text:
		return string(textValue) + v.Text
	case expression.Number:
		return string(binary.BigEndian.AppendUint64([]byte{numberValue}, math.Float64bits(v.Number)))
	case expression.YesNo:
		if v.Number != 0 {
			return string(yesValue)
		}
		return string(noValue)
	case expression.Instant:
		if v.Time == at {
			return string(ownTime)
		}
		return string(binary.BigEndian.AppendUint64([]byte{timeValue}, uint64(v.Time)))
	}
	return ""
}

// scalarOf gives the value that valueText keeps.
func scalarOf(text string, at event.Time) expression.Scalar {
	if text == "" {
		return expression.Scalar{}
	}
	kind, rest := text[0], text[1:]
	switch {
	case kind == textValue:
		return expression.Scalar{Kind: expression.Text, Text: rest}
	case kind == yesValue:
		return expression.Scalar{Kind: expression.YesNo, Number: 1}
	case kind == noValue:
		return expression.Scalar{Kind: expression.YesNo}
	case kind == ownTime:
		return expression.InstantOf(at)
	case len(rest) != 8:
		return expression.Scalar{}
	case kind == numberValue:
		return expression.NumberOf(math.Float64frombits(binary.BigEndian.Uint64([]byte(rest))))
	}
	return expression.InstantOf(event.Time(binary.BigEndian.Uint64([]byte(rest))))
}

// bucketOf gives about which value it is, if it can be ranked.
func bucketOf(v expression.Scalar) (bucket int, ranked bool) {
	if v.Kind == expression.Instant {
		return aggregate.TimeBucket(v.Time), true
	}
	micros, known := v.Micros()
	return aggregate.ValueBucket(micros), known
}

// describe notes at a moment what the event that was offered last brings to the traits, for a slot's unit.
func (s *segmentPlan) describe(at *moment, slot uint32) {
	for i := range s.found.Traits {
		t := &s.found.Traits[i]
		at.bring(detail{slot: slot, kind: traitDetail, index: uint8(t.Trait), amount: t.Amount, text: valueText(t.Value, at.time)})
	}
}
