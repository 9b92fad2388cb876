// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// kind is what is folded and counted like funnels, with the events that suit it. With a lateness it has that one.
type kind struct {
	subject func(t *rapid.T, s setting, lateness time.Duration) subject
	adorn   func(t *rapid.T, s setting, events []event.Event) []event.Event
}

var kinds = map[string]kind{
	"segment": {
		func(t *rapid.T, s setting, lateness time.Duration) subject {
			d := drawSegment(t, s)
			d.Lateness = cmp.Or(lateness, d.Lateness)
			return segmentSubject(t, d)
		},
		withWrites,
	},
	"funnel of a segment": {
		func(t *rapid.T, s setting, lateness time.Duration) subject {
			f, segment := drawFunnel(t, s), drawSegment(t, s)
			f.Lateness = cmp.Or(lateness, f.Lateness)
			segment.Lateness = f.Lateness
			f.Segment = &segment
			return funnelSubject(t, f)
		},
		withWrites,
	},
	"journey": {
		func(t *rapid.T, s setting, lateness time.Duration) subject {
			j := drawJourney(t, s)
			j.Funnel.Lateness = cmp.Or(lateness, j.Funnel.Lateness)
			if j.Funnel.Segment != nil {
				j.Funnel.Segment.Lateness = j.Funnel.Lateness
			}
			return journeySubject(t, j)
		},
		func(t *rapid.T, s setting, events []event.Event) []event.Event {
			return withAnswers(t, withWrites(t, s, events))
		},
	},
}

// drawKind gives one of the kinds.
func drawKind(t *rapid.T) kind {
	return kinds[rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(t, "kind of definition")]
}

// TestOtherKindsEqualOracle does for segments, funnels of segments and journeys what TestEngineEqualsOracle does for funnels.
func TestOtherKindsEqualOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, k := drawSetting(t), drawKind(t)
		follow(t, s, newPartitionOf(t, k.subject(t, s, 0)), func(t *rapid.T, s setting) []event.Event { return k.adorn(t, s, drawEvents(t, s)) })
	})
}

// TestOtherKindsEqualOracleAsTimeGoesBy does so for events that arrive about when they happen, for many times longer than they are kept.
func TestOtherKindsEqualOracleAsTimeGoesBy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, k := drawSetting(t), drawKind(t)
		s.step = rapid.SampledFrom([]time.Duration{time.Hour, 5 * time.Hour, day}).Draw(t, "step")
		of := k.subject(t, s, s.span(t, 0, 6, "lateness"))
		var stream []record.Record
		for _, r := range drawStream(t, s) {
			stream = append(stream, adorned(t, s, r, k.adorn))
		}
		followStream(t, s, newPartitionOf(t, of), stream)
	})
}

// TestOtherKindsOfJoinedContactsEqualOracle does for them what TestJoinedContactsEqualOracle does for funnels.
func TestOtherKindsOfJoinedContactsEqualOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, k := drawSetting(t), drawKind(t)
		of := k.subject(t, s, rapid.SampledFrom([]time.Duration{1000 * day, 1000 * day, 6 * s.step}).Draw(t, "lateness of all"))
		followJoined(t, s, of, func() []event.Event {
			return drawIdentities(t, s, k.adorn(t, s, drawEvents(t, s)), true)
		})
	})
}

// adorned adds to a record of events what suits the kind, at about their time.
func adorned(t *rapid.T, s setting, r record.Record, adorn func(*rapid.T, setting, []event.Event) []event.Event) record.Record {
	if r.Kind != record.Events || !oneIn(t, 3, "adorned") {
		return r
	}
	var events []event.Event
	for _, told := range seen(t, 1, r) {
		events = append(events, *told.Event)
	}
	s.base = events[0].Received.Add(-6 * s.step)
	out := record.Record{Kind: record.Events}
	for _, e := range adorn(t, s, events) {
		if e.Source == written { // an identity of its own
			e.ID = events[0].ID + e.ID
		}
		out.Chunk = event.Append(out.Chunk, &e)
	}
	return out
}
