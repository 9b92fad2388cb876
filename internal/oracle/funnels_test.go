// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
)

var (
	conditions = []string{"", "", "", "", "", "", "", "", "", "event.data.n > 1", "event.data.n <= 1", "!has(event.data.n)", "event.source == 'x'", "event.data.flag", "event.data.list.exists(i, i == event.data.n)"}
	values     = []string{"", "", "event.data.v", "event.data.v * 2", "event.data.n"}
	properties = []string{"event.data.n", "event.data.k", "event.source", "event.data.flag"}
	documents  = []string{"", `{}`, `{"n": 1}`, `{"n": 2, "v": 3.5}`, `{"n": "2", "v": "10.000001"}`, `{"v": -1, "flag": true}`, `{"v": "much", "flag": "yes"}`, `{"n": 2, "list": [1, 2]}`, `{"k": 7}`, `{"k": ""}`, `{"k": {}}`}
)

// oneIn is true once in n times.
func oneIn(t *rapid.T, n int, label string) bool { return rapid.IntRange(0, n-1).Draw(t, label) == n-1 }

// drawFunnel gives a funnel with any of its features, each of them in a part of the cases.
func drawFunnel(t *rapid.T, s setting) definition.Funnel {
	f := definition.Funnel{
		Window:      s.span(t, 1, 9, "window"),
		TimeZone:    s.zone,
		Order:       rapid.SampledFrom([]definition.Order{definition.Ordered, definition.Ordered, definition.Strict, definition.Any}).Draw(t, "order"),
		EntryPolicy: rapid.SampledFrom([]definition.EntryPolicy{definition.LatestStart, definition.FirstStart}).Draw(t, "entry policy"),
		Count:       rapid.SampledFrom([]definition.Count{definition.Contacts, definition.Contacts, definition.Entries}).Draw(t, "count"),
		Lateness:    rapid.SampledFrom([]time.Duration{2 * s.step, 6 * s.step, 1000 * day, 1000 * day}).Draw(t, "lateness"),
		Period:      drawPeriod(t, s),
	}
	if f.Order == definition.Strict {
		f.Ignore = slices.DeleteFunc(slices.Clone(eventTypes), func(string) bool { return !oneIn(t, 3, "ignored") })
	}
	if oneIn(t, 3, "correlates") {
		f.CorrelateBy = "event.data.k"
	}
	if oneIn(t, 4, "aggregates") {
		f.Aggregates = []definition.Aggregate{{
			Name: "views", Event: rapid.SampledFrom(moreTypes).Draw(t, "type"),
			Where: rapid.SampledFrom(conditions).Draw(t, "where"), Sum: "event.data.v",
		}}
	}
	drawStages(t, s, &f)
	drawExclusions(t, &f)
	for i := range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "breakdowns") {
		f.Breakdowns = append(f.Breakdowns, definition.Breakdown{
			Name: fmt.Sprint("b", i), By: rapid.SampledFrom(properties).Draw(t, "by"), Stage: rapid.IntRange(0, len(f.Stages)-1).Draw(t, "at"),
		})
	}
	return f
}

func drawPeriod(t *rapid.T, s setting) definition.Period {
	switch rapid.IntRange(0, 4).Draw(t, "kind of period") {
	case 0, 1:
		date := func(least, most int, label string) string {
			return s.base.UTC().AddDate(0, 0, rapid.IntRange(least, most).Draw(t, label)).Format(time.DateOnly)
		}
		return definition.Period{From: date(-3, 1, "from"), To: date(1, rapid.SampledFrom([]int{6, 40}).Draw(t, "longest"), "to")}
	case 2:
		return definition.Period{Calendar: rapid.SampledFrom([]definition.Calendar{definition.Week, definition.Month, definition.Quarter, definition.Year}).Draw(t, "calendar")}
	}
	return definition.Period{RollingDays: rapid.IntRange(1, rapid.SampledFrom([]int{4, 40}).Draw(t, "most")).Draw(t, "rolling days")}
}

func drawStages(t *rapid.T, s setting, f *definition.Funnel) {
	n := rapid.IntRange(2-len(f.Aggregates), 5).Draw(t, "stages")
	for i := range n {
		stage := definition.Stage{
			Name: fmt.Sprint("s", i), Value: rapid.SampledFrom(values).Draw(t, "value"),
			Optional: i > 0 && f.Order != definition.Any && oneIn(t, 4, "optional"),
		}
		for range rapid.IntRange(1, 2).Draw(t, "matches") {
			kind := eventTypes[i%len(eventTypes)]
			if oneIn(t, 3, "overlaps") {
				kind = rapid.SampledFrom(eventTypes).Draw(t, "type")
			}
			stage.Matches = append(stage.Matches, definition.EventMatch{
				Event: kind, Where: rapid.SampledFrom(conditions).Draw(t, "where"),
			})
		}
		stage.AnyOf = len(stage.Matches) > 1
		if stage.Value != "" && oneIn(t, 2, "refunds") {
			stage.Refund = &definition.Refund{
				Event:   rapid.SampledFrom(moreTypes).Draw(t, "type"),
				Amount:  "event.data.v",
				MatchBy: rapid.SampledFrom(properties).Draw(t, "matchBy"),
			}
		}
		if i < n-1 {
			switch rapid.IntRange(0, 3).Draw(t, "drops early") {
			case 0, 1:
				stage.DropAfter = s.span(t, 1, 5, "dropAfter")
			case 2:
				stage.DropAfterIdle = s.span(t, 1, 5, "dropAfterIdle")
			}
		}
		f.Stages = append(f.Stages, stage)
	}
}

func drawExclusions(t *rapid.T, f *definition.Funnel) {
	last := len(f.Stages) - 1
	if last == 0 {
		return
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "exclusions") {
		x := definition.Exclusion{
			Event: rapid.SampledFrom(moreTypes).Draw(t, "type"), Where: rapid.SampledFrom(conditions).Draw(t, "where"), Before: last,
			Action: rapid.SampledFrom([]definition.ExclusionAction{definition.Discard, definition.End}).Draw(t, "action"),
		}
		if f.Order != definition.Any {
			x.After = rapid.IntRange(0, last-1).Draw(t, "after")
			x.Before = rapid.IntRange(x.After+1, last).Draw(t, "before")
		}
		f.Exclusions = append(f.Exclusions, x)
	}
}
