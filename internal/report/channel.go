// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// MergeChannel adds up what the partitions 0 to count-1 report about the channel named key. A partition that does not name it has sent
// nothing by it. The error is an *IncompleteError: some partition has not reported.
func MergeChannel(key string, count int, reports []aggregate.Partition) (aggregate.Channel, error) {
	latest, missing := latestReports(count, reports)
	if len(missing) > 0 || len(latest) == 0 {
		return aggregate.Channel{}, &IncompleteError{Key: key, Missing: missing}
	}
	sum := aggregate.Channel{Key: key}
	for _, p := range latest {
		for i := range p.Channels {
			if p.Channels[i].Key == key {
				addChannel(&sum, &p.Channels[i])
			}
		}
	}
	return sum, nil
}

func addChannel(sum, c *aggregate.Channel) {
	addMessage(&sum.Message, &c.Message)
	sum.Suppressed += c.Suppressed
	sum.Waiting += c.Waiting
	sum.Oldest = earliest(sum.Oldest, c.Oldest)
	if c.PausedUntil > sum.PausedUntil {
		sum.PausedUntil, sum.PauseReason = c.PausedUntil, c.PauseReason
	}
}

// ChannelStatus writes the numbers of a channel, as of an instant, into a status: all of it but the medium, the conditions and
// observedGeneration, which are the controller's.
func ChannelStatus(c *aggregate.Channel, asOf event.Time) v1alpha1.MessageChannelStatus {
	m := &c.Message
	status := v1alpha1.MessageChannelStatus{
		Sent:        &m.Sent,
		Delivered:   &m.Delivered,
		Failed:      &m.Failed,
		Deferred:    &m.Deferred,
		InDoubt:     &m.InDoubt,
		Suppressed:  &c.Suppressed,
		Bounced:     &m.Bounced,
		Complained:  &m.Complained,
		Waiting:     &c.Waiting,
		OldestLag:   lag(c.Waiting, c.Oldest, asOf),
		EvaluatedAt: metaTime(asOf),
	}
	if c.PausedUntil > asOf {
		status.PausedUntil, status.PauseReason = metaTime(c.PausedUntil), bounded(c.PauseReason, maxPauseReason)
	}
	return status
}

// maxPauseReason is the API's bound of a pause's reason, in characters.
const maxPauseReason = 128

// ChannelVisibleEqual says whether a reader sees no difference between two statuses, as ScenarioVisibleEqual does for a
// scenario's.
func ChannelVisibleEqual(a, b *v1alpha1.MessageChannelStatus) bool {
	without := func(s *v1alpha1.MessageChannelStatus) *v1alpha1.MessageChannelStatus {
		s = s.DeepCopy()
		s.EvaluatedAt = nil
		forgetLag(s.OldestLag)
		forgetTransitions(s.Conditions)
		return s
	}
	return equality.Semantic.DeepEqual(without(a), without(b))
}
