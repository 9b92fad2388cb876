// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// edited is the scenario of which TestEdits applies a second version an hour after anna entered.
func edited(inFlight definition.InFlight, redirects map[string]string, steps ...definition.Step) definition.Scenario {
	return definition.Scenario{Trigger: on("signed.up"), InFlight: inFlight, Redirects: redirects, Steps: steps}
}

func TestEdits(t *testing.T) {
	tests := map[string]struct {
		second definition.Scenario
		sent   []string
		hours  int // from entry to the last message
		exited map[string]int64
	}{
		"pinned": {edited(definition.Pin, nil, pause("day", 2*day), send("new")), []string{"hello"}, 24, map[string]int64{Done: 1}},
		"a longer wait waits the rest": {
			edited(definition.Migrate, nil, pause("day", 2*day), send("new")), []string{"new"}, 48, map[string]int64{Done: 1},
		},
		"a shorter wait releases": {
			edited(definition.Migrate, nil, pause("day", time.Minute), send("new")), []string{"new"}, 1, map[string]int64{Done: 1},
		},
		"a step that is gone": {edited(definition.Migrate, nil, pause("other", day), send("new")), nil, 0, map[string]int64{StepRemoved: 1}},
		"a redirect": {
			edited(definition.Migrate, map[string]string{"day": "new"}, pause("other", day), send("new")), []string{"new"}, 1, map[string]int64{Done: 1},
		},
		"another kind of step": {
			edited(definition.Migrate, nil, send("day"), send("new")), []string{"day", "new"}, 1, map[string]int64{Done: 1},
		},
		"drained": {edited(definition.Drain, nil, pause("day", 2*day), send("new")), []string{"hello"}, 24, map[string]int64{Done: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil, pause("day", day), send("hello"))})
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			entered := g.now
			g.pass(time.Hour)
			g.apply(coupon, test.second)
			last := 0
			for range 60 {
				before := len(g.sent["anna"])
				g.pass(0)
				if len(g.sent["anna"]) > before {
					last = int(g.now.Sub(entered) / time.Hour)
				}
				g.pass(30 * time.Minute)
				if len(g.sent["anna"]) > before && last == 0 {
					last = int(g.now.Sub(entered) / time.Hour)
				}
				g.pass(30 * time.Minute)
				if len(g.sent["anna"]) > before {
					last = int(g.now.Sub(entered) / time.Hour)
				}
			}
			g.got("anna", test.sent...)
			if last < test.hours || last > test.hours+1 {
				t.Errorf("the last message left after %d hours, want %d", last, test.hours)
			}
			counts(t, "exited", test.exited, g.scenario(coupon).Tally.Exited)
			g.happens("anna", "signed.up", `{}`)
			refused := g.scenario(coupon).Tally.Refused[Draining]
			if (refused == 1) != (test.second.InFlight == definition.Drain) {
				t.Errorf("%d were refused", refused)
			}
		})
	}
}

func TestNobodyGetsAMessageTwiceByAnEdit(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil, send("hello"), pause("day", day))})
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	granted := g.claim()[0]
	g.apply(coupon, edited(definition.Migrate, nil, send("hello"), send("extra"), pause("day", day)))
	if again := g.claim(); len(again) > 0 {
		t.Fatalf("claimed %+v", again)
	}
	g.answer(granted, event.MessageSent)
	g.pass(0)
	g.got("anna", "extra")
	if arrived := g.scenario(coupon).Tally.Steps["hello"].Arrived; arrived != 1 {
		t.Errorf("arrived %d times", arrived)
	}
}

func TestAnEditLeavesTheEffectItsID(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil, send("hello"))})
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	first := g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]
	v := g.apply(coupon, edited(definition.Migrate, nil, pause("new", day), send("hello", owed)))
	second := g.people["anna"].state.Wanted(&g.world, event.At(g.now))[0]
	if first.ID != second.ID || second.Purpose != definition.Transactional {
		t.Errorf("got %+v and %+v", first, second)
	}
	granted := g.claim()
	if granted[0].Version != v.ID {
		t.Errorf("granted %+v", granted)
	}
	g.answer(granted[0], event.MessageSent)
	if versions := g.scenario(coupon).Tally.Report(coupon).Versions; versions[v.ID].Sent != 1 {
		t.Errorf("got %+v", versions)
	}
}

func TestASuspension(t *testing.T) {
	tests := map[string]struct {
		catchUp definition.CatchUp
		sent    []string
		at      []int // hours from entry
	}{
		"what is overdue acts at once":  {definition.CatchUpSend, []string{"first", "second", "third"}, []int{72, 72, 96}},
		"what is overdue is left out":   {definition.CatchUpSkip, []string{"third"}, []int{96}},
		"everything is that much later": {definition.CatchUpShift, []string{"first", "second", "third"}, []int{96, 96, 120}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil,
				pause("wait", 36*time.Hour), send("first"), send("second"), pause("day", day), send("third"))})
			sc := g.scenario(coupon)
			g.identify("anna", anna())
			g.happens("anna", "signed.up", `{}`)
			entered := g.now
			g.pass(12 * time.Hour)
			sc.Standing, sc.SuspendedAt = definition.Standing{Suspended: true}, event.At(g.now)
			g.pass(60 * time.Hour)
			g.got("anna")
			if due := g.people["anna"].state.Due(); due != 0 {
				t.Errorf("it rings at %v although it is suspended", due.UTC())
			}
			sc.Standing, sc.ResumedAt = definition.Standing{CatchUp: test.catchUp}, event.At(g.now)
			g.sweep(func(s *Subject) { g.world.Move(s, sc) })
			sc.SuspendedAt, sc.ResumedAt = 0, 0
			var at []int
			for range 200 {
				before := len(g.sent["anna"])
				g.pass(0)
				for range len(g.sent["anna"]) - before {
					at = append(at, int(g.now.Sub(entered)/time.Hour))
				}
				before = len(g.sent["anna"])
				g.pass(30 * time.Minute)
				for range len(g.sent["anna"]) - before {
					at = append(at, int(g.now.Sub(entered)/time.Hour))
				}
			}
			g.got("anna", test.sent...)
			if len(at) != len(test.at) {
				t.Fatalf("sent at %v, want %v", at, test.at)
			}
			for i := range at {
				if at[i] != test.at[i] {
					t.Errorf("sent at %v, want %v", at, test.at)
				}
			}
			if skipped := sc.Tally.Message.Skipped[Suspended]; (skipped == 2) != (test.catchUp == definition.CatchUpSkip) {
				t.Errorf("%d were skipped", skipped)
			}
		})
	}
}

func TestADateThatMovesWhileSuspendedWaitsForTheEndOfIt(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil,
		definition.Step{Name: "day", Wait: &definition.Wait{Date: "contact.attributes.trial", At: "10:00", Follow: true}}, send("hello"))})
	sc := g.scenario(coupon)
	g.identify("anna", map[string]any{"email": "anna@example.com", "trial": "2026-12-24"})
	g.happens("anna", "signed.up", `{}`)
	sc.Standing, sc.SuspendedAt = definition.Standing{Suspended: true}, event.At(g.now)
	g.identify("anna", map[string]any{"trial": "2026-11-01"})
	if at := sc.Tally.Steps["day"].Active; at != 1 {
		t.Errorf("%d wait", at)
	}
	g.pass(time.Hour)
	sc.Standing, sc.ResumedAt = definition.Standing{}, event.At(g.now)
	g.sweep(func(s *Subject) { g.world.Move(s, sc) })
	g.pass(0)
	g.got("anna", "hello")
}

func TestADateThatPassesWhileAScenarioIsSuspended(t *testing.T) {
	for catchUp, want := range map[definition.CatchUp]int{definition.CatchUpSend: 2, definition.CatchUpSkip: 1, definition.CatchUpShift: 1} {
		t.Run(string(catchUp), func(t *testing.T) {
			g := newStage(t, hello(definition.Trigger{Date: &definition.DateTrigger{Attribute: "contact.attributes.birthday", At: "10:00", Yearly: true}}))
			sc := g.scenario(coupon)
			g.identify("anna", map[string]any{"email": "anna@example.com", "birthday": "1990-11-21"})
			sc.Standing, sc.SuspendedAt = definition.Standing{Suspended: true}, event.At(g.now)
			g.pass(2 * day)
			g.got("anna")
			sc.Standing, sc.ResumedAt = definition.Standing{CatchUp: catchUp}, event.At(g.now)
			g.sweep(func(s *Subject) { g.world.Move(s, sc) })
			sc.ResumedAt = 0
			g.pass(366 * day)
			if n := len(g.sent["anna"]); n != want {
				t.Errorf("sent %d times, want %d", n, want)
			}
		})
	}
}

func TestAMessageThatWasWantedWhileSuspendedIsLeftOut(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil, send("first"), pause("day", day), send("second"))})
	sc := g.scenario(coupon)
	g.identify("anna", anna())
	g.happens("anna", "signed.up", `{}`)
	sc.Standing, sc.SuspendedAt = definition.Standing{Suspended: true}, event.At(g.now)
	g.pass(time.Hour)
	if wanted := g.people["anna"].state.Wanted(&g.world, event.At(g.now)); len(wanted) > 0 {
		t.Errorf("wanted: %+v", wanted)
	}
	sc.Standing, sc.ResumedAt = definition.Standing{CatchUp: definition.CatchUpSkip}, event.At(g.now)
	g.sweep(func(s *Subject) { g.world.Move(s, sc) })
	g.pass(2 * day)
	g.got("anna", "second")
}

func TestWhomAVersionWouldReach(t *testing.T) {
	segment := definition.Scenario{
		Trigger: definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.vip"}, MaxAge: time.Hour},
		Entry:   definition.Entry{Existing: true}, Audience: "contact.attributes.email != ''", Steps: []definition.Step{send("hello")},
	}
	scheduled := definition.Scenario{
		Trigger: definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "0 10 * * *"}, MaxAge: time.Hour}, Audience: "contact.attributes.vip",
		Steps: []definition.Step{send("hello")},
	}
	vip, other := map[string]any{"vip": true, "email": "a@example.com"}, map[string]any{"vip": false, "email": "a@example.com"}
	tests := map[string]struct {
		version    definition.Scenario
		attributes map[string]any
		want       bool
	}{
		"who matches already":     {segment, vip, true},
		"who does not":            {segment, other, false},
		"not in the audience":     {segment, map[string]any{"vip": true, "email": ""}, false},
		"the schedule's audience": {scheduled, vip, true},
		"not of the audience":     {scheduled, other, false},
		"a wait that would end":   {edited(definition.Migrate, nil, pause("day", time.Minute), send("hello")), other, true},
		"a wait that would not":   {edited(definition.Migrate, nil, pause("day", 2*day), send("hello")), other, false},
		"nobody is moved":         {edited(definition.Pin, nil, pause("day", time.Minute), send("hello")), other, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, map[string]definition.Scenario{coupon: edited(definition.Pin, nil, pause("day", day), send("hello"))})
			g.identify("anna", test.attributes)
			if name == "a wait that would end" || name == "a wait that would not" || name == "nobody is moved" {
				g.happens("anna", "signed.up", `{}`)
			}
			g.now = g.now.Add(time.Hour)
			form, id, err := test.version.Canonical()
			g.must(err)
			program, err := g.compiler.CompileScenario(form)
			g.must(err)
			v := &Version{Number: 2, ID: id, Program: program}
			g.step("anna", func(s *Subject) {
				if got := g.world.Reaches(s, g.scenario(coupon), v); got != test.want {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}
