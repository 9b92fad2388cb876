// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// counted is a funnel together with its numbers. Stages are counted from the first that counts contacts.
type counted struct {
	fn      *v1alpha1.Funnel
	setting Setting
	n       *FunnelNumbers
	stages  []aggregate.Stage
	specs   []v1alpha1.FunnelStage
	totals  []v1alpha1.FunnelStage // the aggregate stages, which come before the others
	spans   definition.Spans
	asOf    event.Time
}

// newCounted refuses numbers that are not of the stages that the spec names.
func newCounted(fn *v1alpha1.Funnel, setting Setting, n *FunnelNumbers, asOf event.Time) (*counted, error) {
	if setting.Zone == nil {
		setting.Zone = time.UTC
	}
	totals := 0
	for totals < len(fn.Spec.Stages) && fn.Spec.Stages[totals].Aggregate != nil {
		totals++
	}
	c := &counted{
		fn: fn, setting: setting, n: n, asOf: asOf,
		stages: n.Funnel.Stages, totals: fn.Spec.Stages[:totals], specs: fn.Spec.Stages[totals:],
	}
	if len(c.stages) != len(c.specs) || len(c.stages) == 0 {
		return nil, fmt.Errorf("version %s has numbers of %d stages, the spec has %d", n.Version, len(c.stages), len(c.specs))
	}
	var err error
	c.spans, err = spansAt(fn, setting.Zone, asOf)
	return c, err
}

// total is what an aggregate stage adds up.
func (c *counted) total(i int) aggregate.Total {
	if i < len(c.n.Funnel.Aggregates) {
		return c.n.Funnel.Aggregates[i]
	}
	return aggregate.Total{}
}

// reached counts those who reached a stage and were not taken out of the count.
func (c *counted) reached(stage int) int64 { return c.stages[stage].Entered - c.stages[stage].Excluded }

// nextOf is the stage whose reaching saves from dropping off: the next that is not optional or, where all are, the next.
func (c *counted) nextOf(stage int) int {
	for i := stage + 1; i < len(c.specs); i++ {
		if !c.specs[i].Optional {
			return i
		}
	}
	return stage + 1
}

// sourceOf is the stage that people come from to a later one: the last before it that is not optional.
func (c *counted) sourceOf(stage int) int {
	for i := stage - 1; i > 0; i-- {
		if !c.specs[i].Optional {
			return i
		}
	}
	return 0
}

// indexOf finds a stage by its name.
func (c *counted) indexOf(name string) (stage int, found bool) {
	for i := range c.specs {
		if c.specs[i].Name == name {
			return i, true
		}
	}
	return 0, false
}

// valued is the last stage that counts a value.
func (c *counted) valued() (stage *aggregate.Stage, found bool) {
	for i := len(c.specs) - 1; i >= 0; i-- {
		if c.specs[i].Value != "" {
			return &c.stages[i], true
		}
	}
	return nil, false
}
