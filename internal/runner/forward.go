// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

// forwardAtOnce is how many events are forwarded before the fold has its turn again.
const forwardAtOnce = 500

// post forwards events to the partitions of other contacts, which are or may be the same person. What was appended there and not yet noted
// here when a runner dies is appended again; the receiver knows it by its origin and identity.
type post struct {
	// tryAfter is when to try again after it failed.
	tryAfter time.Time
}

// forward sends on the next events and notes it in the log. Nothing more is forwarded until that note is folded.
func (l *life) forward(ctx context.Context) error {
	if l.owner.lost || time.Now().Before(l.post.tryAfter) || l.opts.scarce() != nil {
		return nil
	}
	forwards, err := l.folded.Forwards(forwardAtOnce)
	if err != nil || len(forwards) == 0 {
		return err
	}
	parcels := newParcels(l)
	note := record.Record{Kind: record.Delivered}
	for i := range forwards {
		if err := parcels.add(ctx, &forwards[i]); err != nil {
			return l.forwardFailed(err)
		}
		note.Delivered = append(note.Delivered, forwards[i].Delivery)
	}
	if err := parcels.send(ctx); err != nil {
		return l.forwardFailed(err)
	}
	appended, err := l.append(ctx, &note)
	if appended {
		l.opts.Metrics.forwarded(l.number, parcels.events, parcels.lost)
	}
	return err
}

// forwardFailed puts the rest off. What the log refuses now it takes later.
func (l *life) forwardFailed(err error) error {
	if errors.Is(err, eventlog.ErrClosed) || errors.Is(err, event.ErrCorrupt) || errors.Is(err, record.ErrCorrupt) {
		return err
	}
	l.post.tryAfter = time.Now().Add(retryAppend)
	l.logger.Warn("events were not forwarded to other partitions", "error", err.Error())
	return nil
}

// parcels collect what goes to each partition.
type parcels struct {
	life *life
	// chunks are by partition, the last of each being filled.
	chunks map[int][]chunk
	// read are the records that events are taken from.
	read map[uint64]record.Record
	// events counts those collected; lost those that the log no longer has.
	events, lost int
}

type chunk struct {
	encoded []byte
	events  int
}

func newParcels(l *life) *parcels {
	return &parcels{life: l, chunks: map[int][]chunk{}, read: map[uint64]record.Record{}}
}

// add collects what is to be forwarded to one contact.
func (p *parcels) add(ctx context.Context, forward *engine.Forward) error {
	for _, at := range forward.Copies {
		e, err := p.find(ctx, at)
		if errors.Is(err, eventlog.ErrGap) {
			p.lost++
			continue
		}
		if err != nil {
			return err
		}
		event.Forward(&e, forward.To)
		p.put(&e)
	}
	for i := range forward.Told {
		p.put(&forward.Told[i])
	}
	return nil
}

// find reads an event of this partition's log.
func (p *parcels) find(ctx context.Context, at engine.Place) (e event.Event, err error) {
	r, known := p.read[at.Offset]
	if !known {
		entry, err := p.life.opts.Log.Get(ctx, p.life.number, at.Offset)
		if err != nil {
			return e, fmt.Errorf("read offset %d: %w", at.Offset, err)
		}
		if r, err = record.Decode(entry.Stored); err != nil {
			return e, fmt.Errorf("offset %d: %w", at.Offset, err)
		}
		p.read[at.Offset] = r
	}
	rest := r.Chunk
	for range at.Index + 1 {
		if rest, err = event.Next(rest, &e); err != nil {
			return e, fmt.Errorf("offset %d: %w", at.Offset, err)
		}
	}
	return e, nil
}

func (p *parcels) put(e *event.Event) {
	p.events++
	to := event.Partition(e.Contact, p.life.opts.Log.Partitions())
	chunks := p.chunks[to]
	last := len(chunks) - 1
	if last < 0 || chunks[last].events == eventlog.MaxChunkEvents || len(chunks[last].encoded) > eventlog.MaxChunkBytes/2 {
		chunks = append(chunks, chunk{})
		last++
	}
	chunks[last].encoded = event.Append(chunks[last].encoded, e)
	chunks[last].events++
	p.chunks[to] = chunks
}

// send makes all durable, in all partitions at once. It can be repeated.
func (p *parcels) send(ctx context.Context) error {
	var sends errgroup.Group
	for to, chunks := range p.chunks {
		sends.Go(func() error { return p.sendTo(ctx, to, chunks) })
	}
	return sends.Wait()
}

func (p *parcels) sendTo(ctx context.Context, to int, chunks []chunk) error {
	for _, c := range chunks {
		stored, err := (&record.Record{Kind: record.Events, Chunk: c.encoded}).Encode()
		if err != nil {
			return err
		}
		if _, err := p.life.opts.Log.Append(ctx, to, stored); err != nil {
			return fmt.Errorf("append to partition %d: %w", to, err)
		}
	}
	return nil
}
