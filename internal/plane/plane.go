// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/waymark-dev/waymark/internal/control"
)

// settle is how long a poll that was asked for waits, so that a whole Git commit is handed over at once.
const settle = 100 * time.Millisecond

// Roster says which resources use a workspace. It reads the operator's caches, which must have synced: a definition of a resource that
// it does not name is withdrawn from the runners.
type Roster interface {
	// Funnels are those that exist and may use the workspace.
	Funnels(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// Feeds are likewise the feeds.
	Feeds(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// Scenarios are likewise the scenarios.
	Scenarios(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// Segments are likewise the segments.
	Segments(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// Journeys are likewise the journeys.
	Journeys(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
	// Channels are likewise the channels.
	Channels(ctx context.Context, workspace types.NamespacedName) ([]types.NamespacedName, error)
}

// Options configure a Plane.
type Options struct {
	// Dial makes the client of a runner.
	Dial Dial
	// Roster says what exists.
	Roster Roster
	// Term gives the term of the operator that leads; it is asked once, when it has begun to lead.
	Term func(context.Context) (uint64, error)
	// Interval is how often a runner is asked for its report.
	Interval time.Duration
	// Clock tells the time.
	Clock clock.Clock
}

// Plane is every workspace's runners. It is safe for concurrent use.
type Plane struct {
	options Options
	queues  queues

	mu    sync.Mutex // before any link's mu
	links map[types.NamespacedName]*link
	run   context.Context // set while Start runs
	term  uint64
	calls uint64 // handed over in this term
	loops sync.WaitGroup
}

var (
	_ manager.Runnable               = (*Plane)(nil)
	_ manager.LeaderElectionRunnable = (*Plane)(nil)
)

// New makes a plane without workspaces.
func New(options Options) *Plane {
	return &Plane{options: options, links: map[types.NamespacedName]*link{}}
}

// NeedLeaderElection makes only the operator that leads call runners.
func (p *Plane) NeedLeaderElection() bool { return true }

// Connect makes endpoints the runners of a workspace. The error names a runner whose credentials cannot be used.
func (p *Plane) Connect(workspace types.NamespacedName, partitions int32, endpoints []Endpoint) error {
	l := p.link(workspace)
	if err := l.connect(int(partitions), endpoints, p.options.Dial, p.options.Clock.Now()); err != nil {
		return fmt.Errorf("connect workspace %s: %w", workspace, err)
	}
	p.mu.Lock()
	p.begin(l)
	p.mu.Unlock()
	return nil
}

// Disconnect forgets a workspace that is gone.
func (p *Plane) Disconnect(workspace types.NamespacedName) {
	p.mu.Lock()
	l, known := p.links[workspace]
	delete(p.links, workspace)
	p.mu.Unlock()
	if !known {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil {
		l.stop()
	}
	for _, peer := range l.peers {
		peer.runner.Close()
	}
	forgetMetrics(workspace)
}

// Offer makes a definition the one that a workspace's runners are to run under its key.
func (p *Plane) Offer(workspace types.NamespacedName, definition control.Definition) {
	l := p.link(workspace)
	l.mu.Lock()
	held, known := l.offers[definition.Key]
	l.offers[definition.Key] = definition
	l.mu.Unlock()
	if !known || held.Version != definition.Version || held.UID != definition.UID || held.Generation != definition.Generation ||
		!bytes.Equal(held.Standing, definition.Standing) {
		l.wakeUp()
	}
}

// Withdraw forgets what was offered under a key, in every workspace. The runners drop it once the roster no longer names it.
func (p *Plane) Withdraw(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.mu.Lock()
		_, known := l.offers[key]
		delete(l.offers, key)
		l.mu.Unlock()
		if known {
			l.wakeUp()
		}
	}
}

// View gives what is known of a workspace's runners.
func (p *Plane) View(workspace types.NamespacedName) View {
	p.mu.Lock()
	l, known := p.links[workspace]
	p.mu.Unlock()
	if !known {
		return View{}
	}
	return l.view(p.options.Clock.Now())
}

// link gives a workspace's link and makes it first if need be.
func (p *Plane) link(workspace types.NamespacedName) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.links[workspace]
	if !known {
		l = newLink(workspace)
		p.links[workspace] = l
	}
	return l
}

// Start calls the runners until the context ends. The manager runs it once its caches have synced and it leads.
func (p *Plane) Start(ctx context.Context) error {
	term, err := p.options.Term(ctx)
	if err != nil {
		return fmt.Errorf("learn the term of this operator: %w", err)
	}
	p.mu.Lock()
	p.run, p.term = ctx, term
	for _, l := range p.links {
		p.begin(l)
	}
	p.mu.Unlock()
	<-ctx.Done()
	p.loops.Wait()
	return nil
}

// begin starts the loop of a link, once the plane runs. p.mu should be held.
func (p *Plane) begin(l *link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.run == nil || p.run.Err() != nil || l.running {
		return
	}
	ctx, stop := context.WithCancel(p.run)
	l.running, l.stop = true, stop
	p.loops.Go(func() { p.loop(ctx, l) })
}

func (p *Plane) loop(ctx context.Context, l *link) {
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithName("plane").WithValues("workspace", l.workspace))
	timer := p.options.Clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			select {
			case <-ctx.Done():
				return
			case <-p.options.Clock.After(settle):
			}
		case <-timer.C():
		}
		p.poll(ctx, l)
		timer.Reset(p.options.Interval)
	}
}
