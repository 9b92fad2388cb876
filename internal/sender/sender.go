// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package sender carries out what scenarios want: it claims messages in the partitions' logs, sends those that are granted, and tells the
// partitions what became of them.
//
// A Desk is the sender's place at one partition. In the partition's goroutine it asks the fold what is wanted and says what to append. A line
// is one channel: it bounds how fast and how many messages leave, and stops when the channel does. So what is slow or dead delays neither the
// fold nor another channel.
package sender

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/waymark-dev/waymark/internal/channel"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/definition/zoneinfo"
	"github.com/waymark-dev/waymark/internal/event"
)

const (
	// stopPatience is how long what is being sent may take when the sender stops, before it is cut off.
	stopPatience = 5 * time.Second
	// tellPatience is how long results may take to become durable then.
	tellPatience = 3 * time.Second
)

// Log is what results are appended to: see eventlog.Log.
type Log interface {
	Partitions() int
	Append(ctx context.Context, partition int, stored []byte) (offset uint64, err error)
}

// Options are what a Sender works with. All but Logger and Metrics are required.
type Options struct {
	// Log is the workspace's event log.
	Log Log
	// Owned are the partitions that the sender has desks at, ascending.
	Owned []int
	// Now gives the time that the owner believes, of which claims and results are.
	Now func() event.Time
	// Open opens a channel. Its errors hold no secret.
	Open func(c definition.DeliveryChannel) (channel.Channel, error)
	// Render makes a message of what was granted.
	Render Renderer
	// Logger defaults to slog's default. No record holds anything of a contact or a message.
	Logger *slog.Logger
	// Metrics are told what happens; nil tells nobody.
	Metrics *Metrics
}

// Sender sends for the partitions of one runner.
type Sender struct {
	opts  Options
	desks map[int]*Desk
	// sending ends when the sender has stopped and patience is over.
	sending context.Context
	cutOff  context.CancelFunc
	// telling ends when results are no longer waited for.
	telling context.Context
	giveUp  context.CancelFunc

	delivery atomic.Pointer[definition.Delivery] // nil until there is one
	stopping atomic.Bool

	mu      sync.Mutex
	lines   map[string]*line // by channel key
	closing sync.WaitGroup   // channels that finish what is in flight
}

// New makes a sender. It sends nothing before SetDelivery, but for what needs no channel.
func New(opts Options) *Sender {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Metrics == nil {
		opts.Metrics = NewMetrics()
	}
	s := &Sender{opts: opts, desks: map[int]*Desk{}, lines: map[string]*line{}}
	s.sending, s.cutOff = context.WithCancel(context.Background())
	s.telling, s.giveUp = context.WithCancel(context.Background())
	for _, p := range opts.Owned {
		s.desks[p] = newDesk(s, p)
	}
	s.lines[setLine] = newSetLine(s)
	return s
}

// Desk gives the sender's place at a partition; nil when it has none there.
func (s *Sender) Desk(partition int) *Desk {
	if s == nil {
		return nil
	}
	return s.desks[partition]
}

// line gives a channel's line; nil while the delivery does not have it.
func (s *Sender) line(key string) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[key]
}

// leaving says that nothing more is claimed.
func (s *Sender) leaving() bool { return s.stopping.Load() }

func (s *Sender) settings() *definition.Delivery { return s.delivery.Load() }

// share is the part of a channel's limits that this runner may use: that of the partitions which it owns.
func (s *Sender) share() float64 {
	return float64(len(s.opts.Owned)) / float64(s.opts.Log.Partitions())
}

// wake makes every partition look whether there is something to send.
func (s *Sender) wake() {
	for _, d := range s.desks {
		d.Wake()
	}
}

// Run probes idle channels until the context ends. Then nothing more is claimed, what is being sent is let finish for some seconds, and what
// was granted and not begun is put off. The partitions must still be folded meanwhile, or what was claimed last is in doubt.
func (s *Sender) Run(ctx context.Context) {
	s.probeAll(ctx)
	s.stopping.Store(true)
	s.mu.Lock()
	for _, l := range s.lines {
		s.closing.Go(l.stop)
	}
	s.mu.Unlock()
	finished := make(chan struct{})
	go func() {
		s.closing.Wait()
		close(finished)
	}()
	for _, last := range []struct {
		patience time.Duration
		over     func()
	}{{stopPatience, s.cutOff}, {tellPatience, s.giveUp}} {
		select {
		case <-finished:
		case <-time.After(last.patience):
		}
		last.over()
	}
	<-finished
}

// others gives the desks but that of one partition, in the order of partitions.
func (s *Sender) others(but int) []*Desk {
	var all []*Desk
	for _, p := range slices.Sorted(slices.Values(s.opts.Owned)) {
		if p != but {
			all = append(all, s.desks[p])
		}
	}
	return all
}

// localDay gives the instant in the workspace's zone.
func (s *Sender) localDay(now event.Time) time.Time {
	d := s.settings()
	if d == nil {
		return now.UTC()
	}
	zone, err := zoneinfo.Load(d.TimeZone)
	if err != nil {
		return now.UTC()
	}
	return now.UTC().In(zone)
}
