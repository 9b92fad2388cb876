// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"maps"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// countAll adds what all contacts contribute.
func (j *judge) countAll(contacts map[string][]*happening) {
	for _, contact := range slices.Sorted(maps.Keys(contacts)) {
		j.count(contacts[contact])
	}
	j.cutBreakdowns()
}

// count adds what one contact contributes.
func (j *judge) count(events []*happening) {
	units, acts := j.units(events), actsOf(events)
	current := j.within(units, j.spans.current)
	for _, u := range current {
		for _, a := range j.counted(u, acts) {
			j.addStages(a, acts)
			j.addLabels(a)
		}
	}
	j.addValues(current)
	j.compare(&j.result.Recent, j.within(units, j.spans.recent), acts)
	j.compare(&j.result.Before, j.within(units, j.spans.before), acts)
	j.addCohorts(units, acts)
}

// within gives the units with those of their attempts that started on some days. What has no value counts only beside nothing that has one.
func (j *judge) within(units []unit, span days) []unit {
	var some []unit
	for _, u := range units {
		u.attempts = slices.DeleteFunc(slices.Clone(u.attempts), func(a attempt) bool { return !span.hold(j.day(a.start().time)) })
		if len(u.attempts) > 0 {
			some = append(some, u)
		}
	}
	if len(some) > 1 {
		some = slices.DeleteFunc(some, func(u unit) bool { return u.value == "" })
	}
	return some
}

// counted gives the attempts that a unit counts by: one, or each of its entries.
func (j *judge) counted(u unit, acts []event.Time) []attempt {
	if j.funnel.Count == definition.Entries {
		return u.attempts
	}
	return []attempt{j.representative(u.attempts, acts)}
}

// addStages counts a unit or entry at every stage that it reached.
func (j *judge) addStages(a attempt, acts []event.Time) {
	for i, s := range a.steps {
		stage := &j.result.Stages[s.stage]
		stage.Entered++
		if j.mature(a) {
			stage.MatureEntered++
		}
		last := i == len(a.steps)-1
		switch {
		case a.excluded():
			stage.Excluded++
			continue
		case !last || j.outcome(a, acts) == converted:
			stage.Converted++
			if j.mature(a) {
				stage.MatureConverted++
			}
		case j.outcome(a, acts) == inProgress:
			stage.InProgress++
		default:
			stage.Dropped++
		}
		if last {
			continue
		}
		stage.ToNext.Add(aggregate.Bucket(a.took(i)), 1)
		if j.recovered(a, i, acts) {
			stage.Recovered++
		}
	}
	if j.completed(a) {
		j.result.Completed++
	}
}

func (j *judge) completed(a attempt) bool { return !a.excluded() && j.complete(a.depth()) }

// addLabels counts a unit or entry in the group of its label, for each breakdown whose stage it filled.
func (j *judge) addLabels(a attempt) {
	for i, b := range j.funnel.Breakdowns {
		e := a.named[b.Stage]
		if e == nil {
			continue
		}
		groups := &j.result.Breakdowns[i].Groups
		if *groups == nil {
			*groups = map[string]aggregate.Group{}
		}
		group := (*groups)[e.labels[i]]
		group.Entered++
		if j.completed(a) {
			group.Completed++
		}
		(*groups)[e.labels[i]] = group
	}
}

// keptGroups is how many groups of a breakdown a partition tells apart.
const keptGroups = 1000

// cutBreakdowns adds up all groups but the largest.
func (j *judge) cutBreakdowns() {
	for i := range j.result.Breakdowns {
		b := &j.result.Breakdowns[i]
		labels := slices.SortedFunc(maps.Keys(b.Groups), func(x, y string) int {
			return cmp.Or(cmp.Compare(b.Groups[y].Entered, b.Groups[x].Entered), cmp.Compare(x, y))
		})
		for _, label := range labels[min(len(labels), keptGroups):] {
			b.Rest.Entered += b.Groups[label].Entered
			b.Rest.Completed += b.Groups[label].Completed
			delete(b.Groups, label)
		}
	}
}

// addValues counts what the events of a contact brought that fill a stage in any attempt which is not excluded, each event once per
// stage, and what was taken back of it, each refund once per stage.
func (j *judge) addValues(units []unit) {
	for i := range j.result.Stages {
		stage := &j.result.Stages[i]
		paid, refunded := map[identity]bool{}, map[identity]bool{}
		for _, u := range units {
			since := map[string]event.Time{} // when this unit first paid for what a key stands for
			for _, e := range u.paying(i) {
				amount := e.amounts[i]
				if first, found := since[amount.Key]; amount.Key != "" && (!found || e.time < first) {
					since[amount.Key] = e.time
				}
				if !paid[e.identity] {
					paid[e.identity] = true
					stage.Value = stage.Value.Plus(amount.Amount)
					stage.ValueEvents++
				}
			}
			for _, e := range u.events {
				refund, present := e.refunds[i]
				if first, found := since[refund.Key]; present && found && first <= e.time && !refunded[e.identity] {
					refunded[e.identity] = true
					stage.Value = stage.Value.Plus(-refund.Amount)
					stage.Refunded = stage.Refunded.Plus(refund.Amount)
				}
			}
		}
	}
}

// paying gives the events with an amount that fill a stage in the attempts that are not excluded.
func (u unit) paying(stage int) (events []*happening) {
	for _, a := range u.attempts {
		if e := a.named[stage]; e != nil && !a.excluded() {
			if _, present := e.amounts[stage]; present {
				events = append(events, e)
			}
		}
	}
	return events
}

// compare adds one contact to the numbers of a run of days.
func (j *judge) compare(c *aggregate.Comparison, units []unit, acts []event.Time) {
	var entered, completed int64
	for _, u := range units {
		for _, a := range j.counted(u, acts) {
			if a.excluded() {
				continue
			}
			entered++
			if j.completed(a) {
				completed++
			}
		}
	}
	c.Entered += entered
	c.Completed += completed
	c.EnteredSquared += entered * entered
	c.Cross += entered * completed
	c.CompletedSquared += completed * completed
}

// addCohorts counts one contact on each day by the attempts that started on it.
func (j *judge) addCohorts(units []unit, acts []event.Time) {
	starts := map[int64]bool{}
	for _, u := range units {
		for _, a := range u.attempts {
			starts[j.day(a.start().time)] = true
		}
	}
	for day := range starts {
		if !j.spans.cohorts.hold(day) {
			continue
		}
		if j.result.Cohorts == nil {
			j.result.Cohorts = map[int64]aggregate.Cohort{}
		}
		cohort, known := j.result.Cohorts[day]
		if !known {
			n := len(j.funnel.Stages)
			cohort = aggregate.Cohort{Entered: make([]int64, n), Converted: make([]int64, n)}
		}
		for _, u := range j.within(units, days{day, day}) {
			for _, a := range j.counted(u, acts) {
				j.addToCohort(&cohort, a)
			}
		}
		j.result.Cohorts[day] = cohort
	}
}

func (j *judge) addToCohort(cohort *aggregate.Cohort, a attempt) {
	for i, s := range a.steps {
		cohort.Entered[s.stage]++
		if !a.excluded() && (i < len(a.steps)-1 || j.complete(s.stage)) {
			cohort.Converted[s.stage]++
		}
	}
	if j.completed(a) {
		cohort.Completed++
	}
}
