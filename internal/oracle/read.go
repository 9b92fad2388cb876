// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
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
	as   func(start event.Time) definition.Match
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

// read goes through a log in its order: the first event of an identity counts, unless it came too late. It gives the events that
// matter, and counts what does not depend on attempts.
func (j *judge) read(log []Record, program *definition.Program) (arrived []arrival) {
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
		e := r.Event
		if concernsPersons(e) {
			continue
		}
		self := seen{e.Contact, identity{e.Source, e.ID}}
		if known[self] {
			continue
		}
		known[self] = true

		match := program.Match(e)
		counts := match.Stages != 0 || match.Exclusions != 0 || len(match.Refunds) > 0 || len(match.Sums) > 0
		if match.Matters() {
			h := meaning(self.identity, e.Time, &match)
			if match.Asks {
				h.asks = e
			}
			arrived = append(arrived, arrival{h, e, j.tooLate(e.Time, clock)})
		}
		if j.tooLate(e.Time, clock) {
			if counts {
				j.result.TooLate++
			}
			continue
		}
		if counts && e.Flags&event.Clamped != 0 {
			j.result.Clamped++
		}
		j.countFailures(match.Failures, r.Offset)
		j.addSums(match.Sums, e.Time)
		j.addRates(match.Stages, e.Time)
	}
	return arrived
}

func (j *judge) tooLate(t, clock event.Time) bool {
	return clock > 0 && t < clock.Add(-j.funnel.Lateness)
}

// meaning keeps what a match says, which holds only until the next one.
func meaning(self identity, at event.Time, match *definition.Match) *happening {
	h := &happening{
		identity: self, time: at, stages: match.Stages, exclusions: match.Exclusions, act: match.Acts, breaks: match.Breaks, unit: match.Unit,
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

func (j *judge) countFailures(failures []definition.Failure, offset uint64) {
	for _, failure := range failures {
		if j.result.Errors++; j.result.Errors == 1 {
			j.result.FirstError = aggregate.Failure{Field: failure.Field, Message: failure.Message, Offset: offset}
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
