// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// writesPerSecond is how many statuses of one kind are written per second at most because of numbers. With many objects each of
// them waits longer.
const writesPerSecond = 20

// Pace bounds how often numbers are written into statuses. The zero value is not usable; make one with NewPace.
type Pace struct {
	interval time.Duration

	mu    sync.Mutex
	wrote map[types.NamespacedName]time.Time
}

// NewPace lets each object's numbers be written once per interval, and more rarely when there are many objects.
func NewPace(interval time.Duration) *Pace {
	return &Pace{interval: interval, wrote: map[types.NamespacedName]time.Time{}}
}

// Wait gives how long the numbers of an object have to wait for; 0 lets them be written.
func (p *Pace) Wait(object types.NamespacedName, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.wrote[object]
	if !known {
		return 0
	}
	return max(0, last.Add(p.intervalOf(object)).Sub(now))
}

// Wrote remembers that an object's status was written.
func (p *Pace) Wrote(object types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote[object] = now
}

// Forget drops an object that is gone.
func (p *Pace) Forget(object types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.wrote, object)
}

// intervalOf is max(interval, objects / writesPerSecond), longer by up to a tenth that differs from object to object, so that
// objects that were made together are not written together for ever. p.mu should be held.
func (p *Pace) intervalOf(object types.NamespacedName) time.Duration {
	interval := max(p.interval, time.Duration(len(p.wrote))*time.Second/writesPerSecond)
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(object.String())) // a hash never fails
	return interval + interval/10*time.Duration(hash.Sum32()%1000)/1000
}
