// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
)

func november(t *testing.T) int64 {
	t.Helper()
	const perYear = 12
	at := noon.UTC()
	return int64(at.Year()-1970)*perYear + int64(at.Month()) - 1
}

func TestLoyalty(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	between := func(all ...time.Duration) (s aggregate.Sketch) {
		for _, d := range all {
			s.Add(aggregate.Bucket(d), 1)
		}
		return s
	}
	active := func(all ...int64) aggregate.Retention { return aggregate.Retention{Active: all} }
	nov := november(t)
	tests := map[string]struct {
		events []happens
		asOf   time.Duration
		want   aggregate.Loyalty
	}{
		"nobody bought": {[]happens{{0, "visit", "", ""}}, day, aggregate.Loyalty{}},
		"who buys is a buyer, whether they came through the funnel or not": {
			[]happens{{0, "order", `{"total":5}`, ""}, {0, "visit", "", "bob"}, {hour, "order", "{}", "bob"}}, day,
			aggregate.Loyalty{
				Buyers: 2, Purchases: 2, Value: 5_000_000, ValueEvents: 1,
				Months: map[int64]aggregate.Retention{nov: active(2)},
			},
		},
		"two purchases of one instant are two": {
			[]happens{{0, "order", `{"total":5}`, ""}, {0, "order", `{"total":7}`, ""}}, day,
			aggregate.Loyalty{
				Buyers: 1, Purchases: 2, Repeated: 1, Value: 12_000_000, ValueEvents: 2, Between: between(0),
				Months: map[int64]aggregate.Retention{nov: active(1)},
			},
		},
		"months are the calendar's, and a late purchase makes another the first": {
			[]happens{
				{29 * day, "order", "{}", ""}, {0, "order", "{}", ""}, {40 * day, "order", "{}", "bob"}, {100 * day, "order", "{}", "bob"},
				{100 * day, "order", "{}", ""},
			}, 100 * day,
			aggregate.Loyalty{
				Buyers: 2, Purchases: 5, Repeated: 2, Between: between(29*day, 71*day, 60*day),
				Months: map[int64]aggregate.Retention{nov: active(1, 1, 0, 1), nov + 1: active(1, 0, 1)},
			},
		},
		"not yet churned": {
			[]happens{{0, "order", "{}", ""}}, 10 * day,
			aggregate.Loyalty{Buyers: 1, Purchases: 1, Months: map[int64]aggregate.Retention{nov: active(1)}},
		},
		"churned": {
			[]happens{{0, "order", "{}", ""}}, 10*day + time.Microsecond,
			aggregate.Loyalty{Buyers: 1, Purchases: 1, Churned: 1, Months: map[int64]aggregate.Retention{nov: active(1)}},
		},
		"what a condition does not hold of is no purchase": {
			[]happens{{0, "order", `{"test":true}`, ""}}, day, aggregate.Loyalty{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := shopping()
			j.Funnel.Lateness = 90 * day
			j.Purchase = &definition.Purchase{Event: "order", Where: "!has(event.data.test)", Value: "event.data.total", ChurnAfter: 10 * day}
			got := played(t, j, tt.events, tt.asOf)
			if diff := cmp.Diff(&tt.want, got.Loyalty, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("loyalty differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSatisfactionIsOfTheCurrentPeriod(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	scores := []happens{{0, "rated", `{"stars":4}`, ""}, {day, "rated", `{"stars":2.5}`, "bob"}, {day, "rated", `{"stars":"many"}`, "bob"}, {8 * day, "rated", `{"stars":5}`, ""}}
	tests := map[string]struct {
		asOf time.Duration
		want aggregate.Score
	}{
		"on the seventh day": {6 * day, aggregate.Score{Count: 2, Sum: 6_500_000}},
		"on the eighth":      {7 * day, aggregate.Score{Count: 1, Sum: 2_500_000}},
		"on the ninth":       {8 * day, aggregate.Score{Count: 1, Sum: 5_000_000}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := shopping()
			j.Satisfaction = &definition.Satisfaction{Event: "rated", Score: "event.data.stars"}
			got := played(t, j, scores[:3+int(tt.asOf/(8*day))], tt.asOf)
			if diff := cmp.Diff(tt.want, got.Satisfaction); diff != "" {
				t.Errorf("satisfaction differs (-want +got):\n%s", diff)
			}
			if got.Errors != 1 || got.FirstError.Field != "spec.satisfaction.score" {
				t.Errorf("%d errors, the first %+v, want one of the score", got.Errors, got.FirstError)
			}
		})
	}
}

// Purchases outlive the rest of the evidence, and end with the retention of the log.
func TestPurchasesCountForAsLongAsTheLogIsKept(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	j := shopping()
	j.Purchase = &definition.Purchase{Event: "order", Value: "event.data.total", ChurnAfter: 1000 * day}
	f, err := engine.Open(engine.Options{Compile: compiled(), Retention: 90 * day})
	if err != nil {
		t.Fatal(err)
	}
	apply, activate := applyingJourney(t, j)
	steps(t, f, ticking(noon), apply, activate)
	for _, e := range eventsOf([]happens{{0, "visit", "", ""}, {time.Hour, "cart", "", ""}, {2 * time.Hour, "order", `{"total":3}`, ""}}) {
		steps(t, f, chunk(e))
	}
	for {
		p := report(t, f)
		want := int64(0)
		if p.Clock < noon.Add(90*day+12*time.Hour) {
			want = 1
		}
		if got := p.Funnels[journeyKey].Journey.Loyalty.Buyers; got != want {
			t.Fatalf("%v after the purchase there are %d buyers, want %d", p.Clock.UTC().Sub(noon.UTC()), got, want)
		}
		if p.NextDue == 0 {
			break
		}
		steps(t, f, ticking(p.NextDue))
	}
	if end := f.Clock(); end < noon.Add(90*day) {
		t.Errorf("nothing was due any more from %v on, too early", end.UTC())
	}
}
