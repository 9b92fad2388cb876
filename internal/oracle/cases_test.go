// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const day = 24 * time.Hour

// A random case lives on a coarse grid of instants, so that events and deadlines often fall together. The grid's step is
// either far below a day, so that windows matter, or near it, so that days do.

// setting is where a random case takes place: an instant near which something happens to the zone's clocks, and the grid.
type setting struct {
	zone string
	base event.Time
	step time.Duration
}

var places = []struct {
	zone string
	near string
}{
	{"UTC", "2026-11-02T00:00:00Z"},
	{"Europe/Moscow", "2026-11-02T21:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"}, // 23 hours long
	{"America/New_York", "2026-11-01T06:00:00Z"}, // 25 hours long
	{"Europe/Berlin", "2026-03-29T01:00:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"}, // clocks go back by half an hour
	{"Asia/Kathmandu", "2026-06-01T18:15:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},     // a day that did not exist
	{"America/Santiago", "2026-09-06T04:00:00Z"}, // midnight does not exist
	{"Africa/Cairo", "2026-10-29T21:00:00Z"},     // midnight comes twice
}

func drawSetting(t *rapid.T) setting {
	place := rapid.SampledFrom(places).Draw(t, "place")
	near, err := time.Parse(time.RFC3339, place.near)
	if err != nil {
		t.Fatal(err)
	}
	step := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, 10 * time.Minute, time.Hour, 5 * time.Hour, day}).Draw(t, "step")
	return setting{place.zone, event.At(near).Add(-time.Duration(rapid.IntRange(0, 6).Draw(t, "before")) * step), step}
}

func (s setting) instant(t *rapid.T, most int, label string) event.Time {
	return s.base.Add(time.Duration(rapid.IntRange(0, most).Draw(t, label)) * s.step)
}

// span is a few steps, sometimes a microsecond more.
func (s setting) span(t *rapid.T, least, most int, label string) time.Duration {
	d := time.Duration(rapid.IntRange(least, most).Draw(t, label)) * s.step
	if rapid.IntRange(0, 3).Draw(t, label+" and a microsecond") == 0 {
		d += time.Microsecond
	}
	return d
}

var (
	conditions = []string{"", "", "", "", "", "", "", "", "", "event.data.n > 1", "event.data.n <= 1", "!has(event.data.n)", "event.source == 'x'", "event.data.flag", "event.data.list.exists(i, i == event.data.n)"}
	values     = []string{"", "", "event.data.v", "event.data.v * 2", "event.data.n"}
	documents  = []string{"", `{}`, `{"n": 1}`, `{"n": 2, "v": 3.5}`, `{"n": "2", "v": "10.000001"}`, `{"v": -1, "flag": true}`, `{"v": "much", "flag": "yes"}`, `{"n": 2, "list": [1, 2]}`}
	eventTypes = []string{"a", "b", "c", "d"}
)

func drawFunnel(t *rapid.T, s setting) definition.Funnel {
	f := definition.Funnel{
		Window:      s.span(t, 1, 9, "window"),
		TimeZone:    s.zone,
		Order:       definition.Ordered,
		EntryPolicy: rapid.SampledFrom([]definition.EntryPolicy{definition.LatestStart, definition.FirstStart}).Draw(t, "entry policy"),
		Lateness:    rapid.SampledFrom([]time.Duration{2 * s.step, 6 * s.step, 1000 * day, 1000 * day}).Draw(t, "lateness"),
		Period:      definition.Period{RollingDays: rapid.IntRange(1, 4).Draw(t, "rolling days")},
	}
	if rapid.Bool().Draw(t, "between") {
		date := func(least, most int, label string) string {
			return s.base.UTC().AddDate(0, 0, rapid.IntRange(least, most).Draw(t, label)).Format(time.DateOnly)
		}
		f.Period = definition.Period{From: date(-3, 1, "from"), To: date(1, 6, "to")}
	}
	for i := range rapid.IntRange(2, 5).Draw(t, "stages") {
		stage := definition.Stage{Name: fmt.Sprint("s", i), Value: rapid.SampledFrom(values).Draw(t, "value")}
		for range rapid.IntRange(1, 2).Draw(t, "matches") {
			kind := eventTypes[i%len(eventTypes)]
			if rapid.IntRange(0, 2).Draw(t, "overlaps") == 0 {
				kind = rapid.SampledFrom(eventTypes).Draw(t, "type")
			}
			stage.Matches = append(stage.Matches, definition.EventMatch{
				Event: kind, Where: rapid.SampledFrom(conditions).Draw(t, "where"),
			})
		}
		if rapid.Bool().Draw(t, "drops early") {
			stage.DropAfter = s.span(t, 1, 5, "dropAfter")
		}
		f.Stages = append(f.Stages, stage)
	}
	return f
}

// drawEvents gives events in no order, some of them of an identity that another one has.
func drawEvents(t *rapid.T, s setting) []event.Event {
	contacts := rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "contacts")
	events := make([]event.Event, rapid.IntRange(4, 30).Draw(t, "events"))
	for i := range events {
		events[i] = event.Event{
			Contact: fmt.Sprint("contact-", rapid.IntRange(1, contacts).Draw(t, "contact")),
			Type:    rapid.SampledFrom(eventTypes).Draw(t, "type"),
			Source:  rapid.SampledFrom([]string{"x", "y"}).Draw(t, "source"),
			ID:      fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id")),
			Time:    s.instant(t, 12, "time"),
		}
		if doc := rapid.SampledFrom(documents).Draw(t, "data"); doc != "" {
			events[i].Data = []byte(doc)
		}
		events[i].Received = events[i].Time
		if rapid.IntRange(0, 9).Draw(t, "clamped") == 0 {
			events[i].Flags |= event.Clamped
		}
	}
	return events
}

// drawLog puts the events into chunks of any size with ticks between them. The first record is an owner's epoch.
func drawLog(t *rapid.T, s setting, events []event.Event) []record.Record {
	log := []record.Record{{Kind: record.Epoch, Epoch: record.EpochRecord{
		Epoch: 1, Engine: 1, TimeZoneData: definition.TimeZoneData, Time: s.base.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "epoch")) * s.step),
	}}}
	for len(events) > 0 {
		n := rapid.IntRange(1, min(5, len(events))).Draw(t, "chunk")
		chunk := record.Record{Kind: record.Events}
		for i := range events[:n] {
			chunk.Chunk = event.Append(chunk.Chunk, &events[i])
		}
		log, events = append(log, chunk), events[n:]
		if rapid.IntRange(0, 2).Draw(t, "tick follows") == 0 {
			tick := s.instant(t, 16, "tick") + event.Time(rapid.IntRange(0, 1).Draw(t, "tick's microsecond"))
			log = append(log, record.Record{Kind: record.Tick, Tick: tick})
		}
	}
	return log
}
