// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// handOn copies what came to the entities that it tells of, and says whether that was anything. Copies are handed on no further.
func (s *stage) handOn() (handed bool, err error) {
	for _, p := range s.partitions {
		for ; p.handed < p.fold.Offset(); p.handed++ {
			for _, unit := range p.units {
				copies, err := p.fold.HandOn(unit, p.handed+1, &record.Record{Kind: record.Events, Chunk: p.chunks[p.handed+1]})
				if err != nil {
					return handed, err
				}
				for i := range copies {
					to := s.partitions[event.Partition(copies[i].Contact, len(s.partitions))]
					if err := to.take(event.Append(nil, &copies[i])); err != nil {
						return handed, err
					}
					handed = true
				}
			}
		}
	}
	return handed, nil
}

// findUnits finds out which units the definitions count by that the partition begins with.
func (p *partition) findUnits() {
	for _, owed := range p.fold.Handings() {
		p.units = append(p.units, owed.Unit)
	}
}

// noteHanded notes that all was handed on.
func (p *partition) noteHanded() error {
	for _, unit := range p.units {
		r := record.Record{Kind: record.Handed, Handed: record.HandedRecord{Unit: unit, Through: p.handed}}
		if err := p.step(&r); err != nil {
			return err
		}
	}
	return nil
}
