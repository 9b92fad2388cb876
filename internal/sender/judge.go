// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

const (
	// firstRetry and lastRetry bound how long a message that failed for the moment waits. The time doubles with each try.
	firstRetry = 30 * time.Second
	lastRetry  = time.Hour
	// jitter is by how many percent it is longer at most, so that those that failed together do not come back together.
	jitter = 25
)

const (
	atLeastOnce = definition.AtLeastOnce
	atMostOnce  = definition.AtMostOnce
)

// Classes of results that no channel gives.
const (
	// ClassRenderFailed: no message could be made.
	ClassRenderFailed = "RenderFailed"
	// ClassStale: it was granted too long ago to be sent, and is claimed anew.
	ClassStale = "Stale"
	// ClassDryRun: the workspace sends nothing; it counts as sent.
	ClassDryRun = "DryRun"
	// ClassExited: the enrolment ended between the claim and the sending.
	ClassExited = "Exited"
	// ClassChannelMissing: the sender does not know the channel.
	ClassChannelMissing = "ChannelMissing"
)

// outcome is what a partition is told of one try.
type outcome struct {
	// kind is the event's type.
	kind    string
	class   string
	code    string
	retryAt event.Time
	answer  []byte
}

// word names the outcome in the event's id.
func (o *outcome) word() string {
	switch o.kind {
	case event.MessageSent:
		return "sent"
	case event.MessageFailed:
		return "failed"
	case event.MessageDeferred:
		return "deferred"
	}
	return "indoubt"
}

// verdict is what follows from one try.
type verdict struct {
	// tell is what the partition is told; nil: nothing, for it is claimed again after a while and the fold counts it as in doubt.
	tell  *outcome
	after time.Duration
}

// judge says what follows from a try at now.
func judge(r channel.Result, g *nurture.Grant, c *definition.Channel, now event.Time) verdict {
	told := outcome{class: string(r.Class), code: r.Code}
	switch r.Outcome {
	case channel.Accepted:
		told.kind, told.class, told.answer = event.MessageSent, "", r.Answer
	case channel.Rejected:
		told.kind = event.MessageFailed
	case channel.InDoubt:
		told.kind = event.MessageInDoubt
		if c.Guarantee == atLeastOnce && !exhausted(r.Class, g, c, now) {
			return verdict{after: retryAfter(g.Effect, g.Attempt, r.RetryAfter)}
		}
	case channel.Deferred:
		told.kind, told.retryAt = event.MessageDeferred, now.Add(retryAfter(g.Effect, g.Attempt, r.RetryAfter))
		if exhausted(r.Class, g, c, now) {
			told.kind, told.retryAt = event.MessageFailed, 0
		}
	}
	return verdict{tell: &told}
}

// exhausted says whether a message was tried often and long enough. What is the channel's own fault does not count as tries as long as a time
// bounds them.
func exhausted(class channel.Class, g *nurture.Grant, c *definition.Channel, now event.Time) bool {
	if c.Limits.RetryFor > 0 && now >= g.Arrived.Add(c.Limits.RetryFor) {
		return true
	}
	if c.Limits.RetryFor > 0 && (class == channel.Policy || class == channel.Credentials || class == channel.Throttled) {
		return false
	}
	return g.Attempt > int(c.Limits.Retries)
}

// retryAfter is how long the next try waits: the same for the same message and attempt, wherever it is asked.
func retryAfter(effect string, attempt int, least time.Duration) time.Duration {
	wait := min(firstRetry<<min(max(attempt-1, 0), 16), lastRetry)
	var tail [8]byte
	binary.BigEndian.PutUint64(tail[:], uint64(attempt))
	sum := sha256.Sum256(append([]byte(effect), tail[:]...))
	wait += wait * time.Duration(binary.BigEndian.Uint64(sum[:])%(jitter*100)) / (100 * 100)
	return max(wait, least)
}
