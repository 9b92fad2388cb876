// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"strings"
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
	eventTypes = []string{"a", "b", "c", "d"}
	moreTypes  = append([]string{"e", "waymark.x"}, eventTypes...)
)

// drawEvents gives events in no order, some of them of an identity that another one has.
func drawEvents(t *rapid.T, s setting) []event.Event {
	return drawSomeEvents(t, s, rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(t, "contacts"), rapid.IntRange(4, 30).Draw(t, "events"),
		rapid.SampledFrom([]int{3, 12, 12}).Draw(t, "last instant"))
}

// drawSomeEvents spreads them over some steps of the grid. Three in four are of the types that most stages ask for.
func drawSomeEvents(t *rapid.T, s setting, contacts, n, steps int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		types := eventTypes
		if rapid.IntRange(0, 3).Draw(t, "another type") == 0 {
			types = moreTypes
		}
		events[i] = event.Event{
			Contact: fmt.Sprint("contact-", rapid.IntRange(1, contacts).Draw(t, "contact")),
			Type:    rapid.SampledFrom(types).Draw(t, "type"),
			Source:  rapid.SampledFrom([]string{"x", "y"}).Draw(t, "source"),
			ID:      fmt.Sprint(rapid.IntRange(0, 2*n).Draw(t, "id")),
			Time:    s.instant(t, steps, "time"),
		}
		events[i].Data = drawData(t)
		events[i].Received = events[i].Time
		if rapid.IntRange(0, 9).Draw(t, "clamped") == 0 {
			events[i].Flags |= event.Clamped
		}
	}
	return events
}

// drawData gives an event's data: one of the odd documents, or some of the usual fields. n is a small number, k what belongs together.
func drawData(t *rapid.T) []byte {
	if rapid.IntRange(0, 3).Draw(t, "odd data") == 0 {
		return []byte(rapid.SampledFrom(documents).Draw(t, "data"))
	}
	var fields []string
	for _, f := range []string{`"n": 1`, `"v": 3.5`, `"k": "p"`} {
		switch rapid.IntRange(0, 3).Draw(t, "field") {
		case 0:
			fields = append(fields, f)
		case 1:
			fields = append(fields, strings.NewReplacer("1", "2", "3.5", "0.25", "p", "q").Replace(f))
		}
	}
	return []byte("{" + strings.Join(fields, ", ") + "}")
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

// drawStream gives a log whose clock goes on with the events. Most of them are a few steps late, some come twice.
func drawStream(t *rapid.T, s setting) []record.Record {
	var log []record.Record
	clock := s.base
	for i := range rapid.IntRange(10, 50).Draw(t, "records") {
		chunk := record.Record{Kind: record.Events}
		for _, e := range drawSomeEvents(t, s, 2, rapid.IntRange(1, 2).Draw(t, "events"), 0) {
			e.ID = fmt.Sprint(i, e.ID)
			e.Time = clock.Add(-time.Duration(rapid.IntRange(0, 7).Draw(t, "late by")) * s.step)
			e.Received = clock
			chunk.Chunk = event.Append(chunk.Chunk, &e)
			if oneIn(t, 10, "twice") {
				chunk.Chunk = event.Append(chunk.Chunk, &e)
			}
		}
		clock = clock.Add(s.span(t, 0, 6, "time goes by"))
		log = append(log, record.Record{Kind: record.Tick, Tick: clock}, chunk)
	}
	return log
}
