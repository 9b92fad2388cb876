// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"math/bits"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

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

// tally is the numbers of one version of one funnel in one partition. Whatever is added can be taken away again exactly.
type tally struct {
	stages         []stageTally
	completed      int64
	breakdowns     []map[string]share
	recent, before comparison
	cohorts        map[int32]*cohort
	tooLate        int64
	clamped        int64
	saturated      int64
	errors         int64
	firstError     aggregate.Failure
	// members is what a segment counts; nil for a funnel.
	members *memberTally
}

// stageTally is aggregate.Stage in a form that is quick to add to.
type stageTally struct {
	entered, converted, inProgress, dropped, excluded, recovered int64
	matureEntered, matureConverted                               int64
	value                                                        value
	// toNext counts durations by bucket.
	toNext []int64
}

// share counts the units that have one property, or are compared.
type share struct{ entered, completed int64 }

func newTally(p *plan) tally {
	t := tally{stages: make([]stageTally, p.stages), cohorts: map[int32]*cohort{}}
	for i := range t.stages {
		t.stages[i].value.stage = uint8(i)
	}
	if p.stages == 0 {
		t.members = newMemberTally(p.segment)
	}
	for range p.breakdowns {
		t.breakdowns = append(t.breakdowns, map[string]share{})
	}
	return t
}

// add counts a unit's contribution, or takes it away when sign is -1.
func (t *tally) add(c *contribution, sign int64) {
	if t.members != nil {
		share := c.member()
		t.members.add(&share, sign)
		return
	}
	for _, v := range c.values() {
		to := &t.stages[v.stage].value
		to.sum.add(v.sum, sign)
		to.refunded.add(v.refunded, sign)
		to.events += sign * v.events
	}
	var recent, before share
	outcomes := c.outcomes()
	for i := range outcomes {
		o := &outcomes[i]
		if o.roles&currentRole != 0 {
			t.addCurrent(o, sign)
		}
		if o.roles&cohortRole != 0 {
			t.addCohort(o, sign)
		}
		if o.roles&recentRole != 0 {
			recent.count(o)
		}
		if o.roles&beforeRole != 0 {
			before.count(o)
		}
	}
	t.recent.add(recent.entered, recent.completed, sign)
	t.before.add(before.entered, before.completed, sign)
}

// count takes in one outcome, unless it was discarded.
func (g *share) count(o *outcome) {
	if o.excluded {
		return
	}
	g.entered++
	if o.complete {
		g.completed++
	}
}

func (t *tally) addCurrent(o *outcome, sign int64) {
	left := uint32(o.filled)
	for n := 0; left != 0; n++ {
		i := bits.TrailingZeros32(left)
		left &= left - 1
		s := &t.stages[i]
		s.entered += sign
		reached := converted
		if left == 0 {
			reached = o.status
		} else if !o.excluded {
			s.addDuration(int(o.toNext[n]), sign)
		}
		switch {
		case o.excluded:
			s.excluded += sign
		case reached == converted:
			s.converted += sign
		case reached == inProgress:
			s.inProgress += sign
		default:
			s.dropped += sign
		}
		if o.recovered&(1<<i) != 0 {
			s.recovered += sign
		}
		if o.mature {
			s.matureEntered += sign
			if reached == converted && !o.excluded {
				s.matureConverted += sign
			}
		}
	}
	completed := o.complete && !o.excluded
	if completed {
		t.completed += sign
	}
	if o.labels != nil {
		t.addLabels(o.labels, completed, sign)
	}
}

func (t *tally) addLabels(all *labels, completed bool, sign int64) {
	for i := range t.breakdowns {
		label := all[i]
		if label == "" {
			continue
		}
		g := t.breakdowns[i][label]
		g.entered += sign
		if completed {
			g.completed += sign
		}
		if t.breakdowns[i][label] = g; g == (share{}) {
			delete(t.breakdowns[i], label)
		}
	}
}

func (t *tally) addCohort(o *outcome, sign int64) {
	c := t.cohorts[o.day]
	if c == nil {
		c = new(cohort)
		t.cohorts[o.day] = c
	}
	if c.units += sign; c.units == 0 {
		delete(t.cohorts, o.day) // all that was added is taken away again
		return
	}
	for left := uint32(o.filled); left != 0; {
		i := bits.TrailingZeros32(left)
		left &= left - 1
		c.entered[i] += sign
		if !o.excluded && (left != 0 || o.complete) {
			c.converted[i] += sign
		}
	}
	if o.complete && !o.excluded {
		c.completed += sign
	}
}

func (s *stageTally) addDuration(bucket int, sign int64) {
	if bucket >= len(s.toNext) {
		s.toNext = append(s.toNext, make([]int64, bucket+1-len(s.toNext))...)
	}
	s.toNext[bucket] += sign
}
