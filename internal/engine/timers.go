// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// timerWindow is how many of the earliest stored due times are read at once; twice as many may be held.
const timerWindow = 1024

// alarm is a contact's due time, as it was when the alarm was set or stored. The contact is nil when the alarm was read from the store.
type alarm struct {
	due     event.Time
	name    string
	contact *contact
}

func (a *alarm) compare(b *alarm) int {
	if c := cmp.Compare(a.due, b.due); c != 0 {
		return c
	}
	return cmp.Compare(a.name, b.name)
}

// timers are due times of contacts: those that the units of all slots in force share, or those of one slot's units that only a shadow has
// seen. Those set since the last commit are in a heap; they belong to contacts in memory. The stored ones are looked at through a window of
// the earliest. An alarm of either that is no longer the contact's is passed over when it comes up.
type timers struct {
	// slot is whose timers these are; nil for the shared ones.
	slot *slot
	heap alarmHeap
	// compactAt is the length of the heap at which alarms that no longer ring are thrown out.
	compactAt int
	// window holds the stored alarms up to and with through, in their order; all of them when complete.
	window   []alarm
	through  alarm
	complete bool
}

// dueOf gives when the contact is due by these timers; 0 is never.
func (t *timers) dueOf(c *contact) event.Time {
	if t.slot == nil {
		return c.due
	}
	if u := c.find(t.slot.id); u != nil && u.own {
		return u.due
	}
	return 0
}

// number is the slot's, 0 for the shared timers.
func (t *timers) number() uint32 {
	if t.slot == nil {
		return 0
	}
	return t.slot.id
}

func (t *timers) set(due event.Time, c *contact) {
	if due == 0 {
		return
	}
	if len(t.heap) >= max(t.compactAt, timerWindow) {
		t.heap = slices.DeleteFunc(t.heap, func(a alarm) bool { return t.dueOf(a.contact) != a.due })
		t.heap.order()
		t.compactAt = 2 * len(t.heap)
	}
	t.heap.push(alarm{due, c.name, c})
}

// earliest gives the alarm that rings first; false when none ever does.
func (t *timers) earliest(f *Fold) (first alarm, ever bool, err error) {
	for len(t.heap) > 0 && t.dueOf(t.heap[0].contact) != t.heap[0].due {
		t.heap.pop()
	}
	if len(t.heap) > 0 {
		first, ever = t.heap[0], true
	}
	if f.options.Store == nil {
		return first, ever, nil
	}
	for {
		for len(t.window) > 0 && !t.stands(f, &t.window[0]) {
			t.window = t.window[1:]
		}
		if len(t.window) > 0 || t.complete {
			break
		}
		if err := t.refill(f); err != nil {
			return alarm{}, false, err
		}
	}
	if len(t.window) > 0 && (!ever || t.window[0].compare(&first) < 0) {
		first, ever = t.window[0], true
	}
	return first, ever, nil
}

// stands says whether a stored alarm is still the contact's: what is in memory knows better than the store.
func (t *timers) stands(f *Fold, a *alarm) bool {
	c := f.contacts[a.name]
	return c == nil || t.dueOf(c) == a.due
}

// refill reads the next stored alarms.
func (t *timers) refill(f *Fold) error {
	lower := slotKey(nil, timerPrefix, t.number())
	upper := after(lower)
	if t.through.due != 0 {
		lower = append(timerKey(nil, t.number(), t.through.due, t.through.name), 0)
	}
	t.window, t.complete = nil, true
	err := f.options.Store.Scan(lower, upper, func(key, _ []byte) (bool, error) {
		if len(t.window) == timerWindow {
			t.complete = false
			return false, nil
		}
		due, name, ok := parseTimerKey(key)
		if !ok {
			return false, fmt.Errorf("%w: a timer's key", ErrCorruptState)
		}
		t.window = append(t.window, alarm{due: due, name: name})
		return true, nil
	})
	if len(t.window) > 0 {
		t.through = t.window[len(t.window)-1]
	}
	return wrapRead(err)
}

// written takes into the window what a commit has stored and deleted. Added are the alarms of all contacts that it wrote: the window may have
// passed one over that was set anew and then back again.
func (t *timers) written(f *Fold, added []alarm) {
	clear(t.heap) // which would keep all contacts in memory that it ever had at a time
	t.heap, t.compactAt = t.heap[:0], 0
	t.window = slices.DeleteFunc(t.window, func(a alarm) bool { return !t.stands(f, &a) })
	known := len(t.window)
	for _, a := range added {
		if t.complete || t.through.due != 0 && a.compare(&t.through) <= 0 {
			t.window = append(t.window, a)
		}
	}
	if len(t.window) > known {
		slices.SortFunc(t.window, func(a, b alarm) int { return a.compare(&b) })
		t.window = slices.CompactFunc(t.window, func(a, b alarm) bool { return a.compare(&b) == 0 })
	}
	if len(t.window) > 2*timerWindow {
		t.window = slices.Clone(t.window[:timerWindow])
		t.complete = false
	}
	if len(t.window) > 0 && !t.complete {
		t.through = t.window[len(t.window)-1]
	}
}

// alarmHeap has its earliest alarm first.
type alarmHeap []alarm

func (h *alarmHeap) push(a alarm) {
	list := append(*h, a)
	i := len(list) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if list[parent].compare(&a) <= 0 {
			break
		}
		list[i] = list[parent]
		i = parent
	}
	list[i] = a
	*h = list
}

func (h *alarmHeap) pop() {
	list := *h
	last := len(list) - 1
	list[0] = list[last]
	list[last] = alarm{}
	*h = list[:last]
	h.sink(0)
}

// order makes a heap of a list in any order.
func (h *alarmHeap) order() {
	for i := len(*h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

// sink moves an alarm down to its place.
func (h *alarmHeap) sink(i int) {
	list := *h
	if i >= len(list) {
		return
	}
	moved := list[i]
	for {
		child := 2*i + 1
		if child >= len(list) {
			break
		}
		if child+1 < len(list) && list[child+1].compare(&list[child]) < 0 {
			child++
		}
		if moved.compare(&list[child]) <= 0 {
			break
		}
		list[i] = list[child]
		i = child
	}
	list[i] = moved
}
