// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/simulate/virtual"
)

// play runs the scenarios of a workspace in virtual time and gives the partitions' reports as of an instant.
func (o *Options) play(ctx context.Context, w *workspace, in *intake, asOf event.Time) ([]aggregate.Partition, error) {
	starting, err := w.starting()
	if err != nil {
		return nil, err
	}
	studio := newStudio(w, o.answers, !o.Untracked)
	observer := &observer{seen: o.seen, studio: studio}
	run := virtual.Options{
		Opening: w.putInForce(), Start: asOf, Starting: starting, Joined: in.joins || w.countsUnits(), Until: asOf,
		Send: func(g *nurture.Grant) virtual.Outcome { return studio.make(g).outcome }, Folded: o.Progress.Add,
	}
	if in.first != 0 {
		run.Start = min(in.first, asOf)
	}
	for _, timeline := range in.timelines[w.partitions()] {
		run.Logs = append(run.Logs, timeline.cursor())
	}
	if o.seen != nil {
		run.Send, run.Watch, run.Instant = observer.send, observer.watch, observer.instant
	}
	result, err := virtual.Run(ctx, run)
	if err == nil {
		err = observer.err
	}
	if err != nil {
		return nil, fmt.Errorf("run the scenarios of workspace %s/%s: %w", w.resource.Namespace, w.resource.Name, err)
	}
	if result.Unsent > 0 {
		o.Notice(fmt.Sprintf("events about messages that their contacts had not been sent were left out: %d", result.Unsent))
	}
	for _, failure := range studio.failures() {
		o.Notice(failure)
	}
	return result.Reports, nil
}

// starting are the records by which everything begins to act: the policy, the channels and the scenarios.
func (w *workspace) starting() ([]record.Record, error) {
	policy, problem := appliedAs(definition.Key(definition.KindPolicy, w.resource.Namespace, w.resource.Name), &w.policy)
	if problem != nil {
		return nil, problem
	}
	records := []record.Record{policy.record(1)}
	for _, c := range w.channels {
		records = append(records, c.record(c.resource.Generation))
	}
	for _, s := range w.scenarios {
		r := s.record(s.resource.Generation)
		standing, err := json.Marshal(s.standing)
		if err != nil {
			return nil, fmt.Errorf("encode how %s stands: %w", s.key, err)
		}
		r.Apply.Standing = standing
		records = append(records, r)
	}
	return records, nil
}

func (a *applied) record(generation int64) record.Record {
	return record.Record{Kind: record.Apply, Apply: record.ApplyRecord{
		Key: a.key, Version: a.version, Generation: generation, Definition: a.form,
	}}
}

// observer passes on what happens, in an order that does not depend on the partitions: by time, contact, and what came first.
type observer struct {
	seen   func(*sight) error
	studio *studio
	now    []sight
	err    error
}

// sight is one thing that happened: a message or a note.
type sight struct {
	message *Message
	note    *nurture.Note
}

func (s *sight) contact() string {
	if s.message != nil {
		return s.message.contact
	}
	return s.note.Contact
}

func (o *observer) send(g *nurture.Grant) virtual.Outcome {
	m := o.studio.make(g)
	if g.Kind != nurture.KindSet {
		o.now = append(o.now, sight{message: m})
	}
	return m.outcome
}

func (o *observer) watch(n *nurture.Note) {
	o.now = append(o.now, sight{note: n})
}

func (o *observer) instant(event.Time) {
	slices.SortStableFunc(o.now, func(a, b sight) int {
		switch x, y := a.contact(), b.contact(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for i := range o.now {
		if o.err == nil {
			o.err = o.seen(&o.now[i])
		}
	}
	o.now = o.now[:0]
}
