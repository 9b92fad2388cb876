// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/stats"
)

// How much of it fits a Journey's status.
const (
	maxAnswers   = 6
	maxRetention = 12
)

// otherAnswer stands for answers that the map does not list.
const otherAnswer = "(other)"

// survey is what those who left answer, the most frequent answers first.
func (m *mapped) survey() []v1alpha1.SurveyAnswerStatus {
	var all []v1alpha1.SurveyAnswerStatus
	for stage, count := range m.journey.Survey {
		var groups []stats.Respondents
		for _, property := range slices.Sorted(maps.Keys(count)) {
			groups = append(groups, stats.Respondents{People: count[property].Dropped, Answers: count[property].Answers})
		}
		survey := stats.Weigh(groups)
		for _, answer := range slices.Sorted(maps.Keys(survey.Answers)) {
			all = append(all, m.answer(stage, answer, survey))
		}
	}
	slices.SortStableFunc(all, func(a, b v1alpha1.SurveyAnswerStatus) int { return cmp.Compare(b.Given, a.Given) })
	return all[:min(len(all), maxAnswers)]
}

func (m *mapped) answer(stage int, answer string, survey stats.Survey) v1alpha1.SurveyAnswerStatus {
	of := survey.Answers[answer]
	status := v1alpha1.SurveyAnswerStatus{
		Stage: m.specs[stage].Name, Answer: cmp.Or(answer, otherAnswer), Given: of.Given, Answered: survey.Answered, Asked: survey.People,
	}
	if survey.Enough() {
		status.Share = percents(of.Share, of.Interval)
		status.Bounds = &v1alpha1.Estimate{Low: fixed(100*of.Bounds.Low, 1), High: fixed(100*of.Bounds.High, 1)}
	}
	return status
}

// percents writes a share in percent.
func percents(share float64, interval stats.Interval) *v1alpha1.Estimate {
	return estimate(100*share, stats.Interval{Low: 100 * interval.Low, High: 100 * interval.High}, 1)
}

// loyalty is nil where the map does not say what a purchase is.
func (m *mapped) loyalty() *v1alpha1.LoyaltyStatus {
	l := m.journey.Loyalty
	if l == nil {
		return nil
	}
	status := &v1alpha1.LoyaltyStatus{Buyers: l.Buyers, Purchases: l.Purchases, Retention: m.retention(l), Satisfaction: m.satisfaction()}
	if l.Buyers == 0 {
		return status
	}
	if repeat, interval, known := stats.RepeatRate(l.Repeated, l.Buyers); known {
		status.Repeat = percents(repeat, interval)
	}
	status.PurchasesPerBuyer = fixed(float64(l.Purchases)/float64(l.Buyers), 2)
	status.Between = between(l)
	churned := l.Churned
	status.Churned, status.Churn = &churned, rate(l.Churned, l.Buyers)
	if l.ValueEvents > 0 {
		status.Value, status.ValuePerBuyer = decimal(l.Value), average(l.Value, l.Buyers)
	}
	return status
}

// between is the median of how long it takes from one purchase to the next; nil without any. Those of one buyer are alike, so for the interval each
// who bought again counts once.
func between(l *aggregate.Loyalty) *v1alpha1.ElapsedEstimate {
	median, known := l.Between.Quantile(500)
	if !known {
		return nil
	}
	e := &v1alpha1.ElapsedEstimate{Median: elapsed(median)}
	if low, high, known := stats.MedianShares(l.Repeated); known {
		e.Low, e.High = quantile(&l.Between, math.Floor(low*1000)), quantile(&l.Between, math.Ceil(high*1000))
	}
	return e
}

func quantile(of *aggregate.Sketch, permille float64) *v1alpha1.Elapsed {
	value, known := of.Quantile(int64(permille))
	if !known {
		return nil
	}
	e := elapsed(value)
	return &e
}

// retention says what share buys again in each month after the first, over those whose month that is is over.
func (m *mapped) retention(l *aggregate.Loyalty) []v1alpha1.RetentionStatus {
	now := m.asOf.UTC().In(m.setting.Zone)
	current := int64(now.Year()-1970)*12 + int64(now.Month()-time.January)
	var all []v1alpha1.RetentionStatus
	for month := 1; month <= maxRetention; month++ {
		s := v1alpha1.RetentionStatus{Month: int32(month)}
		for first, r := range l.Months {
			if len(r.Active) == 0 || first+int64(month) >= current {
				continue
			}
			s.Buyers += r.Active[0]
			if month < len(r.Active) {
				s.Active += r.Active[month]
			}
		}
		if s.Buyers == 0 {
			break
		}
		s.Rate = rate(s.Active, s.Buyers)
		all = append(all, s)
	}
	return all
}

func (m *mapped) satisfaction() *v1alpha1.SatisfactionStatus {
	score := m.journey.Satisfaction
	if m.Journey.Spec.Satisfaction == nil {
		return nil
	}
	status := &v1alpha1.SatisfactionStatus{Scores: score.Count}
	if score.Count > 0 {
		status.Average = average(score.Sum, score.Count)
	}
	return status
}
