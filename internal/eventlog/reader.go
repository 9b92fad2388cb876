// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// readAhead bounds the bytes that a reader holds before they are asked for. It must hold at least one record.
const readAhead = 4 << 20

// Read opens a reader.
func (l *JetStream) Read(ctx context.Context, partition int, from uint64) (Reader, error) {
	s, err := l.current()
	if err != nil {
		return nil, err
	}
	consumer, err := s.js.OrderedConsumer(ctx, streamName(partition), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   max(from, 1),
	})
	if err != nil {
		return nil, l.readError(ctx, s, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(readAhead))
	if err != nil {
		return nil, l.readError(ctx, s, err)
	}
	return &jetStreamReader{log: l, session: s, messages: messages, next: max(from, 1)}, nil
}

type jetStreamReader struct {
	log      *JetStream
	session  *session
	messages jetstream.MessagesContext
	next     uint64
}

func (r *jetStreamReader) Next(ctx context.Context) (Entry, error) {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.session.broken, cancel)()
	msg, err := r.messages.Next(jetstream.NextContext(wait))
	if err != nil {
		return Entry{}, r.log.readError(ctx, r.session, err)
	}
	meta, err := msg.Metadata()
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if meta.Sequence.Stream != r.next {
		return Entry{}, fmt.Errorf("%w: offset %d was purged, the next is %d", ErrGap, r.next, meta.Sequence.Stream)
	}
	r.next++
	return Entry{Offset: meta.Sequence.Stream, Appended: meta.Timestamp, Stored: msg.Data()}, nil
}

func (r *jetStreamReader) Close() { r.messages.Stop() }

// Get returns one entry.
func (l *JetStream) Get(ctx context.Context, partition int, offset uint64) (Entry, error) {
	s, err := l.current()
	if err != nil {
		return Entry{}, err
	}
	msg, err := s.streams[partition].GetMsg(ctx, offset)
	if err != nil {
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return Entry{}, fmt.Errorf("%w: offset %d", ErrGap, offset)
		}
		return Entry{}, l.readError(ctx, s, err)
	}
	return Entry{Offset: msg.Sequence, Appended: msg.Time, Stored: msg.Data}, nil
}

// readError tells what a failed request means.
func (l *JetStream) readError(ctx context.Context, s *session, err error) error {
	switch {
	case l.isClosed():
		return ErrClosed
	case s.broken.Err() != nil:
		return context.Cause(s.broken)
	case ctx.Err() != nil:
		return fmt.Errorf("read the event log: %w", ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
