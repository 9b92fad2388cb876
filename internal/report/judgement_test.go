// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/report"
)

// reaching are numbers of two stages, of which the first has so many mature ones, and as many again that are still on their way.
func reaching(entered, converted, inProgress, matureEntered, matureConverted int64) *report.FunnelNumbers {
	return &report.FunnelNumbers{Funnel: aggregate.Funnel{Completed: converted, Stages: []aggregate.Stage{
		{
			Entered: entered, Converted: converted, InProgress: inProgress, Dropped: entered - converted - inProgress,
			MatureEntered: matureEntered, MatureConverted: matureConverted,
		},
		{Entered: converted, Converted: converted, MatureEntered: matureConverted, MatureConverted: matureConverted},
	}}}
}

func TestVerdictOnATarget(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	tests := map[string]struct {
		target   v1alpha1.Percent
		numbers  *report.FunnelNumbers
		standing *bool
		want     string // of the condition
		met      string
	}{
		"surely met":                                    {"40%", reaching(1000, 500, 0, 1000, 500), nil, "True TargetsMet", "met"},
		"surely missed":                                 {"40%", reaching(1000, 300, 0, 1000, 300), nil, "False TargetsMissed", "missed"},
		"surely missed, although it was met":            {"40%", reaching(1000, 300, 0, 1000, 300), &yes, "False TargetsMissed", "missed"},
		"a little above at first":                       {"40%", reaching(1000, 410, 0, 1000, 410), nil, "Unknown Undecided", "open"},
		"a little above, after it was missed":           {"40%", reaching(1000, 410, 0, 1000, 410), &no, "False TargetsMissed", "missed"},
		"a little below, after it was met":              {"40%", reaching(1000, 390, 0, 1000, 390), &yes, "True TargetsMet", "met"},
		"too few, whatever stood":                       {"40%", reaching(29, 1, 0, 29, 1), &yes, "Unknown Undecided", "open"},
		"nobody":                                        {"40%", reaching(0, 0, 0, 0, 0), &yes, "Unknown NoData", "open"},
		"those on their way may still come":             {"40%", reaching(1000, 300, 300, 0, 0), nil, "Unknown Undecided", "open"},
		"missed even if all on their way come":          {"40%", reaching(1000, 300, 30, 0, 0), nil, "False TargetsMissed", "missed"},
		"met even if none of them comes":                {"40%", reaching(1000, 450, 300, 0, 0), nil, "True TargetsMet", "met"},
		"those whose time is over decide":               {"40%", reaching(1000, 300, 400, 500, 250), nil, "True TargetsMet", "met"},
		"all of them":                                   {"100%", reaching(50, 50, 0, 50, 50), nil, "True TargetsMet", "met"},
		"nearly all of them is not all":                 {"100%", reaching(50, 48, 0, 50, 48), nil, "False TargetsMissed", "missed"},
		"the verdict on another share is no verdict":    {"41%", reaching(1000, 400, 0, 1000, 400), &yes, "Unknown Undecided", "open"},
		"fewer independent ones: many ways of the same": {"40%", clustered(reaching(200, 100, 0, 200, 100), 10), nil, "Unknown Undecided", "open"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := shop(withTargets(v1alpha1.FunnelTarget{Stage: "cart", Conversion: tt.target}))
			fn.Spec.Stages = fn.Spec.Stages[:2]
			fn.Status.Targets = []v1alpha1.TargetStatus{{Stage: "cart", Target: "40%", Met: tt.standing}}
			status := statusOf(t, fn, tt.numbers)
			met := "open"
			if m := status.Targets[0].Met; m != nil {
				met = map[bool]string{true: "met", false: "missed"}[*m]
			}
			condition := report.OnTarget(&status)
			if got := string(condition.Status) + " " + condition.Reason; got != tt.want || met != tt.met {
				t.Errorf("target is %s and the condition %s, want %s and %s", met, got, tt.met, tt.want)
			}
		})
	}
}

// clustered lets every contact of the compared days have so many units, all of which complete or none.
func clustered(n *report.FunnelNumbers, each int64) *report.FunnelNumbers {
	n.Funnel.Recent = aggregate.Comparison{
		Entered: 1000, Completed: 400, EnteredSquared: 1000 * each, Cross: 400 * each, CompletedSquared: 400 * each,
	}
	return n
}

// withOptional makes the cart optional: 300 of 1000 visitors fill it, and 250 begin the checkout, 50 of them without a cart.
func withOptional() (*v1alpha1.Funnel, *report.FunnelNumbers) {
	fn := shop(func(fn *v1alpha1.Funnel) { fn.Spec.Stages[1].Optional = true })
	return fn, &report.FunnelNumbers{Funnel: aggregate.Funnel{
		Completed: 40,
		Stages: []aggregate.Stage{
			{Entered: 1000, Converted: 350, Dropped: 650},
			{Entered: 300, Converted: 200, Dropped: 100},
			{Entered: 250, Converted: 40, Dropped: 200, Excluded: 10},
			{Entered: 40, Converted: 40},
		},
	}}
}

func TestOptionalStagesAreNoDestination(t *testing.T) {
	t.Parallel()
	target := func(stage string, share v1alpha1.Percent) func(*v1alpha1.Funnel) {
		return withTargets(v1alpha1.FunnelTarget{Stage: stage, Conversion: share})
	}
	tests := map[string]struct {
		edit func(*v1alpha1.Funnel)
		want string
	}{
		"the leakiest":                           {func(*v1alpha1.Funnel) {}, "checkout→purchase 80.0%"},
		"a target of a stage after an optional":  {target("checkout", "30%"), "visit→checkout 65.0%"},
		"a target of an optional stage":          {target("cart", "40%"), "visit→cart 65.0%"},
		"a target that is met decides nothing":   {target("cart", "20%"), "checkout→purchase 80.0%"},
		"whoever is excluded has not reached it": {target("checkout", "24.5%"), "visit→checkout 65.0%"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn, n := withOptional()
			tt.edit(fn)
			summary := statusOf(t, fn, n).Summary
			if got := summary.Bottleneck + " " + summary.Lost; got != tt.want {
				t.Errorf("bottleneck is %s, want %s", got, tt.want)
			}
			if summary.Conversion != "4.00%" || *summary.Converted != 40 {
				t.Errorf("%d converted, %s; want 40, 4.00%%", *summary.Converted, summary.Conversion)
			}
		})
	}
}

func TestAnOptionalLastStageIsNoCompletion(t *testing.T) {
	t.Parallel()
	fn := shop(func(fn *v1alpha1.Funnel) { fn.Spec.Stages[3].Optional = true })
	n := thirtyDays()
	n.Funnel.Completed = 1452
	summary := statusOf(t, fn, n).Summary
	if *summary.Converted != 1452 || summary.Conversion != "11.63%" {
		t.Errorf("%d converted, %s; want the 1452 who began the checkout, 11.63%%", *summary.Converted, summary.Conversion)
	}
}

func TestAggregateStages(t *testing.T) {
	t.Parallel()
	fn := shop(withTargets(v1alpha1.FunnelTarget{Stage: "visit", Conversion: "10%"}), func(fn *v1alpha1.Funnel) {
		impressions := v1alpha1.FunnelStage{Name: "impressions", Title: "Показы", Aggregate: &v1alpha1.StageAggregate{Event: "ad.shown", Sum: "event.data.count"}}
		clicks := v1alpha1.FunnelStage{Name: "clicks", Aggregate: &v1alpha1.StageAggregate{Event: "ad.clicked", Sum: "event.data.count"}}
		fn.Spec.Stages = append([]v1alpha1.FunnelStage{impressions, clicks}, fn.Spec.Stages...)
	})
	n := thirtyDays()
	n.Funnel.Aggregates = []aggregate.Total{{Sum: 1_248_000_000_000, Events: 400}, {Sum: 24_960_500_000, Events: 300}}
	status := statusOf(t, fn, n)
	want := []v1alpha1.StageStatus{
		{Name: "impressions", Title: "Показы", Aggregate: "1248000", Conversion: &v1alpha1.Rate{Percent: "2.00%", BasisPoints: 200}},
		{Name: "clicks", Aggregate: "24960.5", Conversion: &v1alpha1.Rate{Percent: "50.00%", BasisPoints: 5000}},
	}
	if diff := cmp.Diff(want, status.Stages[:2]); diff != "" {
		t.Errorf("aggregate stages (-want +got):\n%s", diff)
	}
	if status.Stages[2].Name != "visit" || status.Stages[2].Entered != 12480 || *status.Summary.Entered != 12480 {
		t.Errorf("the first that counts contacts is %+v, and %d entered", status.Stages[2], *status.Summary.Entered)
	}
	if target := status.Targets[0]; target.Actual.Percent != "50.00%" || target.Met == nil || !*target.Met {
		t.Errorf("the target after an aggregate stage is %+v, want 50 %% and met", target)
	}
	for sum, want := range map[aggregate.Micros]string{0: "none", -5: "none", 1: "none", 1_248_000_000: "1000.00%"} {
		n.Funnel.Aggregates[1].Sum = sum
		got := "none"
		if c := statusOf(t, fn, n).Stages[1].Conversion; c != nil {
			got = c.Percent
		}
		if got != want {
			t.Errorf("conversion of %d millionths is %s, want %s", sum, got, want)
		}
	}
}

func TestRefundsAndStaleDropOffs(t *testing.T) {
	t.Parallel()
	n := thirtyDays()
	n.Funnel.Stages[3].Refunded, n.Funnel.Signals.Stale = 12_500_000, 7
	fn := shop(func(fn *v1alpha1.Funnel) { fn.Spec.Stages[3].Refund = &v1alpha1.StageRefund{} })
	status := statusOf(t, fn, n)
	got := fmt.Sprint(status.Stages[3].Value.Refunded, " ", status.Counters.Stale)
	if want := "12.50 7"; got != want {
		t.Errorf("refunded and stale are %s, want %s", got, want)
	}
	if refunded := statusOf(t, shop(), n).Stages[3].Value.Refunded; refunded != "" {
		t.Errorf("a stage without refunds says %s of them", refunded)
	}
}

func TestLevers(t *testing.T) {
	t.Parallel()
	type gain struct{ Lever, Conversions, Revenue string }
	tests := map[string]struct {
		numbers *report.FunnelNumbers
		edit    func(*v1alpha1.Funnel)
		best    string
		want    []gain
	}{
		"with money": {
			// 561 of 3742 who put something into the cart buy for 3500 each on average: a tenth of the 6638 lost visitors would have been
			// 663.8 carts and so 99.5 purchases.
			numbers: thirtyDays(),
			best:    "10% fewer lost at visit→cart: +348K RUB",
			want: []gain{
				{"FewerDropOffs visit", "99.5 (92.2..107.3)", "348291.09"},
				{"FewerDropOffs cart", "88.5 (82.8..94.3)", "309654.76"},
				{"FewerDropOffs checkout", "59.1 (58.7..59.1)", "206839.52"},
				{"MoreEntered", "56.1 (51.7..60.8)", "196340.05"},
				{"WinBack cart, 4.02% return", "34.3 (31.8..37.0)", "120154.65"},
				{"WinBack visit", "29.8 (27.5..32.3)", "104431.51"},
			},
		},
		"without": {
			numbers: thirtyDays(), edit: func(fn *v1alpha1.Funnel) { fn.Spec.Stages[3].Value = "" },
			best: "10% fewer lost at visit→cart: +99.5",
			want: []gain{
				{"FewerDropOffs visit", "99.5 (92.2..107.3)", ""},
				{"FewerDropOffs cart", "88.5 (82.8..94.3)", ""},
				{"FewerDropOffs checkout", "59.1 (58.7..59.1)", ""},
				{"MoreEntered", "56.1 (51.7..60.8)", ""},
				{"WinBack cart, 4.02% return", "34.3 (31.8..37.0)", ""},
				{"WinBack visit", "29.8 (27.5..32.3)", ""},
			},
		},
		"shares of too few are left out": {
			numbers: reaching(1000, 20, 0, 0, 0), edit: func(fn *v1alpha1.Funnel) { fn.Spec.Stages = fn.Spec.Stages[:2] },
			best: "10% more enter: +2.0",
			want: []gain{{"MoreEntered", "2.0 (1.3..3.1)", ""}, {"WinBack visit", "2.0 (1.3..3.0)", ""}},
		},
		"nobody converts": {numbers: reaching(1000, 0, 0, 0, 0), edit: func(fn *v1alpha1.Funnel) { fn.Spec.Stages = fn.Spec.Stages[:2] }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := shop()
			if tt.edit != nil {
				tt.edit(fn)
			}
			status := statusOf(t, fn, tt.numbers)
			var got []gain
			for _, l := range status.Levers {
				g := gain{Lever: string(l.Kind), Conversions: fmt.Sprintf("%s (%s..%s)", l.Conversions.Estimate, l.Conversions.Low, l.Conversions.High)}
				if l.Stage != "" {
					g.Lever += " " + l.Stage
				}
				if l.Recovered != nil {
					g.Lever += ", " + l.Recovered.Percent + " return"
				}
				if l.Revenue != nil {
					g.Revenue = string(l.Revenue.Estimate)
				}
				got = append(got, g)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || status.Summary.BestLever != tt.best {
				t.Errorf("the best lever is %q, want %q; levers (-want +got):\n%s", status.Summary.BestLever, tt.best, diff)
			}
		})
	}
}
