// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// memberShare is what one contact adds to a segment's numbers now.
type memberShare struct {
	member bool
	// entered and left count the changes in the days of the segment.
	entered, left int64
	// buckets are about which values ranked traits have, in their order.
	buckets []traitBucket
}

// traitBucket is about which value a ranked trait has, by its position among the plan's ranked.
type traitBucket struct {
	ranked uint8
	bucket int32
}

// What a unit of a segment adds lies in the list of values, so that units of funnels are no larger for it: each value says by its stage what
// it is about, and by its events how many or which bucket.
const (
	memberValue = iota
	enteredValue
	leftValue
	bucketValue // of the first ranked trait; those of the others follow
)

// member gives what a unit of a segment adds.
func (c *contribution) member() (m memberShare) {
	for _, v := range c.values() {
		switch v.stage {
		case memberValue:
			m.member = true
		case enteredValue:
			m.entered = v.events
		case leftValue:
			m.left = v.events
		default:
			m.buckets = append(m.buckets, traitBucket{v.stage - bucketValue, int32(v.events)})
		}
	}
	return m
}

// setMember makes the contribution that of a contact of a segment.
func (c *contribution) setMember(m *memberShare) {
	var values []value
	if m.member {
		values = append(values, value{stage: memberValue})
	}
	if m.entered > 0 {
		values = append(values, value{stage: enteredValue, events: m.entered})
	}
	if m.left > 0 {
		values = append(values, value{stage: leftValue, events: m.left})
	}
	for _, b := range m.buckets {
		values = append(values, value{stage: bucketValue + b.ranked, events: int64(b.bucket)})
	}
	c.set(nil, values)
}

// memberTally is the numbers of one version of one segment in one partition.
type memberTally struct {
	size, entered, left int64
	// values count contacts by bucket, for each of the plan's ranked traits.
	values []map[int32]int64
}

func newMemberTally(p *segmentPlan) *memberTally {
	t := &memberTally{}
	for range p.ranked {
		t.values = append(t.values, map[int32]int64{})
	}
	return t
}

// add counts a share, or takes it away when sign is -1.
func (t *memberTally) add(m *memberShare, sign int64) {
	if m.member {
		t.size += sign
	}
	t.entered += sign * m.entered
	t.left += sign * m.left
	for _, b := range m.buckets {
		if int(b.ranked) >= len(t.values) {
			continue // no share of this segment
		}
		counts := t.values[b.ranked]
		if counts[b.bucket] += sign; counts[b.bucket] == 0 {
			delete(counts, b.bucket)
		}
	}
}

// change is an instant at which a contact became a member, or stopped being one.
type change struct {
	at     event.Time
	member bool
}

// evaluateMember finds what a contact adds to a segment's numbers, and when time alone next changes that; 0 is never.
func (f *Fold) evaluateMember(c *contact, u *unit, rings bool) (due event.Time) {
	s, m := u.slot, &f.members
	first := s.plan.calendar.start(s.view.days.spans.Current.First)
	asked := s.saidSince() // signals may ask for changes from before
	m.begin(c, u, f.joined(&f.mask, c, u.marks))
	m.until(min(first, asked) - 1)
	share, last := memberShare{}, change{at: min(first, asked) - 1}
	last.member = m.holds()
	before := last.member // at the instant that signals ask for
	for at, ever := m.upcoming(); ever && at <= s.view.clock; at, ever = m.upcoming() {
		m.until(at)
		if m.holds() == last.member {
			continue
		}
		last = change{at, !last.member}
		if at <= asked {
			before = last.member
		}
		if at >= first {
			due = earlier(due, s.plan.leavesDays(&s.view, at))
			share.count(last.member)
		}
	}
	share.member = last.member
	share.buckets = m.buckets(f.buckets)
	f.buckets = share.buckets
	due = earlier(due, m.nextOther(&share, &f.spareBuckets))
	u.contribution.setMember(&share)
	return earlier(due, f.signalMember(c, u, last, before, rings))
}

func (m *memberShare) count(entered bool) {
	if entered {
		m.entered++
	} else {
		m.left++
	}
}

// leavesDays gives when an instant no longer lies in the days of a segment.
func (p *plan) leavesDays(now *view, at event.Time) event.Time {
	days := now.days.spans.Current
	return p.calendar.start(p.calendar.day(at) + days.Last - days.First + 1)
}

// nextOther gives the first instant from now on at which time, and what lies ahead, give another share; 0 is never.
func (m *membership) nextOther(now *memberShare, spare *[]traitBucket) event.Time {
	for at, ever := m.upcoming(); ever; at, ever = m.upcoming() {
		m.until(at)
		if m.holds() != now.member {
			return at
		}
		if len(m.plan.ranked) > 0 {
			if *spare = m.buckets(*spare); !slices.Equal(*spare, now.buckets) {
				return at
			}
		}
	}
	return 0
}

// reportSegment gives the numbers in the form that is reported.
func (s *slot) reportSegment() *aggregate.Segment {
	t, members := &s.tally, s.tally.members
	r := &aggregate.Segment{
		Size: members.size, Entered: members.entered, Left: members.left, Signals: s.owner.signals.counts,
		TooLate: t.tooLate, Saturated: t.saturated, Errors: t.errors, FirstError: t.firstError,
	}
	for i, trait := range s.plan.segment.ranked {
		values := make(map[int]int64, len(members.values[i]))
		for bucket, n := range members.values[i] {
			values[int(bucket)] = n
		}
		if r.Values == nil {
			r.Values = map[string]map[int]int64{}
		}
		r.Values[s.plan.segment.traits[trait].Name] = values
	}
	return r
}
