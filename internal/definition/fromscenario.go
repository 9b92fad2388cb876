// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// MaxScenarioBytes bounds the canonical form of a scenario together with the texts of its ConfigMaps, as it is one record of the log.
const MaxScenarioBytes = 512 << 10

// FromScenario gives the meaning of a NurtureScenario in its Workspace, with the texts of its messages; a nil Workspace is one without any
// settings. What the API server would default is defaulted. The errors name the field, the value, what is wrong and what to write instead;
// see Reason. What is missing is no error: the meaning is of no use before it is there. With errors the meaning is of no use either.
func FromScenario(ns *v1alpha1.NurtureScenario, ws *v1alpha1.Workspace, refs References) (Scenario, []Missing, field.ErrorList) {
	ns, ws = ns.DeepCopy(), defaulted(ws)
	ns.Default()
	spec, path := &ns.Spec, field.NewPath("spec")
	r := scenarioReader{referrer: referrer{namespace: ns.Namespace, refs: &refs}}
	s := Scenario{
		TimeZone: ws.Spec.TimeZone,
		Trigger:  r.trigger(path.Child("trigger"), &spec.Trigger),
		Audience: string(spec.Audience),
		Segment:  r.segment(path.Child("segmentRef"), spec.SegmentRef),
		Entry:    r.entry(path.Child("entry"), spec.Entry),
		Goal:     r.goal(path.Child("goal"), spec.Goal),
		Holdout:  r.share(path.Child("holdout"), spec.Holdout),
		InFlight: InFlight(spec.InFlight),
	}
	s.Trigger.MaxAge = r.duration(path.Child("maxAge"), spec.MaxAge)
	for _, x := range spec.Exits {
		s.Exits = append(s.Exits, EventMatch{string(x.Event), string(x.Where)})
	}
	for i := range spec.Steps {
		s.Steps = append(s.Steps, r.step(path.Child("steps").Index(i), &spec.Steps[i]))
	}
	for from, to := range spec.Redirects {
		if s.Redirects == nil {
			s.Redirects = map[string]string{}
		}
		s.Redirects[from] = string(to)
	}
	r.zone(ws)
	if len(r.errs) > 0 || len(r.missing) > 0 {
		return s, r.missing, r.errs
	}
	return s, nil, r.compile(path, &s)
}

// compile finds what is wrong with the meaning itself.
func (r *scenarioReader) compile(path *field.Path, s *Scenario) field.ErrorList {
	if _, err := new(Compiler).compileScenario(s); err != nil {
		return r.written(fieldErrors(path, err))
	}
	form, _, err := s.Canonical()
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	if len(form) > MaxScenarioBytes {
		return field.ErrorList{field.Invalid(path.Child("steps"), field.OmitValueType{},
			fmt.Sprintf("the scenario has %d bytes with the texts of its ConfigMaps, %d are the limit: shorten the texts, or split the scenario by enter",
				len(form), MaxScenarioBytes))}
	}
	return nil
}

// StandingOf gives what a scenario is told besides its meaning. Whether it is held, and who won, is for the caller to say.
func StandingOf(ns *v1alpha1.NurtureScenario) Standing {
	return Standing{Suspended: ns.Spec.Suspend, CatchUp: CatchUp(cmp.Or(ns.Spec.CatchUp, v1alpha1.CatchUpShift))}
}

// scenarioReader reads a scenario.
type scenarioReader struct {
	referrer
	// spelt are the fields of the meaning that the resource spells in another way.
	spelt []spelling
}

func (r *scenarioReader) share(path *field.Path, p v1alpha1.Percent) int32 {
	if p == "" {
		return 0
	}
	points, err := p.BasisPoints()
	if err != nil {
		r.fail(path, string(p), err.Error())
	}
	return points
}

func (r *scenarioReader) trigger(path *field.Path, t *v1alpha1.ScenarioTrigger) Trigger {
	out := Trigger{Enter: t.Enter != nil && *t.Enter}
	if t.Event != nil {
		out.Event = &EventMatch{string(t.Event.Type), string(t.Event.Where)}
	}
	if d := t.FunnelDrop; d != nil {
		out.FunnelDrop = &DropTrigger{r.funnel(path.Child("funnelDrop"), d.FunnelRef.Name, d.Stage), d.Stage}
	}
	if t.Segment != nil {
		out.Segment = &SegmentTrigger{
			Where: string(t.Segment.Where), Segment: r.segment(path.Child("segment", "segmentRef"), t.Segment.SegmentRef),
		}
	}
	if d := t.Date; d != nil {
		days, offset := r.offset(path.Child("date", "offset"), d.Offset)
		out.Date = &DateTrigger{
			Attribute: string(d.Attribute), OffsetDays: days, Offset: offset, At: string(cmp.Or(d.At, v1alpha1.DefaultTimeOfDay)),
			Yearly: d.Yearly, LeapDay: LeapDay(d.LeapDay),
		}
	}
	if s := t.Schedule; s != nil {
		out.Schedule = &ScheduleTrigger{Cron: s.Cron, Once: s.At, ContactZone: s.Zone == v1alpha1.ScheduleZoneContact}
	}
	return out
}

// offset reads an offset: whole days count by the calendar from a date, and as 24 hours each from an instant.
func (r *scenarioReader) offset(path *field.Path, o v1alpha1.Offset) (days int32, length time.Duration) {
	if o == "" {
		return 0, 0
	}
	length, whole, err := o.Parse()
	if err != nil {
		r.fail(path, string(o), err.Error())
		return 0, 0
	}
	if whole {
		days = int32(length / (24 * time.Hour)) // at most 9999 weeks and days
	}
	return days, length
}

func (r *scenarioReader) entry(path *field.Path, e *v1alpha1.ScenarioEntry) Entry {
	if e == nil {
		return Entry{Reentry: ReentryAfterExit, OnRepeat: RepeatIgnore}
	}
	return Entry{
		Reentry: Reentry(e.Reentry), Cooldown: r.duration(path.Child("cooldown"), e.Cooldown), Key: string(e.Key),
		Existing: e.Existing == v1alpha1.ExistingEnrol, OnRepeat: OnRepeat(e.OnRepeat),
	}
}

func (r *scenarioReader) goal(path *field.Path, g *v1alpha1.ScenarioGoal) *Goal {
	if g == nil {
		return nil
	}
	return &Goal{Event: string(g.Event), Where: string(g.Where), Value: string(g.Value), Within: r.duration(path.Child("within"), g.Within)}
}
