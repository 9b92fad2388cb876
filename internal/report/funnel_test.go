// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shop is a funnel of four stages, the last of which earns money.
func shop(edit ...func(*v1alpha1.Funnel)) *v1alpha1.Funnel {
	fn := &v1alpha1.Funnel{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "shop"},
		Spec: v1alpha1.FunnelSpec{Stages: []v1alpha1.FunnelStage{
			{Name: "visit", Title: "Визит", Event: "page.viewed"},
			{Name: "cart", Title: "Корзина", Event: "product.added", DropAfter: "1h"},
			{Name: "checkout", Title: "Оформление", Event: "checkout.started"},
			{Name: "purchase", Title: "Покупка", Event: "order.completed", Value: "event.data.total"},
		}},
	}
	for _, e := range edit {
		e(fn)
	}
	return fn
}

func withTargets(targets ...v1alpha1.FunnelTarget) func(*v1alpha1.Funnel) {
	return func(fn *v1alpha1.Funnel) { fn.Spec.Targets = targets }
}

func between(from, to v1alpha1.Date) func(*v1alpha1.Funnel) {
	return func(fn *v1alpha1.Funnel) {
		fn.Spec.Period = &v1alpha1.FunnelPeriod{Between: &v1alpha1.DateRange{From: from, To: to}}
	}
}

// thirtyDays are the numbers of a month of the shop.
func thirtyDays() *report.FunnelNumbers {
	took := func(d time.Duration, n int64) aggregate.Sketch {
		return aggregate.Sketch{Counts: map[int]int64{aggregate.Bucket(d): n - n/8, aggregate.Bucket(10 * d): n / 8}}
	}
	return &report.FunnelNumbers{Version: "0011223344556677", Funnel: aggregate.Funnel{Completed: 561, Stages: []aggregate.Stage{
		{Entered: 12480, Converted: 3742, InProgress: 2100, Dropped: 6638, MatureEntered: 9800, MatureConverted: 2990, ToNext: took(4*time.Minute, 3742)},
		{Entered: 3742, Converted: 1452, Dropped: 2290, Recovered: 96, MatureEntered: 2990, MatureConverted: 1171, ToNext: took(11*time.Minute, 1452)},
		{Entered: 1452, Converted: 561, InProgress: 300, Dropped: 591, MatureEntered: 1171, MatureConverted: 466, ToNext: took(27*time.Hour, 561)},
		{Entered: 561, Converted: 561, MatureEntered: 466, MatureConverted: 466, Value: 1_963_400_500_000, ValueEvents: 579},
	}}}
}

var moscow = time.FixedZone("MSK", 3*60*60)

func TestFunnelStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		funnel  *v1alpha1.Funnel
		numbers *report.FunnelNumbers
	}{
		"a month of the shop":               {funnel: shop(), numbers: thirtyDays()},
		"a target decides the bottleneck":   {funnel: shop(withTargets(v1alpha1.FunnelTarget{Stage: "checkout", Conversion: "40%"}, v1alpha1.FunnelTarget{Stage: "purchase", Conversion: "50%"})), numbers: thirtyDays()},
		"targets that are met decide none":  {funnel: shop(withTargets(v1alpha1.FunnelTarget{Stage: "checkout", Conversion: "38.8%"})), numbers: thirtyDays()},
		"nobody has come yet":               {funnel: shop(between("2026-12-01", "2027-01-31"), withTargets(v1alpha1.FunnelTarget{Stage: "cart", Conversion: "20%"})), numbers: &report.FunnelNumbers{Version: "0011223344556677", Funnel: aggregate.Funnel{Stages: make([]aggregate.Stage, 4)}}},
		"events that did not count as such": {funnel: shop(between("2026-10-01", "2026-10-31")), numbers: withTrouble(thirtyDays())},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asOf := event.At(time.Date(2026, 11, 20, 22, 30, 0, 999, time.UTC)) // already the 21st in Moscow
			got, err := report.FunnelStatus(tt.funnel, report.Setting{Currency: "RUB", Zone: moscow}, tt.numbers, asOf)
			if err != nil {
				t.Fatal(err)
			}
			report.SetData(&got, report.Freshness{})
			if c := report.OnTarget(&got); c != nil {
				got.Conditions = append(got.Conditions, *c)
			}
			compareGolden(t, strings.ReplaceAll(name, " ", "-")+".yaml", got)
		})
	}
}

func withTrouble(n *report.FunnelNumbers) *report.FunnelNumbers {
	n.ExactSince = event.At(time.Date(2026, 10, 3, 8, 0, 0, 0, time.UTC))
	n.Funnel.TooLate, n.Funnel.Clamped, n.Funnel.Saturated, n.Funnel.Errors = 17, 5, 1, 4
	n.Funnel.FirstError = aggregate.Failure{Field: "spec.stages[1].where", Message: strings.Repeat("no such overload ", 20), Partition: 2, Offset: 815}
	return n
}

func compareGolden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("status differs from %s (-want +got):\n%s", path, diff)
	}
}

func TestFunnelStatusRefusesNumbersOfOtherStages(t *testing.T) {
	t.Parallel()
	_, err := report.FunnelStatus(shop(), report.Setting{}, &report.FunnelNumbers{Version: "v0", Funnel: aggregate.Funnel{Stages: make([]aggregate.Stage, 3)}}, 0)
	const want = "status of funnel default/shop: version v0 has numbers of 3 stages, the spec has 4"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %q", err, want)
	}
}

func TestBottleneckNeedsEnoughContacts(t *testing.T) {
	t.Parallel()
	stages := func(counts ...int64) *report.FunnelNumbers {
		n := &report.FunnelNumbers{Funnel: aggregate.Funnel{Stages: make([]aggregate.Stage, len(counts))}}
		for i, entered := range counts {
			s := &n.Funnel.Stages[i]
			s.Entered, s.Converted = entered, entered
			if i+1 < len(counts) {
				s.Converted, s.Dropped = counts[i+1], entered-counts[i+1]
			}
		}
		return n
	}
	tests := map[string]struct {
		numbers *report.FunnelNumbers
		want    string
	}{
		"the leakiest": {numbers: stages(1000, 500, 100, 90), want: "cart→checkout"},
		"one that too few have entered is passed over": {numbers: stages(1000, 500, 29, 1), want: "cart→checkout"},
		"thirty are enough":                            {numbers: stages(1000, 500, 30, 1), want: "checkout→purchase"},
		"a small funnel judges all alike":              {numbers: stages(8, 7, 6, 1), want: "checkout→purchase"},
		"of equal ones the first":                      {numbers: stages(400, 200, 100, 50), want: "visit→cart"},
		"nobody is lost":                               {numbers: stages(50, 50, 50, 50), want: ""},
		"nobody has entered":                           {numbers: stages(0, 0, 0, 0), want: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, err := report.FunnelStatus(shop(), report.Setting{}, tt.numbers, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := status.Summary.Bottleneck; got != tt.want {
				t.Errorf("bottleneck is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEvaluatedAtIsAnInstantAtWhichTheNumbersHold(t *testing.T) {
	t.Parallel()
	const asOf = event.Time(1_800_000_000_400_000) // 0.4 s past 08:00
	tests := map[string]struct {
		from, until event.Time
		want        string
	}{
		"nothing is due":                  {from: asOf - 1, want: "2027-01-15T08:00:01Z"},
		"something is due after a second": {from: asOf - 1, until: asOf + 600_001, want: "2027-01-15T08:00:01Z"},
		"something is due in between":     {from: asOf - 1_000_000, until: asOf + 600_000, want: "2027-01-15T08:00:00Z"},
		"they hold for less than that":    {from: asOf, until: asOf + 1, want: "2027-01-15T08:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := thirtyDays()
			n.From, n.Until = tt.from, tt.until
			status, err := report.FunnelStatus(shop(), report.Setting{}, n, asOf)
			if err != nil {
				t.Fatal(err)
			}
			if got := status.EvaluatedAt.UTC().Format(time.RFC3339Nano); got != tt.want {
				t.Errorf("evaluated at %s, want %s", got, tt.want)
			}
		})
	}
}

func TestInProgressIsNotLost(t *testing.T) {
	t.Parallel()
	n := &report.FunnelNumbers{Funnel: aggregate.Funnel{Stages: []aggregate.Stage{
		{Entered: 100, Converted: 20, InProgress: 70, Dropped: 10}, {Entered: 20, Converted: 15, Dropped: 5}, {Entered: 15, Converted: 15}, {},
	}}}
	status, err := report.FunnelStatus(shop(), report.Setting{}, n, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := status.Summary.Bottleneck+" "+status.Summary.Lost, "visit→cart 10.0%"; got != want {
		t.Errorf("bottleneck is %s, want %s", got, want)
	}
}

func TestSetData(t *testing.T) {
	t.Parallel()
	some, none := int64(3), int64(0)
	tests := map[string]struct {
		summary   *v1alpha1.FunnelSummary
		freshness report.Freshness
		want      string
	}{
		"keeps up":               {summary: &v1alpha1.FunnelSummary{Entered: &some}, want: "Live"},
		"nobody has entered":     {summary: &v1alpha1.FunnelSummary{Entered: &none}, want: "NoData"},
		"no numbers at all":      {want: "NoData"},
		"history is read":        {freshness: report.Freshness{Backfill: report.Backfill{Version: "v1", Percent: 42}}, want: "Backfilling 42%"},
		"the runner is silent":   {summary: &v1alpha1.FunnelSummary{Entered: &some}, freshness: report.Freshness{Unreachable: true}, want: "Stale"},
		"silent during backfill": {freshness: report.Freshness{Unreachable: true, Backfill: report.Backfill{Version: "v1"}}, want: "Stale"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := &v1alpha1.FunnelStatus{Summary: tt.summary}
			report.SetData(status, tt.freshness)
			if got := status.Summary.Data; got != tt.want {
				t.Errorf("data is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestVisibleEqual(t *testing.T) {
	t.Parallel()
	status := func(asOf event.Time, edit func(*report.FunnelNumbers)) *v1alpha1.FunnelStatus {
		n := thirtyDays()
		edit(n)
		s, err := report.FunnelStatus(shop(), report.Setting{}, n, asOf)
		if err != nil {
			t.Fatal(err)
		}
		s.Conditions = []metav1.Condition{{Type: "Ready", Status: "True", LastTransitionTime: metav1.Time{Time: asOf.UTC()}}}
		return &s
	}
	const noon = event.Time(1_800_000_000_000_000)
	before := status(noon, func(*report.FunnelNumbers) {})
	tests := map[string]struct {
		after *v1alpha1.FunnelStatus
		want  bool
	}{
		"only time has passed":        {after: status(noon.Add(time.Hour), func(*report.FunnelNumbers) {}), want: true},
		"the last event is newer":     {after: status(noon, func(n *report.FunnelNumbers) { n.LastEvent, n.From, n.Until = 1, 2, 3 }), want: true},
		"one more has entered":        {after: status(noon, func(n *report.FunnelNumbers) { n.Funnel.Stages[0].Entered++ }), want: false},
		"a rolling period moves on":   {after: status(noon.Add(24*time.Hour), func(*report.FunnelNumbers) {}), want: false},
		"a median moves by a second":  {after: status(noon, func(n *report.FunnelNumbers) { n.Funnel.Stages[0].ToNext.Add(0, 5000) }), want: false},
		"another version of the spec": {after: status(noon, func(n *report.FunnelNumbers) { n.Version = "v2" }), want: false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := report.FunnelVisibleEqual(before, tt.after); got != tt.want {
				t.Errorf("visibly equal: %v, want %v; the difference is:\n%s", got, tt.want, cmp.Diff(before, tt.after))
			}
		})
	}
}
