// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/packing"
)

// Flags of a stored outcome, besides its status.
const (
	completeFlag = 4 << iota
	matureFlag
	excludedFlag
	timesFlag
	labelsFlag
)

func (c *contribution) append(b []byte) []byte {
	outcomes := c.outcomes()
	b = binary.AppendUvarint(b, uint64(len(outcomes)))
	for i := range outcomes {
		b = outcomes[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(c.values())))
	for i := range c.values() {
		b = append(b, c.more.values[i].stage)
		b = c.more.values[i].append(b)
	}
	return b
}

func (o *outcome) append(b []byte) []byte {
	flags := byte(o.status) | flag(completeFlag, o.complete) | flag(matureFlag, o.mature) | flag(excludedFlag, o.excluded) |
		flag(timesFlag, o.toNext != nil) | flag(labelsFlag, o.labels != nil)
	b = append(b, byte(o.roles), byte(o.depth), flags)
	b = binary.AppendVarint(b, int64(o.day))
	b = binary.AppendUvarint(b, uint64(o.filled))
	b = binary.AppendUvarint(b, uint64(o.recovered))
	if o.toNext != nil {
		for _, bucket := range o.toNext[:o.gaps()] {
			b = binary.AppendUvarint(b, uint64(bucket))
		}
	}
	if o.labels != nil {
		for _, label := range o.labels {
			b = packing.AppendText(b, label)
		}
	}
	return b
}

// gaps is how many durations there are between the stages that were filled.
func (o *outcome) gaps() int { return max(bits.OnesCount16(o.filled)-1, 0) }

func flag(bit byte, set bool) byte {
	if set {
		return bit
	}
	return 0
}

func (r *reader) contribution() (c contribution) {
	const smallestOutcome, smallestValue = 6, 2 // bytes of each
	var outcomes []outcome
	for range r.Count(smallestOutcome) {
		outcomes = append(outcomes, r.outcome())
	}
	var values []value
	for range r.Count(smallestValue) {
		stage := r.stage()
		v := r.value()
		v.stage = stage
		values = append(values, v)
	}
	c.set(outcomes, values)
	return c
}

// stage reads the number of a stage.
func (r *reader) stage() uint8 {
	stage := r.Byte()
	if stage >= definition.MaxStages {
		r.Fail()
		return 0
	}
	return stage
}

func (r *reader) outcome() outcome {
	o := outcome{roles: roleSet(r.Byte()), depth: int8(r.stage())}
	flags := r.Byte()
	o.status = status(flags & (completeFlag - 1))
	o.complete, o.mature, o.excluded = flags&completeFlag != 0, flags&matureFlag != 0, flags&excludedFlag != 0
	o.day = int32(r.Varint())
	o.filled, o.recovered = uint16(r.Uvarint()), uint16(r.Uvarint())
	if flags&timesFlag != 0 {
		o.toNext = new(durations)
		for i := range o.toNext[:o.gaps()] {
			o.toNext[i] = uint16(r.Uvarint())
		}
	}
	if flags&labelsFlag != 0 {
		o.labels = new(labels)
		for i := range o.labels {
			o.labels[i] = r.label()
		}
	}
	told := !o.excluded && o.roles&currentRole != 0
	if o.filled == 0 || told && o.gaps() > 0 && o.toNext == nil {
		r.Fail()
	}
	return o
}

func (v *value) append(b []byte) []byte {
	b = binary.AppendVarint(b, v.events)
	if v.events == 0 {
		return b
	}
	return v.refunded.append(v.sum.append(b))
}

func (r *reader) value() (v value) {
	if v.events = r.Varint(); v.events != 0 {
		v.sum, v.refunded = r.sum(), r.sum()
	}
	return v
}

func (s *sum) append(b []byte) []byte {
	b = binary.AppendVarint(b, s.high)
	return binary.AppendUvarint(b, s.low)
}

func (r *reader) sum() sum { return sum{high: r.Varint(), low: r.Uvarint()} }

func (t *tally) append(b []byte) []byte {
	for _, n := range []int64{t.tooLate, t.clamped, t.saturated, t.errors, t.completed} {
		b = binary.AppendVarint(b, n)
	}
	b = packing.AppendText(b, t.firstError.Field)
	b = packing.AppendText(b, t.firstError.Message)
	b = binary.AppendUvarint(b, uint64(t.firstError.Partition))
	b = binary.AppendUvarint(b, t.firstError.Offset)
	for i := range t.stages {
		s := &t.stages[i]
		for _, n := range s.numbers() {
			b = binary.AppendVarint(b, *n)
		}
		b = s.value.append(b)
		b = s.appendDurations(b)
	}
	for _, c := range []*comparison{&t.recent, &t.before} {
		for _, n := range c.numbers() {
			b = binary.AppendVarint(b, *n)
		}
	}
	for _, shares := range t.breakdowns {
		b = binary.AppendUvarint(b, uint64(len(shares)))
		for _, label := range slices.Sorted(maps.Keys(shares)) {
			b = packing.AppendText(b, label)
			b = binary.AppendVarint(b, shares[label].entered)
			b = binary.AppendVarint(b, shares[label].completed)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.cohorts)))
	for _, day := range slices.Sorted(maps.Keys(t.cohorts)) {
		b = binary.AppendVarint(b, int64(day))
		for _, n := range t.cohorts[day].numbers(len(t.stages)) {
			b = binary.AppendVarint(b, *n)
		}
	}
	if t.members != nil {
		b = t.members.append(b)
	}
	return b
}

func (s *stageTally) numbers() [8]*int64 {
	return [...]*int64{
		&s.entered, &s.converted, &s.inProgress, &s.dropped, &s.excluded, &s.recovered, &s.matureEntered, &s.matureConverted,
	}
}

func (c *comparison) numbers() [5]*int64 {
	return [...]*int64{&c.entered, &c.completed, &c.enteredSquared, &c.cross, &c.completedSquared}
}

func (c *cohort) numbers(stages int) []*int64 {
	all := []*int64{&c.units, &c.completed}
	for i := range stages {
		all = append(all, &c.entered[i], &c.converted[i])
	}
	return all
}

func (s *stageTally) appendDurations(b []byte) []byte {
	used := 0
	for _, n := range s.toNext {
		if n != 0 {
			used++
		}
	}
	b = binary.AppendUvarint(b, uint64(used))
	for bucket, n := range s.toNext {
		if n != 0 {
			b = binary.AppendUvarint(b, uint64(bucket))
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

func (r *reader) tally(p *plan) tally {
	t := newTally(p)
	for _, n := range []*int64{&t.tooLate, &t.clamped, &t.saturated, &t.errors, &t.completed} {
		*n = r.Varint()
	}
	t.firstError = aggregate.Failure{Field: r.Text(), Message: r.Text(), Partition: int(r.Uvarint()), Offset: r.Uvarint()}
	for i := range t.stages {
		r.stageTally(&t.stages[i], i)
	}
	for _, c := range []*comparison{&t.recent, &t.before} {
		for _, n := range c.numbers() {
			*n = r.Varint()
		}
	}
	for _, shares := range t.breakdowns {
		const smallest = 3 // numbers of a share
		for range r.Count(smallest) {
			label := r.Text()
			shares[label] = share{entered: r.Varint(), completed: r.Varint()}
		}
	}
	for range r.Count(3 + 2*p.stages) {
		c := new(cohort)
		t.cohorts[int32(r.Varint())] = c
		for _, n := range c.numbers(p.stages) {
			*n = r.Varint()
		}
	}
	if t.members != nil {
		r.memberTally(t.members)
	}
	return t
}

func (r *reader) stageTally(s *stageTally, stage int) {
	for _, n := range s.numbers() {
		*n = r.Varint()
	}
	s.value = r.value()
	s.value.stage = uint8(stage)
	for range r.Count(2) {
		bucket := r.Uvarint()
		if bucket > math.MaxUint16 {
			r.Fail()
			return
		}
		s.addDuration(int(bucket), r.Varint())
	}
}
