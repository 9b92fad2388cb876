// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
	"github.com/waymark-dev/waymark/internal/record"
)

// customers are a play whose events, messages and edits are drawn at random. There are few of them, so that all who are due at one instant
// are less than the engine's bounds on how many act for one record.
type customers struct {
	*play
	*rapid.T
	setting
	// keys are the scenarios', standings what they are told.
	keys      []string
	standings map[string]definition.Standing
	// lost are results that are not known yet.
	lost []scenarios.Fact
	past []event.Event
	// merges: visitors become known.
	merges bool
}

var scenarioKeys = []string{scenarioKey("one"), scenarioKey("two"), scenarioKey("three")}

func newCustomers(t *rapid.T, merges bool) *customers {
	w := &customers{play: newPlay(t), T: t, setting: drawSetting(t), standings: map[string]definition.Standing{}, merges: merges}
	w.step = rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour, day}).Draw(t, "step of scenarios")
	w.keys = scenarioKeys[:rapid.IntRange(1, len(scenarioKeys)).Draw(t, "scenarios")]
	return w
}

// open is how the log begins.
func (w *customers) open() {
	w.add(record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: 1, TimeZoneData: definition.TimeZoneData, Time: w.base}})
	if !oneIn(w.T, 6, "no policy") {
		w.applyPolicy(drawPolicy(w.T, w.setting))
	}
	w.applyChannel(channelKey("hook"), w.drawChannel("hook", "Webhook"))
	w.applyChannel(channelKey("mail"), w.drawChannel("mail", "SMTP"))
	for _, c := range w.contacts() {
		if rapid.Bool().Draw(w.T, "known") {
			w.identify(c)
		}
	}
	for _, key := range w.keys {
		w.edit(key)
	}
}

func (w *customers) drawChannel(name, medium string) definition.Channel {
	c := channelSpec{medium, rapid.SampledFrom([]string{"AtLeastOnce", "AtMostOnce"}).Draw(w.T, "guarantee")}.meaning(name)
	if oneIn(w.T, 3, "feedback") {
		c.Feedback = []definition.Feedback{{
			Event: rapid.SampledFrom(deeds).Draw(w.T, "feedback's event"), Where: rapid.SampledFrom([]string{"", "event.data.n > 1"}).Draw(w.T, "feedback's condition"),
			Kind: rapid.SampledFrom([]definition.FeedbackKind{
				definition.HardBounce, definition.SoftBounce, definition.Complaint, definition.Arrived,
			}).Draw(w.T, "feedback's kind"),
			Message: rapid.SampledFrom([]string{"", "event.data.k"}).Draw(w.T, "feedback's message"),
		}}
	}
	return c
}

func (w *customers) contacts() []string {
	if w.merges {
		return []string{"ann", "bob", event.Anonymous("v"), event.Anonymous("w")}
	}
	return []string{"ann", "bob"}
}

func (w *customers) contact() string { return rapid.SampledFrom(w.contacts()).Draw(w.T, "contact") }

// edit applies another version of a scenario, or the first.
func (w *customers) edit(key string) {
	var standing *definition.Standing
	if oneIn(w.T, 6, "held") {
		held := w.standings[key]
		held.Held = true
		w.standings[key], standing = held, &held
	}
	m := drawValidScenario(w.T, w.setting, w.keys)
	w.Logf("%s: %s", key, mustJSON(w.T, m))
	w.applyScenario(key, m, standing)
}

// drawValidScenario draws until there is nothing wrong with it.
func drawValidScenario(t *rapid.T, s setting, keys []string) definition.Scenario {
	return rapid.Custom(func(t *rapid.T) definition.Scenario { return drawScenario(t, s, keys) }).Filter(func(m definition.Scenario) bool {
		form, _, err := m.Canonical()
		if err != nil {
			return false
		}
		_, err = new(definition.Compiler).CompileScenario(form)
		return err == nil
	}).Draw(t, "scenario")
}

// act lets something happen.
func (w *customers) act() {
	switch rapid.SampledFrom([]string{
		"event", "event", "event", "event", "tick", "tick", "tick", "claims", "claims", "claims", "result", "engagement", "consent", "identify",
		"signal", "duplicate", "edit", "stand", "remove", "pause", "suppress", "rules", "link",
	}).Draw(w.T, "what happens") {
	case "event":
		w.deed()
	case "tick":
		w.tick(w.clock.Add(w.span(w.T, 0, 4, "time goes by")))
	case "claims":
		w.claims()
	case "result":
		w.lateResult()
	case "engagement":
		w.engage()
	case "consent":
		w.consents()
	case "identify":
		w.identify(w.contact())
	case "signal":
		w.drop()
	case "duplicate":
		if len(w.past) > 0 {
			w.events(rapid.SampledFrom(w.past).Draw(w.T, "again"))
		}
	case "edit":
		if oneIn(w.T, 2, "edits") {
			w.edit(rapid.SampledFrom(w.keys).Draw(w.T, "edited"))
		}
	case "stand":
		w.standing()
	case "remove":
		w.remove()
	case "pause":
		until := event.Time(0)
		if rapid.Bool().Draw(w.T, "pauses") {
			until = w.clock.Add(w.span(w.T, 1, 3, "pause"))
		}
		w.add(record.Record{Kind: record.Pauses, Pauses: []record.Pause{{Channel: channelKey("mail"), Until: until, Reason: "Policy"}}})
	case "suppress":
		w.add(record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{{
			Address: scenarios.AddressHash(definition.SMTP, rapid.SampledFrom([]string{"x@y", "p"}).Draw(w.T, "address")), Class: "Manual",
			Time: w.clock, Released: rapid.Bool().Draw(w.T, "released"),
		}}})
	case "rules":
		w.rules()
	case "link":
		if w.merges {
			e := w.happening(rapid.SampledFrom([]string{"ann", "bob"}).Draw(w.T, "who"), event.Identify)
			e.Data = nil
			w.events(e, event.Link(&e, rapid.SampledFrom([]string{"v", "w"}).Draw(w.T, "visitor")))
		}
	}
	if w.merges && rapid.Bool().Draw(w.T, "forwards") {
		w.forward()
	}
}

// happening is an event that arrives about now, sometimes late, sometimes before the clock knows what time it is.
func (w *customers) happening(contact, kind string) event.Event {
	w.number++
	e := event.Event{Contact: contact, Type: kind, Source: "x", ID: fmt.Sprint(w.number), Time: w.clock, Received: w.clock}
	switch rapid.IntRange(0, 5).Draw(w.T, "arrival") {
	case 0:
		e.Time = w.clock.Add(-w.span(w.T, 1, 6, "late by"))
	case 1:
		e.Received = w.clock.Add(w.span(w.T, 0, 2, "clock is late by"))
		e.Time = e.Received
	case 2:
		e.Time = w.clock + 1
	}
	e.Clamp()
	return e
}

func (w *customers) deed() {
	var all []event.Event
	for range rapid.IntRange(1, 2).Draw(w.T, "events") {
		e := w.happening(w.contact(), rapid.SampledFrom(deeds).Draw(w.T, "deed"))
		if e.Data = drawData(w.T); oneIn(w.T, 3, "date") {
			e.Data = mustJSON(w.T, map[string]any{"date": w.date(), "k": rapid.SampledFrom([]string{"p", "q"}).Draw(w.T, "k"), "n": 2})
		}
		all = append(all, e)
	}
	w.past = append(w.past, all...)
	w.events(all...)
}

// date is one near enough to be waited for.
func (w *customers) date() string {
	switch at := w.clock.Add(w.span(w.T, -3, 6, "date in")).UTC(); rapid.IntRange(0, 3).Draw(w.T, "kind of date") {
	case 0:
		return at.Format(time.RFC3339)
	case 1:
		return "soon"
	default:
		return at.AddDate(0, 0, rapid.IntRange(-1, 2).Draw(w.T, "days ahead")).Format(time.DateOnly)
	}
}

func (w *customers) identify(contact string) {
	traits := map[string]any{}
	for _, trait := range []struct {
		name   string
		values []any
	}{
		{"age", []any{17, 30}}, {"email", []any{"x@y", "X@Y ", "z@y"}}, {"plan", []any{"pro", "free", nil}},
		{"timezone", []any{"Asia/Tokyo", "nowhere", "America/New_York"}},
	} {
		if oneIn(w.T, 2, trait.name) {
			traits[trait.name] = rapid.SampledFrom(trait.values).Draw(w.T, trait.name+" is")
		}
	}
	if oneIn(w.T, 3, "a date") {
		traits["date"] = w.date()
	}
	e := w.happening(contact, event.Identify)
	e.Data = mustJSON(w.T, map[string]any{"traits": traits})
	w.past = append(w.past, e)
	w.events(e)
}

// claims asks to send some of what is wanted, and sometimes what is not.
func (w *customers) claims() {
	var claims []record.Claim
	for _, wish := range w.truth.Wanted() {
		if oneIn(w.T, 5, "leaves it") {
			continue
		}
		c := record.Claim{Contact: wish.Contact, Effect: wish.Effect, Attempt: wish.Attempt + 1}
		if oneIn(w.T, 12, "a wrong attempt") {
			c.Attempt += rapid.SampledFrom([]int{-1, 1}).Draw(w.T, "wrong by")
		}
		claims = append(claims, c)
	}
	if oneIn(w.T, 12, "nobody's effect") {
		claims = append(claims, record.Claim{Contact: "ann", Effect: "00", Attempt: 1})
	}
	known := len(w.truth.Facts())
	now := w.clock
	if oneIn(w.T, 4, "a little later") {
		now = now.Add(w.span(w.T, 0, 1, "later"))
	}
	w.add(record.Record{Kind: record.Claims, Claims: record.ClaimsRecord{Time: now, Claims: claims}})
	facts := w.truth.Facts() // it grows by what becomes of them
	for _, f := range facts[known:] {
		if f.What != scenarios.Granted {
			continue
		}
		if oneIn(w.T, 5, "not known yet") {
			w.lost = append(w.lost, f)
			continue
		}
		w.settle(f)
	}
}

// settle lets something become of a claimed effect.
func (w *customers) settle(f scenarios.Fact) {
	w.become(f, rapid.SampledFrom([]string{
		"sent", "sent", "sent", "sent", `answer {"ok": true, "n": 2}`, "failed Content", "failed AddressInvalid", "failed RenderFailed", "indoubt",
		"deferred " + w.span(w.T, 1, 2, "deferred by").String(),
	}).Draw(w.T, "outcome"))
}

// lateResult tells of a message what was not known for a while; sometimes it was tried again since.
func (w *customers) lateResult() {
	if len(w.lost) > 0 {
		f := w.lost[0]
		w.lost = w.lost[1:]
		if f.Kind != "Set" || w.truth.Traits(f.Contact, f.Enrolment) != "{}" {
			w.settle(f)
		}
	}
}

// engage lets a person or a machine do something with a message.
func (w *customers) engage() {
	var sent []scenarios.Fact
	for _, f := range w.truth.Facts() {
		if f.What == scenarios.Sent && f.Kind == "Send" {
			sent = append(sent, f)
		}
	}
	if len(sent) == 0 {
		return
	}
	f := rapid.SampledFrom(sent).Draw(w.T, "message")
	e := w.happening(f.Contact, rapid.SampledFrom([]string{
		event.MessageClicked, event.MessageClicked, event.MessageOpened, event.MessageDelivered, event.MessageBounced, event.MessageComplained,
		event.MessageReplied, event.MessagePressed, event.ConsentWithdrawn,
	}).Draw(w.T, "engagement"))
	e.Source = "waymark/links"
	e.Data = mustJSON(w.T, event.MessageData{
		Effect: f.Effect, Scenario: f.Scenario, Enrolment: f.Enrolment, Step: f.Step, Version: f.Version, Channel: f.Channel,
		Machine: oneIn(w.T, 4, "machine"),
	})
	if e.Type == event.ConsentWithdrawn {
		e.Data = mustJSON(w.T, event.Consent{Effect: f.Effect, Topic: rapid.SampledFrom([]string{"", "offers"}).Draw(w.T, "topic"), Method: "OneClick"})
	}
	w.past = append(w.past, e)
	w.events(e)
}

func (w *customers) consents() {
	e := w.happening(w.contact(), rapid.SampledFrom([]string{
		event.ConsentGivenType, event.ConsentGivenType, event.ConsentWithdrawnType, event.ConsentGiven, event.ConsentWithdrawn,
	}).Draw(w.T, "says"))
	e.Data = mustJSON(w.T, event.Consent{Topic: rapid.SampledFrom([]string{"", "offers", "news"}).Draw(w.T, "topic"), Confirmed: rapid.Bool().Draw(w.T, "confirmed")})
	if oneIn(w.T, 5, "public") && e.Type != event.ConsentGiven && e.Type != event.ConsentWithdrawn {
		e.Flags |= event.Public
	}
	w.events(e)
}

// drop tells of a drop-off, or takes one back.
func (w *customers) drop() {
	contact := rapid.SampledFrom([]string{"ann", "bob"}).Draw(w.T, "who drops off")
	n := rapid.IntRange(0, 3).Draw(w.T, "number of the drop-off")
	s := record.Signal{
		ID: fmt.Sprint("drop ", contact, n), Retracted: oneIn(w.T, 3, "retracted"), Key: key, Stage: rapid.SampledFrom([]string{"cart", "visit"}).Draw(w.T, "stage"),
		Contact: contact, Source: "x", Event: fmt.Sprint("drop", n), Time: w.clock.Add(-w.step), Due: w.clock, Type: "a", Data: []byte(`{"n": 2, "k": "p"}`),
	}
	if oneIn(w.T, 4, "was due before") {
		s.Due = w.clock.Add(-w.span(w.T, 1, 6, "due before"))
	}
	w.add(record.Record{Kind: record.Signals, Signals: []record.Signal{s}})
}
