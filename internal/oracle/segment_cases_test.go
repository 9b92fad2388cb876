// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// drawSegment gives a segment with any functions, whose condition asks for any of its traits and for attributes.
func drawSegment(t *rapid.T, s setting) definition.Segment {
	d := definition.Segment{
		TimeZone: s.zone, Days: rapid.SampledFrom([]int{1, 2, 5, 40}).Draw(t, "segment's days"),
		Lateness: rapid.SampledFrom([]time.Duration{2 * s.step, 6 * s.step, 1000 * day, 1000 * day}).Draw(t, "segment's lateness"),
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "traits") {
		d.Traits = append(d.Traits, drawTrait(t, s, fmt.Sprint("t", i), d.Traits))
	}
	var parts []string
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		part := rapid.SampledFrom([]string{
			"contact.attributes.plan == 'pro'", "!has(contact.attributes.plan)", "contact.attributes.age < 18",
		}).Draw(t, "asks for an attribute")
		if len(d.Traits) > 0 && !oneIn(t, 3, "attribute") {
			part = drawQuestion(t, s, rapid.SampledFrom(d.Traits).Draw(t, "asks for"))
		}
		if oneIn(t, 4, "not") {
			part = "!(" + part + ")"
		}
		parts = append(parts, part)
	}
	d.Where = strings.Join(parts, rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "joined by"))
	return d
}

func drawTrait(t *rapid.T, s setting, name string, earlier []definition.Trait) definition.Trait {
	trait := definition.Trait{Name: name, Function: rapid.SampledFrom([]definition.TraitFunction{
		definition.TraitCount, definition.TraitSum, definition.TraitFirst, definition.TraitLast, definition.TraitDistinct, definition.TraitRank,
	}).Draw(t, "function")}
	ranked := slices.DeleteFunc(slices.Clone(earlier), func(t definition.Trait) bool { return t.Function == definition.TraitRank })
	if trait.Function == definition.TraitRank && len(ranked) == 0 {
		trait.Function = definition.TraitCount
	}
	if trait.Function == definition.TraitRank {
		base := rapid.SampledFrom(ranked).Draw(t, "ranked")
		trait.Of, trait.Ranks = base.Name, rapid.IntRange(2, 3).Draw(t, "ranks")
		cuts := []aggregate.Micros{1_000_000, 2_000_000, 3_500_000}
		if isTime(base) {
			cuts = []aggregate.Micros{aggregate.Micros(s.base.Add(s.step)), aggregate.Micros(s.base.Add(3 * s.step)), aggregate.Micros(s.base.Add(5 * s.step))}
		}
		if rapid.Bool().Draw(t, "has cuts") {
			trait.Cuts = cuts[:trait.Ranks-1]
		}
		return trait
	}
	trait.Event = rapid.SampledFrom(moreTypes).Draw(t, "trait's type")
	trait.Where = rapid.SampledFrom(conditions).Draw(t, "trait's where")
	switch trait.Function {
	case definition.TraitSum:
		trait.Of = rapid.SampledFrom([]string{"event.data.v", "event.data.n", "event.data.v * 2"}).Draw(t, "sum of")
	case definition.TraitDistinct:
		trait.Of = rapid.SampledFrom(properties).Draw(t, "distinct of")
	case definition.TraitFirst, definition.TraitLast:
		trait.Of = rapid.SampledFrom([]string{"", "", "event.data.n", "event.data.v", "event.data.k", "event.data.flag", "event.time"}).Draw(t, "value of")
	}
	if oneIn(t, 2, "within") {
		trait.Within = s.span(t, 1, 6, "within")
	}
	return trait
}

func isTime(t definition.Trait) bool {
	return (t.Function == definition.TraitFirst || t.Function == definition.TraitLast) && (t.Of == "" || t.Of == "event.time")
}

// drawQuestion gives a condition on a trait.
func drawQuestion(t *rapid.T, s setting, trait definition.Trait) string {
	name := "contact.traits." + trait.Name
	switch {
	case isTime(trait):
		when := s.instant(t, 12, "compared time").UTC().Format(time.RFC3339Nano)
		return name + rapid.SampledFrom([]string{" < ", " >= "}).Draw(t, "compared by") + "timestamp('" + when + "')"
	case trait.Function == definition.TraitFirst || trait.Function == definition.TraitLast:
		return rapid.SampledFrom([]string{"has(" + name + ")", name + " == 1", name + " == 'p'", name + " > 1"}).Draw(t, "compared")
	case trait.Function == definition.TraitSum:
		return name + rapid.SampledFrom([]string{" > 0", " >= 3.5", " == 0.25", " <= 7"}).Draw(t, "compared sum")
	}
	return name + rapid.SampledFrom([]string{" == 0", " > 0", " == 1", " >= 2", " == 2", " < 3"}).Draw(t, "compared number")
}

// written is the source of events that write attributes.
const written = "w"

// withWrites adds some events that write attributes, at random places.
func withWrites(t *rapid.T, s setting, events []event.Event) []event.Event {
	for i := range rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "attributes written") {
		at := s.instant(t, 12, "written at")
		e := event.Event{
			Contact: rapid.SampledFrom([]string{"contact-1", "contact-2", "contact-9"}).Draw(t, "whose"), Type: event.Identify,
			Source: written, ID: fmt.Sprint(i), Time: at, Received: at, Data: drawWritten(t),
		}
		events = slices.Insert(events, rapid.IntRange(0, len(events)).Draw(t, "place"), e)
	}
	return events
}

func drawWritten(t *rapid.T) []byte {
	return []byte(rapid.SampledFrom([]string{
		`{"traits": {"plan": "pro"}}`, `{"traits": {"plan": "pro", "age": 30}}`, `{"traits": {"plan": "free"}}`, `{"traits": {"age": 17}}`,
		`{"traits": {"plan": null}}`, `{"traits": {}}`, `{"traits": 5}`, `{}`,
	}).Draw(t, "attributes"))
}
