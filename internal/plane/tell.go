// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
)

// queue is a controller's.
type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// queues are those of the controllers that want to be told of changes.
type queues struct {
	mu         sync.Mutex
	workspaces []queue
	feeds      []queue
	funnels    []queue
}

// Workspaces is a source of workspaces whose runners have changed.
func (p *Plane) Workspaces() source.Source { return p.queues.source(&p.queues.workspaces) }

// Feeds is a source of feeds through which something came, or whose runners have changed.
func (p *Plane) Feeds() source.Source { return p.queues.source(&p.queues.feeds) }

// Funnels is a source of funnels whose numbers or versions have changed.
func (p *Plane) Funnels() source.Source { return p.queues.source(&p.queues.funnels) }

func (q *queues) source(to *[]queue) source.Source {
	return source.Func(func(_ context.Context, controller queue) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		*to = append(*to, controller)
		return nil
	})
}

func (q *queues) add(to *[]queue, names ...types.NamespacedName) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, controller := range *to {
		for _, name := range names {
			controller.Add(reconcile.Request{NamespacedName: name})
		}
	}
}

// tell enqueues what looks different between two views of a workspace.
func (p *Plane) tell(ctx context.Context, workspace types.NamespacedName, before, after *View) {
	if connectionChanged(before, after) {
		p.tellAll(ctx, workspace)
		return
	}
	if workspaceChanged(before, after) {
		p.queues.add(&p.queues.workspaces, workspace)
	}
	p.queues.add(&p.queues.feeds, changedFeeds(before, after)...)
	p.queues.add(&p.queues.funnels, changedFunnels(before, after)...)
}

// tellAll enqueues all that uses a workspace.
func (p *Plane) tellAll(ctx context.Context, workspace types.NamespacedName) {
	p.queues.add(&p.queues.workspaces, workspace)
	feeds, err := p.options.Roster.Feeds(ctx, workspace)
	if err != nil {
		log.FromContext(ctx).Error(err, "Listed no feeds, so they are told of the runners later")
	}
	p.queues.add(&p.queues.feeds, feeds...)
	funnels, err := p.options.Roster.Funnels(ctx, workspace)
	if err != nil {
		log.FromContext(ctx).Error(err, "Listed no funnels, so they are told of the runners later")
	}
	p.queues.add(&p.queues.funnels, funnels...)
}

// connectionChanged says whether something changed that concerns all that uses the workspace.
func connectionChanged(before, after *View) bool {
	return before.State != after.State ||
		before.Rejected != after.Rejected ||
		len(before.Reports) != len(after.Reports) ||
		len(before.Partitions) != len(after.Partitions) ||
		!reflect.DeepEqual(feedsVersions(before), feedsVersions(after))
}

func feedsVersions(v *View) []string {
	versions := make([]string, len(v.Reports))
	for i, r := range v.Reports {
		versions[i] = r.FeedsVersion
	}
	return versions
}

// workspaceChanged ignores single bytes: storage is shown in whole percent.
func workspaceChanged(before, after *View) bool {
	return before.Ingest() != after.Ingest() || !reflect.DeepEqual(before.Fault(), after.Fault()) ||
		usedPercent(before.Storage()) != usedPercent(after.Storage()) ||
		before.Storage().Capacity != after.Storage().Capacity
}

func usedPercent(s control.Storage) uint64 {
	if s.Capacity == 0 {
		return 0
	}
	return (s.Capacity - s.Free) / (s.Capacity/100 + 1)
}

func changedFeeds(before, after *View) []types.NamespacedName {
	counts := func(v *View) map[string]control.Feed {
		all := map[string]control.Feed{}
		for _, r := range v.Reports {
			for _, f := range r.Feeds {
				all[f.Key] = v.Feed(f.Key)
			}
		}
		return all
	}
	was, is := counts(before), counts(after)
	var changed []types.NamespacedName
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if namespace, name, ok := strings.Cut(key, "/"); ok && !reflect.DeepEqual(was[key], is[key]) {
			changed = append(changed, types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
	return changed
}

// changedFunnels are those whose state differs in any partition. Where the log's end or the clock has moved alone, no number has.
func changedFunnels(before, after *View) []types.NamespacedName {
	byNumber := map[int]map[string]aggregate.Definition{}
	for i := range before.Partitions {
		byNumber[before.Partitions[i].Partition] = before.Partitions[i].Funnels
	}
	changed := map[string]bool{}
	for i := range after.Partitions {
		was, is := byNumber[after.Partitions[i].Partition], after.Partitions[i].Funnels
		for key := range is {
			if !changed[key] && !reflect.DeepEqual(was[key], is[key]) {
				changed[key] = true
			}
		}
		for key := range was {
			if _, stays := is[key]; !stays {
				changed[key] = true
			}
		}
	}
	for key := range after.Refused {
		changed[key] = changed[key] || before.Refused[key] != after.Refused[key]
	}
	for key := range after.Kept {
		changed[key] = changed[key] || before.Kept[key].Version != after.Kept[key].Version
	}
	var names []types.NamespacedName
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		if rest, ok := strings.CutPrefix(key, "Funnel/"); ok && changed[key] {
			if namespace, name, ok := strings.Cut(rest, "/"); ok {
				names = append(names, types.NamespacedName{Namespace: namespace, Name: name})
			}
		}
	}
	return names
}
