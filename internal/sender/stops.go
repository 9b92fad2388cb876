// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// spread tells all other partitions of this runner that nothing is to be sent to addresses, as one of them has found out.
func (s *Sender) spread(partition int, suppressed []record.Suppression) {
	if len(suppressed) == 0 {
		return
	}
	for _, d := range s.others(partition) {
		for part := range slices.Chunk(suppressed, suppressedAtOnce) {
			d.insist(record.Record{Kind: record.Suppressions, Suppressions: part})
		}
	}
}

// suppressedAtOnce bounds the suppressions of one record.
const suppressedAtOnce = 1000

// Release tells all partitions of this runner that an address may be sent to again, as its person came back.
func (s *Sender) Release(medium definition.Medium, address string) {
	released := record.Suppression{Address: nurture.AddressHash(medium, address), Time: s.opts.Now(), Released: true}
	for _, d := range s.others(-1) {
		d.insist(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{released}})
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
		d.insist(record.Record{Kind: record.Pauses, Pauses: []record.Pause{told}})
	}
}

// insist appends a record that may be in the log twice, trying again until it is.
func (d *Desk) insist(r record.Record) {
	n := &Note{Record: r, Appended: func(uint64) {}}
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
