// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// catchUp is how long the cache is given to see a write.
const catchUp = 200 * time.Millisecond

// Publisher writes the statuses of one kind.
type Publisher struct {
	// Kind is the kind's name, for metrics.
	Kind string
	// Client writes.
	Client client.Client
	// Recorder tells of transitions of Ready.
	Recorder events.EventRecorder
	// Pace bounds how often numbers are written.
	Pace *Pace
	// Urgent says of numbers that they are worth a write at once, like a condition. Nil is never.
	Urgent func(before, after Resource) bool

	mu       sync.Mutex
	outdated map[types.NamespacedName]string // resource versions that were replaced last
}

// Publish writes the status of after if it differs from that of before, which is the resource as it was read. Numbers may have to
// wait; then Publish says for how long, writes nothing, and is to be called again. A resource that is gone by now is no error.
func (p *Publisher) Publish(ctx context.Context, before, after Resource, now time.Time) (wait time.Duration, err error) {
	if equality.Semantic.DeepEqual(before, after) {
		return 0, nil
	}
	if p.isOutdated(before) {
		return catchUp, nil
	}
	cause := causeConditions
	if !conditionsChanged(before, after) && (p.Urgent == nil || !p.Urgent(before, after)) {
		if wait := p.Pace.Wait(client.ObjectKeyFromObject(after), now); wait > 0 {
			return wait, nil
		}
		cause = causeNumbers
	}
	patched := after.DeepCopyObject().(Resource) // the patch fills in the answer; after stays what was decided
	if err := p.Client.Status().Patch(ctx, patched, client.MergeFrom(before)); err != nil {
		return 0, client.IgnoreNotFound(fmt.Errorf("write status of %s %s: %w", p.Kind, client.ObjectKeyFromObject(after), err))
	}
	statusWrites.WithLabelValues(p.Kind, cause).Inc()
	p.Pace.Wrote(client.ObjectKeyFromObject(after), now)
	p.replaced(before, patched)
	p.tell(before, after)
	return 0, nil
}

// Forget drops what is known about a resource that is gone.
func (p *Publisher) Forget(resource types.NamespacedName) {
	p.Pace.Forget(resource)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.outdated, resource)
}

// isOutdated says whether a resource was read from a cache that has not seen the last write yet: to judge by it would write, and
// tell, the same once more.
func (p *Publisher) isOutdated(read Resource) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return read.GetResourceVersion() != "" && p.outdated[client.ObjectKeyFromObject(read)] == read.GetResourceVersion()
}

// replaced remembers the version that a write has replaced.
func (p *Publisher) replaced(before, written Resource) {
	if written.GetResourceVersion() == before.GetResourceVersion() {
		return // the write changed nothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outdated == nil {
		p.outdated = map[types.NamespacedName]string{}
	}
	p.outdated[client.ObjectKeyFromObject(before)] = before.GetResourceVersion()
}

// conditionsChanged says whether what a machine reads in the conditions differs. Messages are for people and may carry progress;
// a change of a message alone can wait like a number.
func conditionsChanged(before, after Resource) bool {
	return !maps.Equal(verdicts(before), verdicts(after))
}

type verdict struct {
	status     metav1.ConditionStatus
	reason     string
	generation int64
}

func verdicts(resource Resource) map[string]verdict {
	all := map[string]verdict{}
	for _, c := range resource.GetConditions() {
		all[c.Type] = verdict{status: c.Status, reason: c.Reason, generation: c.ObservedGeneration}
	}
	return all
}

// tell makes an Event of a transition of Ready: to another status or reason, never of another message.
func (p *Publisher) tell(before, after Resource) {
	ready, was := Condition(after, v1alpha1.ConditionReady), Condition(before, v1alpha1.ConditionReady)
	if ready == nil || (was != nil && was.Status == ready.Status && was.Reason == ready.Reason) {
		return
	}
	kind := corev1.EventTypeNormal
	wentWrong := Condition(after, v1alpha1.ConditionStalled) != nil || (was != nil && was.Status == metav1.ConditionTrue)
	if ready.Status == metav1.ConditionFalse && wentWrong {
		kind = corev1.EventTypeWarning
	}
	p.Recorder.Eventf(after, nil, kind, ready.Reason, "Reconcile", "%s", ready.Message)
}
