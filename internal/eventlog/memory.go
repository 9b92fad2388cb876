// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/record"
)

// Memory is a log that lives as long as the process. It keeps the contract of Log but for durability.
type Memory struct {
	now        func() time.Time
	partitions []*memoryPartition
	closed     chan struct{}
	close      sync.Once
}

type memoryPartition struct {
	mu      sync.Mutex
	entries []Entry
	purged  uint64 // offsets up to this one are forgotten
	bytes   uint64
	nonce   string
	epoch   uint64        // the last owner's
	owned   uint64        // offset of the last owner's record
	grown   chan struct{} // closed and replaced at every append
}

var _ Log = (*Memory)(nil)

// NewMemory makes an empty log. Entries are stamped with now's time.
func NewMemory(partitions int, now func() time.Time) *Memory {
	m := &Memory{now: now, closed: make(chan struct{})}
	for p := range partitions {
		m.partitions = append(m.partitions, &memoryPartition{nonce: "memory-" + strconv.Itoa(p), grown: make(chan struct{})})
	}
	return m
}

// Partitions is how many partitions there are.
func (m *Memory) Partitions() int { return len(m.partitions) }

// Append adds a copy of a record.
func (m *Memory) Append(ctx context.Context, partition int, stored []byte) (uint64, error) {
	if err := m.check(ctx, stored); err != nil {
		return 0, err
	}
	p := m.partitions[partition]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.append(stored, m.now()), nil
}

func (m *Memory) check(ctx context.Context, stored []byte) error {
	select {
	case <-m.closed:
		return ErrClosed
	default:
	}
	if len(stored) > MaxRecord {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(stored), MaxRecord)
	}
	return ctx.Err()
}

// append adds an entry. Lock should be held.
func (p *memoryPartition) append(stored []byte, now time.Time) uint64 {
	offset := p.last() + 1
	p.entries = append(p.entries, Entry{Offset: offset, Appended: now, Stored: slices.Clone(stored)})
	p.bytes += uint64(len(stored))
	close(p.grown)
	p.grown = make(chan struct{})
	return offset
}

// last is the offset of the newest entry. Lock should be held.
func (p *memoryPartition) last() uint64 { return p.purged + uint64(len(p.entries)) }

// TakeOver fences every earlier owner.
func (m *Memory) TakeOver(ctx context.Context, partition int, opening record.EpochRecord) (Owner, error) {
	if err := m.check(ctx, nil); err != nil {
		return nil, err
	}
	p := m.partitions[partition]
	p.mu.Lock()
	defer p.mu.Unlock()
	opening.Epoch = max(opening.Epoch, p.epoch+1)
	stored, err := (&record.Record{Kind: record.Epoch, Epoch: opening}).Encode()
	if err != nil {
		return nil, err
	}
	p.epoch = opening.Epoch
	p.owned = p.append(stored, m.now())
	return &memoryOwner{log: m, partition: p, epoch: opening.Epoch, opened: p.owned}, nil
}

type memoryOwner struct {
	log       *Memory
	partition *memoryPartition
	epoch     uint64
	opened    uint64
}

func (o *memoryOwner) Epoch() uint64  { return o.epoch }
func (o *memoryOwner) Opened() uint64 { return o.opened }

func (o *memoryOwner) Append(ctx context.Context, r *record.Record) (uint64, error) {
	stored, err := r.Encode()
	if err != nil {
		return 0, err
	}
	if err := o.log.check(ctx, stored); err != nil {
		return 0, err
	}
	p := o.partition
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.epoch != o.epoch {
		return 0, fmt.Errorf("%w: epoch %d, now %d", ErrFenced, o.epoch, p.epoch)
	}
	p.owned = p.append(stored, o.log.now())
	return p.owned, nil
}

// Read opens a reader.
func (m *Memory) Read(ctx context.Context, partition int, from uint64) (Reader, error) {
	if err := m.check(ctx, nil); err != nil {
		return nil, err
	}
	return &memoryReader{log: m, partition: m.partitions[partition], next: max(from, 1)}, nil
}

type memoryReader struct {
	log       *Memory
	partition *memoryPartition
	next      uint64
}

func (r *memoryReader) Next(ctx context.Context) (Entry, error) {
	for {
		if err := r.log.check(ctx, nil); err != nil {
			return Entry{}, err
		}
		entry, found, grown, err := r.partition.at(r.next)
		if err != nil {
			return Entry{}, err
		}
		if found {
			r.next++
			return entry, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
		case <-r.log.closed:
		}
	}
}

func (r *memoryReader) Close() {}

// at looks an entry up, and returns the channel that the next append closes when it is not there yet.
func (p *memoryPartition) at(offset uint64) (entry Entry, found bool, grown <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case offset <= p.purged:
		return Entry{}, false, nil, fmt.Errorf("%w: offset %d was purged, the first is %d", ErrGap, offset, p.purged+1)
	case offset > p.last():
		return Entry{}, false, p.grown, nil
	}
	return p.entries[offset-p.purged-1], true, nil, nil
}

// Get returns one entry.
func (m *Memory) Get(ctx context.Context, partition int, offset uint64) (Entry, error) {
	if err := m.check(ctx, nil); err != nil {
		return Entry{}, err
	}
	entry, found, _, err := m.partitions[partition].at(offset)
	if err == nil && !found {
		err = fmt.Errorf("%w: offset %d", ErrGap, offset)
	}
	return entry, err
}

// Bounds tells what a partition holds.
func (m *Memory) Bounds(ctx context.Context, partition int) (Bounds, error) {
	if err := m.check(ctx, nil); err != nil {
		return Bounds{}, err
	}
	p := m.partitions[partition]
	p.mu.Lock()
	defer p.mu.Unlock()
	return Bounds{First: p.purged + 1, Last: p.last(), Bytes: p.bytes, Nonce: p.nonce}, nil
}

// Purge forgets the entries before an offset.
func (m *Memory) Purge(ctx context.Context, partition int, before uint64) error {
	if err := m.check(ctx, nil); err != nil {
		return err
	}
	p := m.partitions[partition]
	p.mu.Lock()
	defer p.mu.Unlock()
	before = min(before, p.owned)
	for p.purged+1 < before {
		p.bytes -= uint64(len(p.entries[0].Stored))
		p.entries = p.entries[1:]
		p.purged++
	}
	return nil
}

// Close ends all readers.
func (m *Memory) Close() error {
	m.close.Do(func() { close(m.closed) })
	return nil
}
