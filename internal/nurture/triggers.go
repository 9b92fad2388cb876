// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"slices"
	"strconv"

	"github.com/waymark-dev/waymark/internal/calendar"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// Types of events that stand for triggers that are none. No log has them.
const (
	dateType     = "waymark.date"
	scheduleType = "waymark.schedule"
	existingType = "waymark.existing"
	memberType   = "waymark.segment"
)

// trigger lets the contact into every scenario that an event opens. Before are the attributes that it changed; nil: none.
func (w *World) trigger(s *Subject, e *event.Event, before []byte) {
	if before != nil {
		w.retryAudiences(s)
	}
	for _, sc := range w.triggeredBy(e.Type, before != nil) {
		v := sc.offered()
		if v == nil || v.Program.Meaning.Trigger.Event != nil && v.Program.Meaning.Trigger.Event.Event != e.Type {
			continue
		}
		q := definition.Question{Event: e, Trigger: e, Attributes: s.Attributes}
		switch t := &v.Program.Meaning.Trigger; {
		case t.Event != nil:
			if sc.holds(&v.Program.Trigger.Where, &q) {
				raw := e.Origin
				if raw == "" {
					raw = s.Name
				}
				w.enter(s, sc, timing{e.Received, e.Time}, entry{raw: raw, identity: identityOf(e), event: e}, waits)
			}
		case t.Segment != nil:
			w.segment(s, sc, v, e, before)
		default:
			w.arm(s, sc)
		}
		w.follow(s)
	}
}

// triggeredBy gives the scenarios that an event may let into, by their keys.
func (w *World) triggeredBy(eventType string, attributes bool) []*Scenario {
	typed := w.triggers[eventType]
	if !attributes || len(w.attributed) == 0 {
		return typed
	}
	all := append(slices.Clone(w.attributed), typed...)
	slices.SortFunc(all, func(a, b *Scenario) int { return w.compareScenarios(a.hash, b.hash) })
	return all
}

// segment lets in whom the condition became true of.
func (w *World) segment(s *Subject, sc *Scenario, v *Version, e *event.Event, before []byte) {
	was := definition.Question{Event: e, Trigger: e, Attributes: before}
	is := definition.Question{Event: e, Trigger: e, Attributes: s.Attributes}
	if sc.holds(&v.Program.Trigger.Where, &is) && !sc.holds(&v.Program.Trigger.Where, &was) {
		w.enter(s, sc, timing{e.Received, e.Time}, entry{raw: s.Name, identity: "segment:" + identityOf(e), event: e}, once)
	}
}

// Signal lets in a contact that dropped off from a funnel or became a member of a segment, or ends what a signal began that was taken back.
func (w *World) Signal(s *Subject, x *record.Signal) {
	w.begin(s)
	defer w.finish(s)
	hash := hash64(x.ID)
	s.by = DropOff
	if x.Retracted {
		w.retract(s, hash)
		return
	}
	e := &event.Event{Contact: x.Contact, Type: x.Type, Source: x.Source, ID: x.Event, Time: x.Time, Data: x.Data}
	if x.Event == "" { // time alone did it
		e.Type, e.Source, e.ID = memberType, "waymark", x.ID
	}
	for _, sc := range w.signals[x.Key] {
		if v := sc.offered(); v == nil || !heeds(&v.Program.Meaning.Trigger, x) {
			continue
		}
		w.enter(s, sc, timing{x.Due, x.Due}, entry{identity: x.ID, event: e, signal: hash}, waits)
		w.follow(s)
	}
}

// heeds says whether a trigger of the definition that gave a signal is about what the signal says.
func heeds(t *definition.Trigger, x *record.Signal) bool {
	if t.Segment != nil {
		return x.Stage == definition.SegmentEntered
	}
	return t.FunnelDrop != nil && (t.FunnelDrop.Stage == "" || t.FunnelDrop.Stage == x.Stage)
}

func (w *World) retract(s *Subject, signal uint64) {
	s.State.retries = slices.DeleteFunc(s.State.retries, func(r retry) bool { return r.entry.signal == signal })
	for _, e := range s.State.enrolments {
		if e.signal != signal || !e.present() {
			continue
		}
		if sc := w.byHash[e.scenario]; sc != nil {
			w.end(s, sc, e, TriggerRetracted)
		}
	}
}

// Fire lets a contact in at an instant of a scenario's schedule.
func (w *World) Fire(s *Subject, sc *Scenario, at event.Time) {
	w.begin(s)
	defer w.finish(s)
	if v := sc.offered(); v == nil || v.Program.Meaning.Trigger.Schedule == nil {
		return
	}
	w.fire(s, sc, at, timing{happened: at})
	w.follow(s)
}

func (w *World) fire(s *Subject, sc *Scenario, at event.Time, t timing) {
	identity := "schedule:" + strconv.FormatInt(int64(at), 10)
	e := &event.Event{Contact: s.Name, Type: scheduleType, Source: "waymark", ID: identity, Time: at, Received: at}
	w.enter(s, sc, t, entry{raw: s.Name, identity: identity, event: e}, silently)
}

// NextFire gives the first instant after another at which a scenario's schedule is due in the workspace's zone; 0 is never, or that each
// contact has its own.
func (sc *Scenario) NextFire(after event.Time) event.Time {
	if sc.Active == nil || sc.Removed {
		return 0
	}
	p := sc.Active.Program
	t := p.Meaning.Trigger.Schedule
	if t == nil || t.ContactZone {
		return 0
	}
	at, _ := nextSchedule(p, after, p.Zone)
	return at
}

// Meet looks at a contact for a scenario that is new: it lets in those who match already, if the scenario wants them, and notes the dates.
func (w *World) Meet(s *Subject, sc *Scenario) {
	w.begin(s)
	defer w.finish(s)
	v := sc.Active
	if v == nil || sc.Removed || s.Hidden {
		return
	}
	if !sc.frozen() && w.matchesAlready(s, sc, v) {
		identity := "segment:existing:" + v.ID
		e := &event.Event{Contact: s.Name, Type: existingType, Source: "waymark", ID: identity, Time: s.Now, Received: s.Now}
		w.enter(s, sc, timing{}, entry{raw: s.Name, identity: identity, event: e}, silently)
		w.follow(s)
	}
	w.arm(s, sc)
}

// matchesAlready says whether a version means a contact without anything having happened to it: not those who were in the scenario before.
func (w *World) matchesAlready(s *Subject, sc *Scenario, v *Version) bool {
	m := &v.Program.Meaning
	if m.Trigger.Segment == nil || !m.Entry.Existing || m.InFlight == definition.Drain || s.State.wasIn(sc) {
		return false
	}
	return sc.holds(&v.Program.Trigger.Where, &definition.Question{Attributes: s.Attributes})
}

// isMember says whether the contact is a member of a segment now; without one every contact is.
func (w *World) isMember(s *Subject, segment string) bool {
	return segment == "" || w.Member != nil && w.Member(s.Name, segment, s.Now)
}

func (c *Contact) wasIn(sc *Scenario) bool {
	return slices.ContainsFunc(c.enrolments, func(e *enrolment) bool { return e.scenario == sc.hash }) ||
		slices.ContainsFunc(c.past, func(p past) bool { return p.scenario == sc.hash })
}

// arm notes when the next date of a scenario lets the contact in.
func (w *World) arm(s *Subject, sc *Scenario) {
	c := s.State
	c.armed = slices.DeleteFunc(c.armed, func(a armed) bool { return a.scenario == sc.hash })
	if sc.Active == nil || sc.Removed || s.Hidden {
		return
	}
	at, ok := w.nextDate(s, sc, sc.Active)
	if !ok || at <= s.Now {
		return
	}
	c.armed = append(c.armed, armed{scenario: sc.hash, at: at})
	slices.SortFunc(c.armed, func(a, b armed) int { return w.compareScenarios(a.scenario, b.scenario) })
}

// nextDate gives the next instant of a date trigger, or of a schedule in the contact's zone.
func (w *World) nextDate(s *Subject, sc *Scenario, v *Version) (event.Time, bool) {
	t := &v.Program.Meaning.Trigger
	if t.Schedule != nil && t.Schedule.ContactZone {
		if s.Attributes == nil && s.State.Empty() {
			return 0, false // nobody that anything is known of
		}
		return nextSchedule(v.Program, s.Now, w.zone(s, sc))
	}
	if t.Date == nil {
		return 0, false
	}
	q := definition.Question{Attributes: s.Attributes}
	text, present := sc.text(&v.Program.Trigger.Attribute, &q)
	if !present {
		return 0, false
	}
	moment, ok := calendar.Parse(text)
	if !ok {
		sc.Tally.fault("spec.trigger.date.attribute")
		return 0, false
	}
	by := calendar.Offset{Days: int(t.Date.OffsetDays), Minute: minuteOf(t.Date.At), Duration: t.Date.Offset}
	if t.Date.Yearly {
		return moment.NextYearly(s.Now, w.zone(s, sc), t.Date.LeapDay == definition.March1, by), true
	}
	return moment.In(w.zone(s, sc), by)
}

// dateCame lets the contact in by a date that has come.
func (w *World) dateCame(s *Subject, a armed) {
	sc := w.byHash[a.scenario]
	s.State.armed = slices.DeleteFunc(s.State.armed, func(o armed) bool { return o == a })
	if sc == nil || sc.Active == nil {
		return
	}
	if t := &sc.Active.Program.Meaning.Trigger; t.Schedule != nil && t.Schedule.ContactZone {
		w.fire(s, sc, a.at, timing{})
	} else if t.Date != nil {
		identity := "date:" + a.at.UTC().In(w.zone(s, sc)).Format("2006-01-02T15:04")
		e := &event.Event{Contact: s.Name, Type: dateType, Source: "waymark", ID: identity, Time: a.at, Received: a.at}
		w.enter(s, sc, timing{}, entry{raw: s.Name, identity: identity, event: e}, once)
	}
	w.follow(s)
	w.arm(s, sc)
}
