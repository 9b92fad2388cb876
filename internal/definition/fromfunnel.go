// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
)

// FromFunnel gives the meaning of a Funnel in its Workspace; a nil Workspace is one without any settings. What the API server
// would default is defaulted. The errors name the field, the value, what is wrong and what to write instead; see Reason. With
// errors the meaning is of no use.
func FromFunnel(fn *v1alpha1.Funnel, ws *v1alpha1.Workspace) (Funnel, field.ErrorList) {
	fn, ws = fn.DeepCopy(), defaulted(ws)
	fn.Default()
	spec, path := &fn.Spec, field.NewPath("spec")
	errs := notYet(spec, path)
	var r reader
	f := Funnel{
		Window:      r.duration(path.Child("window"), spec.Window),
		Period:      r.period(path.Child("period"), spec.Period),
		TimeZone:    ws.Spec.TimeZone,
		Order:       Ordered,
		EntryPolicy: EntryPolicy(spec.EntryPolicy),
		Lateness:    r.lateness(ws),
	}
	for i := range spec.Stages {
		f.Stages = append(f.Stages, r.stage(path.Child("stages").Index(i), &spec.Stages[i]))
	}
	r.zone(ws)
	if errs = append(errs, r.errs...); len(errs) > 0 {
		return f, errs
	}
	if _, err := Compile(f); err != nil {
		return f, fieldErrors(path, err)
	}
	return f, nil
}

// defaulted gives a copy with the API server's defaults. Without a Workspace it is one that says nothing.
func defaulted(ws *v1alpha1.Workspace) *v1alpha1.Workspace {
	if ws == nil {
		ws = &v1alpha1.Workspace{}
	}
	ws = ws.DeepCopy()
	ws.Default()
	return ws
}

// Lateness is how old an event may be on arrival in a Workspace and still count: as long as events are kept, unless the
// Workspace says less. Its error says what is wrong with the Workspace.
func Lateness(ws *v1alpha1.Workspace) (time.Duration, *field.Error) {
	var r reader
	lateness := r.lateness(defaulted(ws))
	if len(r.errs) > 0 {
		return 0, r.errs[0]
	}
	return lateness, nil
}

// reader turns fields into values and collects what is wrong with them.
type reader struct{ errs field.ErrorList }

func (r *reader) fail(path *field.Path, value any, detail string) {
	r.errs = append(r.errs, field.Invalid(path, value, detail))
}

// duration reads a duration; an empty one is zero.
func (r *reader) duration(path *field.Path, d v1alpha1.Duration) time.Duration {
	if d == "" {
		return 0
	}
	parsed, err := d.Parse()
	if err != nil {
		r.fail(path, string(d), err.Error())
	}
	return parsed
}

func (r *reader) lateness(ws *v1alpha1.Workspace) time.Duration {
	log, path := &ws.Spec.EventLog, field.NewPath("workspace", "spec", "eventLog")
	switch {
	case log.Lateness != "":
		return r.duration(path.Child("lateness"), log.Lateness)
	case log.Retention != nil:
		return r.duration(path.Child("retention", "age"), log.Retention.Age)
	}
	return r.duration(path.Child("retention", "age"), v1alpha1.DefaultRetentionAge)
}

func (r *reader) zone(ws *v1alpha1.Workspace) {
	if _, err := zoneinfo.Load(ws.Spec.TimeZone); err != nil {
		r.fail(field.NewPath("workspace", "spec", "timeZone"), ws.Spec.TimeZone, "there is no such time zone: write an IANA name such as Europe/Moscow")
	}
}

func (r *reader) period(path *field.Path, p *v1alpha1.FunnelPeriod) Period {
	switch {
	case p == nil:
		return Period{RollingDays: int(v1alpha1.DefaultRollingDays)}
	case p.Between != nil:
		from := r.day(path.Child("between", "from"), p.Between.From)
		to := r.day(path.Child("between", "to"), p.Between.To)
		if from > to {
			r.fail(path.Child("between"), fmt.Sprintf("%s to %s", from, to), "from is after to: exchange them")
		}
		return Period{From: from, To: to}
	case p.RollingDays < 1 && p.Calendar == "":
		r.fail(path.Child("rollingDays"), p.RollingDays, "write at least 1")
	}
	return Period{RollingDays: int(p.RollingDays)}
}

func (r *reader) day(path *field.Path, d v1alpha1.Date) string {
	if _, err := d.Parse(); err != nil {
		r.fail(path, string(d), err.Error())
	}
	return string(d)
}

func (r *reader) stage(path *field.Path, s *v1alpha1.FunnelStage) Stage {
	stage := Stage{
		Name:      s.Name,
		Value:     string(s.Value),
		DropAfter: r.duration(path.Child("dropAfter"), s.DropAfter),
		AnyOf:     len(s.AnyOf) > 0,
	}
	if s.Event != "" {
		stage.Matches = append(stage.Matches, EventMatch{string(s.Event), string(s.Where)})
	}
	for _, m := range s.AnyOf {
		stage.Matches = append(stage.Matches, EventMatch{string(m.Event), string(m.Where)})
	}
	if len(stage.Matches) == 0 && s.Aggregate == nil {
		r.errs = append(r.errs, field.Required(path.Child("event"), "say which event brings people to the stage"))
	}
	if s.Event != "" && len(s.AnyOf) > 0 {
		r.fail(path.Child("anyOf"), len(s.AnyOf), "write either event or anyOf")
	}
	return stage
}

// notYet finds the fields that this version of Waymark does not act on, so that no number is shown that is not what was asked.
func notYet(spec *v1alpha1.FunnelSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	refuse := func(found bool, path *field.Path, advice string) {
		if found {
			errs = append(errs, unsupported(path, advice))
		}
	}
	refuse(spec.Order != v1alpha1.OrderOrdered, path.Child("order"), "write order: Ordered")
	refuse(spec.Count != v1alpha1.CountContacts, path.Child("count"), "write count: Contacts")
	refuse(spec.CorrelateBy != "", path.Child("correlateBy"), "remove it")
	refuse(len(spec.Breakdowns) > 0, path.Child("breakdowns"), "remove them")
	refuse(len(spec.Exclusions) > 0, path.Child("exclusions"), "remove them")
	refuse(spec.Period != nil && spec.Period.Calendar != "", path.Child("period", "calendar"), "write rollingDays or between")
	for i := range spec.Stages {
		stage, path := &spec.Stages[i], path.Child("stages").Index(i)
		refuse(stage.Optional, path.Child("optional"), "remove it")
		refuse(stage.Aggregate != nil, path.Child("aggregate"), "remove the stage")
		refuse(stage.Refund != nil, path.Child("refund"), "remove it")
		refuse(stage.DropAfterIdle != "", path.Child("dropAfterIdle"), "write dropAfter")
	}
	return errs
}
