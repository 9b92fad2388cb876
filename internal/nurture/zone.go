// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package nurture

import (
	"strings"
	"time"

	"github.com/waymark-dev/waymark/internal/calendar"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

// zoneOf is a contact's zone, once it was asked for.
type zoneOf struct{ location *time.Location }

// zone gives the contact's zone: its own where it has one that there is, else the workspace's.
func (w *World) zone(s *Subject, sc *Scenario) *time.Location {
	if s.zone.location != nil {
		return s.zone.location
	}
	s.zone.location = w.Policy.Location
	if name, present := sc.text(&w.Policy.Zone, &definition.Question{Attributes: s.Attributes}); present && name != "" {
		if location, err := zoneinfo.Load(name); err == nil {
			s.zone.location = location
		}
	}
	return s.zone.location
}

// nextSchedule gives a schedule's first instant after another.
func nextSchedule(p *definition.ScenarioProgram, after event.Time, zone *time.Location) (event.Time, bool) {
	if p.Trigger.Cron != nil {
		return p.Trigger.Cron.Next(after, zone)
	}
	at, ok := calendar.ParseLocal(p.Meaning.Trigger.Schedule.Once, zone)
	if !ok || at <= after {
		return 0, false
	}
	return at, true
}

// hours are a policy's quiet hours as minutes of the day.
type hours struct{ from, to int }

func hoursOf(p *definition.Policy) hours {
	if p.QuietFrom == "" || p.QuietTo == "" {
		return hours{}
	}
	return hours{minuteOf(p.QuietFrom), minuteOf(p.QuietTo)}
}

// minuteOf reads a time of day that was checked when it was compiled; empty is midnight.
func minuteOf(text string) int {
	minute, _ := calendar.MinuteOfDay(text)
	return minute
}

func cloneString(s string) string { return strings.Clone(s) }
