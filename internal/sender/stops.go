// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// suppressPatience bounds how long a result waits until the other partitions know that its address is suppressed. Most often it is
// milliseconds; a partition that does not run is not waited for, and knows it as soon as it runs if this process still does.
const suppressPatience = 3 * time.Second

// suppress tells all other partitions of this runner that nothing is to be sent to an address. The contact's own learns it by the result.
func (s *Sender) suppress(partition int, medium definition.Medium, address, class string) {
	suppression := record.Suppression{Address: nurture.AddressHash(medium, address), Class: class, Time: s.opts.Now()}
	others := s.others(partition)
	done := make(chan struct{}, len(others))
	for _, d := range others {
		d.insist(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{suppression}}, func() { done <- struct{}{} })
	}
	patience := time.NewTimer(suppressPatience)
	defer patience.Stop()
	for range others {
		select {
		case <-done:
		case <-patience.C:
			s.opts.Logger.Warn("not all partitions know yet that an address is suppressed")
			return
		}
	}
}

// Release tells all partitions of this runner that an address may be sent to again, as its person came back.
func (s *Sender) Release(medium definition.Medium, address string) {
	released := record.Suppression{Address: nurture.AddressHash(medium, address), Time: s.opts.Now(), Released: true}
	for _, d := range s.others(-1) {
		d.insist(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{released}}, func() {})
	}
}

// pause tells all partitions of this runner that a channel stops or, without a time, goes on.
func (s *Sender) pause(key string, p pause) {
	told := record.Pause{Channel: key, Reason: p.reason}
	if !p.until.IsZero() {
		// In the time of claims, which is not this process's when the wall clock jumped.
		told.Until = s.opts.Now().Add(time.Until(p.until))
	}
	s.opts.Logger.Warn("a channel was stopped or goes on", "channel", key, "reason", p.reason, "until", told.Until.UTC())
	for _, d := range s.others(-1) {
		d.insist(record.Record{Kind: record.Pauses, Pauses: []record.Pause{told}}, func() {})
	}
}

// insist appends a record that may be in the log twice, trying again until it is.
func (d *Desk) insist(r record.Record, appended func()) {
	n := &Note{Record: r, Appended: func(uint64) { appended() }}
	again := func() {
		time.AfterFunc(refusedHold, func() { d.append(n) })
	}
	n.Unclear, n.Refused = again, again
	d.append(n)
}

// feedback is what receivers told of a channel's messages so far, as partitions counted it.
type feedback struct {
	bounced, complained map[int]int64
}

// Heard takes in how many messages of a channel came back or were complained of, as the desk's partition counts them. The first count only
// says where it begins.
func (d *Desk) Heard(key string, bounced, complained int64) {
	if d == nil {
		return
	}
	l := d.sender.line(key)
	if l == nil {
		return
	}
	l.mu.Lock()
	if l.feedback.bounced == nil {
		l.feedback = feedback{map[int]int64{}, map[int]int64{}}
	}
	newBounces := grown(l.feedback.bounced, d.partition, bounced)
	newComplaints := grown(l.feedback.complained, d.partition, complained)
	p, stops := l.breaker.told(newBounces, newComplaints, time.Now())
	l.mu.Unlock()
	if stops {
		d.sender.pause(key, p)
	}
}

func grown(counts map[int]int64, partition int, now int64) int64 {
	before, known := counts[partition]
	counts[partition] = now
	if !known {
		return 0
	}
	return max(now-before, 0)
}
