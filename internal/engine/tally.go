// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"math/bits"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// status is where an attempt stands at its last filled stage. Of two equally deep attempts the greater status represents.
type status uint8

const (
	dropped status = iota
	inProgress
	converted
)

// contribution is what one unit adds to a funnel's numbers now.
type contribution struct {
	// depth is the last stage that the representative attempt filled; -1 when the unit has no attempt in the period.
	depth int8
	// status is that of stage depth; all before it are converted.
	status status
	// mature is set when the representative's whole window has passed.
	mature bool
	// recovered has bit i set when stage i was left later than its dropAfter.
	recovered uint32
	// toNext is the bucket of the duration from stage i to the next, for each i before depth.
	toNext []uint16
	// values are by stage, for stages that count a value; shorter when the rest is zero.
	values []value
}

// value is a sum of amounts and how many they are.
type value struct {
	sum    sum
	events int64
}

func (c *contribution) reset() {
	*c = contribution{depth: -1, toNext: c.toNext[:0], values: c.values[:0]}
}

func (c *contribution) addValue(stage int, amount aggregate.Micros) {
	for len(c.values) <= stage {
		c.values = append(c.values, value{})
	}
	v := &c.values[stage]
	v.sum.add(sumOf(amount), 1)
	v.events++
}

// sum is a 128-bit integer in two's complement: amounts can be added and taken away again without ever wrapping or stopping.
type sum struct {
	high int64
	low  uint64
}

func sumOf(m aggregate.Micros) sum { return sum{high: int64(m) >> 63, low: uint64(m)} }

// add adds o, or takes it away when sign is -1.
func (s *sum) add(o sum, sign int64) {
	var carry uint64
	if sign < 0 {
		s.low, carry = bits.Sub64(s.low, o.low, 0)
		s.high -= o.high + int64(carry)
		return
	}
	s.low, carry = bits.Add64(s.low, o.low, 0)
	s.high += o.high + int64(carry)
}

// micros gives the sum, or the nearest amount that can be told.
func (s sum) micros() aggregate.Micros {
	switch {
	case s.high > 0 || s.high == 0 && s.low > math.MaxInt64:
		return math.MaxInt64
	case s.high < -1 || s.high == -1 && s.low < 1<<63:
		return math.MinInt64
	}
	return aggregate.Micros(s.low)
}

// tally is the numbers of one version of one funnel in one partition.
type tally struct {
	stages     []stageTally
	tooLate    int64
	clamped    int64
	saturated  int64
	errors     int64
	firstError aggregate.Failure
}

// stageTally is aggregate.Stage in a form that is quick to add to.
type stageTally struct {
	entered, converted, inProgress, dropped, recovered int64
	matureEntered, matureConverted                     int64
	value                                              value
	// toNext counts durations by bucket.
	toNext []int64
}

func newTally(stages int) tally { return tally{stages: make([]stageTally, stages)} }

// add counts a unit's contribution, or takes it away when sign is -1.
func (t *tally) add(c *contribution, sign int64) {
	for i := range c.values {
		v := &t.stages[i].value
		v.sum.add(c.values[i].sum, sign)
		v.events += sign * c.values[i].events
	}
	for i := range int(c.depth) + 1 {
		s := &t.stages[i]
		s.entered += sign
		reached := converted
		if i == int(c.depth) {
			reached = c.status
		} else {
			s.addDuration(int(c.toNext[i]), sign)
		}
		switch reached {
		case converted:
			s.converted += sign
		case inProgress:
			s.inProgress += sign
		case dropped:
			s.dropped += sign
		}
		if c.recovered&(1<<i) != 0 {
			s.recovered += sign
		}
		if c.mature {
			s.matureEntered += sign
			if reached == converted {
				s.matureConverted += sign
			}
		}
	}
}

func (s *stageTally) addDuration(bucket int, sign int64) {
	if bucket >= len(s.toNext) {
		s.toNext = append(s.toNext, make([]int64, bucket+1-len(s.toNext))...)
	}
	s.toNext[bucket] += sign
}

// funnel gives the numbers in the form that is reported.
func (t *tally) funnel() aggregate.Funnel {
	f := aggregate.Funnel{
		Stages:  make([]aggregate.Stage, len(t.stages)),
		TooLate: t.tooLate, Clamped: t.clamped, Saturated: t.saturated, Errors: t.errors, FirstError: t.firstError,
	}
	for i := range t.stages {
		s := &t.stages[i]
		f.Stages[i] = aggregate.Stage{
			Entered: s.entered, Converted: s.converted, InProgress: s.inProgress, Dropped: s.dropped, Recovered: s.recovered,
			MatureEntered: s.matureEntered, MatureConverted: s.matureConverted,
			Value: s.value.sum.micros(), ValueEvents: s.value.events,
		}
		for bucket, n := range s.toNext {
			if n != 0 {
				f.Stages[i].ToNext.Add(bucket, n)
			}
		}
	}
	return f
}
