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

// Of a journey of a segment only those are buyers who started in it, by what they bought from then on.
func TestBuyersOfASegmentStartedInIt(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	pro, free := `{"traits":{"plan":"pro"}}`, `{"traits":{"plan":"free"}}`
	tests := map[string]struct {
		change            func(*definition.Journey)
		events            []happens
		asOf              time.Duration
		buyers, purchases int64
		scores            int64
	}{
		"who never started bought nothing here": {
			nil, []happens{{0, "identify", pro, ""}, {hour, "order", "{}", ""}, {hour, "rated", `{"stars":4}`, ""}}, day, 0, 0, 0,
		},
		"who started as somebody else neither": {
			nil, []happens{{0, "identify", free, ""}, {hour, "visit", "", ""}, {2 * hour, "order", "{}", ""}, {3 * hour, "identify", pro, ""}}, day, 0, 0, 0,
		},
		"what was bought before the start is not counted, at that instant it is": {
			nil, []happens{
				{0, "identify", pro, ""}, {hour, "order", "{}", ""}, {2 * hour, "visit", "", ""}, {2 * hour, "order", "{}", ""}, {3 * hour, "order", "{}", ""},
				{hour, "rated", `{"stars":4}`, ""},
			}, day, 1, 2, 1,
		},
		"a start counts also when they are a member no more": {
			nil, []happens{{0, "identify", pro, ""}, {hour, "visit", "", ""}, {2 * hour, "identify", free, ""}, {30 * day, "order", "{}", ""}}, 30 * day, 1, 1, 0,
		},
		"and when it was forgotten long ago": {
			nil, []happens{{0, "identify", pro, ""}, {hour, "visit", "", ""}, {hour, "order", "{}", ""}, {300 * day, "order", "{}", ""}}, 300 * day, 1, 2, 0,
		},
		"under order Any every stage may start": {
			func(j *definition.Journey) { j.Funnel.Order = definition.Any },
			[]happens{{0, "order", "{}", ""}, {hour, "identify", pro, ""}, {2 * hour, "cart", "", ""}, {3 * hour, "order", "{}", ""}}, day, 1, 1, 0,
		},
		"by what they did": {
			func(j *definition.Journey) {
				j.Funnel.Segment.Where = "contact.traits.visits >= 2"
				j.Funnel.Segment.Traits = []definition.Trait{{Name: "visits", Function: definition.TraitCount, Event: "visit", Within: 10 * day}}
			},
			[]happens{{0, "visit", "", ""}, {hour, "order", "{}", ""}, {2 * hour, "visit", "", ""}, {3 * hour, "order", "{}", ""}}, 60 * day, 1, 1, 0,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := shopping()
			j.Funnel.Segment = &definition.Segment{
				TimeZone: j.Funnel.TimeZone, Where: "contact.attributes.plan == 'pro'", Days: 1, Lateness: j.Funnel.Lateness,
			}
			j.Purchase = &definition.Purchase{Event: "order", ChurnAfter: 10 * day}
			j.Satisfaction = &definition.Satisfaction{Event: "rated", Score: "event.data.stars"}
			if tt.change != nil {
				tt.change(&j)
			}
			got := played(t, j, tt.events, tt.asOf)
			if got.Loyalty.Buyers != tt.buyers || got.Loyalty.Purchases != tt.purchases || got.Satisfaction.Count != tt.scores {
				t.Errorf("%d buyers, %d purchases, %d scores, want %d, %d and %d",
					got.Loyalty.Buyers, got.Loyalty.Purchases, got.Satisfaction.Count, tt.buyers, tt.purchases, tt.scores)
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
