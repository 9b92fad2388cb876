// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/report"
)

// traffic gives how many events come at an hour of the day on a day of the week, Monday being 0.
type traffic func(day, hour int64) float64

func alike(n float64) traffic { return func(int64, int64) float64 { return n } }

// daytime is as much in a day as alike, but by night there is nearly nothing.
func daytime(n float64) traffic {
	return func(_, hour int64) float64 {
		if hour < 7 {
			return n / 50
		}
		return n * 24 / 17
	}
}

// office rests at weekends.
func office(n float64) traffic {
	return func(day, hour int64) float64 {
		if day >= 5 {
			return 0
		}
		return daytime(n)(day, hour)
	}
}

// rates are the events of the visits, and ten times fewer of each later stage, for eight days up to a time; quiet is since when, in
// hours, stages from first on have none.
func rates(of traffic, now time.Time, quiet int64, first int) map[int64][]int64 {
	all := map[int64][]int64{}
	hour := now.Unix() / 3600
	for back := range int64(8 * 24) {
		at := time.Unix((hour-back)*3600, 0).UTC()
		n := of((int64(at.Weekday())+6)%7, int64(at.Hour()))
		events := []int64{int64(n), int64(n / 10), int64(n / 10), int64(n / 10)}
		for stage := range events {
			if back < quiet && stage >= first {
				events[stage] = 0
			}
		}
		all[hour-back] = events
	}
	return all
}

func silentStages(t *testing.T, fn *v1alpha1.Funnel, n *report.FunnelNumbers, now time.Time) (names []string, status v1alpha1.FunnelStatus) {
	t.Helper()
	status, err := report.FunnelStatus(fn, report.Setting{Zone: moscow}, n, event.At(now))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range status.Stages {
		if s.Silent {
			names = append(names, s.Name)
		}
	}
	return names, status
}

func TestSilence(t *testing.T) {
	t.Parallel()
	thursday := time.Date(2026, 11, 19, 15, 20, 0, 0, time.UTC)
	tests := map[string]struct {
		rates       map[int64][]int64
		now         time.Time
		recomputing bool
		stood       bool // that the cart is silent
		want        int  // how many stages are silent
	}{
		"events come": {rates: rates(alike(500), thursday, 0, 0), now: thursday},
		"the last three hours have none of three stages":   {rates: rates(alike(500), thursday, 3, 1), now: thursday, want: 3},
		"the last hour has none":                           {rates: rates(alike(500), thursday, 1, 0), now: thursday},
		"nothing from anybody":                             {rates: rates(alike(500), thursday, 5, 0), now: thursday, want: 4},
		"too little to tell within a day":                  {rates: rates(alike(2), thursday, 22, 0), now: thursday},
		"the night is quiet":                               {rates: rates(daytime(200), thursday, 7, 1), now: thursday.Truncate(24 * time.Hour).Add(7 * time.Hour)},
		"the office rests at the weekend":                  {rates: rates(office(900), thursday.AddDate(0, 0, 3), 0, 0), now: thursday.AddDate(0, 0, 3)},
		"the office is silent on Monday":                   {rates: rates(office(900), thursday.AddDate(0, 0, 4), 5, 0), now: thursday.AddDate(0, 0, 4), want: 4},
		"it began this week":                               {rates: map[int64][]int64{thursday.Unix()/3600 - 30: {9000, 900, 900, 900}}, now: thursday},
		"another version is computed":                      {rates: rates(alike(500), thursday, 5, 1), now: thursday, recomputing: true},
		"it was silent, and all that it was compared with": {rates: rates(alike(500), thursday, 999, 1), now: thursday, stood: true, want: 1},
		"it was silent, and an event came":                 {rates: rates(alike(500), thursday, 0, 0), now: thursday, stood: true},
		"nothing is known":                                 {now: thursday},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := thirtyDays()
			n.Funnel.Rates, n.Recomputing = tt.rates, tt.recomputing
			fn := shop()
			if tt.stood {
				fn.Status.Stages = []v1alpha1.StageStatus{{Name: "visit"}, {Name: "cart", Silent: true}}
			}
			if got, _ := silentStages(t, fn, n, tt.now); len(got) != tt.want {
				t.Errorf("silent stages are %v, want %d", got, tt.want)
			}
		})
	}
}

func TestSilenceIsSuspectAndNoBottleneck(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 19, 15, 20, 0, 0, time.UTC)
	n := thirtyDays()
	n.Funnel.Rates = rates(alike(500), now, 3, 3)
	for _, hour := range n.Funnel.Rates {
		hour[2], hour[3] = hour[3], hour[2] // the third stage is silent, and not the last
	}
	_, status := silentStages(t, shop(), n, now)
	suspect := report.DataSuspect(&status)
	const message = "no event of checkout comes any more, from nobody, where many came in the same hours before: check that it is still sent"
	if suspect == nil || suspect.Status != metav1.ConditionTrue || suspect.Reason != v1alpha1.ReasonStageSilent || suspect.Message != message {
		t.Errorf("condition is %+v", suspect)
	}
	if got := status.Summary.Bottleneck; got != "visit→cart" {
		t.Errorf("bottleneck is %s, want the worst of those that do not lead to the silent stage, visit→cart", got)
	}
	yes := true
	fn := shop(withTargets(v1alpha1.FunnelTarget{Stage: "checkout", Conversion: "50%"}))
	fn.Status.Targets = []v1alpha1.TargetStatus{{Stage: "checkout", Target: "50%", Met: &yes}}
	if _, status := silentStages(t, fn, n, now); status.Targets[0].Met == nil || !*status.Targets[0].Met {
		t.Errorf("the target of the silent stage is %+v, want it to stay met", status.Targets[0])
	}
	if _, status := silentStages(t, shop(), thirtyDays(), now); report.DataSuspect(&status) != nil {
		t.Error("there is a condition although no stage is silent")
	}
}

// A funnel of four stages is looked at every hour for a year, with traffic that is a third as much on some days as on others.
func TestSilenceRaisesNoFalseAlarms(t *testing.T) {
	t.Parallel()
	const hours = 365 * 24
	for name, of := range map[string]traffic{"alike": alike(60), "by day": daytime(60), "in office hours": office(60), "a few": alike(3)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 20261122))
			begin := time.Date(2025, 1, 6, 0, 30, 0, 0, time.UTC)
			n, kept := thirtyDays(), map[int64][]int64{}
			level := 1.0
			for hour := range int64(hours) {
				now := begin.Add(time.Duration(hour) * time.Hour)
				if now.Hour() == 0 {
					level = 1 / (1 + 2*random.Float64())
				}
				mean := level * of((int64(now.Weekday())+6)%7, int64(now.Hour()))
				at := now.Unix() / 3600
				kept[at] = []int64{poisson(random, mean), poisson(random, mean/3), poisson(random, mean/10), poisson(random, mean/30)}
				delete(kept, at-8*24)
				n.Funnel.Rates = maps.Clone(kept)
				delete(n.Funnel.Rates, at) // the hour has just begun
				if got, _ := silentStages(t, shop(), n, now); len(got) > 0 {
					t.Fatalf("at %s the stages %v are silent, want never any", now, got)
				}
			}
		})
	}
}

func poisson(random *rand.Rand, mean float64) int64 {
	if mean > 30 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*random.NormFloat64())))
	}
	count, product, limit := int64(-1), 1.0, math.Exp(-mean)
	for product > limit || count < 0 {
		product *= random.Float64()
		count++
	}
	return count
}
