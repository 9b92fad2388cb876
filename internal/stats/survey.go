// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

import (
	"cmp"
	"slices"
)

// Respondents are people of one property: all of them, and how many gave each answer.
type Respondents struct {
	// People could be asked; whoever answered is among them.
	People int64
	// Answers are by answer; each person is in one at most.
	Answers map[string]int64
}

func (r Respondents) answered() (n int64) {
	for _, count := range r.Answers {
		n += count
	}
	return n
}

// Survey is what answers say about all who could be asked.
type Survey struct {
	// People could be asked, and Answered did.
	People, Answered int64
	// Effective is how many answers of people drawn evenly would say as much (Kish).
	Effective float64
	// Answers are by answer; whatever was answered at least once.
	Answers map[string]Answer
}

// Answer is the share of one answer among all who could be asked.
type Answer struct {
	// Given is how many gave it.
	Given int64
	// Share is corrected for who answers, and Interval what it may be in truth at 95 %, if those of one property who answer are like those who do not.
	Share    float64
	Interval Interval
	// Bounds hold the share whatever those who did not answer think.
	Bounds Interval
}

// NeededAnswers is how many answers are needed for shares to be told: with 30 a share of one half is known to about 17 points either way.
const NeededAnswers = 30

// Enough says that there are enough answers, as many as NeededAnswers. Otherwise there is "not enough data yet (Answered of NeededAnswers)".
func (s Survey) Enough() bool { return s.Answered >= NeededAnswers }

// neededInGroup is how many answers a property needs to stand for its people; smaller ones are taken together.
const neededInGroup = 10

// Weigh corrects for who answers: each property counts for as many people as it has, and not for as many as answered. Properties with fewer than ten
// answers are taken together, in the order of how many they have and then as given, until there are ten.
//
// Sources: D. Holt and T. M. F. Smith, "Post stratification", JRSS A 142 (1979); L. Kish, "Survey Sampling" (1965), section 11.7, for the effective
// size; Wilson's interval over it; C. F. Manski, "Nonparametric bounds on treatment effects", American Economic Review 80 (1990), for the bounds.
func Weigh(groups []Respondents) Survey {
	survey := Survey{Answers: map[string]Answer{}}
	var weights, squares float64
	for _, g := range collapsed(groups) {
		n := g.answered()
		survey.People += g.People
		survey.Answered += n
		if n == 0 {
			continue
		}
		weight := float64(g.People) / float64(n)
		weights += weight * float64(n)
		squares += weight * weight * float64(n)
		for answer, count := range g.Answers {
			a := survey.Answers[answer]
			a.Given += count
			a.Share += weight * float64(count)
			survey.Answers[answer] = a
		}
	}
	if survey.Answered == 0 {
		return survey
	}
	survey.Effective = weights * weights / squares
	for answer, a := range survey.Answers {
		a.Share /= weights
		a.Interval = Wilson(a.Share*survey.Effective, survey.Effective, Z95)
		silent, people := survey.People-survey.Answered, float64(survey.People)
		a.Bounds = Interval{float64(a.Given) / people, float64(a.Given+silent) / people}
		survey.Answers[answer] = a
	}
	return survey
}

// collapsed takes those with the fewest answers together until they have enough.
func collapsed(groups []Respondents) []Respondents {
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b Respondents) int { return cmp.Compare(a.answered(), b.answered()) })
	together, have := Respondents{Answers: map[string]int64{}}, int64(0)
	for len(sorted) > 0 && (together.People > 0 && have < neededInGroup || sorted[0].answered() < neededInGroup) {
		together.People += sorted[0].People
		for answer, count := range sorted[0].Answers {
			together.Answers[answer] += count
			have += count
		}
		sorted = sorted[1:]
	}
	return append(sorted, together)
}
