// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// pumpAhead is how many records are decoded before they are folded.
	pumpAhead = 8
	// pumpRetry is the pause before a log that is not available is read again.
	pumpRetry = 100 * time.Millisecond
)

// read is one record of the log, or what ended the reading.
type read struct {
	offset uint64
	stored []byte
	record record.Record
	err    error
}

// pump reads a partition ahead of the fold, in a goroutine of its own.
type pump struct {
	out    chan read
	cancel context.CancelFunc
	done   chan struct{}
}

func startPump(log eventlog.Log, partition int, from uint64) *pump {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pump{out: make(chan read, pumpAhead), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		if err := p.run(ctx, log, partition, from); ctx.Err() == nil {
			p.send(ctx, read{err: err})
		}
	}()
	return p
}

// stop ends the goroutine. What it had read is dropped.
func (p *pump) stop() {
	p.cancel()
	<-p.done
}

func (p *pump) send(ctx context.Context, r read) {
	select {
	case p.out <- r:
	case <-ctx.Done():
	}
}

// run reads on, through times in which the log is not available.
func (p *pump) run(ctx context.Context, log eventlog.Log, partition int, next uint64) error {
	for {
		err := p.readFrom(ctx, log, partition, &next)
		if !errors.Is(err, eventlog.ErrUnavailable) && !errors.Is(err, eventlog.ErrFull) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pumpRetry):
		}
	}
}

func (p *pump) readFrom(ctx context.Context, log eventlog.Log, partition int, next *uint64) error {
	reader, err := log.Read(ctx, partition, *next)
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		entry, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		r, err := record.Decode(entry.Stored)
		if err != nil {
			return fmt.Errorf("offset %d: %w", entry.Offset, err)
		}
		p.send(ctx, read{offset: entry.Offset, stored: entry.Stored, record: r})
		*next = entry.Offset + 1
	}
}
