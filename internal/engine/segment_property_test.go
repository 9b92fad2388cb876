// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// aSegment draws a segment over the same types as aFunnel, with traits of all kinds.
func aSegment(t *rapid.T) definition.Segment {
	within := func(name string) time.Duration {
		return time.Duration(rapid.SampledFrom([]int{0, 3, 30}).Draw(t, name)) * time.Hour
	}
	return definition.Segment{
		TimeZone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Havana"}).Draw(t, "segment's zone"),
		Where: rapid.SampledFrom([]string{
			"contact.traits.n >= 2", "contact.traits.n == 0", "contact.traits.s > 1 || contact.attributes.plan == 'pro'",
			"contact.traits.first < contact.traits.last", "contact.traits.d > 1", "contact.traits.r >= 2 && contact.attributes.plan != 'free'",
			"contact.traits.seen > timestamp('2026-11-03T00:00:00Z')", "contact.attributes.plan == 'pro'",
		}).Draw(t, "who"),
		Traits: []definition.Trait{
			{Name: "n", Function: definition.TraitCount, Event: "a", Within: within("n within")},
			{Name: "s", Function: definition.TraitSum, Event: "b", Of: "event.data.n", Within: within("s within")},
			{Name: "first", Function: definition.TraitFirst, Event: "a", Of: "event.data.n", Where: "event.data.n != 0", Within: within("first within")},
			{Name: "last", Function: definition.TraitLast, Event: "a", Of: "event.data.n", Within: within("last within")},
			{Name: "seen", Function: definition.TraitLast, Event: "c", Within: within("seen within")},
			{Name: "d", Function: definition.TraitDistinct, Event: "c", Of: "event.data.n", Within: within("d within")},
			{Name: "r", Function: definition.TraitRank, Of: "s", Ranks: 3, Cuts: []aggregate.Micros{0, 2_000_000}},
			{Name: "when", Function: definition.TraitRank, Of: "seen", Ranks: 2},
		},
		Days: rapid.IntRange(1, 3).Draw(t, "days"), Lateness: hours(t, 1, 60, "segment's lateness"),

		SignalMaxAge: rapid.SampledFrom([]time.Duration{0, 2 * time.Hour, 60 * time.Hour}).Draw(t, "segment's signals"),
	}
}
