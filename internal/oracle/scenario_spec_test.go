// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

// The examples write scenarios as resources do, with less around them: what a message says does not matter here, and channels and scenarios
// go by their names alone.

type scenarioSpec struct {
	Trigger  triggerSpec       `json:"trigger"`
	Audience string            `json:"audience"`
	Entry    entrySpec         `json:"entry"`
	Goal     *goalSpec         `json:"goal"`
	Exits    []matchSpec       `json:"exits"`
	Holdout  string            `json:"holdout"`
	Steps    []stepSpec        `json:"steps"`
	InFlight string            `json:"inFlight"`
	Redirect map[string]string `json:"redirects"`
}

type matchSpec struct {
	Event string `json:"event"`
	Where string `json:"where"`
}

type triggerSpec struct {
	Event      *matchSpec `json:"event"`
	FunnelDrop *struct {
		Funnel string `json:"funnel"`
		Stage  string `json:"stage"`
	} `json:"funnelDrop"`
	Segment *struct {
		Where string `json:"where"`
	} `json:"segment"`
	Date *struct {
		dateSpec
		Yearly  bool   `json:"yearly"`
		LeapDay string `json:"leapDay"`
	} `json:"date"`
	Schedule *struct {
		Cron string `json:"cron"`
		At   string `json:"at"`
		Zone string `json:"zone"`
	} `json:"schedule"`
	Enter  bool   `json:"enter"`
	MaxAge string `json:"maxAge"`
}

type entrySpec struct {
	Reentry  string `json:"reentry"`
	Cooldown string `json:"cooldown"`
	Key      string `json:"key"`
	Existing string `json:"existing"`
	OnRepeat string `json:"onRepeat"`
}

type goalSpec struct {
	matchSpec
	Value  string `json:"value"`
	Within string `json:"within"`
}

type dateSpec struct {
	Attribute string `json:"attribute"`
	Offset    string `json:"offset"`
	At        string `json:"at"`
}

type stepSpec struct {
	Name    string       `json:"name"`
	Then    string       `json:"then"`
	Send    *sendSpec    `json:"send"`
	Wait    *waitSpec    `json:"wait"`
	WaitFor *waitForSpec `json:"waitFor"`
	Branch  *struct {
		Cases []definition.Case `json:"cases"`
		Else  string            `json:"else"`
	} `json:"branch"`
	Split *struct {
		Ways []definition.Way `json:"ways"`
	} `json:"split"`
	Set     map[string]string `json:"set"`
	Webhook *struct {
		Store     string `json:"store"`
		OnFailure string `json:"onFailure"`
	} `json:"webhook"`
	Enter string `json:"enter"`
	Task  *struct {
		Due       string    `json:"due"`
		Done      matchSpec `json:"done"`
		OnOverdue string    `json:"onOverdue"`
	} `json:"task"`
	Exit *definition.ExitStep `json:"exit"`
}

type sendSpec struct {
	Channel     string             `json:"channel"`
	Purpose     string             `json:"purpose"`
	Topic       string             `json:"topic"`
	Variants    map[string]int32   `json:"variants"`
	Window      *definition.Window `json:"window"`
	ExpireAfter string             `json:"expireAfter"`
}

type waitSpec struct {
	For        string `json:"for"`
	SinceEntry string `json:"sinceEntry"`
	NextDay    string `json:"nextDay"`
	Until      *struct {
		Weekday int       `json:"weekday"`
		Time    string    `json:"time"`
		Date    *dateSpec `json:"date"`
		At      string    `json:"at"`
	} `json:"until"`
	OnPast string `json:"onPast"`
	Follow bool   `json:"follow"`
}

type waitForSpec struct {
	definition.Awaited
	AnyOf     []definition.Awaited `json:"anyOf"`
	Timeout   string               `json:"timeout"`
	OnTimeout string               `json:"onTimeout"`
}

// span reads a duration; a day is 24 hours.
func span(t *testing.T, text string) time.Duration {
	t.Helper()
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		n, err := strconv.Atoi(days)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n) * day
	}
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func or[T ~string](text string, otherwise T) T {
	if text == "" {
		return otherwise
	}
	return T(text)
}

func (m matchSpec) match() definition.EventMatch {
	return definition.EventMatch{Event: m.Event, Where: m.Where}
}

func (s *scenarioSpec) meaning(t *testing.T, zone string) definition.Scenario {
	t.Helper()
	m := definition.Scenario{
		TimeZone: zone, Trigger: s.Trigger.meaning(t), Audience: s.Audience, InFlight: or(s.InFlight, definition.Pin), Redirects: s.Redirect,
		Entry: definition.Entry{
			Reentry: or(s.Entry.Reentry, definition.ReentryAfterExit), Cooldown: span(t, s.Entry.Cooldown), Key: s.Entry.Key,
			Existing: s.Entry.Existing == "Enrol", OnRepeat: or(s.Entry.OnRepeat, definition.RepeatIgnore),
		},
	}
	if s.Goal != nil {
		m.Goal = &definition.Goal{Event: s.Goal.Event, Where: s.Goal.Where, Value: s.Goal.Value, Within: span(t, s.Goal.Within)}
	}
	for _, x := range s.Exits {
		m.Exits = append(m.Exits, x.match())
	}
	if percent, held := strings.CutSuffix(s.Holdout, "%"); held {
		n, err := strconv.Atoi(percent)
		if err != nil {
			t.Fatal(err)
		}
		m.Holdout = int32(n) * 100
	}
	for i := range s.Steps {
		m.Steps = append(m.Steps, s.Steps[i].meaning(t))
	}
	return m
}

func (s *triggerSpec) meaning(t *testing.T) definition.Trigger {
	t.Helper()
	m := definition.Trigger{Enter: s.Enter, MaxAge: span(t, or(s.MaxAge, "1h"))}
	switch {
	case s.Event != nil:
		match := s.Event.match()
		m.Event = &match
	case s.FunnelDrop != nil:
		m.FunnelDrop = &definition.DropTrigger{Funnel: "Funnel/shop/" + s.FunnelDrop.Funnel, Stage: s.FunnelDrop.Stage}
	case s.Segment != nil:
		m.Segment = &definition.SegmentTrigger{Where: s.Segment.Where}
	case s.Date != nil:
		days, offset := s.Date.offset(t)
		m.Date = &definition.DateTrigger{
			Attribute: s.Date.Attribute, OffsetDays: days, Offset: offset, At: or(s.Date.At, "10:00"), Yearly: s.Date.Yearly,
			LeapDay: definition.LeapDay(s.Date.LeapDay),
		}
	case s.Schedule != nil:
		m.Schedule = &definition.ScheduleTrigger{Cron: s.Schedule.Cron, Once: s.Schedule.At, ContactZone: s.Schedule.Zone == "Contact"}
	}
	return m
}

func (d *dateSpec) offset(t *testing.T) (days int32, offset time.Duration) {
	t.Helper()
	sign, text := time.Duration(1), d.Offset
	if rest, before := strings.CutPrefix(text, "-"); before {
		sign, text = -1, rest
	}
	offset = sign * span(t, text)
	if offset%day == 0 {
		return int32(offset / day), 0
	}
	return 0, offset
}

func (s *stepSpec) meaning(t *testing.T) definition.Step {
	t.Helper()
	m := definition.Step{Name: s.Name, Then: s.Then, Exit: s.Exit}
	switch {
	case s.Send != nil:
		m.Send = s.Send.meaning(t)
	case s.Wait != nil:
		m.Wait = s.Wait.meaning(t)
	case s.WaitFor != nil:
		m.WaitFor = &definition.WaitFor{AnyOf: s.WaitFor.AnyOf, Timeout: span(t, s.WaitFor.Timeout), OnTimeout: s.WaitFor.OnTimeout}
		if s.WaitFor.Awaited != (definition.Awaited{}) {
			m.WaitFor.AnyOf = []definition.Awaited{s.WaitFor.Awaited}
		}
	case s.Branch != nil:
		m.Branch = &definition.Branch{Cases: s.Branch.Cases, Else: s.Branch.Else}
	case s.Split != nil:
		m.Split = &definition.Split{Ways: s.Split.Ways}
	case s.Set != nil:
		m.Set = &definition.Set{Attributes: s.Set}
	case s.Webhook != nil:
		m.Webhook = &definition.WebhookStep{Channel: channelKey("hook"), Payload: "{}", Store: s.Webhook.Store, OnFailure: s.Webhook.OnFailure}
	case s.Enter != "":
		m.Enter = &definition.EnterStep{Scenario: scenarioKey(s.Enter)}
	case s.Task != nil:
		m.Task = &definition.Task{
			Channel: channelKey("hook"), Title: "Call", Due: span(t, s.Task.Due), Done: s.Task.Done.match(), OnOverdue: s.Task.OnOverdue,
		}
	}
	return m
}

func (s *sendSpec) meaning(t *testing.T) *definition.Send {
	t.Helper()
	m := &definition.Send{
		Channel: channelKey(or(s.Channel, "hook")), Purpose: or(s.Purpose, definition.Marketing), Topic: s.Topic, Window: s.Window,
		ExpireAfter: span(t, s.ExpireAfter),
	}
	content := map[string]definition.Content{"": {Subject: "Hello", Text: "Hello"}}
	for _, name := range slices.Sorted(maps.Keys(s.Variants)) {
		m.Variants = append(m.Variants, definition.Variant{Name: name, Weight: s.Variants[name], Contents: content})
	}
	if len(m.Variants) == 0 {
		m.Variants = []definition.Variant{{Weight: 1, Contents: content}}
	}
	return m
}

func (s *waitSpec) meaning(t *testing.T) *definition.Wait {
	t.Helper()
	m := &definition.Wait{
		For: span(t, s.For), SinceEntry: span(t, s.SinceEntry), NextDay: s.NextDay, OnPast: definition.OnPast(s.OnPast), Follow: s.Follow,
	}
	if s.Until == nil {
		return m
	}
	m.Weekday, m.TimeOfDay, m.At = s.Until.Weekday, s.Until.Time, s.Until.At
	if d := s.Until.Date; d != nil {
		days, offset := d.offset(t)
		m.Date, m.OffsetDays, m.Offset, m.At = d.Attribute, days, offset, or(d.At, "10:00")
		m.OnPast = or(s.OnPast, definition.PastContinue)
	}
	return m
}

func scenarioKey(name string) string { return "NurtureScenario/shop/" + name }

func channelKey(name string) string { return "MessageChannel/shop/" + name }

func mustJSON(t failer, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("write JSON: %v", err)
	}
	return b
}
