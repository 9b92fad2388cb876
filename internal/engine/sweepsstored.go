// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// storedSweep is a sweep as it lies in the store.
type storedSweep struct {
	Kind     sweepKind          `json:"kind"`
	Scenario uint32             `json:"scenario"`
	At       event.Time         `json:"at"`
	Instant  event.Time         `json:"instant,omitempty"`
	Since    event.Time         `json:"since,omitempty"`
	CatchUp  definition.CatchUp `json:"catchUp,omitempty"`
	Version  uint32             `json:"version,omitempty"`
	Count    int64              `json:"count,omitempty"`
	Running  bool               `json:"running,omitempty"`
	Cursor   []byte             `json:"cursor,omitempty"`
}

func sweepKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{sweepPrefix}, number)
}

// writeSweeps stores the sweeps that are not through, and forgets those that are.
func (n *nursery) writeSweeps(w Writer) error {
	for _, number := range n.swept {
		if err := w.Delete(sweepKey(number)); err != nil {
			return err
		}
	}
	for _, s := range n.sweeps {
		stored, err := json.Marshal(storedSweep{
			s.kind, s.scenario.number, s.at, s.instant, s.since, s.catchUp, s.version, s.count, s.running, []byte(s.cursor),
		})
		if err != nil {
			return fmt.Errorf("encode a sweep: %w", err)
		}
		if err := w.Set(sweepKey(s.number), stored); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) readSweeps() error {
	n := &f.nursery
	prefix := []byte{sweepPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		var stored storedSweep
		if len(key) != 1+8 || json.Unmarshal(value, &stored) != nil || n.numbered[stored.Scenario] == nil {
			return false, fmt.Errorf("%w: a sweep", ErrCorruptState)
		}
		h := n.numbered[stored.Scenario]
		if h.scenario == nil {
			return false, fmt.Errorf("%w: a sweep is of no scenario", ErrCorruptState)
		}
		n.sweeps = append(n.sweeps, &sweep{
			number: binary.BigEndian.Uint64(key[1:]), scenario: h, kind: stored.Kind, at: stored.At, instant: stored.Instant, since: stored.Since,
			catchUp: stored.CatchUp, version: stored.Version, count: stored.Count, running: stored.Running, cursor: string(stored.Cursor),
		})
		return true, nil
	})
	return wrapRead(err)
}
