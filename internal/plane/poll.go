// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/control"
)

const (
	// callTimeout bounds one call of a runner.
	callTimeout = 10 * time.Second
	// repush is how long after handing a set over a runner that does not show it in its report is handed it again.
	repush = 15 * time.Second
)

// Poll calls the runners of one workspace once: it hands over what differs, takes in reports, and tells controllers of what has
// changed. Start does so all the time; it is exported for tests, which have a time of their own.
func (p *Plane) Poll(ctx context.Context, workspace types.NamespacedName) {
	p.poll(ctx, p.link(workspace))
}

func (p *Plane) poll(ctx context.Context, l *link) {
	l.polling.Lock()
	defer l.polling.Unlock()
	set, err := p.wanted(ctx, l)
	if err != nil {
		log.FromContext(ctx).Error(err, "Listed not all resources, so definitions stay as they are")
	}
	var calls sync.WaitGroup
	for _, peer := range l.snapshot() {
		calls.Go(func() { p.visit(ctx, l, peer, set) })
	}
	calls.Wait()
	if ctx.Err() != nil {
		return
	}
	after := l.view(p.options.Clock.Now())
	observe(l.workspace, &after)
	// What has changed is judged against what was told last: time alone turns silence into a runner that cannot be reached.
	p.tell(ctx, l.workspace, &l.told, &after)
	l.told = after
}

// set is what a workspace's runners should run.
type set struct {
	definitions []control.Definition
	digest      string
}

// wanted is nil, with an error, while it is not known which resources there are.
func (p *Plane) wanted(ctx context.Context, l *link) (*set, error) {
	keys, err := p.keys(ctx, l.workspace)
	if err != nil {
		return nil, err
	}
	definitions := l.wanted(keys)
	hash := sha256.New()
	for _, d := range definitions {
		_, _ = fmt.Fprintf(hash, "%s %s %s %d %s\n", d.Key, d.Version, d.UID, d.Generation, d.Standing) // a hash never fails
	}
	return &set{definitions: definitions, digest: hex.EncodeToString(hash.Sum(nil))}, nil
}

// visit hands one runner the set, if it does not have it, and takes in its report.
func (p *Plane) visit(ctx context.Context, l *link, peer *peer, wanted *set) {
	if wanted != nil {
		p.push(ctx, l, peer, wanted)
	}
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	report, err := peer.runner.Report(callCtx)
	if ctx.Err() != nil {
		return
	}
	now := p.options.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		peer.problem = err.Error()
		if peer.silentSince.IsZero() {
			peer.silentSince = now
		}
		return
	}
	peer.report, peer.problem, peer.silentSince = &report, "", time.Time{}
	if wanted != nil && now.Sub(peer.pushed) >= repush && !shows(&report, wanted, peer.refused) {
		peer.acknowledged = "" // the runner lost it, or came back from a backup
	}
}

func (p *Plane) push(ctx context.Context, l *link, peer *peer, wanted *set) {
	l.mu.Lock()
	known := peer.acknowledged == wanted.digest
	l.mu.Unlock()
	if known {
		return
	}
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	applied, err := peer.runner.Apply(callCtx, p.call(wanted))
	if ctx.Err() != nil {
		return
	}
	countPush(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	peer.pushed = p.options.Clock.Now()
	switch {
	case errors.Is(err, control.ErrUnavailable), errors.Is(err, control.ErrOlderCall): // it starts, or is away: the next poll asks again, and its report tells how it is
		return
	case err != nil:
		peer.rejected = err.Error()
		return
	}
	peer.rejected, peer.acknowledged, peer.refused = "", wanted.digest, map[string]control.Refusal{}
	for _, refusal := range applied.Refused {
		peer.refused[refusal.Key] = refusal
	}
	peer.kept = map[string]control.Definition{}
	for _, d := range applied.Kept {
		peer.kept[d.Key] = d
	}
}

// call numbers a set, so that a runner that is called twice at once knows which is the later.
func (p *Plane) call(wanted *set) control.Definitions {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return control.Definitions{Leader: p.term, Call: p.calls, Definitions: wanted.definitions}
}

// shows says whether a report shows the set: every version is active or on the way in every partition, and no other Funnel is there.
// Channels and policies are not reported by their versions, and scenarios that were withdrawn are for a while.
func shows(report *control.Report, wanted *set, refused map[string]control.Refusal) bool {
	for i := range report.Partitions {
		versions := versionsIn(&report.Partitions[i])
		for _, d := range wanted.definitions {
			_, isRefused := refused[d.Key]
			if reportsVersions(d.Key) && !d.Keep() && !isRefused && !slices.Contains(versions[d.Key], d.Version) {
				return false
			}
		}
		for key := range report.Partitions[i].Funnels {
			if !slices.ContainsFunc(wanted.definitions, func(d control.Definition) bool { return d.Key == key }) {
				return false
			}
		}
	}
	return true
}

// versionsIn gives, by key, the versions that a partition runs or is about to run.
func versionsIn(p *aggregate.Partition) map[string][]string {
	versions := make(map[string][]string, len(p.Funnels)+len(p.Scenarios))
	for key, d := range p.Funnels {
		versions[key] = []string{d.Active, d.Pending}
	}
	for i := range p.Scenarios {
		versions[p.Scenarios[i].Key] = []string{p.Scenarios[i].Version, p.Scenarios[i].Pending}
	}
	return versions
}
