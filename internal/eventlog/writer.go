// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/record"
)

// enough is how many waiting bytes are worth a sync of their own at once.
const enough = 32 << 10

// writer appends to one partition: one record at a time, each with all that waits.
type writer struct {
	appender  *Appender
	partition int
	wake      chan struct{} // holds a token when batches were added

	mu      sync.Mutex
	batches []*batch
	bytes   int
	closed  bool
}

func (w *writer) add(b *batch) {
	w.mu.Lock()
	closed := w.closed
	if !closed {
		w.batches = append(w.batches, b)
		w.bytes += len(b.encoded)
	}
	w.mu.Unlock()
	if closed {
		w.appender.waiting.Add(-int64(len(b.encoded)))
		b.call.finish(ErrClosed)
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run appends until the appender is closed and nothing waits.
func (w *writer) run() {
	var last time.Time
	for {
		waiting, bytes := w.state()
		if waiting == 0 {
			select {
			case <-w.wake:
				continue
			case <-w.appender.closing:
				if w.shut() {
					return
				}
				continue
			}
		}
		if pause := w.appender.opts.Interval - time.Since(last); pause > 0 && bytes < enough {
			w.pause(pause)
		}
		last = time.Now()
		w.write(w.take())
	}
}

func (w *writer) state() (batches, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.batches), w.bytes
}

// shut refuses further batches, and returns false when some came in between.
func (w *writer) shut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = len(w.batches) == 0
	return w.closed
}

// pause lets more batches come, for a time or until they are enough.
func (w *writer) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-w.appender.closing:
			return
		case <-w.wake:
			if _, bytes := w.state(); bytes >= enough {
				return
			}
		}
	}
}

// take removes the batches that fit one record, in the order of their coming.
func (w *writer) take() []*batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, events, bytes := 0, 0, 0
	for _, b := range w.batches {
		if n > 0 && (events+b.events > MaxChunkEvents || bytes+len(b.encoded) > MaxChunkBytes) {
			break
		}
		n, events, bytes = n+1, events+b.events, bytes+len(b.encoded)
	}
	taken := w.batches[:n:n]
	if w.batches = w.batches[n:]; len(w.batches) == 0 {
		w.batches = nil // lets the finished ones go
	}
	w.bytes -= bytes
	return taken
}

// write appends one record and tells the calls. The log bounds the time that this takes.
func (w *writer) write(batches []*batch) {
	a := w.appender
	start := time.Now()
	done := Appended{Partition: w.partition}
	for _, b := range batches {
		done.Events += b.events
		done.Bytes += len(b.encoded)
	}
	chunk := make([]byte, 0, done.Bytes)
	for _, b := range batches {
		chunk = append(chunk, b.encoded...)
	}
	stored, err := (&record.Record{Kind: record.Events, Chunk: chunk}).Encode()
	if err == nil {
		_, err = a.log.Append(context.Background(), w.partition, stored)
	}
	if err != nil {
		err = fmt.Errorf("append %d events to partition %d: %w", done.Events, w.partition, err)
	} else {
		a.success.Store(int64(time.Since(a.started)))
	}
	a.waiting.Add(-int64(done.Bytes))
	for _, b := range batches {
		b.call.finish(err)
	}
	if a.opts.Observe != nil {
		done.Took, done.Err = time.Since(start), err
		a.opts.Observe(done)
	}
}
