// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// handAtOnce is how many events go on to one partition together.
const handAtOnce = 1000

// countsUnits says whether some funnel or journey of the workspace counts units of its own.
func (w *workspace) countsUnits() bool {
	return slices.ContainsFunc(w.funnels, func(f *funnel) bool { return f.meaning.UnitBy != "" }) ||
		slices.ContainsFunc(w.journeys, func(j *journey) bool { return j.meaning.Funnel.UnitBy != "" })
}

// handOn copies events between the partitions to the entities that they tell of, such as deals.
func handOn(ctx context.Context, partitions []*partition, each func(do func(i int) error) error) error {
	boxes := make([]boxes, len(partitions))
	err := each(func(i int) (err error) {
		boxes[i], err = partitions[i].collect(ctx, len(partitions))
		return err
	})
	if err != nil {
		return err
	}
	return each(func(i int) error {
		for from := range boxes {
			for _, chunk := range boxes[from][i] {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := partitions[i].take(chunk); err != nil {
					return err
				}
			}
		}
		return partitions[i].noteHanded()
	})
}

// boxes are chunks of events by the partition that they go to.
type boxes [][][]byte

// collect gives all that a partition hands on.
func (p *partition) collect(ctx context.Context, partitions int) (boxes, error) {
	all := make(boxes, partitions)
	counts := make([]int, partitions)
	for _, owed := range p.fold.Handings() {
		for offset := owed.Through + 1; offset <= p.fold.Offset(); offset++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			copies, err := p.fold.HandOn(owed.Unit, offset, &record.Record{Kind: record.Events, Chunk: p.chunks[offset]})
			if err != nil {
				return nil, err
			}
			for i := range copies {
				to := event.Partition(copies[i].Contact, partitions)
				if counts[to]%handAtOnce == 0 {
					all[to] = append(all[to], nil)
				}
				counts[to]++
				last := &all[to][len(all[to])-1]
				*last = event.Append(*last, &copies[i])
			}
		}
	}
	p.chunks = nil // nothing is looked at again
	return all, nil
}

// noteHanded notes that nothing is left to hand on.
func (p *partition) noteHanded() error {
	for _, owed := range p.fold.Handings() {
		r := record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: owed.Unit, Through: p.fold.Offset()}}
		if err := p.step(&r); err != nil {
			return err
		}
	}
	return nil
}
