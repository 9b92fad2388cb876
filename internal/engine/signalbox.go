// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/record"
)

// numbered is a signal in the outbox. Numbers rise and are never used twice.
type numbered struct {
	number uint64
	signal record.Signal
}

// Signals gives the signals, in their order, that the fold has derived and that the log does not have as records yet. Once all records of
// the log are folded, the owner appends them; folding those records takes them away. So each is in the log once, whenever a process
// dies. Their Type and Data are empty: they lie in the log at Offset and Index, if it still has that record.
func (f *Fold) Signals() []record.Signal {
	all := make([]record.Signal, len(f.outbox))
	for i := range f.outbox {
		all[i] = f.outbox[i].signal
	}
	return all
}

// Signalling says whether Signals gives any.
func (f *Fold) Signalling() bool { return len(f.outbox) > 0 }

// delivered takes away the signals that a record has.
func (f *Fold) delivered(signals []record.Signal) {
	type key struct {
		id        string
		retracted bool
	}
	in := make(map[key]bool, len(signals))
	for i := range signals {
		in[key{signals[i].ID, signals[i].Retracted}] = true
	}
	f.outbox = slices.DeleteFunc(f.outbox, func(n numbered) bool {
		if !in[key{n.signal.ID, n.signal.Retracted}] {
			return false
		}
		if n.number <= f.storedSignal {
			f.sent = append(f.sent, n.number)
		}
		return true
	})
}

func signalKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{signalPrefix}, number)
}

// writeSignals stores what was added to the outbox and deletes what was taken away.
func (f *Fold) writeSignals(w Writer) error {
	for _, number := range f.sent {
		if err := w.Delete(signalKey(number)); err != nil {
			return err
		}
	}
	for i := range f.outbox {
		if f.outbox[i].number <= f.storedSignal {
			continue
		}
		stored, err := json.Marshal(&f.outbox[i].signal)
		if err != nil {
			return fmt.Errorf("encode a signal: %w", err)
		}
		if err := w.Set(signalKey(f.outbox[i].number), stored); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) readSignals() error {
	prefix := []byte{signalPrefix}
	err := f.options.Store.Scan(prefix, after(prefix), func(key, value []byte) (bool, error) {
		var signal record.Signal
		if len(key) != 1+8 || json.Unmarshal(value, &signal) != nil {
			return false, fmt.Errorf("%w: a signal in the outbox", ErrCorruptState)
		}
		f.outbox = append(f.outbox, numbered{binary.BigEndian.Uint64(key[1:]), signal})
		return true, nil
	})
	f.storedSignal = f.lastSignal
	return wrapRead(err)
}

// appendSettlements encodes what a contact remembers of its drop-offs.
func (c *contact) appendSettlements(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.settlements)))
	for i := range c.settlements {
		s := &c.settlements[i]
		b = binary.AppendUvarint(b, uint64(s.definition))
		b = binary.LittleEndian.AppendUint64(b, s.drop)
		b = append(b, byte(s.verdict))
		b = binary.AppendVarint(b, s.day)
	}
	return b
}

func (c *contact) readSettlements(r *reader) {
	const smallest = 1 + 8 + 1 + 1 // bytes of a settlement
	n := r.Count(smallest)
	c.settlements = slices.Grow(c.settlements, n)
	for range n {
		c.settlements = append(c.settlements, settlement{
			definition: uint32(r.Uvarint()), drop: r.Uint64(), verdict: verdict(r.Uvarint()), day: r.Varint(),
		})
	}
}
