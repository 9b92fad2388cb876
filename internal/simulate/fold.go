// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// fold folds every partition of a workspace as its runner would, and gives their reports as of an instant.
func fold(ctx context.Context, w *workspace, timelines []*timeline, asOf event.Time, joins bool, folded func(events int)) ([]aggregate.Partition, error) {
	reports, err := foldAll(ctx, w, timelines, asOf, joins, folded)
	if err != nil {
		return nil, fmt.Errorf("fold the events of workspace %s/%s: %w", w.resource.Namespace, w.resource.Name, err)
	}
	return reports, nil
}

func foldAll(ctx context.Context, w *workspace, timelines []*timeline, asOf event.Time, joins bool, folded func(events int)) ([]aggregate.Partition, error) {
	partitions := make([]*partition, len(timelines))
	each := func(do func(i int) error) error {
		group := errgroup.Group{}
		group.SetLimit(runtime.GOMAXPROCS(0))
		for i := range partitions {
			group.Go(func() error { return do(i) })
		}
		return group.Wait()
	}
	err := each(func(i int) (err error) {
		partitions[i], err = foldPartition(ctx, w, i, timelines[i], joins, folded)
		return err
	})
	if err == nil {
		err = deliver(ctx, partitions)
	}
	if err == nil && w.countsUnits() {
		err = handOn(ctx, partitions, each)
	}
	reports := make([]aggregate.Partition, len(partitions))
	if err == nil {
		err = each(func(i int) (err error) {
			reports[i], err = partitions[i].report(ctx, asOf)
			return err
		})
	}
	return reports, err
}

// partition is one log and its fold.
type partition struct {
	fold *engine.Fold
	// chunks are the records of events by their offset, if contacts are joined or something is handed on; else none is looked at again.
	chunks map[uint64][]byte
}

func (p *partition) step(r *record.Record) error { return p.fold.Step(p.fold.Offset()+1, r) }

// take folds a chunk of events.
func (p *partition) take(chunk []byte) error {
	if err := p.step(&record.Record{Kind: record.Events, Chunk: chunk}); err != nil {
		return err
	}
	if p.chunks != nil {
		p.chunks[p.fold.Offset()] = slices.Clone(chunk)
	}
	return nil
}

// foldPartition writes the log that a partition would have, were every event appended at its own time, and folds it record by
// record. The clock stays at zero until the end, so no event is too late; an event counts the same whether the clock moved before it
// or not.
func foldPartition(ctx context.Context, w *workspace, number int, events *timeline, joins bool, folded func(events int)) (*partition, error) {
	var compiler definition.Compiler
	f, err := engine.Open(engine.Options{
		Partition:    number,
		TimeZoneData: definition.TimeZoneData,
		Compile:      engine.CompileWith(&compiler),
	})
	if err != nil {
		return nil, err
	}
	p := &partition{fold: f}
	if joins || w.countsUnits() {
		p.chunks = map[uint64][]byte{}
	}
	opening := append([]record.Record{{
		Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: engine.Version, TimeZoneData: definition.TimeZoneData},
	}}, w.putInForce()...)
	for _, r := range opening {
		if err := p.step(&r); err != nil {
			return nil, err
		}
	}
	return p, events.chunks(func(chunk []byte, n int) error {
		folded(n)
		if err := ctx.Err(); err != nil {
			return err
		}
		return p.take(chunk)
	})
}

// report moves the clock to an instant and gives the numbers then.
func (p *partition) report(ctx context.Context, asOf event.Time) (aggregate.Partition, error) {
	for { // timers fire on a budget per record, so that one tick may not be enough for all that are due
		if err := p.step(&record.Record{Kind: record.Tick, Tick: asOf}); err != nil {
			return aggregate.Partition{}, err
		}
		report, err := p.fold.Report()
		if err != nil {
			return aggregate.Partition{}, err
		}
		if report.Clock >= asOf || ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
}

// putInForce gives the records by which everything begins to count, at once as there is no history.
func (w *workspace) putInForce() (records []record.Record) {
	put := func(a *applied, generation int64) {
		records = append(records, a.record(generation), record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: a.key, Version: a.version}})
	}
	for _, s := range w.segments {
		put(&s.applied, s.resource.Generation)
	}
	for _, f := range w.funnels {
		put(&f.applied, f.resource.Generation)
	}
	for _, j := range w.journeys {
		put(&j.applied, j.resource.Generation)
	}
	return records
}
