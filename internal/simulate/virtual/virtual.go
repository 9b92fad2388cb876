// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package virtual runs the partitions of a workspace in virtual time: it writes the log that a cluster would have written, had every event
// come at its own time and every message left at the instant at which it was wanted, and folds it. Nothing is sent. Days pass in
// microseconds.
package virtual

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

// Events gives the events of one partition, encoded one by one, in the order of their times. What it gave must never change.
type Events interface {
	// Next gives the next event; false when there are no more.
	Next() (encoded []byte, at event.Time, more bool)
}

// Outcome is what became of a message.
type Outcome struct {
	// Failed says that it will never be sent, and Class why.
	Failed bool
	Class  string
	// Answer is what a webhook answered, as JSON; nil is nothing.
	Answer []byte
}

// Options say what to run.
type Options struct {
	// Opening are the records with which every partition begins, before any time: definitions with a history.
	Opening []record.Record
	// Start is the first instant; Starting are the records of it: definitions that begin to act then.
	Start    event.Time
	Starting []record.Record
	// Logs are the events of each partition, from Start on.
	Logs []Events
	// Joined says that contacts are joined, or that funnels count units of their own: then partitions run together, as what visitors did is
	// forwarded between them, and what tells of deals is handed on.
	Joined bool
	// Until is the last instant. There must be no later events.
	Until event.Time
	// Send is told of every message that is granted, in the order of time, and says what became of it. Nil takes them all.
	Send func(*nurture.Grant) Outcome
	// Watch is told what happens to contacts in scenarios, in the order of time; nil: nobody.
	Watch func(*nurture.Note)
	// Instant is told that all of an instant has happened. Nil: nobody. With any of the three all partitions run together.
	Instant func(event.Time)
	// Folded counts events as they are folded; nil: nobody. It may be called from several goroutines.
	Folded func(events int)
}

// Result is what there is at the end.
type Result struct {
	// Reports are the partitions' numbers as of Until.
	Reports []aggregate.Partition
	// Unsent counts events about messages that left no trace, since no such message was sent to their contact before.
	Unsent int64
}

// Run runs everything from the first instant to the last.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Send == nil {
		o.Send = func(*nurture.Grant) Outcome { return Outcome{} }
	}
	if o.Folded == nil {
		o.Folded = func(int) {}
	}
	partitions := make([]*partition, len(o.Logs))
	for i := range partitions {
		p, err := open(&o, i)
		if err != nil {
			return nil, err
		}
		partitions[i] = p
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, together := range o.grouped(partitions) {
		group.Go(func() error { return (&stage{&o, together}).run(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	result := &Result{}
	for _, p := range partitions {
		if err := p.noteHanded(); err != nil {
			return nil, err
		}
		report, err := p.fold.Report()
		if err != nil {
			return nil, fmt.Errorf("report of partition %d: %w", p.number, err)
		}
		result.Reports = append(result.Reports, report)
		result.Unsent += p.unsent
	}
	return result, nil
}

// grouped gives which partitions must share a clock. Those that have nothing to do with each other run side by side.
func (o *Options) grouped(partitions []*partition) [][]*partition {
	if o.Joined || o.Watch != nil || o.Instant != nil {
		return [][]*partition{partitions}
	}
	var groups [][]*partition
	for i := range partitions {
		groups = append(groups, partitions[i:i+1])
	}
	return groups
}

// stage is a group of partitions with their clock.
type stage struct {
	options    *Options
	partitions []*partition
}

// run goes from one instant at which something happens to the next.
func (s *stage) run(ctx context.Context) error {
	for {
		now, err := s.next()
		if err != nil {
			return err
		}
		if err := s.act(ctx, now); err != nil {
			return err
		}
		if now >= s.options.Until {
			return nil
		}
	}
}

// next is the first instant at which an event comes or something is due, at most the last one.
func (s *stage) next() (event.Time, error) {
	now := s.options.Until
	for _, p := range s.partitions {
		due, err := p.nextDue()
		if err != nil {
			return 0, err
		}
		if due != 0 {
			now = min(now, due)
		}
		if p.coming != nil {
			now = min(now, p.comingAt)
		}
	}
	return now, nil
}

// act lets everything of one instant happen: what is due, then the events that come, then what follows from both, until nothing follows any
// more. What comes first for one contact does not depend on whom else a partition holds.
func (s *stage) act(ctx context.Context, now event.Time) error {
	for _, p := range s.partitions {
		if err := p.begin(ctx, now, now == s.options.Until); err != nil {
			return err
		}
	}
	for more := true; more; {
		forwarded, err := s.forward(ctx, now)
		if err != nil {
			return err
		}
		handed, err := s.handOn()
		if err != nil {
			return err
		}
		more = forwarded || handed
		for _, p := range s.partitions {
			followed, err := p.follow(ctx, now)
			if err != nil {
				return err
			}
			more = more || followed
		}
	}
	if s.options.Instant != nil {
		s.options.Instant(now)
	}
	return nil
}

// open gives a partition that has folded the records that it begins with.
func open(o *Options, number int) (*partition, error) {
	compiler := new(definition.Compiler)
	f, err := engine.Open(engine.Options{
		Partition:    number,
		TimeZoneData: definition.TimeZoneData,
		Nurture:      compiler,
		Watch:        o.Watch,
		Compile:      engine.CompileWith(compiler),
	})
	if err != nil {
		return nil, err
	}
	p := &partition{options: o, number: number, fold: f, events: o.Logs[number], sent: map[string][]sent{}}
	epoch := record.Record{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: engine.Version, TimeZoneData: definition.TimeZoneData}}
	if err := p.step(&epoch); err != nil {
		return nil, err
	}
	for i := range o.Opening {
		if err := p.step(&o.Opening[i]); err != nil {
			return nil, err
		}
	}
	p.findUnits()
	if err := p.step(&record.Record{Kind: record.Tick, Tick: o.Start}); err != nil {
		return nil, err
	}
	for i := range o.Starting {
		if err := p.step(&o.Starting[i]); err != nil {
			return nil, err
		}
	}
	p.look()
	return p, nil
}
