// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/definition"
)

func TestWhenWaitsEnd(t *testing.T) {
	tests := map[string]struct {
		now        string
		wait       definition.Wait
		attributes map[string]any
		until      string // empty: it does not wait
		exited     map[string]int64
	}{
		"a day is 24 hours":           {"2026-03-28T12:00:00+01:00", definition.Wait{For: day}, berlin(nil), "2026-03-29T13:00:00+02:00", nil},
		"the next calendar day":       {"2026-03-28T12:00:00+01:00", definition.Wait{NextDay: "10:00"}, berlin(nil), "2026-03-29T10:00:00+02:00", nil},
		"the next day's gap":          {"2026-03-28T12:00:00+01:00", definition.Wait{NextDay: "02:30"}, berlin(nil), "2026-03-29T03:30:00+02:00", nil},
		"the workspace's zone":        {"2026-03-28T12:00:00+01:00", definition.Wait{NextDay: "10:00"}, nil, "2026-03-29T10:00:00Z", nil},
		"a zone that there is not":    {"2026-03-28T12:00:00+01:00", definition.Wait{NextDay: "10:00"}, map[string]any{"timezone": "Mars/Base"}, "2026-03-29T10:00:00Z", nil},
		"a time of day, still today":  {"2026-11-20T08:00:00Z", definition.Wait{TimeOfDay: "10:00"}, nil, "2026-11-20T10:00:00Z", nil},
		"a weekday":                   {"2026-11-20T08:00:00Z", definition.Wait{Weekday: 1, At: "09:00"}, nil, "2026-11-23T09:00:00Z", nil},
		"since entry":                 {"2026-11-20T08:00:00Z", definition.Wait{SinceEntry: 2 * day}, nil, "2026-11-22T08:00:00Z", nil},
		"a date, three days before":   {"2026-11-20T08:00:00Z", date(definition.Wait{OffsetDays: -3}), map[string]any{"trial": "2026-12-01"}, "2026-11-28T10:00:00Z", nil},
		"an hour before an instant":   {"2026-11-20T08:00:00Z", date(definition.Wait{Offset: -time.Hour}), map[string]any{"trial": "2026-12-01T18:00:00+03:00"}, "2026-12-01T14:00:00Z", nil},
		"a date that is over":         {"2026-11-20T08:00:00Z", date(definition.Wait{}), map[string]any{"trial": "2026-11-01"}, "", nil},
		"a date that is over, exit":   {"2026-11-20T08:00:00Z", date(definition.Wait{OnPast: definition.PastExit}), map[string]any{"trial": "2026-11-01"}, "", map[string]int64{DatePassed: 1}},
		"a date that is over, skip":   {"2026-11-20T08:00:00Z", date(definition.Wait{OnPast: definition.PastSkip}), map[string]any{"trial": "2026-11-01"}, "", map[string]int64{Done: 1}},
		"a date that nobody knows":    {"2026-11-20T08:00:00Z", date(definition.Wait{}), nil, "", map[string]int64{DateUnresolved: 1}},
		"a date that nobody can read": {"2026-11-20T08:00:00Z", date(definition.Wait{}), map[string]any{"trial": "soon"}, "", map[string]int64{DateUnresolved: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps[0].Wait = &test.wait }))
			now, err := time.Parse(time.RFC3339, test.now)
			if err != nil {
				t.Fatal(err)
			}
			g.now = now
			g.scenario(coupon).Since = 0
			if test.attributes != nil {
				g.identify("anna", test.attributes)
			}
			g.happens("anna", "signed.up", `{}`)
			got := ""
			if due := g.people["anna"].state.Due(); due != 0 {
				got = due.UTC().Format(time.RFC3339)
			}
			want := ""
			if test.until != "" {
				until, err := time.Parse(time.RFC3339, test.until)
				if err != nil {
					t.Fatal(err)
				}
				want = until.UTC().Format(time.RFC3339)
			}
			if got != want {
				t.Errorf("waits until %q, want %q", got, want)
			}
			counts(t, "exited", test.exited, g.scenario(coupon).Tally.Exited)
			if test.until == "" && test.exited == nil && len(g.people["anna"].state.Wanted(&g.world, 1<<60)) != 1 {
				t.Error("it did not go on")
			}
		})
	}
}

func berlin(attributes map[string]any) map[string]any {
	if attributes == nil {
		attributes = map[string]any{}
	}
	attributes["timezone"] = "Europe/Berlin"
	return attributes
}

func date(w definition.Wait) definition.Wait {
	w.Date, w.At = "contact.attributes.trial", "10:00"
	return w
}

func TestADateIsFollowed(t *testing.T) {
	g := newStage(t, welcome(func(s *definition.Scenario) {
		w := date(definition.Wait{Follow: true})
		s.Steps[0].Wait = &w
	}))
	g.identify("anna", map[string]any{"email": "a@example.com", "trial": "2026-11-25"})
	g.happens("anna", "signed.up", `{}`)
	g.identify("anna", map[string]any{"trial": "2026-11-28"})
	g.pass(7 * day)
	g.got("anna")
	g.pass(day)
	g.got("anna", "hello")
	g.happens("anna", "signed.up", `{}`)
	g.got("anna", "hello")
	counts(t, "what the second did", map[string]int64{"hello": 2}, g.scenario(coupon).Tally.Steps["day"].Ways)
}

func TestWhatTakesNoTimeIsBounded(t *testing.T) {
	steps := make([]definition.Step, 0, 20)
	for i := range 17 {
		steps = append(steps, definition.Step{
			Name: "b" + string(rune('a'+i)), Split: &definition.Split{Ways: []definition.Way{{Name: "on", Weight: 1}, {Name: "also", Weight: 1}}},
		})
	}
	g := newStage(t, welcome(func(s *definition.Scenario) { s.Steps = steps }))
	g.happens("anna", "signed.up", `{}`)
	counts(t, "exited", map[string]int64{TooManySteps: 1}, g.scenario(coupon).Tally.Exited)
	g = newStage(t, welcome(func(s *definition.Scenario) { s.Steps = steps[:16] }))
	g.happens("anna", "signed.up", `{}`)
	counts(t, "exited", map[string]int64{Done: 1}, g.scenario(coupon).Tally.Exited)
}
