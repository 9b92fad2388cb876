// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"time"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
)

// goBeyond follows a unit that completed the funnel through the stages after it.
func (t *traveller) goBeyond(a attempt, notes []*happening) {
	if !t.completed(a) {
		return
	}
	from := a.steps[len(a.steps)-1].event.time
	for i, stage := range t.meaning.Beyond {
		reached := false
		for _, e := range notes {
			if e.evidence.Beyond&(1<<i) != 0 && e.time > from && e.time <= from.Add(stage.Within) {
				reached, from = true, e.time
				break
			}
		}
		switch count := &t.found.Beyond[i]; {
		case reached:
			count.Converted++
			continue
		case t.asOf > from.Add(stage.Within):
			count.Dropped++
		default:
			count.InProgress++
		}
		return
	}
}

// addAnswer counts what a unit that dropped off said was why. The notes are the contact's.
func (t *traveller) addAnswer(s stay, notes []*happening) {
	survey := t.meaning.Survey
	if survey == nil || !s.dropped {
		return
	}
	if t.found.Survey[s.at.stage] == nil {
		t.found.Survey[s.at.stage] = aggregate.SurveyCount{}
	}
	group := t.found.Survey[s.at.stage][s.at.event.label]
	group.Dropped++
	answer, answered := "", false
	for _, e := range notes {
		if e.evidence.Answered && e.time >= s.at.event.time && e.time <= s.deadline.Add(survey.Within) {
			answer, answered = "", true
			if e.evidence.Answer != definition.OtherAnswer {
				answer = survey.Answers[e.evidence.Answer]
			}
		}
	}
	if answered {
		if group.Answers == nil {
			group.Answers = map[string]int64{}
		}
		group.Answers[answer]++
	}
	t.found.Survey[s.at.stage][s.at.event.label] = group
}

// addLoyalty counts a contact's purchases, and how content it is.
func (t *traveller) addLoyalty(units []unit, notes []*happening) {
	since, belongs := t.firstStart(units)
	var purchases []*happening
	for _, e := range notes {
		if !belongs {
			break
		}
		if e.evidence.Purchased && e.time >= since {
			purchases = append(purchases, e)
		}
		if e.evidence.Scored && t.spans.current.hold(t.day(e.time)) {
			t.found.Satisfaction.Count++
			t.found.Satisfaction.Sum = t.found.Satisfaction.Sum.Plus(e.evidence.Score)
		}
	}
	if len(purchases) == 0 {
		return
	}
	l := t.found.Loyalty
	l.Buyers++
	if len(purchases) > 1 {
		l.Repeated++
	}
	if t.asOf > purchases[len(purchases)-1].time.Add(t.meaning.Purchase.ChurnAfter) {
		l.Churned++
	}
	for i, e := range purchases {
		l.Purchases++
		if e.evidence.Valued {
			l.Value = l.Value.Plus(e.evidence.Value)
			l.ValueEvents++
		}
		if i > 0 {
			l.Between.Add(aggregate.Bucket(time.Duration(e.time-purchases[i-1].time)*time.Microsecond), 1)
		}
	}
	t.addMonths(purchases)
}

// firstStart is since when a contact belongs to the journey, and whether it does: with a segment it is its first start as a member.
func (t *traveller) firstStart(units []unit) (since event.Time, belongs bool) {
	if t.members == nil {
		return -1 << 62, true
	}
	for _, u := range units {
		for _, a := range t.candidates(u) {
			if !belongs || a.start().time < since {
				since, belongs = a.start().time, true
			}
		}
	}
	return since, belongs
}

// addMonths counts in which months, from the first on, a contact purchased.
func (t *traveller) addMonths(purchases []*happening) {
	l := t.found.Loyalty
	first := t.month(purchases[0].time)
	active := map[int64]bool{}
	for _, e := range purchases {
		active[t.month(e.time)-first] = true
	}
	if l.Months == nil {
		l.Months = map[int64]aggregate.Retention{}
	}
	months := l.Months[first]
	for k := range active {
		if k >= aggregate.MaxRetention {
			continue
		}
		for int64(len(months.Active)) <= k {
			months.Active = append(months.Active, 0)
		}
		months.Active[k]++
	}
	l.Months[first] = months
}

// month counts from January 1970.
func (c calendar) month(t event.Time) int64 {
	year, month, _ := t.UTC().In(c.zone).Date()
	return int64(year-1970)*12 + int64(month-time.January)
}
