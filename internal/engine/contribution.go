// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// status is where an attempt stands at its last filled stage. Of two equally deep attempts the greater status represents.
type status uint8

const (
	dropped status = iota
	inProgress
	converted
)

// outcome is what one attempt that counts adds to the numbers.
type outcome struct {
	// day is that on which it started, and roles what it counts for.
	day   int32
	roles roleSet
	// depth is the last stage that it filled, or how many but one under order Any.
	depth int8
	// status is that of stage depth in the current period; all before it are converted.
	status status
	// complete is set when no stage is left that must be reached, excluded when an exclusion discarded it. Mature is set when its whole
	// window has passed and it counts in the current period.
	complete, mature, excluded bool
	// filled has bit i set when it filled stage i; recovered when it left stage i after it had counted as dropped there.
	filled, recovered uint16
	// toNext are buckets of the durations from each stage that it filled to the next that it filled; nil outside the current period, for
	// an excluded attempt, and where there are none.
	toNext *durations
	// labels are its properties by breakdown, empty for one whose stage it did not fill; nil outside the current period.
	labels *labels
}

type (
	durations [definition.MaxStages - 1]uint16
	labels    [definition.MaxBreakdowns]string
)

// value is a sum of amounts at one stage, and how many they are.
type value struct {
	stage  uint8
	sum    sum
	events int64
	// refunded is what refunds took away; sum is what is left.
	refunded sum
}

// stop is where an attempt in the current period stands that is neither complete nor excluded.
type stop struct {
	stage int8
	// time and id are those of the event that filled the stage.
	time event.Time
	id   string
	// deadline is the last instant at which the next stage is still awaited.
	deadline event.Time
}

// contribution is what one contact adds to a funnel's numbers now. Most contacts have one outcome and nothing else, so that it is
// small then.
type contribution struct {
	single [1]outcome // without roles when there is none, or more than one
	more   *more
}

// more is what few contacts add.
type more struct {
	outcomes []outcome // when there is more than one
	values   []value   // in the order of their stages; of a segment see setMember
}

// outcomes gives those that count.
func (c *contribution) outcomes() []outcome {
	switch {
	case c.more != nil && len(c.more.outcomes) > 0:
		return c.more.outcomes
	case c.single[0].roles != 0:
		return c.single[:]
	}
	return nil
}

func (c *contribution) values() []value {
	if c.more == nil {
		return nil
	}
	return c.more.values
}

// set makes the contribution of its parts, which it copies.
func (c *contribution) set(outcomes []outcome, values []value) {
	c.single[0] = outcome{}
	if len(outcomes) == 1 {
		c.single[0] = outcomes[0]
		outcomes = nil
	}
	if len(outcomes)+len(values) == 0 {
		c.more = nil
		return
	}
	if c.more == nil {
		c.more = new(more)
	}
	c.more.outcomes = append(c.more.outcomes[:0], outcomes...)
	c.more.values = append(c.more.values[:0], values...)
}

// addTo adds an amount to the value of a stage in a list that is in the order of stages.
func addTo(values []value, stage int) ([]value, *value) {
	at := 0
	for at < len(values) && int(values[at].stage) < stage {
		at++
	}
	if at == len(values) || int(values[at].stage) != stage {
		values = append(values, value{})
		copy(values[at+1:], values[at:])
		values[at] = value{stage: uint8(stage)}
	}
	return values, &values[at]
}

func (v *value) add(amount aggregate.Micros) {
	v.sum.add(sumOf(amount), 1)
	v.events++
}

func (v *value) refund(amount aggregate.Micros) {
	v.sum.add(sumOf(amount), -1)
	v.refunded.add(sumOf(amount), 1)
}

// comparison counts for a run of days; see aggregate.Comparison.
type comparison struct{ entered, completed, enteredSquared, cross, completedSquared int64 }

// add counts a contact that has n units of which x completed.
func (c *comparison) add(n, x, sign int64) {
	c.entered += sign * n
	c.completed += sign * x
	c.enteredSquared += sign * n * n
	c.cross += sign * n * x
	c.completedSquared += sign * x * x
}

// cohort counts the units of a day.
type cohort struct {
	units     int64
	completed int64
	entered   [definition.MaxStages]int64
	converted [definition.MaxStages]int64
}
