// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

const (
	// maxOffsetDays bounds how far from a date a scenario acts, in days.
	maxOffsetDays = 366
	// maxHoldout bounds the share of contacts that is held out, in basis points.
	maxHoldout = 9000
	// maxWait bounds every wait: a duration has no room for more than some 292 years, and instants must stay within theirs.
	maxWait = 10 * 366 * 24 * time.Hour
)

// check finds what no expression is to blame for. Its errors are SpecErrors.
func (s *Scenario) check() error {
	var c checker
	c.trigger(&s.Trigger)
	c.entry(s)
	if g := s.Goal; g != nil {
		c.refuse(g.Event == "", "spec.goal.event", "", "say which event the scenario is for")
		c.refuse(g.Within <= 0 || g.Within > maxWait, "spec.goal.within", g.Within.String(), "must be longer than nothing and at most ten years")
	}
	for i, x := range s.Exits {
		c.refuse(x.Event == "", fmt.Sprintf("spec.exits[%d].event", i), "", "say which event ends it")
	}
	c.refuse(s.Holdout < 0 || s.Holdout > maxHoldout, "spec.holdout", fmt.Sprintf("%d.%02d%%", s.Holdout/100, s.Holdout%100),
		"must be between 0%% and 90%%")
	c.refuse(!known(s.InFlight, Pin, Migrate, Drain), "spec.inFlight", string(s.InFlight), "write Pin, Migrate or Drain")
	c.steps(s)
	return c.err()
}

func (c *checker) trigger(t *Trigger) {
	const field = "spec.trigger"
	c.oneOf(field, "event, funnelDrop, segment, date, schedule and enter",
		t.Event != nil, t.FunnelDrop != nil, t.Segment != nil, t.Date != nil, t.Schedule != nil, t.Enter)
	c.refuse(t.MaxAge < 0 || t.MaxAge > maxWait, "spec.maxAge", t.MaxAge.String(), "must not be negative and at most ten years")
	if t.Event != nil {
		c.refuse(t.Event.Event == "", field+".event.type", "", "say which event lets people in")
	}
	if t.FunnelDrop != nil {
		c.refuse(t.FunnelDrop.Funnel == "", field+".funnelDrop.funnelRef", "", "name the Funnel")
	}
	if t.Segment != nil {
		c.oneOf(field+".segment", "where and segmentRef", t.Segment.Where != "", t.Segment.Segment != "")
	}
	if d := t.Date; d != nil {
		field := field + ".date"
		c.refuse(d.Attribute == "", field+".attribute", "", "write an expression such as contact.attributes.birthday")
		c.timeOfDay(field+".at", d.At)
		c.offset(field+".offset", d.OffsetDays, d.Offset)
		c.refuse(d.LeapDay != "" && !d.Yearly, field+".leapDay", string(d.LeapDay), "only a yearly date has one: set yearly or remove it")
		c.refuse(d.LeapDay != "" && !known(d.LeapDay, February28, March1), field+".leapDay", string(d.LeapDay), "write February28 or March1")
	}
	if s := t.Schedule; s != nil {
		field := field + ".schedule"
		c.oneOf(field, "cron and at", s.Cron != "", s.Once != "")
		if _, _, err := s.once(); s.Once != "" && err != nil {
			c.refuse(true, field+".at", s.Once, "is no instant: write one such as 2026-12-31T10:00, or with an offset 2026-12-31T10:00:00+03:00")
		}
	}
}

func (c *checker) offset(field string, days int32, offset time.Duration) {
	c.refuse(days < -maxOffsetDays || days > maxOffsetDays, field, strconv.Itoa(int(days))+"d", "must be at most %d days before or after", maxOffsetDays)
	c.refuse(offset < -maxWait || offset > maxWait, field, offset.String(), "must be at most ten years before or after")
}

func (c *checker) entry(s *Scenario) {
	const field = "spec.entry"
	e, t := &s.Entry, &s.Trigger
	c.refuse(!known(e.Reentry, ReentryNever, ReentryAfterExit, ReentryAlways), field+".reentry", string(e.Reentry), "write Never, AfterExit or Always")
	c.refuse(!known(e.OnRepeat, RepeatIgnore, RepeatRestart, RepeatUpdate), field+".onRepeat", string(e.OnRepeat), "write Ignore, Restart or Update")
	c.refuse(e.Cooldown < 0 || e.Cooldown > maxWait, field+".cooldown", e.Cooldown.String(), "must not be negative and at most ten years")
	c.refuse(e.Key != "" && (t.Date != nil || t.Schedule != nil), field+".key", e.Key,
		"there is no event to take it from: remove it, as each date and each time of the schedule is a key of its own")
	c.refuse(e.Existing && t.Segment != nil && t.Segment.Segment != "", field+".existing", "Enrol",
		"a Segment tells who enters it: write Skip, or let its members in by a schedule with spec.segmentRef")
	c.refuse(e.Existing && t.Segment == nil && t.Date == nil, field+".existing", "Enrol",
		"only who matches a segment or has a date is there already: write Skip")
}

// send finds messages that nobody could be sent.
func (c *checker) send(field string, m *Send, goal *Goal) {
	c.refuse(m.Channel == "", field+".channelRef", "", "name a MessageChannel")
	c.refuse(!known(m.Purpose, Marketing, Transactional), field+".purpose", string(m.Purpose), "write Marketing or Transactional")
	c.refuse(m.Purpose == Transactional && m.Topic != "", field+".topic", m.Topic,
		"nobody agrees to what they are owed: remove it, or write purpose: Marketing")
	c.refuse(len(m.Variants) < 1 || len(m.Variants) > MaxVariants, field+".variants", "", "there are %d: write 1 to %d", len(m.Variants), MaxVariants)
	names := map[string]bool{}
	for i := range m.Variants {
		v, field := &m.Variants[i], fmt.Sprintf("%s.variants[%d]", field, i)
		c.refuse(names[v.Name], field+".name", v.Name, "another variant is called so: give each a name of its own")
		names[v.Name] = true
		c.refuse(v.Weight < 1, field+".weight", strconv.Itoa(int(v.Weight)), "must be at least 1")
		c.refuse(len(v.Contents) == 0, field, "", "it says nothing: write html, text or payload")
		if _, found := v.Contents[m.Fallback]; len(v.Contents) > 0 && !found {
			c.refuse(true, field+".languages", m.Fallback, "there is no text in the language of those who have none: write one, or another fallback")
		}
	}
	if w := m.Winner; w != nil {
		field := field + ".winner"
		c.refuse(!known(w.By, ByClicks, ByConversions), field+".by", string(w.By), "write Clicks or Conversions")
		c.refuse(w.By == ByConversions && goal == nil, field+".by", string(w.By), "there is no goal that counts conversions: write spec.goal, or Clicks")
		c.refuse(w.Sample < 1, field+".sample", strconv.FormatInt(w.Sample, 10), "must be at least 1")
		c.refuse(len(m.Variants) < 2, field, "", "one variant alone cannot win: write another, or remove winner")
	}
	c.refuse(m.ExpireAfter < 0 || m.ExpireAfter > maxWait, field+".expireAfter", m.ExpireAfter.String(), "must not be negative and at most ten years")
	if w := m.Window; w != nil {
		c.window(field+".window", w)
	}
}

func (c *checker) window(field string, w *Window) {
	for i, day := range w.Weekdays {
		c.refuse(day < 1 || day > 7, fmt.Sprintf("%s.weekdays[%d]", field, i), strconv.Itoa(day), "is no weekday")
	}
	if w.From != "" || w.To != "" {
		c.timeOfDay(field+".from", w.From)
		c.timeOfDay(field+".to", w.To)
	}
}

// redirects finds those that lead nowhere.
func (c *checker) redirects(s *Scenario, index map[string]int) {
	for _, from := range slices.Sorted(maps.Keys(s.Redirects)) {
		field := fmt.Sprintf("spec.redirects[%s]", from)
		_, there := index[from]
		c.refuse(there, field, s.Redirects[from], "the step %q is still there: a redirect leads away from one that is gone", from)
		c.step(field, s.Redirects[from], index)
	}
}
