// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/big"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
)

// BottleneckMinimum is how many contacts must have entered a stage before its transition can be called the bottleneck. Below it
// a single contact moves the rate by more than three percentage points. A funnel in which no stage has as many judges all alike.
const BottleneckMinimum = 30

// transition is the way from one stage to the next.
type transition struct {
	from               int // index of the stage that is left
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

// transitions are those that anybody entered, in order.
func transitions(fn *v1alpha1.Funnel, f *aggregate.Funnel) []transition {
	var all []transition
	for i := range len(f.Stages) - 1 {
		s := &f.Stages[i]
		if s.Entered == 0 {
			continue
		}
		all = append(all, transition{
			from: i, entered: s.Entered, converted: s.Converted, dropped: s.Dropped,
			target: targetOf(fn, fn.Spec.Stages[i+1].Name),
		})
	}
	return all
}

func targetOf(fn *v1alpha1.Funnel, stage string) int32 {
	for _, t := range fn.Spec.Targets {
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
func bottleneck(fn *v1alpha1.Funnel, f *aggregate.Funnel) *v1alpha1.Bottleneck {
	candidates := withEnough(transitions(fn, f))
	if worst, missing := largest(candidates, transition.shortfall); missing != nil {
		b := bottleneckAt(fn, worst, v1alpha1.BottleneckByTarget)
		b.Shortfall = rateOf(missing)
		return b
	}
	worst, lost := largest(candidates, transition.dropOff)
	if lost == nil || lost.Sign() == 0 {
		return nil
	}
	return bottleneckAt(fn, worst, v1alpha1.BottleneckByDropOff)
}

func withEnough(all []transition) []transition {
	var enough []transition
	for _, t := range all {
		if t.entered >= BottleneckMinimum {
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

func bottleneckAt(fn *v1alpha1.Funnel, t transition, basis v1alpha1.BottleneckBasis) *v1alpha1.Bottleneck {
	from, to := fn.Spec.Stages[t.from].Name, fn.Spec.Stages[t.from+1].Name
	return &v1alpha1.Bottleneck{
		From:       from,
		To:         to,
		Transition: from + "→" + to,
		Lost:       t.dropped,
		DropOff:    *rateOf(t.dropOff()),
		Basis:      basis,
	}
}

func targetStatuses(fn *v1alpha1.Funnel, f *aggregate.Funnel) ([]v1alpha1.TargetStatus, error) {
	if len(fn.Spec.Targets) == 0 {
		return nil, nil
	}
	entered := map[string]transition{}
	for _, t := range transitions(fn, f) {
		entered[fn.Spec.Stages[t.from+1].Name] = t
	}
	statuses := make([]v1alpha1.TargetStatus, len(fn.Spec.Targets))
	for i, target := range fn.Spec.Targets {
		if _, err := target.Conversion.BasisPoints(); err != nil {
			return nil, fmt.Errorf("spec.targets[%d].conversion: %w", i, err)
		}
		statuses[i] = v1alpha1.TargetStatus{Stage: target.Stage, Target: target.Conversion}
		t, known := entered[target.Stage]
		if !known {
			continue
		}
		missing := t.shortfall()
		met := missing == nil
		statuses[i].Actual, statuses[i].Met = rate(t.converted, t.entered), &met
		if !met {
			statuses[i].Shortfall = rateOf(missing)
		}
	}
	return statuses, nil
}

// OnTarget is the verdict on the targets of a status, as a condition without a transition time: True when all are met, False when
// any is missed, Unknown while the only thing that keeps it from True is that nobody has entered a stage. Nil without targets.
func OnTarget(status *v1alpha1.FunnelStatus) *metav1.Condition {
	if len(status.Targets) == 0 {
		return nil
	}
	var missed, unknown []string
	for _, t := range status.Targets {
		switch {
		case t.Met == nil:
			unknown = append(unknown, t.Stage)
		case !*t.Met:
			missed = append(missed, fmt.Sprintf("%s is reached by %s, target %s", t.Stage, t.Actual.Percent, t.Target))
		}
	}
	c := &metav1.Condition{Type: v1alpha1.ConditionOnTarget, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTargetsMet, Message: "every target is met"}
	switch {
	case len(missed) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonTargetsMissed, strings.Join(missed, "; ")
	case len(unknown) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoData, "nobody has entered the stage before "+strings.Join(unknown, ", ")+" yet"
	}
	c.Message = bounded(c.Message, v1alpha1.MaxConditionMessageLength)
	return c
}
