// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"

	"github.com/waymark-dev/waymark/internal/aggregate"
)

// evidenceTally is what a slot counts of a journey besides its funnel. Whatever is added can be taken away again exactly.
type evidenceTally struct {
	stages []stageEvidence
	// probes are by their index, types by their number less 1.
	probes []sightTally
	types  []typeTally
	// fresh are the numbers, less 1, of types that differ from the store.
	fresh []int
	// beyond are by stage, units that completed the funnel but did not reach any are not among them.
	beyond  []aggregate.BeyondCount
	days    map[int32][]int64
	loyalty loyaltyTally
	score   scoreTally
	// answers is how many the definition lists.
	answers int
}

// stageEvidence is aggregate.StageEvidence without its sights. Of pairs the first are those that dropped off, the second those that went on.
type stageEvidence struct {
	all [2]int64
	// there counts by how many landmarks the unit was still there at.
	there  [2][len(landmarks) + 1]int64
	survey map[string]*surveyTally
}

type surveyTally struct {
	dropped int64
	// answers are by answer; see evidenceWriter.answer.
	answers map[int]int64
}

// typeTally is how often a type of events was seen, by stage; nil for a stage where it was not.
type typeTally struct {
	name   string
	stages []*sightTally
	fresh  bool
}

// sightTally is aggregate.Sight. Its cells are in the order of their index and none is 0, since of most sights there are few.
type sightTally struct {
	seen  [2]int64
	cells []cell
}

// cell counts what was seen between two landmarks, or how the count of those that have seen it by a landmark differs from that of the one
// before.
type cell struct {
	index uint8
	count int64
}

const marksCount = len(landmarks)

func nowCell(end, k int) uint8    { return uint8(end*marksCount + k) }
func beforeCell(end, k int) uint8 { return uint8(2*marksCount + end*(marksCount+1) + k) }

const cellCount = 2*marksCount + 2*(marksCount+1)

func newEvidenceTally(ev *evidence) evidenceTally {
	answers := 0
	if survey := ev.journey.Survey; survey != nil {
		answers = len(survey.Answers)
	}
	return evidenceTally{
		answers: answers,
		stages:  make([]stageEvidence, ev.of.plan.stages-1),
		probes:  make([]sightTally, len(ev.probes)),
		beyond:  make([]aggregate.BeyondCount, len(ev.within)),
		days:    map[int32][]int64{},
	}
}

func (t *evidenceTally) addType(name string) {
	t.types = append(t.types, typeTally{name: name})
	t.refresh(len(t.types) - 1)
}

func (t *evidenceTally) refresh(at int) {
	if !t.types[at].fresh {
		t.types[at].fresh = true
		t.fresh = append(t.fresh, at)
	}
}

// add counts a sight, at the landmark k or after all, of a unit that was there at so many landmarks.
func (s *sightTally) add(end, k, there int, sign int64) {
	s.seen[end] += sign
	if k < there {
		s.count(nowCell(end, k), sign)
		s.count(beforeCell(end, k), sign)
		s.count(beforeCell(end, there), -sign)
	}
}

func (s *sightTally) count(index uint8, n int64) {
	at, found := slices.BinarySearchFunc(s.cells, index, func(c cell, index uint8) int { return cmp.Compare(c.index, index) })
	switch {
	case !found:
		s.cells = slices.Insert(s.cells, at, cell{index, n})
	case s.cells[at].count+n == 0:
		s.cells = slices.Delete(s.cells, at, at+1)
	default:
		s.cells[at].count += n
	}
}

// addSight counts what was seen at a stage.
func (t *evidenceTally) addSight(stage int, what sightTarget, end, k, there int, sign int64) {
	index, isType := what.split()
	if !isType {
		t.probes[index].add(end, k, there, sign)
		return
	}
	of := &t.types[index-1]
	if of.stages == nil {
		of.stages = make([]*sightTally, len(t.stages))
	}
	if of.stages[stage] == nil {
		of.stages[stage] = new(sightTally)
	}
	of.stages[stage].add(end, k, there, sign)
	if of.stages[stage].seen == [2]int64{} { // all that was added is taken away again
		of.stages[stage] = nil
	}
	t.refresh(index - 1)
}

func (t *evidenceTally) addAnswer(stage int, label string, answer int, sign int64) {
	s := &t.stages[stage]
	if s.survey == nil {
		s.survey = map[string]*surveyTally{}
	}
	g := s.survey[label]
	if g == nil {
		g = &surveyTally{answers: map[int]int64{}}
		s.survey[label] = g
	}
	if answer != unanswered {
		if g.answers[answer] += sign; g.answers[answer] == 0 {
			delete(g.answers, answer)
		}
	}
	if g.dropped += sign; g.dropped == 0 {
		delete(s.survey, label)
	}
}

// addBeyond counts a unit that reached so many stages beyond, and how it stands at the next.
func (t *evidenceTally) addBeyond(reached int, at status, sign int64) {
	for i := range reached {
		t.beyond[i].Converted += sign
	}
	switch at {
	case inProgress:
		t.beyond[reached].InProgress += sign
	case dropped:
		t.beyond[reached].Dropped += sign
	case converted: // there is no next
	}
}

func (t *evidenceTally) addDay(day int32, saw uint64, sign int64) {
	counts := t.days[day]
	if counts == nil {
		counts = make([]int64, len(t.probes))
		t.days[day] = counts
	}
	left := int64(0)
	for i := range counts {
		counts[i] += sign * int64(saw>>i&1)
		left += counts[i]
	}
	if left == 0 {
		delete(t.days, day)
	}
}

// report gives the numbers in the form that is reported.
func (ev *evidence) report() *aggregate.Journey {
	t := &ev.tally
	j := &aggregate.Journey{Stages: make([]aggregate.StageEvidence, len(t.stages)), Beyond: slices.Clone(t.beyond)}
	for i := range t.stages {
		s, to := &t.stages[i], &j.Stages[i]
		to.All, to.There = split(s.all), s.landmarks()
		for _, p := range ev.atStage[i] {
			to.Probes = append(to.Probes, t.probes[p].report())
		}
		to.Types = t.reportTypes(i)
	}
	if len(t.days) > 0 {
		j.Days = make(map[int64][]int64, len(t.days))
		for day, counts := range t.days {
			j.Days[int64(day)] = slices.Clone(counts)
		}
	}
	if survey := ev.journey.Survey; survey != nil {
		for i := range t.stages {
			j.Survey = append(j.Survey, reportSurvey(t.stages[i].survey, survey.Answers))
		}
	}
	if ev.journey.Purchase != nil {
		j.Loyalty = t.loyalty.report()
	}
	j.Satisfaction = aggregate.Score{Count: t.score.count, Sum: t.score.sum.micros()}
	return j
}

func split(n [2]int64) aggregate.Split { return aggregate.Split{Dropped: n[0], Converted: n[1]} }

// landmarks gives how many were still there at each.
func (s *stageEvidence) landmarks() (l aggregate.Landmarks) {
	var n [2]int64
	for k := marksCount - 1; k >= 0; k-- {
		n[0] += s.there[0][k+1]
		n[1] += s.there[1][k+1]
		l = setLandmark(l, k, n)
	}
	return l
}

func setLandmark(l aggregate.Landmarks, k int, n [2]int64) aggregate.Landmarks {
	if n == [2]int64{} {
		return l
	}
	if l == nil {
		l = aggregate.Landmarks{}
	}
	l[k] = split(n)
	return l
}

func (s *sightTally) report() (r aggregate.Sight) {
	r.Seen = split(s.seen)
	var all [cellCount]int64
	for _, c := range s.cells {
		all[c.index] = c.count
	}
	var before [2]int64
	for k := range marksCount {
		r.Now = setLandmark(r.Now, k, [2]int64{all[nowCell(0, k)], all[nowCell(1, k)]})
		before[0] += all[beforeCell(0, k)]
		before[1] += all[beforeCell(1, k)]
		r.Before = setLandmark(r.Before, k, before)
	}
	return r
}

// reportTypes gives the types that were seen most at a stage, of equal ones those that come first by their name.
func (t *evidenceTally) reportTypes(stage int) map[string]aggregate.Sight {
	var seen []*typeTally
	for i := range t.types {
		if of := &t.types[i]; of.stages != nil && of.stages[stage] != nil {
			seen = append(seen, of)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	sum := func(of *typeTally) int64 { return of.stages[stage].seen[0] + of.stages[stage].seen[1] }
	slices.SortFunc(seen, func(a, b *typeTally) int { return cmp.Or(cmp.Compare(sum(b), sum(a)), cmp.Compare(a.name, b.name)) })
	seen = seen[:min(len(seen), aggregate.MaxTypes)]
	r := make(map[string]aggregate.Sight, len(seen))
	for _, of := range seen {
		r[of.name] = of.stages[stage].report()
	}
	return r
}

// reportSurvey gives the groups of the most who dropped off, of equal ones those that come first by their label.
func reportSurvey(groups map[string]*surveyTally, answers []string) aggregate.SurveyCount {
	labels := make([]string, 0, len(groups))
	for label := range groups {
		labels = append(labels, label)
	}
	slices.SortFunc(labels, func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[b].dropped, groups[a].dropped), cmp.Compare(a, b))
	})
	r := aggregate.SurveyCount{}
	for _, label := range labels[:min(len(labels), maxGroups)] {
		g := aggregate.SurveyGroup{Dropped: groups[label].dropped}
		for answer, n := range groups[label].answers {
			if g.Answers == nil {
				g.Answers = map[string]int64{}
			}
			name := ""
			if answer > 0 {
				name = answers[answer-1]
			}
			g.Answers[name] += n
		}
		r[label] = g
	}
	return r
}
