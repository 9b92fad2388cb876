// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

// control is what becomes of those held out, of whom a scenario takes in many.
type control struct {
	scenario definition.Scenario
	// then happens after a day.
	then func(g *stage)
	// owed is what each is sent, skipped what is left out for each; both in the order of their steps.
	owed, skipped []string
	// stays says that they have not ended after that day; reached, that they count as having reached the goal in the end.
	stays, reached bool
}

func TestThoseHeldOutGetWhatTheyAreOwed(t *testing.T) {
	goal := &definition.Goal{Event: "order.completed", Within: 3 * day}
	task := &definition.Task{Channel: hook, Title: "Call", Due: day, Done: definition.EventMatch{Event: "called"}}
	long := []definition.Step{send("receipt", owed), pause("two", 2*day), send("last", owed)}
	tests := map[string]control{
		"marketing and tasks are left out": {
			definition.Scenario{Goal: goal, Steps: []definition.Step{send("receipt", owed), send("offer"), {Name: "call", Task: task}, send("last", owed)}},
			nil, []string{"receipt", "last"}, []string{"offer", "call"}, true, false,
		},
		"where nothing is owed no step is taken": {
			definition.Scenario{Goal: goal, Steps: []definition.Step{send("offer"), {Name: "tell", Webhook: &definition.WebhookStep{Channel: hook, Payload: "{}"}}}},
			nil, nil, nil, true, false,
		},
		"the goal ends the steps and is no conversion": {
			definition.Scenario{Goal: goal, Steps: long},
			func(g *stage) { g.everybody("order.completed") }, []string{"receipt"}, nil, true, true,
		},
		"an exit ends the steps": {
			definition.Scenario{Goal: goal, Exits: []definition.EventMatch{{Event: "left"}}, Steps: long},
			func(g *stage) { g.everybody("left") }, []string{"receipt"}, nil, true, false,
		},
		"who turns out to be somebody else is gone at once": {
			definition.Scenario{Goal: goal, Steps: long},
			func(g *stage) { g.sweep(g.world.Hide) }, []string{"receipt"}, nil, false, false,
		},
		"without a goal they end with the steps": {
			definition.Scenario{Steps: []definition.Step{send("receipt", owed), pause("short", time.Hour), send("last", owed)}},
			nil, []string{"receipt", "last"}, nil, false, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
}

func (x *control) run(t *testing.T) {
	const people = 30
	x.scenario.Trigger, x.scenario.Holdout = on("in"), 3000
	g := newStage(t, map[string]definition.Scenario{coupon: x.scenario})
	var held []string
	for i := range people {
		name := fmt.Sprintf("c%d", i)
		if g.identify(name, anna()); heldOut(coupon, name, x.scenario.Holdout) {
			held = append(held, name)
		}
		g.happens(name, "in", `{}`)
	}
	g.pass(day)
	if x.then != nil {
		x.then(g)
	}
	for _, name := range held {
		if stays := slices.ContainsFunc(g.people[name].state.enrolments, (*enrolment).present); stays != x.stays {
			t.Errorf("%s stays: %t, want %t", name, stays, x.stays)
		}
	}
	g.pass(5 * day)
	for _, name := range held {
		if g.got(name, x.owed...); len(g.people[name].state.enrolments) > 0 {
			t.Errorf("%s is still inside", name)
		}
	}
	x.check(t, g, int64(len(held)), people)
}

// check looks at the numbers after everything is over.
func (x *control) check(t *testing.T, g *stage, held, people int64) {
	tally, want, got := g.scenario(coupon).Tally, map[string]int64{}, map[string]int64{}
	for _, step := range x.skipped {
		want[step] = held
	}
	for name, step := range tally.Steps {
		if n := step.Message.Skipped[Holdout]; n > 0 {
			got[name] = n
		}
	}
	counts(t, "skipped", want, got)
	if held == 0 || tally.HeldOut != held || tally.Active != 0 || (tally.Held.X > 0) != x.reached {
		t.Errorf("%d of %d are held out, %d active, %d with the goal", tally.HeldOut, held, tally.Active, tally.Held.X)
	}
	if x.reached && tally.Converted != people-held {
		t.Errorf("%d converted", tally.Converted)
	}
	if skipped := g.world.Channels[mail].Tally.Message.Skipped; len(skipped) > 0 {
		t.Errorf("the channel left out %v", skipped)
	}
}

// everybody lets an event happen to all.
func (g *stage) everybody(kind string) {
	for _, name := range sortedKeys(g.people) {
		g.happens(name, kind, `{}`)
	}
}
