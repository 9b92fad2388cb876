// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/record"
)

// aJourney draws a journey over a drawn funnel, with evidence of all kinds from few types of events.
func aJourney(t *rapid.T) definition.Journey {
	j := definition.Journey{Funnel: aFunnel(t), Suggest: rapid.Bool().Draw(t, "suggests"), SuggestIgnore: []string{"seen"}}
	j.Funnel.SignalMaxAge = 0
	maybeOfMembers(t, &j.Funnel)
	sign := func() definition.Sign {
		return definition.Sign{
			Event:     rapid.SampledFrom([]string{"a", "b", "x", "other", "waymark.own"}).Draw(t, "sign"),
			Where:     rapid.SampledFrom([]string{"", "event.data.n > 0"}).Draw(t, "where"),
			AbsentFor: rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Hour, 10 * time.Hour}).Draw(t, "absent for"),
		}
	}
	if last := len(j.Funnel.Stages) - 1; last > 0 {
		for i := range rapid.IntRange(0, 3).Draw(t, "probes") {
			p := definition.Probe{Kind: definition.ProbeBarrier, Name: fmt.Sprint("p", i), Stage: rapid.IntRange(0, last-1).Draw(t, "at stage")}
			for range rapid.IntRange(1, 2).Draw(t, "signs") {
				p.Signs = append(p.Signs, sign())
			}
			j.Probes = append(j.Probes, p)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "beyond") {
		j.Beyond = append(j.Beyond, definition.BeyondStage{
			Name: fmt.Sprint("b", i), Within: hours(t, 1, 60, "within"),
			Matches: []definition.EventMatch{{Event: rapid.SampledFrom([]string{"a", "c", "x"}).Draw(t, "beyond by")}},
		})
	}
	if rapid.Bool().Draw(t, "asks") {
		j.Survey = &definition.Survey{Journey: surveyed, Answers: []string{"dear", "slow"}, Within: hours(t, 1, 60, "answers within")}
		j.Survey.By = rapid.SampledFrom([]string{"", "string(event.data.n)"}).Draw(t, "by")
	}
	if rapid.Bool().Draw(t, "sells") {
		j.Purchase = &definition.Purchase{Event: "c", Value: "event.data.n", ChurnAfter: hours(t, 1, 100, "churned after")}
	}
	if rapid.Bool().Draw(t, "satisfies") {
		j.Satisfaction = &definition.Satisfaction{Event: "x", Score: "event.data.n"}
	}
	return j
}

// surveyed is the journey that drawn answers name.
const surveyed = "Journey/shop/j"

// aJourneyLog draws a log in which a journey is there from the beginning, beside its Funnel by itself.
func aJourneyLog(t *rapid.T) []record.Record {
	j := aJourney(t)
	return slices.Insert(aLog(t), 1, both(t, j)...)
}

// alone is the key of the Funnel that both applies.
const alone = "Funnel/shop/alone"

func both(t *rapid.T, j definition.Journey) (log []record.Record) {
	of, version, err := j.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	funnel, plain, err := j.Funnel.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return []record.Record{
		{Kind: record.Apply, Apply: record.ApplyRecord{Key: surveyed, Version: version, Definition: of}},
		{Kind: record.Activate, Activate: record.VersionRecord{Key: surveyed, Version: version}},
		{Kind: record.Apply, Apply: record.ApplyRecord{Key: alone, Version: plain, Definition: funnel}},
		{Kind: record.Activate, Activate: record.VersionRecord{Key: alone, Version: plain}},
	}
}

// A journey's funnel never differs from the Funnel by itself.
func TestEvidenceChangesNoNumberOfTheFunnel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := aJourney(t)
		log := slices.DeleteFunc(aLog(t), func(r record.Record) bool {
			return r.Kind == record.Apply && r.Apply.Key == surveyed || r.Kind == record.Activate && r.Activate.Key == surveyed ||
				r.Kind == record.Remove && r.Remove.Key == surveyed
		})
		p := player{t: t, log: slices.Insert(log, 1, both(t, j)...), open: opener(t, nil, 0), interrupt: func(p *player) {
			funnels := mustReport(t, p.fold).Funnels
			if p.fold.Offset() > 4 && funnels[surveyed].Journey == nil {
				t.Fatal("there is no evidence")
			}
			if diff := cmp.Diff(funnels[alone].Funnel, funnels[surveyed].Funnel); p.fold.Offset() > 4 && diff != "" {
				t.Fatalf("the journey's funnel differs (-Funnel +journey):\n%s", diff)
			}
		}}
		p.play()
	})
}
