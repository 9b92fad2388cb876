// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

const following = "NurtureScenario/shop/following"

// drawScenario draws a scenario whose steps are of all kinds, in any order.
func drawScenario(t *rapid.T) definition.Scenario {
	s := definition.Scenario{
		Trigger:  drawTrigger(t),
		InFlight: rapid.SampledFrom([]definition.InFlight{definition.Pin, definition.Pin, definition.Migrate, definition.Migrate, definition.Drain}).Draw(t, "in flight"),
		Holdout:  rapid.SampledFrom([]int32{0, 0, 3000}).Draw(t, "holdout"),
		Entry: definition.Entry{
			Reentry:  rapid.SampledFrom([]definition.Reentry{definition.ReentryNever, definition.ReentryAfterExit, definition.ReentryAlways}).Draw(t, "reentry"),
			OnRepeat: rapid.SampledFrom([]definition.OnRepeat{definition.RepeatIgnore, definition.RepeatRestart, definition.RepeatUpdate}).Draw(t, "on repeat"),
			Cooldown: rapid.SampledFrom([]time.Duration{0, 0, 5 * time.Hour}).Draw(t, "cooldown"),
		},
		Exits: []definition.EventMatch{{Event: "left"}},
	}
	if s.Trigger.Event != nil && rapid.Bool().Draw(t, "keyed") {
		s.Entry.Key = "event.data.k"
	}
	if rapid.Bool().Draw(t, "has an audience") {
		s.Audience = "contact.attributes.vip"
	}
	if rapid.Bool().Draw(t, "has a goal") {
		s.Goal = &definition.Goal{Event: "bought", Value: "event.data.total", Within: rapid.SampledFrom([]time.Duration{time.Hour, 3 * day}).Draw(t, "within")}
	}
	count := rapid.IntRange(1, 6).Draw(t, "steps")
	for i := range count {
		s.Steps = append(s.Steps, drawStep(t, i, count))
	}
	return s
}

func drawTrigger(t *rapid.T) definition.Trigger {
	trigger := definition.Trigger{MaxAge: 2 * time.Hour}
	switch rapid.IntRange(0, 5).Draw(t, "trigger") {
	case 0:
		trigger.Segment = &definition.SegmentTrigger{Where: "contact.attributes.vip"}
	case 1:
		trigger.Date = &definition.DateTrigger{Attribute: "contact.attributes.date", At: "10:00", Yearly: true}
	case 2:
		trigger.Schedule = &definition.ScheduleTrigger{Cron: "0 */6 * * *", ContactZone: true}
	default:
		trigger.Event = &definition.EventMatch{Event: "in"}
	}
	return trigger
}

// drawStep draws a step that leads only forward, so that every one is reached.
func drawStep(t *rapid.T, i, count int) definition.Step {
	name := func(i int) string { return fmt.Sprintf("s%d", i) }
	forward := func() string { return name(min(count-1, i+rapid.IntRange(1, 3).Draw(t, "ahead"))) }
	step := definition.Step{Name: name(i)}
	last := i == count-1
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind <= 2 || last && kind != 3:
		channel := rapid.SampledFrom([]string{mail, mail, hook, "MessageChannel/shop/none"}).Draw(t, "channel")
		step = send(step.Name, func(s *definition.Send) {
			s.Channel = channel
			s.Purpose = rapid.SampledFrom([]definition.Purpose{definition.Marketing, definition.Marketing, definition.Transactional}).Draw(t, "purpose")
			s.ExpireAfter = rapid.SampledFrom([]time.Duration{0, 5 * time.Hour}).Draw(t, "expire after")
		})
	case kind == 3:
		step.Wait = rapid.SampledFrom([]*definition.Wait{
			{For: time.Hour}, {For: 2 * day}, {SinceEntry: 3 * time.Hour}, {NextDay: "10:00"}, {Weekday: 3, At: "12:00"}, {TimeOfDay: "02:30"},
			{Date: "contact.attributes.date", At: "10:00", Follow: true, OnPast: definition.PastSkip},
		}).Draw(t, "wait")
	case kind == 4:
		step.WaitFor = &definition.WaitFor{
			AnyOf:   []definition.Awaited{{Event: "came", Then: forward()}, {Condition: "contact.attributes.vip"}, {Event: event.MessageSent}},
			Timeout: 5 * time.Hour, OnTimeout: forward(),
		}
	case kind == 5:
		step.Branch = &definition.Branch{Cases: []definition.Case{{When: "contact.attributes.vip", Then: forward()}}}
	case kind == 6:
		step.Split = &definition.Split{Ways: []definition.Way{{Name: "a", Weight: 1, Then: forward()}, {Name: "b", Weight: 2}}}
	case kind == 7:
		step.Set = &definition.Set{Attributes: map[string]string{"seen": "1 + 1"}}
	case kind == 8:
		step.Enter = &definition.EnterStep{Scenario: following}
	default:
		step.Task = &definition.Task{Channel: hook, Title: "Call", Due: 3 * time.Hour, Done: definition.EventMatch{Event: "came"}, OnOverdue: forward()}
	}
	return step
}

// play is one thing that happens, drawn once and then done on any stage.
func drawPlay(t *rapid.T) func(g *stage) {
	name := rapid.SampledFrom([]string{"anna", "boris", "vera"}).Draw(t, "who")
	k := rapid.IntRange(1, 2).Draw(t, "k")
	late := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 30, 200}).Draw(t, "late")) * time.Minute
	back := func(e *event.Event) { e.Time = e.Time.Add(-late) }
	vip := rapid.Bool().Draw(t, "vip")
	outcome := rapid.SampledFrom([]string{
		event.MessageSent, event.MessageSent, event.MessageSent, event.MessageFailed, event.MessageDeferred, event.MessageInDoubt, "",
	}).Draw(t, "outcome")
	switch what := rapid.IntRange(0, 19).Draw(t, "what"); what {
	case 0, 1, 2:
		return func(g *stage) { g.happens(name, "in", fmt.Sprintf(`{"k":%d}`, k), back) }
	case 3:
		return func(g *stage) { g.happens(name, "bought", fmt.Sprintf(`{"k":%d,"total":3}`, k), back) }
	case 4:
		return func(g *stage) { g.happens(name, "left", `{}`, back) }
	case 5:
		return func(g *stage) { g.happens(name, "came", `{}`, back) }
	case 6:
		return func(g *stage) {
			g.identify(name, map[string]any{"vip": vip, "email": name + "@example.com", "date": fmt.Sprintf("2026-11-%d", 20+3*k)})
		}
	case 7:
		return func(g *stage) { g.happens(name, "consent.withdrawn", `{}`) }
	case 8:
		return func(g *stage) { g.happens(name, "consent.given", `{}`) }
	case 9, 10, 11:
		return func(g *stage) { g.settle(outcome) }
	case 12:
		return func(g *stage) { g.now = g.now.Add(time.Duration(k) * day); g.sweep(g.world.Ring) }
	case 13:
		return func(g *stage) { g.suspend(rapidCatchUps[k]) }
	case 14:
		return func(g *stage) { // what a visitor did is told once more of whom it turned out to be
			copied := func(e *event.Event) { e.ID, e.Origin = fmt.Sprintf("copy-%d", k), event.Anonymous("at "+name) }
			g.happens(name, "in", fmt.Sprintf(`{"k":%d}`, k), back, copied)
		}
	case 15:
		hides := rapid.IntRange(0, 3).Draw(t, "hides") == 0
		return func(g *stage) {
			if hides {
				g.step(name, g.world.Hide)
			}
		}
	case 16:
		drops := rapid.IntRange(0, 3).Draw(t, "drops") == 0
		return func(g *stage) {
			if drops {
				g.step(name, func(s *Subject) { g.world.Drop(s, g.scenario(coupon)) })
			}
		}
	default:
		return func(g *stage) { g.now = g.now.Add(time.Duration(k) * 90 * time.Minute); g.sweep(g.world.Ring) }
	}
}

var rapidCatchUps = []definition.CatchUp{definition.CatchUpSend, definition.CatchUpSkip, definition.CatchUpShift}

// settle claims all that is wanted, and says of each what became of it; empty says nothing.
func (g *stage) settle(outcome string) {
	for _, name := range sortedKeys(g.people) {
		for _, x := range g.people[name].state.Wanted(&g.world, event.At(g.now)) {
			grant, ok := g.claimOne(name, x)
			if !ok || outcome == "" {
				continue
			}
			g.answer(grant, outcome, func(d *event.MessageData) { d.RetryAt = event.At(g.now.Add(time.Hour)) })
		}
	}
}

// suspend suspends the first scenario, or lets it go on.
func (g *stage) suspend(catchUp definition.CatchUp) {
	sc := g.scenario(coupon)
	if !sc.Standing.Suspended {
		sc.Standing, sc.SuspendedAt = definition.Standing{Suspended: true}, event.At(g.now)
		return
	}
	sc.Standing, sc.ResumedAt = definition.Standing{CatchUp: catchUp}, event.At(g.now)
	g.sweep(func(s *Subject) { g.world.Move(s, sc) })
	sc.SuspendedAt, sc.ResumedAt = 0, 0
}

// TestWhateverHappens plays the same on two stages, of which one encodes and decodes every contact after every step. What must always hold is
// checked after every step; in the end both are the same.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scenarios := map[string]definition.Scenario{
			coupon:    drawScenario(t),
			following: {Trigger: definition.Trigger{Enter: true}, Steps: []definition.Step{pause("wait", 2*time.Hour), send("hello")}},
		}
		one, other := newStage(t, scenarios), newStage(t, scenarios)
		other.keeps = true
		policy := definition.Policy{
			CapMessages: rapid.SampledFrom([]int32{0, 2}).Draw(t, "cap"), CapPer: day,
			ConsentExplicit: rapid.Bool().Draw(t, "explicit"),
		}
		if rapid.Bool().Draw(t, "quiet hours") {
			policy.QuietFrom, policy.QuietTo = "21:00", "09:00"
		}
		one.policy(policy)
		other.policy(policy)
		for range rapid.IntRange(1, 40).Draw(t, "plays") {
			play := drawPlay(t)
			if rapid.IntRange(0, 19).Draw(t, "edit") == 0 {
				edit := drawScenario(t)
				play = func(g *stage) { g.apply(coupon, edit) }
			}
			play(one)
			play(other)
		}
		for _, name := range sortedKeys(one.people) {
			if !bytes.Equal(one.people[name].state.Append(nil), other.people[name].state.Append(nil)) {
				t.Fatalf("%s depends on when it is stored", name)
			}
		}
		for i, sc := range one.world.Scenarios {
			if a, b := sc.Tally.Append(nil), other.world.Scenarios[i].Tally.Append(nil); !bytes.Equal(a, b) {
				t.Fatalf("%s depends on when contacts are stored:\n%s\n%s", sc.Key, a, b)
			}
		}
	})
}

func TestNumbersAreStoredAsTheyAre(t *testing.T) {
	g := newStage(t, map[string]definition.Scenario{coupon: cart()})
	g.identify("anna", anna())
	g.happens("anna", "product.added", `{"cart":"c1"}`)
	g.pass(30 * day)
	for _, test := range []struct {
		from interface{ Append(b []byte) []byte }
		to   interface {
			Append(b []byte) []byte
			Read(b []byte) error
		}
	}{
		{g.scenario(coupon).Tally, new(Tally)}, {g.world.Channels[mail].Tally, new(ChannelTally)},
	} {
		stored := test.from.Append(nil)
		g.must(test.to.Read(stored))
		if again := test.to.Append(nil); !bytes.Equal(stored, again) || len(stored) < 50 {
			t.Errorf("%s became %s", stored, again)
		}
		if err := test.to.Read(stored[:len(stored)-1]); err == nil {
			t.Error("half of the numbers were read")
		}
	}
	if n := g.world.Channels[mail].Tally; n.ClaimedOn(n.Day) != 1 || n.ClaimedOn(n.Day+1) != 0 || n.Message.Sent != 3 {
		t.Errorf("got %+v", n)
	}
	report := g.scenario(coupon).Tally.Report(coupon)
	if report.Entered != 1 || report.Message.Sent != 3 || report.Steps["style"].Message.Sent != 1 || len(report.Versions) != 1 {
		t.Errorf("got %+v", report)
	}
}

// FuzzReadContact finds stored contacts that cannot be read without a panic, or that read as others.
func FuzzReadContact(f *testing.F) {
	g := newStage(f, map[string]definition.Scenario{coupon: cart()})
	g.identify("anna", anna())
	g.happens("anna", "product.added", `{"cart":"c1"}`)
	g.pass(30 * time.Hour)
	g.happens("anna", "consent.given", `{"topic":"a"}`)
	f.Add(g.people["anna"].state.Append(nil))
	f.Add([]byte{format})
	f.Fuzz(func(t *testing.T, stored []byte) {
		c, err := ReadContact(stored)
		if err != nil {
			return
		}
		again := c.Append(nil)
		if read, err := ReadContact(again); err != nil || !bytes.Equal(again, read.Append(nil)) {
			t.Errorf("%x reads as another contact: %v", stored, err)
		}
		_ = c.Due()
	})
}
