// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

func hello(trigger definition.Trigger, change ...func(s *definition.Scenario)) map[string]definition.Scenario {
	trigger.MaxAge = time.Hour
	s := definition.Scenario{Trigger: trigger, Steps: []definition.Step{send("hello")}}
	for _, c := range change {
		c(&s)
	}
	return map[string]definition.Scenario{coupon: s}
}

func dropped(change func(x *record.Signal)) func(g *stage) {
	return func(g *stage) {
		x := record.Signal{ID: "d1", Key: "Funnel/shop/shop", Stage: "cart", Contact: "anna", Source: "shop", Event: "e", Time: event.At(g.now.Add(-time.Hour)), Due: event.At(g.now), Type: "product.added"}
		change(&x)
		g.step("anna", func(s *Subject) { g.world.Signal(s, &x) })
	}
}

func TestDropOffsLetIn(t *testing.T) {
	asIs := func(*record.Signal) {}
	tests := map[string]struct {
		play    []func(g *stage)
		entered int64
		refused map[string]int64
		exited  map[string]int64
	}{
		"a drop-off":          {[]func(g *stage){dropped(asIs)}, 1, nil, nil},
		"the same once more":  {[]func(g *stage){dropped(asIs), func(g *stage) { g.pass(3 * day) }, dropped(asIs)}, 1, nil, map[string]int64{Done: 1}},
		"of another stage":    {[]func(g *stage){dropped(func(x *record.Signal) { x.Stage = "visit" })}, 0, nil, nil},
		"from another funnel": {[]func(g *stage){dropped(func(x *record.Signal) { x.Key = "Funnel/shop/other" })}, 0, nil, nil},
		"due too long ago": {
			[]func(g *stage){func(g *stage) { g.pass(3 * time.Hour) }, dropped(func(x *record.Signal) { x.Due = x.Due.Add(-2 * time.Hour) })}, 0, map[string]int64{TooOld: 1}, nil,
		},
		"due before the scenario": {
			[]func(g *stage){dropped(func(x *record.Signal) { x.Due-- })}, 0, map[string]int64{BeforeScenario: 1}, nil,
		},
		"it is taken back": {
			[]func(g *stage){dropped(asIs), dropped(func(x *record.Signal) { x.Retracted = true })}, 1, nil, map[string]int64{TriggerRetracted: 1},
		},
		"another is taken back": {
			[]func(g *stage){dropped(asIs), dropped(func(x *record.Signal) { x.ID, x.Retracted = "d2", true })}, 1, nil, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, hello(definition.Trigger{FunnelDrop: &definition.DropTrigger{Funnel: "Funnel/shop/shop", Stage: "cart"}}, func(s *definition.Scenario) {
				s.Steps = append([]definition.Step{pause("day", day)}, s.Steps...)
			}))
			for _, act := range test.play {
				act(g)
			}
			tally := g.scenario(coupon).Tally
			if tally.Entered != test.entered {
				t.Errorf("%d entered", tally.Entered)
			}
			counts(t, "refused", test.refused, tally.Refused)
			counts(t, "exited", test.exited, tally.Exited)
		})
	}
}

func TestSegmentsLetInWhomTheyBecomeTrueOf(t *testing.T) {
	scenario := func(existing bool) map[string]definition.Scenario {
		return hello(definition.Trigger{Segment: &definition.SegmentTrigger{Where: "contact.attributes.orders >= 3"}}, func(s *definition.Scenario) {
			s.Entry.Existing = existing
		})
	}
	g := newStage(t, nil)
	g.identify("early", map[string]any{"email": "e@example.com", "orders": 5})
	g.apply(coupon, scenario(false)[coupon])
	g.identify("anna", anna())
	g.identify("anna", map[string]any{"orders": 2})
	g.pass(0)
	g.got("anna")
	g.identify("anna", map[string]any{"orders": 3})
	g.identify("anna", map[string]any{"orders": 4})
	g.identify("early", map[string]any{"orders": 6})
	g.pass(0)
	g.got("anna", "hello")
	g.got("early")
	g.apply(coupon, scenario(true)[coupon])
	g.apply(coupon, func() definition.Scenario {
		s := scenario(true)[coupon]
		s.Steps = append(s.Steps, stop("end"))
		return s
	}())
	g.pass(0)
	g.got("anna", "hello")
	g.got("early", "hello")
}

func TestDatesLetIn(t *testing.T) {
	birthday := definition.DateTrigger{Attribute: "contact.attributes.birthday", At: "10:00", Yearly: true}
	trial := definition.DateTrigger{Attribute: "contact.attributes.trial", At: "10:00", OffsetDays: -3}
	tests := map[string]struct {
		trigger definition.DateTrigger
		play    func(g *stage)
		days    int
		times   int
	}{
		"a birthday, each year": {birthday, func(g *stage) { g.identify("anna", map[string]any{"birthday": "1990-12-24"}) }, 800, 3},
		"a leap day's child, each year": {
			birthday, func(g *stage) { g.identify("anna", map[string]any{"birthday": "1992-02-29"}) }, 800, 2,
		},
		"the end of a trial, three days before": {trial, func(g *stage) { g.identify("anna", map[string]any{"trial": "2026-12-24"}) }, 800, 1},
		"it is not yet three days before":       {trial, func(g *stage) { g.identify("anna", map[string]any{"trial": "2026-12-24"}) }, 30, 0},
		"it was over when it came":              {trial, func(g *stage) { g.identify("anna", map[string]any{"trial": "2026-11-22"}) }, 800, 0},
		"it is moved": {trial, func(g *stage) {
			g.identify("anna", map[string]any{"trial": "2026-12-24"})
			g.identify("anna", map[string]any{"trial": "2028-12-24"})
		}, 500, 0},
		"it is taken away": {trial, func(g *stage) {
			g.identify("anna", map[string]any{"trial": "2026-12-24"})
			g.identify("anna", map[string]any{"trial": nil})
		}, 500, 0},
		"it is no date": {trial, func(g *stage) { g.identify("anna", map[string]any{"trial": "soon"}) }, 500, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, applied := range []string{"before", "after"} {
				scenario := hello(definition.Trigger{Date: &test.trigger})[coupon]
				g := newStage(t, nil)
				if applied == "before" {
					g.apply(coupon, scenario)
				}
				g.identify("anna", anna())
				test.play(g)
				if applied == "after" {
					g.apply(coupon, scenario)
				}
				g.pass(time.Duration(test.days) * day)
				if len(g.sent["anna"]) != test.times {
					t.Errorf("applied %s: sent %v", applied, g.sent["anna"])
				}
			}
		})
	}
}

func TestSchedulesLetInTheirAudience(t *testing.T) {
	monday := hello(definition.Trigger{Schedule: &definition.ScheduleTrigger{Cron: "0 10 * * MON"}}, func(s *definition.Scenario) {
		s.Audience, s.TimeZone = "contact.attributes.vip", "Europe/Moscow"
	})
	g := newStage(t, monday)
	g.identify("anna", map[string]any{"email": "a@example.com", "vip": true})
	g.identify("boris", map[string]any{"email": "b@example.com"})
	sc := g.scenario(coupon)
	at := sc.NextFire(event.At(g.now))
	if want := "2026-11-23T07:00:00Z"; at.UTC().Format(time.RFC3339) != want {
		t.Fatalf("next at %v, want %s", at.UTC(), want)
	}
	g.now = at.UTC()
	for range 2 { // the same instant once more changes nothing
		g.sweep(func(s *Subject) { g.world.Fire(s, sc, at) })
		g.pass(0)
	}
	g.got("anna", "hello")
	g.got("boris")
	if refused := sc.Tally.Refused; len(refused) > 0 {
		t.Errorf("who is not of the audience is not refused: %v", refused)
	}
}

func TestSchedulesInEachContactsZone(t *testing.T) {
	g := newStage(t, hello(definition.Trigger{Schedule: &definition.ScheduleTrigger{Once: "2026-12-31T10:00", ContactZone: true}}))
	g.identify("anna", map[string]any{"email": "a@example.com", "timezone": "Asia/Vladivostok"})
	g.identify("boris", map[string]any{"email": "b@example.com", "timezone": "America/New_York"})
	if at := g.scenario(coupon).NextFire(event.At(g.now)); at != 0 {
		t.Errorf("the workspace's instant is %v", at.UTC())
	}
	g.now = time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	g.sweep(g.world.Ring)
	g.pass(time.Hour)
	g.got("anna", "hello")
	g.got("boris")
	g.pass(15 * time.Hour)
	g.got("boris", "hello")
	g.pass(800 * day)
	g.got("boris", "hello")
}

func TestWhatConcernsNobody(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) { s.Exits = []definition.EventMatch{{Event: "left"}} }))
	for kind, want := range map[string]bool{"signed.up": true, "left": true, "page.viewed": false, event.MessageSent: true, "consent.given": true} {
		if g.world.Concerns(kind) != want {
			t.Errorf("%s: %v", kind, !want)
		}
	}
}
