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
	"github.com/waymark-dev/waymark/internal/definition"
)

// queue is a controller's.
type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// queues are those of the controllers that want to be told of changes, by the kind that they look after.
type queues struct {
	mu     sync.Mutex
	byKind map[string][]queue
}

// Workspaces is a source of workspaces whose runners have changed.
func (p *Plane) Workspaces() source.Source { return p.queues.source(workspaceKind) }

// Feeds is a source of feeds through which something came, or whose runners have changed.
func (p *Plane) Feeds() source.Source { return p.queues.source(feedKind) }

// Funnels is a source of funnels whose numbers or versions have changed.
func (p *Plane) Funnels() source.Source { return p.queues.source(definition.KindFunnel) }

// Scenarios is a source of scenarios whose numbers or versions have changed.
func (p *Plane) Scenarios() source.Source { return p.queues.source(definition.KindScenario) }

// Segments is a source of segments whose numbers or versions have changed.
func (p *Plane) Segments() source.Source { return p.queues.source(definition.KindSegment) }

// Journeys is a source of journeys whose numbers or versions have changed.
func (p *Plane) Journeys() source.Source { return p.queues.source(definition.KindJourney) }

// Channels is a source of channels whose numbers have changed, or of which the runners say something else.
func (p *Plane) Channels() source.Source { return p.queues.source(definition.KindChannel) }

func (q *queues) source(kind string) source.Source {
	return source.Func(func(_ context.Context, controller queue) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.byKind == nil {
			q.byKind = map[string][]queue{}
		}
		q.byKind[kind] = append(q.byKind[kind], controller)
		return nil
	})
}

// add enqueues resources of a kind; nothing happens where nobody looks after it.
func (q *queues) add(kind string, names ...types.NamespacedName) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, controller := range q.byKind[kind] {
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
		p.queues.add(workspaceKind, workspace)
	}
	p.queues.add(feedKind, changedFeeds(before, after)...)
	for _, key := range changedDefinitions(before, after) {
		kind, namespace, name, ok := definition.SplitKey(key)
		if kind == definition.KindPolicy {
			kind = workspaceKind // a policy is part of its workspace, and has its name
		}
		if ok {
			p.queues.add(kind, types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
}

// tellAll enqueues all that uses a workspace.
func (p *Plane) tellAll(ctx context.Context, workspace types.NamespacedName) {
	p.queues.add(workspaceKind, workspace)
	for _, of := range p.users() {
		names, err := of.list(ctx, workspace)
		if err != nil {
			log.FromContext(ctx).Error(err, "Listed none of a kind, so they are told of the runners later", "kind", of.kind)
		}
		p.queues.add(of.kind, names...)
	}
}

// connectionChanged says whether something changed that concerns all that uses the workspace.
func connectionChanged(before, after *View) bool {
	return before.State != after.State ||
		before.Rejected != after.Rejected ||
		len(before.Reports) != len(after.Reports) ||
		len(before.Partitions) != len(after.Partitions) ||
		!slices.Equal(fileVersions(before), fileVersions(after))
}

// fileVersions are those of the files that the runners serve and send by.
func fileVersions(v *View) []string {
	versions := make([]string, 0, 2*len(v.Reports))
	for _, r := range v.Reports {
		versions = append(versions, r.FeedsVersion, r.DeliveryVersion)
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

// changedDefinitions are the keys of those whose state differs in any partition, or of which a runner says something else. Where the log's
// end or the clock has moved alone, no number has.
func changedDefinitions(before, after *View) []string {
	byNumber := map[int]map[string]any{}
	for i := range before.Partitions {
		byNumber[before.Partitions[i].Partition] = statesIn(&before.Partitions[i])
	}
	changed := map[string]bool{}
	for i := range after.Partitions {
		markChanged(changed, byNumber[after.Partitions[i].Partition], statesIn(&after.Partitions[i]))
	}
	markChanged(changed, channelStates(before), channelStates(after))
	for key := range after.Refused {
		changed[key] = changed[key] || before.Refused[key] != after.Refused[key]
	}
	for key := range after.Kept {
		changed[key] = changed[key] || before.Kept[key].Version != after.Kept[key].Version
	}
	maps.DeleteFunc(changed, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(changed))
}

// markChanged marks the keys under which two states differ.
func markChanged[S any](changed map[string]bool, was, is map[string]S) {
	for key := range is {
		if before, there := was[key]; !there || !changed[key] && !reflect.DeepEqual(before, is[key]) {
			changed[key] = true
		}
	}
	for key := range was {
		if _, stays := is[key]; !stays {
			changed[key] = true
		}
	}
}

// statesIn gives what a partition reports of each definition.
func statesIn(p *aggregate.Partition) map[string]any {
	states := make(map[string]any, len(p.Funnels)+len(p.Scenarios)+len(p.Channels))
	for key := range p.Funnels {
		states[key] = p.Funnels[key]
	}
	for i := range p.Scenarios {
		states[p.Scenarios[i].Key] = p.Scenarios[i]
	}
	for i := range p.Channels {
		states[p.Channels[i].Key] = p.Channels[i]
	}
	return states
}

// channelStates gives what all senders say of each channel.
func channelStates(v *View) map[string]control.Channel {
	states := map[string]control.Channel{}
	for _, r := range v.Reports {
		for _, c := range r.Channels {
			states[c.Key], _ = v.Channel(c.Key)
		}
	}
	return states
}
