// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
)

// Bounds of a chunk. On the machine of docs/performance.md (BenchmarkAppend) one synced append of a single event takes about 0.2 ms,
// 4,700 events/s, and one of a thousand events of 300 bytes about 1.1 ms, 870,000 events/s. So what arrives while an append is under
// way goes into the next one together: 64 senders of 100 events each get 400,000 events/s (BenchmarkAppender).
const (
	// MaxChunkEvents is the most events in one record.
	MaxChunkEvents = 1000
	// MaxChunkBytes is the most bytes of events in one record, unless a single event is larger.
	MaxChunkBytes = 512 << 10
	// MaxEventBytes bounds one event in its encoded form.
	MaxEventBytes = MaxRecord - 16
)

var (
	// ErrOverloaded says that too many events wait for the disk. None of the call's events was appended.
	ErrOverloaded = newRefusal("too many events wait to be made durable", "Overloaded", time.Second)
	// ErrStorageFull says that the volume's free space is under the reserve. None of the call's events was appended.
	ErrStorageFull = newRefusal("the volume's free space is under the reserve", "StorageFull", 30*time.Second)
	// ErrEventTooLarge says that an event exceeds MaxEventBytes. None of the call's events was appended.
	ErrEventTooLarge = errors.New("the event is too large for the log")
)

// AppenderOptions shape the group commit. Zero values take the defaults.
type AppenderOptions struct {
	// Interval is the least time between two appends to a partition while what waits is small: it keeps the disk's syncs far under what it
	// can do and costs nothing when events are rare. Default 2 ms: at most 500 small appends a second and partition.
	Interval time.Duration
	// MaxWaiting bounds the bytes of events that wait in memory. Default 32 MiB.
	MaxWaiting int64
	// Gate, if set, is asked before each call; its error refuses the call's events.
	Gate func() error
	// Observe, if set, is told of each append to the log.
	Observe func(Appended)
}

// Appended is one append to the log, confirmed or failed.
type Appended struct {
	Partition, Events, Bytes int
	Took                     time.Duration
	Err                      error
}

// Appender makes events durable for gateways. Events that wait at the same time share one append and one sync of the disk.
type Appender struct {
	log     Log
	opts    AppenderOptions
	writers []*writer
	waiting atomic.Int64  // bytes
	success atomic.Int64  // when the last append succeeded, in nanoseconds after started
	started time.Time     // carries the monotonic clock
	closing chan struct{} // closed by Close
	close   sync.Once
	running sync.WaitGroup
}

// NewAppender starts an appender on a log. Close it before the log.
func NewAppender(log Log, opts AppenderOptions) *Appender {
	if opts.Interval == 0 {
		opts.Interval = 2 * time.Millisecond
	}
	if opts.MaxWaiting == 0 {
		opts.MaxWaiting = 32 << 20
	}
	a := &Appender{log: log, opts: opts, started: time.Now(), closing: make(chan struct{})}
	for p := range log.Partitions() {
		w := &writer{appender: a, partition: p, wake: make(chan struct{}, 1)}
		a.writers = append(a.writers, w)
		a.running.Go(w.run)
	}
	return a
}

// Append returns nil once all events are durable. On an error some of them may be durable all the same: send all of them again, for a
// repeated event is dropped by its identity. Errors that pass have a method RetryAfter() time.Duration; ErrEventTooLarge
// does not pass. The events may be changed after the return.
func (a *Appender) Append(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	if a.opts.Gate != nil {
		if err := a.opts.Gate(); err != nil {
			return err
		}
	}
	batches, size, err := a.split(events)
	if err != nil {
		return err
	}
	if all := a.waiting.Add(size); all > a.opts.MaxWaiting && all > size { // one call alone may be of any size
		a.waiting.Add(-size)
		return ErrOverloaded
	}
	call := &call{left: len(batches), done: make(chan struct{})}
	for _, b := range batches {
		b.call = call
		a.writers[b.partition].add(b)
	}
	select {
	case <-call.done:
		return call.err
	case <-ctx.Done():
		return fmt.Errorf("wait for %d events to be durable: %w", len(events), ctx.Err())
	}
}

// SinceSuccess is how long ago the last append succeeded; the appender's age when none has.
func (a *Appender) SinceSuccess() time.Duration {
	return time.Since(a.started) - time.Duration(a.success.Load())
}

// Close finishes what waits and refuses what comes later with ErrClosed.
func (a *Appender) Close() {
	a.close.Do(func() { close(a.closing) })
	a.running.Wait()
}

// batch is the part of one call that goes to one record of one partition.
type batch struct {
	partition int
	events    int
	encoded   []byte
	call      *call
}

// call is one call of Append, which waits for all of its batches.
type call struct {
	mu   sync.Mutex
	left int
	err  error // the first
	done chan struct{}
}

func (c *call) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	if c.left--; c.left == 0 {
		close(c.done)
	}
}

// split encodes events into batches that each fit a chunk, keeping their order within a partition.
func (a *Appender) split(events []event.Event) (batches []*batch, size int64, err error) {
	open := make([]*batch, len(a.writers))
	for i := range events {
		e := &events[i]
		if n := len(e.Contact) + len(e.Type) + len(e.Source) + len(e.ID) + len(e.Data); n+64 > MaxEventBytes {
			return nil, 0, fmt.Errorf("%w: event %d of the call has %d bytes, at most %d", ErrEventTooLarge, i, n, MaxEventBytes-64)
		}
		p := event.Partition(e.Contact, len(a.writers))
		b := open[p]
		if b == nil {
			b = &batch{partition: p}
			open[p], batches = b, append(batches, b)
		}
		before := len(b.encoded)
		b.encoded = event.Append(b.encoded, e)
		if b.events > 0 && (b.events == MaxChunkEvents || len(b.encoded) > MaxChunkBytes) {
			next := &batch{partition: p, events: 1, encoded: append([]byte(nil), b.encoded[before:]...)}
			b.encoded = b.encoded[:before]
			open[p], batches = next, append(batches, next)
			continue
		}
		b.events++
	}
	for _, b := range batches {
		size += int64(len(b.encoded))
	}
	return batches, size, nil
}
