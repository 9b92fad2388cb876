// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"container/heap"

	"github.com/waymark-dev/waymark/internal/event"
)

// alarm is a unit's due time, as it was when the alarm was set.
type alarm struct {
	due     event.Time
	contact string
	unit    *unit
}

// rings says whether the alarm is still the unit's.
func (a *alarm) rings() bool { return a.unit.due == a.due }

func (a *alarm) before(b *alarm) bool {
	return a.due < b.due || a.due == b.due && a.contact < b.contact
}

// alarms is a heap of alarms, earliest first. One that was set anew stays in it until it comes up.
type alarms []alarm

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].before(&h[j]) }
func (h alarms) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *alarms) Push(x any)        { *h = append(*h, x.(alarm)) }
func (h *alarms) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = alarm{}
	*h = (*h)[:last]
	return a
}

// timers are the due times of one slot's units.
type timers struct {
	heap alarms
}

func (t *timers) set(u *unit) {
	if u.due != 0 {
		heap.Push(&t.heap, alarm{u.due, u.contact.name, u})
	}
}

// earliest gives the unit that is due first; nil when none ever is.
func (t *timers) earliest() *unit {
	for len(t.heap) > 0 {
		if t.heap[0].rings() {
			return t.heap[0].unit
		}
		heap.Pop(&t.heap)
	}
	return nil
}
