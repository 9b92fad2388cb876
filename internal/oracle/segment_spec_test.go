// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
)

// segmentSpec is a Segment as the page writes it; cuts are in units.
type segmentSpec struct {
	Where         string      `json:"where"`
	Traits        []traitSpec `json:"traits"`
	PeriodDays    int         `json:"periodDays"`
	TriggerMaxAge string      `json:"triggerMaxAge"`
}

type traitSpec struct {
	Name     string                   `json:"name"`
	Function definition.TraitFunction `json:"function"`
	Event    string                   `json:"event"`
	Where    string                   `json:"where"`
	Of       string                   `json:"of"`
	Within   string                   `json:"within"`
	Ranks    int                      `json:"ranks"`
	Cuts     []float64                `json:"cuts"`
}

func (s *segmentSpec) meaning(t *testing.T, zone string, lateness time.Duration) definition.Segment {
	t.Helper()
	m := definition.Segment{
		TimeZone: or(zone, "UTC"), Where: s.Where, Days: s.PeriodDays, SignalMaxAge: span(t, s.TriggerMaxAge), Lateness: lateness,
	}
	for _, trait := range s.Traits {
		var cuts []aggregate.Micros
		for _, cut := range trait.Cuts {
			cuts = append(cuts, aggregate.Micros(cut*1e6))
		}
		m.Traits = append(m.Traits, definition.Trait{
			Name: trait.Name, Function: trait.Function, Event: trait.Event, Where: trait.Where, Of: trait.Of,
			Within: span(t, trait.Within), Ranks: trait.Ranks, Cuts: cuts,
		})
	}
	return m
}
