// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/report"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

// world draws what happens to a few people: visitors who buy and sometimes say who they are.
func world(t *rapid.T) (events []event.Event) {
	contacts := []string{"ann", "bob", "cy", "dan", event.Anonymous("v1"), event.Anonymous("v2")}
	for i := range rapid.IntRange(1, 40).Draw(t, "events") {
		e := event.Event{
			Contact: rapid.SampledFrom(contacts).Draw(t, "contact"), Source: "shop", ID: fmt.Sprint(i),
			Time: after(time.Duration(rapid.IntRange(0, 240).Draw(t, "half hours")) * 30 * time.Minute),
			Type: rapid.SampledFrom([]string{"cart.saved", "cart.saved", "order.completed", event.Identify, event.MessageClicked}).Draw(t, "type"),
			Data: []byte(`{"total":5}`),
		}
		_, anonymous := event.AnonymousID(e.Contact)
		switch {
		case e.Type == event.MessageClicked:
			e.Data = []byte(`{}`)
		case e.Type == event.Identify && !anonymous:
			e.Data = fmt.Appendf(nil, `{"traits":{"email":"%s@example.com","plan":%q}}`, e.Contact, rapid.SampledFrom([]string{"free", "pro"}).Draw(t, "plan"))
			said := event.Statement{Type: event.Identify, AnonymousID: rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(t, "visitor")}
			told, _ := event.Relate(&e, said, true)
			events = append(events, told...)
		}
		events = append(events, e)
	}
	return events
}

// scenarios are of every kind of trigger that needs no funnel.
func scenarios(t testing.TB) []record.Record {
	byEvent, bySegment, bySchedule := cart(), cart(), cart()
	byEvent.Holdout = 3000
	bySegment.Trigger = definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.plan == 'pro'"}, MaxAge: day}
	bySchedule.Trigger = definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "0 10 * * *"}, MaxAge: day}
	policy := definition.Policy{TimeZone: "UTC", CapMessages: 2, CapPer: 2 * day, QuietFrom: "21:00", QuietTo: "08:00"}
	return []record.Record{
		apply(t, "MessagingPolicy/shop/shop", &policy), apply(t, cartKey, &byEvent), apply(t, "NurtureScenario/shop/pro", &bySegment),
		apply(t, "NurtureScenario/shop/daily", &bySchedule),
	}
}

// bought is a funnel that loses people whose carts stay, and a scenario for them.
func bought(t testing.TB) (opening, starting []record.Record) {
	funnel := definition.Funnel{
		TimeZone: "UTC", Window: 2 * day, Period: definition.Period{RollingDays: 30}, Lateness: 90 * day, SignalMaxAge: time.Hour,
		Order: definition.Ordered, EntryPolicy: definition.LatestStart,
		Stages: []definition.Stage{
			{Name: "cart", DropAfter: 6 * time.Hour, Matches: []definition.EventMatch{{Event: "cart.saved"}}},
			{Name: "order", Matches: []definition.EventMatch{{Event: "order.completed"}}},
		},
	}
	put := apply(t, "Funnel/shop/shop", &funnel)
	back := cart()
	back.Trigger = definition.Trigger{FunnelDrop: &definition.DropTrigger{Funnel: "Funnel/shop/shop", Stage: "cart"}, MaxAge: day}
	active := record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: put.Apply.Key, Version: put.Apply.Version}}
	return []record.Record{put, active}, []record.Record{apply(t, "NurtureScenario/shop/back", &back)}
}

// outcome is all that can be seen of a run.
type outcome struct {
	Sent    []sending
	Notes   []nurture.Note
	Numbers map[string]aggregate.Scenario
}

func outcomeOf(t *rapid.T, tb testing.TB, events []event.Event, partitions int) outcome {
	var out outcome
	opening, starting := bought(tb)
	channel := mail()
	starting = append(append(scenarios(tb), apply(tb, mailKey, &channel)), starting...)
	result, err := virtual.Run(tb.Context(), virtual.Options{
		Opening: opening, Start: morning, Starting: starting, Logs: spread(slices.Clone(events), partitions), Until: after(10 * day), Joined: true,
		Send: func(g *nurture.Grant) virtual.Outcome {
			out.Sent = append(out.Sent, sending{time.Duration(g.GrantedAt-morning) * time.Microsecond, g.Contact, g.Scenario + " " + g.Step})
			return virtual.Outcome{}
		},
		Watch: func(n *nurture.Note) { out.Notes = append(out.Notes, *n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(out.Sent, func(a, b sending) int { return slices.Compare([]string{a.Contact}, []string{b.Contact}) })
	slices.SortStableFunc(out.Notes, func(a, b nurture.Note) int { return slices.Compare([]string{a.Contact}, []string{b.Contact}) })
	keys := map[string]bool{}
	for _, s := range result.Reports[0].Scenarios {
		keys[s.Key] = true
	}
	out.Numbers = map[string]aggregate.Scenario{}
	for key := range maps.Keys(keys) {
		numbers, err := report.MergeScenario(key, partitions, result.Reports)
		if err != nil {
			t.Fatal(err)
		}
		out.Numbers[key] = numbers.Scenario
	}
	return out
}

func TestNumbersDoNotDependOnThePartitions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		events := world(rt)
		want := outcomeOf(rt, t, events, 1)
		for partitions := 2; partitions <= 4; partitions++ {
			if diff := cmp.Diff(want, outcomeOf(rt, t, events, partitions)); diff != "" {
				rt.Fatalf("one partition and %d differ (-one +several):\n%s", partitions, diff)
			}
		}
	})
}
