// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// Report gives all numbers of the partition. They hold from its Clock on and before its NextDue. While units that are due wait for
// their turn, Clock is the last instant before the first of them was due.
func (f *Fold) Report() (aggregate.Partition, error) {
	due, err := f.NextDue()
	if err != nil {
		return aggregate.Partition{}, err
	}
	p := aggregate.Partition{
		Partition: f.options.Partition,
		Epoch:     f.epoch, Offset: f.offset,
		Clock:     f.clock,
		LastEvent: f.counts.lastEvent,
		Events:    f.counts.events, Duplicates: f.counts.duplicates, Clamped: f.counts.clamped,
		Funnels: make(map[string]aggregate.Definition, len(f.definitions)),
	}
	if due != 0 {
		p.NextDue = due
		p.Clock = min(p.Clock, due-1)
	}
	f.nursery.report(&p)
	if err := f.addOverdue(&p); err != nil {
		f.err = fmt.Errorf("find what is overdue: %w", err)
		return aggregate.Partition{}, f.err
	}
	for key, d := range f.definitions {
		if !d.removed {
			r := d.report(p.Clock)
			r.Handing = f.isHanding(d)
			p.Funnels[key] = r
		}
	}
	return p, nil
}

func (d *defined) report(clock event.Time) aggregate.Definition {
	var r aggregate.Definition
	if s := d.active; s != nil {
		r.Active, r.ExactSince = s.version, s.missedUntil()
		if s.kind == segmentSlot {
			r.Segment = s.reportSegment()
		} else {
			r.Funnel = s.tally.funnel()
			r.Funnel.Signals = d.signals.counts
			s.flows.report(&r.Funnel, clock)
		}
		if s.beside != nil {
			r.Journey = s.beside.reportEvidence()
		}
	}
	if s := d.pending; s != nil {
		r.Pending, r.Done, r.Target = s.version, min(s.cursor-1, s.target), s.target
	}
	return r
}

// report adds what scenarios and channels count.
func (n *nursery) report(p *aggregate.Partition) {
	for _, h := range n.sorted() {
		switch {
		case h.removed:
		case h.kind == hostedScenario:
			p.Scenarios = append(p.Scenarios, h.reportScenario())
		case h.kind == hostedChannel:
			p.Channels = append(p.Channels, n.reportChannel(h, p.Clock))
		}
	}
	p.Suppressed = int64(len(n.suppressed.all))
}

func (h *hosted) reportScenario() aggregate.Scenario {
	sc := h.scenario
	r := sc.Tally.Report(h.key)
	r.Reach = h.reach
	if sc.Active != nil {
		r.Version = sc.Active.ID
	}
	if sc.Pending != nil {
		r.Pending = sc.Pending.ID
	}
	return r
}

func (n *nursery) reportChannel(h *hosted, clock event.Time) aggregate.Channel {
	r := h.channel.Tally.Report(h.key)
	if h.channel.PausedUntil > clock {
		r.PausedUntil, r.PauseReason = h.channel.PausedUntil, h.pauseReason
	}
	r.Waiting, r.Oldest = n.wanted.waiting(h.key)
	return r
}
