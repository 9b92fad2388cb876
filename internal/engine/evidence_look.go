// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math/bits"
	"sort"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// witness looks at what happened around the attempts that represent a contact's units. It holds only memory that is used again.
type witness struct {
	slot    *slot
	moments []moment
	// marks are those of the unit that keeps evidence.
	marks []uint32
	// answers, beyond, purchases and scores are the positions of such moments.
	answers, beyond, purchases, scores []int32

	// best represents the unit at hand on a day, current in the current period.
	best, current       attempt
	bestDay             int64
	hasBest, hasCurrent bool

	// look is what was found out about an attempt at one stage.
	look look
	// times are of the first event of each sign, as time since the stage's.
	times [64]event.Time
	// seen has for each type of events the number of the look in which it was seen last.
	seen  []uint32
	looks uint32
	out   evidenceWriter
	due   event.Time
}

// look is what happened to a unit while it was at a stage.
type look struct {
	stage     int
	converted bool
	// start is the time of the stage's event, length how long the unit was there.
	start, length event.Time
	sights        []sight
}

// sight is something that was seen at a stage: a probe or a type of events, and how long after the stage's event.
type sight struct {
	target sightTarget
	after  event.Time
}

// sightTarget is a probe, by its index twice, or a type of events, by its number twice and 1.
type sightTarget uint32

func probeTarget(index int) sightTarget    { return sightTarget(2 * index) }
func typeTarget(number uint32) sightTarget { return sightTarget(2*number + 1) }
func (t sightTarget) split() (int, bool)   { return int(t / 2), t%2 == 1 }
func landmarksBelow(t event.Time) int {
	return sort.Search(len(landmarks), func(k int) bool { return landmarks[k] >= t })
}

// landmarks are aggregate.LandmarkTimes.
var landmarks = func() (all [len(aggregate.LandmarkTimes)]event.Time) {
	for i, d := range aggregate.LandmarkTimes {
		all[i] = micros(d)
	}
	return all
}()

// begin goes on to a contact.
func (w *witness) begin(s *slot, moments []moment, marks []uint32) {
	w.slot, w.moments, w.marks, w.due = s, moments, marks, 0
	w.answers, w.beyond, w.purchases, w.scores = w.answers[:0], w.beyond[:0], w.purchases[:0], w.scores[:0]
	w.hasBest, w.hasCurrent = false, false
	w.out.begin()
	const special = answerMark | beyondMarks | purchaseMark | scoreMark
	for i, m := range marks {
		if m&special == 0 {
			continue
		}
		for _, list := range [...]struct {
			marks uint32
			to    *[]int32
		}{{answerMark, &w.answers}, {beyondMarks, &w.beyond}, {purchaseMark, &w.purchases}, {scoreMark, &w.scores}} {
			if m&list.marks != 0 {
				*list.to = append(*list.to, int32(i))
			}
		}
	}
}

// take takes in an attempt that counts; see count.take.
func (w *witness) take(n *count, a *attempt, v *evaluator) {
	if n.roles&cohortRole != 0 && len(w.slot.evidence.probes) > 0 && (!n.alone || !n.coveredDays[n.day]) {
		if w.hasBest && w.bestDay != n.day {
			w.endDay(v)
		}
		if !w.hasBest || a.betters(&w.best) {
			w.hasBest, w.best, w.bestDay = true, *a, n.day
		}
	}
	if n.roles&^n.withheld&currentRole != 0 && (!w.hasCurrent || a.betters(&w.current)) {
		w.hasCurrent, w.current = true, *a
	}
}

// endDay notes which probes the attempt saw that represents the unit on a day.
func (w *witness) endDay(v *evaluator) {
	w.hasBest = false
	if w.best.excluded {
		return
	}
	var saw uint64
	w.each(v, &w.best, false, func(at *look) {
		for i := range at.sights {
			index, _ := at.sights[i].target.split()
			saw |= 1 << index
		}
	})
	if saw != 0 {
		w.out.day(w.bestDay, saw)
	}
}

// finish ends the unit at hand.
func (w *witness) finish(v *evaluator) {
	if w.hasBest {
		w.endDay(v)
	}
	if !w.hasCurrent {
		return
	}
	w.hasCurrent = false
	a := &w.current
	if a.excluded {
		return
	}
	w.each(v, a, true, func(at *look) {
		w.out.look(at)
		if w.slot.evidence.journey.Survey != nil && !at.converted {
			w.survey(v, a, at)
		}
	})
	if a.complete && len(w.slot.evidence.within) > 0 {
		w.goBeyond(v, w.moments[a.path[a.depth]].time)
	}
}

// each looks at the stages of an attempt but the last where it is no longer in progress, in their order. What is given holds until the next.
func (w *witness) each(v *evaluator, a *attempt, types bool, with func(*look)) {
	p := w.slot.plan
	for left := a.filled; left != 0; {
		i := bits.TrailingZeros32(left)
		left &= left - 1
		if i == p.stages-1 {
			return
		}
		at := &w.look
		at.stage, at.start, at.converted = i, w.moments[a.path[i]].time, true
		end := at.start
		switch {
		case left != 0:
			end = w.moments[a.path[bits.TrailingZeros32(left)]].time
			if drop := p.dropAfter[i]; drop > 0 { // who came later had left after the deadline, and come back
				end = min(end, at.start+drop+1)
			}
		case a.status == dropped:
			at.converted, end = false, a.deadline+1
		case a.status == inProgress:
			return
		}
		at.length = end - at.start
		w.watch(v, at, a.path[i], types)
		with(at)
	}
}

// watch finds what the unit saw at a stage, which the moment at a position filled.
func (w *witness) watch(v *evaluator, at *look, position int32, types bool) {
	at.sights = at.sights[:0]
	ev := w.slot.evidence
	var asked uint64
	for _, i := range ev.atStage[at.stage] {
		asked |= ev.probes[i].signs
	}
	w.looks++
	end := max(at.start+at.length, at.start+1) // at the stage's own instant everybody is there
	var met uint64
	for i := w.since(at.start); i < len(w.moments) && w.moments[i].time < end; i++ {
		m := w.marks[i]
		if m&(signMark|typeMarks) == 0 || i == int(position) || !w.belongs(v, i) {
			continue
		}
		after := w.moments[i].time - at.start
		if m&signMark != 0 && asked != 0 {
			found, _ := w.moments[i].amountOf(w.slot.id, signsAmount)
			for left := uint64(found) & asked &^ met; left != 0; left &= left - 1 {
				w.times[bits.TrailingZeros64(left)] = after
			}
			met |= uint64(found) & asked
		}
		if number := m & typeMarks; types && number != 0 && !w.sawBefore(number) {
			at.sights = append(at.sights, sight{typeTarget(number), after})
		}
	}
	w.probe(at, met)
}

// probe adds the probes of a stage to what was seen there, by the signs that were met.
func (w *witness) probe(at *look, met uint64) {
	ev := w.slot.evidence
	for _, i := range ev.atStage[at.stage] {
		p := &ev.probes[i]
		first, found := event.Time(0), false
		for left := p.signs; left != 0; left &= left - 1 {
			number := bits.TrailingZeros64(left)
			after, seen := w.times[number], met&(1<<number) != 0
			if ev.absent&(1<<number) != 0 {
				patience := p.patience[number]
				after, seen = patience, (!seen || after > patience) && at.length > patience
			}
			if seen && (!found || after < first) {
				first, found = after, true
			}
		}
		if found {
			at.sights = append(at.sights, sight{probeTarget(i), first})
		}
	}
}

func (w *witness) sawBefore(number uint32) bool {
	if int(number) >= len(w.seen) {
		w.seen = append(w.seen, make([]uint32, int(number)+1-len(w.seen))...)
	}
	if w.seen[number] == w.looks {
		return true
	}
	w.seen[number] = w.looks
	return false
}

// since gives the first moment at or after a time.
func (w *witness) since(t event.Time) int {
	return sort.Search(len(w.moments), func(i int) bool { return w.moments[i].time >= t })
}

// belongs says whether a moment is one of the unit at hand: one without a value of what the funnel correlates by is all units'.
func (w *witness) belongs(v *evaluator, at int) bool {
	if v.units.members() == nil {
		return true
	}
	d := w.moments[at].detail(w.slot.id, unitDetail)
	return d == nil || d.slot != w.slot.id || d.kind != unitDetail || d.text == v.units.value
}

// survey notes what the unit answered that dropped off at a stage: the latest that came in time.
func (w *witness) survey(v *evaluator, a *attempt, at *look) {
	survey := w.slot.evidence.journey.Survey
	label := ""
	if survey.By != "" {
		label = definition.NoLabel
		if d := w.moments[a.path[at.stage]].detail(w.slot.id, labelDetail); d != nil && d.slot == w.slot.id && d.kind == labelDetail {
			label = d.text
		}
	}
	last := at.start + at.length - 1 + micros(survey.Within)
	answer := unanswered
	for _, i := range w.answers {
		if t := w.moments[i].time; t >= at.start && t <= last && w.belongs(v, int(i)) {
			given, _ := w.moments[i].amountOf(w.slot.id, answerAmount)
			answer = int(given)
		}
	}
	w.out.answer(at.stage, label, answer)
}

// goBeyond follows a unit that completed the funnel at an instant through the stages after it.
func (w *witness) goBeyond(v *evaluator, completed event.Time) {
	reached, status := 0, converted
	for t := completed; status == converted && reached < len(w.slot.evidence.within); {
		last := t + w.slot.evidence.within[reached]
		next, found := w.nextBeyond(v, reached, t, last)
		switch {
		case found:
			t = next
			reached++
		case w.slot.view.clock > last:
			status = dropped
		default:
			status = inProgress
			w.due = earlier(w.due, last+1)
		}
	}
	w.out.wentBeyond(reached, status)
}

// nextBeyond gives when the unit first reached a stage beyond, after one instant and up to another.
func (w *witness) nextBeyond(v *evaluator, stage int, after, last event.Time) (event.Time, bool) {
	from := sort.Search(len(w.beyond), func(i int) bool { return w.moments[w.beyond[i]].time > after })
	for _, i := range w.beyond[from:] {
		t := w.moments[i].time
		if t > last {
			break
		}
		if w.marks[i]&(1<<(beyondShift+stage)) != 0 && w.belongs(v, int(i)) {
			return t, true
		}
	}
	return 0, false
}
