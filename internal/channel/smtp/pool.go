// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package smtp

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// idleFor is how long a connection waits for another message before it is closed.
	idleFor = 15 * time.Second
	// mostCarried is how many messages go over one connection: servers grow suspicious of more.
	mostCarried = 100
)

// pool keeps connections to one server and bounds how many there are.
type pool struct {
	server *server
	// places has an element for each connection in use; those that wait keep no place, as they are taken before another is made.
	places chan struct{}
	// patience is idleFor, but in tests.
	patience time.Duration

	mu     sync.Mutex
	idle   []waiting
	closed bool
}

// waiting is a connection that waits for another message, and what closes it if none comes.
type waiting struct {
	conn  *connection
	timer *time.Timer
}

func newPool(s *server, connections int) *pool {
	return &pool{server: s, places: make(chan struct{}, connections), patience: idleFor}
}

// take gives a connection that waits, or makes one; it waits while all are in use.
func (p *pool) take(ctx context.Context) (*connection, error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("smtp: all connections are in use: %w", context.Cause(ctx))
	}
	if conn := p.reuse(); conn != nil {
		return conn, nil
	}
	conn, err := p.server.connect(ctx)
	if err != nil {
		<-p.places
	}
	return conn, err
}

// reuse gives a connection that waits; nil if none does.
func (p *pool) reuse() *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		// The latest is the least likely to have been closed by the server.
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if last.timer.Stop() {
			return last.conn
		}
	}
	return nil
}

// fresh gives a new connection, whatever waits: what waits is likely to be closed too.
func (p *pool) fresh(ctx context.Context) (*connection, error) {
	p.drop()
	return p.take(ctx)
}

// give takes a connection back; one that cannot carry another message is closed.
func (p *pool) give(conn *connection, usable bool) {
	p.mu.Lock()
	kept := usable && !p.closed && conn.carried < mostCarried
	if kept {
		// At most as many wait as there are places, since each of them had one.
		p.idle = append(p.idle, waiting{conn: conn, timer: time.AfterFunc(p.patience, func() { p.expire(conn) })})
	}
	p.mu.Unlock()
	<-p.places
	switch {
	case kept:
	case usable:
		conn.quit()
	default:
		_ = conn.raw.Close()
	}
}

// expire closes a connection that has waited for too long.
func (p *pool) expire(conn *connection) {
	p.mu.Lock()
	for i := range p.idle {
		if p.idle[i].conn == conn {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	conn.quit()
}

// drop closes all connections that wait.
func (p *pool) drop() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, w := range idle {
		if w.timer.Stop() {
			w.conn.quit()
		}
	}
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.drop()
}
