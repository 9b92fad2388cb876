// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// openTimeout bounds the start of the server, which reads its index or, after a kill, the last blocks of every stream.
const openTimeout = 2 * time.Minute

// nonceKey is where a stream's metadata holds the nonce.
const nonceKey = "waymark-nonce"

// session is one life of the in-process NATS server with one connection to it. The server cannot go on after a write error, so
// the log ends that session and starts the next one on the same files.
type session struct {
	server  *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	streams []jetstream.Stream
	nonces  []string

	broken context.Context // done, with the cause, at the first sign that the server can no longer write
	fail   context.CancelCauseFunc
}

// openSession starts a server on dir and makes the streams that are missing.
func openSession(ctx context.Context, opts *JetStreamOptions) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s := &session{}
	s.broken, s.fail = context.WithCancelCause(context.Background())
	if err := s.start(ctx, opts); err != nil {
		s.end(err)
		return nil, fmt.Errorf("open the event log in %s: %w", opts.Dir, err)
	}
	for p := range opts.Partitions {
		if err := s.openStream(ctx, p); err != nil {
			s.end(err)
			return nil, fmt.Errorf("open the event log in %s: partition %d: %w", opts.Dir, p, err)
		}
	}
	return s, nil
}

func (s *session) start(ctx context.Context, opts *JetStreamOptions) error {
	srv, err := server.NewServer(&server.Options{
		ServerName:             "waymark",
		DontListen:             true, // only this process speaks to it
		NoSigs:                 true,
		JetStream:              true,
		StoreDir:               opts.Dir,
		SyncAlways:             true,
		JetStreamMaxMemory:     16 << 20,          // nothing of ours is kept in memory
		JetStreamMaxStore:      math.MaxInt64 / 2, // the owner purges, and ingest stops before the volume is full
		MaxPayload:             MaxRecord + 4<<10, // and headers
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("configure NATS: %w", err)
	}
	s.server = srv
	srv.SetLoggerV2(&serverLog{out: opts.Logger, failed: s.fail}, false, false, false)
	srv.Start()
	for !srv.ReadyForConnections(10*time.Millisecond) || !srv.JetStreamEnabled() {
		if err := errors.Join(ctx.Err(), context.Cause(s.broken)); err != nil {
			return fmt.Errorf("NATS did not become ready: %w", err)
		}
	}
	s.conn, err = nats.Connect("", nats.InProcessServer(srv), nats.NoReconnect(), nats.Name("waymark"))
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	s.js, err = jetstream.New(s.conn)
	if err != nil {
		return fmt.Errorf("connect to JetStream: %w", err)
	}
	return nil
}

// openStream finds the partition's stream or makes it.
func (s *session) openStream(ctx context.Context, partition int) error {
	stream, err := s.js.Stream(ctx, streamName(partition))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = s.js.CreateStream(ctx, jetstream.StreamConfig{
			Name:        streamName(partition),
			Description: "Waymark's event log, partition " + strconv.Itoa(partition),
			Subjects:    []string{eventsSubject(partition), ownerSubject(partition)},
			Storage:     jetstream.FileStorage,
			Retention:   jetstream.LimitsPolicy,
			Replicas:    1,
			AllowDirect: true,
			DenyDelete:  true, // entries go from the front only
			Duplicates:  time.Second,
			Metadata:    map[string]string{nonceKey: newNonce()},
		})
	}
	if err != nil {
		return err
	}
	nonce := stream.CachedInfo().Config.Metadata[nonceKey]
	if nonce == "" {
		return fmt.Errorf("stream %s was not made by Waymark: it has no %s in its metadata", streamName(partition), nonceKey)
	}
	s.streams, s.nonces = append(s.streams, stream), append(s.nonces, nonce)
	return nil
}

func newNonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, by crypto/rand
	return hex.EncodeToString(b[:])
}

// end stops the server; whoever waits for it gets cause.
func (s *session) end(cause error) {
	s.fail(cause)
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
}

func streamName(partition int) string    { return "waymark-" + strconv.Itoa(partition) }
func eventsSubject(partition int) string { return "waymark." + strconv.Itoa(partition) + ".events" }
func ownerSubject(partition int) string  { return "waymark." + strconv.Itoa(partition) + ".owner" }

// serverLog passes the server's warnings on. The server leaves a publisher without an answer when its disk fails and tells only
// its log, so an error there ends the session at once instead of after a timeout.
type serverLog struct {
	out    *slog.Logger
	failed context.CancelCauseFunc
}

func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Debugf(string, ...any)  {}
func (l *serverLog) Tracef(string, ...any)  {}

func (l *serverLog) Warnf(format string, v ...any) {
	l.out.Warn("event log: "+fmt.Sprintf(format, v...), "source", "nats")
}

func (l *serverLog) Errorf(format string, v ...any) { l.fault(fmt.Sprintf(format, v...)) }
func (l *serverLog) Fatalf(format string, v ...any) { l.fault(fmt.Sprintf(format, v...)) }

func (l *serverLog) fault(text string) {
	l.out.Error("event log: "+text, "source", "nats")
	if strings.Contains(text, "no space left on device") {
		l.failed(fmt.Errorf("%w: %s", ErrFull, text))
		return
	}
	l.failed(fmt.Errorf("%w: %s", ErrUnavailable, text))
}
