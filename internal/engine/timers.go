// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/internal/event"
)

// timerWindow is how many of a slot's earliest stored due times are read at once; twice as many may be held.
const timerWindow = 1024

// alarm is a unit's due time, as it was when the alarm was set or stored. The unit is nil for one that was read from the store.
type alarm struct {
	due     event.Time
	contact string
	unit    *unit
}

func (a *alarm) compare(b *alarm) int {
	if c := cmp.Compare(a.due, b.due); c != 0 {
		return c
	}
	return cmp.Compare(a.contact, b.contact)
}

// timers are the due times of one slot's units. Those set since the last commit are in a heap; they belong to units in memory. The
// stored ones are looked at through a window of the earliest. An alarm of either that is no longer the unit's is passed over when it
// comes up.
type timers struct {
	heap alarmHeap
	// compactAt is the length of the heap at which alarms that no longer ring are thrown out.
	compactAt int
	// window holds the stored alarms up to and with through, in their order; all of them when complete.
	window   []alarm
	through  alarm
	complete bool
}

func (t *timers) set(u *unit) {
	if u.due == 0 {
		return
	}
	if len(t.heap) >= max(t.compactAt, timerWindow) {
		t.heap = slices.DeleteFunc(t.heap, func(a alarm) bool { return a.unit.due != a.due })
		slices.SortFunc(t.heap, func(a, b alarm) int { return a.compare(&b) }) // a sorted list is a heap
		t.compactAt = 2 * len(t.heap)
	}
	t.heap.push(alarm{u.due, u.contact.name, u})
}

// earliest gives the alarm that rings first; false when none ever does.
func (t *timers) earliest(f *Fold, s *slot) (first alarm, ever bool, err error) {
	for len(t.heap) > 0 && t.heap[0].unit.due != t.heap[0].due {
		t.heap.pop()
	}
	if len(t.heap) > 0 {
		first, ever = t.heap[0], true
	}
	if f.options.Store == nil {
		return first, ever, nil
	}
	for {
		for len(t.window) > 0 && !t.window[0].stands(f, s) {
			t.window = t.window[1:]
		}
		if len(t.window) > 0 || t.complete {
			break
		}
		if err := t.refill(f, s); err != nil {
			return alarm{}, false, err
		}
	}
	if len(t.window) > 0 && (!ever || t.window[0].compare(&first) < 0) {
		first, ever = t.window[0], true
	}
	return first, ever, nil
}

// stands says whether a stored alarm is still the unit's: what is in memory knows better than the store.
func (a *alarm) stands(f *Fold, s *slot) bool {
	c := f.contacts[a.contact]
	if c == nil {
		return true
	}
	u := c.find(s)
	return u == nil || u.due == a.due
}

// refill reads the next stored alarms.
func (t *timers) refill(f *Fold, s *slot) error {
	lower := slotKey(nil, timerPrefix, s.id)
	upper := after(lower)
	if t.through.due != 0 {
		lower = append(timerKey(nil, s.id, t.through.due, t.through.contact), 0)
	}
	t.window, t.complete = nil, true
	err := f.options.Store.Scan(lower, upper, func(key, _ []byte) (bool, error) {
		if len(t.window) == timerWindow {
			t.complete = false
			return false, nil
		}
		due, contact, ok := parseTimerKey(key)
		if !ok {
			return false, ErrCorruptState
		}
		t.window = append(t.window, alarm{due: due, contact: contact})
		return true, nil
	})
	if len(t.window) > 0 {
		t.through = t.window[len(t.window)-1]
	}
	return wrapRead(err)
}

// written takes into the window what a commit has stored and deleted. Added are the alarms of all units that it wrote: the window may have
// passed one over that was set anew and then back again.
func (t *timers) written(f *Fold, s *slot, added []alarm) {
	t.heap, t.compactAt = nil, 0
	t.window = slices.DeleteFunc(t.window, func(a alarm) bool { return !a.stands(f, s) })
	for _, a := range added {
		if t.complete || t.through.due != 0 && a.compare(&t.through) <= 0 {
			t.window = append(t.window, a)
		}
	}
	slices.SortFunc(t.window, func(a, b alarm) int { return a.compare(&b) })
	t.window = slices.CompactFunc(t.window, func(a, b alarm) bool { return a.compare(&b) == 0 })
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
	moved := list[last]
	list[last] = alarm{}
	list = list[:last]
	*h = list
	if last == 0 {
		return
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && list[child+1].compare(&list[child]) < 0 {
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
