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

// everything is a funnel with one of each.
func everything(fn *v1alpha1.Funnel) {
	fn.Spec = v1alpha1.FunnelSpec{
		Stages: []v1alpha1.FunnelStage{
			{Name: "seen", Aggregate: &v1alpha1.StageAggregate{Event: "ad.shown", Where: "event.data.paid", Sum: "event.data.impressions"}},
			{Name: "visit", Event: "page.viewed"},
			{Name: "cart", Event: "product.added", Optional: true, DropAfterIdle: "1h"},
			{Name: "purchase", Event: "order.completed", Value: "event.data.total",
				Refund: &v1alpha1.StageRefund{Event: "order.refunded", Amount: "event.data.total", MatchBy: "event.data.order_id"}},
		},
		Period: &v1alpha1.FunnelPeriod{Calendar: v1alpha1.CalendarQuarter},
		Order:  v1alpha1.OrderStrict, Ignore: []v1alpha1.EventType{"page.scrolled", "chat.opened"},
		Count: v1alpha1.CountEntries, CorrelateBy: "event.data.cart_id",
		Breakdowns: []v1alpha1.FunnelBreakdown{
			{Name: "source", By: "event.data.utm_source", At: "visit"}, {Name: "city", By: "event.data.city", At: "purchase"},
		},
		Exclusions: []v1alpha1.FunnelExclusion{
			{Event: "order.cancelled"},
			{Event: "cart.emptied", Where: "event.data.all", After: "cart", Before: "purchase", Action: v1alpha1.ExclusionEnd},
		},
		TriggerMaxAge: "10m",
	}
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
				Order: definition.Ordered, EntryPolicy: definition.LatestStart, Count: definition.Contacts, SignalMaxAge: time.Hour, Lateness: 90 * day},
		},
		"another window, policy, period and zone": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Window = "14d"
				fn.Spec.EntryPolicy = v1alpha1.EntryFirstStart
				fn.Spec.Period = &v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: "2026-10-01", To: "2026-10-31"}}
			},
			ws: moscow(),
			want: definition.Funnel{Stages: stages, Window: 14 * day, Period: definition.Period{From: "2026-10-01", To: "2026-10-31"},
				TimeZone: "Europe/Moscow", Order: definition.Ordered, EntryPolicy: definition.FirstStart, Count: definition.Contacts, SignalMaxAge: time.Hour, Lateness: 120 * day},
		},
		"all that can be said of the stages": {
			change: everything,
			want: definition.Funnel{
				Aggregates: []definition.Aggregate{{Name: "seen", Event: "ad.shown", Where: "event.data.paid", Sum: "event.data.impressions"}},
				Stages: []definition.Stage{
					{Name: "visit", Matches: []definition.EventMatch{{Event: "page.viewed"}}},
					{Name: "cart", Matches: []definition.EventMatch{{Event: "product.added"}}, Optional: true, DropAfterIdle: time.Hour},
					{Name: "purchase", Matches: []definition.EventMatch{{Event: "order.completed"}}, Value: "event.data.total",
						Refund: &definition.Refund{Event: "order.refunded", Amount: "event.data.total", MatchBy: "event.data.order_id"}},
				},
				Window: 30 * day, Period: definition.Period{Calendar: definition.Quarter}, TimeZone: "UTC",
				Order: definition.Strict, Ignore: []string{"chat.opened", "page.scrolled"}, EntryPolicy: definition.LatestStart, Count: definition.Entries,
				CorrelateBy: "event.data.cart_id",
				Breakdowns:  []definition.Breakdown{{Name: "source", By: "event.data.utm_source", Stage: 0}, {Name: "city", By: "event.data.city", Stage: 2}},
				Exclusions: []definition.Exclusion{
					{Event: "order.cancelled", After: 0, Before: 2, Action: definition.Discard},
					{Event: "cart.emptied", Where: "event.data.all", After: 1, Before: 2, Action: definition.End},
				},
				SignalMaxAge: 10 * time.Minute, Lateness: 90 * day,
			},
		},
		"a lateness of its own": {
			ws: &v1alpha1.Workspace{Spec: v1alpha1.WorkspaceSpec{EventLog: v1alpha1.EventLogSpec{Lateness: "2d"}}},
			want: definition.Funnel{Stages: stages, Window: 30 * day, Period: definition.Period{RollingDays: 30}, TimeZone: "UTC",
				Order: definition.Ordered, EntryPolicy: definition.LatestStart, Count: definition.Contacts, SignalMaxAge: time.Hour, Lateness: 2 * day},
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
			got, _, errs := definition.FromFunnel(fn, tt.ws, nil)
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
		f, _, errs := definition.FromFunnel(fn, nil, nil)
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
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[0].AnyOf[1].Where = "evnt.data.vip" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[0].anyOf[1].where: Invalid value: "evnt.data.vip": line 1, column 1: "evnt": is not known here: did you mean "event"?`,
		},
		"an amount by the contact": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[2].Value = "contact.attributes.total" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[2].value: Invalid value: "contact.attributes.total": line 1, column 1: "contact": is not known here: only the where of stages and exclusions can ask for contact.attributes`,
		},
		"an amount that is a condition": {
			change: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[2].Value = "event.data.total > 5" },
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[2].value: Invalid value: "event.data.total > 5": line 1, column 1: "event.data.total > 5": gives a yes or no where an amount is needed: write a number, such as event.data.total`,
		},
		"expressions behind an aggregate stage": {
			change: func(fn *v1alpha1.Funnel) {
				everything(fn)
				fn.Spec.Stages[3].Refund.MatchBy = "data.order_id"
			},
			reason: v1alpha1.ReasonInvalidExpression,
			want:   `spec.stages[3].refund.matchBy: Invalid value: "data.order_id": line 1, column 1: "data": is not known here: did you mean "event.data"?`,
		},
		"an aggregate stage behind one that counts contacts": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Stages = append(fn.Spec.Stages, v1alpha1.FunnelStage{Name: "seen", Aggregate: &v1alpha1.StageAggregate{Event: "ad", Sum: "1"}})
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.stages[3].aggregate: Invalid value: "seen": it counts before contacts are known: put the stage before all that count contacts`,
		},
		"a breakdown at no stage": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Breakdowns = []v1alpha1.FunnelBreakdown{{Name: "source", By: "event.data.utm_source", At: "vist"}}
			},
			reason: v1alpha1.ReasonInvalidSpec, want: `spec.breakdowns[0].at: Invalid value: "vist": there is no such stage: correct the name`,
		},
		"a breakdown at an aggregate stage": {
			change: func(fn *v1alpha1.Funnel) { everything(fn); fn.Spec.Breakdowns[1].At = "seen" },
			reason: v1alpha1.ReasonInvalidSpec, want: `spec.breakdowns[1].at: Invalid value: "seen": the stage counts no contacts: name one with event or anyOf`,
		},
		"an exclusion that ends before it begins": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled", After: "purchase", Before: "cart"}}
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.exclusions[0].after: Invalid value: "purchase": it is not earlier than the stage in before: exchange the two`,
		},
		"an exclusion after the last stage": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled", After: "purchase"}}
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.exclusions[0].after: Invalid value: "purchase": nothing can end a way that has reached the last stage: name an earlier one`,
		},
		"an exclusion before the first stage": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled", Before: "visit"}}
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.exclusions[0].before: Invalid value: "visit": nothing can end a way before its first stage: name a later one`,
		},
		"an exclusion where one stage counts contacts": {
			change: func(fn *v1alpha1.Funnel) {
				everything(fn)
				fn.Spec.Stages, fn.Spec.Breakdowns = fn.Spec.Stages[:2], nil
				fn.Spec.Exclusions = fn.Spec.Exclusions[:1]
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.exclusions[0]: Invalid value: "order.cancelled": there is no way between stages that it could end, as only one stage counts contacts: remove it`,
		},
		"an exclusion with a place where stages have none": {
			change: func(fn *v1alpha1.Funnel) {
				fn.Spec.Order = v1alpha1.OrderAny
				fn.Spec.Exclusions = []v1alpha1.FunnelExclusion{{Event: "order.cancelled", After: "cart"}}
			},
			reason: v1alpha1.ReasonInvalidSpec,
			want:   `spec.exclusions[0]: Invalid value: "order.cancelled": order: Any takes the stages in whatever order: remove after and before`,
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
			_, _, errs := definition.FromFunnel(fn, tt.ws, nil)
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
