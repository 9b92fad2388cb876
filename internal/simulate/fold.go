// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// fold folds every partition of a workspace as its runner would, and gives their reports as of an instant.
func fold(ctx context.Context, w *workspace, partitions []*timeline, asOf event.Time, folded func(events int)) ([]aggregate.Partition, error) {
	reports := make([]aggregate.Partition, len(partitions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range partitions {
		group.Go(func() (err error) {
			reports[i], err = foldPartition(ctx, w, i, partitions[i], asOf, folded)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("fold the events of workspace %s/%s: %w", w.resource.Namespace, w.resource.Name, err)
	}
	return reports, nil
}

// foldPartition writes the log that a partition would have, were every event appended at its own time, and folds it record by
// record. The clock stays at zero until the end, so no event is too late; an event counts the same whether the clock moved before it
// or not.
func foldPartition(ctx context.Context, w *workspace, number int, events *timeline, asOf event.Time, folded func(events int)) (aggregate.Partition, error) {
	var compiler definition.Compiler
	f, err := engine.Open(engine.Options{
		Partition:    number,
		TimeZoneData: definition.TimeZoneData,
		Compile: func(_ string, meaning json.RawMessage) (engine.Program, error) {
			return compiler.CompileMeaning(meaning)
		},
	})
	if err != nil {
		return aggregate.Partition{}, err
	}
	step := func(r *record.Record) error { return f.Step(f.Offset()+1, r) }
	for _, r := range opening(w) {
		if err := step(&r); err != nil {
			return aggregate.Partition{}, err
		}
	}
	err = events.chunks(func(chunk []byte, n int) error {
		folded(n)
		if err := ctx.Err(); err != nil {
			return err
		}
		return step(&record.Record{Kind: record.Events, Chunk: chunk})
	})
	if err != nil {
		return aggregate.Partition{}, err
	}
	for { // timers fire on a budget per record, so that one tick may not be enough for all that are due
		if err := step(&record.Record{Kind: record.Tick, Tick: asOf}); err != nil {
			return aggregate.Partition{}, err
		}
		report, err := f.Report()
		if err != nil {
			return aggregate.Partition{}, err
		}
		if report.Clock >= asOf || ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
}

// opening are the records before the first event: the owner's, and each funnel, put in force at once as there is no history.
func opening(w *workspace) []record.Record {
	records := []record.Record{{Kind: record.Epoch, Epoch: record.EpochRecord{Epoch: 1, Engine: engine.Version, TimeZoneData: definition.TimeZoneData}}}
	for _, f := range w.funnels {
		records = append(records,
			record.Record{Kind: record.Apply, Apply: record.ApplyRecord{Key: f.key, Version: f.version, Generation: f.resource.Generation, Definition: f.form}},
			record.Record{Kind: record.Activate, Activate: record.VersionRecord{Key: f.key, Version: f.version}},
		)
	}
	return records
}
