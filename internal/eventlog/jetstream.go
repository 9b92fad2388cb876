// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waymark-dev/waymark/internal/record"
)

// publishTimeout bounds the wait for one append to be confirmed. A healthy disk needs milliseconds.
const publishTimeout = 10 * time.Second

// epochHeader carries the owner's number on each of its records, so that the next owner finds it on the last one.
const epochHeader = "Waymark-Epoch"

// JetStreamOptions say where and how the embedded log lives.
type JetStreamOptions struct {
	// Dir is the folder of the log's files; it is made when missing.
	Dir string
	// Partitions is how many there are, at least 1. A log that exists keeps those it has.
	Partitions int
	// Volume tells of the space on Dir's volume. Nil asks the operating system.
	Volume Volume
	// MinFree is how much space, in bytes, must be free again before appends go on after the volume was full. 0 is 4 MiB.
	MinFree uint64
	// Logger takes what the server complains about. Nil is slog's default.
	Logger *slog.Logger
}

// JetStream is the durable log: a NATS JetStream server inside this process, without a network port, that syncs each
// append to the disk before it confirms. After a write error it restarts the server on the same files, as often as needed, and
// appends go on by themselves.
type JetStream struct {
	opts JetStreamOptions
	full atomic.Bool // the volume was full, and appends wait for MinFree

	mu      sync.Mutex
	session *session // nil while the server restarts
	closed  bool

	stop    context.CancelFunc
	stopped chan struct{}
}

var _ Log = (*JetStream)(nil)

// OpenJetStream opens the log in opts.Dir, or makes it.
func OpenJetStream(ctx context.Context, opts JetStreamOptions) (*JetStream, error) {
	if opts.Volume == nil {
		opts.Volume = VolumeAt(opts.Dir)
	}
	if opts.MinFree == 0 {
		opts.MinFree = 4 << 20
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	first, err := openSession(ctx, &opts)
	if err != nil {
		return nil, err
	}
	l := &JetStream{opts: opts, session: first, stopped: make(chan struct{})}
	ctx, l.stop = context.WithCancel(context.Background())
	go l.keep(ctx, first)
	return l, nil
}

// keep replaces a session that broke, until the log is closed.
func (l *JetStream) keep(ctx context.Context, s *session) {
	defer close(l.stopped)
	for {
		select {
		case <-ctx.Done():
			s.end(ErrClosed)
			return
		case <-s.broken.Done():
		}
		cause := context.Cause(s.broken)
		l.full.Store(errors.Is(cause, ErrFull) || l.lacksSpace())
		l.replace(nil)
		s.end(cause)
		if s = l.reopen(ctx); s == nil {
			return
		}
		l.opts.Logger.Info("event log: reopened", "after", cause.Error())
		l.replace(s)
	}
}

// reopen tries until a session is open, and returns nil when the log is closed first.
func (l *JetStream) reopen(ctx context.Context) *session {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		s, err := openSession(ctx, &l.opts)
		if err == nil {
			return s
		}
		l.opts.Logger.Error("event log: cannot be reopened yet", "error", err.Error())
	}
}

func (l *JetStream) replace(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = s
}

func (l *JetStream) current() (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, ErrClosed
	case l.session == nil && l.full.Load():
		return nil, ErrFull
	case l.session == nil:
		return nil, ErrUnavailable
	}
	return l.session, nil
}

func (l *JetStream) lacksSpace() bool {
	space, err := l.opts.Volume.Space()
	return err == nil && space.Free < l.opts.MinFree
}

// Partitions is how many partitions there are.
func (l *JetStream) Partitions() int { return l.opts.Partitions }

// Append adds a record of any gateway.
func (l *JetStream) Append(ctx context.Context, partition int, stored []byte) (uint64, error) {
	s, err := l.current()
	if err != nil {
		return 0, err
	}
	return l.publish(ctx, s, &nats.Msg{Subject: eventsSubject(partition), Data: stored})
}

func (l *JetStream) publish(ctx context.Context, s *session, msg *nats.Msg, opts ...jetstream.PublishOpt) (uint64, error) {
	if len(msg.Data) > MaxRecord {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(msg.Data), MaxRecord)
	}
	if l.full.Load() {
		if l.lacksSpace() {
			return 0, ErrFull
		}
		l.full.Store(false)
	}
	wait, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	defer context.AfterFunc(s.broken, cancel)()
	ack, err := s.js.PublishMsg(wait, msg, opts...)
	if err == nil {
		return ack.Sequence, nil
	}
	return 0, l.publishError(ctx, s, err)
}

// publishError tells what a failed publish means, and ends the session when the server may no longer be able to write.
func (l *JetStream) publishError(ctx context.Context, s *session, err error) error {
	var refused *jetstream.APIError
	switch {
	case s.broken.Err() != nil:
		if l.isClosed() {
			return ErrClosed
		}
		return context.Cause(s.broken)
	case ctx.Err() != nil:
		return fmt.Errorf("append to the event log: %w", ctx.Err())
	case errors.As(err, &refused) && refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return ErrFenced
	}
	err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	s.fail(err)
	return err
}

func (l *JetStream) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// TakeOver fences every earlier owner: each record of an owner is appended only if the last record on the owner's subject is the one that
// it knows of, and a take-over puts a new one there.
func (l *JetStream) TakeOver(ctx context.Context, partition int, opening record.EpochRecord) (Owner, error) {
	s, err := l.current()
	if err != nil {
		return nil, err
	}
	o := &jetStreamOwner{log: l, partition: partition}
	last, err := s.streams[partition].GetLastMsgForSubject(ctx, ownerSubject(partition))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
	case err != nil:
		return nil, l.readError(ctx, s, err)
	default:
		epoch, err := strconv.ParseUint(last.Header.Get(epochHeader), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: owner's record %d has no epoch", record.ErrCorrupt, last.Sequence)
		}
		opening.Epoch, o.last = max(opening.Epoch, epoch+1), last.Sequence
	}
	o.epoch = max(opening.Epoch, 1)
	opening.Epoch = o.epoch
	if o.opened, err = o.Append(ctx, &record.Record{Kind: record.Epoch, Epoch: opening}); err != nil {
		return nil, err
	}
	return o, nil
}

type jetStreamOwner struct {
	log       *JetStream
	partition int
	epoch     uint64
	opened    uint64

	mu    sync.Mutex // one append in flight
	last  uint64     // offset of the last owner's record
	ended error      // set for good once it is open or certain that another record is the last
}

func (o *jetStreamOwner) Epoch() uint64  { return o.epoch }
func (o *jetStreamOwner) Opened() uint64 { return o.opened }

func (o *jetStreamOwner) Append(ctx context.Context, r *record.Record) (uint64, error) {
	stored, err := r.Encode()
	if err != nil {
		return 0, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		return 0, o.ended
	}
	s, err := o.log.current()
	if err != nil {
		return 0, err
	}
	msg := &nats.Msg{Subject: ownerSubject(o.partition), Data: stored, Header: nats.Header{epochHeader: {strconv.FormatUint(o.epoch, 10)}}}
	offset, err := o.log.publish(ctx, s, msg, jetstream.WithExpectLastSequencePerSubject(o.last))
	switch {
	case err == nil:
		o.last = offset
		return offset, nil
	case errors.Is(err, ErrFenced):
		o.ended = fmt.Errorf("%w: partition %d, epoch %d", ErrFenced, o.partition, o.epoch)
		return 0, o.ended
	case errors.Is(err, ErrFull), errors.Is(err, ErrTooLarge):
		if s.broken.Err() == nil { // refused before it was sent
			return 0, err
		}
	}
	o.ended = fmt.Errorf("%w: partition %d, epoch %d: %w", ErrOwnerLost, o.partition, o.epoch, err)
	return 0, err
}

// Bounds tells what a partition holds.
func (l *JetStream) Bounds(ctx context.Context, partition int) (Bounds, error) {
	s, err := l.current()
	if err != nil {
		return Bounds{}, err
	}
	// A handle of its own: the shared one caches what it is told and is not safe for that.
	stream, err := s.js.Stream(ctx, streamName(partition))
	if err != nil {
		return Bounds{}, l.readError(ctx, s, err)
	}
	state := stream.CachedInfo().State
	bounds := Bounds{First: state.FirstSeq, Last: state.LastSeq, Bytes: state.Bytes, Nonce: s.nonces[partition]}
	if state.Msgs == 0 {
		bounds.First = state.LastSeq + 1
	}
	return bounds, nil
}

// Purge forgets the entries before an offset.
func (l *JetStream) Purge(ctx context.Context, partition int, before uint64) error {
	s, err := l.current()
	if err != nil {
		return err
	}
	last, err := s.streams[partition].GetLastMsgForSubject(ctx, ownerSubject(partition))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err == nil {
		err = s.streams[partition].Purge(ctx, jetstream.WithPurgeSequence(max(min(before, last.Sequence), 1)))
	}
	if err != nil {
		return l.readError(ctx, s, err)
	}
	return nil
}

// Close stops the server.
func (l *JetStream) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.stop()
	<-l.stopped
	return nil
}
