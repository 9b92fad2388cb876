// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// cart is the scenario of a shop for those who leave a cart behind.
func cart() definition.Scenario {
	return definition.Scenario{
		Trigger: on("product.added"),
		Entry:   definition.Entry{Key: "event.data.cart"},
		Goal:    &definition.Goal{Event: "order.completed", Value: "event.data.total", Within: 7 * day},
		Exits:   []definition.EventMatch{{Event: "cart.emptied"}},
		Steps:   []definition.Step{send("remind"), pause("day", day), send("style"), pause("two-days", 2*day), send("coupon")},
	}
}

func TestACartIsLeftBehind(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: cart()})
	g.identify("anna", anna())
	g.happens("anna", "product.added", `{"cart":"c1"}`)
	g.pass(12 * time.Hour)
	g.got("anna", "remind")
	g.pass(12 * time.Hour)
	g.got("anna", "remind", "style")
	g.pass(2 * day)
	g.got("anna", "remind", "style", "coupon")
	tally := g.scenario(coupon).Tally
	counts(t, "exits", map[string]int64{Done: 1}, tally.Exited)
	if tally.Message.Sent != 3 || tally.Message.Claimed != 3 || tally.Steps["style"].Arrived != 1 {
		t.Errorf("got %+v", tally.Message)
	}
	counts(t, "ways from the first step", map[string]int64{"day": 1}, tally.Steps["remind"].Ways)
	counts(t, "ways from the last step", map[string]int64{"": 1}, tally.Steps["coupon"].Ways)
}

func TestABuyerWhoOrdersGetsNoCoupon(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: cart()})
	g.identify("anna", anna())
	g.happens("anna", "product.added", `{"cart":"c1"}`)
	g.pass(30 * time.Hour)
	g.happens("anna", "order.completed", `{"cart":"c2","total":1}`) // another cart's
	g.happens("anna", "order.completed", `{"cart":"c1","total":990}`)
	g.pass(30 * day)
	g.got("anna", "remind", "style")
	tally := g.scenario(coupon).Tally
	counts(t, "exits", map[string]int64{GoalReached: 1}, tally.Exited)
	if tally.Converted != 1 || tally.Value != 990e6 || tally.Steps["style"].Converted != 1 || tally.Versions[1].Share.Converted != 1 {
		t.Errorf("got %+v", tally)
	}
	if arm := tally.Treated; arm.Contacts != 1 || arm.N != 1 || arm.X != 1 || arm.Value != 990e6 {
		t.Errorf("got %+v", arm)
	}
}

func TestWhatEndsAnEnrolment(t *testing.T) {
	tests := map[string]struct {
		happens func(g *stage)
		exited  map[string]int64
		sent    []string
	}{
		"an event of the exits": {
			func(g *stage) { g.happens("anna", "cart.emptied", `{"cart":"c1"}`) }, map[string]int64{ExitEvent: 1}, []string{"remind"},
		},
		"an exit of another cart does not": {
			func(g *stage) { g.happens("anna", "cart.emptied", `{"cart":"c9"}`) }, map[string]int64{Done: 1}, []string{"remind", "style", "coupon"},
		},
		"an exit that names no cart concerns all": {
			func(g *stage) { g.happens("anna", "cart.emptied", `{}`) }, map[string]int64{ExitEvent: 1}, []string{"remind"},
		},
		"the contact turns out to be another": {
			func(g *stage) { g.step("anna", g.world.Hide) }, map[string]int64{Merged: 1}, []string{"remind"},
		},
		"the scenario is forgotten": {
			func(g *stage) { g.step("anna", func(s *Subject) { g.world.Drop(s, g.scenario(coupon)) }) },
			map[string]int64{ScenarioDeleted: 1}, []string{"remind"},
		},
		"a goal that comes too late does not": {
			func(g *stage) {
				g.happens("anna", "order.completed", `{"cart":"c1"}`, func(e *event.Event) { e.Time = e.Time.Add(-day) })
			}, map[string]int64{Done: 1}, []string{"remind", "style", "coupon"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, map[string]definition.Scenario{coupon: cart()})
			g.identify("anna", anna())
			g.happens("anna", "product.added", `{"cart":"c1"}`)
			g.pass(time.Hour)
			test.happens(g)
			g.pass(30 * day)
			g.got("anna", test.sent...)
			counts(t, "exits", test.exited, g.scenario(coupon).Tally.Exited)
		})
	}
}
