// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

// partition is one log and its fold.
type partition struct {
	options *Options
	number  int
	fold    *engine.Fold
	events  Events
	// coming is the next event; nil when there are no more.
	coming   []byte
	comingAt event.Time
	// chunks are the records of events by offset; others are nil.
	chunks [][]byte
	// units are those that definitions count by, and handed is the offset of the last record that was handed on to them.
	units  []string
	handed uint64
	// due is when something is due next, while known.
	due   event.Time
	known bool
	// sent are the messages of each contact, the latest last.
	sent   map[string][]sent
	unsent int64
	folded int
}

func (p *partition) step(r *record.Record) error {
	offset := p.fold.Offset() + 1
	if err := p.fold.Step(offset, r); err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	for uint64(len(p.chunks)) <= offset {
		p.chunks = append(p.chunks, nil)
	}
	p.chunks[offset] = r.Chunk
	p.known = false
	return nil
}

// take folds one event, which must never change.
func (p *partition) take(encoded []byte) error {
	return p.step(&record.Record{Kind: record.Events, Chunk: encoded})
}

// look takes the next event of the log in hand.
func (p *partition) look() {
	encoded, at, more := p.events.Next()
	if !more {
		encoded = nil
	}
	p.coming, p.comingAt = encoded, at
}

func (p *partition) nextDue() (event.Time, error) {
	if p.known {
		return p.due, nil
	}
	due, err := p.fold.NextDue()
	if err != nil {
		return 0, fmt.Errorf("partition %d: %w", p.number, err)
	}
	p.due, p.known = due, true
	return due, nil
}

// begin does what is due at an instant and folds the events that come then. At the last instant the clock moves in any case.
func (p *partition) begin(ctx context.Context, now event.Time, last bool) error {
	if last {
		if err := p.moveClock(now); err != nil {
			return err
		}
	}
	if _, err := p.tick(ctx, now); err != nil {
		return err
	}
	for p.coming != nil && p.comingAt <= now {
		encoded, err := p.about(p.coming)
		if err == nil && encoded != nil {
			err = p.take(encoded)
		}
		if err != nil {
			return err
		}
		p.count(1)
		p.look()
	}
	if p.coming == nil {
		p.count(0)
	}
	return nil
}

// count tells of events folded, of many at once.
func (p *partition) count(n int) {
	const many = 256
	p.folded += n
	if p.folded >= many || p.coming == nil {
		p.options.Folded(p.folded)
		p.folded = 0
	}
}

func (p *partition) moveClock(now event.Time) error {
	if p.fold.Clock() >= now {
		return nil
	}
	return p.step(&record.Record{Kind: record.Tick, Tick: now})
}

// tick moves the clock until nothing is due any more: timers ring on a budget per record, and sweeps go on with each.
func (p *partition) tick(ctx context.Context, now event.Time) (ticked bool, err error) {
	for ; ; ticked = true {
		due, err := p.nextDue()
		if err != nil || due == 0 || due > now {
			return ticked, err
		}
		if err := ctx.Err(); err != nil {
			return ticked, err
		}
		if err := p.step(&record.Record{Kind: record.Tick, Tick: now}); err != nil {
			return ticked, err
		}
	}
}

// follow does what follows in the partition, and says whether that was anything.
func (p *partition) follow(ctx context.Context, now event.Time) (followed bool, err error) {
	for _, do := range []func() (bool, error){
		func() (bool, error) { return p.tick(ctx, now) },
		p.deliver,
		func() (bool, error) { return p.send(ctx, now) },
	} {
		did, err := do()
		if err != nil {
			return followed, err
		}
		followed = followed || did
	}
	return followed, nil
}

// deliver appends the drop-offs that the fold has found, with the events that they are about.
func (p *partition) deliver() (delivered bool, err error) {
	if !p.fold.Signalling() {
		return false, nil
	}
	signals := p.fold.Signals()
	for i := range signals {
		s := &signals[i]
		e, err := p.at(engine.Place{Offset: s.Offset, Index: s.Index})
		if err != nil {
			return false, err
		}
		if e.Source == s.Source && e.ID == s.Event {
			s.Type = e.Type
			if json.Valid(e.Data) {
				s.Data = e.Data
			}
		}
	}
	return true, p.step(&record.Record{Kind: record.Signals, Signals: signals})
}

// at gives an event of the log; the zero event where that is not known.
func (p *partition) at(place engine.Place) (e event.Event, err error) {
	if place.Offset == 0 || place.Offset >= uint64(len(p.chunks)) {
		return e, nil
	}
	rest := p.chunks[place.Offset]
	for range place.Index + 1 {
		if rest, err = event.Next(rest, &e); err != nil {
			return e, fmt.Errorf("event %d of record %d: %w", place.Index, place.Offset, err)
		}
	}
	return e, nil
}
