// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// keptEvents is how many events of one contact count, the newest.
const keptEvents = 10_000

// happening is an event of a contact and what it means to the funnel.
type happening struct {
	identity identity
	time     event.Time
	// stages and exclusions have a bit for each that it matches.
	stages, exclusions uint32
	// act: the contact did it, rather than Waymark. breaks: it ends an attempt of a Strict funnel that does not use it.
	act, breaks bool
	// unit is the value that it is correlated by; empty is none.
	unit string
	// amounts and refunds are by stage.
	amounts, refunds map[int]definition.Amount
	// labels are by breakdown.
	labels map[int]string
	// asks is the event when it depends on the contact's attributes what it means, and as then tells that for a start; before, stages and
	// exclusions are all that it may mean.
	asks *event.Event
	as   func(start event.Time) *definition.Match
	// traits are what it brings to those of the segment, and outside is set when the contact is no member at its time, so that nothing starts.
	traits  []definition.TraitMatch
	outside bool
	// label is what a journey's survey asks of it. What else an event tells of a journey is in evidence, and kind is its type: see note.
	label    string
	kind     string
	evidence definition.Evidence
}

func (h *happening) fills(stage int) bool { return h.stages&(1<<stage) != 0 }

func (h *happening) excludes(exclusion int) bool { return h.exclusions&(1<<exclusion) != 0 }

// identity tells events of one contact apart, and orders those of one time.
type identity struct{ source, id string }

func (a identity) compare(b identity) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id))
}

// byPosition is the order of a contact's events.
func byPosition(a, b *happening) int {
	return cmp.Or(cmp.Compare(a.time, b.time), a.identity.compare(b.identity))
}

// arrival is an event that matters, where it arrived.
type arrival struct {
	*happening
	event *event.Event
	// late is set when it came too late there.
	late bool
}

// firsts goes through a log in its order and shows each event that is the first of its identity, with the clock at which it arrived.
func firsts(log []Record, show func(r Record, clock event.Time)) {
	type seen struct {
		contact  string
		identity identity
	}
	known := map[seen]bool{}
	clock := event.Time(0)
	for _, r := range log {
		if r.Event == nil {
			clock = max(clock, r.Tick)
			continue
		}
		if concernsPersons(r.Event) {
			continue
		}
		self := seen{r.Event.Contact, identity{r.Event.Source, r.Event.ID}}
		if !known[self] {
			known[self] = true
			show(r, clock)
		}
	}
}

// read gives the events of a log that matter, and counts what does not depend on attempts.
func (j *judge) read(log []Record) (arrived []arrival) {
	firsts(log, func(r Record, clock event.Time) {
		e := r.Event
		match := j.program.Match(e)
		h := meaning(e, match)
		failures := slices.Clone(match.Failures)
		counts := match.Stages != 0 || match.Exclusions != 0 || len(match.Refunds) > 0 || len(match.Sums) > 0
		matters := match.Matters()
		if j.members != nil {
			brings := j.members.Match(e)
			h.traits = slices.Clone(brings.Traits)
			failures = append(failures, brings.Failures...)
			matters = matters || len(h.traits) > 0
		}
		if j.journey != nil {
			h.label = j.journey.Evidence(e, match.Stages).Label
		}
		late := tooLate(e.Time, clock, j.funnel.Lateness)
		if matters {
			if match.Asks {
				h.asks = e
			}
			arrived = append(arrived, arrival{h, e, late})
		}
		if late {
			if counts {
				j.result.TooLate++
			}
			return
		}
		if counts && e.Flags&event.Clamped != 0 {
			j.result.Clamped++
		}
		countFailures(failures, r.Offset, &j.result.Errors, &j.result.FirstError)
		j.addSums(match.Sums, e.Time)
		j.addRates(match.Stages, e.Time)
	})
	return arrived
}

// tooLate says whether an event is too old for the numbers when the clock says so much.
func tooLate(t, clock event.Time, lateness time.Duration) bool {
	return clock > 0 && t < clock.Add(-lateness)
}

// meaning keeps what a match says, which holds only until the next one.
func meaning(e *event.Event, match *definition.Match) *happening {
	h := &happening{
		identity: identity{e.Source, e.ID}, time: e.Time, stages: match.Stages, exclusions: match.Exclusions, act: match.Acts, breaks: match.Breaks, unit: match.Unit,
		amounts: map[int]definition.Amount{}, refunds: map[int]definition.Amount{}, labels: map[int]string{},
	}
	for _, a := range match.Amounts {
		h.amounts[a.Stage] = a
	}
	for _, a := range match.Refunds {
		h.refunds[a.Stage] = a
	}
	for _, l := range match.Labels {
		h.labels[l.Breakdown] = l.Text
	}
	return h
}

func countFailures(failures []definition.Failure, offset uint64, errors *int64, first *aggregate.Failure) {
	for _, failure := range failures {
		if *errors++; *errors == 1 {
			*first = aggregate.Failure{Field: failure.Field, Message: failure.Message, Offset: offset}
		}
	}
}

// addSums adds to the stages before the contacts are known: by the event's own day.
func (j *judge) addSums(sums []definition.Amount, at event.Time) {
	if !j.spans.current.hold(j.day(at)) {
		return
	}
	for _, s := range sums {
		total := &j.result.Aggregates[s.Stage]
		total.Sum = total.Sum.Plus(s.Amount)
		total.Events++
	}
}

// addRates counts an event in its hour for each stage that it may fill.
func (j *judge) addRates(stages uint32, at event.Time) {
	hour := hourOf(at)
	if stages == 0 || hour <= hourOf(j.asOf)-aggregate.RateHours {
		return
	}
	if j.result.Rates == nil {
		j.result.Rates = map[int64][]int64{}
	}
	if j.result.Rates[hour] == nil {
		j.result.Rates[hour] = make([]int64, len(j.funnel.Stages))
	}
	for i := range j.funnel.Stages {
		if stages&(1<<i) != 0 {
			j.result.Rates[hour][i]++
		}
	}
}

func hourOf(t event.Time) int64 {
	return t.UTC().Truncate(time.Hour).Unix() / int64(time.Hour/time.Second)
}
