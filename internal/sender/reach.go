// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/control"
)

const (
	// probeEvery is how often a channel is probed through which nothing leaves; probeTimeout bounds one probe.
	probeEvery   = time.Minute
	probeTimeout = 20 * time.Second
	// probeLook is how often channels are looked at whether a probe is due.
	probeLook = time.Second
	// longestMessage bounds what a channel says of an outage, in bytes.
	longestMessage = 300
)

// reach is what is known of whether a channel can be reached. The line's lock guards it.
type reach struct {
	known     bool
	reachable bool
	since     time.Time
	message   string
	lastClass string
	// dueAt is when it is to be probed; every message that gets an answer puts that off.
	dueAt   time.Time
	probing bool
}

func (r *reach) answered(now time.Time) {
	if !r.known || !r.reachable {
		r.known, r.reachable, r.since = true, true, now
	}
	r.message = ""
	r.dueAt = now.Add(probeEvery)
}

func (r *reach) failed(message string, now time.Time) {
	if !r.known || r.reachable {
		r.known, r.reachable, r.since = true, false, now
	}
	r.message = strings.ToValidUTF8(message[:min(len(message), longestMessage)], "")
	r.dueAt = now.Add(probeEvery)
}

// note takes in what a try says of the channel, and stops it if need be.
func (l *line) note(r channel.Result) {
	now := time.Now()
	l.mu.Lock()
	l.meter.count(now)
	switch {
	case r.Outcome == channel.Accepted, r.Outcome == channel.Rejected, r.Class == channel.MailboxFull, r.Class == channel.Throttled:
		l.reach.answered(now)
	default:
		message := "the channel answers " + string(r.Class)
		if r.Err != nil {
			message = r.Err.Error()
		}
		l.reach.failed(message, now)
	}
	if r.Outcome != channel.Accepted {
		l.reach.lastClass = string(r.Class)
	}
	p, stops := l.breaker.note(r, now)
	l.mu.Unlock()
	if stops && p.reason != "" {
		l.sender.pause(l.key, p)
	}
}

// probeAll probes channels that are due until the context ends.
func (s *Sender) probeAll(ctx context.Context) {
	ticker := time.NewTicker(probeLook)
	defer ticker.Stop()
	var probes sync.WaitGroup
	defer probes.Wait()
	for {
		for _, l := range s.channels() {
			if h := l.probeDue(time.Now()); h != nil {
				probes.Go(func() { l.probe(ctx, h) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// channels gives the lines of channels, in the order of their keys.
func (s *Sender) channels() []*line {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*line
	for key, l := range s.lines {
		if key != setLine {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *line) int { return strings.Compare(a.key, b.key) })
	return all
}

// probeDue gives the channel to probe, in use until probe ends; nil when it is not due.
func (l *line) probeDue(now time.Time) *handle {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil || l.stopped || l.reach.probing || now.Before(l.reach.dueAt) {
		return nil
	}
	l.reach.probing = true
	l.open.users.Add(1)
	return l.open
}

func (l *line) probe(ctx context.Context, h *handle) {
	defer h.users.Done()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err := h.Probe(ctx)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reach.probing = false
	if err != nil {
		l.reach.failed(err.Error(), now)
		return
	}
	l.reach.answered(now)
}

// Report tells how the channels are, in the order of their keys, and the version of the delivery that is in force.
func (s *Sender) Report() (channels []control.Channel, version string) {
	if s == nil {
		return nil, ""
	}
	for _, l := range s.channels() {
		channels = append(channels, l.report())
	}
	if d := s.settings(); d != nil {
		version = d.Version
	}
	return channels, version
}

func (l *line) report() control.Channel {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := control.Channel{
		Key: l.key, Accepted: l.open != nil, Probed: l.reach.known, Reachable: l.reach.reachable, Message: l.reach.message,
		LastClass: l.reach.lastClass, InFlight: l.inLine,
	}
	if l.reach.known {
		c.Since = l.reach.since.UnixMicro()
	}
	return c
}
