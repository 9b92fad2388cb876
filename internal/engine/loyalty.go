// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/event"
)

// loyaltyTally is aggregate.Loyalty in a form that is quick to add to.
type loyaltyTally struct {
	buyers, purchases, repeated, churned int64
	value                                value
	// between counts durations by bucket.
	between map[int]int64
	// months are by that of the first purchase; of each the buyers that purchased so many months after.
	months map[int32]*[aggregate.MaxRetention]int64
}

type scoreTally struct {
	count int64
	sum   sum
}

// buyer is what one contact adds to it.
type buyer struct {
	purchases int
	churned   bool
	value     value
	first     int32 // month
	// active has bit k set when there is a purchase k months after the first.
	active  uint32
	between []uint64 // buckets
}

// month gives the number of an instant's month, from 1970-01 on.
func (c *calendar) month(t event.Time) int32 {
	const perYear = 12
	year, month, _ := t.UTC().In(c.zone).Date()
	return int32((year-1970)*perYear + int(month) - 1)
}

// loyalty looks at the purchases of a contact that started first in the segment at an instant.
func (w *witness) loyalty(began event.Time) {
	s := w.slot
	purchase := s.evidence.journey.Purchase
	if purchase == nil {
		return
	}
	var b buyer
	from, last := max(began, s.purchasesFrom()), event.Time(0)
	for _, i := range w.purchases {
		m := &w.moments[i]
		if m.time < from {
			continue
		}
		month := s.plan.calendar.month(m.time)
		if b.purchases == 0 {
			b.first = month
		} else {
			b.between = append(b.between, uint64(aggregate.Bucket(time.Duration(m.time-last)*time.Microsecond)))
		}
		b.purchases++
		last = m.time
		if after := month - b.first; after < aggregate.MaxRetention {
			b.active |= 1 << after
		}
		if amount, valued := m.amountOf(s.id, purchaseAmount); valued {
			b.value.add(amount)
		}
	}
	if b.purchases == 0 {
		return
	}
	lost := last + micros(purchase.ChurnAfter)
	if b.churned = s.view.clock > lost; !b.churned {
		w.due = earlier(w.due, lost+1)
	}
	w.out.buyer(&b)
}

// satisfaction adds up the scores that a contact gave in the current period.
func (w *witness) satisfaction() {
	s := w.slot
	var given scoreTally
	last := int64(math.MinInt64)
	for _, i := range w.scores {
		m := &w.moments[i]
		day := s.plan.calendar.day(m.time)
		if day != last {
			last = day
			w.due = earlier(w.due, s.plan.changesAt(&s.view, day))
		}
		if amount, scored := m.amountOf(s.id, scoreAmount); scored && s.view.days.spans.Current.Holds(day) {
			given.count++
			given.sum.add(sumOf(amount), 1)
		}
	}
	if given.count > 0 {
		w.out.b = given.append(append(w.out.b, scoreEntry))
	}
}

func (w *evidenceWriter) buyer(b *buyer) {
	w.b = append(w.b, loyaltyEntry, flag(1, b.churned))
	w.b = binary.AppendVarint(w.b, int64(b.first))
	w.b = binary.AppendUvarint(w.b, uint64(b.active))
	w.b = b.value.append(w.b)
	w.b = binary.AppendUvarint(w.b, uint64(len(b.between)))
	for _, bucket := range b.between {
		w.b = binary.AppendUvarint(w.b, bucket)
	}
}

// read takes in what buyer wrote, with a sign if there is one.
func (t *loyaltyTally) read(r *reader, sign *int64) {
	b := buyer{churned: r.below(2) == 1, first: int32(r.Varint()), active: uint32(r.Uvarint()), value: r.value()}
	for range r.Count(1) {
		b.between = append(b.between, r.Uvarint())
	}
	if b.active >= 1<<aggregate.MaxRetention {
		r.Fail()
	}
	if !r.Bad && sign != nil {
		t.add(&b, *sign)
	}
}

func (t *loyaltyTally) add(b *buyer, sign int64) {
	t.buyers += sign
	t.purchases += sign * int64(len(b.between)+1)
	if len(b.between) > 0 {
		t.repeated += sign
	}
	if b.churned {
		t.churned += sign
	}
	t.value.sum.add(b.value.sum, sign)
	t.value.events += sign * b.value.events
	for _, bucket := range b.between {
		if t.between == nil {
			t.between = map[int]int64{}
		}
		if t.between[int(bucket)] += sign; t.between[int(bucket)] == 0 {
			delete(t.between, int(bucket))
		}
	}
	month := t.months[b.first]
	if month == nil {
		month = new([aggregate.MaxRetention]int64)
		if t.months == nil {
			t.months = map[int32]*[aggregate.MaxRetention]int64{}
		}
		t.months[b.first] = month
	}
	for k := range month {
		month[k] += sign * int64(b.active>>k&1)
	}
	if month[0] == 0 { // where all are counted
		delete(t.months, b.first)
	}
}

func (t *loyaltyTally) report() *aggregate.Loyalty {
	l := &aggregate.Loyalty{
		Buyers: t.buyers, Purchases: t.purchases, Repeated: t.repeated, Churned: t.churned,
		Value: t.value.sum.micros(), ValueEvents: t.value.events,
	}
	if len(t.between) > 0 {
		l.Between.Counts = maps.Clone(t.between)
	}
	for first, month := range t.months {
		if l.Months == nil {
			l.Months = map[int64]aggregate.Retention{}
		}
		last := len(month)
		for month[last-1] == 0 { // the first never is
			last--
		}
		l.Months[int64(first)] = aggregate.Retention{Active: slices.Clone(month[:last])}
	}
	return l
}

func (t *loyaltyTally) append(b []byte) []byte {
	for _, n := range []int64{t.buyers, t.purchases, t.repeated, t.churned} {
		b = binary.AppendVarint(b, n)
	}
	b = t.value.append(b)
	b = binary.AppendUvarint(b, uint64(len(t.between)))
	for _, bucket := range sortedKeys(t.between) {
		b = binary.AppendUvarint(b, uint64(bucket))
		b = binary.AppendVarint(b, t.between[bucket])
	}
	b = binary.AppendUvarint(b, uint64(len(t.months)))
	for _, first := range sortedKeys(t.months) {
		b = binary.AppendVarint(b, int64(first))
		for _, n := range t.months[first] {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

// restore decodes what append encoded.
func (t *loyaltyTally) restore(r *reader) {
	t.buyers, t.purchases, t.repeated, t.churned = r.Varint(), r.Varint(), r.Varint(), r.Varint()
	t.value = r.value()
	for range r.Count(2) {
		if t.between == nil {
			t.between = map[int]int64{}
		}
		bucket := int(r.Uvarint())
		t.between[bucket] = r.Varint()
	}
	for range r.Count(1 + aggregate.MaxRetention) {
		if t.months == nil {
			t.months = map[int32]*[aggregate.MaxRetention]int64{}
		}
		first, month := int32(r.Varint()), new([aggregate.MaxRetention]int64)
		for k := range month {
			month[k] = r.Varint()
		}
		if month[0] == 0 {
			r.Fail()
			return
		}
		t.months[first] = month
	}
}

func (t *scoreTally) append(b []byte) []byte {
	return t.sum.append(binary.AppendVarint(b, t.count))
}

func (t *scoreTally) restore(r *reader) {
	t.count, t.sum = r.Varint(), r.sum()
}

// read takes in what a contact's scores are, with a sign if there is one.
func (t *scoreTally) read(r *reader, sign *int64) {
	var given scoreTally
	given.restore(r)
	if !r.Bad && sign != nil {
		t.count += *sign * given.count
		t.sum.add(given.sum, *sign)
	}
}

// sortedKeys gives the keys of a map in their order.
func sortedKeys[K int | int32 | string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
