// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

func shopFunnel() *v1alpha1.Funnel {
	return &v1alpha1.Funnel{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "shop"},
		Spec: v1alpha1.FunnelSpec{Stages: []v1alpha1.FunnelStage{
			{Name: "visit", Title: "Визит", AnyOf: []v1alpha1.EventMatch{{Event: "page.viewed"}, {Event: "app.opened", Where: "event.data.fresh"}}},
			{Name: "cart", Event: "product.added", Where: "event.data.price > 0", DropAfter: "1h"},
			{Name: "purchase", Event: "order.completed", Value: "event.data.total"},
		}},
	}
}

func moscow() *v1alpha1.Workspace {
	return &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{
		TimeZone: "Europe/Moscow", EventLog: v1alpha1.EventLogSpec{Retention: &v1alpha1.RetentionSpec{Age: "120d"}},
	}}
}

func TestFromFunnel(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	stages := []definition.Stage{
		{Name: "visit", AnyOf: true, Matches: []definition.EventMatch{{Event: "page.viewed"}, {Event: "app.opened", Where: "event.data.fresh"}}},
		{Name: "cart", Matches: []definition.EventMatch{{Event: "product.added", Where: "event.data.price > 0"}}, DropAfter: time.Hour},
		{Name: "purchase", Matches: []definition.EventMatch{{Event: "order.completed"}}, Value: "event.data.total"},
	}
	tests := map[string]struct {
		change func(*v1alpha1.Funnel)
		ws     *v1alpha1.Workspace
		want   definition.Funnel
	}{
		"defaults, without a workspace": {
			want: definition.Funnel{Stages: stages, Window: 30 * day, Period: definition.Period{RollingDays: 30}, TimeZone: "UTC",
				Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 90 * day},
		},
		"all that can be said": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Window = "14d"
				fn.Spec.EntryPolicy = v1alpha1.EntryFirstStart
				fn.Spec.Period = &v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: "2026-10-01", To: "2026-10-31"}}
			},
			ws: moscow(),
			want: definition.Funnel{Stages: stages, Window: 14 * day, Period: definition.Period{From: "2026-10-01", To: "2026-10-31"},
				TimeZone: "Europe/Moscow", Order: definition.Ordered, EntryPolicy: definition.FirstStart, Lateness: 120 * day},
		},
		"a lateness of its own": {
			ws: &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{Lateness: "2d"}}},
			want: definition.Funnel{Stages: stages, Window: 30 * day, Period: definition.Period{RollingDays: 30}, TimeZone: "UTC",
				Order: definition.Ordered, EntryPolicy: definition.LatestStart, Lateness: 2 * day},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := shopFunnel()
			if tt.change != nil {
				tt.change(fn)
			}
			before := fn.DeepCopy()
			got, errs := definition.FromFunnel(fn, tt.ws)
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("meaning differs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, fn); diff != "" {
				t.Errorf("the funnel was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestVersionDependsOnTheMeaningAlone(t *testing.T) {
	t.Parallel()
	version := func(change func(*v1alpha1.Funnel)) string {
		fn := shopFunnel()
		change(fn)
		f, errs := definition.FromFunnel(fn, nil)
		if len(errs) > 0 {
			t.Fatal(errs.ToAggregate())
		}
		_, version, err := f.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := version(func(*v1alpha1.Funnel) {})
	if after := version(func(fn *v1alpha1.Funnel) {
		fn.Spec.Stages[0].Title, fn.Spec.Suspend, fn.Name = "Visit", true, "other"
		fn.Spec.Targets = []v1alpha1.FunnelTarget{{Stage: "cart", Conversion: "40%"}}
	}); after != before {
		t.Error("a title, a target, suspend or the name changes the version")
	}
	if after := version(func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].DropAfter = "2h" }); after == before {
		t.Error("dropAfter does not change the version")
	}
}

func TestFromFunnelErrors(t *testing.T) {
	t.Parallel()
	const notYet = "this version of Waymark does not support it yet: "
	tests := map[string]struct {
		change       func(*v1alpha1.Funnel)
		ws           *v1alpha1.Workspace
		reason, want string
	}{
		"a condition with a slip": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].Where = "evnt.data.price > 0" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[1].where: Invalid value: "evnt.data.price > 0": line 1, column 1: "evnt": is not known here: did you mean "event"?`,
		},
		"a condition in anyOf": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[0].AnyOf[1].Where = "contact.attributes.vip" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[0].anyOf[1].where: Invalid value: "contact.attributes.vip": line 1, column 1: "contact": the contact's attributes are not supported here yet: write a condition on event`,
		},
		"an amount that is a condition": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[2].Value = "event.data.total > 5" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[2].value: Invalid value: "event.data.total > 5": line 1, column 1: "event.data.total > 5": gives a yes or no where an amount is needed: write a number, such as event.data.total`,
		},
		"strict order": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Order = v1alpha1.OrderStrict },
			reason: v1alpha1.ReasonNotSupported, want: "spec.order: Unsupported value: " + notYet + "write order: Ordered",
		},
		"entries": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Count = v1alpha1.CountEntries },
			reason: v1alpha1.ReasonNotSupported, want: "spec.count: Unsupported value: " + notYet + "write count: Contacts",
		},
		"correlateBy": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.CorrelateBy = "event.data.cart_id" },
			reason: v1alpha1.ReasonNotSupported, want: "spec.correlateBy: Unsupported value: " + notYet + "remove it",
		},
		"breakdowns": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Breakdowns = []v1alpha1.FunnelBreakdown{{Name: "source"}} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.breakdowns: Unsupported value: " + notYet + "remove them",
		},
		"exclusions": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled"}} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.exclusions: Unsupported value: " + notYet + "remove them",
		},
		"a calendar period": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Period = &v1alpha1.FunnelPeriod{Calendar: v1alpha1.CalendarMonth} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.period.calendar: Unsupported value: " + notYet + "write rollingDays or between",
		},
		"an optional stage": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].Optional = true },
			reason: v1alpha1.ReasonNotSupported, want: "spec.stages[1].optional: Unsupported value: " + notYet + "remove it",
		},
		"an aggregate stage": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Stages = append([]v1alpha1.FunnelStage{{Name: "seen", Aggregate: &v1alpha1.StageAggregate{Event: "ad", Sum: "1"}}}, fn.Spec.Stages...)
			},
			reason: v1alpha1.ReasonNotSupported, want: "spec.stages[0].aggregate: Unsupported value: " + notYet + "remove the stage",
		},
		"a refund": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[2].Refund = &v1alpha1.StageRefund{Event: "order.refunded"} },
			reason: v1alpha1.ReasonNotSupported, want: "spec.stages[2].refund: Unsupported value: " + notYet + "remove it",
		},
		"dropAfterIdle": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].DropAfter, fn.Spec.Stages[1].DropAfterIdle = "", "1h" },
			reason: v1alpha1.ReasonNotSupported, want: "spec.stages[1].dropAfterIdle: Unsupported value: " + notYet + "write dropAfter",
		},
		"a window that is none": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Window = "soon" },
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.window: Invalid value: "soon": invalid duration "soon": write whole numbers above zero of w, d, h, m and s in this order, such as 1h30m or 14d`,
		},
		"a day that is none": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Period = &v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: "2026-02-30", To: "2026-03-31"}}
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.period.between.from: Invalid value: "2026-02-30": invalid date "2026-02-30": write an existing day such as 2026-10-31`,
		},
		"a stage without an event": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].Event = "" },
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.stages[1].event: Required value: say which event brings people to the stage`,
		},
		"two stages of one name": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].Name = "visit" },
			reason: v1alpha1.ReasonInvalidSpec, want: `spec: Invalid value: two stages are called "visit"`,
		},
		"a zone that is none": {
			ws:     &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{TimeZone: "Europe/Moskow"}},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `workspace.spec.timeZone: Invalid value: "Europe/Moskow": there is no such time zone: write an IANA name such as Europe/Moscow`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := shopFunnel()
			if tt.change != nil {
				tt.change(fn)
			}
			_, errs := definition.FromFunnel(fn, tt.ws)
			if len(errs) != 1 {
				t.Fatalf("%d errors, want one: %v", len(errs), errs)
			}
			if diff := cmp.Diff(tt.want, errs[0].Error()); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
			if got := definition.Reason(errs); got != tt.reason {
				t.Errorf("reason %s, want %s", got, tt.reason)
			}
		})
	}
}
