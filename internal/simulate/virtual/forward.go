// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// forward sends what visitors did to the contacts that they are, in the order of the contacts' names, until nothing is left, and says whether
// that was anything.
func (s *stage) forward(ctx context.Context, now event.Time) (forwarded bool, err error) {
	type parcel struct {
		from *partition
		engine.Forward
	}
	for {
		if err := ctx.Err(); err != nil {
			return forwarded, err
		}
		var parcels []parcel
		for _, p := range s.partitions {
			if !p.fold.HasForwards() {
				continue
			}
			forwards, err := p.fold.Forwards(math.MaxInt)
			if err != nil {
				return forwarded, err
			}
			for i := range forwards {
				parcels = append(parcels, parcel{p, forwards[i]})
			}
		}
		if len(parcels) == 0 {
			return forwarded, nil
		}
		slices.SortStableFunc(parcels, func(a, b parcel) int {
			return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Delivery.From, b.Delivery.From))
		})
		for i := range parcels {
			if err := parcels[i].from.forwardOne(&parcels[i].Forward, s.partitions, now); err != nil {
				return forwarded, err
			}
			forwarded = true
		}
	}
}

// forwardOne sends one contact's events to another's partition and notes it.
func (p *partition) forwardOne(forward *engine.Forward, partitions []*partition, now event.Time) error {
	var chunk []byte
	for _, place := range forward.Copies {
		e, err := p.at(place)
		if err != nil {
			return err
		}
		event.Forward(&e, forward.To)
		chunk = event.Append(chunk, &e)
	}
	for i := range forward.Told {
		chunk = event.Append(chunk, &forward.Told[i])
	}
	if len(chunk) > 0 {
		to := partitions[event.Partition(forward.To, len(partitions))]
		if err := to.moveClock(now); err != nil { // a copy was received long ago, but it is now that it comes
			return err
		}
		if err := to.take(chunk); err != nil {
			return err
		}
	}
	return p.step(&record.Record{Kind: record.Delivered, Delivered: []record.Delivery{forward.Delivery}})
}
