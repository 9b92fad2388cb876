// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/big"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/stats"
)

// evidence is what is known about how many get from one stage to another.
type evidence struct {
	// entered and reached are those who entered the one and those of them who reached the other; inProgress may still do so.
	entered, reached, inProgress int64
	// matureEntered and matureReached are those of them whose time is over.
	matureEntered, matureReached int64
	// designEffect is for how many independent ones each of them stands in; 1 where all are independent.
	designEffect float64
}

// interval holds the share that gets there in the end, at 95 %, and is false while too few came. It asks those whose time is over, if
// they are enough; else it is so wide that whoever is still on the way may reach the stage or not.
func (e evidence) interval() (interval stats.Interval, known bool) {
	share := func(reached, entered int64) stats.Interval {
		return stats.Wilson(float64(reached)/e.designEffect, float64(entered)/e.designEffect, stats.Z95)
	}
	needed := neededSize * e.designEffect
	switch {
	case float64(e.matureEntered) >= needed:
		return share(e.matureReached, e.matureEntered), true
	case float64(e.entered) >= needed:
		return stats.Interval{
			Low:  share(e.reached, e.entered).Low,
			High: share(min(e.reached+e.inProgress, e.entered), e.entered).High,
		}, true
	}
	return stats.Interval{}, false
}

// verdict says whether a target, in basis points, is met. It is so only when the whole interval is on one side; in between the verdict
// that stands is kept. Nil is none: while too few came, or as long as nothing has been decided.
func (e evidence) verdict(target int32, standing *bool) *bool {
	interval, known := e.interval()
	if !known {
		return nil
	}
	aim, met := float64(target)/basisPoints, true
	switch {
	case interval.Low >= aim, target >= basisPoints && e.reached == e.entered:
		return &met
	case interval.High < aim:
		met = false
		return &met
	}
	return standing
}

// targets says how far each target is reached. While events are missing on the way to its stage, what stands about it is kept.
func (c *counted) targets(silent []bool) ([]v1alpha1.TargetStatus, error) {
	if len(c.fn.Spec.Targets) == 0 {
		return nil, nil
	}
	statuses := make([]v1alpha1.TargetStatus, len(c.fn.Spec.Targets))
	for i, target := range c.fn.Spec.Targets {
		points, err := target.Conversion.BasisPoints()
		if err != nil {
			return nil, fmt.Errorf("spec.targets[%d].conversion: %w", i, err)
		}
		s := v1alpha1.TargetStatus{Stage: target.Stage, Target: target.Conversion}
		if stage, found := c.indexOf(target.Stage); found && stage > 0 {
			c.judge(&s, c.transition(c.sourceOf(stage), stage), points)
			if anyOf(silent[c.sourceOf(stage) : stage+1]) {
				s.Met = c.standing(&s)
			}
		} else {
			c.judgeTotal(&s, points)
		}
		statuses[i] = s
	}
	return statuses, nil
}

func (c *counted) judge(s *v1alpha1.TargetStatus, t transition, points int32) {
	if s.Actual = rate(t.converted, t.entered); s.Actual == nil {
		return
	}
	s.Met = c.evidenceOf(t).verdict(points, c.standing(s))
	t.target = points
	if missing := t.shortfall(); missing != nil {
		s.Shortfall = rateOf(missing)
	}
}

// judgeTotal judges what comes right after an aggregate stage as if each of what that adds up were a try of its own.
func (c *counted) judgeTotal(s *v1alpha1.TargetStatus, points int32) {
	for i := range c.totals {
		if c.fn.Spec.Stages[i+1].Name != s.Stage {
			continue
		}
		if s.Actual = c.totalConversion(i); s.Actual == nil {
			return
		}
		part, whole := c.passed(i)
		t := transition{entered: rounded(whole), target: points}
		t.converted = min(rounded(part), t.entered)
		if t.entered == 0 {
			return
		}
		s.Met = evidence{entered: t.entered, reached: t.converted, designEffect: 1}.verdict(points, c.standing(s))
		if missing := t.shortfall(); missing != nil {
			s.Shortfall = rateOf(missing)
		}
	}
}

func rounded(n *big.Rat) int64 { return scaled(n, 1) }

func (c *counted) evidenceOf(t transition) evidence {
	from := &c.stages[t.from]
	return evidence{
		entered: t.entered, reached: t.converted, inProgress: from.InProgress,
		matureEntered: from.MatureEntered, matureReached: min(from.MatureConverted, c.stages[t.to].MatureEntered),
		designEffect: c.designEffect(),
	}
}

// standing is the verdict that the status holds about a target; nil without one, or about another share.
func (c *counted) standing(of *v1alpha1.TargetStatus) *bool {
	for _, t := range c.fn.Status.Targets {
		if t.Stage == of.Stage && t.Target == of.Target {
			return t.Met
		}
	}
	return nil
}

// OnTarget is the verdict on the targets of a status, as a condition without a transition time: True when all are met, False when
// any is missed, else Unknown. Nil without targets.
func OnTarget(status *v1alpha1.FunnelStatus) *metav1.Condition {
	if len(status.Targets) == 0 {
		return nil
	}
	var missed, empty, undecided []string
	for _, t := range status.Targets {
		switch {
		case t.Met != nil && !*t.Met:
			missed = append(missed, fmt.Sprintf("%s is reached by %s, target %s", t.Stage, t.Actual.Percent, t.Target))
		case t.Actual == nil:
			empty = append(empty, t.Stage)
		case t.Met == nil:
			undecided = append(undecided, t.Stage)
		}
	}
	c := &metav1.Condition{Type: v1alpha1.ConditionOnTarget, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTargetsMet, Message: "every target is met"}
	switch {
	case len(missed) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonTargetsMissed, strings.Join(missed, "; ")
	case len(empty) > 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoData, "nobody has entered the stage before "+strings.Join(empty, ", ")+" yet"
	case len(undecided) > 0:
		c.Status, c.Reason = metav1.ConditionUnknown, v1alpha1.ReasonUndecided
		c.Message = "not decided for " + strings.Join(undecided, ", ") + ": too few have come, or so many that chance explains either side of the target"
	}
	c.Message = bounded(c.Message, v1alpha1.MaxConditionMessageLength)
	return c
}
