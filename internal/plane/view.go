// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"cmp"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/event"
)

// Grace is how long runners may be silent before they count as unreachable: a restart of a pod takes less and is no news.
const Grace = 20 * time.Second

// State says whether a workspace's runners answer.
type State int

const (
	// Absent means that the workspace has no runner that could be called.
	Absent State = iota
	// Connecting means that not every runner has answered yet, and none has been silent for long.
	Connecting
	// Connected means that every runner has reported, and none has been silent for long since.
	Connected
	// Unreachable means that a runner has been silent for longer than Grace.
	Unreachable
)

// View is what is known of a workspace's runners at one moment. It must not be changed.
type View struct {
	// State says whether the runners answer.
	State State
	// Problem is the last error of a runner that does not answer; empty while all do.
	Problem string
	// Rejected is why a runner last took no definitions at all; empty when it took them.
	Rejected string
	// Refused are the definitions that a runner cannot run, by key.
	Refused map[string]control.Refusal
	// Kept are the definitions that a runner has under keys for which nothing was offered, with what they were compiled from.
	Kept map[string]control.Definition
	// PartitionCount is how many partitions the workspace has.
	PartitionCount int
	// Partitions are those of the last reports.
	Partitions []aggregate.Partition
	// Reports are the last ones, of each runner that has ever reported since it was connected.
	Reports []control.Report
	// AsOf is the instant for which all reports speak; 0 before the first.
	AsOf event.Time
}

// Ingest is the first runner's that cannot take events, or else Ready. It is not ready before every runner has reported.
func (v *View) Ingest() control.Ingest {
	if v.State == Absent || v.State == Connecting {
		return control.Ingest{}
	}
	for _, r := range v.Reports {
		if !r.Ingest.Ready {
			return r.Ingest
		}
	}
	return control.Ingest{Ready: true}
}

// Fault is what keeps the first partition that does not run; nil when all do.
func (v *View) Fault() *control.Fault {
	for _, r := range v.Reports {
		if len(r.Faults) > 0 {
			return &r.Faults[0]
		}
	}
	return nil
}

// Storage adds up the volumes.
func (v *View) Storage() control.Storage {
	var sum control.Storage
	for _, r := range v.Reports {
		sum.Capacity += r.Storage.Capacity
		sum.Free += r.Storage.Free
		sum.Log += r.Storage.Log
	}
	return sum
}

// ServesFeeds says whether every runner serves a version of the feeds.
func (v *View) ServesFeeds(version string) bool {
	for _, r := range v.Reports {
		if r.FeedsVersion != version {
			return false
		}
	}
	return v.State == Connected
}

// HasDelivery says whether every runner sends by a version of the delivery file.
func (v *View) HasDelivery(version string) bool {
	for _, r := range v.Reports {
		if r.DeliveryVersion != version {
			return false
		}
	}
	return v.State == Connected
}

// Channel is what the senders say of a channel, given by its key: what is well is so with all of them, and of trouble the first is told.
// Known is false while none of them has it.
func (v *View) Channel(key string) (c control.Channel, known bool) {
	c = control.Channel{Key: key, Accepted: true, Probed: true, Reachable: true}
	for _, r := range v.Reports {
		for i := range r.Channels {
			if r.Channels[i].Key == key {
				known = true
				addChannel(&c, &r.Channels[i])
			}
		}
	}
	if !known {
		return control.Channel{Key: key}, false
	}
	return c, true
}

func addChannel(sum, c *control.Channel) {
	sum.Accepted = sum.Accepted && c.Accepted
	sum.Probed = sum.Probed && c.Probed
	if sum.Reachable && !c.Reachable {
		sum.Since, sum.Reachable = 0, false // an outage is told since when it is one
	}
	if sum.Reachable == c.Reachable {
		sum.Since = max(sum.Since, c.Since)
	}
	sum.Message = cmp.Or(sum.Message, c.Message)
	sum.LastClass = cmp.Or(sum.LastClass, c.LastClass)
}

// Feed adds up what came through one feed, given as namespace/name.
func (v *View) Feed(key string) control.Feed {
	sum := control.Feed{Key: key}
	for _, r := range v.Reports {
		for _, f := range r.Feeds {
			if f.Key == key {
				addFeed(&sum, f)
			}
		}
	}
	return sum
}

func addFeed(sum *control.Feed, f control.Feed) {
	sum.Accepted += f.Accepted
	sum.Dropped += f.Dropped
	sum.Clamped += f.Clamped
	sum.LastEvent = max(sum.LastEvent, f.LastEvent)
	for reason, n := range f.Refused {
		if sum.Refused == nil {
			sum.Refused = map[string]int64{}
		}
		sum.Refused[reason] += n
	}
}
