// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// count turns the attempts of a contact into its contribution. What it holds of slices is used again.
type count struct {
	outcomes []outcome
	values   []value
	// stops are where attempts stand, for signals, and passed, if asked for by traces, where they went on in time.
	stops, passed []stop
	traces        bool

	// today is the day of the start at hand, roles what it counts for, and tomorrow the instant after it.
	day             int64
	roles           roleSet
	today, tomorrow event.Time
	// first is where the outcomes of the unit at hand begin, and spanRoles are theirs besides that of the cohort, as long as it is not
	// known which of them represents the unit.
	first     int
	spanRoles []roleSet
	// best represents the unit on the day at hand, if there is one, and current in the current period.
	best, current       attempt
	bestDay             int64
	hasBest, hasCurrent bool
	bestRoles           roleSet
	// counted[i] has bit j set when the amount of the moment at position i was added at stage j; refunded when it was taken away.
	counted, refunded []uint32
	// keys are of the values that the unit at hand counts and that refunds may take back, with the time of the first of each.
	keys map[stageKey]event.Time
	// covered are the roles in which units with a value count, and coveredDays their days: the unit without one does not, in withheld.
	covered, withheld roleSet
	coveredDays       map[int64]bool
	alone             bool
	// spare is a path that nothing refers to any more.
	spare *path
}

type stageKey struct {
	stage uint8
	key   string
}

func (n *count) reset(v *evaluator, old *contribution) {
	n.outcomes, n.values = n.outcomes[:0], n.values[:0]
	n.stops, n.passed = n.stops[:0], n.passed[:0]
	n.covered, n.withheld, n.alone, n.tomorrow, n.today, n.coveredDays = 0, 0, false, 0, 0, nil
	n.hasBest, n.hasCurrent = false, false
	n.spanRoles, n.first = n.spanRoles[:0], 0
	n.spare = nil
	for _, o := range old.outcomes() {
		if o.path != nil {
			n.spare = o.path
		}
	}
	if v.plan.valued != 0 {
		n.counted = zeroed(n.counted, len(v.moments))
	}
	if v.plan.refunded != 0 {
		n.refunded = zeroed(n.refunded, len(v.moments))
	}
}

// turn looks up the day of an instant, and notes when what it counts for changes.
func (n *count) turn(v *evaluator, t event.Time) {
	if n.today <= t && t < n.tomorrow {
		return
	}
	calendar := v.plan.calendar
	n.day = calendar.day(t)
	n.today, n.tomorrow = calendar.start(n.day), calendar.start(n.day+1)
	n.roles = v.view.days.roles(n.day)
	v.due = earlier(v.due, v.plan.changesAt(&v.view, n.day))
}

// take takes in an attempt that counts.
func (n *count) take(v *evaluator, a *attempt) {
	if v.chain.closing {
		return
	}
	n.turn(v, a.start)
	if v.plan.correlates && !n.alone {
		n.cover()
	}
	if v.plan.entries {
		n.takeEntry(v, a)
		return
	}
	if n.roles == 0 {
		return
	}
	if n.hasBest && n.bestDay != n.day {
		n.endDay(v)
	}
	if !n.hasBest || a.betters(&n.best) {
		n.hasBest, n.best, n.bestDay, n.bestRoles = true, *a, n.day, n.roles
	}
	if n.roles&^n.withheld&currentRole == 0 {
		return
	}
	n.addValues(v, a)
	if !n.hasCurrent || a.betters(&n.current) {
		n.hasCurrent, n.current = true, *a
	}
}

// endDay notes the outcome of the attempt that represents the unit on the day at hand.
func (n *count) endDay(v *evaluator) {
	roles := n.bestRoles & cohortRole
	if n.alone && n.coveredDays[n.bestDay] {
		roles = 0
	}
	n.outcomes = append(n.outcomes, n.outcome(v, &n.best, n.bestDay, roles))
	n.spanRoles = append(n.spanRoles, n.bestRoles&^cohortRole&^n.withheld)
	n.hasBest = false
}

// outcome gives what an attempt counts for on a day.
func (n *count) outcome(v *evaluator, a *attempt, day int64, roles roleSet) outcome {
	if a.status == inProgress && !a.excluded {
		v.due = earlier(v.due, a.deadline+1)
	}
	return outcome{
		day: int32(day), roles: roles, depth: int8(a.depth), filled: uint16(a.filled),
		status: a.status, complete: a.complete, excluded: a.excluded,
	}
}

// takeEntry counts an entry.
func (n *count) takeEntry(v *evaluator, a *attempt) {
	roles := n.roles &^ n.withheld
	if n.alone && n.coveredDays[n.day] {
		roles &^= cohortRole
	}
	o := n.outcome(v, a, n.day, roles)
	if roles == 0 {
		return
	}
	if roles&currentRole != 0 {
		n.addValues(v, a)
		n.tell(v, &o, a)
	} else {
		o.status = 0
	}
	n.outcomes = append(n.outcomes, o)
}

// finish ends the unit at hand.
func (n *count) finish(v *evaluator) {
	if n.hasBest {
		n.endDay(v)
	}
	if !v.plan.entries && !v.chain.closing {
		n.represent(v)
	}
	if v.plan.refunded != 0 && !v.chain.closing {
		n.refund(v)
	}
	n.first, n.spanRoles, n.hasCurrent = len(n.outcomes), n.spanRoles[:0], false
	n.today, n.tomorrow = 0, 0
}

// represent finds which of the unit's outcomes represents it in each run of days: it represents it on its own day, and comes
// before all others.
func (n *count) represent(v *evaluator) {
	own := n.outcomes[n.first:]
	for _, role := range [...]roleSet{currentRole, recentRole, beforeRole} {
		best := -1
		for i := range own {
			if n.spanRoles[i]&role != 0 && (best < 0 || !own[best].represents(&own[i])) {
				best = i
			}
		}
		if best >= 0 {
			own[best].roles |= role
		}
	}
	kept := n.first
	for i := range own {
		o := own[i]
		if o.roles == 0 {
			continue
		}
		if o.roles&currentRole != 0 {
			n.tell(v, &o, &n.current)
		} else {
			o.status = 0
		}
		n.outcomes[kept] = o
		kept++
	}
	n.outcomes = n.outcomes[:kept]
}

// represents says whether an outcome comes before one of a later day; see attempt.betters.
func (o *outcome) represents(later *outcome) bool {
	switch {
	case o.excluded != later.excluded:
		return later.excluded
	case o.depth != later.depth:
		return o.depth > later.depth
	}
	return !o.excluded && o.status > later.status
}

// tell adds to an outcome what only the current period tells.
func (n *count) tell(v *evaluator, o *outcome, a *attempt) {
	p := v.plan
	windowEnd := a.start + p.window
	if o.mature = v.view.clock > windowEnd; !o.mature {
		v.due = earlier(v.due, windowEnd+1)
	}
	if a.depth > 0 && !a.excluded || len(p.breakdowns) > 0 {
		o.path = n.newPath()
	}
	if !a.excluded {
		n.tellTimes(v, o, a)
		if at := a.path[a.depth]; p.signalMaxAge > 0 && !a.complete {
			m := &v.moments[at]
			n.stops = append(n.stops, stop{stage: int8(a.depth), time: m.time, id: m.id, deadline: a.deadline})
		}
	}
	for i, stage := range p.breakdowns {
		label := ""
		if at, filled := a.at(p, stage); filled {
			label = labelOf(&v.moments[at], p.slot, i)
		}
		o.path.labels = append(o.path.labels, label)
	}
}

func (n *count) newPath() *path {
	if n.spare == nil {
		return new(path)
	}
	spare := n.spare
	n.spare = nil
	spare.toNext, spare.labels = spare.toNext[:0], spare.labels[:0]
	return spare
}

// tellTimes notes how long the attempt took from stage to stage, and where it had counted as dropped.
func (n *count) tellTimes(v *evaluator, o *outcome, a *attempt) {
	last, from := -1, event.Time(0)
	for left := a.filled; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		t := v.moments[a.path[i]].time
		if last >= 0 {
			drop, idle := v.plan.dropAfter[last], v.plan.dropIdle[last]
			if drop > 0 && t-from > drop || idle > 0 && v.idled(from, t, idle) {
				o.recovered |= 1 << last
			} else if n.traces {
				m := &v.moments[a.path[last]]
				n.passed = append(n.passed, stop{stage: int8(last), time: m.time, id: m.id})
			}
			o.path.toNext = append(o.path.toNext, uint16(aggregate.Bucket(time.Duration(t-from)*time.Microsecond)))
		}
		last, from = i, t
	}
}

func labelOf(m *moment, slot uint32, breakdown int) string {
	for d := m.detail(slot, labelDetail); d != nil && d.slot == slot && d.kind == labelDetail; d = d.next {
		if int(d.index) == breakdown {
			return d.text
		}
	}
	return definition.NoLabel
}

// addValues adds the amounts of events that fill stages of an attempt and were not added for another attempt.
func (n *count) addValues(v *evaluator, a *attempt) {
	p := v.plan
	if a.excluded {
		return
	}
	for left := p.valued; left != 0; left &= left - 1 {
		stage := bits.TrailingZeros32(left)
		at, filled := a.at(p, stage)
		if !filled {
			continue
		}
		for d := v.moments[at].detail(p.slot, amountDetail); d != nil && d.slot == p.slot && d.kind == amountDetail; d = d.next {
			if int(d.index) == stage {
				n.addValue(v, at, d)
			}
		}
	}
}

func (n *count) addValue(v *evaluator, at int32, d *detail) {
	if v.plan.refunded&(1<<d.index) != 0 && d.text != "" {
		if n.keys == nil {
			n.keys = map[stageKey]event.Time{}
		}
		key := stageKey{d.index, d.text}
		if first, found := n.keys[key]; !found || v.moments[at].time < first {
			n.keys[key] = v.moments[at].time
		}
	}
	if n.counted[at]&(1<<d.index) != 0 {
		return
	}
	n.counted[at] |= 1 << d.index
	var sum *value
	n.values, sum = addTo(n.values, int(d.index))
	sum.add(d.amount)
}

// refund takes back what the unit's refunds say of the values that it counts. A refund takes back nothing that came after it: otherwise
// it would matter how long it is kept.
func (n *count) refund(v *evaluator) {
	if len(n.keys) == 0 {
		return
	}
	slot, members := v.plan.slot, v.units.members()
	for at := range v.moments {
		if members != nil && !members.has(at) {
			continue
		}
		for d := v.moments[at].detail(slot, refundDetail); d != nil && d.slot == slot && d.kind == refundDetail; d = d.next {
			first, found := n.keys[stageKey{d.index, d.text}]
			if !found || v.moments[at].time < first || n.refunded[at]&(1<<d.index) != 0 {
				continue
			}
			n.refunded[at] |= 1 << d.index
			var sum *value
			n.values, sum = addTo(n.values, int(d.index))
			sum.refund(d.amount)
		}
	}
	clear(n.keys)
}

// cover notes where a unit with a value counts.
func (n *count) cover() {
	if n.coveredDays == nil {
		n.coveredDays = map[int64]bool{}
	}
	n.covered |= n.roles
	n.coveredDays[n.day] = true
}

// others goes on to the unit without a value.
func (n *count) others() {
	n.alone = true
	n.withheld = n.covered &^ cohortRole
}
