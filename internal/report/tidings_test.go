// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// What changes significantly is told once, and noise never.
func TestTidings(t *testing.T) {
	t.Parallel()
	told := func(weakest, reason string) *v1alpha1.JourneyTold {
		return &v1alpha1.JourneyTold{Weakest: weakest, Reason: reason, Looked: "2026-10-30"}
	}
	fewer := func(n *report.JourneyNumbers) { // twenty people at the cart say little, of 40 % or not
		n.Funnel.Stages[1] = aggregate.Stage{Entered: 40, Converted: 24, Dropped: 16}
		n.Journey.Stages[1].All = aggregate.Split{Dropped: 16, Converted: 24}
		n.Journey.Stages[1].There = there(n.Journey.Stages[1].All)
		n.Journey.Stages[1].Probes = []aggregate.Sight{seen(8, 5), seen(2, 2), {}, {}, {}}
		n.Journey.Stages[1].Types = nil
	}
	tests := map[string]struct {
		before  *v1alpha1.JourneyTold
		numbers func(*report.JourneyNumbers)
		tidings []string
		after   *v1alpha1.JourneyTold
	}{
		"the first look tells the reason and takes the weakest stage as given": {
			tidings: []string{report.LeadingReasonChanged}, after: told("cart→checkout", "cart/delivery-cost"),
		},
		"nothing has changed": {before: told("cart→checkout", "cart/delivery-cost"), after: told("cart→checkout", "cart/delivery-cost")},
		"another transition loses surely more": {
			before:  told("visit→cart", "cart/delivery-cost"),
			tidings: []string{report.WeakestStageChanged}, after: told("cart→checkout", "cart/delivery-cost"),
		},
		"another transition loses more by chance": {before: told("checkout→purchase", ""), numbers: fewer, after: told("checkout→purchase", "")},
		"the reason that was told is none any more": {
			before:  told("cart→checkout", "cart/slow-page"),
			tidings: []string{report.LeadingReasonChanged}, after: told("cart→checkout", "cart/delivery-cost"),
		},
		"another reason leads by a little": {
			before:  told("cart→checkout", "cart/slow-page"),
			numbers: func(n *report.JourneyNumbers) { n.Journey.Stages[1].Probes[1] = seen(390, 270) },
			after:   told("cart→checkout", "cart/slow-page"),
		},
		"history is still read":    {numbers: func(n *report.JourneyNumbers) { n.Recomputing = true }},
		"it was looked at already": {before: &v1alpha1.JourneyTold{Weakest: "visit→cart", Looked: "2026-10-31"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of, n := shopMap(func(of *report.Map) { of.Journey.Status.Told = tt.before }), autumn()
			if tt.numbers != nil {
				tt.numbers(n)
			}
			tidings, after, err := report.Tidings(of, report.Setting{Zone: moscow}, n, asOfAutumn)
			if err != nil {
				t.Fatal(err)
			}
			var reasons []string
			for _, tiding := range tidings {
				reasons = append(reasons, tiding.Reason)
				if tiding.Note == "" || strings.Contains(tiding.Note, "%!") {
					t.Errorf("%s says %q", tiding.Reason, tiding.Note)
				}
			}
			if tt.after != nil {
				tt.after.Looked = "2026-10-31"
			}
			if diff := cmp.Diff(tt.tidings, reasons) + cmp.Diff(tt.after, after); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A day later the same numbers tell nothing, so that a restart repeats nothing either.
func TestTidingsAreToldOnce(t *testing.T) {
	t.Parallel()
	of, n := shopMap(), autumn()
	first, told, err := report.Tidings(of, report.Setting{Zone: moscow}, n, asOfAutumn)
	if err != nil || len(first) != 1 {
		t.Fatalf("told %v (%v), want one tiding", first, err)
	}
	of.Journey.Status.Told = told
	for hours := range 48 {
		again, next, err := report.Tidings(of, report.Setting{Zone: moscow}, n, asOfAutumn+event.Time(time.Duration(hours)*time.Hour/time.Microsecond))
		if err != nil || len(again) > 0 {
			t.Fatalf("%d hours later told %v (%v)", hours, again, err)
		}
		if next != nil {
			of.Journey.Status.Told = next
		}
	}
}
