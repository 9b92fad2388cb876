// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
)

const (
	// refusedPause stops a channel whose receiver refuses it altogether, or whose credentials are wrong, when it has no breaker.
	refusedPause = 5 * time.Minute
	// longestPause bounds how pauses in a row grow.
	longestPause = time.Hour
	// troublesome is how many messages in a row must not get through before a channel rests, from firstRest on and up to lastRest.
	troublesome = 3
	firstRest   = time.Second
	lastRest    = time.Minute
	// longestThrottle bounds how long a receiver can make a channel wait.
	longestThrottle = time.Hour
)

// Reasons of a pause.
const (
	// ReasonBounces and ReasonComplaints: too large a share of the latest messages.
	ReasonBounces    = "Bounces"
	ReasonComplaints = "Complaints"
	// ReasonPolicy: the receiver refuses the sender. ReasonCredentials: it does not know it.
	ReasonPolicy      = "Policy"
	ReasonCredentials = "Credentials"
)

// breaker decides when a channel stops. It is told of each result in order; its caller locks.
type breaker struct {
	bounds *definition.Breaker // nil has no bounds on bounces and complaints
	// latest are the latest messages that a receiver judged, oldest first from at on.
	latest []verdictMark
	at     int
	// until is when the channel may be tried again: by one message, whose outcome decides. Zero while it runs.
	until time.Time
	// pauses counts pauses in a row, troubles messages in a row that did not get through.
	pauses, troubles int
}

type verdictMark uint8

const (
	fine verdictMark = iota
	bounced
	complained
)

// pause is a decision to stop.
type pause struct {
	until  time.Time
	reason string // of a pause that all are told of; empty of a short rest
}

// note takes in what became of one try, and says whether the channel stops.
func (b *breaker) note(r channel.Result, now time.Time) (p pause, stops bool) {
	switch {
	case now.Before(b.until): // it was under way when the channel stopped
		return pause{}, false
	case r.Outcome == channel.Accepted:
		b.troubles, b.pauses, b.until = 0, 0, time.Time{}
		return b.judged(fine, now)
	case r.Outcome == channel.Rejected:
		b.troubles, b.until = 0, time.Time{}
		mark := fine
		if r.Class == channel.AddressInvalid {
			mark = bounced
		}
		return b.judged(mark, now)
	case r.Class == channel.Policy:
		return b.pause(ReasonPolicy, refusedPause, now), true
	case r.Class == channel.Credentials:
		return b.pause(ReasonCredentials, refusedPause, now), true
	case r.Class == channel.Throttled && r.RetryAfter > 0:
		b.until = now.Add(min(r.RetryAfter, longestThrottle))
		return pause{until: b.until}, true
	case r.Class == channel.MailboxFull:
		return pause{}, false
	}
	b.troubles++
	if b.troubles < troublesome && b.until.IsZero() {
		return pause{}, false
	}
	b.until = now.Add(min(firstRest<<min(max(b.troubles-troublesome, 0), 10), lastRest))
	return pause{until: b.until}, true
}

// told takes in that messages which had been accepted came back, or that people complained.
func (b *breaker) told(bounces, complaints int64, now time.Time) (p pause, stops bool) {
	b.mark(bounces, bounced)
	b.mark(complaints, complained)
	if now.Before(b.until) {
		return pause{}, false
	}
	return b.judge(now)
}

// mark changes the newest messages that are fine yet.
func (b *breaker) mark(n int64, as verdictMark) {
	for i := len(b.latest) - 1; i >= 0 && n > 0; i-- {
		if j := (b.at + i) % len(b.latest); b.latest[j] == fine {
			b.latest[j] = as
			n--
		}
	}
}

// judged adds a message and looks at all.
func (b *breaker) judged(mark verdictMark, now time.Time) (pause, bool) {
	if b.bounds == nil || b.bounds.Of <= 0 {
		return pause{}, false
	}
	if len(b.latest) < int(b.bounds.Of) {
		b.latest = append(b.latest, mark)
	} else {
		b.latest[b.at] = mark
		b.at = (b.at + 1) % len(b.latest)
	}
	return b.judge(now)
}

func (b *breaker) judge(now time.Time) (pause, bool) {
	if b.bounds == nil || len(b.latest) < int(b.bounds.Of) || len(b.latest) == 0 {
		return pause{}, false
	}
	counts := [3]int64{}
	for _, mark := range b.latest {
		counts[mark]++
	}
	share := func(mark verdictMark) int64 { return counts[mark] * 10_000 / int64(len(b.latest)) }
	switch {
	case b.bounds.Bounces > 0 && share(bounced) > int64(b.bounds.Bounces):
		return b.pause(ReasonBounces, b.bounds.Pause, now), true
	case b.bounds.Complaints > 0 && share(complained) > int64(b.bounds.Complaints):
		return b.pause(ReasonComplaints, b.bounds.Pause, now), true
	}
	return pause{}, false
}

// pause stops the channel for longer each time in a row. What was judged is forgotten, so that it is judged by what comes after.
func (b *breaker) pause(reason string, least time.Duration, now time.Time) pause {
	if b.bounds != nil && b.bounds.Pause > 0 {
		least = b.bounds.Pause
	}
	length := max(min(least<<min(b.pauses, 6), longestPause), least)
	b.pauses++
	b.latest, b.at = nil, 0
	b.until = now.Add(length)
	return pause{b.until, reason}
}

// allows says how many messages may be under way: none while the channel rests, one afterwards until it got through, else any number.
func (b *breaker) allows(now time.Time) (n int, again time.Time) {
	switch {
	case b.until.IsZero():
		return 1 << 30, time.Time{}
	case now.Before(b.until):
		return 0, b.until
	}
	return 1, time.Time{}
}

// stopped says whether the channel rests.
func (b *breaker) stopped(now time.Time) bool { return now.Before(b.until) }
