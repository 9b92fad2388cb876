// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// isMember says for scenarios whether a contact is a member at an instant, as is known now, of the version of a segment that is in force.
func (f *Fold) isMember(contact, segment string, at event.Time) bool {
	d := f.definitions[segment]
	if d == nil || d.removed || d.active == nil || d.active.kind != segmentSlot {
		return false
	}
	c, err := f.contact(contact)
	if err != nil {
		f.err = err
		return false
	}
	u := c.find(d.active.id)
	if u == nil {
		return false
	}
	f.members.begin(c, u, f.joined(&f.mask, c, u.marks))
	f.members.until(at)
	return f.members.holds()
}

// retry lets triggers that wait for their audience try again, since the contact may have become a member of a segment.
func (f *Fold) retry(c *contact, now event.Time) {
	if !c.story.state().Waits() {
		return
	}
	w, s := f.enter(c, now)
	w.Retry(s)
	f.leave(c)
}

// everybody says whether the sweep also comes to contacts of which nothing but events is known: they may be members of a segment.
func (s *sweep) everybody() bool {
	sc := s.scenario.scenario
	v := sc.Versions[s.version]
	if v == nil {
		v = sc.Active
	}
	return !s.stateful() && v != nil && asksSegment(v)
}

// asksSegment says whether a version lets members of a segment in, or nobody else.
func asksSegment(v *nurture.Version) bool {
	if v.Program == nil {
		return false
	}
	m := &v.Program.Meaning
	return m.Segment != "" || m.Trigger.Segment != nil && m.Trigger.Segment.Segment != ""
}
