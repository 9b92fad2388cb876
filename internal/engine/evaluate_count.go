// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
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

	// day is that of the start at hand and roles what it counts for; today and tomorrow are the first instants of it and of the next.
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
	// witness looks at what happened around the attempts; nil where nobody asks.
	witness *witness
	// spareTimes and spareLabels are memory that nothing refers to any more.
	spareTimes  *durations
	spareLabels *labels
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
	n.spareTimes, n.spareLabels = nil, nil
	for _, o := range old.outcomes() {
		n.spareTimes, n.spareLabels = cmp.Or(o.toNext, n.spareTimes), cmp.Or(o.labels, n.spareLabels)
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
	if n.witness != nil {
		n.witness.take(n, a, v)
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
	if n.witness != nil && !v.chain.closing {
		n.witness.finish(v)
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
	if !a.excluded {
		n.tellTimes(v, o, a)
		if at := a.path[a.depth]; p.signalMaxAge > 0 && !a.complete {
			m := &v.moments[at]
			n.stops = append(n.stops, stop{stage: int8(a.depth), time: m.time, id: m.id, deadline: a.deadline})
		}
	}
	if len(p.breakdowns) == 0 {
		return
	}
	o.labels, n.spareLabels = n.newLabels(), nil
	for i, stage := range p.breakdowns {
		if at, filled := a.at(p, stage); filled {
			o.labels[i] = labelOf(&v.moments[at], p.slot, i)
		}
	}
}

// tellTimes notes how long the attempt took from stage to stage, and where it had counted as dropped.
func (n *count) tellTimes(v *evaluator, o *outcome, a *attempt) {
	if a.depth == 0 {
		return
	}
	o.toNext, n.spareTimes = n.newTimes(), nil
	last, from, gaps := -1, event.Time(0), 0
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
			o.toNext[gaps] = uint16(aggregate.Bucket(time.Duration(t-from) * time.Microsecond))
			gaps++
		}
		last, from = i, t
	}
}

func (n *count) newTimes() *durations {
	if n.spareTimes == nil {
		return new(durations)
	}
	*n.spareTimes = durations{}
	return n.spareTimes
}

func (n *count) newLabels() *labels {
	if n.spareLabels == nil {
		return new(labels)
	}
	*n.spareLabels = labels{}
	return n.spareLabels
}

func labelOf(m *moment, slot uint32, breakdown int) string {
	for d := m.detail(slot, labelDetail); d != nil && d.slot == slot && d.kind == labelDetail; d = d.next {
		if int(d.index) == breakdown {
			return d.text
		}
	}
	return definition.NoLabel
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
