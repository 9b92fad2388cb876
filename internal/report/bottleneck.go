// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math/big"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// neededSize is how many must have entered a stage before anything is judged by what became of them. Below it a single one moves the
// rate by more than three percentage points.
const neededSize = 30

// transition is the way from one stage to a later one.
type transition struct {
	from, to           int // indices of the stages
	entered, converted int64
	dropped            int64
	target             int32 // in basis points; -1 without one
}

// dropOff is the exact share that is lost.
func (t transition) dropOff() *big.Rat { return big.NewRat(t.dropped, t.entered) }

// shortfall is what is missing to the target as an exact share of the target; nil when nothing is, or without a target.
func (t transition) shortfall() *big.Rat {
	if t.target <= 0 {
		return nil
	}
	reached := new(big.Rat).Quo(big.NewRat(t.converted, t.entered), big.NewRat(int64(t.target), basisPoints))
	missing := new(big.Rat).Sub(big.NewRat(1, 1), reached)
	if missing.Sign() <= 0 {
		return nil
	}
	return missing
}

// transitions are those from each stage to the next that is not optional, but for those that nobody entered, and those over a stage
// whose events have stopped: there data is lost and not people.
func (c *counted) transitions(silent []bool) []transition {
	var all []transition
	for from := range len(c.stages) - 1 {
		t := c.transition(from, c.nextOf(from))
		if t.entered > 0 && !anyOf(silent[from+1:t.to+1]) {
			all = append(all, t)
		}
	}
	return all
}

// aimed are the transitions that have a target: to its stage from the last before it that is not optional.
func (c *counted) aimed(silent []bool) []transition {
	var all []transition
	for to := 1; to < len(c.stages); to++ {
		t := c.transition(c.sourceOf(to), to)
		t.target = c.targetOf(c.specs[to].Name)
		if t.target >= 0 && t.entered > 0 && !anyOf(silent[t.from+1:to+1]) {
			all = append(all, t)
		}
	}
	return all
}

func (c *counted) transition(from, to int) transition {
	return transition{
		from: from, to: to, target: -1,
		entered: c.stages[from].Entered, converted: c.reached(to), dropped: c.stages[from].Dropped,
	}
}

func (c *counted) targetOf(stage string) int32 {
	for _, t := range c.fn.Spec.Targets {
		if t.Stage != stage {
			continue
		}
		if points, err := t.Conversion.BasisPoints(); err == nil {
			return points
		}
	}
	return -1
}

// bottleneck finds the transition where most is to be gained: with targets the one that falls shortest of its target, relative
// to the target; where no target is missed the one that loses the largest share. Of equal ones the first. Nil while nobody is lost.
func (c *counted) bottleneck(silent []bool) *v1alpha1.Bottleneck {
	if worst, missing := largest(withEnough(c.aimed(silent)), transition.shortfall); missing != nil {
		b := c.bottleneckAt(worst, v1alpha1.BottleneckByTarget)
		b.Shortfall = rateOf(missing)
		return b
	}
	worst, lost := largest(withEnough(c.transitions(silent)), transition.dropOff)
	if lost == nil || lost.Sign() == 0 {
		return nil
	}
	return c.bottleneckAt(worst, v1alpha1.BottleneckByDropOff)
}

// withEnough leaves out the transitions that too few have entered. A funnel in which no stage has enough judges all alike.
func withEnough(all []transition) []transition {
	var enough []transition
	for _, t := range all {
		if t.entered >= neededSize {
			enough = append(enough, t)
		}
	}
	if len(enough) == 0 {
		return all
	}
	return enough
}

// largest gives the first transition of the largest measure, leaving out those without one; nil when none has one.
func largest(all []transition, measure func(transition) *big.Rat) (worst transition, most *big.Rat) {
	for _, t := range all {
		if m := measure(t); m != nil && (most == nil || m.Cmp(most) > 0) {
			worst, most = t, m
		}
	}
	return worst, most
}

func (c *counted) bottleneckAt(t transition, basis v1alpha1.BottleneckBasis) *v1alpha1.Bottleneck {
	from, to := c.specs[t.from].Name, c.specs[t.to].Name
	return &v1alpha1.Bottleneck{
		From:       from,
		To:         to,
		Transition: from + "→" + to,
		Lost:       t.dropped,
		DropOff:    *rateOf(t.dropOff()),
		Basis:      basis,
	}
}

func anyOf(flags []bool) bool {
	for _, f := range flags {
		if f {
			return true
		}
	}
	return false
}
