// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/event"
)

// link is one workspace with its runners.
type link struct {
	workspace types.NamespacedName
	wake      chan struct{} // asks for a poll soon; holds at most one
	polling   sync.Mutex    // held during a poll, before mu
	told      View          // what controllers were told of last; belongs to polling

	mu         sync.Mutex
	partitions int
	peers      []*peer
	offers     map[string]control.Definition
	running    bool
	stop       func()
}

// peer is one runner. Its fields belong to the link's mu; calls are made without it.
type peer struct {
	endpoint Endpoint
	runner   Runner

	report       *control.Report // the last; nil before the first
	silentSince  time.Time       // when the first call failed since the last that did not; zero while it answers
	problem      string          // the error of the last call, if it failed
	rejected     string          // why definitions were last not taken
	acknowledged string          // the set that it took last
	pushed       time.Time       // when it was last handed a set
	refused      map[string]control.Refusal
	kept         map[string]control.Definition // what it said that it has under keys that it was asked to keep
}

func newLink(workspace types.NamespacedName) *link {
	return &link{workspace: workspace, wake: make(chan struct{}, 1), offers: map[string]control.Definition{}}
}

func (l *link) wakeUp() {
	select {
	case l.wake <- struct{}{}:
	default: // it will wake up anyway
	}
}

// connect makes endpoints the runners of the workspace. A runner whose endpoint stays keeps its connection and its report.
func (l *link) connect(partitions int, endpoints []Endpoint, dial Dial, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partitions = partitions
	kept := map[string]*peer{}
	for _, p := range l.peers {
		kept[p.endpoint.Name] = p
	}
	var peers []*peer
	for _, endpoint := range endpoints {
		if known, ok := kept[endpoint.Name]; ok && known.endpoint == endpoint {
			peers = append(peers, known)
			delete(kept, endpoint.Name)
			continue
		}
		runner, err := dial(endpoint)
		if err != nil {
			return err
		}
		made := &peer{endpoint: endpoint, runner: runner, silentSince: now}
		if known, ok := kept[endpoint.Name]; ok {
			// The pod came back elsewhere, or has new credentials. Its last report stays until it gives another.
			made.report, made.problem = known.report, known.problem
			if !known.silentSince.IsZero() {
				made.silentSince = known.silentSince
			}
		}
		peers = append(peers, made)
	}
	for _, p := range l.peers {
		if !slices.Contains(peers, p) {
			p.runner.Close()
		}
	}
	l.peers = peers
	return nil
}

// snapshot gives the runners at hand.
func (l *link) snapshot() []*peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.peers)
}

// wanted is the whole set of definitions for the funnels that exist: what was offered for each, or else to keep what there is.
func (l *link) wanted(keys []string) []control.Definition {
	l.mu.Lock()
	defer l.mu.Unlock()
	set := make([]control.Definition, 0, len(keys))
	for _, key := range keys {
		offered, ok := l.offers[key]
		if !ok {
			offered = control.Definition{Key: key}
		}
		set = append(set, offered)
	}
	slices.SortFunc(set, func(a, b control.Definition) int { return cmp.Compare(a.Key, b.Key) })
	return set
}

// view must be called without mu.
func (l *link) view(now time.Time) View {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := View{State: l.state(now), PartitionCount: l.partitions, Refused: map[string]control.Refusal{}, Kept: map[string]control.Definition{}}
	for _, p := range l.peers {
		v.Problem = cmp.Or(v.Problem, p.problem)
		v.Rejected = cmp.Or(v.Rejected, p.rejected)
		maps.Copy(v.Refused, p.refused)
		maps.Copy(v.Kept, p.kept)
		if p.report == nil {
			continue
		}
		v.Reports = append(v.Reports, *p.report)
		v.Partitions = append(v.Partitions, p.report.Partitions...)
		if asOf := event.Time(p.report.AsOf); v.AsOf == 0 || asOf < v.AsOf {
			v.AsOf = asOf
		}
	}
	return v
}

// state wants mu to be held.
func (l *link) state(now time.Time) State {
	if len(l.peers) == 0 {
		return Absent
	}
	state := Connected
	for _, p := range l.peers {
		if !p.silentSince.IsZero() && now.Sub(p.silentSince) > Grace {
			return Unreachable
		}
		if p.report == nil {
			state = Connecting
		}
	}
	return state
}
