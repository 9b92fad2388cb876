// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"fmt"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// forwardAtOnce is how many events of a partition are forwarded together.
const forwardAtOnce = 1000

// deliver forwards between the partitions until nothing is left to forward: what visitors did to the contacts that they are.
func deliver(ctx context.Context, partitions []*partition) error {
	for more := true; more; {
		more = false
		for _, p := range partitions {
			if err := ctx.Err(); err != nil {
				return err
			}
			forwards, err := p.fold.Forwards(forwardAtOnce)
			if err != nil {
				return err
			}
			for i := range forwards {
				more = true
				if err := p.forward(&forwards[i], partitions); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// forward sends one contact's events to another's partition and notes it.
func (p *partition) forward(forward *engine.Forward, partitions []*partition) error {
	var chunk []byte
	for _, at := range forward.Copies {
		e, err := p.find(at)
		if err != nil {
			return err
		}
		event.Forward(&e, forward.To)
		chunk = event.Append(chunk, &e)
	}
	for i := range forward.Told {
		chunk = event.Append(chunk, &forward.Told[i])
	}
	if err := partitions[event.Partition(forward.To, len(partitions))].take(chunk); err != nil {
		return err
	}
	return p.step(&record.Record{Kind: record.Delivered, Delivered: []record.Delivery{forward.Delivery}})
}

func (p *partition) find(at engine.Place) (e event.Event, err error) {
	rest := p.chunks[at.Offset]
	for range at.Index + 1 {
		if rest, err = event.Next(rest, &e); err != nil {
			return e, fmt.Errorf("forward event %d of record %d: %w", at.Index, at.Offset, err)
		}
	}
	return e, nil
}
