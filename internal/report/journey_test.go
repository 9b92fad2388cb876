// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// firstPurchase is the map of the shop.
func firstPurchase() *v1alpha1.Journey {
	remind := &v1alpha1.NurtureScenarioReference{Name: "abandoned-cart"}
	return &v1alpha1.Journey{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "first-purchase"},
		Spec: v1alpha1.JourneySpec{
			FunnelRef:    v1alpha1.FunnelReference{Name: "shop"},
			Purchase:     &v1alpha1.JourneyPurchase{Event: "order.completed", Value: "event.data.total"},
			Satisfaction: &v1alpha1.JourneySatisfaction{Event: "score.given", Score: "event.data.score"},
			Stages: []v1alpha1.JourneyStage{
				{
					Name: "cart", Owner: "shop", Action: "check out",
					Touchpoints: []v1alpha1.Touchpoint{{Name: "cart-page", Medium: "Web", Event: "cart.viewed"}},
					Behaviours:  []v1alpha1.Behaviour{{Name: "hesitates", When: &v1alpha1.EventMatch{Event: "cart.saved"}}},
					WaysBack:    []v1alpha1.JourneyResponse{{ScenarioRef: remind}},
					Barriers: []v1alpha1.Barrier{
						{
							Name: "delivery-cost", Category: "Price", Signals: []v1alpha1.BarrierSignal{{Event: "delivery.shown"}},
							Evidence: []v1alpha1.DeclaredEvidence{{Kind: "Interview", Count: 7}, {Kind: "Ticket"}},
						},
						{Name: "slow-page", Category: "Usability", Signals: []v1alpha1.BarrierSignal{{Event: "page.slow"}}},
						{Name: "rare", Category: "Other", Signals: []v1alpha1.BarrierSignal{{Event: "seldom"}}},
						{Name: "trust", Category: "Trust", Signals: []v1alpha1.BarrierSignal{{Answer: new(true)}}},
					},
					Improvements: []v1alpha1.Improvement{
						{Name: "free-delivery", Barrier: "delivery-cost", Since: metav1.NewTime(day(2026, 9, 21)), Metric: "Conversion", Span: "14d"},
						{Name: "later", Since: metav1.NewTime(day(2026, 9, 1)), Metric: "Completion", Span: "140d"},
					},
				},
				{Name: "purchase", Title: "Покупка"},
				{Name: "review", Event: "review.left", Within: "14d", Owner: "shop", Action: "write"},
			},
		},
	}
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, moscow)
}

// asOfAutumn is when the numbers of autumn are true.
var asOfAutumn = event.At(day(2026, 10, 31).Add(12 * time.Hour))

var probesOfCart = []definition.Probe{
	{Kind: definition.ProbeBarrier, Name: "delivery-cost", Stage: 1},
	{Kind: definition.ProbeBarrier, Name: "slow-page", Stage: 1},
	{Kind: definition.ProbeBarrier, Name: "rare", Stage: 1},
	{Kind: definition.ProbeTouchpoint, Name: "cart-page", Stage: 1},
	{Kind: definition.ProbeBehaviour, Name: "hesitates", Stage: 1},
}

// seen is what so many saw within the first second at a stage that all stay at for an hour: at later landmarks nobody sees it for the first time.
func seen(dropped, converted int64) aggregate.Sight {
	split := aggregate.Split{Dropped: dropped, Converted: converted}
	s := aggregate.Sight{Seen: split, Now: aggregate.Landmarks{0: split}, Before: aggregate.Landmarks{}}
	for k, after := range aggregate.LandmarkTimes {
		if after < time.Hour {
			s.Before[k] = split
		}
	}
	return s
}

func there(all aggregate.Split) aggregate.Landmarks {
	landmarks := aggregate.Landmarks{}
	for k, after := range aggregate.LandmarkTimes {
		if after < time.Hour {
			landmarks[k] = all
		}
	}
	return landmarks
}

// autumn are the numbers of the shop with what happened at the cart: 60 % of those who saw the price of the delivery left, and 30 % of the others.
func autumn() *report.JourneyNumbers {
	funnel := *thirtyDays()
	funnel.Funnel.Stages[1] = aggregate.Stage{Entered: 2000, Converted: 1200, Dropped: 800, MatureEntered: 2000, MatureConverted: 1200}
	funnel.Funnel.Stages[0] = aggregate.Stage{Entered: 4000, Converted: 2000, InProgress: 1400, Dropped: 600}
	funnel.Funnel.Stages[2] = aggregate.Stage{Entered: 1200, Converted: 561, InProgress: 500, Dropped: 139, MatureEntered: 1171, MatureConverted: 466}
	funnel.Funnel.Cohorts = map[int64]aggregate.Cohort{}
	first := day(2026, 8, 1).Unix() / 86400
	for d := range int64(90) {
		converted := int64(40)
		if first+1+d >= time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC).Unix()/86400 {
			converted = 60
		}
		funnel.Funnel.Cohorts[first+1+d] = aggregate.Cohort{Entered: []int64{200, 100, converted, 10}, Converted: []int64{100, converted, 10, 10}, Completed: 10}
	}
	all := aggregate.Split{Dropped: 800, Converted: 1200}
	return &report.JourneyNumbers{FunnelNumbers: funnel, Journey: aggregate.Journey{
		Stages: []aggregate.StageEvidence{
			{All: aggregate.Split{Dropped: 600, Converted: 2000}},
			{
				All: all, There: there(all),
				Probes: []aggregate.Sight{seen(400, 267), seen(80, 120), seen(2, 1), seen(700, 1100), seen(50, 20)},
				Types:  map[string]aggregate.Sight{"delivery.shown": seen(400, 267), "banner.seen": seen(200, 300), "promo.failed": seen(120, 20)},
			},
			{All: aggregate.Split{Dropped: 139, Converted: 561}},
		},
		Beyond: []aggregate.BeyondCount{{Converted: 120, InProgress: 61, Dropped: 380}},
		Survey: []aggregate.SurveyCount{nil, {"": {Dropped: 800, Answers: map[string]int64{"trust": 30, "": 10}}}, nil},
		Loyalty: &aggregate.Loyalty{
			Buyers: 500, Purchases: 700, Repeated: 150, Churned: 90, Value: 1_963_400_500_000, ValueEvents: 700,
			Between: aggregate.Sketch{Counts: map[int]int64{aggregate.Bucket(10 * 24 * time.Hour): 100, aggregate.Bucket(30 * 24 * time.Hour): 100}},
			Months: map[int64]aggregate.Retention{
				56*12 + 6: {Active: []int64{200, 50, 30}}, // July 2026
				56*12 + 7: {Active: []int64{100, 20}},
				56*12 + 9: {Active: []int64{200}},
			},
		},
		Satisfaction: aggregate.Score{Count: 4, Sum: 17_000_000},
	}}
}

func shopMap(edit ...func(*report.Map)) report.Map {
	of := report.Map{Journey: firstPurchase(), Funnel: shop(func(fn *v1alpha1.Funnel) { fn.Spec.Window = "7d" }), Probes: probesOfCart, Scenarios: map[string]*v1alpha1.NurtureScenarioStatus{
		"abandoned-cart": {Entered: new(int64(3120)), Converted: new(int64(611)), Value: "1963400.50", Uplift: &v1alpha1.ScenarioUplift{Text: "+7.1pp ±1.9"}},
	}}
	for _, e := range edit {
		e(&of)
	}
	return of
}

func withEconomics(of *report.Map) {
	of.Journey.Spec.Economics = &v1alpha1.JourneyEconomics{LeadCost: "120", MarginPercent: new(int32(35))}
}

func TestJourneyStatus(t *testing.T) {
	t.Parallel()
	nobody := &report.JourneyNumbers{
		FunnelNumbers: report.FunnelNumbers{Version: "0011223344556677", Funnel: aggregate.Funnel{Stages: make([]aggregate.Stage, 4)}},
		Journey: aggregate.Journey{
			Stages: []aggregate.StageEvidence{{}, {Probes: make([]aggregate.Sight, 5)}, {}}, Beyond: make([]aggregate.BeyondCount, 1),
		},
	}
	tests := map[string]struct {
		of      report.Map
		numbers *report.JourneyNumbers
	}{
		"a journey of the shop":    {shopMap(), autumn()},
		"a journey with economics": {shopMap(withEconomics), autumn()},
		"a journey of nobody":      {shopMap(), nobody},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, err := report.JourneyStatus(tt.of, report.Setting{Currency: "RUB", Zone: moscow}, tt.numbers, asOfAutumn)
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, strings.ReplaceAll(name, " ", "-")+".yaml", status)
			again, err := report.JourneyStatus(tt.of, report.Setting{Currency: "RUB", Zone: moscow}, tt.numbers, asOfAutumn)
			if err != nil || !report.JourneyVisibleEqual(&status, &again) {
				t.Errorf("a second look differs (%v):\n%s", err, cmp.Diff(status, again))
			}
		})
	}
}

// Whoever is told why people leave wants to be right.
func TestEvidenceReady(t *testing.T) {
	t.Parallel()
	weakest := &v1alpha1.Bottleneck{From: "cart", To: "checkout"}
	known := &v1alpha1.Association{P: "0.2000"}
	tests := map[string]struct {
		status v1alpha1.JourneyStatus
		want   string
	}{
		"nobody is lost":      {v1alpha1.JourneyStatus{}, "Unknown NoBottleneck nobody is lost, so that no stage is the weakest"},
		"no barrier counts":   {v1alpha1.JourneyStatus{Weakest: weakest, Barriers: []v1alpha1.BarrierStatus{{Stage: "cart", Name: "trust"}}}, "False NoSignals no barrier at cart has an event as a signal: write what people meet there who leave"},
		"one barrier is rare": {v1alpha1.JourneyStatus{Weakest: weakest, Barriers: []v1alpha1.BarrierStatus{{Stage: "cart", Name: "rare", State: "not enough data yet (12 of 40)", Association: &v1alpha1.Association{}}, {Stage: "cart", Name: "slow", Association: known}}}, "False NotEnoughData at cart rare: not enough data yet (12 of 40)"},
		"one is found":        {v1alpha1.JourneyStatus{Weakest: weakest, Barriers: []v1alpha1.BarrierStatus{{Stage: "cart", Name: "slow", Significant: true, Association: known}}}, "True EnoughData at cart those who meet slow leave more often"},
		"none is it":          {v1alpha1.JourneyStatus{Weakest: weakest, Barriers: []v1alpha1.BarrierStatus{{Stage: "cart", Name: "slow", Association: known}}}, "True EnoughData enough people met the barriers of cart, and none of them is why people leave as far as chance lets tell"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := report.EvidenceReady(&tt.status)
			if got := fmt.Sprint(c.Status, " ", c.Reason, " ", c.Message); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// An improvement is judged once, by equally many days before and after, and the verdict stays when the log has lost the days.
func TestImprovements(t *testing.T) {
	t.Parallel()
	at := func(asOf time.Time, edit ...func(*report.Map, *report.JourneyNumbers)) v1alpha1.ImprovementStatus {
		of, n := shopMap(), autumn()
		for _, e := range edit {
			e(&of, n)
		}
		status, err := report.JourneyStatus(of, report.Setting{Zone: moscow}, n, event.At(asOf))
		if err != nil {
			t.Fatal(err)
		}
		return status.Improvements[0]
	}
	// The window of the funnel is 7 days, so that October 4, the last of the 14 days, is decided well before the end of the month.
	if got := at(day(2026, 10, 31)); got.Verdict != v1alpha1.VerdictImproved || got.Before.Percent != "40.00%" || got.After.Percent != "60.00%" ||
		got.Difference.Estimate != "20.00" || got.Until != "" || got.Holdout != "abandoned-cart +7.1pp ±1.9" {
		t.Errorf("when all days are there: %+v", got)
	}
	early := at(day(2026, 9, 24))
	if early.Verdict != v1alpha1.VerdictCollecting || early.Until == "" || early.Before != nil || early.Difference != nil {
		t.Errorf("before the first week is over: %+v", early)
	}
	due, err := early.Until.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if got := at(due.In(moscow).Add(-12 * time.Hour)); got.Verdict != v1alpha1.VerdictCollecting {
		t.Errorf("the day before it is due: %+v", got)
	}
	if got := at(due.In(moscow).Add(12 * time.Hour)); got.Verdict != v1alpha1.VerdictImproved {
		t.Errorf("the day it is due: %+v", got)
	}
	lost := func(_ *report.Map, n *report.JourneyNumbers) { n.ExactSince = event.At(day(2026, 9, 20)) }
	if got := at(day(2026, 10, 31), lost); got.Verdict != v1alpha1.VerdictCollecting {
		t.Errorf("without the days before: %+v", got)
	}
	decided := at(day(2026, 10, 31))
	stands := func(of *report.Map, n *report.JourneyNumbers) {
		lost(of, n)
		of.Journey.Status.Improvements = []v1alpha1.ImprovementStatus{decided}
	}
	if diff := cmp.Diff(decided, at(day(2026, 10, 31), stands)); diff != "" {
		t.Errorf("a verdict that stands, without the days before (-want +got):\n%s", diff)
	}
}

// Numbers of another shape are never written down.
func TestNumbersOfAnotherMap(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*report.Map, *report.JourneyNumbers){
		"another funnel":   func(of *report.Map, _ *report.JourneyNumbers) { of.Funnel.Spec.Stages = of.Funnel.Spec.Stages[:3] },
		"fewer stages":     func(_ *report.Map, n *report.JourneyNumbers) { n.Journey.Stages = n.Journey.Stages[:2] },
		"another probe":    func(of *report.Map, _ *report.JourneyNumbers) { of.Probes = of.Probes[1:] },
		"no stages beyond": func(_ *report.Map, n *report.JourneyNumbers) { n.Journey.Beyond = nil },
		"a probe nowhere":  func(of *report.Map, _ *report.JourneyNumbers) { of.Probes = []definition.Probe{{Stage: 3}} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of, n := shopMap(), autumn()
			change(&of, n)
			if status, err := report.JourneyStatus(of, report.Setting{Zone: moscow}, n, asOfAutumn); err == nil {
				t.Errorf("wrote %+v", status)
			}
		})
	}
}
