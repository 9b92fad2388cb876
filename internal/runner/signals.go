// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/eventlog"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// signalsAtOnce and signalBytes bound the signals of one record.
	signalsAtOnce = 500
	signalBytes   = eventlog.MaxRecord / 2
)

// deliver appends signals that the fold has derived. It is called when all of the log is folded, so that none is appended twice; those that
// find no place in one record come when that is folded.
func (l *life) deliver(ctx context.Context) error {
	signals := l.folded.Signals()
	if len(signals) == 0 {
		return nil
	}
	r := record.Record{Kind: record.Signals}
	reader := eventReader{life: l}
	size := 0
	for i := range signals[:min(len(signals), signalsAtOnce)] {
		s := &signals[i]
		if err := reader.complete(ctx, s); errors.Is(err, eventlog.ErrUnavailable) {
			return nil // the next upkeep tries again
		} else if err != nil {
			return err
		}
		encoded, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode a signal of %s: %w", s.Key, err)
		}
		if len(encoded) > signalBytes { // it is still known where the event lies
			s.Data = nil
		}
		if size += len(encoded); size > signalBytes && i > 0 {
			break
		}
		r.Signals = append(r.Signals, *s)
	}
	appended, err := l.append(ctx, &r)
	if appended {
		l.logger.Debug("signals appended", "count", len(r.Signals), "offset", l.owner.last)
	}
	return err
}

// eventReader reads single events of the log, and keeps the record that it read last.
type eventReader struct {
	*life
	offset uint64
	chunk  []byte
}

// complete gives a signal the type and the data of its event, if the log still has that.
func (e *eventReader) complete(ctx context.Context, s *record.Signal) error {
	if s.Offset == 0 {
		return nil
	}
	if s.Offset != e.offset {
		entry, err := e.opts.Log.Get(ctx, e.number, s.Offset)
		switch {
		case errors.Is(err, eventlog.ErrGap):
			return nil
		case err != nil:
			return fmt.Errorf("read offset %d for a signal: %w", s.Offset, err)
		}
		r, err := record.Decode(entry.Stored)
		if err != nil {
			return fmt.Errorf("offset %d: %w", s.Offset, err)
		}
		e.offset, e.chunk = s.Offset, r.Chunk
	}
	var found event.Event
	chunk := e.chunk
	for range s.Index + 1 {
		var err error
		if chunk, err = event.Next(chunk, &found); err != nil {
			return fmt.Errorf("offset %d: %w", s.Offset, err)
		}
	}
	if found.Source != s.Source || found.ID != s.Event {
		return nil
	}
	s.Type = found.Type
	if json.Valid(found.Data) {
		s.Data = found.Data
	}
	return nil
}
