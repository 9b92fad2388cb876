// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/report"
)

// Counted is how far the partitions are with a definition that is computed from the log: a Funnel, a Segment or a Journey.
type Counted struct {
	// View is what the runners say.
	View plane.View
	// Key and Version are those of the definition as the spec means it now.
	Key, Version string
}

// Active counts the partitions that run the version.
func (c Counted) Active() int {
	active := 0
	for i := range c.View.Partitions {
		if c.View.Partitions[i].Funnels[c.Key].Active == c.Version {
			active++
		}
	}
	return active
}

// Rollout is how far the runners of a workspace are with the version.
func (c Counted) Rollout(workspace types.NamespacedName) Rollout {
	return Rollout{Workspace: workspace, View: c.View, Key: c.Key, Version: c.Version, Active: c.Active(), Does: "count by this version"}
}

// CountsOn ends a message about a spec that does not come into force; active is the version that does, empty without one.
func CountsOn(active string) string {
	if active == "" {
		return ""
	}
	return "; the last valid version goes on counting"
}

// handing counts the partitions that still hand on events to the units that are counted.
func (c Counted) handing() int {
	handing := 0
	for i := range c.View.Partitions {
		if c.View.Partitions[i].Funnels[c.Key].Handing {
			handing++
		}
	}
	return handing
}

// Complete is the condition DataComplete: whether all history is in the numbers of the version. ExactSince is what the status says of them. Nil
// while that is not known.
func (c Counted) Complete(exactSince *metav1.Time) *metav1.Condition {
	if c.View.State != plane.Connected {
		return nil
	}
	condition := func(status metav1.ConditionStatus, reason, message string) *metav1.Condition {
		return &metav1.Condition{Type: v1alpha1.ConditionDataComplete, Status: status, Reason: reason, Message: message}
	}
	if c.Active() < c.View.PartitionCount {
		percent := report.BackfillOf(c.Key, c.View.PartitionCount, c.View.Partitions).Percent
		return condition(metav1.ConditionFalse, v1alpha1.ReasonBackfillRunning, fmt.Sprintf("%d%% of the stored events are read", percent))
	}
	if handing := c.handing(); handing > 0 {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonHandingOn, fmt.Sprintf(
			"%d of %d partitions still hand on stored events to the units that are counted", handing, c.View.PartitionCount))
	}
	if exactSince != nil {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonHistoryMissing, fmt.Sprintf(
			"the log holds every event since %s; earlier ones are missing from the numbers", exactSince.UTC().Format(time.RFC3339)))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonBackfillFinished, "all stored events are in the numbers")
}

// Freshness is nil while the runners have not answered yet.
func (c Counted) Freshness() *report.Freshness {
	switch c.View.State {
	case plane.Connected:
		return &report.Freshness{Backfill: report.BackfillOf(c.Key, c.View.PartitionCount, c.View.Partitions)}
	case plane.Unreachable, plane.Absent:
		return &report.Freshness{Unreachable: true}
	}
	return nil
}

// UntilNextHour is how long it takes until the hour changes, and maybe with it the day: days are what is counted and compared, and with every hour
// without an event a stage may be found silent. The runner's clock decides, so this is only when to look again. It is 0 without a zone.
func UntilNextHour(now time.Time, zone *time.Location) time.Duration {
	if zone == nil {
		return 0
	}
	now = now.In(zone) // a zone may be half an hour off, and then its day begins in the middle of another's hour
	hour := time.Date(now.Year(), now.Month(), now.Day(), now.Hour(), 0, 0, 0, zone)
	wait := min(hour.Add(time.Hour).Sub(now), now.Truncate(time.Hour).Add(time.Hour).Sub(now))
	const afterTheRunner = 5 * time.Second
	return max(wait, 0) + afterTheRunner
}

// Soonest is the shorter of two waits, of which 0 is none.
func Soonest(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
