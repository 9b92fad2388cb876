// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
)

var (
	states  = []string{"contact.attributes.plan == 'pro'", "!has(contact.attributes.plan)", "contact.attributes.age < 18"}
	wheres  = []string{"", "", "", "event.data.n > 1", "event.data.k == 'p'", "contact.attributes.plan == 'pro'"}
	whens   = append([]string{"trigger.data.n > 1", "vars.answer.ok == true", "vars.answer.n > 1"}, states...)
	clocks  = []string{"00:00", "02:30", "09:00", "10:00", "23:30"}
	reasons = []string{"", "Won", "Lost"}
	// deeds are what the scenarios of a world can be about.
	deeds = []string{"a", "b", "c", "d"}
)

// drawScenario gives a scenario with any of its features, each of them in a part of the cases.
func drawScenario(t *rapid.T, s setting, others []string) definition.Scenario {
	m := definition.Scenario{
		TimeZone: s.zone, Trigger: drawTrigger(t, s), InFlight: rapid.SampledFrom([]definition.InFlight{definition.Pin, definition.Migrate, definition.Migrate, definition.Drain}).Draw(t, "in flight"),
		Entry: definition.Entry{
			Reentry:  rapid.SampledFrom([]definition.Reentry{definition.ReentryNever, definition.ReentryAfterExit, definition.ReentryAlways}).Draw(t, "re-entry"),
			OnRepeat: rapid.SampledFrom([]definition.OnRepeat{definition.RepeatIgnore, definition.RepeatRestart, definition.RepeatUpdate}).Draw(t, "on repeat"),
		},
	}
	if m.InFlight == definition.Drain && !oneIn(t, 5, "drain") {
		m.InFlight = definition.Pin
	}
	if oneIn(t, 3, "cooldown") {
		m.Entry.Cooldown = s.span(t, 1, 6, "cooldown")
	}
	if oneIn(t, 3, "key") && m.Trigger.Date == nil && m.Trigger.Schedule == nil {
		m.Entry.Key = "event.data.k"
	}
	m.Entry.Existing = m.Trigger.Segment != nil && m.Entry.Key == "" && rapid.Bool().Draw(t, "existing")
	if oneIn(t, 4, "audience") {
		m.Audience = rapid.SampledFrom(states).Draw(t, "audience's condition")
	}
	if rapid.Bool().Draw(t, "goal") {
		m.Goal = &definition.Goal{
			Event: rapid.SampledFrom(deeds).Draw(t, "goal's event"), Where: rapid.SampledFrom(wheres).Draw(t, "goal's condition"),
			Value: rapid.SampledFrom([]string{"", "event.data.v"}).Draw(t, "goal's value"), Within: s.span(t, 1, 12, "within"),
		}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "exits") {
		m.Exits = append(m.Exits, definition.EventMatch{Event: rapid.SampledFrom(deeds).Draw(t, "exit"), Where: rapid.SampledFrom(wheres).Draw(t, "exit's condition")})
	}
	if oneIn(t, 4, "holdout") {
		m.Holdout = 5000
	}
	drawSteps(t, s, &m, others)
	drawRedirects(t, &m)
	return m
}

// drawRedirects leads away from some steps that other versions may have.
func drawRedirects(t *rapid.T, m *definition.Scenario) {
	there := map[string]bool{}
	for _, s := range m.Steps {
		there[s.Name] = true
	}
	for _, gone := range []string{"s0", "s1", "s2", "t0", "t1", "t2"} {
		if !there[gone] && oneIn(t, 3, "redirects") {
			if m.Redirects == nil {
				m.Redirects = map[string]string{}
			}
			m.Redirects[gone] = rapid.SampledFrom(m.Steps).Draw(t, "leads to").Name
		}
	}
}

func drawTrigger(t *rapid.T, s setting) definition.Trigger {
	m := definition.Trigger{MaxAge: s.span(t, 2, 8, "max age")}
	switch rapid.SampledFrom([]string{"event", "event", "event", "event", "drop", "segment", "date", "schedule", "enter"}).Draw(t, "trigger") {
	case "event":
		m.Event = &definition.EventMatch{Event: rapid.SampledFrom(deeds).Draw(t, "trigger's event"), Where: rapid.SampledFrom(wheres).Draw(t, "trigger's condition")}
	case "drop":
		m.FunnelDrop = &definition.DropTrigger{Funnel: key, Stage: rapid.SampledFrom([]string{"", "cart"}).Draw(t, "stage")}
	case "segment":
		m.Segment = &definition.SegmentTrigger{Where: rapid.SampledFrom(states).Draw(t, "segment")}
	case "date":
		m.Date = &definition.DateTrigger{
			Attribute: "contact.attributes.date", At: rapid.SampledFrom(clocks).Draw(t, "at"), Yearly: oneIn(t, 3, "yearly"),
		}
		m.Date.OffsetDays, m.Date.Offset = drawOffset(t)
	case "schedule":
		m.Schedule = &definition.ScheduleTrigger{ContactZone: oneIn(t, 3, "contact's zone")}
		if m.Schedule.Cron = rapid.SampledFrom([]string{"0 10 * * *", "30 */6 * * 1-5", ""}).Draw(t, "cron"); m.Schedule.Cron == "" {
			m.Schedule.Once = s.base.Add(3 * s.step).UTC().Format("2006-01-02T15:04")
		}
	default:
		m.Enter = true
	}
	return m
}

func drawOffset(t *rapid.T) (days int32, offset time.Duration) {
	switch rapid.IntRange(0, 3).Draw(t, "kind of offset") {
	case 0:
		return int32(rapid.IntRange(-2, 2).Draw(t, "days")), 0
	case 1:
		return 0, time.Duration(rapid.IntRange(-3, 3).Draw(t, "half hours")) * 30 * time.Minute
	}
	return 0, 0
}

// drawSteps gives a scenario its steps: a chain with ways that leave out some of them, and now and then one back.
func drawSteps(t *rapid.T, s setting, m *definition.Scenario, others []string) {
	n := rapid.IntRange(1, 6).Draw(t, "steps")
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("s", i)
		if oneIn(t, 6, "another name") {
			names[i] = fmt.Sprint("t", i)
		}
	}
	for i, name := range names {
		later := append([]string{""}, names[i+1:]...)
		step := drawStep(t, s, later, names[:i+1], m, others)
		if step.Name = name; step.Exit != nil && i < n-1 { // the rest could not be reached
			step.Exit = nil
			step.Wait = &definition.Wait{For: s.span(t, 1, 4, "wait")}
		}
		m.Steps = append(m.Steps, step)
	}
}

func drawStep(t *rapid.T, s setting, later, earlier []string, m *definition.Scenario, others []string) (step definition.Step) {
	to := func(label string) string { return rapid.SampledFrom(later).Draw(t, label) }
	back := func(label string) string {
		if oneIn(t, 4, "back") {
			return rapid.SampledFrom(earlier).Draw(t, label)
		}
		return to(label)
	}
	kind := rapid.SampledFrom([]string{"send", "send", "send", "wait", "wait", "wait", "waitFor", "waitFor", "branch", "split", "set", "webhook", "task", "enter", "exit"}).Draw(t, "step")
	switch kind {
	case "send":
		step.Send = drawSend(t, s, m.Holdout > 0)
	case "wait":
		step.Wait = drawWait(t, s)
	case "waitFor":
		w := &definition.WaitFor{Timeout: s.span(t, 1, 5, "timeout"), OnTimeout: back("on timeout")}
		if oneIn(t, 5, "no timeout") {
			w.Timeout, w.OnTimeout = 0, ""
		}
		for range rapid.IntRange(1, 2).Draw(t, "awaited") {
			w.AnyOf = append(w.AnyOf, drawAwaited(t, m, to("awaited leads to")))
		}
		step.WaitFor = w
	case "branch":
		step.Branch = &definition.Branch{Else: to("else")}
		for range rapid.IntRange(1, 2).Draw(t, "cases") {
			if then := to("case leads to"); then != "" {
				step.Branch.Cases = append(step.Branch.Cases, definition.Case{When: rapid.SampledFrom(whens).Draw(t, "when"), Then: then})
			}
		}
		if len(step.Branch.Cases) == 0 {
			step.Branch, step.Wait = nil, &definition.Wait{For: s.span(t, 1, 4, "wait")}
		}
	case "split":
		step.Split = &definition.Split{Ways: []definition.Way{{Name: "one", Weight: 1}, {Name: "two", Weight: 2, Then: to("way leads to")}}}
	case "set":
		step.Set = &definition.Set{Attributes: map[string]string{"plan": rapid.SampledFrom([]string{"'pro'", "'free'", "trigger.data.k"}).Draw(t, "plan is")}}
	case "webhook":
		step.Webhook = &definition.WebhookStep{
			Channel: channelKey("hook"), Payload: "{}", Store: rapid.SampledFrom([]string{"", "answer"}).Draw(t, "store"), OnFailure: to("on failure"),
		}
	case "task":
		step.Task = &definition.Task{
			Channel: channelKey("hook"), Title: "Call", Due: s.span(t, 1, 4, "task's due"), OnOverdue: back("on overdue"),
			Done: definition.EventMatch{Event: rapid.SampledFrom(deeds).Draw(t, "done"), Where: rapid.SampledFrom(wheres).Draw(t, "done's condition")},
		}
	case "enter":
		step.Enter = &definition.EnterStep{Scenario: rapid.SampledFrom(others).Draw(t, "enters")}
	default:
		step.Exit = &definition.ExitStep{Reason: rapid.SampledFrom(reasons).Draw(t, "reason")}
	}
	return step
}

func drawSend(t *rapid.T, s setting, holdsOut bool) *definition.Send {
	content := map[string]definition.Content{"": {Subject: "Hello", Text: "Hello"}}
	m := &definition.Send{
		Channel: channelKey(rapid.SampledFrom([]string{"hook", "mail", "mail", "gone"}).Draw(t, "channel")), Purpose: definition.Marketing,
		Variants: []definition.Variant{{Weight: 1, Contents: content}},
	}
	if oneIn(t, 4, "transactional") || holdsOut && rapid.Bool().Draw(t, "owed") {
		m.Purpose = definition.Transactional
	} else {
		m.Topic = rapid.SampledFrom([]string{"", "offers", "news"}).Draw(t, "topic")
	}
	if oneIn(t, 4, "variants") {
		m.Variants = []definition.Variant{{Name: "x", Weight: 1, Contents: content}, {Name: "y", Weight: 3, Contents: content}}
	}
	if oneIn(t, 5, "window") {
		m.Window = &definition.Window{
			Weekdays: rapid.SampledFrom([][]int{nil, {1, 2, 3, 4, 5}, {6}}).Draw(t, "weekdays"),
			From:     rapid.SampledFrom(clocks).Draw(t, "from"), To: rapid.SampledFrom(clocks).Draw(t, "to"), NoHolidays: rapid.Bool().Draw(t, "no holidays"),
		}
	}
	if oneIn(t, 4, "expires") {
		m.ExpireAfter = s.span(t, 1, 5, "expire after")
	}
	if oneIn(t, 5, "to") {
		m.To = "trigger.data.k"
	}
	return m
}

func drawWait(t *rapid.T, s setting) *definition.Wait {
	switch rapid.SampledFrom([]string{"for", "for", "for", "since", "next day", "weekday", "time", "date", "date"}).Draw(t, "wait") {
	case "for":
		return &definition.Wait{For: s.span(t, 1, 5, "for")}
	case "since":
		return &definition.Wait{SinceEntry: s.span(t, 1, 8, "since entry")}
	case "next day":
		return &definition.Wait{NextDay: rapid.SampledFrom(clocks).Draw(t, "next day")}
	case "weekday":
		return &definition.Wait{Weekday: rapid.IntRange(1, 7).Draw(t, "weekday"), At: rapid.SampledFrom(clocks).Draw(t, "at")}
	case "time":
		return &definition.Wait{TimeOfDay: rapid.SampledFrom(clocks).Draw(t, "time")}
	}
	w := &definition.Wait{
		Date: rapid.SampledFrom([]string{"contact.attributes.date", "trigger.data.date"}).Draw(t, "date"), At: rapid.SampledFrom(clocks).Draw(t, "at"),
		OnPast: rapid.SampledFrom([]definition.OnPast{definition.PastContinue, definition.PastSkip, definition.PastExit}).Draw(t, "on past"),
		Follow: rapid.Bool().Draw(t, "follow"),
	}
	w.OffsetDays, w.Offset = drawOffset(t)
	return w
}

func drawAwaited(t *rapid.T, m *definition.Scenario, then string) definition.Awaited {
	a := definition.Awaited{Then: then}
	switch rapid.IntRange(0, 3).Draw(t, "kind of awaited") {
	case 0:
		a.Condition = rapid.SampledFrom(states).Draw(t, "condition")
	case 1:
		for _, s := range m.Steps {
			if s.Send != nil {
				a.Event, a.Of = rapid.SampledFrom([]string{"waymark.message.clicked", "waymark.message.opened"}).Draw(t, "engagement"), s.Name
				return a
			}
		}
		fallthrough
	default:
		a.Event, a.Where = rapid.SampledFrom(deeds).Draw(t, "awaited"), rapid.SampledFrom(wheres).Draw(t, "awaited's condition")
	}
	return a
}

func drawPolicy(t *rapid.T, s setting) definition.Policy {
	p := definition.Policy{TimeZone: s.zone, Zone: "contact.attributes.timezone", Language: "contact.attributes.language"}
	if oneIn(t, 3, "quiet hours") {
		p.QuietFrom, p.QuietTo, p.QuietDrop = "21:00", rapid.SampledFrom([]string{"09:00", "02:30", "22:00"}).Draw(t, "quiet until"), rapid.Bool().Draw(t, "drops")
	}
	if oneIn(t, 3, "cap") {
		p.CapMessages, p.CapPer = int32(rapid.IntRange(1, 3).Draw(t, "cap")), s.span(t, 1, 6, "cap per")
		p.CapDrop = rapid.Bool().Draw(t, "cap drops")
	}
	p.ConsentExplicit = oneIn(t, 4, "explicit consent")
	p.Topics = []definition.Topic{{Name: "news"}, {Name: "offers", DoubleOptIn: rapid.Bool().Draw(t, "double opt-in")}}
	for i := range 3 {
		p.Holidays = append(p.Holidays, s.base.UTC().AddDate(0, 0, 2*i).Format(time.DateOnly))
	}
	return p
}
