// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/stats"
)

// When silence is no chance. A stage is silent when no event has come for so many hours that in the same hours a week ago, and in the
// same hours of all seven days, so many came that chance does not explain the difference: not even if only a quarter as many were to
// come now as did then. That takes 62 events a week ago, and 394 in the seven days; nights, weekends and quiet stages never get there.
//
// At the edge of the test, where every stage of sixteen has fallen to just a quarter, a funnel that is looked at every hour raises one
// false alarm in seven years. At the usual rate, where 62 events are due, it never does: the chance is that of nothing where 62 are due.
const (
	silenceAlpha = 1e-6
	silenceShare = 0.25
	// maxSilence is the longest silence that is judged, in hours: its first hour a week ago is still known.
	maxSilence = aggregate.RateHours - 7*24 - 1
)

// silent says whether the events of a stage have stopped. It looks at whole hours; what has come since the last counts too.
func silent(rates map[int64][]int64, stage int, asOf event.Time) bool {
	if spoke(rates, stage, asOf, 0) {
		return false
	}
	now := hourOf(asOf)
	var lastWeek, sevenDays int64
	for back := int64(1); back <= maxSilence; back++ {
		hour := now - back
		if eventsIn(rates, stage, hour) > 0 {
			return false
		}
		lastWeek += eventsIn(rates, stage, hour-7*24)
		for day := int64(1); day <= 7; day++ {
			sevenDays += eventsIn(rates, stage, hour-day*24)
		}
		if stats.FewerThan(0, lastWeek, 1, silenceShare) <= silenceAlpha && stats.FewerThan(0, sevenDays, 7, silenceShare) <= silenceAlpha {
			return true
		}
	}
	return false
}

// spoke says whether an event came in the hour of an instant, in so many hours before it, or after it.
func spoke(rates map[int64][]int64, stage int, asOf event.Time, hours int64) bool {
	for hour := range rates {
		if hour >= hourOf(asOf)-hours && eventsIn(rates, stage, hour) > 0 {
			return true
		}
	}
	return false
}

func eventsIn(rates map[int64][]int64, stage int, hour int64) int64 {
	if events := rates[hour]; stage < len(events) {
		return events[stage]
	}
	return 0
}

func hourOf(t event.Time) int64 { return int64(t) / int64(time.Hour/time.Microsecond) }

// silences says of each stage whether it is silent. Once it is, it stays so until an event comes, also when the days to compare with are
// silent too. While a version is computed from history nothing new is said.
func (c *counted) silences() []bool {
	all := make([]bool, len(c.stages))
	for i := range c.stages {
		stood := c.stoodSilent(c.specs[i].Name) && !spoke(c.n.Funnel.Rates, i, c.asOf, maxSilence)
		all[i] = stood || !c.n.Recomputing && silent(c.n.Funnel.Rates, i, c.asOf)
	}
	return all
}

func (c *counted) stoodSilent(stage string) bool {
	for i := range c.fn.Status.Stages {
		if s := &c.fn.Status.Stages[i]; s.Name == stage {
			return s.Silent
		}
	}
	return false
}

// DataSuspect is the condition on a status some stage of which is silent, without a transition time. Nil while none is.
func DataSuspect(status *v1alpha1.FunnelStatus) *metav1.Condition {
	var stages []string
	for i := range status.Stages {
		if status.Stages[i].Silent {
			stages = append(stages, status.Stages[i].Name)
		}
	}
	if len(stages) == 0 {
		return nil
	}
	message := "no event of " + strings.Join(stages, ", ") + " comes any more, from nobody, where many came in the same hours before: check that it is still sent"
	return &metav1.Condition{
		Type: v1alpha1.ConditionDataSuspect, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonStageSilent,
		Message: bounded(message, v1alpha1.MaxConditionMessageLength),
	}
}
