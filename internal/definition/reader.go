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
	return Period{RollingDays: int(p.RollingDays), Calendar: Calendar(p.Calendar)}
}

func (r *reader) day(path *field.Path, d v1alpha1.Date) string {
	if _, err := d.Parse(); err != nil {
		r.fail(path, string(d), err.Error())
	}
	return string(d)
}
